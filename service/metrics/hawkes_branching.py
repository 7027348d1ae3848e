"""`hawkes_branching`: how much of the trading answers trading."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp, fabs, log
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, stored
from .rolling import numbers

LAST, FEWEST = 2_000, 100
_EVERY = cython.declare(cython.int, 300)  # seconds
_GOLDEN = cython.declare(cython.double, 0.6180339887498949)


@cython.cfunc
@cython.exceptval(check=False)
def _best(
    times: cython.double[::1], memory: cython.double[::1], beta: cython.double, found: cython.double[::1]
) -> cython.double:
    """Log-likelihood at this beta with the best mu and branching ratio, which go to `found`.

    For a fixed beta it is concave in both: Newton's steps inside mu > 0, n >= 0. memory is scratch: one place a time.
    """
    k: cython.int
    n: cython.int = times.shape[0]
    span: cython.double = times[n - 1] - times[0]
    aged: cython.double = 0  # what the kernels add up to by the end, for n = 1
    rate: cython.double
    like: cython.double
    mu: cython.double = 0.5 * n / span
    ratio: cython.double = 0.5
    step: cython.double
    before: cython.double = -1e300
    memory[0] = 0
    for k in range(1, n):
        memory[k] = (memory[k - 1] + beta) * exp(-beta * (times[k] - times[k - 1]))
    for k in range(n):
        aged += 1 - exp(-beta * (times[n - 1] - times[k]))
    for _ in range(50):
        like = -mu * span - ratio * aged
        g0: cython.double = -span
        g1: cython.double = -aged
        h00: cython.double = 0
        h01: cython.double = 0
        h11: cython.double = 0
        for k in range(n):
            rate = mu + ratio * memory[k]
            like += log(rate)
            g0 += 1 / rate
            g1 += memory[k] / rate
            h00 += 1 / (rate * rate)
            h01 += memory[k] / (rate * rate)
            h11 += memory[k] * memory[k] / (rate * rate)
        if fabs(like - before) < 1e-10 * (1 + fabs(like)):
            break
        before = like
        det: cython.double = h00 * h11 - h01 * h01
        if not det > 0:
            break
        d0: cython.double = (h11 * g0 - h01 * g1) / det
        d1: cython.double = (h00 * g1 - h01 * g0) / det
        step = 1
        while (mu + step * d0 <= 0 or ratio + step * d1 < 0) and step > 1e-6:
            step /= 2
        if step <= 1e-6:  # the best lies on the border: without branching the rate is the mean one
            if ratio < 1e-4:
                ratio = 0
                mu = n / span
            break
        mu += step * d0
        ratio += step * d1
    found[0] = mu
    found[1] = ratio
    found[2] = beta
    return before


def branching(times: Sequence[float]) -> dict[str, float]:
    """mu, alpha, beta (a second) and n = alpha / beta of most likelihood for these times in seconds; NaN for too few.

    Prints of one time are one event: a kernel without a delay would explain them by itself.
    """
    k: cython.int
    apart = sorted(set(times))
    found = stored("d", [NAN] * 3)
    if len(apart) >= 10:
        given: cython.double[::1] = stored("d", [one - apart[0] for one in apart])
        memory: cython.double[::1] = stored("d", [0.0] * len(apart))
        mean: cython.double = (max(apart) - apart[0]) / len(apart)
        low: cython.double = log(0.02 / mean)  # kernels from fifty mean gaps down to a hundredth of one
        high: cython.double = log(100 / mean)
        scratch: cython.double[::1] = stored("d", [0.0] * 3)
        best: cython.double = -1e300
        at: cython.double = low
        for k in range(13):  # where is the hill? Then up it, by golden section
            value: cython.double = _best(given, memory, exp(low + (high - low) * k / 12), scratch)
            if value > best:
                best = value
                at = low + (high - low) * k / 12
        left: cython.double = max(low, at - (high - low) / 12)
        right: cython.double = min(high, at + (high - low) / 12)
        one: cython.double = right - _GOLDEN * (right - left)
        other: cython.double = left + _GOLDEN * (right - left)
        of_one: cython.double = _best(given, memory, exp(one), scratch)
        of_other: cython.double = _best(given, memory, exp(other), scratch)
        for _ in range(25):
            if of_one > of_other:
                right = other
                other = one
                of_other = of_one
                one = right - _GOLDEN * (right - left)
                of_one = _best(given, memory, exp(one), scratch)
            else:
                left = one
                one = other
                of_one = of_other
                other = left + _GOLDEN * (right - left)
                of_other = _best(given, memory, exp(other), scratch)
        _best(given, memory, exp((left + right) / 2), found)
    return {"mu": found[0], "alpha": found[1] * found[2], "beta": found[2], "n": found[1]}


@cython.cclass
class HawkesBranching(Metric):
    """n = alpha / beta of an exponential Hawkes process fitted to the last 2,000 trades every 5 minutes.

    lambda = mu + sum of alpha e^(-beta (t - t_i)) (metrics.md 2.4). Near 1 the flow feeds itself. 100 prints at least.
    """

    declaration = Declaration(
        key="hawkes_branching",
        help="Share of trades that answer earlier trades; near 1 the flow feeds itself.",
        formula="n = alpha / beta, lambda = mu + sum alpha exp(-beta (t - t_i))",
        source="metrics.md 2.4; Ozaki 1979 on the likelihood",
        bounds=(0, None),
        group="trades",
        feed="trades",
    )
    times: Any
    begun: cython.longlong
    dirty: cython.bint

    def prepare(self) -> None:
        self.times = deque(maxlen=LAST)
        self.begun = -1
        self.dirty = False

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        if self.begun < 0 or self.context.trades.since > self.begun:  # times across a gap tell of the gap
            self.times.clear()
            self.begun = self.context.trades.since
        self.times.append(t)
        self.dirty = True
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if self.context.is_turn(t, _EVERY, 10) and self.dirty:
            self._fit()
        return 0

    def _fit(self) -> None:
        self.dirty = False
        least = FEWEST if self.context.trades.least > 0 else 10
        first = self.times[0] if self.times else 0
        times = [(one - first) / SECOND for one in self.times]
        self.row[self.at] = branching(times)["n"] if len(times) >= least else NAN

    def told(self, asked: str = "") -> Any:
        self._fit()
        return self.row[self.at]


def of_times(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `times` of trades in seconds."""
    return branching(numbers(inputs, "times", "t"))["n"]


ANSWERS = {"hawkes_branching": of_times}
