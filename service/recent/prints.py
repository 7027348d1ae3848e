"""Prints of one book, those of one second, side and price row merged into one: what a chart can tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np

SECOND = 1_000_000_000
FIRST, MOST = 64, 2500  # room at first, and at most; the oldest go


class Prints:
    """A ring that grows. A row is (time of its last print, price, base size, how many, side +1 buy, -1 sell, 0 unknown).

    The price is the volume-weighted mean of what was merged. `lost_before`: from then on all are there.
    """

    KIND = np.dtype([("t", "i8"), ("price", "f8"), ("size", "f8"), ("count", "i4"), ("side", "i1")])
    MOST_BYTES = MOST * KIND.itemsize

    def __init__(self, window: int) -> None:
        self.window = window
        self.rows = np.zeros(FIRST, self.KIND)
        self.start = self.count = 0
        self.lost_before = 0
        self._open: dict[tuple[int, int], int] = {}  # (price row, side) -> place, of the current second
        self._second = -1

    def add(self, t: int, price: float, size: float, side: int, row: int) -> None:
        """A print of this time, which may be a little before the last one's; `row` is its price row."""
        if t // SECOND != self._second:
            self._second = t // SECOND
            self._open.clear()
        at = self._open.get((row, side))
        if at is not None:
            one = self.rows[at]
            total = one["size"] + size
            if total > 0:
                one["price"] += (price - one["price"]) * size / total
            one["t"], one["size"] = max(int(one["t"]), t), total
            one["count"] += 1
            return
        self._open[row, side] = at = self._place(t)
        self.rows[at] = (t, price, size, 1, side)

    def _place(self, t: int) -> int:
        room = len(self.rows)
        if self.count == room:
            if room < MOST and int(self.rows["t"][self.start]) >= t - self.window:
                self._grow(min(MOST, 2 * room))
            else:
                self._drop(t)
        at = (self.start + self.count) % len(self.rows)
        self.count += 1
        return at

    def _grow(self, room: int) -> None:
        wider = np.zeros(room, self.KIND)
        wider[: self.count] = np.roll(self.rows, -self.start)[: self.count]
        self._open = {key: (at - self.start) % len(self.rows) for key, at in self._open.items()}
        self.rows, self.start = wider, 0

    def _drop(self, t: int) -> None:
        gone = int(self.rows["t"][self.start])
        if gone >= t - self.window:
            self.lost_before = max(self.lost_before, gone + 1)
        self._open = {key: at for key, at in self._open.items() if at != self.start}
        self.start = (self.start + 1) % len(self.rows)
        self.count -= 1

    def between(self, first: int, last: int) -> Any:
        """The rows with first <= t <= last, in the order in which they came."""
        held = np.roll(self.rows, -self.start)[: self.count]
        return held[(held["t"] >= first) & (held["t"] <= last)]
