"""Properties that hold exactly (metrics.md 9.2) and belong to a few metrics: nothing is lost at a level, spreads add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.cases import PRICES, SIZES, end, near, results, streams
from tests.support.desk import Desk
from tests.support.eventful import TICK, events
from tests.test_from_scratch import Levels

Event = dict[str, Any]
SIDES = {"bids": "bid", "asks": "ask"}


def limit_flow(told: list[Event]) -> dict[str, float]:
    """What was added, cancelled and traded on each side once no print waits any more."""
    params = {"match_horizon": Decimal("0.25"), "t_eval": end(told) + 1}
    (found,) = results([{"id": 1, "metric": "limit_flow", "params": params, "events": told}])
    assert "error" not in found, found
    return {name: one for name, one in found["value"].items() if one is not None}


def gained(told: list[Event]) -> dict[str, float]:
    """How much more size stands on each side at the end than at the beginning."""
    book = Levels()
    book.apply(told[0])
    before = {side: sum(rows.values()) for side, rows in book.sides.items()}
    for event in told[1:]:
        book.apply(event)
        bids, asks = (book.sides[side] for side in SIDES)
        assume(not bids or not asks or max(bids) < min(asks))  # what stays crossed is given up
    return {side: float(sum(rows.values()) - before[side]) for side, rows in book.sides.items()}


def conserved(told: list[Event]) -> None:
    found, more = limit_flow(told), gained(told)
    for side, name in SIDES.items():
        flow = found[f"add_{name}"] - found[f"cancel_{name}"] - found[f"traded_{name}"]
        assert flow == pytest.approx(more[side], abs=1e-9), side


@given(told=streams(most=30, faults=False))
def test_what_stands_is_what_stood_and_came_without_what_went_or_was_traded(told: list[Event]) -> None:
    """9.2.5, all levels of a side."""
    whole = {"t": Decimal(0), "type": "snapshot", **near(40)}
    changes = [event for event in told[1:] if event["type"] in ("delta", "trade")]
    assume(len(set(map(str, changes))) == len(changes))  # one that comes twice may be a repetition
    conserved([whole, *changes])


@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.sampled_from(SIZES), st.sampled_from(["0", "0.1", "0.3"])), max_size=20
    )
)
def test_at_each_level_nothing_is_lost(steps: list[tuple[bool, Decimal, str]]) -> None:
    """9.2.5 at one level, which alone changes: prints before, with and after the message that they explain."""
    best, t = PRICES[39], Decimal(1)
    told: list[Event] = [{"t": Decimal(0), "type": "snapshot", **near(40)}]
    for is_print, size, later in steps:
        t += Decimal(later)
        one: Event = {"t": t, "type": "delta", "bids": [[best, size]], "asks": []}
        if is_print:
            one = {"t": t, "type": "trade", "price": best, "size": size, "side": "sell"}
        if one != told[-1]:
            told.append(one)
    conserved(told)


@pytest.fixture(scope="module")
def settled() -> dict[str, float]:
    """A lively market a minute after its last print, when every horizon has passed."""
    desk = Desk(["effective_spread", "vpin"], tick=str(TICK)).play(*events())
    return {name: one for name, one in desk.values(61 * 10**9).items() if one is not None}


@pytest.mark.parametrize("horizon", [1, 5, 30, 60])
def test_the_effective_spread_is_what_makers_keep_and_what_they_lose(
    settled: dict[str, float], horizon: int
) -> None:
    """9.2.6, over all prints of the window."""
    kept, lost = (
        settled[f"effective_spread.{what}{{horizon={horizon}s}}"] for what in ("realized", "impact")
    )
    assert kept != 0
    assert lost != 0
    assert settled["effective_spread.effective"] == pytest.approx(kept + lost, rel=1e-9)


@pytest.mark.parametrize("classification", ["taker", "bvc"])
def test_one_sided_flow_is_at_least_as_much_as_its_direction(
    settled: dict[str, float], classification: str
) -> None:
    """9.2.7."""
    label = f"{{classification={classification}}}"
    assert 0 <= abs(settled[f"vpin.signed{label}"]) <= settled[f"vpin{label}"] <= 1
