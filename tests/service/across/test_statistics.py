"""What is computed between venues, against plain formulas, independent code, and properties that hold exactly (9.2)."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from orderflow_metrics.hayashi import TimedPrice, hayashi_yoshida_correlation, hayashi_yoshida_covariance

from service.across.contagion import contagion, correlation_matrix
from service.across.lead_lag import LAGS, hayashi_yoshida, lead_lag
from service.across.price_dislocation import dislocations, dispersion
from service.across.scene import outliers
from service.across.trace import Path, Trace, path_of
from service.across.venue_depth_share import shares_of
from service.across.venue_risk import Health, components, score
from service.formulas.concentration import hhi
from tests.support.street import Street

SECOND = 1_000_000_000
steps = st.lists(st.tuples(st.integers(1, 5), st.integers(-4, 4)), min_size=2, max_size=25)


def walk(changes: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """Times and values from (time since the last, change)."""
    time, value, found = 0, 100.0, []
    for wait, change in changes:
        time, value = time + wait, value + change
        found.append((time, value))
    return found


def plain(x: list[tuple[int, float]], y: list[tuple[int, float]], lag: int = 0) -> float:
    """The double sum, as it is written down."""
    total = 0.0
    for (a, before), (b, after) in pairwise(x):
        for (c, its_before), (d, its_after) in pairwise(y):
            if max(a, c - lag) < min(b, d - lag):
                total += (after - before) * (its_after - its_before)
    return total


@given(one=steps, other=steps, lag=st.integers(-6, 6))
def test_two_pointers_find_what_the_double_sum_finds(
    one: list[tuple[int, int]], other: list[tuple[int, int]], lag: int
) -> None:
    x, y = walk(one), walk(other)
    assert path_of(x).covariance(path_of(y), lag) == pytest.approx(plain(x, y, lag), abs=1e-9)


def test_independent_code_says_the_same() -> None:
    drawn = random.Random(3)
    for _ in range(200):
        x, y = (
            walk([(drawn.randint(1, 9), drawn.randint(-3, 3)) for _ in range(drawn.randint(3, 40))])
            for _ in range(2)
        )
        ours = hayashi_yoshida(path_of(x), path_of(y))
        theirs = [[TimedPrice(time, value) for time, value in one] for one in (x, y)]
        assert ours["cov"] == pytest.approx(hayashi_yoshida_covariance(*theirs), abs=1e-9)
        corr = hayashi_yoshida_correlation(*theirs)
        assert ours["corr"] == (None if math.isnan(corr) else pytest.approx(corr))


@given(changes=st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=25))
def test_on_one_clock_it_is_the_plain_realised_covariance(changes: list[tuple[int, int]]) -> None:
    x, y = (walk([(1, change[k]) for change in changes]) for k in (0, 1))
    wanted = sum(a * b for a, b in changes[1:])
    assert path_of(x).covariance(path_of(y), 0) == pytest.approx(wanted)


def delayed(seed: int, delay: int, count: int = 1500) -> tuple[Path, Path]:
    """A random walk at irregular times, and a copy that others see later."""
    drawn = random.Random(seed)
    time, value, points = 0, 100.0, []
    for _ in range(count):
        time += round(drawn.expovariate(4.0) * SECOND) + 1
        value += drawn.choice((-0.1, 0.1))
        points.append((time, value))
    return path_of(points), path_of([(at + delay, price) for at, price in points])


@pytest.mark.parametrize("milliseconds", [200, 1000])
def test_a_delayed_copy_is_found_at_its_delay(milliseconds: int) -> None:
    for seed in range(3):
        x, y = delayed(seed, milliseconds * 1_000_000)
        found = lead_lag(x, y)
        assert found is not None
        assert found.lag == milliseconds / 1000
        assert found.corr == pytest.approx(1, abs=1e-9)
        assert found.ratio is not None
        assert found.ratio > 3
        back = lead_lag(y, x)
        assert back is not None
        assert back.lag == -found.lag
        assert back.ratio == pytest.approx(1 / found.ratio)


def test_ties_go_to_the_smaller_lag_and_a_path_without_changes_says_nothing() -> None:
    x = path_of([(0, 1.0), (100 * SECOND, 2.0)])
    y = path_of([(0, 1.0), (100 * SECOND, 2.0)])
    found = lead_lag(x, y)
    assert found is not None
    assert (found.lag, found.corr) == (0, 1)
    assert lead_lag(x, path_of([(0, 1.0), (5, 1.0)])) is None
    assert tuple(sorted(LAGS)) == LAGS


def test_no_change_goes_over_a_break() -> None:
    trace = Trace(8)
    for time, mid in enumerate((100.0, 101.0, math.nan, 150.0, 151.0), 1):
        trace.note(mid, time * SECOND, time * SECOND)
    path = trace.since(0, exchange=False)
    assert path.changes() == 2
    assert path.power() == 2


def test_a_full_ring_keeps_the_newest_and_says_from_when_on() -> None:
    trace = Trace(4)
    for time in range(1, 11):
        trace.note(float(time), time, time + 1)
    assert (trace.count, trace.oldest(exchange=False), trace.oldest(exchange=True)) == (4, 7, 8)
    path = trace.since(8, exchange=False)
    assert (path.count, path.changes()) == (3, 2)


@given(rows=st.lists(st.lists(st.integers(-9, 9), min_size=6, max_size=6), min_size=2, max_size=6))
def test_absorption_lies_between_one_of_n_and_one(rows: list[list[int]]) -> None:
    found = contagion([[float(value) for value in row] for row in rows])
    assume(found is not None)
    assert found is not None
    assert 1 / len(rows) - 1e-12 <= found["absorption"] <= 1 + 1e-12
    assert -1 - 1e-12 <= found["mean_corr"] <= 1 + 1e-12


@pytest.mark.parametrize("n", [2, 3, 5])
def test_equal_correlations_give_their_known_absorption(n: int) -> None:
    common = [1.0, -1.0] * 16
    own = [[(-1.0) ** ((at >> (k + 1)) & 1) for at in range(32)] for k in range(min(n, 4))]
    own += [[(-1.0) ** (((at >> 1) ^ (at >> 2)) & 1) for at in range(32)]] * (n - len(own))
    series = [[0.75 * shared + part for shared, part in zip(common, one, strict=True)] for one in own]
    matrix = correlation_matrix(series)
    assert matrix is not None
    rho = matrix[0][1]
    assert all(matrix[i][j] == pytest.approx(rho) for i in range(n) for j in range(n) if i != j)
    found = contagion(series)
    assert found is not None
    assert found["absorption"] == pytest.approx((1 + (n - 1) * rho) / n)
    assert found["mean_corr"] == pytest.approx(rho)


def test_what_never_changes_has_no_correlation() -> None:
    assert contagion([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]) is None
    assert contagion([[1.0, 2.0]]) is None


levels = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 50)), min_size=1, max_size=6, unique_by=lambda one: one[0]
)


@given(books=st.lists(st.tuples(levels, levels), min_size=2, max_size=4))
def test_with_one_common_mid_the_consolidated_imbalance_is_the_weighted_mean(
    books: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]],
) -> None:
    made = Street()
    for number, (bids, asks) in enumerate(books):
        made.open(
            f"v{number}",
            book={
                "bids": [[Decimal(9999) / 100, 1], *([Decimal(9999 - k) / 100, size] for k, size in bids)],
                "asks": [[Decimal(10001) / 100, 1], *([Decimal(10001 + k) / 100, size] for k, size in asks)],
            },
        )
    values, scene = made.values(), made.group().scene()
    for bps in (5, 10, 25, 50, 100):
        sides = [scene.band(name, bps) for name in scene.names]
        weights = [side.bid + side.ask for side in sides]
        own = [side.imbalance or 0.0 for side in sides]
        wanted = sum(map(float.__mul__, weights, own)) / sum(weights)
        assert values[f"consolidated_imbalance{{band_bps={bps}}}"] == pytest.approx(wanted, abs=1e-12)


def test_dislocations_leave_the_venue_itself_out() -> None:
    found = dislocations({"a": 100.0, "b": 100.1, "c": 102.0})
    assert found["c"] == pytest.approx(102 / 100.05 - 1)
    assert dislocations({"a": 100.0}) == {"a": None}
    assert dispersion({"a": 100.0, "b": 102.0}) == pytest.approx(0.02)
    assert dispersion({"a": 100.0}) is None


@pytest.mark.parametrize(
    ("mids", "out"),
    [
        ({"a": 100.0, "b": 105.0}, []),
        ({"a": 100.0, "b": 100.1, "c": 100.9}, []),
        ({"a": 100.0, "b": 100.1, "c": 102.0}, ["c"]),
        ({"a": 100.0, "b": 100.1, "c": 100.2, "d": 90.0, "e": 120.0}, ["e", "d"]),
        ({"a": 100.0, "b": 100.0, "c": 101.0}, []),
        ({"a": 100.0, "b": 100.0, "c": 101.01}, ["c"]),
    ],
)
def test_outliers(mids: dict[str, float], out: list[str]) -> None:
    assert outliers(mids) == out


@given(depths=st.lists(st.floats(0.01, 1e6), min_size=1, max_size=9))
def test_shares_sum_to_one_and_hhi_lies_between_one_of_n_and_one(depths: list[float]) -> None:
    shares = shares_of(dict(zip("abcdefghi", depths, strict=False)))
    assert sum(shares.values()) == pytest.approx(1)
    concentration = hhi(list(shares.values()))
    assert concentration is not None
    assert 1 / len(depths) - 1e-12 <= concentration <= 1 + 1e-12


def test_the_parts_of_the_risk_are_clipped_and_any_alone_can_be_enough() -> None:
    parts = components(age=100, stale_after=5, gaps_per_hour=1, dislocation=-0.02, depth_share=0.3)
    assert parts == [1.0, 0.1, None, 1.0, None]
    assert score(parts) == 1
    assert components(depth_share=0.5, depth_share_baseline=0.25)[4] == 0
    assert score([None, None]) == 0


def test_downtime_begins_when_a_book_was_first_live() -> None:
    health = Health()
    for second in range(1200):
        health.note(second // 60, 1.0, live=second >= 100 and not 700 <= second < 810, faults=second // 400)
    assert health.downtime(19) == pytest.approx(0.1, rel=1e-3)
    assert health.gaps(19) == 2
    assert Health().downtime(0) is None
    assert health.gaps(19 + 61) == 0
