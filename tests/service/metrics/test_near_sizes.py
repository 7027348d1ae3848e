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


@pytest.mark.parametrize("depth", [0, 25, 200], ids=["whole book", "window of 25", "window of 200"])
def test_what_is_counted_is_what_the_book_holds_near_the_mid(depth: int) -> None:
    """Whatever comes, goes, leaves the window or returns, and when prices and sizes get more decimals on the way."""
    drawn = random.Random(depth)
    desk = Desk(["spoof_score"], coverage=0, tick="0.01")
    desk.pair.depth = depth
    walls = watched(desk)
    middle = 10_000
    sides = ("bids", "asks")
    start = {"bids": range(9_800, 10_000), "asks": range(10_001, 10_200)}
    desk.play(
        {"t": 0, "type": "snapshot", **{side: [[Decimal(p) / 100, 3] for p in start[side]] for side in sides}}
    )
    counts = set()
    for n in range(1, 600):
        places = 100 if n < 200 else 1_000
        middle += drawn.choice((-9, 0, 0, 9))
        gone: dict[str, list[list[Any]]] = {"bids": [], "asks": []}
        for side, sign in (("bids", -1), ("asks", 1)):
            crossed = [p for p, _ in held(desk, side) if (p - Decimal(middle) / 100) * sign <= 0]
            gone[side] = [[p, 0] for p in crossed]
            for _ in range(drawn.randrange(12)):
                price = Decimal(middle + sign * drawn.randrange(1, 90)) / places * (places // 100)
                size = Decimal(drawn.randrange(60)) / (1 if n < 400 else 8)
                gone[side].append([price + (Decimal("0.001") * sign if places > 100 and n % 3 else 0), size])
        desk.play({"t": Decimal(n) / 10, "type": "delta", **gone})
        best = {side: held(desk, side) for side in sides}
        if not best["bids"] or not best["asks"]:
            continue
        mid = (best["bids"][0][0] + best["asks"][0][0]) / 2
        for side, kept in (("bids", walls.bids), ("asks", walls.asks)):
            near = [float(size) for price, size in best[side] if abs(price - mid) <= mid * Decimal("0.005")]
            assert kept.count == len(near)
            assert len(near) < 3 or kept.median_without(0) == statistics.median(near)
            counts.add(len(near))
    assert max(counts) >= min(depth or 40, 40)


def held(desk: Desk, side: str) -> list[tuple[Decimal, Decimal]]:
    """Price and size of the levels in the book, best first."""
    book = desk.pair.book
    levels = (book.bids if side == "bids" else book.asks).levels(10_000)
    return [
        (Decimal(abs(key)).scaleb(-book.price_places), Decimal(size).scaleb(-book.size_places))
        for key, size, _ in levels
    ]
