"""Statistics of the last N samples: mean and deviation, ranks and quantiles, least squares, autocorrelation.

They live on the grid (`Metric.sample`), so a push comes once a second and not once a message. Running sums are shifted
by a value of the window against cancellation and built anew from the ring once around, so that no drift is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.libc.math import floor, sqrt
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.libc.string import memmove

from connectors.errors import UsageError

_NAN = cython.declare(cython.double, float("nan"))


@cython.cfunc
@cython.exceptval(check=True)
def _room(count: cython.Py_ssize_t) -> cython.p_double:
    """Room for so many numbers, all zero; freed by who asked for it."""
    made: cython.p_double = cython.cast(cython.p_double, calloc(count, 8))
    if made == cython.NULL:
        raise MemoryError
    return made


@cython.cclass
class RollingMoments:
    """Mean, population deviation, z-score and lag-1 autocorrelation of the last `size` samples; NaN without any.

    A z-score is against what was pushed before: ask first, push then (metrics.md 1.6).
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a window of {size} samples holds nothing")
        self.entries = _room(size)
        self.size = size
        self.count = self.head = self.since = self.same = 0
        self.shift = self.sum = self.squares = 0.0
        self.last = float("nan")

    def __dealloc__(self) -> None:
        free(self.entries)

    @cython.ccall
    @cython.exceptval(-1)
    def push(self, x: cython.double) -> cython.int:
        """Take in a sample, a number; the oldest goes where the window is full."""
        d: cython.double
        self.same = self.same + 1 if x == self.last else 1
        self.last = x
        if self.count == 0:
            self.shift = x
        if self.count == self.size:
            d = self.entries[self.head] - self.shift
            self.sum -= d
            self.squares -= d * d
        else:
            self.count += 1
        self.entries[self.head] = x
        self.head = self.head + 1 if self.head + 1 < self.size else 0
        d = x - self.shift
        self.sum += d
        self.squares += d * d
        self.since += 1
        if self.since >= self.size:
            self._rebuild()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _rebuild(self) -> cython.int:
        k: cython.int
        d: cython.double
        self.since = 0
        self.shift = self.last
        self.sum = 0
        self.squares = 0
        for k in range(self.count):
            d = self.entries[k] - self.shift
            self.sum += d
            self.squares += d * d
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def mean(self) -> cython.double:
        return self.shift + self.sum / self.count if self.count > 0 else _NAN

    @cython.ccall
    @cython.exceptval(check=False)
    def sigma(self) -> cython.double:
        """Population deviation; exactly 0 where all samples are one."""
        variance: cython.double
        if self.count == 0:
            return _NAN
        if self.same >= self.count:
            return 0.0
        variance = (self.squares - self.sum * self.sum / self.count) / self.count
        return sqrt(variance) if variance > 0 else 0.0

    @cython.ccall
    @cython.exceptval(check=False)
    def zscore(self, x: cython.double) -> cython.double:
        """How many deviations x lies from the mean of what is in the window; NaN where nothing deviates."""
        sigma: cython.double = self.sigma()
        return (x - self.shift - self.sum / self.count) / sigma if sigma > 0 else _NAN

    @cython.ccall
    @cython.exceptval(check=False)
    def autocorrelation(self) -> cython.double:
        """Lag 1: sum of products of neighbours over sum of squares, around the mean; NaN where nothing deviates."""
        k: cython.int
        d: cython.double
        before: cython.double = 0
        products: cython.double = 0
        squares: cython.double = 0
        mean: cython.double = self.mean()
        if self.count < 2 or self.same >= self.count:
            return _NAN
        for k in range(self.count):
            d = self.at(self.count - 1 - k) - mean
            if k > 0:
                products += d * before
            squares += d * d
            before = d
        return products / squares if squares > 0 else _NAN

    @cython.cfunc
    @cython.exceptval(check=False)
    def at(self, age: cython.int) -> cython.double:
        """The sample that is `age` pushes old, 0 the newest."""
        k: cython.int = self.head - 1 - age
        return self.entries[k if k >= 0 else k + self.size]


@cython.cclass
class RollingRank:
    """Quantiles and ranks of the last `size` samples, kept in order; NaN without any."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a window of {size} samples holds nothing")
        self.entries = _room(size)
        self.ordered = _room(size)
        self.size = size
        self.count = self.head = 0

    def __dealloc__(self) -> None:
        free(self.entries)
        free(self.ordered)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _place(self, x: cython.double) -> cython.int:
        """How many samples are below x."""
        low: cython.int = 0
        high: cython.int = self.count
        middle: cython.int
        while low < high:
            middle = (low + high) >> 1
            if self.ordered[middle] < x:
                low = middle + 1
            else:
                high = middle
        return low

    @cython.ccall
    @cython.exceptval(-1)
    def push(self, x: cython.double) -> cython.int:
        k: cython.int
        if self.count == self.size:
            k = self._place(self.entries[self.head])
            self.count -= 1
            memmove(self.ordered + k, self.ordered + k + 1, (self.count - k) * 8)
        self.entries[self.head] = x
        self.head = self.head + 1 if self.head + 1 < self.size else 0
        k = self._place(x)
        memmove(self.ordered + k + 1, self.ordered + k, (self.count - k) * 8)
        self.ordered[k] = x
        self.count += 1
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def quantile(self, share: cython.double) -> cython.double:
        """Between the samples in proportion, as NumPy does by default; 0.5 is the median."""
        place: cython.double
        k: cython.int
        if self.count == 0:
            return _NAN
        place = share * (self.count - 1)
        k = cython.cast(cython.int, floor(place))
        if k + 1 >= self.count:
            return self.ordered[self.count - 1]
        return self.ordered[k] + (place - k) * (self.ordered[k + 1] - self.ordered[k])

    @cython.ccall
    @cython.exceptval(check=False)
    def rank(self, x: cython.double) -> cython.double:
        """Share of the samples that are at or below x."""
        k: cython.int = self._place(x)
        if self.count == 0:
            return _NAN
        while k < self.count and self.ordered[k] == x:
            k += 1
        return k / cython.cast(cython.double, self.count)


@cython.cclass
class RollingFit:
    """Least squares with intercept of y on x over the last `size` pairs, after `fit()`.

    beta = S_xy / S_xx, R2 = 1 - SSR / SST, t = beta / its standard error. NaN: beta without spread in x, R2 without
    spread in y, t with fewer than three pairs or a perfect fit.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a window of {size} samples holds nothing")
        self.x, self.y = _room(size), _room(size)
        self.size = size
        self.count = self.head = 0
        self.stale = True
        self.alpha = self.beta = self.r2 = self.t = float("nan")

    def __dealloc__(self) -> None:
        free(self.x)
        free(self.y)

    @cython.ccall
    @cython.exceptval(-1)
    def push(self, x: cython.double, y: cython.double) -> cython.int:
        self.x[self.head] = x
        self.y[self.head] = y
        self.head = self.head + 1 if self.head + 1 < self.size else 0
        if self.count < self.size:
            self.count += 1
        self.stale = True
        return 0

    @cython.ccall
    @cython.exceptval(-1)
    def fit(self) -> cython.int:
        """Bring the coefficients up to date: twice through the ring, nothing where no pair came since."""
        k: cython.int
        n: cython.int = self.count
        mean_x: cython.double = 0
        mean_y: cython.double = 0
        xx: cython.double = 0
        xy: cython.double = 0
        yy: cython.double = 0
        rest: cython.double = 0
        error: cython.double
        spread: cython.bint = False
        moved: cython.bint = False
        if not self.stale:
            return 0
        self.stale = False
        self.alpha = self.beta = self.r2 = self.t = _NAN
        if n == 0:
            return 0
        for k in range(n):
            mean_x += self.x[k]
            mean_y += self.y[k]
            spread = spread or self.x[k] != self.x[0]
            moved = moved or self.y[k] != self.y[0]
        if not spread:
            return 0
        mean_x /= n
        mean_y /= n
        for k in range(n):
            xx += (self.x[k] - mean_x) * (self.x[k] - mean_x)
            xy += (self.x[k] - mean_x) * (self.y[k] - mean_y)
            yy += (self.y[k] - mean_y) * (self.y[k] - mean_y)
        if xx <= 0:  # so small that its square vanishes
            return 0
        self.beta = xy / xx
        self.alpha = mean_y - self.beta * mean_x
        for k in range(n):
            error = self.y[k] - mean_y - self.beta * (self.x[k] - mean_x)
            rest += error * error
        if moved and yy > 0:
            self.r2 = 1 - rest / yy
        if n > 2 and rest > 0:
            self.t = self.beta / sqrt(rest / (n - 2) / xx)
        return 0


def numbers(given: Mapping[str, Any], *names: str) -> list[float]:
    """The first of these inputs that a case gives, as numbers."""
    for name in names:
        if name in given:
            if not isinstance(given[name], list):
                raise UsageError(f"{name} is a list of numbers, not {given[name]!r}")
            return [float(one) for one in given[name]]
    raise UsageError(f"the inputs lack {' or '.join(names)}")


def zscore(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """`zscore` of a case: `x` against `history`."""
    history = numbers(inputs, "history", "series")
    moments = RollingMoments(max(1, len(history)))
    for one in history:
        moments.push(one)
    return moments.zscore(float(inputs["x"]))


ANSWERS = {"zscore": zscore}
