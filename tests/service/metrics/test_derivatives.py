"""Liquidations, open interest, funding, basis and cascades: by hand, with what is not told left out."""

from __future__ import annotations

import math
from typing import Any

import pytest

from connectors.derivatives import DerivativeTicker, Population
from connectors.instruments import Instrument, Market
from service.metrics import answers
from service.metrics.declare import NAN, SECOND
from service.metrics.derivative_state import DerivativeState
from service.metrics.open_interest import quadrant
from tests.support.cases import near
from tests.support.desk import Desk

Event = dict[str, Any]
DERIVED = [
    "liquidation_imbalance",
    "liquidation_intensity",
    "open_interest_change",
    "signed_open_interest",
    "funding_rate",
    "basis",
    "cascade_score",
    "long_short_imbalance",
]


def start(t: float = 0) -> Event:
    return {"t": t, "type": "snapshot", **near(40)}


def closed(t: float, position: str, size: float, price: float = 100) -> Event:
    return {"t": t, "type": "liquidation", "position": position, "price": price, "size": size}


def told(t: float, **numbers: Any) -> Event:
    return {"t": t, "type": "derivative", **numbers}


def trade(t: float, size: float, side: str = "buy") -> Event:
    return {"t": t, "type": "trade", "price": 100, "size": size, "side": side}


def test_shorts_that_are_closed_are_forced_buying() -> None:
    desk = Desk(["liquidation_imbalance"]).play(start(), closed(1, "long", 5), closed(50, "short", 3))
    values = desk.values(int(10.9e9))
    assert values["liquidation_imbalance.ratio{window=60s}"] == pytest.approx((300 - 500) / 800)
    assert values["liquidation_imbalance.total{position=long}"] == 500
    assert values["liquidation_imbalance.feed_complete"] == 1
    later = desk.values(int(11e9))
    assert later["liquidation_imbalance.ratio{window=60s}"] == 1, "the first has left the window"
    assert later["liquidation_imbalance.long_quote{window=60s}"] == 0
    gone = desk.values(int(400e9))
    assert gone["liquidation_imbalance.ratio{window=300s}"] is None, "undefined, not zero"
    assert gone["liquidation_imbalance.total{position=short}"] == 300


def test_a_feed_that_was_hardly_there_says_nothing_of_its_window() -> None:
    desk = Desk(["liquidation_imbalance"], coverage=0.8).play(start(), closed(10, "long", 5))
    assert desk.values()["liquidation_imbalance.ratio{window=60s}"] is None
    assert desk.values(int(48e9))["liquidation_imbalance.ratio{window=60s}"] == -1


def test_intensity_halves_with_its_half_life() -> None:
    desk = Desk(["liquidation_intensity"]).play(start(), closed(1, "long", 5), closed(31, "long", 5))
    unit = math.log(2) / 30 * 500
    assert desk.values()["liquidation_intensity{position=long}"] == pytest.approx(1.5 * unit)
    assert desk.values(int(30e9))["liquidation_intensity{position=long}"] == pytest.approx(0.75 * unit)
    assert desk.values()["liquidation_intensity{position=short}"] == 0


def test_liquidations_outlive_the_book_and_the_basis_does_not() -> None:
    desk = Desk(DERIVED).play(
        start(), told(1, index=99.0, funding_rate=0.0002, funding_hours=4), closed(2, "long", 1)
    )
    values = desk.values()
    assert values["basis"] == pytest.approx(values_mid(desk) / 99 - 1)
    assert values["funding_rate"] == pytest.approx(0.0004)
    gone = desk.play({"t": 3, "type": "gap"}).values()
    assert gone["basis"] is None
    assert gone["funding_rate"] == pytest.approx(0.0004)
    assert gone["liquidation_imbalance.ratio{window=60s}"] == -1


def values_mid(desk: Desk) -> float:
    mid = desk.readings.context.mid
    assert mid == mid
    return float(mid)


def test_what_was_told_is_withdrawn_when_it_is_old_or_its_feed_is_gone() -> None:
    desk = Desk(DERIVED).play(start(), told(1, index=99.0, funding_rate=0.0001, open_interest=500))
    assert desk.values()["open_interest_change.level"] == 500
    assert desk.values(int(301e9))["funding_rate"] is None
    desk.pair.derivatives_since = 0
    desk.play(start(2))
    values = desk.values()
    assert (values["basis"], values["funding_rate"], values["open_interest_change.level"]) == (
        None,
        None,
        None,
    )


def test_who_is_long_holds_for_three_periods_of_its_own_time() -> None:
    desk = Desk(["long_short_imbalance"]).play(
        start(), told(0, longs={"accounts": 0.6}), told(300, longs={"top_positions": 0.25})
    )
    values = desk.values()
    assert values["long_short_imbalance{population=accounts}"] == pytest.approx(0.2)
    assert values["long_short_imbalance{population=top_positions}"] == pytest.approx(-0.5)
    assert values["long_short_imbalance{population=top_accounts}"] is None, "not told is not even"
    assert values["long_short_imbalance.age{population=accounts}"] == 300
    later = desk.values(int(601e9))
    assert later["long_short_imbalance{population=accounts}"] is None, "15 minutes after its period"
    assert later["long_short_imbalance.age{population=accounts}"] is None
    assert later["long_short_imbalance{population=top_positions}"] == pytest.approx(-0.5)


def test_a_share_ages_by_the_time_it_was_told_with_not_by_when_it_came() -> None:
    state, minute = DerivativeState(), 60 * SECOND
    one = Instrument("x", "X", "X-Y-PERP", Market.PERP, "X", "Y", "Y")

    def take(share: float, at: int, t: int) -> float:
        state.take(DerivativeTicker("X", at, longs={Population.ACCOUNTS: share}), one, NAN, t, 1)
        return state.value("longs.accounts", t)

    assert math.isnan(take(0.7, 0 * minute + 1, 16 * minute)), "the venue's last period is long over"
    assert take(0.6, 20 * minute, 21 * minute) == 0.6
    assert take(0.5, 15 * minute, 22 * minute) == 0.6, "an answer that was overtaken"
    assert math.isnan(state.value("longs.accounts", 36 * minute))
    assert take(0.4, 99 * minute, 40 * minute) == 0.4, "a time to come counts as now"
    assert math.isnan(state.value("longs.accounts", 56 * minute))
    state.forget()
    assert math.isnan(state.value("longs.accounts", 40 * minute))


def test_open_interest_is_compared_with_what_held_then() -> None:
    events = [told(0, open_interest=1000), told(200, open_interest=1100), told(290, open_interest=990)]
    desk = Desk(["open_interest_change"]).play(start(), *events)
    values = desk.values(int(10e9))
    assert values["open_interest_change.ratio{window=60s}"] == pytest.approx(990 / 1100 - 1)
    assert values["open_interest_change.ratio{window=300s}"] == pytest.approx(-0.01)
    assert values["open_interest_change.ratio{window=900s}"] is None, "nothing was told by then"


@pytest.mark.parametrize(
    ("price", "change", "place"), [(1, 1, 1), (1, -1, 2), (-1, -1, 3), (-1, 1, 4), (0, 1, None), (1, 0, None)]
)
def test_quadrants(price: float, change: float, place: int | None) -> None:
    found = quadrant(price, change)
    assert found == place if place else math.isnan(found)


def test_opening_is_signed_by_who_took() -> None:
    steps = [(299, 1000, 0), (500, 1200, 5), (700, 1100, -9), (1100, 1400, -4)]
    desk = Desk(["signed_open_interest"], {"signed_open_interest": {"window": (900,)}}).play(start())
    for t, level, taken in steps:
        if taken:
            desk.play(trade(t - 1, abs(taken), "buy" if taken > 0 else "sell"))
        desk.play(told(t, open_interest=level))
    values = desk.values(int(102e9))
    assert values["signed_open_interest{window=900s}"] == pytest.approx(200 - 300)
    inputs = {"oi": [1000, 1200, 1100, 1400], "volume_delta": [5, -9, -4]}
    assert answers()["signed_open_interest"]({}, inputs) == pytest.approx(-100)


def cascade(**more: Any) -> Any:
    given = {
        "long_liq_quote": 9e6,
        "short_liq_quote": 1e6,
        "taker_quote": 60e6,
        "oi_change": -0.018,
        "ret": -0.006,
        "sigma": 0.0012,
        "depth_hit_side": 2e6,
        "depth_baseline": 5e6,
    }
    return answers()["cascade_score"]({}, given | more)


def test_a_cascade_has_four_signs_and_the_move_must_be_the_forced_one() -> None:
    assert cascade() == {"score": 1.0, "direction": -1, "conditions": [True] * 4}
    assert cascade(ret=0.006)["conditions"][2] is False
    up = cascade(long_liq_quote=0, short_liq_quote=7e6, ret=0.006)
    assert (up["score"], up["direction"]) == (1.0, 1)
    even = cascade(long_liq_quote=5e6, short_liq_quote=5e6)
    assert (even["direction"], even["conditions"]) == (0, [True, True, False, False])
    assert cascade(oi_change=None)["conditions"][1] is None
    assert cascade(oi_change=None)["score"] == 0.75
    assert math.isnan(cascade(oi_change=None, ret=None)["score"])
    assert cascade(taker_quote=101e6)["conditions"][0] is False
    assert cascade(taker_quote=100e6)["conditions"][0] is True


def test_a_live_cascade_is_seen_and_told_once() -> None:
    desk = Desk(["cascade_score"])
    heard: list[Any] = []
    desk.readings.context.report = lambda *told: heard.append(told)
    desk.play(start(), told(0, open_interest=1000))
    for t in range(1, 400):
        desk.play({"t": t, "type": "delta", "bids": [[98, t % 3 + 1]], "asks": []}, trade(t + 0.5, 1))
    assert desk.values()["cascade_score.score"] == 0
    desk.play(told(400, open_interest=900), closed(400, "long", 50))
    desk.play(
        {"t": 401, "type": "snapshot", **near(36)},
        {"t": 403.5, "type": "delta", "bids": [[97, 1]], "asks": []},
    )
    values = desk.values()
    assert values["cascade_score.direction"] == -1
    assert values["cascade_score.score"] is not None
    assert values["cascade_score.score"] >= 0.75
    assert [(kind, side) for kind, side, _, _ in heard] == [("cascade", "down")]
    assert desk.play({"t": 404, "type": "gap"}).values()["cascade_score.score"] is None


def test_a_venue_that_tells_nothing_has_no_values() -> None:
    desk = Desk(DERIVED)
    desk.readings.context.derivative.declare(math.nan, 8.0)
    desk.play(start(), trade(1, 3), {"t": 70, "type": "delta", "bids": [[97, 1]], "asks": []})
    counters = {output.name for output in desk.plan.outputs if output.counter}
    assert {value for name, value in desk.values().items() if name not in counters} == {None}


@pytest.mark.parametrize(
    ("key", "inputs", "wanted"),
    [
        ("funding_rate", {"rate": 0.0001, "interval_hours": 1}, 0.0008),
        ("basis", {"mid": 101, "index": 100}, 0.01),
        ("long_short_imbalance", {"long": 60, "short": 40}, 0.2),
        ("long_short_imbalance", {"ratio": 1.5}, 0.2),
        ("open_interest_change", {"oi": [[0, 100], [60, 90]]}, -0.1),
    ],
)
def test_cases_feed_the_same_formulas(key: str, inputs: dict[str, Any], wanted: float) -> None:
    assert answers()[key]({}, inputs) == pytest.approx(wanted)
