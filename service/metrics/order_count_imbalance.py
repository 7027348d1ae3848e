"""`order_count_imbalance`: on which side more orders stand."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Metric, stored


@cython.cclass
class OrderCountImbalance(Metric):
    """(bid orders - ask orders) / (bid orders + ask orders) at the best N populated levels, in [-1, 1].

    From venues that tell the number of orders at a level; NaN elsewhere, and where a level that counts did not say.
    Where a side has fewer levels those present count; where it has fewer than are proven, nothing is known
    (metrics.md 1.3).
    """

    declaration = Declaration(
        key="order_count_imbalance",
        help="Bid minus ask orders over their sum at the best levels; +1 is all bids.",
        formula="(n_bid - n_ask) / (n_bid + n_ask)",
        source="metrics.md 1.3",
        sign="+ is more bids",
        top=True,
        reaches=True,
        orders=True,
        bounds=(-1, 1),
        by={"levels": (1, 5, 10, 20)},
        exported={"levels": (1, 10)},
    )
    levels: cython.int[::1]
    count: cython.int

    def prepare(self) -> None:
        if min(self.param("levels"), default=1) < 1:
            raise ValueError(f"levels {self.param('levels')}: a number of levels is 1 or more")
        self.levels = stored("i", self.param("levels"))
        self.count = len(self.param("levels"))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        levels: cython.int
        bid: cython.double
        ask: cython.double
        for k in range(self.count):
            self.row[self.at + k] = NAN
            if not book.counted:
                continue
            levels = self.levels[k]
            bid = _sum(book.bid_orders, min(levels, book.bid_count))
            ask = _sum(book.ask_orders, min(levels, book.ask_count))
            if bid + ask > 0 and book.bids_reach(levels) and book.asks_reach(levels):
                self.row[self.at + k] = (bid - ask) / (bid + ask)
        return 0


@cython.cfunc
@cython.exceptval(check=False)
def _sum(orders: cython.int[::1], levels: cython.int) -> cython.double:
    """Orders at the best levels; NaN where one does not say how many."""
    k: cython.int
    total: cython.double = 0
    for k in range(levels):
        if orders[k] == 0:
            return NAN
        total += orders[k]
    return total
