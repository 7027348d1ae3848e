"""`pressure_score`: one number for a board, from four that say the same in different ways."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.rolling import RollingMoments
from cython.cimports.service.metrics.windows import RollingState, RollingSums

from connectors.book import Book
from connectors.sync import SNAPSHOT

from .declare import SECOND, Declaration, Metric, stored
from .rolling import RollingMoments
from .windows import RollingState, RollingSums

_INFINITE = cython.declare(cython.double, float("inf"))
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_SHORT = cython.declare(cython.longlong, SECOND)
_LONG = cython.declare(cython.longlong, 10 * SECOND)
LEVELS = 10
FEWEST = 60
_LEVELS = cython.declare(cython.int, LEVELS)


@cython.cclass
class PressureScore(Metric):
    """Mean of TWA_1s queue_imbalance, TWA_1s depth_imbalance_10, trade_flow_imbalance_10s, clip(z(OFI_10s)/3, -1, 1).

    z is against the 3,600 samples of a second before, 60 at least. Undefined parts are left out; two are needed
    (metrics.md 2.8). Its parts are the metrics; this is one number for a board.
    """

    declaration = Declaration(
        key="pressure_score",
        help="Mean of queue, depth and trade imbalance and of the deviation of order flow; + is buy pressure.",
        formula="mean(TWA queue_imbalance, TWA depth_imbalance_10, trade_flow_imbalance_10s, clip(z(OFI_10s)/3,-1,1))",
        source="metrics.md 2.8",
        sign="+ is buy pressure",
        bounds=(-1, 1),
        group="flow",
    )
    held: RollingState
    trades: RollingSums
    ofi: RollingSums
    history: RollingMoments
    steps: cython.double[::1]
    step: cython.double
    ready: cython.bint
    bid: cython.double
    ask: cython.double
    bid_size: cython.double
    ask_size: cython.double

    def prepare(self) -> None:
        self.held = RollingState(SECOND, 2)
        self.trades = RollingSums([10 * SECOND], 2)
        self.ofi = RollingSums([10 * SECOND], 1)
        self.history = RollingMoments(3600)
        self.steps, self.step = stored("d", [0.0] * 10), 0.0
        self.ready = False

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        bid: cython.double
        ask: cython.double
        bid_size: cython.double
        ask_size: cython.double
        e: cython.double = 0
        if self.ready and kind != _SNAPSHOT and not book.moved:
            return 0
        bid = book.bid_price[0] if book.bid_count > 0 else -_INFINITE
        ask = book.ask_price[0] if book.ask_count > 0 else _INFINITE
        bid_size = book.bid_size[0] if book.bid_count > 0 else 0
        ask_size = book.ask_size[0] if book.ask_count > 0 else 0
        if self.ready and kind != _SNAPSHOT:
            if bid >= self.bid:
                e += bid_size
            if bid <= self.bid:
                e -= self.bid_size
            if ask <= self.ask:
                e -= ask_size
            if ask >= self.ask:
                e += self.ask_size
            if e != 0:
                self.ofi.value[0] = e
                self.ofi.push(t)
                self.step += e
        self.ready = True
        self.bid = bid
        self.ask = ask
        self.bid_size = bid_size
        self.ask_size = ask_size
        self.held.value[0] = (
            (bid_size - ask_size) / (bid_size + ask_size) if book.bid_count + book.ask_count > 0 else NAN
        )
        self.held.value[1] = self._depth(book)
        return self.held.push(t)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _depth(self, book: Book) -> cython.double:
        bid: cython.double
        ask: cython.double
        if book.bid_count + book.ask_count == 0:
            return NAN
        bid = book.bid_sum(_LEVELS)
        ask = book.ask_sum(_LEVELS)
        return (bid - ask) / (bid + ask)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        self.trades.value[0] = size if side > 0 else 0
        self.trades.value[1] = size if side < 0 else 0
        return self.trades.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.held.value[0] = self.held.value[1] = NAN
        return self.held.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.ready = False
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        k: cython.int
        sum: cython.double = 0
        self.steps[t // _SHORT % 10] = self.step
        self.step = 0
        if whole:
            for k in range(10):
                sum += self.steps[k]
            self.history.push(sum)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        x: cython.double
        buys: cython.double
        sells: cython.double
        sum: cython.double = 0
        parts: cython.int = 0
        if self.context.books.enough(_SHORT, t):
            self.held.summarise(t)
            for x in (self.held.twa[0], self.held.twa[1]):
                if x == x:
                    sum += x
                    parts += 1
        self.trades.expire(t)
        buys = self.trades.total(0, 0)
        sells = self.trades.total(0, 1)
        if buys + sells > 0 and self.context.trades.enough(_LONG, t):
            sum += (buys - sells) / (buys + sells)
            parts += 1
        self.ofi.expire(t)
        if self.context.books.enough(_LONG, t) and self.history.count >= (
            FEWEST if self.context.books.least > 0 else 1
        ):
            x = self.history.zscore(self.ofi.total(0, 0)) / 3
            if x == x:
                sum += -1.0 if x < -1 else 1.0 if x > 1 else x
                parts += 1
        self.row[self.at] = sum / parts if parts >= 2 else NAN
        return 0
