"""Simulators with known answers (metrics.md 9.3): what comes out of the engine lies in the ranges given there."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from service.metrics import answers
from service.metrics.hawkes_branching import branching
from service.metrics.vpin import Buckets
from tests.support.desk import Desk

Event = dict[str, Any]


def stylised(depth: int, events: int, seed: int) -> Iterator[tuple[int, int, float, int]]:
    """S1: after each event the touch's sizes, the mid in ticks, and the sign of a trade (0: none)."""
    drawn = random.Random(seed)
    bid, ask = 1000, 1001
    size = [depth, depth]
    pressure = 0.0
    for _ in range(events):
        pressure = 0.99 * pressure + 0.14 * drawn.gauss(0, 1)
        side = drawn.randrange(2)
        lean = max(-1.0, min(1.0, 1 - size[side] / depth)) / 4 + (0.15 if side == 0 else -0.15) * pressure
        taker = 0
        if drawn.random() < 0.5 + lean:
            if size[side] >= depth and ask - bid > 1:
                bid, ask = (bid + 1, ask) if side == 0 else (bid, ask - 1)
                size[side] = 1
            else:
                size[side] += 1
        else:
            taker = (-1 if side == 0 else 1) if drawn.random() < 0.3 else 0
            size[side] -= 1
            if size[side] == 0:
                bid, ask = (bid - 1, ask) if side == 0 else (bid, ask + 1)
                size[side] = depth
        yield size[0] | (bid << 32), size[1] | (ask << 32), (bid + ask) / 2, taker


def impact(depth: int, width: int, events: int = 100_000) -> tuple[float, float, float, float]:
    """R2 on OFI, R2 on signed trades, c and the slope, over steps of `width` events, by the classes that run live."""
    x: list[float] = []
    trades: list[float] = []
    moves: list[float] = []
    ofi = signed = touch = 0.0
    last: tuple[int, int, int, int] | None = None
    start = 1000.5
    for n, (low, high, mid, taker) in enumerate(stylised(depth, events, 11), 1):
        bid, bids, ask, asks = low >> 32, low & 0xFFFFFFFF, high >> 32, high & 0xFFFFFFFF
        if last is not None:
            b, bs, a, as_ = last
            ofi += (bid >= b) * bids - (bid <= b) * bs - (ask <= a) * asks + (ask >= a) * as_
        last = bid, bids, ask, asks
        signed += taker
        touch += (bids + asks) / 2
        if n % width == 0:
            x.append(ofi)
            trades.append(signed)
            moves.append(mid - start)
            ofi, signed, start = 0.0, 0.0, mid
    regression = answers()["price_impact_regression"]
    flow = regression({"tick_size": 1, "avg_depth": touch / events}, {"x": x, "dmid": moves})
    return flow["r2"], regression({}, {"x": trades, "dmid": moves})["r2"], flow["c"], flow["beta"]


def test_in_the_stylised_book_order_flow_explains_the_mid() -> None:
    flow, trades, c, _ = impact(10, 200)
    assert flow > 0.8
    assert flow - trades > 0.25
    assert 0.30 <= c <= 0.50
    narrow, wide = impact(10, 50), impact(10, 1000)
    assert narrow[0] < flow < wide[0]
    betas = [impact(5, 1000)[3], wide[3], impact(20, 1000)[3]]
    slope = math.log(betas[2] / betas[0]) / math.log(4)
    assert -1.4 <= slope <= -0.9


def race(moves: int, seed: int) -> Iterator[Event]:
    """S2: one-tick spread, queues that race; after each move both are drawn anew."""
    drawn = random.Random(seed)

    def fresh() -> int:
        return 1 + int(math.log(1 - drawn.random()) / math.log(1 - 1 / 9))

    bid, queues, t, done = 10_000, [fresh(), fresh()], 0.0, 0
    first = True
    while done < moves:
        if first:
            kind, first = "snapshot", False
        else:
            t += drawn.expovariate(4.2) / 100
            side = drawn.randrange(2)
            queues[side] += 1 if drawn.random() < 1 / 2.1 else -1
            kind = "replace"
            if queues[side] == 0:
                bid += 1 if side == 1 else -1
                queues, done = [fresh(), fresh()], done + 1
        yield {"t": round(t, 9), "type": kind, "bids": [[bid, queues[0]]], "asks": [[bid + 1, queues[1]]]}


def test_in_a_race_of_queues_the_longer_one_wins_and_the_predictor_knows() -> None:
    """Sampled at a random update of each interval; the figures are slope 4.6, AUC 0.91 and Brier 0.12."""
    desk = Desk(["p_up"], tick="1")
    for event in race(1200, 5):
        desk.play(event)
    desk.readings.settle(desk.readings.clock(desk.readings.event_time) + 60 * 10**9)
    values = desk.values()
    found = desk.readings.metric("p_up").told("queue_imbalance_predictor")
    assert found["pairs"] > 1100
    assert found["b1"] == pytest.approx(4.6, abs=1)
    assert found["auc"] > 0.85
    assert found["brier"] == pytest.approx(0.12, abs=0.03)
    assert values["p_up.coefficient{term=queue_imbalance}"] == pytest.approx(found["b1"], rel=0.1)


@pytest.mark.parametrize(("trades", "wanted"), [(10, 0.246), (50, 0.112), (200, 0.056)])
def test_vpin_of_fair_flow_is_that_of_chance(trades: int, wanted: float) -> None:
    drawn = random.Random(trades)
    buckets = Buckets(2000)
    for _ in range(2000 * trades):
        buckets.add(1.0, float(drawn.random() < 0.5), float(trades))
    assert buckets.done == 2000
    assert buckets.vpin == pytest.approx(wanted, rel=0.06)
    assert abs(buckets.signed) <= buckets.vpin


def test_roll_finds_the_spread_that_was_put_in() -> None:
    drawn = random.Random(4)
    walk, prices = 100.0, []
    for _ in range(40_000):
        walk += drawn.gauss(0, 0.01)
        prices.append(walk + 0.05 * drawn.choice((-1, 1)))
    assert answers()["roll_spread"]({}, {"prices": prices}) == pytest.approx(0.1, abs=0.003)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 0.8])
def test_branching_is_found_again(ratio: float) -> None:
    """Clusters: each event has Poisson(n) children, exponentially later."""
    drawn = random.Random(9)
    times: list[float] = []
    t = 0.0
    while t < 3000:
        t += drawn.expovariate(1.0 - ratio)
        family = [t]
        while family:
            one = family.pop()
            times.append(one)
            chance, children = drawn.random(), 0
            limit = math.exp(-ratio)
            while chance > limit:
                chance *= drawn.random()
                children += 1
            family += [one + drawn.expovariate(5.0) for _ in range(children)]
    assert branching(sorted(times)[:2000])["n"] == pytest.approx(ratio, abs=0.12)
