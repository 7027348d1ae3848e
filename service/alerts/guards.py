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
HOLDS, CLEAR, UNDEFINED, MUTED = 1, 0, 2, 3
_UNDEFINED = cython.declare(cython.int, UNDEFINED)
_MUTED = cython.declare(cython.int, MUTED)


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
        self.found = array.array("b", [MUTED] * size)

    def arm(
        self, k: int, found: int, kind: int = ABOVE, centre: float = 0.0, level: float = 0.0, other: int = -1
    ) -> None:
        """From here on `found` is what is known; tell when x - centre against level (times row[other]) says otherwise."""
        self.kind[k] = kind
        self.centre[k] = centre
        self.level[k] = level
        self.other[k] = other
        self.found[k] = found

    def mute(self, k: int) -> None:
        """Say nothing until armed again."""
        self.found[k] = MUTED

    @cython.ccall
    @cython.exceptval(-2, check=False)
    def tripped(self) -> cython.int:
        """The first guard whose answer is another one now; -1 if none."""
        k: cython.int
        known: cython.int
        now: cython.int
        x: cython.double
        level: cython.double
        for k in range(self.count):
            known = self.found[k]
            if known == _MUTED:
                continue
            x = self.row[self.place[k]] - self.centre[k]
            level = self.level[k]
            if self.other[k] >= 0:
                level = level * self.row[self.other[k]]
            if x != x or level != level:
                now = _UNDEFINED
            else:
                if self.kind[k] >= _ABOVE_ABSOLUTE and x < 0:
                    x = -x
                now = x < level if self.kind[k] & _BELOW else x > level
            if now != known:
                return k
        return -1
