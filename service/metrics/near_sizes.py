"""The sizes of all levels of one side near the mid, kept in order, so that their median costs nothing to ask for."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book, Side
from cython.cimports.libc.math import floor, llround
from cython.cimports.libc.stdlib import free, realloc
from cython.cimports.libc.string import memmove

from connectors.book import NOWHERE, Book, Side

_NAN = cython.declare(cython.double, float("nan"))
_NOWHERE = cython.declare(cython.longlong, -NOWHERE)  # before every level
_EXACT = cython.declare(
    cython.double, 1e-12
)  # edges are inclusive: what a double loses must not drop a level
FEWEST = 3  # other levels, fewer say nothing of what is usual
_FEWEST = cython.declare(cython.int, FEWEST)


@cython.cclass
class NearSizes:
    """Levels of a side within `width` (a ratio) of the mid, as far as they are proven: by price and by size.

    After a message `put` each level that changed, then `follow` the new mid and the new view; `clear` and `follow` start
    anew. `median_without(price)` is the median of the sizes but that of one level; NaN with fewer than three.
    """

    def __init__(self, side: int, width: float) -> None:
        """`side` 0 bid, 1 ask."""
        self.side, self.width = side, width
        self.sign = 1.0 if side else -1.0
        self.count = self.room = 0
        self._grow(64)

    def __dealloc__(self) -> None:
        free(self.price)
        free(self.size)
        free(self.ordered)

    @cython.cfunc
    @cython.exceptval(-1)
    def _grow(self, room: cython.int) -> cython.int:
        self.price = _resized(self.price, room)
        self.size = _resized(self.size, room)
        self.ordered = _resized(self.ordered, room)
        self.room = room
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def clear(self) -> cython.void:
        self.count = 0

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
    @cython.exceptval(check=False)
    def _size_rank(self, size: cython.double) -> cython.int:
        low: cython.int = 0
        high: cython.int = self.count
        half: cython.int
        while low < high:
            half = (low + high) >> 1
            if self.ordered[half] < size:
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
                self._change_size(self.size[rank], size)
                self.size[rank] = size
            else:
                self._drop(rank)
        elif size > 0 and rank < self.count:
            self._add(rank, price, size)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _drop(self, rank: cython.int) -> cython.void:
        self._drop_size(self.size[rank])
        self.count -= 1
        memmove(self.price + rank, self.price + rank + 1, (self.count - rank) * 8)
        memmove(self.size + rank, self.size + rank + 1, (self.count - rank) * 8)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _drop_size(self, size: cython.double) -> cython.void:
        """Take one of this size out of the order, which is one shorter than the levels until one comes in."""
        rank: cython.int = self._size_rank(size)
        memmove(self.ordered + rank, self.ordered + rank + 1, (self.count - 1 - rank) * 8)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _insert_size(self, size: cython.double) -> cython.void:
        """Put one in where `_drop_size` has just taken one out."""
        rank: cython.int
        self.count -= 1
        rank = self._size_rank(size)
        memmove(self.ordered + rank + 1, self.ordered + rank, (self.count - rank) * 8)
        self.ordered[rank] = size
        self.count += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _change_size(self, old: cython.double, new: cython.double) -> cython.void:
        """One of this size has another one now: only what lies between the two moves."""
        left: cython.int = self._size_rank(old)
        found: cython.int = self._size_rank(new)
        if found > left:
            memmove(self.ordered + left, self.ordered + left + 1, (found - 1 - left) * 8)
            self.ordered[found - 1] = new
        else:
            memmove(self.ordered + found + 1, self.ordered + found, (left - found) * 8)
            self.ordered[found] = new

    @cython.cfunc
    @cython.exceptval(check=False)
    def lowest_median(self) -> cython.double:
        """No median without one of the levels is below this; 0 where there are too few."""
        return self.ordered[(self.count - 2) // 2] if self.count > _FEWEST else 0.0

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
        self._insert_size(size)
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
        out: cython.int = self.count  # the rank of the size that is left out
        n: cython.int = self.count
        if own < self.count and self.price[own] == self.sign * price:
            out = self._size_rank(self.size[own])
            n -= 1
        if n < FEWEST:
            return _NAN
        low: cython.int = (n - 1) // 2
        high: cython.int = n // 2
        return (self.ordered[low + (low >= out)] + self.ordered[high + (high >= out)]) / 2


@cython.cfunc
@cython.exceptval(check=True)
def _resized(old: cython.p_double, room: cython.int) -> cython.p_double:
    fresh: cython.p_double = cython.cast(cython.p_double, realloc(old, room * 8))
    if fresh == cython.NULL:
        raise MemoryError
    return fresh
