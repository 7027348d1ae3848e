"""Samples of one number on a grid, over a window: what a condition on mean, change, z-score or percentile rests on."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from .rules import SECOND

NAN = math.nan
MOST = 3600  # samples kept; a longer window gets a coarser grid
_REBUILD = 10_000  # evictions after which running sums are made anew (metrics.md 0.7)


class Samples:
    """Defined values of the last `window` ns, oldest first, at most one a grid step. Times never go back.

    `ranked` keeps them sorted too. What was undefined leaves a hole and is never filled.
    """

    def __init__(self, window: int, *, ranked: bool = False) -> None:
        self.window = window
        self.grid = max(SECOND, window // MOST)
        self.held: deque[tuple[int, float]] = deque()
        self.sorted: list[float] | None = [] if ranked else None
        self._next = 0
        self._origin = NAN
        self._sum = self._squares = 0.0
        self._evicted = 0

    def take(self, t: int, value: float) -> None:
        """The grid's next sample, if its step has come. NaN only lets old samples go."""
        self.expire(t)
        if t < self._next or value != value:
            return
        self._next = (t // self.grid + 1) * self.grid
        if not self.held:
            self._origin, self._sum, self._squares = value, 0.0, 0.0
        self.held.append((t, value))
        self._sum += value - self._origin
        self._squares += (value - self._origin) ** 2
        if self.sorted is not None:
            insort(self.sorted, value)

    def expire(self, t: int) -> None:
        """Let go of what is older than the window; one sample at or before its edge stays, to compare with."""
        edge = t - self.window
        while self.held and (self.held[0][0] < edge - self.grid or self._second(edge)):
            _, value = self.held.popleft()
            self._sum -= value - self._origin
            self._squares -= (value - self._origin) ** 2
            self._evicted += 1
            if self.sorted is not None:
                del self.sorted[bisect_left(self.sorted, value)]
        if self._evicted >= _REBUILD:
            self._rebuild()

    def _second(self, edge: int) -> bool:
        """Does the second one do as the sample at the edge?"""
        return len(self.held) > 1 and self.held[1][0] <= edge

    def _rebuild(self) -> None:
        self._evicted = 0
        if self.held:
            self._origin = self.held[0][1]
        self._sum = math.fsum(value - self._origin for _, value in self.held)
        self._squares = math.fsum((value - self._origin) ** 2 for _, value in self.held)

    @property
    def covered(self) -> bool:
        """Do the samples cover four fifths of the window (metrics.md 0.4)?"""
        return len(self.held) >= 0.8 * self.window / self.grid

    def base(self, t: int) -> float:
        """The value one window ago; NaN where there is none."""
        if self.held and self.held[0][0] <= t - self.window + self.grid:
            return self.held[0][1]
        return NAN

    def oldest(self) -> float:
        """The oldest value in the window; NaN where there is none."""
        return self.held[0][1] if self.held else NAN

    def moments(self) -> tuple[float, float]:
        """Mean and population standard deviation; NaN where there is nothing."""
        n = len(self.held)
        if n == 0:
            return NAN, NAN
        shifted = self._sum / n
        return self._origin + shifted, math.sqrt(max(0.0, self._squares / n - shifted * shifted))

    def extremes(self) -> tuple[float, float]:
        """Least and greatest; NaN where there is nothing."""
        if not self.held:
            return NAN, NAN
        values = [value for _, value in self.held]
        return min(values), max(values)

    def rank(self, value: float) -> float:
        """Share of the samples that are below a value."""
        assert self.sorted is not None
        return bisect_left(self.sorted, value) / len(self.sorted) if self.sorted else NAN
