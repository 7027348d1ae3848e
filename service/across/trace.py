"""The mid changes of one book, kept for a while, and how those of two books go together without a grid.

Hayashi-Yoshida (metrics.md 4.1): HY = sum_i sum_j dX_i dY_j over all pairs of intervals (t_{i-1}, t_i], (s_{j-1}, s_j]
that overlap. For a lag, X(t) is compared with Y(t + lag): Y's times are shifted by -lag. Source: Hayashi & Yoshida
2005; Hoffmann, Rosenbaum & Yoshida 2013.
"""

from __future__ import annotations

import array
from collections.abc import Sequence

import cython
from cython.cimports.libc.math import sqrt
from cython.cimports.service.metrics.declare import Context

from service.metrics.declare import Context

MOST = 16_384  # changes kept of a book; the window is shortened to what is kept
_NAN = cython.declare(cython.double, float("nan"))


@cython.cclass
class Trace:
    """A ring of (receive time, venue's time, mid), one entry a change; NaN where the book was not live."""

    received: cython.longlong[::1]
    told: cython.longlong[::1]
    mid: cython.double[::1]
    most: cython.int
    start: cython.int
    count = cython.declare(cython.int, visibility="readonly")
    last: cython.double
    dirty = cython.declare(cython.bint, visibility="public")

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.received, self.told = (array.array("q", bytes(8 * most)) for _ in range(2))
        self.mid = array.array("d", bytes(8 * most))
        self.start = self.count = 0
        self.last = _NAN
        self.dirty = True

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def note(self, mid: cython.double, received: cython.longlong, told: cython.longlong) -> cython.int:
        """The mid is this from now on; what stays as it was is no change."""
        at: cython.int
        if mid == self.last or (mid != mid and self.last != self.last):
            return 0
        self.last = mid
        at = (self.start + self.count) % self.most
        if self.count == self.most:
            self.start = (self.start + 1) % self.most
        else:
            self.count += 1
        self.received[at] = received
        self.told[at] = told
        self.mid[at] = mid
        return 0

    def since(self, first: int, *, exchange: bool) -> Path:
        """The changes after `first` on one of the clocks, with the value that held then."""
        path = Path(self.count + 1)
        times = self.told if exchange else self.received
        k: cython.int
        at: cython.int
        for k in range(self.count):
            at = (self.start + k) % self.most
            path.add(times[at], self.mid[at], first)
        return path

    def oldest(self, *, exchange: bool) -> int:
        """Time of the oldest change that is kept once the ring is full, else 0: all there were are here."""
        if self.count < self.most:
            return 0
        return self.told[self.start] if exchange else self.received[self.start]


@cython.cclass
class Ear:
    """What the engine calls with every message of every book: next to nothing, unless the mid changed.

    traces: of the books in groups. coming: books that have not been live yet; `owner.came(book)` is called once they
    are. asleep: `owner.wake(now)` is to be called with the next message of a group.
    """

    owner: object
    traces = cython.declare(dict, visibility="readonly")
    coming = cython.declare(dict, visibility="readonly")
    asleep = cython.declare(cython.bint, visibility="public")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.traces = {}
        self.coming = {}
        self.asleep = True

    def __call__(self, book: object) -> None:
        """A message was applied to this book, or its state changed."""
        if self.coming and book in self.coming and book.state == "live":
            self.owner.came(book)
        found: object = self.traces.get(book)
        if found is None:
            return
        trace: Trace = found
        received: cython.longlong = book.received
        if received == 0:  # it goes live a moment before its first message is told of
            return
        trace.dirty = True
        context: Context = book.context
        mid: cython.double = context.mid
        if mid != trace.last and (mid == mid or trace.last == trace.last):
            trace.note(mid, received, book.event_time)
        if self.asleep:
            self.owner.wake(received)


@cython.cclass
class Path:
    """Values at rising times; of several at one time the last. NaN is a break: no change goes over it."""

    time: cython.longlong[::1]
    value: cython.double[::1]
    count = cython.declare(cython.int, visibility="readonly")

    def __init__(self, most: int) -> None:
        self.time = array.array("q", bytes(8 * max(most, 1)))
        self.value = array.array("d", bytes(8 * max(most, 1)))
        self.count = 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def add(self, time: cython.longlong, value: cython.double, first: cython.longlong) -> cython.int:
        """One more value; what was at or before `first` is moved there, as the value that held."""
        if time < first:
            time = first
        if self.count > 0 and time <= self.time[self.count - 1]:
            self.value[self.count - 1] = value
            return 0
        self.time[self.count] = time
        self.value[self.count] = value
        self.count += 1
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def changes(self) -> cython.int:
        """How many changes there are."""
        k: cython.int
        found: cython.int = 0
        for k in range(1, self.count):
            found += self._change(k) != 0
        return found

    @cython.cfunc
    @cython.exceptval(check=False)
    def _change(self, k: cython.int) -> cython.double:
        change: cython.double = self.value[k] - self.value[k - 1]
        return change if change == change else 0.0

    @cython.ccall
    @cython.exceptval(check=False)
    def power(self) -> cython.double:
        """Sum of the squared changes."""
        k: cython.int
        sum: cython.double = 0
        for k in range(1, self.count):
            sum += self._change(k) * self._change(k)
        return sum

    @cython.ccall
    @cython.exceptval(check=False)
    def covariance(self, other: Path, lag: cython.longlong) -> cython.double:
        """HY of this path and the other, whose times are shifted by -lag (ns)."""
        i: cython.int = 1
        j: cython.int = 1
        start: cython.longlong
        end: cython.longlong
        its_start: cython.longlong
        its_end: cython.longlong
        sum: cython.double = 0
        while i < self.count and j < other.count:
            start = self.time[i - 1]
            end = self.time[i]
            its_start = other.time[j - 1] - lag
            its_end = other.time[j] - lag
            if (start if start > its_start else its_start) < (end if end < its_end else its_end):
                sum += self._change(i) * other._change(j)
            if end <= its_end:
                i += 1
            if its_end <= end:
                j += 1
        return sum

    def correlations(self, other: Path, lags: Sequence[int]) -> list[float]:
        """HY correlation at each lag (ns), not clipped to [-1, 1]; NaN where one of the paths never changes."""
        scale: cython.double = sqrt(self.power() * other.power())
        return [self.covariance(other, lag) / scale if scale > 0 else float("nan") for lag in lags]


def path_of(points: Sequence[tuple[int, float]]) -> Path:
    """A path of (time in ns, value), in any order of equal times as given."""
    path = Path(len(points))
    for time, value in points:
        path.add(time, value, -(1 << 62))
    return path
