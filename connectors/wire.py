"""Reads a frame by its layout (`shape.py`) in one pass: scalars become spans, price levels become integers.

No Python object is made for a level. What the frame holds beyond the layout is skipped but still checked:
a frame that is not whole, well-formed JSON is refused (`fault` says at which byte).
"""

from __future__ import annotations

import array
from typing import Any

import cython

from .shape import SLOTS, Layout, Leaf, Rows, Slot

_SLOTS = cython.declare(cython.int, SLOTS)
_SIGNED = cython.declare(cython.int, SLOTS)  # in place of a slot: SIZE with the SIDE as its sign
_PRICE = cython.declare(cython.int, int(Slot.PRICE))
_SIZE = cython.declare(cython.int, int(Slot.SIZE))
_SIDE = cython.declare(cython.int, int(Slot.SIDE))
_TIME = cython.declare(cython.int, int(Slot.TIME))
_SENT = cython.declare(cython.int, int(Slot.SENT))
_WHOLE = cython.declare(cython.int, int(Slot.WHOLE))
# Literals beyond 32 bits would be Python objects in C: they stand here, typed.
_FULL = cython.declare(cython.ulonglong, 922337203685477580)  # a tenth of 2**63
_TENTH = cython.declare(cython.longlong, 922_337_203_685_477_580)
_SECOND = cython.declare(cython.longlong, 1_000_000_000)
_MOST_SECONDS = cython.declare(cython.longlong, 9_000_000_000)  # the year 2255, and in ns nearly 2**63
_MOST_MILLIS = cython.declare(cython.longlong, 9_000_000_000_000)
_MOST_MICROS = cython.declare(cython.longlong, 9_000_000_000_000_000)
_DEEPEST = cython.declare(cython.int, 24)
_BROKEN = cython.declare(cython.Py_ssize_t, -1)  # in place of a place in the frame: no JSON
_PART = cython.declare(
    cython.int, -2
)  # entries of this slot and below are members of a level: price, size, side

# `verdict` on a number. NEGATIVE and NOT_A_NUMBER are seen in old snapshots of venues and drop the level only.
_OK = cython.declare(cython.int, 0)
_MALFORMED = cython.declare(cython.int, 1)
_NEGATIVE = cython.declare(cython.int, 2)
_NOT_A_NUMBER = cython.declare(cython.int, 3)
_TOO_LONG = cython.declare(cython.int, 4)
_NANS = frozenset((b"nan", b"-nan"))

EXPONENT = 255  # text_places of a number written with an exponent (7.445E-7)
EXPONENT_FLAG = cython.declare(cython.int, EXPONENT)

_PLAIN = cython.declare(cython.uchar[256])  # bytes that stand for themselves in a string
_code = cython.declare(cython.int)
for _code in range(256):
    _PLAIN[_code] = 32 <= _code < 128 and _code != 34 and _code != 92


def _ints(values: list[int]) -> Any:
    return array.array("i", values or [0])


@cython.final
@cython.cclass
class Scanner:
    """One layout, made once a connection; `scan` reads a frame, the other methods ask for what it found.

    Record 0 is the frame itself; each object in a list is a record with a parent, whose scalars it inherits.
    Levels of record r are `level_from[r]` to `level_to[r]` (`sides[r]`: 1 bids seen, 2 asks seen, 4 a lone row); level k has
    `price[k]` and `size[k]`, integers of `decimals[k] & 255` and `decimals[k] >> 8 & 255` decimal places, and
    the number of places as written in the two upper bytes. `broken[r]` is set where a level could not be read.
    Where the layout `counts`, `orders[k]` is the number of orders at level k, 0 where it does not say.
    """

    def __init__(self, layout: Layout) -> None:
        tables = _Tables()
        root = layout if isinstance(layout, Leaf) else Leaf(inside=layout)
        tables.node(root.inside or {})
        self.root = -1 if root.members is None else tables.members(root.members)
        self._keys = b"".join(tables.keys) + b"\0"
        self.keys = self._keys
        self.node_first, self.node_count = _ints(tables.node_first), _ints(tables.node_count)
        heads = zip(tables.node_first, tables.node_count, strict=True)
        self.node_head = _ints([first if count else -1 for first, count in heads])
        self.key_at, self.key_length = _ints(tables.key_at), _ints(tables.key_length)
        self.entry_slot, self.entry_rows = _ints(tables.entry_slot), _ints(tables.entry_rows)
        self.entry_again, self.entry_twin = _ints(tables.entry_again), _ints(tables.entry_twin)
        self.entry_node, self.entry_next = _ints(tables.entry_node), _ints(tables.entry_next)
        self.entry_places, self.entry_words = _ints(tables.entry_places), _ints(tables.entry_words)
        self.row_price, self.row_size = _ints(tables.row_price), _ints(tables.row_size)
        self.row_side, self.row_fixed = _ints(tables.row_side), _ints(tables.row_fixed)
        self.row_node, self.row_bid = _ints(tables.row_node), tables.row_bid
        self.row_padded, self.row_plain = _ints(tables.row_padded), _ints(tables.row_plain)
        self.row_count, self.row_signed = _ints(tables.row_count), _ints(tables.row_signed)
        self.row_lone, self.row_orders = _ints(tables.row_lone), _ints(tables.row_orders)
        self.counts = tables.counts
        self.tens = array.array("Q", [int("1" + "0" * k) for k in range(20)])
        self.records = 0
        self.levels = 0
        self.fault = -1
        self.starts = self.ends = self.parent = self.level_from = self.level_to = _ints([])
        self.sides = self.broken = self.decimals = self.orders = _ints([])
        self.price = self.size = array.array("q", [0])
        self.side = array.array("b", [0])
        self._room_for_records(4)
        self._room_for_levels(64)

    # -- storage ---------------------------------------------------------------------------------------------

    def _room_for_records(self, count: cython.int) -> None:
        self.starts = _grown(self.starts, "i", count * SLOTS)
        self.ends = _grown(self.ends, "i", count * SLOTS)
        self.parent = _grown(self.parent, "i", count)
        self.level_from = _grown(self.level_from, "i", count)
        self.level_to = _grown(self.level_to, "i", count)
        self.sides = _grown(self.sides, "i", count)
        self.broken = _grown(self.broken, "i", count)

    def _room_for_levels(self, count: cython.int) -> None:
        self.price = _grown(self.price, "q", count)
        self.size = _grown(self.size, "q", count)
        self.decimals = _grown(self.decimals, "i", count)
        self.side = _grown(self.side, "b", count)
        self.orders = _grown(self.orders, "i", count)
        self.room = count

    # -- scanning --------------------------------------------------------------------------------------------
    # Each of these reads from place `i` of the frame and answers with the place behind what it read, or with _BROKEN
    # where no JSON stands; `fault` then says where. The zero byte behind a frame stops every one of them.

    @cython.ccall
    def scan(self, frame: bytes) -> cython.bint:
        """Read a frame. False where it is not whole JSON of the layout's form; `fault` is the byte it broke at."""
        i: cython.Py_ssize_t
        self.frame = frame
        if cython.compiled:
            self.p = frame
        else:
            self.p = frame + b"\0"
        self.n = len(frame)
        self.records = 0
        self.levels = 0
        self.fault = -1
        self._open_record(-1)
        i = _space(self.p, 0)
        if self.p[i] == 123:
            i = self._object(i, 0, 0, 0)
        elif self.p[i] == 91 and self.root >= 0:
            i = self._places(i, self.root, 0, 0)
        else:
            self.fault = cython.cast(cython.int, i)
            return False
        if i < 0:
            return False
        i = _space(self.p, i)
        if i != self.n:
            self.fault = cython.cast(cython.int, i)
            return False
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _open_record(self, parent: cython.int) -> cython.int:
        record: cython.int = self.records
        k: cython.int
        if record >= self.parent.shape[0]:
            self._room_for_records(record * 2)
        for k in range(record * _SLOTS, (record + 1) * _SLOTS):
            self.starts[k] = -1
        self.parent[record] = parent
        self.level_from[record] = self.levels
        self.level_to[record] = self.levels
        self.sides[record] = 0
        self.broken[record] = 0
        self.records = record + 1
        return record

    @cython.cfunc
    @cython.exceptval(check=False)
    def _stop(self, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """The frame is no JSON from here on."""
        self.fault = cython.cast(cython.int, i)
        return _BROKEN

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _entry(self, i: cython.Py_ssize_t, node: cython.int, last: cython.int) -> cython.int:
        """Which entry of the node the key that starts here is; -1 where the layout does not know it.

        Keys keep their order from frame to frame, so the entry that followed `last` before is tried first.
        """
        e: cython.int = self.node_head[node] if last < 0 else self.entry_next[last]
        if e >= 0 and _is(self, i, e):
            return e
        for e in range(self.node_first[node], self.node_first[node] + self.node_count[node]):
            if _is(self, i, e):
                if last < 0:
                    self.node_head[node] = e
                else:
                    self.entry_next[last] = e
                return e
        return -1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _object(
        self, i: cython.Py_ssize_t, node: cython.int, record: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """An object of the layout: the keys that node knows are taken into the record, the others skipped."""
        p: cython.p_const_uchar = self.p
        e: cython.int
        last: cython.int = -1
        if depth > _DEEPEST:
            return self._stop(i)
        i = _space(self.p, i + 1)
        if p[i] == 125:
            return i + 1
        while True:
            if p[i] != 34:
                return self._stop(i)
            e = self._entry(i + 1, node, last)
            if e >= 0:
                last = e
                i += self.key_length[e] + 2
            else:
                i = _string(self, i + 1)
                if i < 0:
                    return i
            i = _space(self.p, i)
            if p[i] != 58:
                return self._stop(i)
            i = _space(self.p, i + 1)
            i = self._value(i, e, record, depth) if e >= 0 else self._skip(i, depth)
            if i < 0:
                return i
            i = _space(self.p, i)
            if p[i] == 125:
                return i + 1
            if p[i] != 44:
                return self._stop(i)
            i = _space(self.p, i + 1)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _value(
        self, i: cython.Py_ssize_t, e: cython.int, record: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """Take the value of entry e into the record."""
        c: cython.uchar = self.p[i]
        slot: cython.int = self.entry_slot[e]
        end: cython.Py_ssize_t
        if slot <= _PART:
            return self._part(i, _PART - slot, self.entry_rows[e], depth)
        if c == 91:
            if self.entry_rows[e] >= 0:
                end = self._rows(i, self.entry_rows[e], record, depth + 1)
                if end >= 0 and self.entry_again[e] >= 0:
                    end = self._rows(i, self.entry_again[e], record, depth + 1)
                return end
            if self.entry_places[e] >= 0:
                return self._places(i, self.entry_places[e], record, depth + 1)
            if self.entry_node[e] >= 0:
                return self._list(i, self.entry_node[e], record, depth + 1)
        if c == 123 and self.entry_node[e] >= 0:
            return self._object(i, self.entry_node[e], record, depth + 1)
        end = self._skip(i, depth)
        if (
            slot >= 0 and end >= 0 and ((c != 123 and c != 91) or slot == _WHOLE) and c != 110
        ):  # null says nothing
            if slot == _SIGNED:
                self._take_signed(i, end, record * _SLOTS)
                return end
            slot += record * _SLOTS
            self.starts[slot] = cython.cast(cython.int, i + (c == 34))
            self.ends[slot] = cython.cast(cython.int, end - (c == 34))
            if self.entry_twin[e] >= 0:
                self.starts[record * _SLOTS + self.entry_twin[e]] = self.starts[slot]
                self.ends[record * _SLOTS + self.entry_twin[e]] = self.ends[slot]
        return end

    @cython.cfunc
    @cython.exceptval(check=False)
    def _take_signed(self, i: cython.Py_ssize_t, end: cython.Py_ssize_t, base: cython.int) -> cython.void:
        """A SIZE without its sign, which is the SIDE."""
        quoted: cython.bint = self.p[i] == 34
        first: cython.Py_ssize_t = i + quoted
        digits: cython.Py_ssize_t = first + (self.p[first] == 45)
        self.starts[base + _SIDE] = cython.cast(cython.int, first)
        self.ends[base + _SIDE] = cython.cast(cython.int, digits)
        self.starts[base + _SIZE] = cython.cast(cython.int, digits)
        self.ends[base + _SIZE] = cython.cast(cython.int, end - quoted)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _places(
        self, i: cython.Py_ssize_t, node: cython.int, record: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """A list with a meaning for each place, into the record; a known word changes what its rest means."""
        place: cython.int = 0
        e: cython.int
        word: cython.int
        if depth > _DEEPEST:
            return self._stop(i)
        i = _space(self.p, i + 1)
        if self.p[i] == 93:
            return i + 1
        while True:
            word = -1
            if place < self.node_count[node]:
                e = self.node_first[node] + place
                if self.p[i] == 34 and self.entry_words[e] >= 0:
                    word = self._entry(i + 1, self.entry_words[e], -1)
                i = self._value(i, e, record, depth)
            else:
                i = self._skip(i, depth)
            if i < 0:
                return i
            place += 1
            if word >= 0:
                node = self.entry_places[word]
                place = 0
            i = _space(self.p, i)
            if self.p[i] == 93:
                return i + 1
            if self.p[i] != 44:
                return self._stop(i)
            i = _space(self.p, i + 1)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _list(
        self, i: cython.Py_ssize_t, node: cython.int, parent: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """A list of objects: a record each. Anything else in it is skipped."""
        if depth > _DEEPEST:
            return self._stop(i)
        i = _space(self.p, i + 1)
        if self.p[i] == 93:
            return i + 1
        while True:
            if self.p[i] == 123:
                i = self._object(i, node, self._open_record(parent), depth + 1)
            else:
                i = self._skip(i, depth + 1)
            if i < 0:
                return i
            i = _space(self.p, i)
            if self.p[i] == 93:
                return i + 1
            if self.p[i] != 44:
                return self._stop(i)
            i = _space(self.p, i + 1)

    # -- levels ----------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _rows(
        self, i: cython.Py_ssize_t, row: cython.int, record: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """A list of price levels, each a list or an object; whatever else stands there breaks the record."""
        p: cython.p_const_uchar = self.p
        fixed: cython.int = self.row_fixed[row]
        plain: cython.bint = self.row_plain[row]
        k: cython.int = self.levels
        start: cython.Py_ssize_t = i
        if self.sides[record] == 0:
            self.level_from[record] = k
        elif self.level_to[record] != k:  # those of another record stand between: no venue does that
            self.broken[record] = 1
        self.sides[record] |= 3 if fixed < 0 else 1 << fixed
        i = _space(p, i + 1)
        if not plain and self.row_lone[row] and p[i] != 91 and p[i] != 93:
            self.sides[record] |= 4
            if k == self.room:
                self._room_for_levels(k * 2)
            self.side[k] = -1
            self.orders[k] = 0
            i = self._row(start, row, record, depth)
            self.level_to[record] = self.levels
            return i
        if p[i] == 93:
            self.level_to[record] = k
            return i + 1
        while True:
            if k == self.room:
                self._room_for_levels(k * 2)
                if k == self.room:
                    return self._stop(i)
            self.levels = k
            self.side[k] = cython.cast(cython.schar, fixed)
            self.orders[k] = 0
            end: cython.Py_ssize_t = _pair(self, i, k) if plain else 0
            if end > 0:
                i = end
                k += 1
            else:
                i = self._row(i, row, record, depth + 1)
                if i < 0:
                    return i
                k = self.levels
            if p[i] <= 32:
                i = _space(p, i)
            if p[i] == 93:
                self.levels = k
                self.level_to[record] = k
                return i + 1
            if p[i] != 44:
                return self._stop(i)
            i += 1
            if p[i] <= 32:
                i = _space(p, i)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _row(
        self, i: cython.Py_ssize_t, row: cython.int, record: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """A level in any form; one that cannot be read breaks the record, not the frame."""
        k: cython.int = self.levels
        self.price_fault = _MALFORMED
        self.size_fault = _MALFORMED
        self.count_fault = _OK
        self.is_removed = False
        if self.p[i] == 91:
            i = self._tuple(i, row, depth)
        elif self.p[i] == 123 and self.row_node[row] >= 0:
            i = self._object(i, self.row_node[row], record, depth)
        else:
            i = self._skip(i, depth)
        if self.price_fault != _OK or self.count_fault != _OK or self.side[k] < 0:
            self.broken[record] = 1
        elif self.size_fault == _OK:
            if self.is_removed:
                self.size[k] = 0
                self.size_form = 0
            if self.price[k] != 0:
                self.decimals[k] = self.price_form | self.size_form
                self.levels = k + 1
            elif self.size[k] != 0 and not self.row_padded[row]:  # zero at price zero is padding
                self.broken[record] = 1
        elif self.size_fault != _NEGATIVE and self.size_fault != _NOT_A_NUMBER:  # seen in old snapshots
            self.broken[record] = 1
        return i

    @cython.cfunc
    @cython.exceptval(check=False)
    def _tuple(self, i: cython.Py_ssize_t, row: cython.int, depth: cython.int) -> cython.Py_ssize_t:
        """A row with price, size and perhaps the side at places of its own."""
        place: cython.int = 0
        what: cython.int
        i = _space(self.p, i + 1)
        if self.p[i] == 93:
            return i + 1
        while True:
            what = -1
            if place == self.row_price[row]:
                what = 0
            elif place == self.row_size[row]:
                what = 1
            elif place == self.row_side[row]:
                what = 2
            elif place == self.row_count[row]:
                what = 3
            elif place == self.row_orders[row]:
                what = 4
            i = self._part(i, what, row, depth)
            if i < 0:
                return i
            i = _space(self.p, i)
            if self.p[i] == 93:
                return i + 1
            if self.p[i] != 44:
                return self._stop(i)
            place += 1
            i = _space(self.p, i + 1)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _part(
        self, i: cython.Py_ssize_t, what: cython.int, row: cython.int, depth: cython.int
    ) -> cython.Py_ssize_t:
        """One member of a level: 0 its price, 1 its size, 2 its side, 3 and 4 its count of orders, else nothing of use."""
        end: cython.Py_ssize_t
        k: cython.int = self.levels
        if what == 0:
            end = self._number(i)
            self.price_fault = self.verdict
            self.price[k] = self.mantissa
            self.price_form = self.places | (self.text_places << 16)
        elif what == 1:
            end = self._number(i)
            self.size_fault = self.verdict
            self.size[k] = self.mantissa
            self.size_form = (self.places << 8) | (self.text_places << 24)
            if self.row_signed[row] and (self.verdict == _OK or self.verdict == _NEGATIVE):
                self.side[k] = self.verdict == _NEGATIVE
                self.size_fault = _OK
        elif what == 3:
            end = self._number(i)
            self.count_fault = self.verdict
            self.is_removed = self.mantissa == 0
            self._take_orders(k)
        elif what == 4:
            end = self._number(i)
            self._take_orders(k)
        else:
            end = self._skip(i, depth)
            if what == 2 and end >= 0:
                if self.p[i] != 34:
                    self.side[k] = -1
                elif self._spells(i + 1, end - 1, self.row_bid[row]):
                    self.side[k] = 0
                else:
                    self.side[k] = 1
        return end

    @cython.cfunc
    @cython.exceptval(check=False)
    def _take_orders(self, k: cython.int) -> cython.void:
        """The number just read counts orders; what is no such number says nothing."""
        if self.verdict == _OK and self.places == 0 and self.mantissa < 2_000_000_000:
            self.orders[k] = cython.cast(cython.int, self.mantissa)

    # -- numbers ---------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _number(self, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """Read a decimal, bare or in quotes, into `mantissa` and `places`; zeros at the end do not count.

        `text_places` keeps the places as written, `verdict` says what was found. Never wraps: what does not fit
        63 bits is _TOO_LONG.
        """
        p: cython.p_const_uchar = self.p
        quoted: cython.bint = p[i] == 34
        start: cython.Py_ssize_t = i + quoted
        form: cython.int = 0
        m: cython.ulonglong = 0
        end: cython.Py_ssize_t = _decimal(p, start, cython.address(m), cython.address(form))
        if end < 0 or (quoted and p[end] != 34):
            return self._long_number(i)
        if not quoted and (p[end] == 101 or p[end] == 69 or (p[start] == 48 and 48 <= p[start + 1] <= 57)):
            return self._long_number(i)
        self.mantissa = m
        self.places = form & 255
        self.text_places = form >> 16
        self.verdict = _OK
        return end + quoted

    @cython.cfunc
    @cython.exceptval(check=False)
    def _long_number(self, start: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """`_number` for what is rare: signs, exponents, more than 17 digits, and all that is no number."""
        p: cython.p_const_uchar = self.p
        m: cython.ulonglong = 0
        zeros: cython.int = 0  # digits read and not yet in m: they count only where another digit follows
        places: cython.int = 0
        written: cython.int = 0
        exponent: cython.int = 0
        downwards: cython.bint
        fits: cython.bint = True
        quoted: cython.bint = p[start] == 34
        i: cython.Py_ssize_t = start + quoted
        negative: cython.bint = p[i] == 45
        first: cython.Py_ssize_t = i + negative
        self.mantissa = 0
        self.places = 0
        self.text_places = 0
        i = first
        while 48 <= p[i] <= 57 or (p[i] == 46 and i > first and places == 0):
            if p[i] == 46:
                places = 1  # one more than there are, so that a second point ends the number
            else:
                places += places > 0
                zeros += 1
                while p[i] != 48 and zeros > 0 and fits:
                    zeros -= 1
                    fits = m < _FULL or (m == _FULL and (zeros > 0 or p[i] <= 55))
                    m = m * 10 + (0 if zeros > 0 else p[i] - 48)
            i += 1
        if i == first or p[i - 1] == 46 or (not quoted and p[first] == 48 and 48 <= p[first + 1] <= 57):
            return self._refuse(start, _MALFORMED)
        if places > 0:
            places -= 1
        written = places
        fits = fits and written < EXPONENT_FLAG
        if p[i] == 101 or p[i] == 69:
            written = EXPONENT_FLAG
            i += 1
            downwards = p[i] == 45
            if downwards or p[i] == 43:
                i += 1
            first = i
            while 48 <= p[i] <= 57:
                if exponent < 1000:
                    exponent = exponent * 10 + (p[i] - 48)
                i += 1
            if i == first:
                return self._refuse(start, _MALFORMED)
            places += exponent if downwards else -exponent
        if quoted and p[i] != 34:
            return self._refuse(start, _MALFORMED)
        places = 0 if m == 0 else places - zeros
        while places < 0 and fits:
            fits = m <= _FULL
            m = m * 10
            places += 1
        if not fits or places > 18:
            return self._refuse(start, _TOO_LONG)
        self.mantissa = m
        self.places = places
        self.text_places = written
        self.verdict = _NEGATIVE if negative and m != 0 else _OK
        return i + quoted

    @cython.cfunc
    @cython.exceptval(check=False)
    def _refuse(self, start: cython.Py_ssize_t, verdict: cython.int) -> cython.Py_ssize_t:
        """Step over a value that is no usable number and say what it is."""
        word: bytes
        end: cython.Py_ssize_t = self._skip(start, 0)
        self.verdict = verdict
        if end >= 0:
            word = self.frame[start:end]
            if word.strip(b'"').lower() in _NANS:
                self.verdict = _NOT_A_NUMBER
        return end

    # -- the rest of JSON ------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def _rare(self, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
        """Step over an escape or a character beyond ASCII (RFC 3629, section 4); all else ends the frame."""
        p: cython.p_const_uchar = self.p
        k: cython.int
        more: cython.int
        least: cython.uchar = 0x80
        most: cython.uchar = 0xBF
        if p[i] == 92:
            i += 1
            if p[i] != 117:
                return i + 1 if p[i] in b'"\\/bfnrt' else self._stop(i)
            for k in range(4):
                i += 1
                if not (48 <= p[i] <= 57 or 65 <= p[i] <= 70 or 97 <= p[i] <= 102):
                    return self._stop(i)
            return i + 1
        if p[i] < 0xC2 or p[i] > 0xF4:
            return self._stop(i)
        more = 1 + (p[i] >= 0xE0) + (p[i] >= 0xF0)
        if p[i] == 0xE0:
            least = 0xA0
        elif p[i] == 0xED:
            most = 0x9F
        elif p[i] == 0xF0:
            least = 0x90
        elif p[i] == 0xF4:
            most = 0x8F
        for k in range(more):
            i += 1
            if not least <= p[i] <= most:
                return self._stop(i)
            least = 0x80
            most = 0xBF
        return i + 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _skip(self, i: cython.Py_ssize_t, depth: cython.int) -> cython.Py_ssize_t:
        """Step over any JSON value, checking that it is one."""
        p: cython.p_const_uchar = self.p
        closing: cython.uchar = p[i] + 2  # of [ and {
        if p[i] == 34:
            return _string(self, i + 1)
        if p[i] != 123 and p[i] != 91:
            return _literal(self, i)
        if depth > _DEEPEST:
            return self._stop(i)
        i = _space(self.p, i + 1)
        if p[i] == closing:
            return i + 1
        while True:
            if closing == 125:
                if p[i] != 34:
                    return self._stop(i)
                i = _string(self, i + 1)
                if i < 0:
                    return i
                i = _space(self.p, i)
                if p[i] != 58:
                    return self._stop(i)
                i = _space(self.p, i + 1)
            i = self._skip(i, depth + 1)
            if i < 0:
                return i
            i = _space(self.p, i)
            if p[i] == closing:
                return i + 1
            if p[i] != 44:
                return self._stop(i)
            i = _space(self.p, i + 1)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _spells(self, i: cython.Py_ssize_t, end: cython.Py_ssize_t, word: bytes) -> cython.bint:
        """Does the frame read so from i to end? (Its zero byte ends the comparison where it is shorter.)"""
        k: cython.Py_ssize_t
        q: cython.p_const_uchar = word
        if end - i != len(word):
            return False
        for k in range(end - i):
            if self.p[i + k] != q[k]:
                return False
        return True

    # -- what the scan found ---------------------------------------------------------------------------------

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _find(self, record: cython.int, slot: cython.int) -> cython.int:
        """The place of a scalar in starts and ends, in the record or the nearest one around it; -1 if nowhere."""
        while record >= 0:
            if self.starts[record * _SLOTS + slot] >= 0:
                return record * _SLOTS + slot
            record = self.parent[record]
        return -1

    @cython.ccall
    @cython.exceptval(check=False)
    def has(self, record: cython.int, slot: cython.int) -> cython.bint:
        return self._find(record, slot) >= 0

    @cython.ccall
    @cython.exceptval(check=False)
    def equals(self, record: cython.int, slot: cython.int, word: bytes) -> cython.bint:
        """Is the scalar this text?"""
        at: cython.int = self._find(record, slot)
        return at >= 0 and self._spells(self.starts[at], self.ends[at], word)

    @cython.ccall
    def text(self, record: cython.int, slot: cython.int) -> bytes:
        """The scalar as it stands in the frame, without quotes; empty where there is none."""
        at: cython.int = self._find(record, slot)
        if at < 0:
            return b""
        return self.frame[self.starts[at] : self.ends[at]]

    @cython.ccall
    @cython.exceptval(check=False)
    def integer(self, record: cython.int, slot: cython.int, missing: cython.longlong) -> cython.longlong:
        """The scalar as a whole number; `missing` where there is none, or one that is not whole or too long."""
        at: cython.int = self._find(record, slot)
        i: cython.Py_ssize_t
        value: cython.longlong = 0
        negative: cython.bint = False
        if at < 0:
            return missing
        i = self.starts[at]
        if self.p[i] == 45:
            negative = True
            i += 1
        if i == self.ends[at] or self.ends[at] - i > 19:
            return missing
        while i < self.ends[at]:
            if not 48 <= self.p[i] <= 57 or value >= _TENTH:
                return missing
            value = value * 10 + (self.p[i] - 48)
            i += 1
        return -value if negative else value

    @cython.ccall
    @cython.exceptval(check=False)
    def number(self, record: cython.int, slot: cython.int) -> cython.bint:
        """Read the scalar as a decimal into `mantissa` and `places`; False unless it is one that is not negative."""
        at: cython.int = self._find(record, slot)
        if at < 0:
            return False
        return self._number(self.starts[at]) == self.ends[at] and self.verdict == _OK

    @cython.ccall
    def take_level(self, record: cython.int, bid: bytes) -> None:
        """Make PRICE, SIZE and SIDE of a record a level of it; `bid` is the word that means bid."""
        k: cython.int = self.levels
        size: cython.int = self._find(record, _SIZE)
        self.level_from[record] = k
        self.level_to[record] = k
        self.sides[record] = 3
        self.broken[record] = 1
        if k == self.room:
            self._room_for_levels(k * 2)
        if not self.number(record, _PRICE) or self.mantissa == 0 or size < 0 or not self.has(record, _SIDE):
            return
        self.price[k] = self.mantissa
        self.decimals[k] = self.places | (self.text_places << 16)
        if self._number(self.starts[size]) != self.ends[size]:
            return
        if self.verdict != _OK and self.verdict != _NEGATIVE:
            return
        if self.verdict == _NEGATIVE:
            self.mantissa = 0
            self.places = 0
        self.size[k] = self.mantissa
        self.decimals[k] |= (self.places << 8) | (self.text_places << 24)
        self.side[k] = not self.equals(record, _SIDE, bid)
        self.broken[record] = 0
        self.levels = k + 1
        self.level_to[record] = k + 1

    @cython.ccall
    @cython.exceptval(check=False)
    def magnitude(self, record: cython.int, slot: cython.int) -> cython.int:
        """As `number`, but the decimal may be negative: 1, or -1 where it is, or 0 where there is none."""
        at: cython.int = self._find(record, slot)
        if at < 0 or self._number(self.starts[at]) != self.ends[at]:
            return 0
        return 1 if self.verdict == _OK else -1 if self.verdict == _NEGATIVE else 0

    @cython.ccall
    @cython.exceptval(check=False)
    def time(self, record: cython.int) -> cython.longlong:
        """Engine time of the record, else the time it was sent, in nanoseconds since the epoch; 0 if untold."""
        found: cython.longlong = self._time(record, _TIME)
        return found if found > 0 else self._time(record, _SENT)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _time(self, record: cython.int, slot: cython.int) -> cython.longlong:
        """Seconds, milli-, micro- or nanoseconds are told apart by size; a date is read as RFC 3339 UTC."""
        at: cython.int = self._find(record, slot)
        value: cython.longlong
        if at < 0:
            return 0
        if self.ends[at] - self.starts[at] >= 19 and self.p[self.starts[at] + 4] == 45:
            return self._date(self.starts[at], self.ends[at])
        value = self.integer(record, slot, 0)
        if value <= 0 and self.number(record, slot):  # "1682689046123.9": what is behind the point is left
            value = cython.cast(cython.longlong, self.mantissa // self.tens[self.places])
        if value <= 0:
            return 0
        if value < _MOST_SECONDS:
            return value * _SECOND
        if value < _MOST_MILLIS:
            return value * 1_000_000
        if value < _MOST_MICROS:
            return value * 1_000
        return value

    @cython.cfunc
    @cython.exceptval(check=False)
    def _field(self, start: cython.Py_ssize_t, count: cython.int, most: cython.int) -> cython.int:
        """A part of a date: so many digits, at most this; -1 for anything else."""
        value: cython.int = 0
        k: cython.int
        for k in range(count):
            if not 48 <= self.p[start + k] <= 57:
                return -1
            value = value * 10 + (self.p[start + k] - 48)
        return value if value <= most else -1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _date(self, i: cython.Py_ssize_t, end: cython.Py_ssize_t) -> cython.longlong:
        """2026-08-24T22:34:13.813379359Z -> ns since the epoch. Days by the proleptic Gregorian calendar.

        0 for anything else, times with an offset from UTC among it: no venue sends them.
        """
        p: cython.p_const_uchar = self.p
        year: cython.longlong = self._field(i, 4, 2200)
        month: cython.longlong = self._field(i + 5, 2, 12)
        day: cython.longlong = self._field(i + 8, 2, 31)
        hour: cython.longlong = self._field(i + 11, 2, 23)
        minute: cython.longlong = self._field(i + 14, 2, 59)
        second: cython.longlong = self._field(i + 17, 2, 60)
        fraction: cython.longlong = 0
        unit: cython.longlong = _SECOND
        days: cython.longlong
        if year < 1970 or month < 1 or day < 1 or hour < 0 or minute < 0 or second < 0:
            return 0
        if p[i + 7] != 45 or p[i + 13] != 58 or p[i + 16] != 58:
            return 0
        i += 19
        if i < end and p[i] == 46:
            i += 1
            while i < end and 48 <= p[i] <= 57:
                unit //= 10  # beyond nanoseconds nothing counts
                fraction += (p[i] - 48) * unit
                i += 1
        if i + (i < end and (p[i] == 90 or p[i] == 122)) != end:
            return 0
        if month <= 2:
            year -= 1
            month += 12
        days = (
            365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
        )
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * _SECOND + fraction


# What the loops over a frame are made of: functions, since the compiler takes only these into their callers.


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _space(p: cython.p_const_uchar, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Step over white space."""
    while p[i] <= 32 and (p[i] == 32 or p[i] == 10 or p[i] == 13 or p[i] == 9):
        i += 1
    return i


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _digits(p: cython.p_const_uchar, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Step over digits."""
    while 48 <= p[i] <= 57:
        i += 1
    return i


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _is(scanner: Scanner, i: cython.Py_ssize_t, e: cython.int) -> cython.bint:
    """Does the key that starts here read as entry e's?"""
    k: cython.int
    p: cython.p_const_uchar = scanner.p + i
    key: cython.p_const_uchar = scanner.keys + scanner.key_at[e]
    length: cython.int = scanner.key_length[e]
    for k in range(length):
        if p[k] != key[k]:
            return False
    return p[length] == 34


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _string(scanner: Scanner, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Step over a string whose opening quote stands just before."""
    p: cython.p_const_uchar = scanner.p
    while True:
        while _PLAIN[p[i]]:
            i += 1
        if p[i] == 34:
            return i + 1
        i = scanner._rare(i)
        if i < 0:
            return i


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _literal(scanner: Scanner, i: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Step over a number, true, false or null."""
    p: cython.p_const_uchar = scanner.p
    if p[i] == 116:
        return i + 4 if scanner._spells(i, i + 4, b"true") else scanner._stop(i)
    if p[i] == 102:
        return i + 5 if scanner._spells(i, i + 5, b"false") else scanner._stop(i)
    if p[i] == 110:
        return i + 4 if scanner._spells(i, i + 4, b"null") else scanner._stop(i)
    if p[i] == 45:
        i += 1
    if not 48 <= p[i] <= 57:
        return scanner._stop(i)
    i = i + 1 if p[i] == 48 else _digits(p, i)
    if p[i] == 46:
        if not 48 <= p[i + 1] <= 57:
            return scanner._stop(i)
        i = _digits(p, i + 1)
    if p[i] == 101 or p[i] == 69:
        i += 1
        if p[i] == 45 or p[i] == 43:
            i += 1
        if not 48 <= p[i] <= 57:
            return scanner._stop(i)
        i = _digits(p, i)
    return i


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _decimal(
    p: cython.p_const_uchar, i: cython.Py_ssize_t, mantissa: cython.p_ulonglong, form: cython.p_int
) -> cython.Py_ssize_t:
    """Read `123` or `123.450` of up to 17 digits and say where it ends; -1 for any other number.

    `form` gets the places without zeros at the end, and 16 bits higher the places as written.
    """
    first: cython.Py_ssize_t = i
    point: cython.Py_ssize_t
    m: cython.ulonglong = 0
    places: cython.int
    digit: cython.uint = p[i] - 48
    if digit > 9:
        return -1
    while digit <= 9:
        m = m * 10 + digit
        i += 1
        digit = p[i] - 48
    form[0] = 0
    if p[i] == 46:
        point = i
        i += 1
        digit = p[i] - 48
        while digit <= 9:
            m = m * 10 + digit
            i += 1
            digit = p[i] - 48
        places = cython.cast(cython.int, i - point - 1)
        if places == 0:
            return -1
        form[0] = places << 16
        point = i - 1
        while p[point] == 48:  # the point stops it
            m = m // 10
            places -= 1
            point -= 1
        form[0] |= places
    mantissa[0] = m
    return i if i - first <= 18 else -1


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _pair(scanner: Scanner, i: cython.Py_ssize_t, k: cython.int) -> cython.Py_ssize_t:
    """A row as most venues write it, ["61812.70","2.959"], taken as level k; 0 for any other."""
    p: cython.p_const_uchar = scanner.p
    price: cython.ulonglong = 0
    size: cython.ulonglong = 0
    price_form: cython.int = 0
    size_form: cython.int = 0
    if p[i] != 91 or p[i + 1] != 34:
        return 0
    i = _decimal(p, i + 2, cython.address(price), cython.address(price_form))
    if i < 0 or p[i] != 34 or p[i + 1] != 44 or p[i + 2] != 34 or price == 0:
        return 0
    i = _decimal(p, i + 3, cython.address(size), cython.address(size_form))
    if i < 0 or p[i] != 34 or p[i + 1] != 93:
        return 0
    scanner.price[k] = price
    scanner.size[k] = size
    scanner.decimals[k] = price_form | (size_form << 8)
    return i + 2


class _Tables:
    """Flattens a layout into the arrays that the scanner walks."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.node_first: list[int] = []
        self.node_count: list[int] = []
        self.key_at: list[int] = []
        self.key_length: list[int] = []
        self.entry_slot: list[int] = []
        self.entry_rows: list[int] = []
        self.entry_again: list[int] = []
        self.entry_twin: list[int] = []
        self.entry_node: list[int] = []
        self.entry_next: list[int] = []
        self.entry_places: list[int] = []
        self.entry_words: list[int] = []
        self.row_price: list[int] = []
        self.row_size: list[int] = []
        self.row_side: list[int] = []
        self.row_fixed: list[int] = []
        self.row_node: list[int] = []
        self.row_bid: list[bytes] = []
        self.row_padded: list[int] = []
        self.row_count: list[int] = []
        self.row_signed: list[int] = []
        self.row_lone: list[int] = []
        self.row_orders: list[int] = []
        self.counts = False
        self.row_plain: list[int] = []

    def members(self, members: tuple[Layout, ...]) -> int:
        """A node whose entries are known by their place, not by a key."""
        return self.node({str(place): member for place, member in enumerate(members)})

    def node(self, layout: dict[str, Layout]) -> int:
        number, first = len(self.node_first), len(self.entry_slot)
        self.node_first.append(first)
        self.node_count.append(len(layout))
        for key in layout:
            self.key_at.append(sum(map(len, self.keys)))
            self.keys.append(key.encode())
            self.key_length.append(len(key.encode()))
            self.entry_slot.append(-1)
            self.entry_rows.append(-1)
            self.entry_again.append(-1)
            self.entry_twin.append(-1)
            self.entry_node.append(-1)
            self.entry_next.append(-1)
            self.entry_places.append(-1)
            self.entry_words.append(-1)
        for e, value in enumerate(layout.values(), first):
            leaf = value if isinstance(value, Leaf) else Leaf(inside=value)
            if leaf.slot is not None:
                self.entry_slot[e] = SLOTS if leaf.signed else int(leaf.slot)
            if leaf.rows is not None:
                self.entry_rows[e] = self.rows(leaf.rows)
            if leaf.again is not None:
                self.entry_again[e] = self.rows(leaf.again)
            if leaf.twin is not None:
                self.entry_twin[e] = int(leaf.twin)
            if leaf.inside is not None:
                self.entry_node[e] = self.node(leaf.inside)
            if leaf.members is not None:
                self.entry_places[e] = self.members(leaf.members)
            if leaf.after is not None:
                rest = {word: Leaf(members=members) for word, members in leaf.after.items()}
                self.entry_words[e] = self.node(dict(rest))
            if e + 1 < first + len(layout):
                self.entry_next[e] = e + 1
        return number

    def rows(self, rows: Rows) -> int:
        """Rows that are objects get a node whose entries are their price, size and side."""
        number = len(self.row_price)
        places = [rows.price, rows.size, rows.side, None, rows.orders]  # as _part numbers them
        self.row_fixed.append(rows.fixed)
        self.row_bid.append(rows.bid.encode())
        self.row_padded.append(int(rows.padded))
        for column, place in zip((self.row_price, self.row_size, self.row_side), places, strict=False):
            column.append(place if isinstance(place, int) else -1)
        self.row_orders.append(rows.orders if isinstance(rows.orders, int) else -1)
        self.counts = self.counts or rows.orders is not None or rows.count is not None
        self.row_count.append(-1 if rows.count is None else rows.count)
        self.row_signed.append(rows.signed)
        self.row_lone.append(rows.lone)
        self.row_plain.append(
            (rows.price, rows.size, rows.side, rows.count, rows.orders) == (0, 1, None, None, None)
            and rows.fixed >= 0
            and not (rows.signed or rows.lone)
        )
        self.row_node.append(-1)
        names = list(rows.names or (places if isinstance(rows.price, str) else ()))
        if names:
            parts = [part for part, name in enumerate(names) if name is not None]
            node = self.node({str(names[part]): Leaf() for part in parts})
            self.row_node[number] = node
            for entry, part in enumerate(parts, self.node_first[node]):
                self.entry_slot[entry] = -2 - part  # _PART, and downwards
                self.entry_rows[entry] = number
        return number


def _grown(old: Any, code: str, count: int) -> Any:
    """A zeroed array of `count` that starts as a copy of `old`."""
    fresh = array.array(code, bytes(old))
    fresh.frombytes(bytes((count - len(fresh)) * fresh.itemsize))
    return fresh
