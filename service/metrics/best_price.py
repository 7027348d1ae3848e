"""`best_price`: the touch of each side."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import Declaration, Metric, Unit


@cython.cclass
class BestPrice(Metric):
    """b_1 and a_1, in quote per base; a one-sided book has the side that exists (metrics.md 1.1)."""

    declaration = Declaration(
        key="best_price",
        unit=Unit.PRICE,
        by={"side": ("bid", "ask")},
        help="Best price of the side.",
        formula="b_1, a_1",
        top=True,
        source="metrics.md 1.1",
        group="price",
        bounds=(0, None),
    )

    bid: cython.int
    ask: cython.int

    def prepare(self) -> None:
        sides = self.param("side")
        self.bid = sides.index("bid") if "bid" in sides else -1
        self.ask = sides.index("ask") if "ask" in sides else -1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.bid >= 0:
            self.row[self.at + self.bid] = book.bid_price[0] if book.bid_count > 0 else NAN
        if self.ask >= 0:
            self.row[self.at + self.ask] = book.ask_price[0] if book.ask_count > 0 else NAN
        return 0
