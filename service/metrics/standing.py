"""Size that has stood without interruption: of each of the best levels the least it had over the last seconds."""

from __future__ import annotations

import array

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.connectors.book import Book
from cython.cimports.libc.stdlib import free
from cython.cimports.service.metrics.declare import Context

from connectors.book import Book

_NOWHERE = cython.declare(cython.double, float("inf"))
_BID, _ASK, _FLOOR, _CEILING = 0, 1, 2, 3


@cython.cclass
class Standing:
    """`bid`, `ask`: base size of the best `levels` that stood for all of (t - span, t], after `bring`; drive by `note`.

    A level's least size is the smallest of what it has and of what it had before each change in that time, so the
    changes alone are kept, not the levels. `known` is false until `span` after a sync, and where a level lies beyond
    what was proven of the book at any moment of that time.
    """

    def __init__(self, context: Context, levels: int, span: int) -> None:
        """`span` in ns."""
        self.context, self.levels, self.span = context, levels, span
        self.bids, self.asks = (array.array("d", bytes(8 * levels)) for _ in range(2))
        self.since = self.seen = -1
        self.book = None
        self._grow()

    def __dealloc__(self) -> None:
        free(self.times)
        free(self.which)
        free(self.price)
        free(self.old)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def note(self, book: Book, t: cython.longlong) -> cython.int:
        """A message: keep what it changed. Nothing to do where another metric has said so already."""
        k: cython.int
        floor: cython.double = book.bid_floor / book.asks.price_unit if book.limits_bids() else -_NOWHERE
        ceiling: cython.double = book.ask_ceiling / book.asks.price_unit if book.limits_asks() else _NOWHERE
        if book is self.book and book.version == self.seen:
            return 0
        self.book = book
        self.seen = book.version
        while self.tail < self.head and self.times[self.tail & (self.capacity - 1)] <= t - self.span:
            self.tail += 1
        if self.context.changes.baseline or self.since < 0:
            self.since = t
            self.tail = self.head
        else:
            for k in range(self.context.changes.count):
                self._push(
                    t,
                    self.context.changes.side[k],
                    self.context.changes.price[k],
                    self.context.changes.old[k],
                )
            if floor < self.floor:  # what is seen now was not seen before
                self._push(t, 2, self.floor, 0)
            if ceiling > self.ceiling:
                self._push(t, 3, self.ceiling, 0)
        self.floor = floor
        self.ceiling = ceiling
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _push(
        self, t: cython.longlong, which: cython.int, price: cython.double, old: cython.double
    ) -> cython.int:
        at: cython.int
        if self.head - self.tail == self.capacity:
            self._grow()
        at = cython.cast(cython.int, self.head & (self.capacity - 1))
        self.times[at] = t
        self.which[at] = which
        self.price[at] = price
        self.old[at] = old
        self.head += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        """Twice the room; what is kept moves to where its number says."""
        room: cython.int = 2 * self.capacity if self.capacity > 0 else 64
        n: cython.longlong
        old: cython.int
        new: cython.int
        self.times = cython.cast(cython.p_longlong, resized(self.times, room * 8))
        self.which = cython.cast(cython.p_schar, resized(self.which, room))
        self.price = cython.cast(cython.p_double, resized(self.price, room * 8))
        self.old = cython.cast(cython.p_double, resized(self.old, room * 8))
        for n in range(self.tail, self.head):
            old = cython.cast(cython.int, n & (self.capacity - 1))
            new = cython.cast(cython.int, n & (room - 1))
            if new != old:  # it lies in the new half
                self.times[new] = self.times[old]
                self.which[new] = self.which[old]
                self.price[new] = self.price[old]
                self.old[new] = self.old[old]
        self.capacity = room
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def lost(self) -> cython.int:
        """The book is gone: ages start anew with the next one."""
        self.since = self.brought_at = -1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def bring(self, book: Book, t: cython.longlong) -> cython.int:
        """Sum up what stood until t."""
        k: cython.int
        at: cython.int
        n: cython.longlong
        bids: cython.int = min(self.levels, book.bid_count)
        asks: cython.int = min(self.levels, book.ask_count)
        bid_price: cython.p_double = cython.address(book.bid_price[0])
        ask_price: cython.p_double = cython.address(book.ask_price[0])
        lowest: cython.double = book.bid_price[bids - 1] if bids == self.levels else -_NOWHERE
        highest: cython.double = book.ask_price[asks - 1] if asks == self.levels else _NOWHERE
        if book is self.book and book.version == self.brought and t == self.brought_at:
            return 0
        self.brought = book.version
        self.brought_at = t
        self.known = (
            self.since >= 0
            and t - self.since >= self.span
            and book.bids_reach(self.levels)
            and book.asks_reach(self.levels)
        )
        if not self.known:
            return 0
        for k in range(bids):
            self.bids[k] = book.bid_size[k]
        for k in range(asks):
            self.asks[k] = book.ask_size[k]
        for n in range(self.tail, self.head):
            at = cython.cast(cython.int, n & (self.capacity - 1))
            if self.times[at] <= t - self.span:
                continue
            if self.which[at] == 0:
                if self.price[at] >= lowest:
                    _lower(bid_price, cython.address(self.bids[0]), bids, -1.0, -self.price[at], self.old[at])
            elif self.which[at] == 1:
                if self.price[at] <= highest:
                    _lower(ask_price, cython.address(self.asks[0]), asks, 1.0, self.price[at], self.old[at])
            elif self.which[at] == 2:
                self.known = self.known and lowest >= self.price[at]
            else:
                self.known = self.known and highest <= self.price[at]
        self.bid = 0
        self.ask = 0
        for k in range(bids):
            self.bid += self.bids[k]
        for k in range(asks):
            self.ask += self.asks[k]
        return 0


@cython.cfunc
@cython.exceptval(check=False)
def _lower(
    prices: cython.p_double,
    least: cython.p_double,
    count: cython.int,
    sign: cython.double,
    key: cython.double,
    old: cython.double,
) -> cython.void:
    """The level whose price times sign is the key, if it is among these, had no more than `old`."""
    low: cython.int = 0
    high: cython.int = count
    middle: cython.int
    while low < high:
        middle = (low + high) >> 1
        if sign * prices[middle] < key:
            low = middle + 1
        else:
            high = middle
    if low < count and sign * prices[low] == key and old < least[low]:
        least[low] = old
