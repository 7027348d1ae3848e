"""Logistic regression on one feature, and what predictions are worth: Brier score, AUC, calibration (metrics.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cython
from cython.cimports.libc.math import exp, fabs, log

from connectors.errors import UsageError

from .declare import NAN, stored
from .rolling import numbers

RIDGE = 1e-3  # only where the classes do not overlap: the likelihood then has no maximum
BINS = 10


@cython.ccall
@cython.exceptval(check=False)
def probability(z: cython.double) -> cython.double:
    """1 / (1 + e^-z)."""
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


@cython.cfunc
@cython.exceptval(check=False)
def _loss(
    x: cython.double[::1], y: cython.double[::1], b0: cython.double, b1: cython.double, ridge: cython.double
) -> cython.double:
    """Negative log-likelihood, penalised."""
    k: cython.int
    z: cython.double
    sum: cython.double = ridge / 2 * (b0 * b0 + b1 * b1)
    for k in range(x.shape[0]):
        z = b0 + b1 * x[k]
        sum += (z if z > 0 else 0.0) - z * y[k] + log(1 + exp(-fabs(z)))
    return sum


@cython.cfunc
@cython.exceptval(check=False)
def _overlap(x: cython.double[::1], y: cython.double[::1]) -> cython.bint:
    """Do both classes stand on both sides of something? Else the likelihood has no maximum."""
    k: cython.int
    most: cython.double[2]
    least: cython.double[2]
    c: cython.int
    most[0] = most[1] = -1e300
    least[0] = least[1] = 1e300
    for k in range(x.shape[0]):
        c = 1 if y[k] > 0.5 else 0
        most[c] = x[k] if x[k] > most[c] else most[c]
        least[c] = x[k] if x[k] < least[c] else least[c]
    return most[0] > least[1] and most[1] > least[0]


def fit(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """(b0, b1) of most likelihood, by Newton's steps, halved where they overshoot; NaN without data.

    Where one class lies wholly on one side of the other, a ridge of 1e-3 holds the coefficients.
    """
    x: cython.double[::1] = xs if hasattr(xs, "typecode") else stored("d", xs)
    y: cython.double[::1] = ys if hasattr(ys, "typecode") else stored("d", ys)
    k: cython.int
    p: cython.double
    w: cython.double
    b0: cython.double = 0
    b1: cython.double = 0
    n: cython.int = x.shape[0]
    ridge: cython.double
    before: cython.double
    after: cython.double
    step: cython.double
    if n == 0:
        return NAN, NAN
    ridge = 0 if _overlap(x, y) else RIDGE
    before = _loss(x, y, 0, 0, ridge)
    for _ in range(100):
        g0: cython.double = ridge * b0
        g1: cython.double = ridge * b1
        h00: cython.double = ridge
        h01: cython.double = 0
        h11: cython.double = ridge
        for k in range(n):
            p = probability(b0 + b1 * x[k])
            w = p * (1 - p)
            g0 += p - y[k]
            g1 += (p - y[k]) * x[k]
            h00 += w
            h01 += w * x[k]
            h11 += w * x[k] * x[k]
        w = h00 * h11 - h01 * h01
        if not w > 0:
            break
        d0: cython.double = (h11 * g0 - h01 * g1) / w
        d1: cython.double = (h00 * g1 - h01 * g0) / w
        step = 1
        while True:
            after = _loss(x, y, b0 - step * d0, b1 - step * d1, ridge)
            if after <= before + 1e-12 * fabs(before) or step < 1e-9:
                break
            step /= 2
        b0 -= step * d0
        b1 -= step * d1
        before = after
        if fabs(d0) + fabs(d1) < 1e-12 * (1 + fabs(b0) + fabs(b1)):
            break
    return b0, b1


def brier(p: Sequence[float], y: Sequence[float]) -> float:
    """Mean of (p - y)^2; 0.25 for one who always says one half."""
    return sum((a - b) ** 2 for a, b in zip(p, y, strict=True)) / len(p) if len(p) else NAN


def auc(score: Sequence[float], y: Sequence[float]) -> float:
    """Share of pairs of the two classes that the score puts in order, ties one half; NaN with one class."""
    order = sorted(zip(score, y, strict=True))
    ups = sum(1 for one in y if one > 0.5)
    downs = len(order) - ups
    if ups == 0 or downs == 0:
        return NAN
    won, below, k = 0.0, 0, 0
    while k < len(order):  # a run of equal scores at once
        last = k
        good = 0
        while last < len(order) and order[last][0] == order[k][0]:
            good += order[last][1] > 0.5
            last += 1
        bad = last - k - good
        won += good * (below + bad / 2)
        below += bad
        k = last
    return won / (ups * downs)


def calibration_error(p: Sequence[float], y: Sequence[float], least: int = 30) -> float:
    """Mean of |predicted - observed| over ten equal bins of p with `least` predictions or more; NaN without such a bin."""
    counts, predicted, observed = [0] * BINS, [0.0] * BINS, [0.0] * BINS
    for a, b in zip(p, y, strict=True):
        k = min(int(a * BINS), BINS - 1)
        counts[k] += 1
        predicted[k] += a
        observed[k] += b
    found = [abs(predicted[k] - observed[k]) / counts[k] for k in range(BINS) if counts[k] >= max(1, least)]
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
