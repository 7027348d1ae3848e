"""The median of the sizes near the mid, against that of all of them, whatever comes and goes and however many are equal."""

from __future__ import annotations

import random
import statistics
from decimal import Decimal
from typing import Any

import pytest

from service.metrics.walls import Walls
from tests.support.desk import Desk


@pytest.mark.parametrize("sizes", [3, 40, 10_000], ids=["few sizes", "some sizes", "many sizes"])
@pytest.mark.parametrize("levels", [4, 30, 400])
def test_a_wall_is_measured_by_the_median_of_the_other_levels(levels: int, sizes: int) -> None:
    """A wall that is placed and pulled is told with its usual size: the median of the others before it came."""
    drawn = random.Random(levels * sizes)
    desk = Desk(["spoof_score"], coverage=0)
    told: list[tuple[float, float]] = []
    walls = watched(desk)
    tick = Decimal("0.001")
    bids = {100 - k * tick: size(drawn, sizes) for k in range(1, levels + 1)}
    asks = {100 + k * tick: size(drawn, sizes) for k in range(1, levels + 1)}
    desk.play({"t": 0, "type": "snapshot", "bids": rows(bids), "asks": rows(asks)})
    for n in range(1, 400):
        changes: dict[Decimal, int] = {}
        for _ in range(drawn.randrange(4)):
            price = drawn.choice(sorted(bids)[:-1])
            changes[price] = size(drawn, sizes) if drawn.random() < 0.9 else bids[price]
        others = [float(one) for price, one in bids.items()]
        price = drawn.choice(sorted(bids)[:-1])
        before = bids[price]
        changes[price] = before + 1_000_000
        usual = statistics.median(one for other, one in zip(bids, others, strict=True) if other != price)
        bids |= changes
        desk.play({"t": Decimal(n) / 10, "type": "delta", "bids": rows(changes), "asks": []})
        bids[price] = before
        desk.play(
            {"t": Decimal(n) / 10 + Decimal("0.01"), "type": "delta", "bids": [[price, before]], "asks": []}
        )
        (wall,) = [wall for wall in walls.fresh if wall.price == float(price)]
        told.append((wall.usual, usual))
    assert [one for one, _ in told] == [other for _, other in told]


def size(drawn: random.Random, sizes: int) -> int:
    return drawn.randrange(1, sizes + 1)


def rows(levels: dict[Decimal, int]) -> list[list[Any]]:
    return [[price, size] for price, size in levels.items()]


def watched(desk: Desk) -> Any:
    """The walls that the score rests on."""
    return desk.readings.context.shared(Walls, 2.0, 10)
