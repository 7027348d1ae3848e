"""`depth_concentration`: how much of a band's depth stands in its nearer half."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .bands import Bands
from .declare import NAN, Declaration, Metric
from .ladder import SIDES


@cython.cclass
class DepthConcentration(Metric):
    """D(x/2) / D(x) in [0, 1], D the base size within x bps of the mid; NaN where the band is empty (metrics.md 1.4).

    Above one half the depth is front-loaded (cumulative depth is concave), below it is thin at the touch (convex).
    """

    declaration = Declaration(
        key="depth_concentration",
        help="Share of the band's size that stands in its nearer half; above 0.5 is front-loaded.",
        formula="D(x/2) / D(x)",
        source="metrics.md 1.4",
        reaches=True,
        bounds=(0, 1),
        by={"band_bps": (50,), "side": SIDES},
    )
    bands: Bands
    is_bid: list

    def prepare(self) -> None:
        widths = [float(str(width)) for width in self.param("band_bps")]
        self.bands = self.context.bands(tuple(part for width in widths for part in (width / 2, width)))
        self.is_bid = [side == "bid" for side in self.param("side")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        at: cython.int = self.at
        whole: cython.double
        known: cython.bint
        self.bands.bring(book)
        for k in range(1, self.bands.count, 2):
            for is_bid in self.is_bid:
                known = self.bands.bid_known[k] if is_bid else self.bands.ask_known[k]
                whole = self.bands.bid_base[k] if is_bid else self.bands.ask_base[k]
                self.row[at] = NAN
                if self.bands.defined and known and whole > 0:
                    self.row[at] = (
                        self.bands.bid_base[k - 1] if is_bid else self.bands.ask_base[k - 1]
                    ) / whole
                at += 1
        return 0
