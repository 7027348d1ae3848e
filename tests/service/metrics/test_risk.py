"""Shocks, fragility, stop-runs, stress, execution risk: by hand on the grid, and what a loss leaves of them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from service.metrics import answers
from tests.support.staged import Watched

Event = dict[str, Any]


def book(t: float, size: float = 10, middle: float = 100, spread: float = 0.02) -> Event:
    """Ten levels a side, 1 cent apart, around a middle."""
    low, high = Decimal(str(middle - spread / 2)), Decimal(str(middle + spread / 2))
    return {
        "t": t,
        "type": "replace",
        "bids": [[low - Decimal(k) / 100, size] for k in range(10)],
        "asks": [[high + Decimal(k) / 100, size] for k in range(10)],
    }


def trade(t: float, size: float, side: str, price: float = 100) -> Event:
    return {"t": t, "type": "trade", "price": price, "size": size, "side": side}


def quiet(until: int, keys: list[str], **more: Any) -> Watched:
    """A book whose depth wavers a little, second after second."""
    desk = Watched(keys, **more)
    for t in range(until):
        desk.play(book(t + 0.5, 10 + 0.1 * (t % 5)))
    return desk


def test_depth_that_vanishes_is_a_shock_on_its_side_and_counts_once() -> None:
    desk = quiet(100, ["liquidity_shock"], coverage=0.8)
    calm = desk.values()
    assert calm["liquidity_shock.depth_shocks{kind=depth,side=bid}"] == 0
    assert calm["liquidity_shock.z{side=bid}"] is not None
    thin = book(100.5, 10)
    thin["bids"] = [[price, 1] for price, _ in thin["bids"]]
    desk.play(thin, thin | {"t": 102.5}, thin | {"t": 103.5})
    values = desk.values()
    assert values["liquidity_shock.z{side=bid}"] is not None
    assert values["liquidity_shock.z{side=bid}"] < -4
    assert values["liquidity_shock.depth_shocks{kind=depth,side=bid}"] == 1
    assert values["liquidity_shock.depth_shocks{kind=depth,side=ask}"] == 0
    (episode,) = desk.kinds("liquidity_shock")
    assert episode.evidence["depth"] == pytest.approx(10)
    assert episode.evidence["median_depth"] == pytest.approx(102)
    assert desk.play({"t": 104, "type": "gap"}).values()["liquidity_shock.z{side=bid}"] is None


def test_a_spread_that_springs_open_is_a_shock() -> None:
    desk = quiet(100, ["liquidity_shock"], coverage=0.8)
    desk.play(book(100.5, 40, spread=0.10), book(101.5, 40, spread=0.10))
    assert desk.values()["liquidity_shock.spread_shocks{kind=spread,side=both}"] == 1


def test_below_sixty_samples_nothing_is_a_shock() -> None:
    desk = quiet(50, ["liquidity_shock"], coverage=0.8)
    desk.play(book(50.5, 0.1), book(51.5, 0.1))
    assert desk.values()["liquidity_shock.z{side=bid}"] is None
    assert desk.values()["liquidity_shock.depth_shocks{kind=depth,side=bid}"] == 0


def test_fragility_is_what_an_ordinary_burst_moves_over_an_ordinary_minute() -> None:
    params = {"fragility": {"volume": 35.0, "sigma": 0.001}}
    values = Watched(["fragility"], params=params).play(book(0)).values()
    assert values["fragility.ratio{side=buy}"] == pytest.approx((100.04 / 100 - 1) / 0.001)
    assert values["fragility.ratio{side=sell}"] == pytest.approx((1 - 99.96 / 100) / 0.001)
    assert values["fragility.exhausted{side=buy}"] == 0
    thin = Watched(["fragility"], params=params).play(book(0, 3)).values()
    assert (thin["fragility.ratio{side=buy}"], thin["fragility.exhausted{side=buy}"]) == (None, 1)
    unknown = Watched(["fragility"], coverage=0.8).play(book(0)).values()
    assert set(unknown.values()) == {None}, "neither the burst nor the minute is known yet"


def test_a_break_on_a_burst_that_is_taken_back_is_a_stop_run() -> None:
    desk = Watched(["stop_run"])
    for t in range(60):
        desk.play(book(t + 0.5), trade(t + 0.6, 1, "buy"))
    desk.play(book(60.4, middle=100.2), trade(60.5, 50, "buy"), book(65.5, middle=100.3))
    assert (
        desk.play(book(70.5, middle=100.2), book(71.5, middle=100.2)).values()["stop_run{direction=up}"] == 0
    )
    desk.play(book(80.5, middle=100.1), book(82.5, middle=100.1))
    assert desk.values()["stop_run{direction=up}"] == 1
    (episode,) = desk.kinds("stop_run")
    assert (episode.side, episode.evidence["level"]) == ("up", 100)
    assert episode.evidence["extreme"] == pytest.approx(100.3)
    without = Watched(["stop_run"])
    for t in range(60):
        without.play(book(t + 0.5), trade(t + 0.6, 1, "buy"))
    without.play(
        book(60.4, middle=100.2), trade(60.5, 0.1, "buy"), book(65, middle=100), book(70, middle=100)
    )
    assert without.values()["stop_run{direction=up}"] == 0


def test_stress_needs_two_signs_that_are_known() -> None:
    desk = Watched(["stress_level"], coverage=0.8)
    for t in range(130):
        desk.play(book(t + 0.5, 10 + 0.1 * (t % 5)))
    assert desk.values()["stress_level"] is None, "sigma rests on too few minutes"
    waived = Watched(["stress_level"])
    for t in range(300):
        waived.play(book(t + 0.5, 10 + 0.1 * (t % 5), middle=100 + 0.01 * (t // 60 % 2)))
    assert waived.values()["stress_level"] == 0
    waived.play(book(300.5, 0.1, middle=95), book(302.5, 0.1, middle=95))
    assert waived.values()["stress_level"] == 2


def test_execution_fails_where_the_book_is_thin_fades_or_was_at_fault() -> None:
    params = {"execution_risk": {"notional": (2000, 20_000)}}
    desk = Watched(["execution_risk"], params=params)
    for t in range(30):
        desk.play(book(t + 0.5))
    values = desk.values()
    assert values["execution_risk{notional=2000,side=buy}"] == pytest.approx(0)
    assert values["execution_risk{notional=20000,side=buy}"] == pytest.approx(0.5), "the book holds half"
    fading = Watched(["execution_risk"], params=params)
    for t in range(30):
        pulled = book(t + 1.05)
        pulled["asks"] = pulled["asks"][1:]
        fading.play(book(t + 0.5), pulled)
    assert fading.values()["execution_risk{notional=2000,side=buy}"] == pytest.approx(1)
    assert fading.values()["execution_risk{notional=2000,side=sell}"] == pytest.approx(0)
    desk.play({"t": 31, "type": "gap"}, book(32.5), book(34.5))
    assert desk.values()["execution_risk{notional=2000,side=buy}"] == pytest.approx(1), (
        "the feed was at fault"
    )
    desk.play(book(45.5))
    assert desk.values()["execution_risk{notional=2000,side=buy}"] == pytest.approx(0)
    parts = desk.readings.execution("buy", 20_000, 60, desk.readings.received)
    assert parts is not None
    assert (parts["fill_ratio"], parts["feed"], parts["fade"]) == (pytest.approx(0.5), 0, 0)
    assert math.isnan(parts["impact_cost"]), "the book cannot fill it"
    assert parts["queue_ahead"] == 10
    assert math.isnan(parts["fill_probability"]), "no trades were there to be seen"
    small = desk.readings.execution("buy", 2000, 60, desk.readings.received)
    assert small is not None
    assert small["impact_cost"] == pytest.approx(2000 / 100 * 0.0025 / 20 / 100 + 0.0001, abs=2e-4)
    assert desk.readings.execution("buy", 12_345, 60, desk.readings.received) is None
    desk.play({"t": 46, "type": "gap"})
    assert desk.readings.execution("buy", 20_000, 60, desk.readings.received) == {}


def test_cases_feed_the_same_formulas() -> None:
    found = answers()["liquidity_shock"]({}, {"history": [100, 102, 98, 101, 99, 100], "x": 40})
    assert found["z"] == pytest.approx(-70.95953692733)
    assert (found["change"], found["shock"]) == (pytest.approx(-0.6), True)
    small = answers()["liquidity_shock"]({"drop": 0.7}, {"history": [100, 102, 98], "x": 40})
    assert small["shock"] is False
    inputs = {"queue_ahead": 5, "size": 2, "opposing_volume": [0, 3, 8, 7, 12, 1, 0, 9]}
    assert answers()["fill_probability"]({}, inputs) == 0.5
    assert math.isnan(answers()["fill_probability"]({}, inputs | {"opposing_volume": []}))
    assert answers()["execution_risk"]({}, {"f5": 0.8, "fade": 0.5, "feed": 0}) == pytest.approx(0.6)
