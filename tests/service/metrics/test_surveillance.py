"""Quote stuffing, the distance of imbalances and the indicators of wash trading: against plain formulas."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from service.metrics import answers
from tests.support.cases import near
from tests.support.desk import Desk
from tests.support.staged import Watched

Event = dict[str, Any]


def plain_distance(x: list[float], y: list[float]) -> float:
    """Between two neighbouring values both distribution functions stand still."""
    edges = sorted({*x, *y})
    return math.fsum(
        (high - low) * abs(sum(one <= low for one in x) / len(x) - sum(one <= low for one in y) / len(y))
        for low, high in pairwise(edges)
    )


def flicker(second: int, changes: int) -> list[Event]:
    """So many changes of one level within a second, up and down in turn."""
    price = near(40)["bids"][3][0]
    return [
        {"t": second + (n + 1) / (changes + 2), "type": "delta", "bids": [[price, 3 + n % 2]], "asks": []}
        for n in range(changes)
    ]


def test_a_burst_of_changes_without_trades_is_stuffing() -> None:
    desk = Watched(["quote_stuffing"], coverage=0.8).play({"t": 0, "type": "snapshot", **near(40)})
    for second in range(70):
        desk.play(*flicker(second, 2 + second % 3))
    usual = desk.values()["quote_stuffing.z"]
    assert usual is not None
    assert abs(usual) < 3
    desk.play(*flicker(70, 80), *flicker(71, 80), *flicker(72, 2))
    assert desk.values()["quote_stuffing.episodes"] == 1
    (episode,) = desk.kinds("quote_stuffing")
    assert episode.evidence["changes"] == pytest.approx(80, abs=1)
    assert episode.evidence["z"] > 10
    desk.play({"t": 73.5, "type": "gap"})
    assert desk.values()["quote_stuffing.z"] is None


def test_changes_with_trades_or_in_one_direction_are_none() -> None:
    desk = Watched(["quote_stuffing"]).play({"t": 0, "type": "snapshot", **near(40)})
    for second in range(70):
        desk.play(*flicker(second, 2))
    prints = [{"t": 70.5, "type": "trade", "price": 100, "size": 1, "side": "buy"}] * 3
    desk.play(*flicker(70, 80)[:40], *prints, *flicker(70, 80)[40:], *flicker(71, 2))
    assert desk.values()["quote_stuffing.episodes"] == 0
    price = near(40)["bids"][3][0]
    growing = [
        {"t": 72 + n / 100, "type": "delta", "bids": [[price, 10 + n]], "asks": []} for n in range(1, 90)
    ]
    desk.play(*growing, *flicker(73, 2))
    assert desk.values()["quote_stuffing.episodes"] == 0


def test_stuffing_of_a_case() -> None:
    history = [3, 4, 5, 4, 3]
    z = answers()["quote_stuffing"]({}, {"history": history, "x": 80})
    assert z == pytest.approx(80 - 3.8), "sigma is floored at 1"
    told = answers()["quote_stuffing"]({}, {"history": history, "x": 80, "cancels": 40, "trades": 1})
    assert told == {"z": z, "flag": True}
    assert answers()["quote_stuffing"]({}, {"history": history, "x": 80, "cancels": 60})["flag"] is False


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_is_the_area_between_the_distributions(seed: int) -> None:
    drawn = random.Random(seed)
    x = [drawn.choice((drawn.uniform(-1, 1), 0.0)) for _ in range(drawn.randint(1, 60))]
    y = [drawn.choice((drawn.uniform(-1, 1), 0.5)) for _ in range(drawn.randint(1, 500))]
    found = answers()["wasserstein"]({}, {"x": x, "y": y})
    assert found == pytest.approx(plain_distance(x, y), abs=1e-12)
    assert math.isnan(answers()["wasserstein"]({}, {"x": [], "y": y}))


def test_the_last_minute_is_compared_with_the_hour() -> None:
    desk = Desk(["imbalance_wasserstein"], coverage=0.8)
    seen = []
    for t in range(200):
        size = 5 + (t * 7) % 11 + (20 if t > 150 else 0)
        desk.play({"t": t + 0.5, "type": "replace", "bids": [[99, size]], "asks": [[101, 10]]})
        seen.append((size - 10) / (size + 10))
    past = seen[:-1]  # the second of the last one is still open
    assert desk.values()["imbalance_wasserstein"] == pytest.approx(plain_distance(past[-60:], past))


def prints(count: int, seed: int) -> list[Event]:
    drawn = random.Random(seed)
    return [
        {
            "t": Decimal(n) / 4,
            "type": "trade",
            "price": 100 + Decimal(drawn.randint(-2, 2)) / 20,
            "size": Decimal(drawn.choice((100, 200, 300, 37, 5, 1, 1200))) / 100,
            "side": drawn.choice(("buy", "sell")),
        }
        for n in range(count)
    ]


def plain_mirror(events: list[Event]) -> float:
    """Share of volume in pairs, the newest free partner first."""
    free: list[Event] = []
    paired = Decimal(0)
    for event in events:
        partner = next(
            (
                one
                for one in reversed(free)
                if event["t"] - one["t"] <= 1
                and one["size"] == event["size"]
                and one["side"] != event["side"]
                and abs(one["price"] - event["price"]) <= Decimal("0.05")
            ),
            None,
        )
        if partner is None:
            free.append(event)
        else:
            free.remove(partner)
            paired += 2 * event["size"]
    return float(paired / sum(event["size"] for event in events))


def test_wash_indicators_are_those_of_the_plain_formulas() -> None:
    events = prints(2000, 5)
    params = {"wash_indicators": {"lot_size": 0.01}}
    values = Desk(["wash_indicators"], params).play(*events).values()
    lots = [int(event["size"] * 100) for event in events]
    shares = [sum(str(one)[0] == str(d) for one in lots) / len(lots) for d in range(1, 10)]
    benford = sum(abs(share - math.log10(1 + 1 / d)) for d, share in enumerate(shares, 1)) / 9
    assert values["wash_indicators.benford"] == pytest.approx(benford)
    assert values["wash_indicators.round"] == pytest.approx(sum(one % 100 == 0 for one in lots) / len(lots))
    assert values["wash_indicators.mirror"] == pytest.approx(plain_mirror(events))
    case = answers()["wash_indicators"]({"lot_size": 0.01}, {"sizes": [float(one["size"]) for one in events]})
    assert case["benford"] == pytest.approx(benford)


def test_only_the_last_ten_thousand_prints_count() -> None:
    other = [one | {"t": 0, "size": Decimal(9)} for one in prints(300, 1)]
    later = [one | {"t": one["t"] + 60} for one in prints(10_000, 2)]
    params = {"wash_indicators": {"lot_size": 0.01}}
    one = Desk(["wash_indicators"], params).play(*other, *later).values()
    two = Desk(["wash_indicators"], params).play(*later).values()
    assert one == pytest.approx(two)


def test_few_prints_and_unknown_lots_say_nothing() -> None:
    params = {"wash_indicators": {"lot_size": 0.01}}
    few = Desk(["wash_indicators"], params, coverage=0.8).play(*prints(999, 1))
    assert set(few.values().values()) == {None}
    unknown = Desk(["wash_indicators"], tick="").play(*prints(1500, 1)).values()
    assert set(unknown.values()) == {None}
