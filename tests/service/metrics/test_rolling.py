"""Windows of samples against plain recomputation, with windows that fill, turn over and stand still."""

from __future__ import annotations

import math
import random
import statistics
from fractions import Fraction
from typing import Any

import pytest

from connectors.errors import UsageError
from service.metrics import answers
from service.metrics.rolling import RollingFit, RollingMoments, RollingRank, numbers


def samples(count: int, seed: int = 1, around: float = 0.0) -> list[float]:
    drawn = random.Random(seed)
    return [around + drawn.choice((drawn.gauss(0, 1), drawn.randint(-2, 2))) for _ in range(count)]


@pytest.mark.parametrize("around", [0.0, 1e9])
@pytest.mark.parametrize("size", [1, 2, 7, 300])
def test_moments_are_those_of_the_last_samples(size: int, around: float) -> None:
    moments, given = RollingMoments(size), samples(2000, size, around)
    for n, x in enumerate(given):
        before = given[max(0, n - size) : n]
        if len(set(before)) > 1:
            wanted = float(
                (Fraction(x) - statistics.mean(map(Fraction, before))) / Fraction(statistics.pstdev(before))
            )
            assert moments.zscore(x) == pytest.approx(wanted, rel=1e-6 if around else 1e-9)
        else:
            assert math.isnan(moments.zscore(x))
        moments.push(x)
    assert moments.mean() == pytest.approx(statistics.fmean(given[-size:]), rel=1e-12)
    assert moments.count == size


def test_what_stands_still_deviates_by_nothing_at_all() -> None:
    moments = RollingMoments(50)
    for x in [*samples(200), *[0.1] * 50]:
        moments.push(x)
    assert moments.sigma() == 0
    assert math.isnan(moments.zscore(0.2))
    assert math.isnan(moments.autocorrelation())


@pytest.mark.parametrize("size", [2, 8, 100])
def test_autocorrelation_is_that_of_neighbours_in_the_window(size: int) -> None:
    moments, given = RollingMoments(size), samples(333, 5)
    for x in given:
        moments.push(x)
    last = given[-size:]
    mean = statistics.fmean(last)
    products = sum((a - mean) * (b - mean) for a, b in zip(last[1:], last, strict=False))
    assert moments.autocorrelation() == pytest.approx(products / sum((x - mean) ** 2 for x in last))


@pytest.mark.parametrize("size", [1, 5, 64])
def test_ranks_and_quantiles_are_those_of_the_sorted_window(size: int) -> None:
    ranks, given = RollingRank(size), samples(500, 9)
    for n, x in enumerate(given, 1):
        ranks.push(x)
        last = sorted(given[max(0, n - size) : n])
        assert ranks.quantile(0.5) == pytest.approx(statistics.median(last))
        assert ranks.quantile(0) == last[0]
        assert ranks.quantile(1) == last[-1]
        assert ranks.rank(x) == sum(one <= x for one in last) / len(last)


def test_a_line_is_found_and_what_has_no_slope_has_none() -> None:
    fit = RollingFit(5)
    for x, y in [(9, 100), (2, 0.02), (-2, -0.03), (4, 0.05), (-4, -0.03), (0, 0.01)]:
        fit.push(x, y)
    fit.fit()
    assert fit.beta == pytest.approx(0.0105)
    assert fit.alpha == pytest.approx(0.004)
    assert fit.r2 == pytest.approx(0.934322033898305)
    assert fit.t == pytest.approx(6.532795676801679)
    for _ in range(5):
        fit.push(3, 1)
    fit.fit()
    assert math.isnan(fit.beta)
    flat = RollingFit(3)
    for x in (1, 2, 3):
        flat.push(x, 0.1)
    flat.fit()
    assert flat.beta == 0
    assert math.isnan(flat.r2)


@pytest.mark.parametrize("kind", [RollingMoments, RollingRank, RollingFit])
def test_empty_windows_say_nothing(kind: Any) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        kind(0)
    one = kind(3)
    found = [one.mean(), one.sigma()] if kind is RollingMoments else []
    found += [one.quantile(0.5), one.rank(1)] if kind is RollingRank else []
    if kind is RollingFit:
        one.fit()
        found = [one.beta, one.r2, one.t]
    assert all(math.isnan(x) for x in found)


def test_cases_feed_the_same_window() -> None:
    assert answers()["zscore"]({}, {"history": [1, 2, 3, 4], "x": 6}) == pytest.approx(3.1304951684997055)
    with pytest.raises(UsageError, match="history"):
        answers()["zscore"]({}, {"x": 6})
    with pytest.raises(UsageError, match="list"):
        numbers({"x": 5}, "x")
