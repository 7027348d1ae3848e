"""A histogram as metrics keep it: counters in their row, in the order in which a `Field` with buckets declares them."""

from __future__ import annotations

from collections.abc import Sequence

import cython

from .declare import stored

DURATIONS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds


@cython.cclass
class Histogram:
    """Counts what was at or below each bound, and in all; sum and number. It takes `size` places of the row from `at` on."""

    def __init__(self, bounds: Sequence[float], row: object, at: int) -> None:
        self.bounds, self.row, self.at = stored("d", bounds), row, at
        self.count, self.size = len(bounds), len(bounds) + 3

    @cython.ccall
    @cython.exceptval(check=False)
    def observe(self, x: cython.double) -> cython.void:
        """One more of this size."""
        k: cython.int
        for k in range(self.count):
            if x <= self.bounds[k]:
                self.row[self.at + k] += 1
        self.row[self.at + self.count] += 1
        self.row[self.at + self.count + 1] += x
        self.row[self.at + self.count + 2] += 1
