"""One instrument's order book: two sorted sides of integer prices and sizes, and the best levels as numbers.

Both sides are kept best first in blocks of up to 32 levels. A bid stands under the negative of its price, so that one
piece of code serves both sides: `key = sign * price`, ascending. Prices and sizes are integers of `price_places`
and `size_places` decimals; a number with more decimals widens the book, one that then no longer fits is refused.
Each block remembers the sum of its levels, so that depth in a band costs blocks, not levels.
"""

from __future__ import annotations

import array
from decimal import Decimal

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.connectors.changes import Changes, rounded
from cython.cimports.libc.math import exp
from cython.cimports.libc.stdlib import free
from cython.cimports.libc.string import memmove, memset

from .changes import Changes
from .wire import EXPONENT, Scanner

TOP = 20  # levels a side that are kept as numbers for the metrics of each message
NAN = cython.declare(cython.double, float("nan"))
_LARGEST = cython.declare(cython.longlong, 4_000_000_000_000_000_000)  # the sum of two keys still fits
_LARGEST_SIZE = cython.declare(cython.longlong, 9_223_372_036_854_775_807)
_NOWHERE = cython.declare(cython.longlong, 9_000_000_000_000_000_000)
NOWHERE = 9_000_000_000_000_000_000  # a key no level reaches: a side without a bound
DUST_BELOW = 8  # decimals of sizes that are never given up
OFF_SCALE = 1  # what apply and put answer where a number does not fit the book's integers
_OFF_SCALE = cython.declare(cython.int, OFF_SCALE)

_TENS = cython.declare(cython.longlong[19])  # 10**k, and what may be multiplied with it
_FITS = cython.declare(cython.longlong[19])  # of a price
_FITS_SIZE = cython.declare(cython.longlong[19])
_power = cython.declare(cython.int)
for _power in range(19):
    _TENS[_power] = int("1" + "0" * _power)
    _FITS[_power] = 4_000_000_000_000_000_000 // int("1" + "0" * _power)
    _FITS_SIZE[_power] = 9_223_372_036_854_775_807 // int("1" + "0" * _power)


@cython.final
@cython.cclass
class Side:
    """One side, best level first. Sizes are above zero; `count` levels.

    The block at `order[position]` holds `fill` levels from place `32 * block` of `keys` and `sizes` on, `first` is its
    best key by position; places of `free` blocks are used again. `lots` and `value` are a block's sums of sizes and of
    sizes times (inverse: by) keys, unless `stale`. A change at or before key `edge` makes the best levels `dirty`.

    A size in base (inverse: in quote) is `size * up / down`, a price is `key / price_unit`.
    """

    def __init__(self, sign: int, keep_text: bool) -> None:
        self.sign = sign
        self.keep_text = keep_text
        self.up = self.down = self.price_unit = 1.0
        self._grow(2)
        self.clear()

    def __dealloc__(self) -> None:
        free(self.keys)
        free(self.sizes)
        free(self.texts)
        free(self.orders)
        free(self.first)
        free(self.order)
        free(self.fill)
        free(self.free)
        free(self.lots)
        free(self.value)
        free(self.stale)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _grow(self, blocks: cython.int) -> cython.int:
        """Room for `blocks` blocks in all."""
        k: cython.int
        self.keys = cython.cast(cython.p_longlong, resized(self.keys, blocks * 32 * 8))
        self.sizes = cython.cast(cython.p_longlong, resized(self.sizes, blocks * 32 * 8))
        if self.keep_text:
            self.texts = cython.cast(cython.p_int, resized(self.texts, blocks * 32 * 4))
        if self.counted:
            self.orders = cython.cast(cython.p_int, resized(self.orders, blocks * 32 * 4))
        self.first = cython.cast(cython.p_longlong, resized(self.first, blocks * 8))
        self.order = cython.cast(cython.p_int, resized(self.order, blocks * 4))
        self.fill = cython.cast(cython.p_int, resized(self.fill, blocks * 4))
        self.free = cython.cast(cython.p_int, resized(self.free, blocks * 4))
        self.lots = cython.cast(cython.p_double, resized(self.lots, blocks * 8))
        self.value = cython.cast(cython.p_double, resized(self.value, blocks * 8))
        self.stale = cython.cast(cython.p_schar, resized(self.stale, blocks))
        for k in range(self.made, blocks):
            self.free[self.free_count] = k
            self.free_count += 1
        self.made = blocks
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def count_orders(self) -> cython.int:
        """Keep the number of orders of each level from now on; of those that are there it is not known."""
        self.counted = True
        self.orders = cython.cast(cython.p_int, resized(self.orders, self.made * 32 * 4))
        memset(self.orders, 0, self.made * 32 * 4)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def clear(self) -> cython.void:
        k: cython.int
        self.count = 0
        self.blocks = 0
        self.hint = 0
        self.free_count = self.made
        for k in range(self.made):
            self.free[k] = self.made - 1 - k
        self.edge = _NOWHERE
        self.dirty = True

    # -- finding ---------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _position(self, key: cython.longlong) -> cython.int:
        """The block that holds the key or would: the last whose first key is not beyond it."""
        low: cython.int = self.hint
        high: cython.int = self.blocks
        half: cython.int
        if low < high and self.first[low] <= key:  # the levels of a message come sorted: look where we were
            if low + 1 == high or key < self.first[low + 1]:
                return low
            low += 1
        else:
            high = low if low < high else high
            low = 0
        high -= low  # from here on the number of blocks that are left
        while high > 1:  # without branches on the comparison: the processor could only guess them
            half = high >> 1
            low += half * (self.first[low + half] <= key)
            high -= half
        self.hint = low
        return low

    @cython.ccall
    @cython.exceptval(check=False)
    def best(self) -> cython.longlong:
        """Key of the best level; NOWHERE if there is none."""
        return self.first[0] if self.count > 0 else _NOWHERE

    @cython.ccall
    @cython.exceptval(check=False)
    def worst(self) -> cython.longlong:
        """Key of the level farthest from the touch; NOWHERE if there is none."""
        block: cython.int
        if self.count == 0:
            return _NOWHERE
        block = self.order[self.blocks - 1]
        return self.keys[block * 32 + self.fill[block] - 1]

    def last_of(self, levels: cython.int) -> int:
        """Key of the farthest of the best `levels` (1 or more) levels; NOWHERE if there is none."""
        position: cython.int = self.blocks - 1
        beyond: cython.int = self.count - levels
        if self.count == 0:
            return _NOWHERE
        beyond = beyond if 0 < beyond < self.count else 0
        while beyond >= self.fill[self.order[position]]:
            beyond -= self.fill[self.order[position]]
            position -= 1
        return self.keys[self.order[position] * 32 + self.fill[self.order[position]] - 1 - beyond]

    # -- changing --------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def put(
        self, key: cython.longlong, size: cython.longlong, text: cython.int, orders: cython.int
    ) -> cython.longlong:
        """Give the level this size, 0 removes it; the size it had before, 0 if there was none."""
        position: cython.int
        block: cython.int
        rank: cython.int
        at: cython.int
        old: cython.longlong = 0
        if self.blocks == 0:
            if size != 0:
                self._insert(0, 0, key, size, text, orders)
                self.dirty = True
            return 0
        position = self._position(key)
        block = self.order[position]
        rank = _rank(self.keys + block * 32, self.fill[block], key)
        at = block * 32 + rank
        if rank < self.fill[block] and self.keys[at] == key:
            old = self.sizes[at]
            if size == 0:
                self._remove(position, rank)
            else:
                self.sizes[at] = size
                self.stale[block] = True
                if self.keep_text:
                    self.texts[at] = text
                if self.counted:
                    self.orders[at] = orders
        elif size != 0:
            self._insert(position, rank, key, size, text, orders)
        if key <= self.edge and (old != size or self.counted):
            self.dirty = True
        return old

    @cython.cfunc
    @cython.exceptval(check=False)
    def _remove(self, position: cython.int, rank: cython.int) -> cython.void:
        block: cython.int = self.order[position]
        fill: cython.int = self.fill[block] - 1
        self.count -= 1
        if fill == 0:
            self._close_block(position)
            return
        self._shift(block * 32 + rank + 1, block * 32 + rank, fill - rank)
        self.fill[block] = fill
        self.stale[block] = True
        if rank == 0:
            self.first[position] = self.keys[block * 32]
        if fill < 8 and self.blocks > 1:
            self._merge(position)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _shift(self, source: cython.int, to: cython.int, levels: cython.int) -> cython.void:
        """Move levels to another place."""
        memmove(self.keys + to, self.keys + source, levels * 8)
        memmove(self.sizes + to, self.sizes + source, levels * 8)
        if self.keep_text:
            memmove(self.texts + to, self.texts + source, levels * 4)
        if self.counted:
            memmove(self.orders + to, self.orders + source, levels * 4)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _merge(self, position: cython.int) -> cython.void:
        """Join a thin block with a neighbour if both fit into one with room to spare."""
        left: cython.int = position if position + 1 < self.blocks else position - 1
        into: cython.int = self.order[left]
        out: cython.int = self.order[left + 1]
        if self.fill[into] + self.fill[out] > 24:
            return
        self._shift(out * 32, into * 32 + self.fill[into], self.fill[out])
        self.fill[into] += self.fill[out]
        self.stale[into] = True
        self._close_block(left + 1)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _insert(
        self,
        position: cython.int,
        rank: cython.int,
        key: cython.longlong,
        size: cython.longlong,
        text: cython.int,
        orders: cython.int,
    ) -> cython.int:
        block: cython.int
        at: cython.int
        if self.blocks == 0:
            self._open_block(0)
        elif self.fill[self.order[position]] == 32:
            if (
                rank == 32 and position + 1 == self.blocks
            ):  # whole books come in order: their blocks stay full
                position += 1
                rank = 0
                self._open_block(position)
            elif rank == 0 and position == 0:
                self._open_block(0)
            else:
                self._split(position)
                if rank > 16:
                    position += 1
                    rank -= 16
        block = self.order[position]
        at = block * 32 + rank
        self._shift(at, at + 1, self.fill[block] - rank)
        self.keys[at] = key
        self.sizes[at] = size
        if self.keep_text:
            self.texts[at] = text
        if self.counted:
            self.orders[at] = orders
        self.fill[block] += 1
        self.stale[block] = True
        if rank == 0:
            self.first[position] = key
        self.count += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _open_block(self, position: cython.int) -> cython.int:
        """Make an empty block at this place of the order."""
        block: cython.int
        if self.free_count == 0:
            self._grow(self.made + (self.made >> 3) + 2)
        self.free_count -= 1
        block = self.free[self.free_count]
        memmove(self.order + position + 1, self.order + position, (self.blocks - position) * 4)
        memmove(self.first + position + 1, self.first + position, (self.blocks - position) * 8)
        self.order[position] = block
        self.fill[block] = 0
        self.stale[block] = True
        self.blocks += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _split(self, position: cython.int) -> cython.int:
        """Move the farther half of a full block into a new one behind it."""
        source: cython.int = self.order[position]
        block: cython.int
        self._open_block(position + 1)
        block = self.order[position + 1]
        self._shift(source * 32 + 16, block * 32, 16)
        self.fill[source] = 16
        self.fill[block] = 16
        self.stale[source] = True
        self.first[position + 1] = self.keys[block * 32]
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _close_block(self, position: cython.int) -> cython.void:
        self.free[self.free_count] = self.order[position]
        self.free_count += 1
        self.blocks -= 1
        memmove(self.order + position, self.order + position + 1, (self.blocks - position) * 4)
        memmove(self.first + position, self.first + position + 1, (self.blocks - position) * 8)
        self.hint = 0

    @cython.ccall
    @cython.exceptval(check=False)
    def trim(self, most: cython.int) -> cython.int:
        """Drop the levels beyond the best `most`; how many went."""
        dropped: cython.int = 0
        block: cython.int
        excess: cython.int
        while self.count > most:
            block = self.order[self.blocks - 1]
            excess = self.count - most
            if excess >= self.fill[block]:
                excess = self.fill[block]
                self._close_block(self.blocks - 1)
            else:
                self.fill[block] -= excess
                self.stale[block] = True
            self.count -= excess
            dropped += excess
        if dropped > 0 and self.worst() <= self.edge:
            self.dirty = True
        return dropped

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def tell(self, log: Changes, rank: cython.int) -> cython.int:
        """Note that all levels but the best `rank` are about to go."""
        position: cython.int
        k: cython.int
        at: cython.int
        fill: cython.int
        for position in range(self.blocks):
            at = self.order[position] * 32
            fill = self.fill[self.order[position]]
            for k in range(at + (rank if rank < fill else fill), at + fill):
                log.note(0 if self.sign < 0 else 1, self.keys[k], self.sizes[k], 0)
            rank -= rank if rank < fill else fill
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def scale(self, price_factor: cython.longlong, size_factor: cython.longlong) -> cython.void:
        """Multiply all keys and sizes; the caller has made sure that they fit."""
        position: cython.int
        k: cython.int
        at: cython.int
        for position in range(self.blocks):
            at = self.order[position] * 32
            self.first[position] *= price_factor
            for k in range(at, at + self.fill[self.order[position]]):
                self.keys[k] *= price_factor
                self.sizes[k] *= size_factor

    @cython.cfunc
    @cython.exceptval(check=False)
    def set_units(
        self, price_unit: cython.double, up: cython.double, down: cython.double, inverse: cython.bint
    ) -> cython.void:
        self.price_unit = price_unit
        self.up = up
        self.down = down
        self.inverse = inverse
        memset(self.stale, 1, self.made)
        self.edge = _NOWHERE
        self.dirty = True

    def coarsen(self, factor: cython.longlong) -> cython.void:
        """Divide all sizes; none becomes zero."""
        position: cython.int
        k: cython.int
        at: cython.int
        for position in range(self.blocks):
            at = self.order[position] * 32
            for k in range(at, at + self.fill[self.order[position]]):
                self.sizes[k] = rounded(self.sizes[k], factor)

    def largest(self) -> tuple[int, int]:
        """The largest distance of a key from zero and the largest size."""
        levels = self.levels(self.count)
        return max((abs(key) for key, _, _ in levels), default=0), max(
            (size for _, size, _ in levels), default=0
        )

    # -- reading ---------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def top(
        self,
        most: cython.int,
        keys: cython.longlong[::1],
        price: cython.double[::1],
        size: cython.double[::1],
        total: cython.double[::1],
        orders: cython.int[::1],
    ) -> cython.int:
        """Write the best `most` levels: key, price, size in base, sum of sizes so far, orders. How many there are."""
        position: cython.int
        k: cython.int
        at: cython.int
        n: cython.int = 0
        sum: cython.double = 0
        self.edge = _NOWHERE
        self.dirty = False
        for position in range(self.blocks):
            at = self.order[position] * 32
            for k in range(at, at + self.fill[self.order[position]]):
                keys[n] = self.keys[k]
                price[n] = self.sign * self.keys[k] / self.price_unit
                size[n] = self.sizes[k] * self.up / self.down
                if self.inverse:
                    size[n] = size[n] / price[n]
                sum += size[n]
                total[n] = sum
                if self.counted:
                    orders[n] = self.orders[k]
                n += 1
                if n == most:
                    self.edge = self.keys[k]
                    return n
        return n

    @cython.ccall
    @cython.exceptval(check=False)
    def sum_to(self, key: cython.longlong, on: cython.bint = False) -> cython.void:
        """Put the depth from the touch up to and with this key into `base` and `quote`.

        With `on` it goes on from the last sum: the side did not change since, and the key is not before the last.
        """
        position: cython.int = self.walked if on else 0
        block: cython.int
        lots: cython.double = self.walked_lots if on else 0
        value: cython.double = self.walked_value if on else 0
        while position + 1 < self.blocks and self.first[position + 1] <= key:
            block = self.order[position]
            self._freshen(block)
            lots += self.lots[block]
            value += self.value[block]
            position += 1
        self.walked = position
        self.walked_lots = lots
        self.walked_value = value
        if position < self.blocks:
            block = self.order[position]
            self._sum(block, _rank(self.keys + block * 32, self.fill[block], key + 1))
            lots += self.sum_lots
            value += self.sum_value
        lots = lots * self.up / self.down
        value = value * self.up / self.down * self.sign
        if self.inverse:
            self.base = value * self.price_unit
            self.quote = lots
        else:
            self.base = lots
            self.quote = value / self.price_unit

    @cython.ccall
    @cython.exceptval(check=False)
    def take(self, size: cython.double, last: cython.longlong) -> cython.void:
        """Walk from the touch until `size` of base is taken, no further than key `last`.

        `base` is what was taken, `quote` what it is worth at the levels' prices, `reached` the key of the last level
        touched (NOWHERE where none is). A remainder below 1e-12 of `size`, which rounding leaves, counts as taken.
        """
        position: cython.int
        block: cython.int
        k: cython.int
        own: cython.double
        price: cython.double
        least: cython.double = size * 1e-12
        base: cython.double = 0
        quote: cython.double = 0
        self.reached = _NOWHERE
        for position in range(self.blocks):
            if size - base <= least or self.first[position] > last:
                break
            block = self.order[position]
            if self.keys[block * 32 + self.fill[block] - 1] <= last:
                self._freshen(block)
                own = (
                    self.value[block] * self.sign * self.price_unit if self.inverse else self.lots[block]
                ) * (self.up / self.down)
                if base + own < size - least:  # all of it is taken
                    base += own
                    quote += (
                        self.lots[block] if self.inverse else self.value[block] * self.sign / self.price_unit
                    ) * (self.up / self.down)
                    self.reached = self.keys[block * 32 + self.fill[block] - 1]
                    continue
            for k in range(block * 32, block * 32 + self.fill[block]):
                if size - base <= least or self.keys[k] > last:
                    break
                price = self.sign * self.keys[k] / self.price_unit
                own = self._worth(k) * self.up / self.down
                if own > size - base:
                    own = size - base
                base += own
                quote += own * price
                self.reached = self.keys[k]
        self.base = base
        self.quote = quote

    @cython.cfunc
    @cython.exceptval(check=False)
    def copied(
        self, key: cython.longlong, room: cython.int, price: cython.p_double, size: cython.p_double
    ) -> cython.int:
        """Write price and size in base of the levels up to and with this key, and of one more if there is one.

        How many there are, that one included; no more than `room` are written. `passed` is the key of the last.
        """
        position: cython.int
        k: cython.int
        at: cython.int
        n: cython.int = 0
        for position in range(self.blocks):
            at = self.order[position] * 32
            for k in range(at, at + self.fill[self.order[position]]):
                if n < room:
                    price[n] = self.sign * self.keys[k] / self.price_unit
                    size[n] = self._worth(k) * self.up / self.down
                n += 1
                self.passed = self.keys[k]
                if self.passed > key:
                    return n
        return n

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _freshen(self, block: cython.int) -> cython.void:
        """Bring the sums of a block up to date."""
        if self.stale[block]:
            self._sum(block, self.fill[block])
            self.lots[block] = self.sum_lots
            self.value[block] = self.sum_value
            self.stale[block] = False

    @cython.cfunc
    @cython.exceptval(check=False)
    def _sum(self, block: cython.int, levels: cython.int) -> cython.void:
        """Sizes, and sizes times (inverse: by) keys, of the best levels of a block into `sum_lots`, `sum_value`."""
        k: cython.int
        key: cython.double
        size: cython.double
        lots: cython.double = 0
        value: cython.double = 0
        if self.inverse:
            for k in range(block * 32, block * 32 + levels):
                key = self.keys[k]
                size = self.sizes[k]
                lots += size
                value += size / key
        else:
            for k in range(block * 32, block * 32 + levels):
                key = self.keys[k]
                size = self.sizes[k]
                lots += size
                value += size * key
        self.sum_lots = lots
        self.sum_value = value

    @cython.ccall
    @cython.exceptval(check=False)
    def decayed(self, mid: cython.double, scale: cython.double, last: cython.longlong) -> cython.double:
        """Base size of the levels up to key `last`, each times exp(-|price - mid| / scale).

        A weight is that of the best level times a near and a far factor from tables that grow as they are needed;
        exp() itself is called where a level is more than 16,383 price units from the best.
        """
        position: cython.int
        k: cython.int
        at: cython.int
        fill: cython.int
        known: cython.int = 1
        far: cython.int
        rate: cython.double = 1.0 / (self.price_unit * scale)
        near: cython.double[64]
        table: cython.double[256]
        even: cython.double = 0
        odd: cython.double = 0
        if self.count == 0:
            return 0
        near[0] = table[0] = 1.0
        near[1] = exp(-rate)
        step: cython.double = exp(-64 * rate)
        for k in range(2, 64):
            near[k] = near[k - 1] * near[1]
        for position in range(self.blocks):
            at = self.order[position] * 32
            fill = self.fill[self.order[position]]
            if self.keys[at + fill - 1] > last:
                fill = _rank(self.keys + at, fill, last + 1)
                if fill == 0:
                    break
            if self.keys[at + fill - 1] - self.first[0] >= 64 * 256:
                for k in range(at, at + fill):
                    even += self._worth(k) * exp(-(self.keys[k] - self.first[0]) * rate)
                continue
            far = cython.cast(cython.int, (self.keys[at + fill - 1] - self.first[0]) >> 6)
            while known <= far:
                table[known] = table[known - 1] * step
                known += 1
            for k in range(at, at + fill):
                far = cython.cast(cython.int, self.keys[k] - self.first[0])
                if k & 1:
                    odd += self._worth(k) * (table[far >> 6] * near[far & 63])
                else:
                    even += self._worth(k) * (table[far >> 6] * near[far & 63])
        return (
            (even + odd)
            * exp(-(self.first[0] / self.price_unit - self.sign * mid) / scale)
            * self.up
            / self.down
        )

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _worth(self, k: cython.int) -> cython.double:
        """Lots at a place; where a lot is worth quote, per price."""
        size: cython.double = self.sizes[k]
        return size / (self.sign * self.keys[k] / self.price_unit) if self.inverse else size

    def levels(self, most: int) -> list[tuple[int, int, int]]:
        """(key, size, text) of the best `most` levels, best first."""
        found: list[tuple[int, int, int]] = []
        for position in range(self.blocks):
            at = self.order[position] * 32
            for k in range(at, at + self.fill[self.order[position]]):
                if len(found) == most:
                    return found
                found.append((self.keys[k], self.sizes[k], self.texts[k] if self.keep_text else 0))
        return found


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _rank(keys: cython.p_longlong, count: cython.int, key: cython.longlong) -> cython.int:
    """How many of the sorted keys come before this one."""
    low: cython.int = 0
    half: cython.int
    while count > 1:  # without branches on the comparison, as in Side._position
        half = count >> 1
        low += half * (keys[low + half - 1] < key)
        count -= half
    return low + (keys[low] < key)


@cython.final
@cython.cclass
class Book:
    """Both sides of one instrument and how far they are proven.

    `version` counts applied messages; `log`, if somebody follows the book, is told each size that changes.
    `bid_floor` and `ask_ceiling` are prices (integers) up to which a snapshot proved the book: a value that needs
    levels beyond is not known. `most` levels a side are kept; where more came, the farthest were dropped, the
    proven range shrinks to what is left, and `capped` says so.
    `bid_price[k]`, `bid_size[k]` (base units), `bid_total[k]` (sum of the sizes down to this one), and the same for
    asks, are the best TOP levels after `refresh()`. `wants_orders` asks for the numbers of orders at them; where the venue
    tells these the book is `counted`, and `bid_orders[k]`, `ask_orders[k]` hold them, 0 where one is not known.
    """

    def __init__(
        self, price_places: int = 0, size_places: int = 0, keep_text: bool = False, most: int = 50_000
    ) -> None:
        self.bids, self.asks = Side(-1, keep_text), Side(1, keep_text)
        self.keep_text = keep_text
        self.price_places, self.size_places = price_places, size_places
        self.most = most
        self.multiplier = 1.0
        self.log = None
        self.keep_top(TOP)
        self.set_contract(1.0, False)
        self.clear()

    def keep_top(self, levels: int) -> None:
        """Keep this many levels a side as numbers instead of TOP."""
        self.tops = levels
        self.bid_key, self.ask_key = (array.array("q", bytes(8 * levels)) for _ in range(2))
        self.bid_price, self.ask_price = (array.array("d", bytes(8 * levels)) for _ in range(2))
        self.bid_size, self.ask_size = (array.array("d", bytes(8 * levels)) for _ in range(2))
        self.bid_total, self.ask_total = (array.array("d", bytes(8 * levels)) for _ in range(2))
        self.bid_orders, self.ask_orders = (array.array("i", bytes(4 * levels)) for _ in range(2))
        self._units()

    def set_contract(self, contract_size: float, inverse: bool, multiplier: float = 1.0) -> None:
        """Say what one unit of size is: `contract_size` of base, or of quote where `inverse`. NaN: not known.

        Prices are written for `multiplier` of base (1000SHIB: 1000); as numbers they are for one.
        """
        self.contract_size, self.inverse, self.multiplier = contract_size, inverse, multiplier
        self._units()

    def _units(self) -> None:
        """Tell the sides what their integers are worth; as a fraction, so that one division rounds, and once."""
        up: float = self.contract_size
        down: float = 10**self.size_places
        if up == up:
            up, part = Decimal(repr(self.contract_size)).as_integer_ratio()
            down *= part
        for side in (self.bids, self.asks):
            _set_units(side, 10**self.price_places * self.multiplier, up, down, self.inverse)

    # -- what changed ------------------------------------------------------------------------------------------

    @cython.ccall
    def follow(self, log: Changes) -> cython.void:
        """Tell this log (None: nobody) what changes from now on; the next `settle` sets its baseline."""
        if log is not None:
            log.rebase()
        self.log = log

    @cython.ccall
    @cython.exceptval(check=False)
    def rebase(self) -> cython.void:
        """What comes next cannot be compared with what was: a snapshot, or a loss."""
        if self.log is not None:
            self.log.rebase()

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def settle(self, fresh: cython.bint) -> cython.int:
        """This is a good state: bring the log up to it. `fresh`: it is not to be compared with the one before."""
        if self.log is not None:
            self.log.settle(
                fresh,
                self.bid_floor,
                self.ask_ceiling,
                self.asks.price_unit,
                self.asks.up,
                self.asks.down,
                self.inverse,
            )
        return 0

    # -- changing ----------------------------------------------------------------------------------------------

    @cython.ccall
    def clear(self) -> cython.void:
        """Forget all levels and what was proven of them."""
        if self.log is not None and self.log.based:
            self.bids.tell(self.log, 0)
            self.asks.tell(self.log, 0)
        self.bids.clear()
        self.asks.clear()
        self.bid_floor = -_NOWHERE
        self.ask_ceiling = _NOWHERE
        self.capped = False
        self.bid_count = 0
        self.ask_count = 0

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def apply(self, scan: Scanner, start: cython.int, end: cython.int) -> cython.int:
        """Apply levels `start` to `end` of the last scan as one message. 0, or OFF_SCALE: a number did not fit."""
        k: cython.int
        d: cython.int
        fault: cython.int = 0
        if scan.counts and self.wants_orders and not self.counted:
            self.counted = True
            self.bids.count_orders()
            self.asks.count_orders()
        for k in range(start, end):
            d = scan.decimals[k]
            fault = self._level(
                scan.side[k],
                scan.price[k],
                d & 255,
                scan.size[k],
                (d >> 8) & 255,
                (d >> 16) & 65535,
                scan.orders[k],
            )
            if fault != 0:
                break
        if self.bids.count > self.most or self.asks.count > self.most:
            self._cap()
        self.version += 1
        return fault

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def put(
        self,
        side: cython.int,
        price: cython.longlong,
        price_places: cython.int,
        size: cython.longlong,
        size_places: cython.int,
        text: cython.int,
    ) -> cython.int:
        """One level (side 0 bid, 1 ask) outside of a frame: snapshots from elsewhere, cases, tests."""
        self.version += 1
        return self._level(side, price, price_places, size, size_places, text, 0)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _level(
        self,
        side: cython.int,
        price: cython.longlong,
        price_places: cython.int,
        size: cython.longlong,
        size_places: cython.int,
        text: cython.int,
        orders: cython.int,
    ) -> cython.int:
        before: cython.longlong
        if price_places > self.price_places or size_places > self.size_places:
            if not self.widen(price_places, size_places) and not self._make_room(
                price_places, size, size_places
            ):
                return _OFF_SCALE
            if size_places > self.size_places:
                size = rounded(size, _TENS[size_places - self.size_places])
                size_places = self.size_places
        if price > _FITS[self.price_places - price_places]:
            return _OFF_SCALE
        if size > _FITS_SIZE[self.size_places - size_places] and not self._make_room(
            price_places, size, size_places
        ):
            return _OFF_SCALE
        price *= _TENS[self.price_places - price_places]
        size *= _TENS[self.size_places - size_places]
        if side == 0:
            price = -price
            before = self.bids.put(price, size, text, orders)
        else:
            before = self.asks.put(price, size, text, orders)
        if before != size and self.log is not None:
            self.log.note(side, price, before, size)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def power(self, places: cython.int) -> cython.double:
        """Ten to the `places`."""
        return _TENS[places]

    @cython.ccall
    @cython.exceptval(check=True)
    def widen(self, price_places: cython.int, size_places: cython.int) -> cython.bint:
        """Keep more decimals from now on. False (and nothing changed) where the book's numbers would not fit."""
        p: cython.int = max(self.price_places, price_places)
        s: cython.int = max(self.size_places, size_places)
        if p > 18 or s > 18:
            return False
        price_factor, size_factor = _TENS[p - self.price_places], _TENS[s - self.size_places]
        for side in (self.bids, self.asks):
            key, size = side.largest()
            if key > _LARGEST // price_factor or size > _LARGEST_SIZE // size_factor:
                return False
        self.bids.scale(price_factor, size_factor)
        self.asks.scale(price_factor, size_factor)
        if self.log is not None:
            self.log.scale(price_factor, size_factor)
        if self.bid_floor > -_NOWHERE:
            self.bid_floor = self.bid_floor * price_factor
        if self.ask_ceiling < _NOWHERE:
            self.ask_ceiling = self.ask_ceiling * price_factor
        self.price_places = p
        self.size_places = s
        self._units()
        return True

    def _make_room(self, price_places: int, size: int, size_places: int) -> bool:
        """Keep fewer decimals of sizes, where this one does not fit beside the others with all of them.

        Some venues write the dust of binary fractions (HTX: 3307.9982700421942 beside 5993289.85). Prices stay exact, and
        so do eight decimals of sizes; else False, and the book is as it was.
        """
        if price_places > self.price_places and not self.widen(price_places, self.size_places):
            return False
        largest = max(self.bids.largest()[1], self.asks.largest()[1])
        for places in range(min(18, max(size_places, self.size_places)), DUST_BELOW - 1, -1):
            ours, theirs = 10.0 ** (places - self.size_places), 10.0 ** (places - size_places)
            if largest * ours < 9e18 and size * theirs < 9e18:
                break
        else:
            return False
        if places > self.size_places:
            return bool(self.widen(price_places, places))
        if places < self.size_places:
            for side in (self.bids, self.asks):
                side.coarsen(_TENS[self.size_places - places])
            if self.log is not None:
                self.log.coarsen(_TENS[self.size_places - places])
            self.size_places = places
            self._units()
        return True

    def _cap(self) -> None:
        """Drop the farthest levels beyond `most`; from there on the book is no longer proven."""
        self._tell_trimmed(self.most)
        if self.bids.trim(self.most) > 0:
            self.bid_floor = max(self.bid_floor, -self.bids.worst())
            self.capped = True
        if self.asks.trim(self.most) > 0:
            self.ask_ceiling = min(self.ask_ceiling, self.asks.worst())
            self.capped = True

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _tell_trimmed(self, depth: cython.int) -> cython.int:
        if self.log is not None and self.log.based:
            if self.bids.count > depth:
                self.bids.tell(self.log, depth)
            if self.asks.count > depth:
                self.asks.tell(self.log, depth)
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def truncate(self, depth: cython.int) -> cython.void:
        """Keep the best `depth` levels a side, as venues with a window expect of their clients."""
        self._tell_trimmed(depth)
        self.bids.trim(depth)
        self.asks.trim(depth)

    @cython.ccall
    @cython.exceptval(check=False)
    def crossed(self) -> cython.bint:
        """Is the best bid at or above the best ask?"""
        return self.bids.count > 0 and self.asks.count > 0 and -self.bids.best() >= self.asks.best()

    @cython.ccall
    @cython.exceptval(check=False)
    def refresh(self) -> cython.bint:
        """Bring the best levels up to date; `moved`: they, or how far they are proven, changed since the last time."""
        self.moved = self.bids.dirty or self.asks.dirty
        if self.bid_floor != self.seen_floor or self.ask_ceiling != self.seen_ceiling:
            self.seen_floor = self.bid_floor
            self.seen_ceiling = self.ask_ceiling
            self.moved = True
        if self.bids.dirty:
            self.bid_count = self.bids.top(
                self.tops, self.bid_key, self.bid_price, self.bid_size, self.bid_total, self.bid_orders
            )
        if self.asks.dirty:
            self.ask_count = self.asks.top(
                self.tops, self.ask_key, self.ask_price, self.ask_size, self.ask_total, self.ask_orders
            )
        return self.moved

    @cython.ccall
    @cython.exceptval(check=False)
    def move(self) -> cython.void:
        """Whoever reads the best levels next has not seen them yet."""
        self.bids.dirty = True

    @cython.cfunc
    @cython.exceptval(check=False)
    def bids_reach(self, levels: cython.int) -> cython.bint:
        """Is it known what the best `levels` bids are? A side that ends before is known where it has no floor."""
        if self.bid_count >= levels:
            return -self.bid_key[levels - 1] >= self.bid_floor
        return self.bid_floor == -_NOWHERE

    @cython.cfunc
    @cython.exceptval(check=False)
    def asks_reach(self, levels: cython.int) -> cython.bint:
        """Is it known what the best `levels` asks are?"""
        if self.ask_count >= levels:
            return self.ask_key[levels - 1] <= self.ask_ceiling
        return self.ask_ceiling == _NOWHERE

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def limits_bids(self) -> cython.bint:
        """Is there a price below which bids are not known?"""
        return self.bid_floor > -_NOWHERE

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def limits_asks(self) -> cython.bint:
        """Is there a price above which asks are not known?"""
        return self.ask_ceiling < _NOWHERE

    @cython.ccall
    @cython.exceptval(check=False)
    def bid_sum(self, levels: cython.int) -> cython.double:
        """Base size of the best `levels` bids (of those there are, if fewer); NaN where they are not known."""
        if not self.bids_reach(levels):
            return NAN
        if levels > self.bid_count:
            levels = self.bid_count
        return self.bid_total[levels - 1] if levels > 0 else 0.0

    @cython.ccall
    @cython.exceptval(check=False)
    def ask_sum(self, levels: cython.int) -> cython.double:
        """Base size of the best `levels` asks (of those there are, if fewer); NaN where they are not known."""
        if not self.asks_reach(levels):
            return NAN
        if levels > self.ask_count:
            levels = self.ask_count
        return self.ask_total[levels - 1] if levels > 0 else 0.0

    def best_levels(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """(price, size in base) of the best TOP bids and asks as of the last `refresh()`."""
        return (
            [(self.bid_price[k], self.bid_size[k]) for k in range(self.bid_count)],
            [(self.ask_price[k], self.ask_size[k]) for k in range(self.ask_count)],
        )

    # -- as text ---------------------------------------------------------------------------------------------

    def levels(self, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The best `depth` bids and asks as (price, size) in native units, decimals as text."""
        return (
            [
                (plain(-k, self.price_places), plain(q, self.size_places))
                for k, q, _ in self.bids.levels(depth)
            ],
            [
                (plain(k, self.price_places), plain(q, self.size_places))
                for k, q, _ in self.asks.levels(depth)
            ],
        )

    def written(self, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The best `depth` bids and asks letter for letter as the venue wrote them (needs `keep_text`)."""
        bids, asks = self.bids.levels(depth), self.asks.levels(depth)
        p, s = self.price_places, self.size_places
        return (
            [(as_written(-k, p, text & 255), as_written(q, s, text >> 8)) for k, q, text in bids],
            [(as_written(k, p, text & 255), as_written(q, s, text >> 8)) for k, q, text in asks],
        )


@cython.cfunc
def _set_units(
    side: Side, price_unit: cython.double, up: cython.double, down: cython.double, inverse: cython.bint
) -> cython.void:
    side.set_units(price_unit, up, down, inverse)


def plain(value: int, places: int) -> str:
    """An integer of `places` decimals as decimal text without zeros at the end: (616597, 1) -> 61659.7."""
    if places == 0:
        return str(value)
    digits = str(abs(value)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def as_written(value: int, places: int, written: int) -> str:
    """An integer of `places` decimals with `written` decimals, or in the form 7.445E-7 where `written` is EXPONENT."""
    if written == EXPONENT:
        digits = str(value).rstrip("0") or "0"
        power = len(str(value)) - 1 - places
        return f"{digits[0]}.{digits[1:]}E{power}" if len(digits) > 1 else f"{digits}E{power}"
    value = value * 10 ** (written - places) if written >= places else value // 10 ** (places - written)
    if written == 0:
        return str(value)
    digits = str(value).rjust(written + 1, "0")
    return f"{digits[:-written]}.{digits[-written:]}"
