"""The sizes of all levels of one side near the mid, and their median, which costs little to ask for and less to bound.

A pivot a little below the median is kept with the number of sizes below it, and a roof a little above: a change of a
level moves that number at most by one, and the median is found among the few sizes between the two.
"""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book, Side
from cython.cimports.libc.math import floor, llround
from cython.cimports.libc.stdlib import free, realloc
from cython.cimports.libc.string import memmove

from connectors.book import NOWHERE, Book, Side

_NAN = cython.declare(cython.double, float("nan"))
_INFINITE = cython.declare(cython.double, float("inf"))
_NEAR = cython.declare(
    cython.int, 128
)  # sizes from the pivot to the roof that are put in order to find the median
_SLACK = cython.declare(
    cython.int, 20
)  # levels between a new pivot or roof and the median: so many may come and go
_NOWHERE = cython.declare(cython.longlong, -NOWHERE)  # before every level
_EXACT = cython.declare(
    cython.double, 1e-12
)  # edges are inclusive: what a double loses must not drop a level
FEWEST = 3  # other levels, fewer say nothing of what is usual


@cython.cclass
class NearSizes:
    """Levels of a side within `width` (a ratio) of the mid, as far as they are proven, by price.

    After a message `put` each level that changed, then `follow` the new mid and the new view; `clear` and `follow` start
    anew. `median_without(price)` is the median of the sizes but that of one level; NaN with fewer than three.
    """

    def __init__(self, side: int, width: float) -> None:
        """`side` 0 bid, 1 ask."""
        self.side, self.width = side, width
        self.sign = 1.0 if side else -1.0
        self.count = self.room = self.below = self.known = self.same = 0
        self.pivot = self.roof = 0.0
        self.ordered = False
        self._grow(64)

    def __dealloc__(self) -> None:
        free(self.price)
        free(self.size)
        free(self.spare)

    @cython.cfunc
    @cython.exceptval(-1)
    def _grow(self, room: cython.int) -> cython.int:
        self.price = _resized(self.price, room)
        self.size = _resized(self.size, room)
        self.spare = _resized(self.spare, room)
        self.room = room
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def clear(self) -> cython.void:
        self.count = self.below = 0
        self.pivot = self.roof = 0.0
        self.ordered = False

    @cython.cfunc
    @cython.exceptval(check=False)
    def _price_rank(self, price: cython.double) -> cython.int:
        """How many levels are better than this price; prices stand times the sign, ascending."""
        low: cython.int = 0
        high: cython.int = self.count
        half: cython.int
        while low < high:
            half = (low + high) >> 1
            if self.price[half] < price:
                low = half + 1
            else:
                high = half
        return low

    @cython.cfunc
    @cython.exceptval(-1)
    def put(self, price: cython.double, size: cython.double) -> cython.int:
        """A level has this size now; one beyond the last level that is kept is left to `follow`."""
        rank: cython.int
        price = self.sign * price
        rank = self._price_rank(price)
        if rank < self.count and self.price[rank] == price:
            if size > 0:
                self.below += (size < self.pivot) - (self.size[rank] < self.pivot)
                self.ordered = False
                self.size[rank] = size
            else:
                self._drop(rank)
        elif size > 0 and rank < self.count:
            self._add(rank, price, size)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _drop(self, rank: cython.int) -> cython.void:
        self.below -= self.size[rank] < self.pivot
        self.ordered = False
        self.count -= 1
        memmove(self.price + rank, self.price + rank + 1, (self.count - rank) * 8)
        memmove(self.size + rank, self.size + rank + 1, (self.count - rank) * 8)

    @cython.cfunc
    @cython.exceptval(check=False)
    def lowest_median(self) -> cython.double:
        """No median without one of the levels is below this; 0 where nothing is known."""
        return self.pivot if self.below <= (self.count - 2) // 2 else 0.0

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(self, rank: cython.int, price: cython.double, size: cython.double) -> cython.int:
        if self.count == self.room:
            self._grow(2 * self.room)
        memmove(self.price + rank + 1, self.price + rank, (self.count - rank) * 8)
        memmove(self.size + rank + 1, self.size + rank, (self.count - rank) * 8)
        self.price[rank] = price
        self.size[rank] = size
        self.count += 1
        self.below += size < self.pivot
        self.ordered = False
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def follow(self, book: Book, mid: cython.double) -> cython.int:
        """Let go what is no longer near the mid or in view, and take in what has come near or into view."""
        side: Side = book.asks if self.side else book.bids
        limit: cython.longlong = book.ask_ceiling if self.side else -book.bid_floor
        edge: cython.longlong
        if side.count == 0 or mid != mid:
            self.count = 0
            return 0
        edge = cython.cast(
            cython.longlong,
            floor((self.sign * mid * (1 + self.sign * self.width) + mid * _EXACT) * side.price_unit),
        )
        limit = min(limit, edge, side.worst())
        while self.count > 0 and llround(self.price[self.count - 1] * side.price_unit) > limit:
            self._drop(self.count - 1)
        return self._extend(side, limit)

    @cython.cfunc
    @cython.exceptval(-1)
    def _extend(self, side: Side, limit: cython.longlong) -> cython.int:
        """Take in the levels behind the last one that is kept, up to the key that is the limit."""
        position: cython.int
        k: cython.int
        at: cython.int
        size: cython.double
        start: cython.int = 0
        last: cython.longlong = _NOWHERE
        if self.count > 0:
            last = llround(self.price[self.count - 1] * side.price_unit)
            if last == limit:
                return 0
            start = side._position(last)  # noqa: SLF001  # C-level neighbours
        for position in range(start, side.blocks):
            if side.first[position] > limit:
                return 0
            at = side.order[position] * 32
            for k in range(at, at + side.fill[side.order[position]]):
                if side.keys[k] > limit:
                    return 0
                if side.keys[k] > last:
                    size = side._worth(k) * side.up / side.down  # noqa: SLF001
                    self._add(self.count, side.keys[k] / side.price_unit, size)
        return 0

    @cython.ccall
    def median_without(self, price: cython.double) -> cython.double:
        """Median of the other levels' sizes; NaN with fewer than three of them."""
        own: cython.int = self._price_rank(self.sign * price)
        n: cython.int = self.count
        low: cython.int
        high: cython.int
        out: cython.int = self.count  # where the size that is left out stands among all
        if own < self.count and self.price[own] == self.sign * price:
            n -= 1
        else:
            own = -1
        if n < FEWEST:
            return _NAN
        if not self.ordered and not self._order():
            self._copy(own)
            middle: cython.double = self._nth(n, (n - 1) // 2)
            return (middle + self._nth(n, n // 2)) / 2
        if own >= 0:
            out = self._rank(self.size[own])
        low = (n - 1) // 2
        high = n // 2
        return (self._ranked(low + (low >= out)) + self._ranked(high + (high >= out))) / 2

    @cython.cfunc
    @cython.exceptval(check=False)
    def _rank(self, size: cython.double) -> cython.int:
        """Where a size stands among all; for one far from the median any place on the same side of it."""
        k: cython.int = 0
        if size < self.pivot:
            return 0
        if size == self.pivot:
            return self.below
        while k < self.known and self.near[k] < size:
            k += 1
        return self.below + self.same + k

    @cython.cfunc
    @cython.exceptval(check=False)
    def _ranked(self, rank: cython.int) -> cython.double:
        """The size at this place among all, which is one near the median."""
        rank -= self.below + self.same
        return self.pivot if rank < 0 else self.near[rank] if rank < self.known else self.roof

    @cython.cfunc
    @cython.exceptval(check=False)
    def _order(self) -> cython.bint:
        """Put the sizes from pivot to roof in order; false where no such two hold the median closely."""
        if not self._gathered():
            self._seek()
            if not self._gathered():
                return False
        self.ordered = True
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _gathered(self) -> cython.bint:
        """Are the medians, whatever level is left out, among the sizes from the pivot to the roof? Many may equal either."""
        k: cython.int
        at: cython.int
        size: cython.double
        self.known = self.same = 0
        top: cython.int = 0
        if self.below > (self.count - 2) // 2:
            return False
        for k in range(self.count):
            size = self.size[k]
            if (size >= self.pivot) & (size <= self.roof):
                if size == self.pivot:
                    self.same += 1
                    continue
                if size == self.roof:
                    top += 1
                    continue
                if self.known == _NEAR:
                    return False
                at = self.known
                while at > 0 and self.near[at - 1] > size:
                    self.near[at] = self.near[at - 1]
                    at -= 1
                self.near[at] = size
                self.known += 1
        top += self.below + self.same + self.known
        return top > self.count // 2 + 1 or top == self.count

    @cython.cfunc
    @cython.exceptval(check=False)
    def _copy(self, own: cython.int) -> cython.void:
        """All sizes but that of one level into `spare`."""
        k: cython.int
        at: cython.int = 0
        for k in range(self.count):
            if k != own:
                self.spare[at] = self.size[k]
                at += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _nth(self, count: cython.int, n: cython.int) -> cython.double:
        """The n-th least (from 0) of the first numbers in `spare`, by Hoare's selection; their order changes."""
        low: cython.int = 0
        high: cython.int = count - 1
        i: cython.int
        j: cython.int
        middle: cython.double
        size: cython.double
        while low < high:
            middle = self.spare[(low + high) >> 1]
            i = low
            j = high
            while i <= j:
                while self.spare[i] < middle:
                    i += 1
                while self.spare[j] > middle:
                    j -= 1
                if i <= j:
                    size = self.spare[i]
                    self.spare[i] = self.spare[j]
                    self.spare[j] = size
                    i += 1
                    j -= 1
            if n <= j:
                high = j
            elif n >= i:
                low = i
            else:
                break
        return self.spare[n]

    @cython.cfunc
    @cython.exceptval(check=False)
    def _seek(self) -> cython.void:
        """A new pivot and a new roof, some levels below and above the median."""
        k: cython.int
        middle: cython.int = (self.count - 1) // 2
        self._copy(-1)
        self.pivot = self._nth(self.count, max(0, middle - _SLACK))
        self.roof = self._nth(self.count, middle + _SLACK) if middle + _SLACK < self.count else _INFINITE
        self.below = 0
        for k in range(self.count):
            self.below += self.size[k] < self.pivot
        self.ordered = False


@cython.cfunc
@cython.exceptval(check=True)
def _resized(old: cython.p_double, room: cython.int) -> cython.p_double:
    fresh: cython.p_double = cython.cast(cython.p_double, realloc(old, room * 8))
    if fresh == cython.NULL:
        raise MemoryError
    return fresh
