"""`ofi`: order flow imbalance, the net pressure of what changed at the touch."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book
from connectors.sync import SNAPSHOT

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .windows import RollingSums

_INFINITE = cython.declare(cython.double, float("inf"))
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)


@cython.cclass
class Ofi(Metric):
    """OFI(W) = sum of e_n over (t - W, t], one transition a message (metrics.md 2.1).

    e_n = 1{b' >= b} B' - 1{b' <= b} B - 1{a' <= a} A' + 1{a' >= a} A, primes after the message. A missing bid stands at
    minus infinity, a missing ask at plus infinity, both with size 0. A snapshot sets the baseline and adds nothing.
    Source: Cont, Kukanov & Stoikov 2014, section 2.
    """

    declaration = Declaration(
        key="ofi",
        fields=(
            Field("", Unit.BASE, by={"window": (1, 10, 60)}),
            Field(
                "up", Unit.BASE, "obi_ofi_up_base_units_total", True, {}, "Sum of all that were buy pressure."
            ),
            Field(
                "down",
                Unit.BASE,
                "obi_ofi_down_base_units_total",
                True,
                {},
                "Sum of all that were sell pressure.",
            ),
        ),
        help="Net size added to bids and taken from asks at the touch within the window; + is buy pressure.",
        formula="sum over messages of 1{b'>=b}B' - 1{b'<=b}B - 1{a'<=a}A' + 1{a'>=a}A",
        source="Cont, Kukanov & Stoikov 2014, section 2; metrics.md 2.1",
        sign="+ is buy pressure",
        by={"window": (1, 10, 60)},
        group="flow",
    )
    sums: RollingSums
    spans: cython.longlong[::1]
    windows: cython.int
    ready: cython.bint
    bid: cython.double
    ask: cython.double
    bid_size: cython.double
    ask_size: cython.double

    def prepare(self) -> None:
        spans = [round(window * SECOND) for window in self.param("window")]
        self.spans, self.windows = stored("q", spans), len(spans)
        self.sums = RollingSums(spans, 1)
        self.ready = False

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        bid: cython.double = book.bid_price[0] if book.bid_count > 0 else -_INFINITE
        ask: cython.double = book.ask_price[0] if book.ask_count > 0 else _INFINITE
        bid_size: cython.double = book.bid_size[0] if book.bid_count > 0 else 0
        ask_size: cython.double = book.ask_size[0] if book.ask_count > 0 else 0
        e: cython.double = 0
        if self.ready and kind != _SNAPSHOT:
            if bid >= self.bid:
                e += bid_size
            if bid <= self.bid:
                e -= self.bid_size
            if ask <= self.ask:
                e -= ask_size
            if ask >= self.ask:
                e += self.ask_size
        self.ready = True
        self.bid = bid
        self.ask = ask
        self.bid_size = bid_size
        self.ask_size = ask_size
        if e != 0:
            self.sums.value[0] = e
            self.sums.push(t)
            self.row[self.at + self.windows + (0 if e > 0 else 1)] += e if e > 0 else -e
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
        self.sums.expire(t)
        for k in range(self.windows):
            self.row[self.at + k] = (
                self.sums.total(k, 0) if self.context.books.enough(self.spans[k], t) else NAN
            )
        return 0
