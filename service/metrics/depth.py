"""`depth`: what stands near the mid, side by side."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .bands import Bands
from .declare import NAN, Declaration, Field, Metric, Unit

BANDS = (5, 10, 25, 50, 100)
SIDES = ("bid", "ask")


@cython.cclass
class Depth(Metric):
    """D_b(x) and D_a(x) in base units, and their worth in quote (metrics.md 1.4); 0 where the band is empty."""

    declaration = Declaration(
        key="depth",
        fields=(
            Field("base", Unit.BASE, help="Size within the band around the mid, in base units."),
            Field(
                "quote",
                Unit.QUOTE,
                help="Worth of the levels within the band around the mid, in quote units.",
                exported={"band_bps": (10,)},
            ),
        ),
        help="Size within the band around the mid.",
        formula="D_b(x), D_a(x); sum of price times size",
        source="metrics.md 1.4",
        reaches=True,
        bounds=(0, None),
        by={"band_bps": BANDS, "side": SIDES},
        lazy=True,
    )
    bands: Bands
    bid: cython.int
    ask: cython.int
    sides: cython.int

    def prepare(self) -> None:
        self.bands = self.context.bands(self.param("band_bps"))
        sides = self.param("side")
        self.sides = len(sides)
        self.bid = sides.index("bid") if "bid" in sides else -1
        self.ask = sides.index("ask") if "ask" in sides else -1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        known: cython.bint
        at: cython.int
        quote: cython.int = self.bands.count * self.sides
        self.bands.bring(book)
        for k in range(self.bands.count):
            at = self.at + k * self.sides
            if self.bid >= 0:
                known = self.bands.defined and self.bands.bid_known[k]
                self.row[at + self.bid] = self.bands.bid_base[k] if known else NAN
                self.row[at + quote + self.bid] = self.bands.bid_quote[k] if known else NAN
            if self.ask >= 0:
                known = self.bands.defined and self.bands.ask_known[k]
                self.row[at + self.ask] = self.bands.ask_base[k] if known else NAN
                self.row[at + quote + self.ask] = self.bands.ask_quote[k] if known else NAN
        return 0
