"""What is looked at with every message: has a watched number crossed its level? Compiled; everything else waits for that.

A guard holds one number of a book's row against one level, and against what was found the last time. Only when the
answer differs is the rule behind it evaluated in full, in Python.
"""

from __future__ import annotations

import array
from typing import Any

import cython

ABOVE, BELOW, ABOVE_ABSOLUTE, BELOW_ABSOLUTE = range(4)
_BELOW = cython.declare(cython.int, BELOW)
_ABOVE_ABSOLUTE = cython.declare(cython.int, ABOVE_ABSOLUTE)
_UNDEFINED = cython.declare(cython.int, 2)  # beside 0, it does not hold, and 1, it does
_MUTED = cython.declare(cython.int, 3)


@cython.cclass
class Guards:
    """All guards of one book. `row` is the book's row of numbers, NaN where there is nothing to say."""

    row: cython.double[::1]
    count: cython.int
    place: cython.int[::1]
    kind: cython.int[::1]
    other: cython.int[::1]
    centre: cython.double[::1]
    level: cython.double[::1]
    found: cython.schar[::1]

    def __init__(self, row: Any, guarded: list[int]) -> None:
        """`guarded`: the place in the row that each guard looks at."""
        self.row = row
        self.count = len(guarded)
        size = max(1, self.count)
        self.place = array.array("i", guarded or [0])
        self.kind = array.array("i", [0] * size)
        self.other = array.array("i", [-1] * size)
        self.centre = array.array("d", [0.0] * size)
        self.level = array.array("d", [0.0] * size)
        self.found = array.array("b", [3] * size)

    def arm(self, k: int, kind: int, centre: float, level: float, other: int, values: Any) -> None:
        """Tell from here on when x - centre against level (times x of `other`) says something else than with `values`."""
        self.kind[k] = kind
        self.centre[k] = centre
        self.level[k] = level
        self.other[k] = other
        self.found[k] = self._answer(k, values[self.place[k]], values[other] if other >= 0 else 1.0)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _answer(self, k: cython.int, x: cython.double, factor: cython.double) -> cython.int:
        level: cython.double = self.level[k] * factor
        x = x - self.centre[k]
        if x != x or level != level:
            return _UNDEFINED
        if self.kind[k] >= _ABOVE_ABSOLUTE and x < 0:
            x = -x
        if self.kind[k] & _BELOW:
            return x < level
        return x > level

    def mute(self, k: int) -> None:
        """Say nothing until armed again."""
        self.found[k] = _MUTED

    @cython.ccall
    @cython.exceptval(-2, check=False)
    def tripped(self) -> cython.int:
        """The first guard whose answer is another one now; -1 if none."""
        k: cython.int
        factor: cython.double
        for k in range(self.count):
            if self.found[k] == _MUTED:
                continue
            factor = self.row[self.other[k]] if self.other[k] >= 0 else 1.0
            if self._answer(k, self.row[self.place[k]], factor) != self.found[k]:
                return k
        return -1
