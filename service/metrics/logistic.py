"""Logistic regression, and what predictions are worth: Brier score, AUC, calibration (metrics.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cython
from cython.cimports.libc.math import exp, fabs, log, sqrt

from connectors.errors import UsageError

from .declare import NAN, stored
from .rolling import numbers

RIDGE = 1e-3  # only where likelihood has no single maximum
FLAT = cython.declare(cython.double, 1e-13)  # of a diagonal: what rounding leaves of it where nothing is left
BINS = 10


@cython.ccall
@cython.exceptval(check=False)
def probability(z: cython.double) -> cython.double:
    """1 / (1 + e^-z)."""
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def _numbers(xs: Sequence[float]) -> Any:
    return xs if hasattr(xs, "typecode") else stored("d", xs)


@cython.cclass
class _Likelihood:
    """What some pairs say of coefficients b0, b1 …: after `weigh`, `loss` is their negative log-likelihood, penalised.

    `slope` is its gradient, `curve` the lower half of its Hessian row by row; `margin` is above 0 where each pair is on the
    right side of one half.
    """

    x: cython.double[::1]
    y: cython.double[::1]
    slope: cython.double[::1]
    curve: cython.double[::1]
    size: cython.int
    ridge: cython.double
    loss: cython.double
    margin: cython.double

    def __init__(self, x: Any, y: Any, features: int, ridge: float) -> None:
        self.x, self.y, self.size, self.ridge = x, y, features + 1, ridge
        self.slope = stored("d", [0.0] * (features + 1))
        self.curve = stored("d", [0.0] * (features + 1) ** 2)
        self.loss = self.margin = 0.0

    @cython.cfunc
    @cython.exceptval(check=False)
    def weigh(self, given: cython.double[::1]) -> cython.void:
        k: cython.Py_ssize_t
        i: cython.int
        j: cython.int
        z: cython.double
        e: cython.double
        f: cython.double
        d: cython.int = self.size
        loss: cython.double = 0
        margin: cython.double = 1e300
        b: cython.p_double = cython.address(given[0])
        x: cython.p_double = cython.address(self.x[0]) - 1  # x[j] is the feature of b[j]
        y: cython.p_double = cython.address(self.y[0])
        slope: cython.p_double = cython.address(self.slope[0])
        curve: cython.p_double = cython.address(self.curve[0])
        for j in range(d):
            loss += self.ridge / 2 * b[j] * b[j]
            slope[j] = self.ridge * b[j]
            for i in range(j + 1):
                curve[j * d + i] = self.ridge if i == j else 0
        for k in range(self.y.shape[0]):
            z = b[0]
            for j in range(1, d):
                z += b[j] * x[j]
            e = exp(-fabs(z))
            loss += (z if z > 0 else 0.0) - z * y[k] + log(1 + e)
            f = z if y[k] > 0.5 else -z
            margin = f if f < margin else margin
            f = (1 / (1 + e) if z >= 0 else e / (1 + e)) - y[k]
            e /= (1 + e) * (1 + e)
            slope[0] += f
            curve[0] += e
            for j in range(1, d):
                slope[j] += f * x[j]
                z = e * x[j]
                curve[j * d] += z
                for i in range(1, j + 1):
                    curve[j * d + i] += z * x[i]
            x += d - 1
        self.loss = loss
        self.margin = margin

    @cython.cfunc
    @cython.exceptval(check=False)
    def solve(self, step: cython.double[::1]) -> cython.bint:
        """Newton's step, by Cholesky; the Hessian is gone then. False: some coefficients cannot be told apart."""
        i: cython.int
        j: cython.int
        k: cython.int
        s: cython.double
        d: cython.int = self.size
        flat: cython.double = FLAT if self.ridge == 0 else 0.0
        for j in range(d):
            for i in range(j + 1):
                s = self.curve[j * d + i]
                for k in range(i):
                    s -= self.curve[j * d + k] * self.curve[i * d + k]
                if i < j:
                    self.curve[j * d + i] = s / self.curve[i * d + i]
                elif s > flat * self.curve[j * d + j]:
                    self.curve[j * d + j] = sqrt(s)
                else:
                    return False
        for j in range(d):
            s = self.slope[j]
            for k in range(j):
                s -= self.curve[j * d + k] * step[k]
            step[j] = s / self.curve[j * d + j]
        for j in range(d - 1, -1, -1):
            s = step[j]
            for k in range(j + 1, d):
                s -= self.curve[k * d + j] * step[k]
            step[j] = s / self.curve[j * d + j]
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def reach(self, b: cython.double[::1]) -> cython.double:
        """Most of |b0 + b1 x1 + …| over the pairs."""
        k: cython.Py_ssize_t
        j: cython.int
        z: cython.double
        most: cython.double = 0
        for k in range(self.y.shape[0]):
            z = b[0]
            for j in range(1, self.size):
                z += b[j] * self.x[k * (self.size - 1) + j - 1]
            most = fabs(z) if fabs(z) > most else most
        return most

    def climb(self) -> list[float] | None:
        """Coefficients of most likelihood, from 0 by Newton's steps, halved where they overshoot; None: there are none."""
        j: cython.int
        share: cython.double
        before: cython.double
        gain: cython.double
        b: cython.double[::1] = stored("d", [0.0] * self.size)
        step: cython.double[::1] = stored("d", [0.0] * self.size)
        self.weigh(b)
        for _ in range(100):
            before = self.loss
            gain = 0
            if not self.solve(step):
                return None if self.ridge == 0 else [b[j] for j in range(self.size)]
            for j in range(self.size):
                gain += self.slope[j] * step[j]
                b[j] -= step[j]
            self.weigh(b)
            share = 1
            while not self.loss <= before + 1e-12 * fabs(before) and share > 1e-9:
                share /= 2
                for j in range(self.size):
                    b[j] += share * step[j]
                self.weigh(b)
            if self.ridge == 0 and self.margin > 0:
                return None
            if gain <= 1e-13 * before:  # the next step would be lost in rounding
                break
        if self.ridge == 0 and not self.reach(step) < 1e-3:  # likelihood grows on and on, by less and less
            return None
        return [b[j] for j in range(self.size)]


def fit(xs: Sequence[float], ys: Sequence[float], features: int = 1) -> list[float]:
    """[b0, b1 …] of most likelihood, without penalty; NaN without data. `xs`: the features of one pair after another.

    Where likelihood has no single maximum (the classes can be told apart without error, a feature is constant or follows
    from the others), a ridge of 1e-3 holds the coefficients.
    """
    x, y = _numbers(xs), _numbers(ys)
    if len(x) != features * len(y):
        raise ValueError(f"{len(x)} numbers are not {features} features of {len(y)} pairs")
    if len(y) == 0:
        return [NAN] * (features + 1)
    found = _Likelihood(x, y, features, 0.0).climb()
    return (
        found if found is not None else _Likelihood(x, y, features, RIDGE).climb() or [NAN] * (features + 1)
    )


def brier(p: Sequence[float], y: Sequence[float]) -> float:
    """Mean of (p - y)^2; 0.25 for one who always says one half."""
    k: cython.Py_ssize_t
    sum: cython.double = 0
    said: cython.double[::1] = _numbers(p)
    came: cython.double[::1] = _numbers(y)
    for k in range(said.shape[0]):
        sum += (said[k] - came[k]) * (said[k] - came[k])
    return sum / said.shape[0] if said.shape[0] > 0 else NAN


def auc(score: Sequence[float], y: Sequence[float]) -> float:
    """Share of pairs of the two classes that the score puts in order, ties one half; NaN with one class."""
    import numpy as np

    k: cython.Py_ssize_t = 0
    last: cython.Py_ssize_t
    good: cython.double
    bad: cython.double
    ups: cython.double = 0
    below: cython.double = 0
    won: cython.double = 0
    said: cython.double[::1] = _numbers(score)
    came: cython.double[::1] = _numbers(y)
    order: cython.longlong[::1] = stored("q", np.argsort(np.asarray(said)).tolist())
    while k < said.shape[0]:  # a run of equal scores at once
        last = k
        good = bad = 0
        while last < said.shape[0] and said[order[last]] == said[order[k]]:
            if came[order[last]] > 0.5:
                good += 1
            else:
                bad += 1
            last += 1
        won += good * (below + bad / 2)
        below += bad
        ups += good
        k = last
    return won / (ups * below) if ups > 0 and below > 0 else NAN


def calibration_error(p: Sequence[float], y: Sequence[float], least: int = 30) -> float:
    """Mean of |predicted - observed| over ten equal bins of p with `least` predictions or more; NaN without such a bin."""
    k: cython.Py_ssize_t
    bin: cython.int
    counts, apart = [0] * BINS, [0.0] * BINS
    said: cython.double[::1] = _numbers(p)
    came: cython.double[::1] = _numbers(y)
    for k in range(said.shape[0]):
        bin = min(int(said[k] * BINS), BINS - 1)
        counts[bin] += 1
        apart[bin] += said[k] - came[k]
    found = [abs(apart[bin]) / counts[bin] for bin in range(BINS) if counts[bin] >= max(1, least)]
    return sum(found) / len(found) if found else NAN


def _pairs(inputs: Mapping[str, Any], *names: str) -> tuple[list[float], list[float]]:
    one, y = numbers(inputs, *names), numbers(inputs, "y", "up", "labels")
    if len(one) != len(y):
        raise UsageError(f"{len(one)} values of {names[0]} and {len(y)} outcomes")
    return one, y


def _fitted(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, float]:
    b0, b1 = fit(*_pairs(inputs, "x", "i", "I", "imbalance", "score"))
    return {"b0": b0, "b1": b1}


ANSWERS = {
    "brier": lambda params, inputs: brier(*_pairs(inputs, "p", "score")),
    "auc": lambda params, inputs: auc(*_pairs(inputs, "score", "p", "x")),
    "logistic_fit": _fitted,
}
