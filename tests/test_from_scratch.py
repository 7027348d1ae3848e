"""Incremental equals from scratch (metrics.md 9.2, 11): after a long stream no rounding and no forgotten event is left."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.cases import PRICES, near
from tests.support.desk import Desk
from tests.support.plain_metrics import AGED as OLD
from tests.support.plain_metrics import PLAIN, answer, same
from tests.test_every_metric import COUNTERS, alike, equal

Event = dict[str, Any]


def walk(count: int, seed: int) -> Iterator[Event]:
    """A long stream: levels come, change and go around a price that wanders."""
    drawn = random.Random(seed)
    first = near(40)
    yield {"t": Decimal(0), "type": "snapshot", **first}
    bids, asks = (dict(first[side]) for side in ("bids", "asks"))
    middle = 40
    for n in range(1, count):
        middle = min(60, max(20, middle + drawn.choice((-1, 0, 0, 0, 0, 1))))
        changes: dict[str, list[Any]] = {"bids": [], "asks": []}
        for price in [p for p in bids if p >= PRICES[middle]]:
            changes["bids"].append([price, Decimal(0)])
        for price in [p for p in asks if p < PRICES[middle]]:
            changes["asks"].append([price, Decimal(0)])
        for _ in range(drawn.randint(1, 3)):
            size = Decimal(drawn.randint(0, 10**7)) / 10**5 if drawn.random() < 0.8 else Decimal(0)
            if drawn.random() < 0.5:
                changes["bids"].append([PRICES[middle - 1 - drawn.randrange(15)], size])
            else:
                changes["asks"].append([PRICES[middle + drawn.randrange(15)], size])
        for side, levels in (("bids", bids), ("asks", asks)):
            for price, size in changes[side]:
                levels.pop(price, None)
                if size:
                    levels[price] = size
        yield {"t": Decimal(n) / 50, "type": "delta", **changes}
        if n % 7 == 0:
            price, side = PRICES[middle], drawn.choice(("buy", "sell"))
            yield {
                "t": Decimal(n) / 50,
                "type": "trade",
                "price": price,
                "size": Decimal(n % 13 + 1) / 8,
                "side": side,
            }


STATE = [
    key
    for key in PLAIN
    if key not in ("ofi", "mlofi", "trade_flow_imbalance", "volume_delta", "cvd", "trade_intensity", *OLD)
]


WINDOWED = (  # what the last five minutes decide
    *("normalized_ofi", "generalized_ofi", "ofi_decomposition", "effective_spread"),
    *(
        f"maker_profile.{name}"
        for name in ("captured", "kept", "adverse", "losing", "quote_lifetime", "depletions")
    ),
    *("limit_flow.cancel_to_add", "limit_flow.net_limit_flow_imbalance", "limit_flow.order_to_trade"),
    *(
        "fleeting_volume_ratio",
        "trade_flow_imbalance",
        "volume_delta",
        "queue_imbalance",
        "book_messages.changes",
    ),
    *("trade_sweeps", "execution_risk", "roll_spread", "impact_cost", "spread", "weighted_depth_imbalance"),
)
RECENT = 20_000  # updates, of which 50 are a second


def from_scratch(count: int) -> None:
    """After a long stream, values equal those computed anew: of the last book, and of the last minutes' events."""
    desk, tail = Desk(), deque[Event](maxlen=5001)
    late_comer = Desk()
    now, before = Levels(), Levels()  # the book after all events, and before those of the tail
    fills: list[Event] = []
    for event in walk(count, count):
        desk.play(event)
        if event["t"] == Decimal(count - RECENT) / 50 and event["type"] == "delta":
            late_comer.play({"t": event["t"], "type": "snapshot", **now.rows()})
        if event["t"] >= Decimal(count - RECENT) / 50:
            late_comer.play(event)
        now.apply(event)
        if len(tail) == 5000:
            before.apply(tail.popleft())
        tail.append(event)
        if event["type"] == "trade":
            fills.append(event)
    found = desk.values()
    if count > RECENT:
        recent = late_comer.values()
        names = [name for name in found if name.startswith(WINDOWED) and name not in COUNTERS]
        assert len(names) > 60
        alike(found, recent, names)
    fresh = Desk(STATE).play({"t": 0, "type": "snapshot", **now.rows()}).values()
    for name, value in fresh.items():
        if "stat=" not in name:
            assert equal(found[name], value), (name, found[name], value)
    last = tail[-1]["t"]
    late = [{"t": tail[0]["t"], "type": "snapshot", **before.rows()}, *tail]
    for window in (1, 10, 60):
        params = {"window": window, "t_eval": last}
        assert same(found[f"ofi{{window={window}s}}"], answer("ofi", params, late))
        assert same(found[f"volume_delta{{window={window}s}}"], answer("volume_delta", params, list(tail)))
    for level, wanted in enumerate(answer("mlofi", {"window": 10, "levels": 5, "t_eval": last}, late), 1):
        assert same(found[f"mlofi{{level={level},window=10s}}"], wanted)
    for key in OLD:
        wanted = answer(key, {"levels": 10, "min_age": 3, "t_eval": last}, late)
        assert same(found[f"{key}{{levels=10}}"], wanted)
    assert same(found["cvd"], answer("cvd", {"t_eval": last}, fills))
    for side in ("buy", "sell"):
        given: dict[str, Any] = {"side": side, "t_eval": last}
        assert same(found[f"trade_intensity{{side={side}}}"], answer("trade_intensity", given, fills))


class Levels:
    """Both sides of a book as plain rows."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[Decimal, Decimal]] = {"bids": {}, "asks": {}}

    def apply(self, event: Event) -> None:
        for side, rows in self.sides.items():
            for price, size in event.get(side, ()):
                rows.pop(price, None)
                if size:
                    rows[price] = size

    def rows(self) -> dict[str, Any]:
        return {side: [[price, size] for price, size in rows.items()] for side, rows in self.sides.items()}


def test_after_thirty_thousand_updates_values_equal_those_from_scratch() -> None:
    from_scratch(30_000)


@pytest.mark.ci
@pytest.mark.timeout(1200)
def test_after_a_million_updates_values_equal_those_from_scratch() -> None:
    from_scratch(1_000_000)
