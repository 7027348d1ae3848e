"""`spread`: distance between the best bid and the best ask."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit


@cython.cclass
class Spread(Metric):
    """s = a_1 - b_1 in price, relative to the mid, and in ticks where the tick is known (metrics.md 1.1)."""

    declaration = Declaration(
        key="spread",
        fields=(
            Field("price", Unit.PRICE, help="Best ask minus best bid."),
            Field("ratio", Unit.RATIO, help="Spread over the mid; 0.0001 is one basis point."),
            Field("ticks", Unit.TICKS, help="Spread in ticks."),
        ),
        help="Distance between the best bid and the best ask.",
        formula="s = a_1 - b_1; s / m; s / tick",
        top=True,
        source="metrics.md 1.1; relative to the mid, not the ask (8, row 11)",
        group="price",
        bounds=(0, None),
    )

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        spread: cython.double = NAN
        mid: cython.double = NAN
        if book.bid_count > 0 and book.ask_count > 0:
            spread = (book.asks.best() + book.bids.best()) / book.asks.price_unit
            mid = (book.ask_price[0] + book.bid_price[0]) / 2
        self.row[self.at] = spread
        self.row[self.at + 1] = spread / mid
        self.row[self.at + 2] = spread / self.context.tick if self.context.tick > 0 else NAN
        return 0
