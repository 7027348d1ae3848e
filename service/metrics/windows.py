"""Windows over event time: sums over several spans at once, summaries of a state, and how much was covered.

A window is (t - W, t]: open on the left, closed on the right (metrics.md 0.4). Times are integer nanoseconds.
Sums are kept as two doubles each (Knuth's two-sum), so that taking out what was put in leaves no residue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.libc.stdlib import calloc, free

from connectors.errors import UsageError

SECOND = 1_000_000_000
FEWEST = 16  # entries there is room for at first


@cython.cfunc
@cython.exceptval(check=True)
def _zeros(count: cython.Py_ssize_t) -> cython.p_void:
    """Room for so many numbers of 8 bytes, all zero; freed by who asked for it."""
    made: cython.p_void = calloc(count, 8)
    if made == cython.NULL:
        raise MemoryError
    return made


@cython.cclass
class RollingSums:
    """Sums of `width` columns over several spans. Fill `value`, call `push(t)`; `expire(t)` before `total`."""

    def __init__(self, spans: list[int], width: int) -> None:
        """`spans` in ns."""
        k: cython.int
        self.width, self.count = width, len(spans)
        self.capacity = FEWEST
        self.spans = cython.cast(cython.p_longlong, _zeros(len(spans)))
        self.tails = cython.cast(cython.p_longlong, _zeros(len(spans)))
        self.times = cython.cast(cython.p_longlong, _zeros(FEWEST))
        self.entries = cython.cast(cython.p_double, _zeros(FEWEST * width))
        self.high = cython.cast(cython.p_double, _zeros(len(spans) * width))
        self.low = cython.cast(cython.p_double, _zeros(len(spans) * width))
        self.value = cython.cast(cython.p_double, _zeros(width))
        for k in range(self.count):
            self.spans[k] = spans[k]
        self.head = 0

    def __dealloc__(self) -> None:
        free(self.spans)
        free(self.tails)
        free(self.times)
        free(self.entries)
        free(self.high)
        free(self.low)
        free(self.value)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def push(self, t: cython.longlong) -> cython.int:
        """Enter `value` at time t, which is never before the last."""
        j: cython.int
        k: cython.int
        at: cython.int
        oldest: cython.longlong = self.head
        for k in range(self.count):
            if self.tails[k] < oldest:
                oldest = self.tails[k]
        if self.head - oldest >= self.capacity:
            self._grow(oldest)
        at = cython.cast(cython.int, self.head & (self.capacity - 1))
        self.times[at] = t
        for j in range(self.width):
            self.entries[at * self.width + j] = self.value[j]
        for k in range(self.count):
            for j in range(self.width):
                self._add(k * self.width + j, self.value[j])
        self.head += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def gather(self, t: cython.longlong) -> cython.int:
        """As push; what has the time of the last entry joins it, if that is still in all windows."""
        j: cython.int
        k: cython.int
        at: cython.int = cython.cast(cython.int, (self.head - 1) & (self.capacity - 1))
        if self.head == 0 or self.times[at] != t:
            return self.push(t)
        for k in range(self.count):
            if self.tails[k] == self.head:
                return self.push(t)
        for j in range(self.width):
            self.entries[at * self.width + j] += self.value[j]
            for k in range(self.count):
                self._add(k * self.width + j, self.value[j])
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def expire(self, t: cython.longlong) -> cython.int:
        """Take out what is no longer inside any window that ends at t."""
        k: cython.int
        j: cython.int
        at: cython.int
        for k in range(self.count):
            while self.tails[k] < self.head:
                at = cython.cast(cython.int, self.tails[k] & (self.capacity - 1))
                if self.times[at] > t - self.spans[k]:
                    break
                for j in range(self.width):
                    self._add(k * self.width + j, -self.entries[at * self.width + j])
                self.tails[k] += 1
            if self.tails[k] == self.head:
                for j in range(self.width):
                    self.high[k * self.width + j] = 0
                    self.low[k * self.width + j] = 0
        return 0

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _add(self, at: cython.int, x: cython.double) -> cython.void:
        total: cython.double = self.high[at] + x
        back: cython.double = total - self.high[at]
        self.low[at] += (self.high[at] - (total - back)) + (x - back)
        self.high[at] = total

    @cython.cfunc
    @cython.exceptval(check=False)
    def total(self, window: cython.int, column: cython.int) -> cython.double:
        """Sum of a column over a window, as of the last `expire`."""
        return self.high[window * self.width + column] + self.low[window * self.width + column]

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self, oldest: cython.longlong) -> cython.int:
        n: cython.longlong
        j: cython.int
        old: cython.int
        new: cython.int
        times: cython.p_longlong = cython.cast(cython.p_longlong, _zeros(2 * self.capacity))
        entries: cython.p_double = cython.cast(cython.p_double, _zeros(2 * self.capacity * self.width))
        for n in range(oldest, self.head):
            old = cython.cast(cython.int, n & (self.capacity - 1))
            new = cython.cast(cython.int, n & (2 * self.capacity - 1))
            times[new] = self.times[old]
            for j in range(self.width):
                entries[new * self.width + j] = self.entries[old * self.width + j]
        free(self.times)
        free(self.entries)
        self.times = times
        self.entries = entries
        self.capacity *= 2
        return 0


@cython.cclass
class RollingState:
    """Time-weighted average, least and most of `width` values that hold until the next one; NaN is no value."""

    def __init__(self, span: int, width: int) -> None:
        """`span` in ns."""
        self.span, self.width = span, width
        self.capacity = FEWEST
        self.times = cython.cast(cython.p_longlong, _zeros(FEWEST))
        self.entries = cython.cast(cython.p_double, _zeros(FEWEST * width))
        self.value = cython.cast(cython.p_double, _zeros(width))
        self.twa = cython.cast(cython.p_double, _zeros(width))
        self.least = cython.cast(cython.p_double, _zeros(width))
        self.most = cython.cast(cython.p_double, _zeros(width))
        self.head = self.tail = 0

    def __dealloc__(self) -> None:
        free(self.times)
        free(self.entries)
        free(self.value)
        free(self.twa)
        free(self.least)
        free(self.most)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def push(self, t: cython.longlong) -> cython.int:
        """From t on `value` holds. Entered only where it differs from what held before."""
        j: cython.int
        at: cython.int
        last: cython.int
        same: cython.bint = self.head > self.tail
        if same:
            last = cython.cast(cython.int, (self.head - 1) & (self.capacity - 1))
            for j in range(self.width):
                if self.entries[last * self.width + j] != self.value[j]:
                    same = False
                    break
            if same:
                return 0
            if self.times[last] == t:
                self.head -= 1
        while (
            self.tail + 1 < self.head and self.times[(self.tail + 1) & (self.capacity - 1)] <= t - self.span
        ):
            self.tail += 1
        if self.head - self.tail >= self.capacity:
            self._grow()
        at = cython.cast(cython.int, self.head & (self.capacity - 1))
        self.times[at] = t
        for j in range(self.width):
            self.entries[at * self.width + j] = self.value[j]
        self.head += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def summarise(self, t: cython.longlong) -> cython.int:
        """Write `twa`, `least`, `most` over (t - span, t]; NaN for a column without a value there."""
        n: cython.longlong
        j: cython.int
        at: cython.int
        start: cython.longlong
        end: cython.longlong = t
        x: cython.double
        nan: cython.double = float("nan")
        weights: cython.double[64]
        for j in range(self.width):
            self.twa[j] = 0
            self.least[j] = nan
            self.most[j] = nan
            weights[j] = 0
        n = self.head - 1
        while n >= self.tail:
            at = cython.cast(cython.int, n & (self.capacity - 1))
            start = self.times[at]
            if start < t - self.span:
                start = t - self.span
            for j in range(self.width):
                x = self.entries[at * self.width + j]
                if x != x:
                    continue
                self.twa[j] += x * (end - start)
                weights[j] += end - start
                if not self.least[j] <= x:
                    self.least[j] = x
                if not self.most[j] >= x:
                    self.most[j] = x
            if self.times[at] <= t - self.span:
                break
            end = start
            n -= 1
        for j in range(self.width):
            self.twa[j] = self.twa[j] / weights[j] if weights[j] > 0 else self.least[j]
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        n: cython.longlong
        j: cython.int
        old: cython.int
        new: cython.int
        times: cython.p_longlong = cython.cast(cython.p_longlong, _zeros(2 * self.capacity))
        entries: cython.p_double = cython.cast(cython.p_double, _zeros(2 * self.capacity * self.width))
        for n in range(self.tail, self.head):
            old = cython.cast(cython.int, n & (self.capacity - 1))
            new = cython.cast(cython.int, n & (2 * self.capacity - 1))
            times[new] = self.times[old]
            for j in range(self.width):
                entries[new * self.width + j] = self.entries[old * self.width + j]
        free(self.times)
        free(self.entries)
        self.times = times
        self.entries = entries
        self.capacity *= 2
        return 0


@cython.cclass
class Coverage:
    """During which time a feed was there. `share(span, t)` of the window that ends at t; `least` is what suffices."""

    def __init__(self, least: float) -> None:
        self.since = -1
        self.gone = 0
        self.least = least

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def start(self, t: cython.longlong) -> cython.int:
        """The feed is there from t on."""
        if self.since < 0:
            self.since = t
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def stop(self, t: cython.longlong) -> cython.int:
        """The feed is gone from t on."""
        if self.since >= 0:
            self.began[self.gone & 63] = self.since
            self.ended[self.gone & 63] = t if t > self.since else self.since
            self.gone += 1
            self.since = -1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def share(self, span: cython.longlong, t: cython.longlong) -> cython.double:
        """Covered part of (t - span, t], 0 to 1; of the times before this one the last 64 are known."""
        n: cython.longlong
        first: cython.longlong
        last: cython.longlong
        begin: cython.longlong = t - span
        covered: cython.longlong = 0
        if self.since >= 0:
            if self.since <= begin:
                return 1.0
            covered = t - self.since
        for n in range(self.gone - 1, max(self.gone - 65, -1), -1):
            first = self.began[n & 63]
            last = self.ended[n & 63]
            if last <= begin:
                break
            covered += (last if last < t else t) - (first if first > begin else begin)
        return cython.cast(cython.double, covered) / span if covered > 0 else 0.0  # both are C integers

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def enough(self, span: cython.longlong, t: cython.longlong) -> cython.bint:
        """Is the share at least `least`?"""
        if 0 <= self.since <= t - span:
            return True
        return self.share(span, t) >= self.least


def time_weighted_average(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """Of a case: a `series` of [time, value or null] that holds until the next, from `t_start` to `t_end` (seconds)."""
    series = [(int(at * SECOND), value) for at, value in inputs["series"]]
    if not series:
        return float("nan")
    start = int(params["t_start"] * SECOND) if "t_start" in params else series[0][0]
    end = int(params["t_end"] * SECOND) if "t_end" in params else series[len(series) - 1][0]
    if end < start:
        raise UsageError(f"t_end {params['t_end']}: before t_start")
    state = RollingState(end - start, 1)
    for at, value in series:
        if at < end:
            state.value[0] = float("nan") if value is None else float(value)
            state.push(at)
    state.summarise(end)
    return state.twa[0]


ANSWERS = {"time_weighted_average": time_weighted_average}
