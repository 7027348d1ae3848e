"""`band_imbalance`: which side has more near the mid."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .bands import Bands
from .declare import NAN, Declaration, Metric


@cython.cclass
class BandImbalance(Metric):
    """(D_b(x) - D_a(x)) / (D_b(x) + D_a(x)) in [-1, 1], D the base size within x bps of the mid (metrics.md 1.3)."""

    declaration = Declaration(
        key="band_imbalance",
        help="Bid minus ask size over their sum within the band around the mid; +1 is all bids.",
        formula="(D_b(x) - D_a(x)) / (D_b(x) + D_a(x))",
        source="metrics.md 1.3",
        sign="+ is more bids",
        reaches=True,
        bounds=(-1, 1),
        by={"band_bps": (5, 10, 25, 50, 100)},
        lazy=True,
    )
    bands: Bands

    def prepare(self) -> None:
        self.bands = self.context.bands(self.param("band_bps"))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        bid: cython.double
        ask: cython.double
        known: cython.bint
        self.bands.bring(book)
        for k in range(self.bands.count):
            bid = self.bands.bid_base[k]
            ask = self.bands.ask_base[k]
            known = (
                self.bands.defined and self.bands.bid_known[k] and self.bands.ask_known[k] and bid + ask > 0
            )
            self.row[self.at + k] = (bid - ask) / (bid + ask) if known else NAN
        return 0
