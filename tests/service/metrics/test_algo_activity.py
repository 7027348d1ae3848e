"""`algo_activity`: lives of levels, those that were there before or left the view not counted."""

from __future__ import annotations

from typing import Any

from tests.support.cases import near
from tests.support.desk import Desk

PRICE = near(40)["bids"][6][0] - 1


def bid(t: float, size: float) -> dict[str, Any]:
    return {"t": t, "type": "delta", "bids": [[PRICE, size]], "asks": []}


def count(desk: Desk) -> tuple[float | None, float | None]:
    found = desk.readings.metric("algo_activity").cells
    return found[len(found) - 2], found[len(found) - 1]  # sum and number


def test_a_level_that_comes_and_goes_has_a_life() -> None:
    desk = Desk(["algo_activity"]).play({"t": 0, "type": "snapshot", **near(40)})
    desk.play(bid(1, 5), bid(2, 7), bid(3.5, 0))
    assert count(desk) == (2.5, 1)
    known = near(40)["bids"][0][0]
    desk.play({"t": 4, "type": "delta", "bids": [[known, 0]], "asks": []})
    assert count(desk) == (2.5, 1), "nobody knows when it came"


def test_ages_begin_anew_after_a_loss() -> None:
    desk = Desk(["algo_activity"]).play({"t": 0, "type": "snapshot", **near(40)}, bid(1, 5))
    book = near(40)
    desk.play(
        {"t": 2, "type": "gap"}, {"t": 3, "type": "snapshot", **book, "bids": [*book["bids"], [PRICE, 5]]}
    )
    assert count(desk.play(bid(4, 0))) == (0, 0)
