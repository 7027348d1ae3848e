"""Of what is added to a level, how much is cancelled there within seconds: flickering quotes (metrics.md 2.3)."""

from __future__ import annotations

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.service.metrics.prices import mixed
from cython.cimports.service.metrics.windows import RollingSums

from .declare import SECOND, stored
from .windows import RollingSums

SLOTS = 1024  # of the table of levels
WINDOW = 60  # seconds over which rates are taken
STEP = (
    SECOND // 10
)  # window sums of the live service move in these steps, or memory would grow with the changes
_NAN = cython.declare(cython.double, float("nan"))


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _slot(side: cython.int, price: cython.double) -> cython.int:
    """A place in the table for a level."""
    return cython.cast(cython.int, mixed(price) >> 54) ^ side


@cython.cclass
class Fleeting:
    """How much of what was added was cancelled at its price within each horizon, last in, first out.

    Additions are kept for the longest horizon, chained by level, and then counted: so a share never passes 1.
    """

    def __init__(self, horizons: list[int], width: int = STEP, window: int = WINDOW * SECOND) -> None:
        """All in ns. Additions observed to the end are summed up in steps of `width`."""
        self.horizons, self.count = stored("q", horizons), len(horizons)
        self.longest, self.width = max(horizons), width
        self.head = self.tail = 0
        self.capacity = 64
        self.times = cython.cast(cython.p_longlong, calloc(64, 8))
        self.before = cython.cast(cython.p_longlong, calloc(64, 8))
        self.prices = cython.cast(cython.p_double, calloc(64, 8))
        self.sizes = cython.cast(cython.p_double, calloc(64, 8))
        self.left = cython.cast(cython.p_double, calloc(64, 8))
        self.gone = cython.cast(cython.p_double, calloc(64 * len(horizons), 8))
        self.sides = cython.cast(cython.p_schar, calloc(64, 1))
        self.newest = stored("q", [-1] * SLOTS)
        self.sums = RollingSums([window], 1 + len(horizons))
        self.all = stored("d", bytes(1 + len(horizons)))

    def __dealloc__(self) -> None:
        free(self.times)
        free(self.before)
        free(self.prices)
        free(self.sizes)
        free(self.left)
        free(self.gone)
        free(self.sides)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def added(
        self, side: cython.int, price: cython.double, size: cython.double, t: cython.longlong
    ) -> cython.int:
        k: cython.longlong
        h: cython.int
        slot: cython.int = _slot(side, price)
        if self.head - self.tail == self.capacity:
            self._grow()
        k = self.head & (self.capacity - 1)
        self.times[k] = t
        self.prices[k] = price
        self.sides[k] = side
        self.sizes[k] = size
        self.left[k] = size
        for h in range(self.count):
            self.gone[k * self.count + h] = 0
        self.before[k] = self.newest[slot]
        self.newest[slot] = self.head
        self.head += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def cancelled(
        self, side: cython.int, price: cython.double, size: cython.double, t: cython.longlong
    ) -> cython.int:
        k: cython.longlong
        h: cython.int
        part: cython.double
        slot: cython.int = _slot(side, price)
        later: cython.longlong = -1
        n: cython.longlong = self.newest[slot]
        while n >= self.tail and size > 0:
            k = n & (self.capacity - 1)
            if self.left[k] == 0:  # nothing of it can be cancelled any more: the chain leaves it out
                n = self.before[k]
                if later < 0:
                    self.newest[slot] = n
                else:
                    self.before[later] = n
                continue
            later = k
            if self.prices[k] == price and self.sides[k] == side:
                part = self.left[k] if self.left[k] < size else size
                self.left[k] -= part
                size -= part
                for h in range(self.count):
                    if t - self.times[k] <= self.horizons[h]:
                        self.gone[k * self.count + h] += part
            n = self.before[k]
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def expire(self, t: cython.longlong) -> cython.int:
        """Count the additions that no cancellation at or after t can reach."""
        while self.tail < self.head and t - self.times[self.tail & (self.capacity - 1)] > self.longest:
            self._observed()
        return self._gather()

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def flush(self) -> cython.int:
        """Count all of them now, as if nothing more could come."""
        while self.tail < self.head:
            self._observed()
        return self._gather()

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _observed(self) -> cython.int:
        """The oldest addition has been watched to the end of the longest horizon."""
        h: cython.int
        k: cython.longlong = self.tail & (self.capacity - 1)
        if not 0 <= self.times[k] - self.step < self.width:
            self._gather()
            self.step = self.times[k] // self.width * self.width
        self.sums.value[0] += self.sizes[k]
        self.all[0] += self.sizes[k]
        for h in range(self.count):
            self.sums.value[1 + h] += self.gone[k * self.count + h]
            self.all[1 + h] += self.gone[k * self.count + h]
        self.gathering = True
        self.tail += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _gather(self) -> cython.int:
        """Enter what was watched to its end within this step into the sums of the window."""
        h: cython.int
        if self.gathering:
            self.gathering = False
            self.sums.gather(self.step)
            for h in range(1 + self.count):
                self.sums.value[h] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def share(self, k: cython.int, t: cython.longlong) -> cython.double:
        """Of what was added in the window that ended the longest horizon before t; NaN where nothing was."""
        all: cython.double
        self.sums.expire(t - self.longest)
        all = self.sums.total(0, 0)
        return self.sums.total(0, 1 + k) / all if all > 0 else _NAN

    def whole(self) -> list[float]:
        """A share for each horizon, of all that was ever added and is counted."""
        return [self.all[1 + h] / self.all[0] if self.all[0] > 0 else float("nan") for h in range(self.count)]

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        """Twice the room; the chains hold running numbers, so they stay."""
        n: cython.longlong
        k: cython.longlong
        to: cython.longlong
        h: cython.int
        old: cython.longlong = self.capacity
        new: cython.longlong = 2 * old
        self.times = cython.cast(cython.p_longlong, resized(self.times, new * 8))
        self.before = cython.cast(cython.p_longlong, resized(self.before, new * 8))
        self.prices = cython.cast(cython.p_double, resized(self.prices, new * 8))
        self.sizes = cython.cast(cython.p_double, resized(self.sizes, new * 8))
        self.left = cython.cast(cython.p_double, resized(self.left, new * 8))
        self.gone = cython.cast(cython.p_double, resized(self.gone, new * 8 * self.count))
        self.sides = cython.cast(cython.p_schar, resized(self.sides, new))
        for n in range(
            self.tail, self.head
        ):  # each stands at its number modulo the room: half of them move up
            k = n & (old - 1)
            to = n & (new - 1)
            if k != to:
                self.times[to] = self.times[k]
                self.before[to] = self.before[k]
                self.prices[to] = self.prices[k]
                self.sizes[to] = self.sizes[k]
                self.left[to] = self.left[k]
                self.sides[to] = self.sides[k]
                for h in range(self.count):
                    self.gone[to * self.count + h] = self.gone[k * self.count + h]
        self.capacity = new
        return 0
