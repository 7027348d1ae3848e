"""The micro-price on chains whose answer is known (metrics.md 9.3, S2 and S3), and what it does where it knows little."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from service.metrics.quote_chain import QuoteChain
from tests.support.cases import results
from tests.support.desk import Desk

Event = dict[str, Any]
STILL = [(0.5, 0.3, 0, 0), (0.25, 0.4, 0.25, 0), (0, 0.25, 0.4, 0.25), (0, 0, 0.3, 0.5)]
UP = [0.02, 0.03, 0.07, 0.18]
AFTER_UP = [0.4, 0.3, 0.2, 0.1]


def test_a_known_chain_is_found_and_its_price_is_a_martingale() -> None:
    drawn, chain = random.Random(3), QuoteChain(4, 1, 6)
    state, mid = 0, 0
    path: list[tuple[int, int, int]] = []
    moves: list[int] = []
    for _ in range(300_000):
        weights = [*STILL[state], UP[state], UP[3 - state]]
        chosen = drawn.choices(range(6), weights)[0]
        jump = {4: 1, 5: -1}.get(chosen, 0)
        after = chosen if jump == 0 else drawn.choices(range(4), AFTER_UP if jump > 0 else AFTER_UP[::-1])[0]
        chain.count(state, after, jump)
        path.append((state, mid, len(moves)))
        state, mid = after, mid + jump
        if jump:
            moves.append(mid)
    assert chain.fit()
    assert list(chain.g) == pytest.approx([-0.422857, -0.171429, 0.171429, 0.422857], abs=0.01)
    assert list(chain.adjustment) == pytest.approx([-0.369627, -0.149849, 0.149849, 0.369627], abs=0.01)
    for one in range(4):
        # the errors of neighbouring events overlap: those six moves apart do not
        errors, free = [], 0
        for where, then, moved in path:
            if where == one and moved >= free and moved + 5 < len(moves):
                errors.append(moves[moved + 5] - then - chain.adjustment[one])
                free = moved + 6
        mean = sum(errors) / len(errors)
        error = (sum((x - mean) ** 2 for x in errors) / len(errors) ** 2) ** 0.5
        assert abs(mean) < 3 * error + 1e-9, (one, mean, error)


def race(moves: int, seed: int) -> list[tuple[int, int, int, bool]]:
    """A queue race with a spread of one tick: bid size, ask size, the next move, whether it comes with the next event."""
    drawn = random.Random(seed)
    found: list[tuple[int, int, int, bool]] = []

    def queue() -> int:
        size = 1
        while drawn.random() < 8 / 9:
            size += 1
        return size

    for _ in range(moves):
        queues = [queue(), queue()]
        start = len(found)
        while min(queues) > 0:
            found.append((queues[0], queues[1], 0, False))
            queues[drawn.random() < 0.5] += 1 if drawn.random() < 1 / 2.1 else -1
        move = 1 if queues[1] == 0 else -1
        found[start:] = [
            (bid, ask, move, n == len(found) - 1) for n, (bid, ask, _, _) in enumerate(found[start:], start)
        ]
    return found


@pytest.mark.parametrize(("buckets", "best"), [(10, True), (5, False)])
def test_in_a_queue_race_it_tells_the_next_mid_better_than_the_weighted_mid(buckets: int, best: bool) -> None:
    events = race(2_000, 11)
    chain = QuoteChain(buckets, 1, 6)
    states = [chain.state(100.0, bid, 101.0, ask, 1.0) for bid, ask, _, _ in events]
    for n in range(len(events) - 1):
        chain.count(states[n], states[n + 1], events[n][2] if events[n][3] else 0)
    assert chain.fit()
    errors = {"micro": 0.0, "weighted": 0.0, "mid": 0.0}
    for (bid, ask, move, _), state in zip(events, states, strict=True):
        lean = (bid - ask) / (bid + ask) / 2
        errors["micro"] += (move - chain.adjustment[state]) ** 2
        errors["weighted"] += (move - lean) ** 2
        errors["mid"] += move**2
    micro, weighted, mid = (errors[name] / len(events) for name in ("micro", "weighted", "mid"))
    assert mid == 1
    assert 0.7 < weighted < 0.86
    assert (micro < weighted - 0.03) == best, (micro, weighted)


def test_the_adjustment_is_antisymmetric_and_ignores_how_prices_are_rounded() -> None:
    drawn, chain = random.Random(5), QuoteChain(10, 4, 6)
    last, mid = 3, 0.0
    for _ in range(5_000):
        bid = round(drawn.randrange(990, 1010) * 0.1, 10)
        ask = bid + drawn.randrange(1, 7) * 0.1
        now = chain.state(bid, drawn.randrange(1, 50) / 10, ask, drawn.randrange(1, 50) / 10, 0.1)
        chain.count(last, now, ((bid + ask) / 2 - mid) / 0.1)
        last, mid = now, (bid + ask) / 2
    assert chain.fit()
    for state in range(40):
        mirrored = chain.adjustment[chain.mirror(state)]
        assert chain.adjustment[state] == pytest.approx(-mirrored, abs=1e-12)
    assert chain.mirror(chain.mirror(7)) == 7


def test_sizes_at_the_edge_of_a_bucket_go_up() -> None:
    chain = QuoteChain(10, 4, 6)
    for k in range(10):
        bid, ask = Decimal(k) / 10, 1 - Decimal(k) / 10
        assert chain.state(1.0, float(bid), 1.1, float(ask), 0.1) == k
    assert chain.state(1.0, 5.0, 1.1, 0.0, 0.1) == 9
    assert [chain.state(1.0, 1.0, 1.0 + s / 10, 1.0, 0.1) // 10 for s in (1, 2, 3, 4, 5, 9)] == [
        0,
        1,
        2,
        3,
        3,
        3,
    ]


def quote(t: float, bid: float, bid_size: float, ask: float, ask_size: float, kind: str = "replace") -> Event:
    def row(price: float, size: float) -> list[list[Decimal]]:
        return [[Decimal(str(price)), Decimal(str(size))]]

    return {"t": t, "type": kind, "bids": row(bid, bid_size), "asks": row(ask, ask_size)}


QUOTES = [
    (100, 1, 101, 3),
    (100, 3, 101, 1),
    (101, 1, 102, 3),
    (101, 3, 102, 1),
    (100, 3, 101, 1),
    (100, 1, 101, 3),
    (100, 3, 101, 1),
    (101, 2, 102, 2),
]
COARSE = {"imbalance_buckets": 2, "spread_buckets": 1, "tick_size": 1, "iterations": 6}


def evaluated(metric: str, params: dict[str, Any], **given: Any) -> Any:
    (found,) = results([{"id": 1, "metric": metric, "params": params, **given}])
    assert "error" not in found, found
    return found["value"]


def test_quotes_as_events_and_as_inputs_give_one_price() -> None:
    events = [quote(n, *one, "snapshot" if n == 0 else "replace") for n, one in enumerate(QUOTES)]
    rows = [list(one) for one in QUOTES]
    fed = evaluated("micro_price", COARSE, inputs={"l1": rows, "state": rows[-1]})
    assert evaluated("micro_price", COARSE, events=events) == pytest.approx(fed)
    found = evaluated("micro_price_adjustment", COARSE, inputs={"l1": rows})
    assert fed == pytest.approx(101.5 + found["adjustment"][1])
    cents = {**COARSE, "tick_size": Decimal("0.01")}
    scaled = [[Decimal(b) / 100, q, Decimal(a) / 100, r] for b, q, a, r in rows]
    small = evaluated("micro_price_adjustment", cents, inputs={"l1": scaled})
    assert small["adjustment"] == pytest.approx([one / 100 for one in found["adjustment"]])


def test_a_quote_that_did_not_change_is_no_transition_and_none_goes_across_a_gap() -> None:
    events = [quote(n, *one, "snapshot" if n == 0 else "replace") for n, one in enumerate(QUOTES)]
    doubled = [
        one
        for event in events
        for one in (event, event | {"type": "delta", "bids": [[50, 1 + event["t"]]], "asks": []})
    ]
    plain = evaluated("micro_price", COARSE, events=events)
    assert evaluated("micro_price", COARSE, events=doubled) == pytest.approx(plain)
    split = [*events[:4], {"t": 3.5, "type": "gap"}, events[4] | {"type": "snapshot"}, *events[5:]]
    assert evaluated("micro_price", COARSE, events=split) != pytest.approx(plain)


def test_without_a_tick_or_quotes_the_weighted_mid_stands_in_and_says_so() -> None:
    desk = Desk(["micro_price", "weighted_mid_price"], coverage=0.8)
    values = desk.play(quote(0, 100, 5, "100.05", 2, "snapshot")).values()  # type: ignore[arg-type]  # text is a price, too
    assert values["micro_price"] == values["weighted_mid_price"]
    assert values["micro_price.fallback"] == 1
    assert values["micro_price.bias_ticks{bucket=3}"] is None
    (found,) = results(
        [{"id": 1, "metric": "micro_price", "params": {}, "events": [quote(0, 100, 5, 101, 2, "snapshot")]}]
    )
    assert found["value"] == pytest.approx((101 * 5 + 100 * 2) / 7)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [quote(0, 100, 5, 101, 2, "snapshot"), {"t": 1, "type": "gap"}],
        [quote(0, 101, 5, 101, 2, "snapshot")],
        [quote(0, 100, 5, 101, 2, "snapshot"), {"t": 1, "type": "delta", "bids": [], "asks": [[101, 0]]}],
    ],
)
def test_without_a_mid_there_is_none(events: list[Event]) -> None:
    assert evaluated("micro_price", {"tick_size": 1}, events=events) is None


def test_live_it_is_fitted_once_a_minute_and_its_bias_is_near_zero() -> None:
    """The race as a feed: fitted to its first minute, right on average after it."""
    events, mid = race(500, 4), 1_000
    desk = Desk(["micro_price"], coverage=0.8, tick="1")
    for n, (bid, ask, move, moves) in enumerate(events):
        desk.play(quote(n / 100, mid, bid, mid + 1, ask, "snapshot" if n == 0 else "replace"))
        mid += move if moves else 0
    values = desk.values()
    assert values["micro_price.fallback"] == 0
    price, adjustment = values["micro_price"], values["micro_price.adjustment_ticks"]
    assert price is not None
    assert adjustment is not None
    bias = [values[f"micro_price.bias_ticks{{bucket={k}}}"] for k in range(10)]
    known = [one for one in bias if one is not None]
    assert len(known) == 10
    assert abs(sum(known) / 10) < 0.5
    assert -1 <= adjustment <= 1
    assert price == pytest.approx(adjustment + mid + 0.5 - (events[-1][2] if events[-1][3] else 0))
