"""`maker_profile`, `execution_risk` of resting orders, `wash_indicators.unmatched`: by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from service.metrics.execution_risk import reached
from tests.support.desk import Desk

Event = dict[str, Any]


def book(t: float, bid: float = 99, ask: float = 101, size: float = 10) -> Event:
    return {"t": t, "type": "replace", "bids": [[bid, size]], "asks": [[ask, size]]}


def trade(t: float, side: str, price: float, size: float = 1) -> Event:
    return {"t": t, "type": "trade", "price": price, "size": size, "side": side}


def test_makers_of_each_side_keep_what_takers_of_the_other_pay() -> None:
    """A seller hits the bid at 99 (mid 100), then the mid falls by one: the bid's makers lost, the ask's were not there."""
    desk = Desk(["maker_profile"])
    desk.play(book(0), trade(1, "sell", 99), book(2, 97, 99), book(20, 97, 99))
    values = desk.values()
    assert values["maker_profile.captured{side=bid}"] == pytest.approx(0.02)
    assert values["maker_profile.kept{horizon=5s,side=bid}"] == pytest.approx(-0.02)
    assert values["maker_profile.adverse{horizon=5s,side=bid}"] == pytest.approx(0.04)
    assert values["maker_profile.kept{horizon=1s,side=bid}"] == pytest.approx(-0.02)
    assert values["maker_profile.losing{side=bid}"] == 1
    assert values["maker_profile.captured{side=ask}"] is None
    assert values["maker_profile.losing{side=ask}"] is None
    assert values["maker_profile.quote_lifetime{side=bid}"] == pytest.approx(2)
    assert values["maker_profile.depletions{side=bid}"] is None, "a minute has to be seen"


def test_depletions_of_a_minute_and_none_over_a_gap() -> None:
    desk = Desk(["maker_profile", "micro_price"])
    for t in range(70):
        desk.play(book(t + 0.5, 99 - t % 2, 101))
    values = desk.values()
    assert values["maker_profile.depletions{side=bid}"] == 30
    assert values["maker_profile.depletions{side=ask}"] == 0
    assert values["maker_profile.edge{side=bid}"] == -values["maker_profile.edge{side=ask}"]  # type: ignore[operator]
    desk.play({"t": 71, "type": "gap"}, {"t": 72, "type": "snapshot", "bids": [[99, 1]], "asks": [[101, 1]]})
    desk.play(book(74.5))
    assert desk.values()["maker_profile.depletions{side=bid}"] is None


def test_it_runs_the_same_beside_those_it_shares_with() -> None:
    events = [book(0), trade(1, "sell", 99), trade(1.5, "buy", 101, 2), book(2, 98, 100), book(9, 98, 100)]
    alone = Desk(["maker_profile"]).play(*events).values()
    among = Desk(["effective_spread", "limit_flow", "maker_profile", "execution_risk"]).play(*events).values()
    assert {name: among[name] for name in alone} == alone
    bids = alone["maker_profile.kept{horizon=5s,side=bid}"]
    asks = alone["maker_profile.kept{horizon=5s,side=ask}"]
    assert bids is not None
    assert asks is not None
    assert among["effective_spread.realized{horizon=5s}"] == pytest.approx((bids + 2 * asks) / 3)


def test_a_queue_of_prints_that_grows_loses_none() -> None:
    desk = Desk(["effective_spread"])
    desk.play(book(0))
    for k in range(1000):
        desk.play(trade(1 + k / 1000, "buy", 101))
    desk.play(book(70))
    assert desk.values()["effective_spread.realized{horizon=60s}"] == pytest.approx(0.02)


def test_windows_in_which_takers_reach_a_resting_order() -> None:
    assert reached([1, 2, 3, 4], 2, 5) == pytest.approx(2 / 3)
    assert reached([1, 2, math.nan, 4, 4], 2, 5) == pytest.approx(1 / 2)
    assert math.isnan(reached([1, math.nan], 2, 1))


def test_what_met_no_level_is_unmatched() -> None:
    """Half of 200 prints take from the bid what the book then lacks; the others leave no trace."""
    desk = Desk(["wash_indicators"])
    size = 1000.0
    desk.play(book(0, size=size))
    for k in range(300):
        at = 1 + k / 10
        if k % 2:
            desk.play(trade(at, "sell", 99))
            size -= 1
            desk.play({"t": at + 0.01, "type": "replace", "bids": [[99, size]], "asks": [[101, 1000]]})
        else:
            desk.play(trade(at, "sell", 99.5))
    assert desk.values()["wash_indicators.unmatched"] == pytest.approx(0.5, abs=0.03)
