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
_TIME = cython.declare(cython.int, int(Slot.TIME))
_SENT = cython.declare(cython.int, int(Slot.SENT))
# Literals beyond 32 bits would be Python objects in C: they stand here, typed.
_FULL = cython.declare(cython.ulonglong, 922337203685477580)  # a tenth of 2**63
_TENTH = cython.declare(cython.longlong, 922_337_203_685_477_580)
_SECOND = cython.declare(cython.longlong, 1_000_000_000)
_MOST_SECONDS = cython.declare(cython.longlong, 100_000_000_000)
_MOST_MILLIS = cython.declare(cython.longlong, 100_000_000_000_000)
_MOST_MICROS = cython.declare(cython.longlong, 100_000_000_000_000_000)
_DEEPEST = cython.declare(cython.int, 24)

# What _number can say. NEGATIVE and NOT_A_NUMBER are seen in old snapshots of venues and drop the level only.
_OK = cython.declare(cython.int, 0)
_MALFORMED = cython.declare(cython.int, 1)
_NEGATIVE = cython.declare(cython.int, 2)
_NOT_A_NUMBER = cython.declare(cython.int, 3)
_TOO_LONG = cython.declare(cython.int, 4)
_BROKEN = cython.declare(cython.int, 5)

EXPONENT = 255  # text_places of a number written with an exponent (7.445E-7)
EXPONENT_FLAG = cython.declare(cython.int, EXPONENT)


def _ints(values: list[int]) -> Any:
    return array.array("i", values or [0])


@cython.final
@cython.cclass
class Scanner:
    """One layout, made once a connection; `scan` reads a frame, the other methods ask for what it found.

    Record 0 is the frame itself; each object in a list is a record with a parent, whose scalars it inherits.
    Levels of record r are `level_from[r]` to `level_to[r]` (`sides[r]`: 1 bids seen, 2 asks seen); level k has
    `price[k]` and `size[k]`, integers of `decimals[k] & 255` and `decimals[k] >> 8 & 255` decimal places, and
    the number of places as written in the two upper bytes. `broken[r]` is set where a level could not be read.
    """

    def __init__(self, layout: dict[str, Layout]) -> None:
        tables = _Tables()
        tables.node(layout)
        self._keys = b"".join(tables.keys) + b"\0"
        self.keys = self._keys
        self.node_first, self.node_count = _ints(tables.node_first), _ints(tables.node_count)
        self.node_head = _ints(list(tables.node_first))
        self.key_at, self.key_length = _ints(tables.key_at), _ints(tables.key_length)
        self.entry_slot, self.entry_rows = _ints(tables.entry_slot), _ints(tables.entry_rows)
        self.entry_node, self.entry_next = _ints(tables.entry_node), _ints(tables.entry_next)
        self.row_price, self.row_size = _ints(tables.row_price), _ints(tables.row_size)
        self.row_side, self.row_fixed = _ints(tables.row_side), _ints(tables.row_fixed)
        self.row_node, self.row_bid = _ints(tables.row_node), tables.row_bid
        self.row_plain = _ints(
            [int(p == (0, 1, -1)) for p in zip(tables.row_price, tables.row_size, tables.row_side)]
        )
        self.tens = array.array("Q", [int("1" + "0" * k) for k in range(20)])
        self.records = 0
        self.levels = 0
        self.fault = -1
        self.starts = self.ends = self.parent = self.level_from = self.level_to = _ints([])
        self.sides = self.broken = self.decimals = _ints([])
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

    # -- scanning --------------------------------------------------------------------------------------------

    @cython.ccall
    def scan(self, frame: bytes) -> cython.bint:
        """Read a frame. False where it is not one whole JSON object; `fault` is then the byte it broke at."""
        self.frame = frame
        if cython.compiled:
            self.p = frame
        else:
            self.p = frame + b"\0"
        self.n = len(frame)
        self.i = 0
        self.records = 0
        self.levels = 0
        self.fault = -1
        self._open_record(-1)
        self._space()
        if self.p[self.i] != 123 or not self._object(0, 0, 0):
            self.fault = self.i
            return False
        self._space()
        if self.i != self.n:
            self.fault = self.i
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
    @cython.inline
    @cython.exceptval(check=False)
    def _space(self) -> cython.void:
        while self.p[self.i] == 32 or self.p[self.i] == 10 or self.p[self.i] == 13 or self.p[self.i] == 9:
            self.i += 1

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _is(self, e: cython.int) -> cython.bint:
        """Does the key that starts at self.i read as entry e's?"""
        k: cython.int
        at: cython.int = self.key_at[e]
        length: cython.int = self.key_length[e]
        for k in range(length):
            if self.p[self.i + k] != self.keys[at + k]:
                return False
        return self.p[self.i + length] == 34

    @cython.cfunc
    @cython.exceptval(check=False)
    def _key(self, node: cython.int, last: cython.int) -> cython.int:
        """Read `"key":` and say which entry of the node it is; -1 a key the layout does not know, -2 no key.

        Keys keep their order from frame to frame, so the entry that followed `last` before is tried first.
        """
        e: cython.int = self.node_head[node] if last < 0 else self.entry_next[last]
        first: cython.int = self.node_first[node]
        self._space()
        if self.p[self.i] != 34:
            return -2
        self.i += 1
        if e < 0 or not self._is(e):
            for e in range(first, first + self.node_count[node]):
                if self._is(e):
                    break
            else:
                e = -1
        if e < 0:
            self.i -= 1
            if not self._string():
                return -2
        else:
            if last < 0:
                self.node_head[node] = e
            else:
                self.entry_next[last] = e
            self.i += self.key_length[e] + 1
        self._space()
        if self.p[self.i] != 58:
            return -2
        self.i += 1
        self._space()
        return e

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _more(self, closing: cython.uchar) -> cython.int:
        """Behind a value: 1 a comma and more to come, 0 the closing bracket, -1 neither."""
        self._space()
        if self.p[self.i] == 44:
            self.i += 1
            self._space()
            return -1 if self.p[self.i] == closing else 1
        if self.p[self.i] == closing:
            self.i += 1
            return 0
        return -1

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _empty(self, closing: cython.uchar) -> cython.bint:
        """Step over an opening bracket, and over the closing one if nothing stands between."""
        self.i += 1
        self._space()
        if self.p[self.i] == closing:
            self.i += 1
            return True
        return False

    @cython.cfunc
    @cython.exceptval(check=False)
    def _object(self, node: cython.int, record: cython.int, depth: cython.int) -> cython.bint:
        e: cython.int = -1
        last: cython.int = -1
        more: cython.int = 1
        if depth > _DEEPEST:
            return False
        if self._empty(125):
            return True
        while more == 1:
            e = self._key(node, last)
            if e == -2 or not self._value(e, record, depth):
                return False
            if e >= 0:
                last = e
            more = self._more(125)
        return more == 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _value(self, e: cython.int, record: cython.int, depth: cython.int) -> cython.bint:
        """Take the value of entry e (-1: not in the layout) into the record."""
        c: cython.uchar = self.p[self.i]
        start: cython.Py_ssize_t = self.i
        at: cython.int
        if e >= 0:
            if c == 123 and self.entry_node[e] >= 0:
                return self._object(self.entry_node[e], record, depth + 1)
            if c == 91:
                if self.entry_rows[e] >= 0:
                    return self._rows(self.entry_rows[e], record, depth + 1)
                if self.entry_node[e] >= 0:
                    return self._list(self.entry_node[e], record, depth + 1)
        if not self._skip(depth):
            return False
        if e >= 0 and self.entry_slot[e] >= 0 and c != 123 and c != 91 and c != 110:  # null says nothing
            at = record * _SLOTS + self.entry_slot[e]
            if c == 34:
                self.starts[at] = start + 1
                self.ends[at] = self.i - 1
            else:
                self.starts[at] = start
                self.ends[at] = self.i
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _list(self, node: cython.int, parent: cython.int, depth: cython.int) -> cython.bint:
        """A list of objects: a record each. Anything else in it is skipped."""
        more: cython.int = 1
        if self._empty(93):
            return True
        while more == 1:
            if self.p[self.i] == 123:
                if not self._object(node, self._open_record(parent), depth + 1):
                    return False
            elif not self._skip(depth + 1):
                return False
            more = self._more(93)
        return more == 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _rows(self, row: cython.int, record: cython.int, depth: cython.int) -> cython.bint:
        """A list of price levels, each a list or an object."""
        more: cython.int = 1
        if self.sides[record] == 0:
            self.level_from[record] = self.levels
        self.sides[record] |= 3 if self.row_fixed[row] < 0 else 1 << self.row_fixed[row]
        if not self._empty(93):
            while more == 1:
                if self.p[self.i] == 91:
                    if not self._row_list(row, record, depth + 1):
                        return False
                elif self.p[self.i] == 123:
                    if not self._row_object(row, record, depth + 1):
                        return False
                else:
                    return False
                more = self._more(93)
            if more < 0:
                return False
        self.level_to[record] = self.levels
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _row_list(self, row: cython.int, record: cython.int, depth: cython.int) -> cython.bint:
        place: cython.int = 0
        more: cython.int = 1
        what: cython.int
        self._begin_level(row)
        if self.row_plain[row]:
            self.i += 1
            self._space()
            if not self._part_of_level(row, 0, depth):
                return False
            more = self._more(93)
            if more != 1 or not self._part_of_level(row, 1, depth):
                return False
            more = self._more(93)
            while more == 1:
                if not self._skip(depth):
                    return False
                more = self._more(93)
            return more == 0 and self._end_level(record)
        if self._empty(93):
            return False
        while more == 1:
            what = -1
            if place == self.row_price[row]:
                what = 0
            elif place == self.row_size[row]:
                what = 1
            elif place == self.row_side[row]:
                what = 2
            if not self._part_of_level(row, what, depth):
                return False
            place += 1
            more = self._more(93)
        return more == 0 and self._end_level(record)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _row_object(self, row: cython.int, record: cython.int, depth: cython.int) -> cython.bint:
        e: cython.int
        last: cython.int = -1
        more: cython.int = 1
        self._begin_level(row)
        if self._empty(125):
            return False
        while more == 1:
            e = self._key(self.row_node[row], last)
            if e == -2 or not self._part_of_level(row, -1 if e < 0 else self.entry_slot[e], depth):
                return False
            if e >= 0:
                last = e
            more = self._more(125)
        return more == 0 and self._end_level(record)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _begin_level(self, row: cython.int) -> cython.void:
        if self.levels >= self.price.shape[0]:
            self._room_for_levels(self.levels * 2)
        self.price_fault = _MALFORMED
        self.size_fault = _MALFORMED
        self.decimals[self.levels] = 0
        self.side[self.levels] = self.row_fixed[row]

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _part_of_level(self, row: cython.int, what: cython.int, depth: cython.int) -> cython.bint:
        """One member of a level: 0 its price, 1 its size, 2 its side, else nothing of use."""
        start: cython.Py_ssize_t
        if what == 0:
            self.price_fault = self._number()
            self.price[self.levels] = self.mantissa
            self.decimals[self.levels] |= self.places | (self.text_places << 16)
            return self.price_fault != _BROKEN
        if what == 1:
            self.size_fault = self._number()
            self.size[self.levels] = self.mantissa
            self.decimals[self.levels] |= (self.places << 8) | (self.text_places << 24)
            return self.size_fault != _BROKEN
        if what == 2:
            start = self.i + 1
            if self.p[self.i] != 34 or not self._string():
                return False
            self.side[self.levels] = 0 if self.frame[start : self.i - 1] == self.row_bid[row] else 1
            return True
        return self._skip(depth)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _end_level(self, record: cython.int) -> cython.bint:
        """Keep the level, or drop it (a size below zero or NaN), or mark the record as broken."""
        if self.price_fault == _OK and self.size_fault == _OK:
            if self.price[self.levels] != 0:
                self.levels += 1
            elif self.size[self.levels] != 0:
                self.broken[record] = 1
        elif self.price_fault != _OK or self.size_fault == _MALFORMED or self.size_fault == _TOO_LONG:
            self.broken[record] = 1
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _number(self) -> cython.int:
        """Read a decimal, bare or in quotes, into `mantissa` and `places`; zeros at the end do not count.

        `text_places` keeps the places as written. Never wraps: what does not fit 63 bits is _TOO_LONG;
        _BROKEN where not even a JSON value stands. Plain numbers of up to 18 digits are read here, others
        by `_long_number`.
        """
        p: cython.p_const_uchar = self.p
        quoted: cython.bint = p[self.i] == 34
        i: cython.Py_ssize_t = self.i + 1 if quoted else self.i
        first: cython.Py_ssize_t = i
        point: cython.Py_ssize_t
        m: cython.ulonglong = 0
        zeros: cython.int = 0
        places: cython.int = 0
        c: cython.uchar = p[i]
        while 48 <= c <= 57:
            m = m * 10 + (c - 48)
            i += 1
            c = p[i]
        point = i
        if c == 46 and i > first:
            i += 1
            c = p[i]
            while 48 <= c <= 57:
                if c == 48:
                    zeros += 1
                elif places + zeros < 18:
                    m = m * self.tens[zeros + 1] + (c - 48)
                    places += zeros + 1
                    zeros = 0
                else:
                    return self._long_number()
                i += 1
                c = p[i]
        if i == first or point - first + places > 18 or (c != 34 if quoted else c == 101 or c == 69):
            return self._long_number()
        self.text_places = i - point - 1 if i > point else 0
        self.i = i + 1 if quoted else i
        self.mantissa = m
        self.places = places
        return _OK

    @cython.cfunc
    @cython.exceptval(check=False)
    def _long_number(self) -> cython.int:
        """`_number` for what is rare: signs, exponents, more than 18 digits, and all that is no number."""
        m: cython.ulonglong = 0
        places: cython.int = 0
        written: cython.int = 0
        zeros: cython.int = 0
        digits: cython.int = 0
        exponent: cython.int = 0
        fraction: cython.bint = False
        negative: cython.bint = False
        downwards: cython.bint = False
        start: cython.Py_ssize_t = self.i
        quoted: cython.bint = self.p[start] == 34
        i: cython.Py_ssize_t = start + 1 if quoted else start
        c: cython.uchar
        self.mantissa = 0
        self.places = 0
        self.text_places = 0
        if self.p[i] == 45:
            negative = True
            i += 1
        while True:
            c = self.p[i]
            if 48 <= c <= 57:
                digits += 1
                written += fraction
                if fraction and c == 48:
                    zeros += 1
                else:
                    while zeros > 0:
                        if m > _FULL:
                            return self._refuse(start, _TOO_LONG)
                        m = m * 10
                        places += 1
                        zeros -= 1
                    places += fraction
                    if m >= _FULL and (m > _FULL or c > 55):
                        return self._refuse(start, _TOO_LONG)
                    m = m * 10 + (c - 48)
            elif c == 46 and not fraction and digits > 0:
                fraction = True
            else:
                break
            i += 1
        if digits == 0:
            return self._refuse(start, _MALFORMED)
        if c == 101 or c == 69:
            i += 1
            downwards = self.p[i] == 45
            if downwards or self.p[i] == 43:
                i += 1
            digits = 0
            while 48 <= self.p[i] <= 57 and digits < 4:
                exponent = exponent * 10 + (self.p[i] - 48)
                digits += 1
                i += 1
            if digits == 0 or exponent > 40:
                return self._refuse(start, _MALFORMED if digits == 0 else _TOO_LONG)
            written = EXPONENT_FLAG
            places += exponent if downwards else -exponent
            while places > 0 and m > 0 and m % 10 == 0:
                m = m // 10
                places -= 1
            while places < 0 and m > 0:
                if m > _FULL:
                    return self._refuse(start, _TOO_LONG)
                m = m * 10
                places += 1
        if quoted:
            if self.p[i] != 34:
                return self._refuse(start, _MALFORMED)
            i += 1
        if m == 0:
            places = 0
        if places > 18 or written > EXPONENT_FLAG:
            return self._refuse(start, _TOO_LONG)
        self.i = i
        self.mantissa = m
        self.places = places
        self.text_places = written
        return _NEGATIVE if negative and m != 0 else _OK

    @cython.cfunc
    @cython.exceptval(check=False)
    def _refuse(self, start: cython.Py_ssize_t, fault: cython.int) -> cython.int:
        """Step over a value that is no usable number and say what it is."""
        self.i = start
        word: bytes
        if not self._skip(0):
            return _BROKEN
        word = self.frame[start : self.i].strip(b'"').lower()
        return _NOT_A_NUMBER if word in (b"nan", b"-nan") else fault

    @cython.cfunc
    @cython.exceptval(check=False)
    def _string(self) -> cython.bint:
        """Step over a string; self.i is at its opening quote."""
        self.i += 1
        while self.p[self.i] != 34:
            if self.p[self.i] == 92:
                self.i += 1
            if self.p[self.i] < 32:  # also the zero byte behind the frame's end
                return False
            self.i += 1
        self.i += 1
        return self.i <= self.n

    @cython.cfunc
    @cython.exceptval(check=False)
    def _skip(self, depth: cython.int) -> cython.bint:
        """Step over any JSON value, checking that it is one."""
        c: cython.uchar = self.p[self.i]
        more: cython.int = 1
        if c == 34:
            return self._string()
        if c == 123:
            if depth > _DEEPEST:
                return False
            if self._empty(125):
                return True
            while more == 1:
                if self.p[self.i] != 34 or not self._string():
                    return False
                self._space()
                if self.p[self.i] != 58:
                    return False
                self.i += 1
                self._space()
                if not self._skip(depth + 1):
                    return False
                more = self._more(125)
            return more == 0
        if c == 91:
            if depth > _DEEPEST:
                return False
            if self._empty(93):
                return True
            while more == 1:
                if not self._skip(depth + 1):
                    return False
                more = self._more(93)
            return more == 0
        return self._literal()

    @cython.cfunc
    @cython.exceptval(check=False)
    def _literal(self) -> cython.bint:
        """Step over a number, true, false or null."""
        c: cython.uchar = self.p[self.i]
        start: cython.Py_ssize_t = self.i
        if c == 116 or c == 102 or c == 110:
            while 97 <= self.p[self.i] <= 122:
                self.i += 1
            return self.frame[start : self.i] in (b"true", b"false", b"null")
        if c == 45:
            self.i += 1
        start = self.i
        while (
            48 <= self.p[self.i] <= 57
            or self.p[self.i] == 46
            or self.p[self.i] == 101
            or self.p[self.i] == 69
            or self.p[self.i] == 43
            or self.p[self.i] == 45
        ):
            self.i += 1
        return self.i > start and 48 <= self.p[start] <= 57

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
        k: cython.int
        length: cython.int = len(word)
        q: cython.p_const_uchar = word
        if at < 0 or self.ends[at] - self.starts[at] != length:
            return False
        for k in range(length):
            if self.p[self.starts[at] + k] != q[k]:
                return False
        return True

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
        self.i = self.starts[at]
        return self._number() == _OK and self.i == self.ends[at]

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
    def _digits(self, start: cython.Py_ssize_t, count: cython.int) -> cython.longlong:
        value: cython.longlong = 0
        k: cython.int
        for k in range(count):
            if not 48 <= self.p[start + k] <= 57:
                return -1
            value = value * 10 + (self.p[start + k] - 48)
        return value

    @cython.cfunc
    @cython.exceptval(check=False)
    def _date(self, start: cython.Py_ssize_t, end: cython.Py_ssize_t) -> cython.longlong:
        """2026-08-24T22:34:13.813379359Z -> ns since the epoch. Days by the proleptic Gregorian calendar."""
        year: cython.longlong = self._digits(start, 4)
        month: cython.longlong = self._digits(start + 5, 2)
        day: cython.longlong = self._digits(start + 8, 2)
        hour: cython.longlong = self._digits(start + 11, 2)
        minute: cython.longlong = self._digits(start + 14, 2)
        second: cython.longlong = self._digits(start + 17, 2)
        fraction: cython.longlong = 0
        unit: cython.longlong = _SECOND
        i: cython.Py_ssize_t = start + 19
        days: cython.longlong
        if year < 1970 or year > 2200 or month < 1 or month > 12 or day < 1 or day > 31:
            return 0
        if hour < 0 or minute < 0 or second < 0:
            return 0
        if i < end and self.p[i] == 46:
            i += 1
            while i < end and 48 <= self.p[i] <= 57:
                if unit > 1:
                    unit //= 10
                    fraction += (self.p[i] - 48) * unit
                i += 1
        if month <= 2:
            year -= 1
            month += 12
        days = (
            365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
        )
        return (((days * 24 + hour) * 60 + minute) * 60 + second) * _SECOND + fraction


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
        self.entry_node: list[int] = []
        self.entry_next: list[int] = []
        self.row_price: list[int] = []
        self.row_size: list[int] = []
        self.row_side: list[int] = []
        self.row_fixed: list[int] = []
        self.row_node: list[int] = []
        self.row_bid: list[bytes] = []

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
            self.entry_node.append(-1)
            self.entry_next.append(-1)
        for e, value in enumerate(layout.values(), first):
            leaf = value if isinstance(value, Leaf) else Leaf(inside=value)
            if leaf.slot is not None:
                self.entry_slot[e] = int(leaf.slot)
            if leaf.rows is not None:
                self.entry_rows[e] = self.rows(leaf.rows)
            if leaf.inside is not None:
                self.entry_node[e] = self.node(leaf.inside)
            if e + 1 < first + len(layout):
                self.entry_next[e] = e + 1
        return number

    def rows(self, rows: Rows) -> int:
        """Rows that are objects get a node whose `slots` are 0 price, 1 size, 2 side."""
        number = len(self.row_price)
        places = [rows.price, rows.size, rows.side]
        self.row_fixed.append(rows.fixed)
        self.row_bid.append(rows.bid.encode())
        for column, place in zip((self.row_price, self.row_size, self.row_side), places, strict=True):
            column.append(place if isinstance(place, int) else -1)
        self.row_node.append(-1)
        if isinstance(rows.price, str):
            node = self.node({str(place): Leaf() for place in places if place is not None})
            self.row_node[number] = node
            for slot in range(self.node_count[node]):
                self.entry_slot[self.node_first[node] + slot] = slot
        return number


def _grown(old: Any, code: str, count: int) -> Any:
    """A zeroed array of `count` that starts as a copy of `old`."""
    fresh: Any = array.array(code, bytes(count * array.array(code).itemsize))
    fresh[: len(old)] = array.array(code, list(old))
    return fresh
