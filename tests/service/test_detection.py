"""Staged episodes of the simulator: what is found and what is not, on seeds that no threshold was set with."""

from __future__ import annotations

from service.cases import EPOCH
from tests.support.staged import Watched, events

SECOND = 1_000_000_000


def test_liquidity_that_vanishes_is_found_and_calm_is_not() -> None:
    for seed in ("200", "201", "202"):
        desk = Watched(["liquidity_shock"], tick="0.01", coverage=0.8)
        for event in events(seed, [("calm", 75), ("shock", 12)]):
            desk.play(event)
        times = [(one.t - EPOCH) / SECOND for one in desk.kinds("liquidity_shock")]
        assert times
        assert min(times) >= 75


def test_a_wall_near_the_touch_that_is_pulled_is_told_with_its_evidence() -> None:
    found = 0
    for seed in ("200", "201", "202", "203", "204", "205"):
        desk = Watched(["spoof_score", "layering_score"], tick="0.01")
        for event in events(seed, [("calm", 10), ("spoof", 6), ("calm", 2)]):
            desk.play(event)
        for one in desk.kinds("spoof"):
            assert 0.6 <= one.evidence["score"] <= 1
            assert one.evidence["pulled"] - one.evidence["placed"] <= 30 * SECOND
        found += any(one.side == "bid" and one.t - EPOCH > 10 * SECOND for one in desk.kinds("spoof"))
    assert found >= 2
