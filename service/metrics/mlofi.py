"""`mlofi`: order flow imbalance at each of the best levels."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book
from connectors.sync import SNAPSHOT

from .declare import NAN, SECOND, Declaration, Metric, Unit, stored
from .windows import RollingSums

_INFINITE = cython.declare(cython.double, float("inf"))
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)


@cython.cclass
class Mlofi(Metric):
    """The rule of `ofi` applied to the m-th best level position of each side (metrics.md 2.2). Level 1 is `ofi`.

    A missing level stands at infinity with size 0. Source: Xu, Gould & Howison 2019.
    """

    declaration = Declaration(
        key="mlofi",
        unit=Unit.BASE,
        help="Order flow imbalance at the m-th best level within the window; + is buy pressure.",
        formula="ofi's rule with (b_m, B_m, a_m, A_m)",
        source="Xu, Gould & Howison 2019; metrics.md 2.2",
        sign="+ is buy pressure",
        by={"level": (1, 2, 3, 4, 5), "window": (10,)},
        exported={"level": (2, 3, 4, 5)},  # the first level's is ofi
        group="flow",
    )
    sums: RollingSums
    span: cython.longlong
    levels: cython.int
    ready: cython.bint
    bid: cython.double[::1]
    ask: cython.double[::1]
    bid_size: cython.double[::1]
    ask_size: cython.double[::1]

    def prepare(self) -> None:
        self.levels = len(self.param("level"))
        self.span = round(self.param("window")[0] * SECOND)
        self.sums = RollingSums([self.span], self.levels)
        self.bid, self.ask = (stored("d", [0.0] * self.levels) for _ in range(2))
        self.bid_size, self.ask_size = (stored("d", [0.0] * self.levels) for _ in range(2))
        self.ready = False

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        price: cython.double
        size: cython.double
        e: cython.double
        moved: cython.bint = False
        counts: cython.bint = self.ready and kind != _SNAPSHOT
        if counts and not book.moved:
            return self.refresh(book, t)
        for k in range(self.levels):
            price = book.bid_price[k] if k < book.bid_count else -_INFINITE
            size = book.bid_size[k] if k < book.bid_count else 0
            e = 0
            if price >= self.bid[k]:
                e += size
            if price <= self.bid[k]:
                e -= self.bid_size[k]
            self.bid[k] = price
            self.bid_size[k] = size
            price = book.ask_price[k] if k < book.ask_count else _INFINITE
            size = book.ask_size[k] if k < book.ask_count else 0
            if price <= self.ask[k]:
                e -= size
            if price >= self.ask[k]:
                e += self.ask_size[k]
            self.ask[k] = price
            self.ask_size[k] = size
            self.sums.value[k] = e
            if e != 0:
                moved = True
        self.ready = True
        if moved and counts:
            self.sums.push(t)
        return self.refresh(book, t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.ready = False
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        enough: cython.bint = self.context.books.enough(self.span, t)
        self.sums.expire(t)
        for k in range(self.levels):
            self.row[self.at + k] = self.sums.total(0, k) if enough else NAN
        return 0
