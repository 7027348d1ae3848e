"""`spoof_score` and `layering_score`: walls by hand, what must not score, late prints, losses, and what usual sizes are."""

from __future__ import annotations

import random
import statistics
from decimal import Decimal
from typing import Any

import pytest

from service.metrics.walls import Walls
from tests.support.staged import Watched

Event = dict[str, Any]
BOOK = {
    "bids": [[Decimal(text), 4] for text in ("100.0", "99.9", "99.8", "99.7", "99.6")],
    "asks": [[Decimal(text), 4] for text in ("100.1", "100.2", "100.3", "100.4", "100.5")],
}


def start(t: float = 0) -> Event:
    return {"t": t, "type": "snapshot", **BOOK}


def bids(t: float, *rows: tuple[str, float]) -> Event:
    return {"t": t, "type": "delta", "bids": [[Decimal(p), q] for p, q in rows], "asks": []}


def buy(t: float, price: str = "100.1", size: float = 2) -> Event:
    return {"t": t, "type": "trade", "price": Decimal(price), "size": size, "side": "buy"}


def sell(t: float, price: str, size: float) -> Event:
    return {"t": t, "type": "trade", "price": Decimal(price), "size": size, "side": "sell"}


def spoof(*events: Event) -> float | None:
    return Watched(["spoof_score"]).play(*events).values()["spoof_score.score{side=bid}"]


WALL = [start(), bids(1, ("99.8", 52)), buy(1.5), buy(2, size=3), bids(3, ("99.8", 4))]


def test_a_wall_that_is_pulled_after_buyers_came_scores_all_its_parts() -> None:
    desk = Watched(["spoof_score"]).play(*WALL)
    life = 2 ** (-2 / 5)
    assert desk.values()["spoof_score.score{side=bid}"] == pytest.approx(life**0.2)
    assert desk.values()["spoof_score.score{side=ask}"] == 0
    assert desk.values()["spoof_score.episodes{side=bid}"] == 0, "a print may still explain it"
    desk.play(buy(3.3))
    assert desk.values()["spoof_score.episodes{side=bid}"] == 1
    (episode,) = desk.kinds("spoof")
    told = episode.evidence
    assert (told["price"], told["size"], told["usual_size"], told["taken"], told["against"]) == (
        99.8,
        48,
        4,
        5,
        0,
    )
    assert told["components"] == pytest.approx(
        {"size": 1, "cancelled": 1, "life": life, "opposite": 1, "reversal": 1}
    )


@pytest.mark.parametrize(
    "events",
    [
        [start(), bids(1, ("99.8", 52)), bids(3, ("99.8", 4))],
        [start(), bids(1, ("99.8", 52)), buy(2, size=5), sell(2.5, "100.0", 6), bids(3, ("99.8", 4))],
        [start(), bids(1, ("99.8", 52)), buy(2, size=5), sell(2.5, "99.8", 48), bids(3, ("99.8", 4))],
        [start(), bids(1, ("100.0", 52)), buy(2, size=5), bids(3, ("100.0", 4))],
        [start(), bids(1, ("99.8", 23)), buy(2, size=5), bids(3, ("99.8", 4))],
        [start(), bids(1, ("99.8", 52)), buy(2, size=5), bids(3, ("99.8", 14))],
        [start(), bids(1, ("99.8", 52)), buy(2, size=5), bids(31.5, ("99.8", 4))],
        [start(), bids(1, ("99.5", 52)), buy(2, size=5), bids(3, ("99.5", 0))],
    ],
    ids=["no trades", "more sold", "traded", "touch", "small", "stays", "too long", "beyond 50 bp"],
)
def test_what_is_no_such_pattern_scores_nothing(events: list[Event]) -> None:
    assert spoof(*events) == 0


def test_a_print_that_comes_after_the_book_explains_a_wall_that_was_taken() -> None:
    desk = Watched(["spoof_score"]).play(*WALL)
    before = desk.values()["spoof_score.score{side=bid}"]
    desk.play(sell(3.2, "99.8", 48), buy(5))
    assert before is not None
    assert before > 0.9
    assert desk.values()["spoof_score.score{side=bid}"] == 0
    assert desk.values()["spoof_score.episodes{side=bid}"] == 0
    late = Watched(["spoof_score"]).play(*WALL, sell(3.3, "99.8", 48))
    assert late.values()["spoof_score.episodes{side=bid}"] == 1


def test_a_score_stands_for_a_minute_and_an_open_wall_does_not_outlive_a_loss() -> None:
    desk = Watched(["spoof_score"]).play(*WALL)
    assert desk.values(59_999_999_999)["spoof_score.score{side=bid}"] == pytest.approx(0.9460, abs=1e-3)
    assert desk.values(60_000_000_000)["spoof_score.score{side=bid}"] == 0
    again = [*WALL[:3], {"t": 2, "type": "gap"}, start(2.1), *WALL[3:]]
    assert spoof(*again) == 0
    assert spoof(*WALL[:4]) == 0, "it still stands"


def test_without_a_mid_or_enough_of_book_and_trades_nothing_is_said() -> None:
    assert spoof({"t": 0, "type": "snapshot", "bids": BOOK["bids"], "asks": []}) is None
    desk = Watched(["spoof_score"], coverage=0.8).play(*WALL, bids(70, ("99.7", 5)))
    assert desk.values()["spoof_score.score{side=bid}"] == 0
    quiet = Watched(["spoof_score"], coverage=0.8).play(start(), bids(70, ("99.7", 5)))
    assert quiet.values()["spoof_score.score{side=bid}"] is None, "the trade feed never was there"


def test_the_injected_walls_all_score_and_their_controls_do_not() -> None:
    """S5 of metrics.md 9.3."""
    for seed in range(30):
        drawn = random.Random(seed)
        sizes = [Decimal(drawn.randint(30, 70)) / 10 for _ in range(20)]
        book = {
            "bids": [[Decimal("100.0") - Decimal(k) / 50, sizes[k]] for k in range(10)],
            "asks": [[Decimal("100.1") + Decimal(k) / 50, sizes[10 + k]] for k in range(10)],
        }
        price, usual = book["bids"][2]
        middle = Decimal(str(statistics.median(sizes[:2] + sizes[3:10])))
        wall = {"t": 1, "type": "delta", "bids": [[price, usual + 12 * middle]], "asks": []}
        buys = [buy(1 + 0.4 * k, str(book["asks"][0][0]), float(middle) / 3) for k in range(1, 5)]
        sells = [sell(2.7, str(price), float(12 * middle))]
        pull = {"t": drawn.choice((2.8, 3, 3.4)), "type": "delta", "bids": [[price, usual]], "asks": []}
        begin = {"t": 0, "type": "snapshot", **book}
        found = spoof(begin, wall, *buys, pull)
        assert found is not None
        assert found >= 0.6
        assert spoof(begin, wall, pull) == 0
        assert spoof(begin, wall, *buys, *sells, pull) == 0


def layers(t: float, size: float, *prices: str) -> Event:
    return bids(t, *((price, size) for price in prices))


def layering(*events: Event) -> float | None:
    return Watched(["layering_score"]).play(*events).values()["layering_score.score{side=bid}"]


def test_layers_that_come_and_go_together_score_as_one() -> None:
    prices = ("99.8", "99.7", "99.6")
    events = [start(), layers(1, 14, *prices), buy(2, size=4), layers(3, 4, *prices)]
    desk = Watched(["layering_score"]).play(*events)
    assert desk.values()["layering_score.score{side=bid}"] == pytest.approx((2 ** (-2 / 5)) ** 0.2)
    desk.play(buy(5))
    assert desk.values()["layering_score.episodes{side=bid}"] == 1
    (episode,) = desk.kinds("layering")
    assert sorted(episode.evidence["prices"]) == [99.6, 99.7, 99.8]
    assert layering(start(), layers(1, 14, *prices[:2]), buy(2, size=4), layers(3, 4, *prices[:2])) == 0
    apart = [
        start(),
        layers(1, 14, *prices[:2]),
        layers(2.1, 14, prices[2]),
        buy(3, size=4),
        layers(4, 4, *prices),
    ]
    assert layering(*apart) == 0
    one_by_one = [start(), layers(1, 14, *prices), buy(2, size=4)]
    one_by_one += [layers(3 + 1.1 * k, 4, price) for k, price in enumerate(prices)]
    assert layering(*one_by_one) == 0


def test_usual_sizes_are_those_of_the_other_levels_near_the_mid_whatever_happened() -> None:
    """The sizes that are kept in order against a look at the whole book, over a walk with resyncs."""
    drawn = random.Random(3)
    desk = Watched(["spoof_score"])
    walls: Walls = desk.readings.context.shared(Walls, 2.0, 10)
    middle, t = 10_000, 0.0
    levels: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
    for n in range(1500):
        t += 0.05
        middle += drawn.choice((-15, -1, 0, 0, 0, 1, 15))
        rows: dict[str, dict[int, int]] = {"bids": {}, "asks": {}}
        for side, sign in (("bids", -1), ("asks", 1)):
            gone = [p for p in levels[side] if (p - middle) * sign <= 0]
            rows[side] |= dict.fromkeys(gone, 0)
            for _ in range(drawn.randint(0, 4)):
                rows[side][middle + sign * drawn.randint(1, 120)] = drawn.choice((0, 0, 1, 2, 3, 5, 8))
        if n % 400 == 0:
            desk.play({"t": t, "type": "gap"})
        for side, changed in rows.items():
            levels[side] = {p: q for p, q in (levels[side] | changed).items() if q}
        whole = n % 400 == 0
        said = levels if whole else rows
        event = {side: [[Decimal(p) / 100, q] for p, q in said[side].items()] for side in said}
        desk.play({"t": t, "type": "snapshot" if whole else "delta", **event})
        best = max(levels["bids"], default=None), min(levels["asks"], default=None)
        if best[0] is None or best[1] is None:
            continue
        reach = (best[0] + best[1]) / 2 * 0.005
        for side, kept in (("bids", walls.bids), ("asks", walls.asks)):
            near = {p: q for p, q in levels[side].items() if abs(p - (best[0] + best[1]) / 2) <= reach + 1e-9}
            assert kept.count == len(near)
            asked = drawn.choice([*near, middle])
            others = [q for p, q in near.items() if p != asked]
            found = kept.median_without(near.get(asked, 0))
            assert found == statistics.median(others) if len(others) >= 3 else found != found
