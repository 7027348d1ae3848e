"""`slope_imbalance`: on which side size piles up faster."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .book_slope import Slopes
from .declare import NAN, Declaration, Metric


@cython.cclass
class SlopeImbalance(Metric):
    """(bid slope - ask slope) / (bid slope + ask slope) in [-1, 1]; NaN unless both are defined (metrics.md 1.4)."""

    declaration = Declaration(
        key="slope_imbalance",
        help="Bid minus ask slope over their sum within the band; above 0 the bids are deeper.",
        formula="(slope_bid - slope_ask) / (slope_bid + slope_ask)",
        source="metrics.md 1.4",
        sign="+ is more bids",
        reaches=True,
        bounds=(-1, 1),
        by={"band_bps": (25,)},
    )
    slopes: list

    def prepare(self) -> None:
        self.slopes = [self.context.shared(Slopes, width) for width in self.param("band_bps")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        at: cython.int = self.at
        bid: cython.double
        ask: cython.double
        for slopes in self.slopes:
            slopes.bring(book)
            bid = slopes.bid
            ask = slopes.ask
            self.row[at] = (bid - ask) / (bid + ask) if bid + ask > 0 else NAN
            at += 1
        return 0
