"""One instrument's order book: two sorted sides of integer prices and sizes, and the best levels as numbers.

Both sides are kept best first in blocks of 64 levels. A bid stands under the negative of its price, so that one
piece of code serves both sides: `key = sign * price`, ascending. Prices and sizes are integers of `price_places`
and `size_places` decimals; a number with more decimals widens the book, one that then no longer fits is refused.
Each block remembers the sum of its levels, so that depth in a band costs blocks, not levels.
"""

from __future__ import annotations

import array
from typing import Any

import cython
from cython.cimports.libc.math import exp

from .wire import EXPONENT

TOP = 20  # levels a side that are kept as numbers for the metrics of each message
NAN = cython.declare(cython.double, float("nan"))
_BLOCK = cython.declare(cython.int, 64)
_THIN = cython.declare(cython.int, 12)
_LARGEST = cython.declare(cython.longlong, 4_000_000_000_000_000_000)
_NOWHERE = cython.declare(cython.longlong, 9_000_000_000_000_000_000)
NOWHERE = 9_000_000_000_000_000_000  # a key no level reaches: a side without a bound
OFF_SCALE = 1  # what apply and put answer where a number does not fit the book's integers


@cython.final
@cython.cclass
class Side:
    """One side, best level first. Sizes are above zero; `count` levels.

    `unit` turns a size into contracts times contract size, `price_unit` a key into a price; `inverse` says that
    a contract is worth quote, not base.
    """

    def __init__(self, sign: int, keep_text: bool) -> None:
        self.sign = sign
        self.keep_text = keep_text
        self.unit = 1.0
        self.price_unit = 1.0
        self.inverse = False
        self.made = 0
        self.keys = self.sizes = array.array("q")
        self.first = array.array("q", bytes(8))
        self.texts = self.order = self.fill = self.free = array.array("i")
        self.block_base = self.block_quote = array.array("d")
        self.stale = array.array("b")
        self._grow(2)
        self.clear()

    def _grow(self, blocks: cython.int) -> None:
        """Room for `blocks` blocks in all."""
        k: cython.int
        self.keys = _longer(self.keys, "q", blocks * 64)
        self.sizes = _longer(self.sizes, "q", blocks * 64)
        if self.keep_text:
            self.texts = _longer(self.texts, "i", blocks * 64)
        self.first = _longer(self.first, "q", blocks + 1)
        self.order = _longer(self.order, "i", blocks)
        self.fill = _longer(self.fill, "i", blocks)
        self.free = _longer(self.free, "i", blocks)
        self.block_base = _longer(self.block_base, "d", blocks)
        self.block_quote = _longer(self.block_quote, "d", blocks)
        self.stale = _longer(self.stale, "b", blocks)
        for k in range(self.made, blocks):
            self.free[self.free_count] = k
            self.free_count += 1
        self.made = blocks

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

    # -- finding ---------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _position(self, key: cython.longlong) -> cython.int:
        """The block that holds the key or would: the last whose first key is not beyond it."""
        low: cython.int = self.hint
        high: cython.int = self.blocks
        middle: cython.int
        if low < high and self.first[low] <= key:  # the levels of a message come sorted: look where we were
            if low + 1 == high or key < self.first[low + 1]:
                return low
        else:
            high = low if low < high else high
            low = 0
        length: cython.int = high - low
        while length > 1:
            middle = length >> 1
            low += middle * (self.first[low + middle] <= key)
            length -= middle
        self.hint = low
        return low

    @cython.cfunc
    @cython.exceptval(check=False)
    def _rank_in(self, block: cython.int, key: cython.longlong) -> cython.int:
        """How many levels of the block come before the key."""
        base: cython.int = block * _BLOCK
        low: cython.int = 0
        length: cython.int = self.fill[block]
        half: cython.int
        if length == 0:
            return 0
        while length > 1:  # without branches on the comparison: the processor could only guess them
            half = length >> 1
            low += half * (self.keys[base + low + half - 1] < key)
            length -= half
        return low + (self.keys[base + low] < key)

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
        return self.keys[block * _BLOCK + self.fill[block] - 1]

    # -- changing --------------------------------------------------------------------------------------------

    @cython.cfunc
    def put(self, key: cython.longlong, size: cython.longlong, text: cython.int) -> cython.longlong:
        """Give the level this size, 0 removes it; the size it had before, 0 if there was none."""
        position: cython.int
        block: cython.int
        rank: cython.int
        at: cython.int
        old: cython.longlong
        if self.blocks == 0:
            if size != 0:
                self._insert(0, 0, key, size, text)
            return 0
        position = self._position(key)
        block = self.order[position]
        rank = self._rank_in(block, key)
        at = block * _BLOCK + rank
        if rank < self.fill[block] and self.keys[at] == key:
            old = self.sizes[at]
            self.stale[block] = 1
            if size == 0:
                self._remove(position, rank)
            else:
                self.sizes[at] = size
                if self.keep_text:
                    self.texts[at] = text
            return old
        if size != 0:
            self._insert(position, rank, key, size, text)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _remove(self, position: cython.int, rank: cython.int) -> cython.void:
        block: cython.int = self.order[position]
        base: cython.int = block * _BLOCK
        k: cython.int
        fill: cython.int = self.fill[block] - 1
        for k in range(base + rank, base + fill):
            self.keys[k] = self.keys[k + 1]
        for k in range(base + rank, base + fill):
            self.sizes[k] = self.sizes[k + 1]
        if self.keep_text:
            for k in range(base + rank, base + fill):
                self.texts[k] = self.texts[k + 1]
        self.fill[block] = fill
        self.count -= 1
        if fill == 0:
            self._close_block(position)
            return
        if rank == 0:
            self.first[position] = self.keys[base]
        if fill < _THIN and self.blocks > 1:
            self._merge(position)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _merge(self, position: cython.int) -> cython.void:
        """Join a thin block with a neighbour if both fit into one with room to spare."""
        left: cython.int = position if position + 1 < self.blocks else position - 1
        into: cython.int = self.order[left]
        out: cython.int = self.order[left + 1]
        k: cython.int
        to: cython.int = into * _BLOCK + self.fill[into]
        source: cython.int = out * _BLOCK
        if self.fill[into] + self.fill[out] > _BLOCK - 16:
            return
        for k in range(self.fill[out]):
            self.keys[to + k] = self.keys[source + k]
            self.sizes[to + k] = self.sizes[source + k]
            if self.keep_text:
                self.texts[to + k] = self.texts[source + k]
        self.fill[into] += self.fill[out]
        self.stale[into] = 1
        self._close_block(left + 1)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _insert(
        self,
        position: cython.int,
        rank: cython.int,
        key: cython.longlong,
        size: cython.longlong,
        text: cython.int,
    ) -> cython.int:
        block: cython.int
        base: cython.int
        k: cython.int
        fill: cython.int
        if self.blocks == 0:
            self._open_block(0)
        elif self.fill[self.order[position]] == _BLOCK:
            if rank == _BLOCK and position + 1 == self.blocks:
                position += 1
                rank = 0
                self._open_block(position)
            elif rank == 0 and position == 0:
                self._open_block(0)
            else:
                self._split(position)
                if rank > _BLOCK // 2:
                    position += 1
                    rank -= _BLOCK // 2
        block = self.order[position]
        base = block * _BLOCK
        fill = self.fill[block]
        k = base + fill
        while k > base + rank:
            self.keys[k] = self.keys[k - 1]
            k -= 1
        k = base + fill
        while k > base + rank:
            self.sizes[k] = self.sizes[k - 1]
            k -= 1
        self.keys[k] = key
        self.sizes[k] = size
        if self.keep_text:
            k = base + fill
            while k > base + rank:
                self.texts[k] = self.texts[k - 1]
                k -= 1
            self.texts[k] = text
        self.fill[block] = fill + 1
        self.stale[block] = 1
        if rank == 0:
            self.first[position] = key
        self.count += 1
        return 0

    @cython.cfunc
    def _open_block(self, position: cython.int) -> cython.int:
        """Make an empty block at this place of the order."""
        k: cython.int
        block: cython.int
        if self.free_count == 0:
            self._grow(self.made + (self.made >> 2) + 2)
        self.free_count -= 1
        block = self.free[self.free_count]
        k = self.blocks
        while k > position:
            self.order[k] = self.order[k - 1]
            self.first[k] = self.first[k - 1]
            k -= 1
        self.order[position] = block
        self.fill[block] = 0
        self.stale[block] = 1
        self.blocks += 1
        return block

    @cython.cfunc
    def _split(self, position: cython.int) -> cython.void:
        """Move the farther half of a full block into a new one behind it."""
        source: cython.int = self.order[position]
        block: cython.int = self._open_block(position + 1)
        half: cython.int = _BLOCK // 2
        k: cython.int
        for k in range(half):
            self.keys[block * _BLOCK + k] = self.keys[source * _BLOCK + half + k]
            self.sizes[block * _BLOCK + k] = self.sizes[source * _BLOCK + half + k]
            if self.keep_text:
                self.texts[block * _BLOCK + k] = self.texts[source * _BLOCK + half + k]
        self.fill[source] = half
        self.fill[block] = half
        self.stale[source] = 1
        self.first[position + 1] = self.keys[block * _BLOCK]

    @cython.cfunc
    @cython.exceptval(check=False)
    def _close_block(self, position: cython.int) -> cython.void:
        k: cython.int
        self.free[self.free_count] = self.order[position]
        self.free_count += 1
        self.blocks -= 1
        for k in range(position, self.blocks):
            self.order[k] = self.order[k + 1]
            self.first[k] = self.first[k + 1]
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
                self.stale[block] = 1
            self.count -= excess
            dropped += excess
        return dropped

    @cython.ccall
    @cython.exceptval(check=False)
    def scale(self, price_factor: cython.longlong, size_factor: cython.longlong) -> cython.void:
        """Multiply all keys and sizes; the caller has made sure that they fit."""
        position: cython.int
        k: cython.int
        base: cython.int
        for position in range(self.blocks):
            base = self.order[position] * _BLOCK
            self.first[position] *= price_factor
            self.stale[self.order[position]] = 1
            for k in range(base, base + self.fill[self.order[position]]):
                self.keys[k] *= price_factor
                self.sizes[k] *= size_factor

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
    ) -> cython.int:
        """Write the best `most` levels: key, price, size in base units. How many there are."""
        position: cython.int
        k: cython.int
        base: cython.int
        fill: cython.int
        n: cython.int = 0
        p: cython.double
        for position in range(self.blocks):
            base = self.order[position] * _BLOCK
            fill = self.fill[self.order[position]]
            for k in range(base, base + fill):
                if n == most:
                    return n
                p = self.sign * self.keys[k] / self.price_unit
                keys[n] = self.keys[k]
                price[n] = p
                size[n] = self.sizes[k] / self.unit / p if self.inverse else self.sizes[k] / self.unit
                n += 1
        return n

    @cython.cfunc
    @cython.exceptval(check=False)
    def _sum(self, block: cython.int) -> cython.void:
        k: cython.int
        base: cython.double = 0
        quote: cython.double = 0
        price: cython.double
        size: cython.double
        for k in range(block * _BLOCK, block * _BLOCK + self.fill[block]):
            price = self.sign * self.keys[k] / self.price_unit
            size = self.sizes[k] / self.unit
            if self.inverse:
                quote += size
                base += size / price
            else:
                base += size
                quote += size * price
        self.block_base[block] = base
        self.block_quote[block] = quote
        self.stale[block] = 0

    @cython.ccall
    @cython.exceptval(check=False)
    def sum_to(self, key: cython.longlong) -> cython.void:
        """Put the depth from the touch up to and with this key into `base` and `quote`."""
        position: cython.int
        k: cython.int
        block: cython.int
        fill: cython.int
        price: cython.double
        size: cython.double
        self.base = 0
        self.quote = 0
        for position in range(self.blocks):
            block = self.order[position]
            fill = self.fill[block]
            if self.keys[block * _BLOCK + fill - 1] <= key:
                if self.stale[block]:
                    self._sum(block)
                self.base += self.block_base[block]
                self.quote += self.block_quote[block]
                continue
            for k in range(block * _BLOCK, block * _BLOCK + fill):
                if self.keys[k] > key:
                    break
                price = self.sign * self.keys[k] / self.price_unit
                size = self.sizes[k] / self.unit
                if self.inverse:
                    self.quote += size
                    self.base += size / price
                else:
                    self.base += size
                    self.quote += size * price
            break

    @cython.cfunc
    @cython.exceptval(check=False)
    def decayed(self, mid: cython.double, scale: cython.double, last: cython.longlong) -> cython.double:
        """Base size of the levels up to key `last`, each times exp(-|price - mid| / scale).

        Level by level the weight is the one before times exp(-step / scale); steps of up to 15 price units come
        from a table, so exp() itself is called for wide gaps only.
        """
        position: cython.int
        k: cython.int
        block: cython.int
        step: cython.longlong
        before: cython.longlong = 0
        weight: cython.double = 0
        total: cython.double = 0
        size: cython.double
        ratio: cython.double = exp(-1.0 / (self.price_unit * scale))
        powers: cython.double[16]
        started: cython.bint = False
        powers[0] = 1.0
        for k in range(1, 16):
            powers[k] = powers[k - 1] * ratio
        for position in range(self.blocks):
            block = self.order[position]
            for k in range(block * _BLOCK, block * _BLOCK + self.fill[block]):
                if self.keys[k] > last:
                    return total
                if started:
                    step = self.keys[k] - before
                    weight *= powers[step] if step < 16 else exp(-step / (self.price_unit * scale))
                else:
                    weight = exp(-(self.keys[k] / self.price_unit - self.sign * mid) / scale)
                    started = True
                before = self.keys[k]
                size = self.sizes[k] / self.unit
                if self.inverse:
                    size /= self.sign * self.keys[k] / self.price_unit
                total += weight * size
        return total

    def levels(self, most: int) -> list[tuple[int, int, int]]:
        """(key, size, text) of the best `most` levels, best first."""
        found: list[tuple[int, int, int]] = []
        for position in range(self.blocks):
            base = self.order[position] * 64
            for k in range(base, base + self.fill[self.order[position]]):
                if len(found) == most:
                    return found
                found.append((self.keys[k], self.sizes[k], self.texts[k] if self.keep_text else 0))
        return found


def _longer(old: Any, code: str, count: int) -> Any:
    fresh: Any = array.array(code, bytes(count * array.array(code).itemsize))
    fresh[: len(old)] = array.array(code, old)
    return fresh


@cython.final
@cython.cclass
class Book:
    """Both sides of one instrument and how far they are proven.

    `version` counts applied messages, `changes` level sizes that changed, `changed` those of the last message.
    `bid_floor` and `ask_ceiling` are prices (integers) up to which a snapshot proved the book: a value that needs
    levels beyond is not known. `most` levels a side are kept; where more came, the farthest were dropped, the
    proven range shrinks to what is left, and `capped` says so.
    `bid_price[k]`, `bid_size[k]` (base units), and the same for asks, are the best TOP levels after `refresh()`.
    """

    def __init__(
        self, price_places: int = 0, size_places: int = 0, keep_text: bool = False, most: int = 50_000
    ) -> None:
        self.bids, self.asks = Side(-1, keep_text), Side(1, keep_text)
        self.keep_text = keep_text
        self.price_places, self.size_places = price_places, size_places
        self.most = most
        self.tens = array.array("Q", [int("1" + "0" * k) for k in range(20)])
        self.keep_top(TOP)
        self.set_contract(1.0, False)
        self.clear()

    def keep_top(self, levels: int) -> None:
        """Keep this many levels a side as numbers instead of TOP."""
        self.tops = levels
        self.bid_key, self.ask_key = array.array("q", [0] * levels), array.array("q", [0] * levels)
        self.bid_price, self.ask_price = array.array("d", [0.0] * levels), array.array("d", [0.0] * levels)
        self.bid_size, self.ask_size = array.array("d", [0.0] * levels), array.array("d", [0.0] * levels)
        self.top_stale = True

    def set_contract(self, contract_size: float, inverse: bool) -> None:
        """Say what one unit of size is: `contract_size` of base, or of quote where `inverse`. NaN: not known."""
        self.contract_size, self.inverse = contract_size, inverse
        self._units()

    def _units(self) -> None:
        for side in (self.bids, self.asks):
            _set_units(
                side, float("1e%d" % self.price_places), float("1e%d" % self.size_places) / self.contract_size
            )
            _set_inverse(side, self.inverse)
        self.top_stale = True

    @cython.ccall
    def clear(self) -> cython.void:
        """Forget all levels and what was proven of them."""
        self.bids.clear()
        self.asks.clear()
        self.bid_floor = -_NOWHERE
        self.ask_ceiling = _NOWHERE
        self.capped = False
        self.bid_count = 0
        self.ask_count = 0
        self.bid_edge = _NOWHERE
        self.ask_edge = _NOWHERE
        self.top_stale = True

    @cython.ccall
    def apply(self, scan: Scanner, start: cython.int, end: cython.int) -> cython.int:
        """Apply levels `start` to `end` of the last scan as one message. 0, or OFF_SCALE: a number did not fit."""
        k: cython.int
        d: cython.int
        fault: cython.int = 0
        before: cython.longlong = self.changes
        for k in range(start, end):
            d = scan.decimals[k]
            fault = self._level(
                scan.side[k], scan.price[k], d & 255, scan.size[k], (d >> 8) & 255, (d >> 16) & 65535
            )
            if fault != 0:
                break
        if self.bids.count > self.most or self.asks.count > self.most:
            self._cap()
        self.version += 1
        self.changed = self.changes - before
        return fault

    @cython.ccall
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
        return self._level(side, price, price_places, size, size_places, text)

    @cython.cfunc
    def _level(
        self,
        side: cython.int,
        price: cython.longlong,
        price_places: cython.int,
        size: cython.longlong,
        size_places: cython.int,
        text: cython.int,
    ) -> cython.int:
        shift: cython.int
        factor: cython.longlong
        if price_places > self.price_places or size_places > self.size_places:
            if not self.widen(price_places, size_places):
                return 1
        shift = self.price_places - price_places
        if shift > 0:
            factor = self.tens[shift]
            if price > _LARGEST // factor:
                return 1
            price = price * factor
        shift = self.size_places - size_places
        if shift > 0:
            factor = self.tens[shift]
            if size > _NOWHERE // factor:
                return 1
            size = size * factor
        if side == 0:
            if -price <= self.bid_edge:
                self.top_stale = True
            if self.bids.put(-price, size, text) != size:
                self.changes += 1
        else:
            if price <= self.ask_edge:
                self.top_stale = True
            if self.asks.put(price, size, text) != size:
                self.changes += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def power(self, places: cython.int) -> cython.double:
        """Ten to the `places`."""
        return self.tens[places]

    @cython.ccall
    def widen(self, price_places: cython.int, size_places: cython.int) -> cython.bint:
        """Keep more decimals from now on. False (and nothing changed) where the book's numbers would not fit."""
        p: cython.int = max(self.price_places, price_places)
        s: cython.int = max(self.size_places, size_places)
        if p > 18 or s > 18:
            return False
        price_factor, size_factor = (
            int(10 ** int(p - self.price_places)),
            int(10 ** int(s - self.size_places)),
        )
        for side in (self.bids, self.asks):
            key, size = side.largest()
            if key * price_factor > NOWHERE or size * size_factor > 2**63 - 1:
                return False
        for side in (self.bids, self.asks):
            side.scale(price_factor, size_factor)
        if self.bid_floor > -_NOWHERE:
            self.bid_floor = self.bid_floor * price_factor
        if self.ask_ceiling < _NOWHERE:
            self.ask_ceiling = self.ask_ceiling * price_factor
        self.price_places = p
        self.size_places = s
        self.bid_edge = _NOWHERE
        self.ask_edge = _NOWHERE
        self._units()
        return True

    def _cap(self) -> None:
        """Drop the farthest levels beyond `most`; from there on the book is no longer proven."""
        if self.bids.trim(self.most) > 0:
            self.bid_floor = max(self.bid_floor, -self.bids.worst())
            self.capped = True
        if self.asks.trim(self.most) > 0:
            self.ask_ceiling = min(self.ask_ceiling, self.asks.worst())
            self.capped = True

    @cython.ccall
    @cython.exceptval(check=False)
    def truncate(self, depth: cython.int) -> cython.void:
        """Keep the best `depth` levels a side, as venues with a window expect of their clients."""
        if self.bids.count > depth and self.bids.trim(depth) > 0 and depth <= self.tops:
            self.top_stale = True
        if self.asks.count > depth and self.asks.trim(depth) > 0 and depth <= self.tops:
            self.top_stale = True

    @cython.ccall
    @cython.exceptval(check=False)
    def crossed(self) -> cython.bint:
        """Is the best bid at or above the best ask?"""
        return self.bids.count > 0 and self.asks.count > 0 and -self.bids.best() >= self.asks.best()

    @cython.ccall
    def refresh(self) -> cython.bint:
        """Bring the best levels up to date; True if a message touched them since the last time."""
        if not self.top_stale:
            return False
        self.bid_count = self.bids.top(self.tops, self.bid_key, self.bid_price, self.bid_size)
        self.ask_count = self.asks.top(self.tops, self.ask_key, self.ask_price, self.ask_size)
        self.bid_edge = self.bid_key[self.tops - 1] if self.bid_count == self.tops else _NOWHERE
        self.ask_edge = self.ask_key[self.tops - 1] if self.ask_count == self.tops else _NOWHERE
        self.top_stale = False
        return True

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
    @cython.exceptval(check=False)
    def bid_sum(self, levels: cython.int) -> cython.double:
        """Base size of the best `levels` bids (of those there are, if fewer); NaN where they are not known."""
        k: cython.int
        total: cython.double = 0
        if not self.bids_reach(levels):
            return NAN
        for k in range(levels if levels < self.bid_count else self.bid_count):
            total += self.bid_size[k]
        return total

    @cython.cfunc
    @cython.exceptval(check=False)
    def ask_sum(self, levels: cython.int) -> cython.double:
        """Base size of the best `levels` asks (of those there are, if fewer); NaN where they are not known."""
        k: cython.int
        total: cython.double = 0
        if not self.asks_reach(levels):
            return NAN
        for k in range(levels if levels < self.ask_count else self.ask_count):
            total += self.ask_size[k]
        return total

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
def _set_units(side: Side, price_unit: cython.double, unit: cython.double) -> cython.void:
    k: cython.int
    side.price_unit = price_unit
    side.unit = unit
    for k in range(side.made):
        side.stale[k] = 1


@cython.cfunc
def _set_inverse(side: Side, inverse: cython.bint) -> cython.void:
    side.inverse = inverse


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
