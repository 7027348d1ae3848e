"""How many levels of one side are near the mid, and the median of their sizes, kept up with what each message changes.

No level is kept. Counted are the sizes below a pivot, and one by one those from the pivot to a roof, which stand some
levels below and above the median: a change moves these numbers by one, and the median is looked up among the few.
"""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book, Side
from cython.cimports.libc.math import floor, llround
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.libc.string import memmove

from connectors.book import NOWHERE, Book, Side

_NAN = cython.declare(cython.double, float("nan"))
_INFINITE = cython.declare(cython.double, float("inf"))
_WIDE = cython.declare(cython.int, 128)  # distinct sizes from the pivot to the roof
_SLACK = cython.declare(
    cython.int, 32
)  # levels between a new pivot or roof and the median: so many may come and go
_NOWHERE = cython.declare(cython.longlong, -NOWHERE)  # before every level
_EXACT = cython.declare(
    cython.double, 1e-12
)  # edges are inclusive: what a double loses must not drop a level
FEWEST = 3  # other levels, fewer say nothing of what is usual
_FEWEST = cython.declare(cython.int, FEWEST)


@cython.cclass
class NearSizes:
    """Sizes (base) of the levels of a side within `width` (a ratio) of the mid, as far as they are proven.

    After a message `put` each level that changed, then `follow` the new mid and the new view; `clear` and `follow` start
    anew. `median_without(own)` is the median of the sizes but one of this size; NaN with fewer than three.
    """

    def __init__(self, side: int, width: float) -> None:
        """`side` 0 bid, 1 ask."""
        self.side, self.width = side, width
        self.sign = 1.0 if side else -1.0
        self.clear()

    @cython.cfunc
    @cython.exceptval(check=False)
    def clear(self) -> cython.void:
        self.counted = False
        self.last = -_INFINITE
        self.count = self.below = self.known = self.inside = self.cursor = self.passed = 0
        self.pivot = 0.0
        self.roof = _INFINITE

    # -- what comes and goes -------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def put(self, price: cython.double, old: cython.double, new: cython.double) -> cython.void:
        """A level that had the size `old` has `new`; 0 is none. One beyond the last that is counted is left to `follow`."""
        if self.sign * price <= self.last:
            if old > 0:
                self._go(old)
            if new > 0:
                self._come(new)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _come(self, size: cython.double) -> cython.void:
        self.count += 1
        if size < self.pivot:
            self.below += 1
        elif size <= self.roof:
            self._enter(size)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _go(self, size: cython.double) -> cython.void:
        k: cython.int
        self.count -= 1
        if size < self.pivot:
            self.below -= 1
        elif size <= self.roof:
            k = self._place(size)
            if k == self.known or self.value[k] != size:
                self.counted = False  # not among those that came: `follow` counts anew
                return
            self.inside -= 1
            self.number[k] -= 1
            self.cursor = self.passed = 0
            if self.number[k] == 0:
                self.known -= 1
                memmove(
                    cython.address(self.value[k]), cython.address(self.value[k + 1]), (self.known - k) * 8
                )
                memmove(
                    cython.address(self.number[k]), cython.address(self.number[k + 1]), (self.known - k) * 4
                )

    @cython.cfunc
    @cython.exceptval(check=False)
    def _place(self, size: cython.double) -> cython.int:
        """How many of the distinct sizes are smaller."""
        low: cython.int = 0
        half: cython.int
        left: cython.int = self.known
        while left > 0:  # without branches: either half is as likely
            half = (left + 1) >> 1
            low += half * (self.value[low + half - 1] < size)
            left -= half
        return low

    @cython.cfunc
    @cython.exceptval(check=False)
    def _enter(self, size: cython.double) -> cython.void:
        """One more from the pivot to the roof."""
        k: cython.int = self._place(size)
        self.inside += 1
        self.cursor = self.passed = 0
        if k < self.known and self.value[k] == size:
            self.number[k] += 1
            return
        if self.known == _WIDE:
            self._narrow()
            if k >= self.known:  # it is above the new roof
                self.inside -= 1
                return
        memmove(cython.address(self.value[k + 1]), cython.address(self.value[k]), (self.known - k) * 8)
        memmove(cython.address(self.number[k + 1]), cython.address(self.number[k]), (self.known - k) * 4)
        self.value[k] = size
        self.number[k] = 1
        self.known += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _narrow(self) -> cython.void:
        """There is no room for another size: the upper half goes beyond the roof."""
        while self.known > _WIDE // 2:
            self.known -= 1
            self.inside -= self.number[self.known]
        self.roof = self.value[self.known - 1]

    # -- keeping up with the book --------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def follow(self, book: Book, mid: cython.double) -> cython.int:
        """Let go what is no longer near the mid or in view, and take in what has come near or into view."""
        side: Side = book.asks if self.side else book.bids
        view: cython.longlong = book.ask_ceiling if self.side else -book.bid_floor
        end: cython.longlong
        start: cython.longlong
        if side.count == 0 or mid != mid:
            self.clear()
            return 0
        end = cython.cast(
            cython.longlong,
            floor((self.sign * mid * (1 + self.sign * self.width) + mid * _EXACT) * side.price_unit),
        )
        end = min(end, view)
        start = llround(self.last * side.price_unit) if self.counted else _NOWHERE
        if not self._comparable(side) or view < start:  # what changed beyond the view was not told
            self._recount(side, end)
        elif start < end:
            self._walk(side, start, end, True)
        elif end < start:
            self._walk(side, end, start, False)
        self.last = end / side.price_unit
        if not self._holds():
            self._seek(side, end)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _comparable(self, side: Side) -> cython.bint:
        """Was the book counted, in the units in which it stands now?"""
        same: cython.bint = (
            self.counted
            and side.price_unit == self.price_unit
            and side.up == self.up
            and side.down == self.down
        )
        self.price_unit = side.price_unit
        self.up = side.up
        self.down = side.down
        self.counted = True
        return same

    @cython.cfunc
    @cython.exceptval(check=False)
    def _walk(
        self, side: Side, start: cython.longlong, end: cython.longlong, comes: cython.bint
    ) -> cython.void:
        """The levels behind the key `start`, up to and with `end`, come or go."""
        position: cython.int
        k: cython.int
        at: cython.int
        first: cython.int = side._position(start) if start > _NOWHERE else 0  # noqa: SLF001  # C-level neighbours
        for position in range(first, side.blocks):
            if side.first[position] > end:
                return
            at = side.order[position] * 32
            for k in range(at, at + side.fill[side.order[position]]):
                if side.keys[k] > end:
                    return
                if side.keys[k] > start:
                    if comes:
                        self._come(_size(side, k))
                    else:
                        self._go(_size(side, k))

    @cython.cfunc
    @cython.exceptval(check=False)
    def _recount(self, side: Side, end: cython.longlong) -> cython.void:
        """Count the whole side up to and with the key `end`."""
        self.count = self.below = self.known = self.inside = self.cursor = self.passed = 0
        self._walk(side, _NOWHERE, end, True)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _holds(self) -> cython.bint:
        """Do the medians, whatever level is left out, lie from the pivot to the roof?"""
        most: cython.int = (self.count - 1) // 2 + 1
        if self.count <= _FEWEST:
            most = self.count - 1
        return self.below <= max(0, (self.count - 2) // 2) and self.below + self.inside > most

    @cython.cfunc
    @cython.exceptval(-1)
    def _seek(self, side: Side, end: cython.longlong) -> cython.int:
        """A new pivot and a new roof, some levels below and above the median, and what lies between them."""
        middle: cython.int = (self.count - 1) // 2
        k: cython.int
        count: cython.int = 0
        position: cython.int
        sizes: cython.p_double = cython.cast(cython.p_double, malloc((self.count + 1) * 8))
        if sizes == cython.NULL:
            raise MemoryError
        for position in range(side.blocks):
            for k in range(
                side.order[position] * 32, side.order[position] * 32 + side.fill[side.order[position]]
            ):
                if side.keys[k] <= end and count < self.count:
                    sizes[count] = _size(side, k)
                    count += 1
        self.pivot = _nth(sizes, count, max(0, middle - _SLACK))
        self.roof = _nth(sizes, count, middle + _SLACK) if middle + _SLACK < count else _INFINITE
        free(sizes)
        self._recount(side, end)
        return 0

    # -- what it comes to ----------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def lowest_median(self) -> cython.double:
        """No median without one of the levels is below this; 0 where nothing is known."""
        return self.pivot if self.below <= (self.count - 2) // 2 else 0.0

    @cython.ccall
    def median_without(self, own: cython.double) -> cython.double:
        """Median of the sizes without one level of the size `own`, or of all where it is 0; NaN with fewer than three."""
        n: cython.int = self.count - 1 if own > 0 else self.count
        k: cython.int
        out: cython.int = self.count  # rank of the one that is left out
        low: cython.int = (n - 1) // 2
        high: cython.int = n // 2
        if n < _FEWEST:
            return _NAN
        if 0 < own < self.pivot:
            out = 0
        elif own > 0 and own <= self.roof:
            out = self.below
            for k in range(self._place(own)):
                out += self.number[k]
        return (self._ranked(low + (low >= out)) + self._ranked(high + (high >= out))) / 2

    @cython.cfunc
    @cython.exceptval(check=False)
    def _ranked(self, rank: cython.int) -> cython.double:
        """The size at this place among all, which is one from the pivot to the roof."""
        rank -= self.below
        while self.passed > rank:
            self.cursor -= 1
            self.passed -= self.number[self.cursor]
        while self.passed + self.number[self.cursor] <= rank:
            self.passed += self.number[self.cursor]
            self.cursor += 1
        return self.value[self.cursor]


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _size(side: Side, k: cython.int) -> cython.double:
    """Base size of the level at a place, in the very double in which `Changes` tells it."""
    size: cython.double = side.sizes[k] * side.up / side.down
    return size / (side.sign * side.keys[k] / side.price_unit) if side.inverse else size


@cython.cfunc
@cython.exceptval(check=False)
def _nth(sizes: cython.p_double, count: cython.int, n: cython.int) -> cython.double:
    """The n-th least (from 0) of these numbers, by Hoare's selection; their order changes."""
    low: cython.int = 0
    high: cython.int = count - 1
    i: cython.int
    j: cython.int
    middle: cython.double
    size: cython.double
    while low < high:
        middle = sizes[(low + high) >> 1]
        i = low
        j = high
        while i <= j:
            while sizes[i] < middle:
                i += 1
            while sizes[j] > middle:
                j -= 1
            if i <= j:
                size = sizes[i]
                sizes[i] = sizes[j]
                sizes[j] = size
                i += 1
                j -= 1
        if n <= j:
            high = j
        elif n >= i:
            low = i
        else:
            break
    return sizes[n]
