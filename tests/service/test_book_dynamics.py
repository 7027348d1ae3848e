"""How the book's state moves: time beyond thresholds, half-lives, z-scores, resilience, standing size, as cases and live."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from service.exposition import Exposition, everything
from service.metrics import metrics
from tests.support.cases import results
from tests.support.desk import Desk

Event = dict[str, Any]
NONE: list[list[int]] = []


def fed(metric: str, params: dict[str, Any], **inputs: Any) -> Any:
    (found,) = results([{"id": 1, "metric": metric, "params": params, "inputs": inputs}])
    assert "error" not in found, found
    return found["value"]


def book(t: Any, bid: Any, ask: Any, kind: str = "replace", price: str = "100") -> Event:
    """A bid and an ask 0.1 apart with these sizes; none where the size is 0."""
    low, high = Decimal(price), Decimal(price) + Decimal("0.1")
    sides = {
        "bids": [[low, Decimal(str(bid))]] if bid else [],
        "asks": [[high, Decimal(str(ask))]] if ask else [],
    }
    return {"t": t, "type": kind, **sides}


# -- time above, averages ----------------------------------------------------------------------------------------------

SERIES = [[0, 0.2], [1, 0.6], [3, 0.55], [4, 0.4], [6, None], [7, 0.7], [8, -0.5], [8.5, -0.7]]


@pytest.mark.parametrize(
    ("threshold", "end", "wanted"),
    [
        (0.5, 9, 4),
        (0.55, 9, 4),
        (0.6, 9, 3),
        (0.5, 2, 1),
        (0.5, 0.5, 0),
        (-0.5, 9, 1),
        (-0.7, 10, 1.5),
        (-0.9, 10, 0),
        (0.5, 1, 0),
    ],
)
def test_time_above(threshold: float, end: float, wanted: float) -> None:
    assert fed("time_above", {"threshold": threshold, "t_end": end}, series=SERIES) == pytest.approx(wanted)


def test_time_above_nothing() -> None:
    assert fed("time_above", {"threshold": 0.5, "t_end": 9}, series=[]) == 0
    assert fed("time_above", {"threshold": 0.5, "t_end": 9}, series=[[0, None]]) == 0
    assert fed("time_above", {"threshold": 0.5}, series=SERIES) == 4, "without an end: until the last value"


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [(0, 6, (0.2 + 1.2 + 0.55 + 0.8) / 6), (2, 4, 0.575), (6, 7, None), (5, 8, (0.4 + 0.7) / 2), (0, 1, 0.2)],
)
def test_time_weighted_average(start: float, end: float, wanted: float | None) -> None:
    found = fed("time_weighted_average", {"t_start": start, "t_end": end}, series=SERIES)
    assert found == (None if wanted is None else pytest.approx(wanted))


def test_live_the_time_beyond_and_the_run_follow_the_imbalance() -> None:
    desk = Desk(["time_above"])
    desk.play(book(0, 4, 1, "snapshot"), book(2, 1, 1), book(3, 1, 4), book(5, 1, 9))
    values = desk.values(10**9)
    name = "time_above.beyond{{metric=queue_imbalance,sign={},threshold={}}}"
    assert values[name.format("positive", 0.5)] == 2
    assert values[name.format("positive", 0.7)] == 0
    assert values[name.format("negative", 0.5)] == 3
    assert values[name.format("negative", 0.7)] == 1
    assert values["time_above.run{metric=queue_imbalance}"] == -3
    assert values["time_above.run{metric=depth_imbalance_10}"] == -3
    desk.play({"t": 7, "type": "gap"}, book(20, 1, 4, "snapshot"))
    values = desk.values(10**9)
    assert values[name.format("negative", 0.5)] == 5, "the time without a book does not count"
    assert values["time_above.run{metric=queue_imbalance}"] == -1, "a resync ends the run"
    assert desk.play(book(22, 1, 1)).values()["time_above.run{metric=queue_imbalance}"] == 0


# -- half-life, z-score ------------------------------------------------------------------------------------------------


def test_the_half_life_needs_a_correlation_between_none_and_all() -> None:
    assert fed("imbalance_half_life", {"grid": 1}, x=[1, -1, 1, -1, 1])["half_life"] is None
    assert fed("imbalance_half_life", {"grid": 1}, x=[1, 1, 1]) == {"rho": None, "half_life": None}
    assert fed("imbalance_half_life", {"grid": 1}, x=[1]) == {"rho": None, "half_life": None}
    with_holes = fed("imbalance_half_life", {"grid": 1}, x=[3, None, 2, 2, 1, None, 0, -1])
    assert with_holes == fed("imbalance_half_life", {"grid": 1}, x=[3, 2, 2, 1, 0, -1])
    slow, fast = (fed("imbalance_half_life", {"grid": grid}, x=[3, 2, 2, 1, 0, -1]) for grid in (10, 1))
    assert slow["half_life"] == pytest.approx(10 * fast["half_life"])
    assert slow["rho"] == fast["rho"]


def test_on_the_grid_half_life_and_zscore_are_those_of_the_samples() -> None:
    sizes = [2 + math.sin(n / 9) + (n * 7 % 5) / 10 for n in range(420)]
    desk = Desk(["imbalance_half_life", "book_pressure_zscore"], coverage=0.8)
    for n, size in enumerate(sizes):
        desk.play(book(Decimal(n) + Decimal("0.3"), round(size, 6), 2, "snapshot" if n == 0 else "replace"))
        if n == 250:
            values = desk.values()
            assert values["imbalance_half_life.rho"] is None, "300 samples are asked for"
            assert values["book_pressure_zscore"] is not None
        if n == 58:
            assert desk.values()["book_pressure_zscore"] is None, "60 are, before the one that is judged"
    values = desk.values(700_000_000)
    held = [
        round(size, 6) for size in sizes[1:-1]
    ]  # what stands at each full second; the first is no whole step
    lean = [(size - 2) / (size + 2) for size in held]
    wanted = fed("imbalance_half_life", {"grid": 1}, x=lean[-300:])
    assert values["imbalance_half_life.rho"] == pytest.approx(wanted["rho"], abs=1e-9)
    assert values["imbalance_half_life.half_life"] == pytest.approx(wanted["half_life"], rel=1e-6)
    zscore = fed("zscore", {}, history=[size - 2 for size in held[:-1]], x=held[-1] - 2)
    assert values["book_pressure_zscore"] == pytest.approx(zscore, abs=1e-9)


def test_a_step_with_a_resync_is_no_sample() -> None:
    desk = Desk(["book_pressure_zscore"])
    for n in range(6):
        desk.play(book(n + 0.5, 1 + n % 3, 2, "snapshot" if n == 0 else "replace"))
    assert desk.play(book(6.6, 9, 2)).values()["book_pressure_zscore"] is not None
    desk.play({"t": 7.1, "type": "gap"}, book(7.2, 3, 2, "snapshot"), book(8.5, 3, 2))
    assert desk.values()["book_pressure_zscore"] is None
    assert desk.play(book(9.5, 4, 2)).values()["book_pressure_zscore"] is not None


# -- resilience --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "series", "wanted"),
    [
        ({}, [[0, 100], [1, 60], [2, 90]], []),
        ({}, [[0, 100], [1, 50], [2, 51], [3, 75], [4, 90]], [(2, 1)]),
        ({}, [[0, 100], [1, 40], [2, 80], [3, 30], [4, 70]], [(1, 1), (1, 1)]),
        ({}, [[0, 100], [1, 40], [2, 55], [3, 45], [4, 52], [5, 71]], [(4, 3)]),
        ({}, [[0, 100], [1, 20], [2, 55], [3, 10], [4, 54], [5, 55]], [(2, 3)]),
        ({}, [[0, 100], [1, 0], [2, 50], [3, 51]], [(1, 2)]),
        ({"theta": 0.2}, [[0, 100], [1, 79], [2, 90]], [(1, 1)]),
        ({}, [[0, 100], [1, 40], [2, None], [3, 90]], [(2, 2)]),
        ({}, [[0, 100], [1, 40], [302, 45], [303, 90]], []),
        ({}, [[0, 100], [1, 40], [301, 95]], [(300, 300)]),
        ({}, [[1, 40]], []),
        ({}, [], []),
        ({"kind": "spread", "baseline": 1}, [[0, 1], [1, 2], [2, 5], [3, 3], [4, 1.9]], [(1, 3)]),
        ({"kind": "spread", "baseline": 1, "theta": 0.5}, [[0, 1], [1, 1.5], [2, 1.2]], [(1, 1)]),
    ],
)
def test_resilience(params: dict[str, Any], series: list[Any], wanted: list[tuple[float, float]]) -> None:
    found = fed("resilience", {"baseline": 100, **params}, series=series)
    assert [(one["half_life"], one["exceedance"]) for one in found] == wanted


def test_the_baseline_is_an_average_that_stands_still_in_an_episode() -> None:
    quiet = [[n, 100] for n in range(60)]
    (one,) = fed("resilience", {}, series=[*quiet, [60, 40], [100, 60], [101, 71]])
    assert one == {"half_life": 41, "exceedance": 40}
    drift = fed("resilience", {"half_life": 10}, series=[[0, 100], [10, 60], [20, 49], [30, 47]])
    assert drift == [], "(100 + 60) / 2 and half of that is not reached: the baseline follows"


def test_live_shocks_are_counted_by_how_long_they_took() -> None:
    desk = Desk(["resilience"])
    desk.play(book(0, 10, 10, "snapshot"), book(1, 2, 2), book(1.2, 7, 2), book(3, 8, 8))
    values = desk.values()
    assert values["resilience.half_life{kind=bid}"] == pytest.approx(0.2)
    assert values["resilience.exceedance{kind=ask}"] == 2
    assert values["resilience.half_life{kind=depth}"] == 2
    assert values["resilience.half_life{kind=spread}"] is None
    bucket = "resilience.half_lives_bucket{{kind=depth,le={}}}"
    assert [values[bucket.format(le)] for le in ("1", "2.5", "300", "+Inf")] == [0, 1, 1, 1]
    assert values["resilience.half_lives_sum{kind=depth}"] == 2
    assert values["resilience.half_lives_count{kind=depth}"] == 1
    desk.play(book(4, 1, 1), {"t": 5, "type": "gap"}, book(6, 10, 10, "snapshot"))
    values = desk.values()
    assert values["resilience.censored{kind=depth}"] == 1
    assert values["resilience.half_lives_count{kind=depth}"] == 1, "an episode ends with its book"
    assert values["resilience.half_life{kind=depth}"] == 2


def test_what_lasts_for_minutes_becomes_the_baseline() -> None:
    desk = Desk(["resilience"]).play(book(0, 10, 10, "snapshot"), book(1, 2, 2), book(302, 2, 2.1))
    assert desk.values()["resilience.censored{kind=depth}"] == 1
    desk.play(book(303, 2.1, 2), book(304, 2, 2), book(1000, 2, 2.1))
    assert desk.values()["resilience.censored{kind=depth}"] == 1


def test_a_spread_that_opens_and_closes() -> None:
    wide = {"t": 2, "type": "replace", "bids": [[Decimal(100), 1]], "asks": [[Decimal("100.4"), 1]]}
    values = Desk(["resilience"]).play(book(0, 1, 1, "snapshot"), wide, book(5, 1, 1)).values()
    assert values["resilience.exceedance{kind=spread}"] == 3
    assert values["resilience.half_lives_bucket{kind=spread,le=5}"] == 1


def test_a_histogram_is_one_for_prometheus() -> None:
    desk = Desk(["resilience"]).play(book(0, 10, 10, "snapshot"), book(1, 2, 2), book(3, 8, 8))
    engine = type(
        "Alone",
        (),
        {"outputs": desk.plan.outputs, "books": {"x": desk.readings}, "feeds": [], "simulated": True},
    )
    text = Exposition(engine, everything).render(desk.now + 17_361 * 86_400 * 10**9).decode()  # type: ignore[arg-type]
    family = "obi_resilience_half_life_seconds"
    lines = text.splitlines()
    at = lines.index(f"# TYPE {family} histogram")
    block = lines[at + 1 : at + 29]
    assert all(line.startswith(family) for line in block)
    own = 'venue="case",market="spot",symbol="CASE-QUOTE"'
    assert f'{family}_bucket{{{own},kind="depth",le="2.5"}} 1.0' in block
    assert f'{family}_bucket{{{own},kind="depth",le="+Inf"}} 1.0' in block
    assert f'{family}_sum{{{own},kind="depth"}} 2.0' in block
    assert f'{family}_count{{{own},kind="spread"}} 0.0' in block


# -- standing size -----------------------------------------------------------------------------------------------------


def test_size_has_to_stand_for_its_time_to_count() -> None:
    desk = Desk(["persistent_depth_imbalance", "fleeting_depth_imbalance"])
    desk.play(book(0, 4, 4, "snapshot"), book(2, 12, 4))
    for later, wanted in ((0, None), (1.0, 0.0), (2.9, 0.0), (3.0, 0.5)):
        found = desk.values(int(later * 1e9))
        assert found["persistent_depth_imbalance{levels=10}"] == wanted, later
        assert found["fleeting_depth_imbalance{levels=10}"] == (None if wanted is None else 0.5 - wanted)
    desk.play(book(6, 0, 4), book(6.1, 12, 4))
    assert desk.values()["persistent_depth_imbalance{levels=10}"] == -1, "it was away for a moment"
    desk.play({"t": 7, "type": "gap"}, book(8, 12, 4, "snapshot"))
    assert desk.values(2_900_000_000)["persistent_depth_imbalance{levels=10}"] is None
    assert desk.values(3_000_000_000)["persistent_depth_imbalance{levels=10}"] == 0.5


def test_a_level_that_came_into_view_is_not_known_to_have_stood() -> None:
    desk = Desk(["persistent_depth_imbalance"], {"persistent_depth_imbalance": {"levels": (2,)}})
    desk.pair.depth = 3
    bids = [[100, 5], [99, 3], [98, 8], [97, 1]]
    asks = [[101, 5], [102, 3], [103, 8], [104, 1]]
    desk.play({"t": 0, "type": "snapshot", "bids": bids[:3], "asks": asks[:3]})
    name = "persistent_depth_imbalance{levels=2}"
    assert desk.values(3_000_000_000)[name] == 0
    desk.play({"t": 4, "type": "replace", "bids": bids[1:], "asks": asks[:3]})
    assert desk.values()[name] == pytest.approx((11 - 8) / 19), "98 was in view all the time"
    desk.play({"t": 5, "type": "replace", "bids": [*bids[2:], [96, 1]], "asks": asks[:3]})
    assert desk.values()[name] is None, "97 was not"
    assert desk.values(3_000_000_000)[name] == pytest.approx((9 - 8) / 17)


def test_every_group_of_the_book_has_its_metrics() -> None:
    assert {"micro_price", "persistent_depth_imbalance", "resilience", "time_above"} <= set(metrics())
