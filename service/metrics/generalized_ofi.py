"""`generalized_ofi`: order flow imbalance for feeds that jump over several levels at once."""

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
class GeneralizedOfi(Metric):
    """OFI where a best price that moved counts every level it passed: new ones above the old bid, or old ones lost.

    Bid up: the new sizes above b; bid down: minus the old sizes above b'; the same price: B' - B; asks mirrored. Where
    one level was passed it is `ofi`. Of the best 20 levels a side. Source: Su, Sun, Li & Yuan 2021 (metrics.md 2.2).
    """

    declaration = Declaration(
        key="generalized_ofi",
        unit=Unit.BASE,
        help="Order flow imbalance with the depth of every level that the best price passed; + is buy pressure.",
        formula="as ofi; a moved best price counts all levels between old and new",
        source="Su, Sun, Li & Yuan 2021; metrics.md 2.2",
        sign="+ is buy pressure",
        by={"window": (10,)},
        top=True,
        group="flow",
    )
    sums: RollingSums
    spans: cython.longlong[::1]
    windows: cython.int
    room: cython.int
    ready: cython.bint
    bids: cython.int
    asks: cython.int
    bid: cython.double[::1]
    ask: cython.double[::1]
    bid_size: cython.double[::1]
    ask_size: cython.double[::1]

    def prepare(self) -> None:
        spans = [round(window * SECOND) for window in self.param("window")]
        self.spans, self.windows = stored("q", spans), len(spans)
        self.sums = RollingSums(spans, 1)
        self.room = 20
        self.bid, self.ask = (stored("d", [0.0] * 20) for _ in range(2))
        self.bid_size, self.ask_size = (stored("d", [0.0] * 20) for _ in range(2))
        self.ready = False
        self.bids = self.asks = 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        e: cython.double
        if self.ready and kind != _SNAPSHOT:
            e = self._of_bids(book) - self._of_asks(book)
            if e != 0:
                self.sums.value[0] = e
                self.sums.push(t)
        self._keep(book)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _of_bids(self, book: Book) -> cython.double:
        k: cython.int
        sum: cython.double = 0
        now: cython.double = book.bid_price[0] if book.bid_count > 0 else -_INFINITE
        then: cython.double = self.bid[0] if self.bids > 0 else -_INFINITE
        if now == then:
            return book.bid_size[0] - self.bid_size[0] if book.bid_count > 0 else 0.0
        if now > then:
            for k in range(min(book.bid_count, self.room)):
                if book.bid_price[k] <= then:
                    break
                sum += book.bid_size[k]
            return sum
        for k in range(self.bids):
            if self.bid[k] <= now:
                break
            sum -= self.bid_size[k]
        return sum

    @cython.cfunc
    @cython.exceptval(check=False)
    def _of_asks(self, book: Book) -> cython.double:
        k: cython.int
        sum: cython.double = 0
        now: cython.double = book.ask_price[0] if book.ask_count > 0 else _INFINITE
        then: cython.double = self.ask[0] if self.asks > 0 else _INFINITE
        if now == then:
            return book.ask_size[0] - self.ask_size[0] if book.ask_count > 0 else 0.0
        if now < then:
            for k in range(min(book.ask_count, self.room)):
                if book.ask_price[k] >= then:
                    break
                sum += book.ask_size[k]
            return sum
        for k in range(self.asks):
            if self.ask[k] >= now:
                break
            sum -= self.ask_size[k]
        return sum

    @cython.cfunc
    @cython.exceptval(check=False)
    def _keep(self, book: Book) -> cython.void:
        k: cython.int
        self.ready = True
        self.bids = min(book.bid_count, self.room)
        self.asks = min(book.ask_count, self.room)
        for k in range(self.bids):
            self.bid[k] = book.bid_price[k]
            self.bid_size[k] = book.bid_size[k]
        for k in range(self.asks):
            self.ask[k] = book.ask_price[k]
            self.ask_size[k] = book.ask_size[k]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.ready = False
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        self.sums.expire(t)
        for k in range(self.windows):
            self.row[self.at + k] = (
                self.sums.total(k, 0) if self.context.books.enough(self.spans[k], t) else NAN
            )
        return 0
