"""Gaps, silence, crossed, one-sided and renewed books: no output of any metric shows what is not so (metrics.md 0.2, 0.3).

A market in which every output has a value meets each fault. An output of a new metric that stands in none of the lists
here must be null whenever a side is missing, and after a resync what a book that was never lost would show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.api.readings import Columns
from service.cases import EPOCH
from service.exposition import Exposition, everything
from service.metrics import metrics
from service.metrics.declare import Output
from tests.support.desk import Desk, Values
from tests.support.eventful import CENTRE, LOT, TICK, events

KEYS = list(metrics())
SECOND = 1_000_000_000
FEEDS = {key: kind.declaration.feed for key, kind in metrics().items()}

# With a side missing: the imbalance of what is there, all of it on one side.
WHOLE = (
    *("queue_imbalance", "depth_imbalance", "order_count_imbalance", "persistent_depth_imbalance"),
    "weighted_depth_imbalance{weighting=level_exp}",
)
PREDICTED = ("brier", "auc", "calibration_error", "coefficient", "pairs")
# ... what tells of a window or of the past, which a side that went away does not change:
PAST = (
    *("ofi", "mlofi", "normalized_ofi", "integrated_ofi", "generalized_ofi", "ofi_decomposition"),
    *("limit_flow", "fleeting_volume_ratio", "price_impact_regression", "imbalance_half_life"),
    *("quote_stuffing", "pressure_score", "resilience", "micro_price.bias_ticks"),
    *(f"p_up.{what}" for what in PREDICTED),
    *(f"p_up_horizon.{what}" for what in (*PREDICTED, "moved")),
    *(f"maker_profile.{what}" for what in ("captured", "kept", "adverse", "losing", "quote_lifetime")),
    "maker_profile.depletions",
)
PAST_STATS = ("queue_imbalance{stat=", "depth_imbalance{levels=")  # their least, most and mean of 10 s
# ... and how long it has been so.
LASTING = ("time_above.run", "fleeting_depth_imbalance")

# After a resync: what outlives it (metrics.md 0.2), beside what is past. A score is the greatest of the last minute, a
# shock of liquidity would be that of the last second; micro-price and p_up keep their counts and coefficients.
KEPT = (
    *(name for name in PAST if name != "maker_profile.depletions"),  # of the last minute, which was not whole
    *(
        "micro_price",
        "p_up",
        "p_up_horizon",
        "maker_profile.edge",
        "fragility",
        "spoof_score.score",
        "layering_score.score",
    ),
    "basis",  # against an index that was told before
)


def book(t: Decimal, away: int) -> dict[str, Any]:
    """A snapshot of another book, so many ticks from the centre."""
    bid, ask = CENTRE - 1 + away, CENTRE + 2 + away
    return {
        "t": t,
        "type": "snapshot",
        "bids": [[(bid - k) * TICK, (24 + k % 4) * LOT, 2] for k in range(60)],
        "asks": [[(ask + k) * TICK, (31 + k % 3) * LOT, 3] for k in range(70)],
    }


@cache
def told() -> tuple[dict[str, Any], ...]:
    return tuple(events())


END = told()[-1]["t"] + Decimal("0.6")  # no second begins between it and what follows


def market() -> Desk:
    """A desk that has seen the market."""
    desk = Desk(tick=str(TICK), lot=str(LOT))
    desk.pair.carries_derivatives = True
    return desk.play(*told())


@pytest.fixture(scope="module")
def before() -> Values:
    """What it showed at the end."""
    return market().values(6 * SECOND // 10)


def empty(desk: Desk, side: str) -> None:
    """All levels of a side go."""
    levels = desk.readings.levels(10_000)[side == "asks"]
    other = "asks" if side == "bids" else "bids"
    desk.play({"t": END, "type": "delta", side: [[Decimal(price), 0] for price, _ in levels], other: []})


def lost(desk: Desk) -> None:
    desk.play({"t": END, "type": "gap"})


def stale(desk: Desk) -> None:
    desk.play({"t": END, "type": "heartbeat"})
    desk.pair.withdraw(desk.now + EPOCH)


def crossed(desk: Desk) -> None:
    desk.play({"t": END, "type": "delta", "bids": [[(CENTRE + 1) * TICK, LOT]], "asks": []})


def without_asks(desk: Desk) -> None:
    empty(desk, "asks")


def without_bids(desk: Desk) -> None:
    empty(desk, "bids")


def without_levels(desk: Desk) -> None:
    empty(desk, "asks")
    empty(desk, "bids")


@dataclass(frozen=True)
class Seen:
    """What is seen of a book from inside, by REST and by Prometheus, with the outputs in one order."""

    outputs: list[Output]
    inside: Values
    rest: dict[str, float | None]
    latency: float | None
    exported: set[tuple[str, frozenset[tuple[str, str]]]]  # name and labels of the lines in /metrics

    def of(self, key: str) -> list[Output]:
        return [output for output in self.outputs if output.key == key]


def seen(desk: Desk, later: int = 0) -> Seen:
    now = desk.now + later + EPOCH
    text = Exposition(desk.engine, everything).render(now).decode()
    lines = {
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    rest, latency = Columns().values(desk.readings, now), desk.readings.latency_seconds
    return Seen(desk.plan.outputs, desk.values(later), rest, latency, lines)


@pytest.fixture(scope="module", params=[lost, stale, crossed], ids=lambda what: what.__name__)
def doubted(request: pytest.FixtureRequest) -> Seen:
    """A book that is not live."""
    desk = market()
    request.param(desk)
    assert desk.readings.state == request.param.__name__
    return seen(desk)


@pytest.fixture(
    scope="module", params=[without_asks, without_bids, without_levels], ids=lambda what: what.__name__
)
def lopsided(request: pytest.FixtureRequest) -> tuple[Seen, str]:
    """A live book that lacks a side, two seconds later, and which it lacks."""
    desk = market()
    request.param(desk)
    assert desk.readings.state == "live"
    return seen(desk, 21 * SECOND // 10), request.param.__name__


def line_of(output: Output) -> tuple[str, frozenset[tuple[str, str]]]:
    own = {"venue": "case", "market": "spot", "symbol": "CASE-QUOTE"}
    return output.prometheus, frozenset((own | dict(output.labels)).items())


@pytest.mark.parametrize("key", KEYS)
def test_a_book_that_is_not_live_shows_no_value_of_it(key: str, doubted: Seen, before: Values) -> None:
    for output in doubted.of(key):
        assert doubted.rest[output.name] is None
        value, was = doubted.inside[output.name], before[output.name]
        if output.counter:
            assert value is not None
            assert was is not None
            assert value >= was, "what was counted has happened"
        elif FEEDS[key] == "book":
            assert value is None, output.name
        if output.prometheus:
            assert (line_of(output) in doubted.exported) == output.counter, output.name


def test_the_latency_is_that_of_the_last_good_message(doubted: Seen) -> None:
    """Here every message comes in at the venue's time of it, the one that crossed the book as well."""
    assert doubted.latency == 0


def speaks(output: Output, missing: str, value: float) -> bool:
    """May this output have this value while sides are missing?"""
    if missing != "without_levels":
        if output.name.startswith(WHOLE) and dict(output.labels).get("stat", "last") == "last":
            return value == (1 if missing == "without_asks" else -1)
        if output.name.startswith(LASTING):
            return True
        if output.key in ("best_price", "best_size"):
            return dict(output.labels)["side"] == ("bid" if missing == "without_asks" else "ask")
    of_ten_seconds = output.name.startswith(PAST_STATS) and dict(output.labels)["stat"] != "last"
    return output.name.startswith(PAST) or of_ten_seconds


@pytest.mark.parametrize("key", [key for key in KEYS if FEEDS[key] == "book"])
def test_without_a_side_only_what_needs_none_is_shown(key: str, lopsided: tuple[Seen, str]) -> None:
    found, missing = lopsided
    for output in found.of(key):
        value = found.rest[output.name]
        if value is None or value != value:
            assert not output.counter, output.name
            assert not output.prometheus or line_of(output) not in found.exported, output.name
        elif not output.counter:
            assert speaks(output, missing, value), (output.name, value)


@pytest.fixture(scope="module")
def renewed() -> Seen:
    """Lost, and a tenth of a second later live again with another book."""
    desk = market()
    lost(desk)
    return seen(desk.play(book(END + Decimal("0.1"), -40)))


@pytest.fixture(scope="module")
def fresh() -> Values:
    """The other book as somebody sees it who knew none before."""
    return Desk(tick=str(TICK), lot=str(LOT)).play(book(Decimal(0), -40)).values()


@pytest.mark.parametrize("key", [key for key in KEYS if FEEDS[key] == "book"])
def test_after_a_resync_a_state_is_that_of_the_new_book(key: str, renewed: Seen, fresh: Values) -> None:
    for output in renewed.of(key):
        value, wanted = renewed.inside[output.name], fresh[output.name]
        past = dict(output.labels).get("stat", "last") != "last" or output.name.startswith(KEPT)
        if past or output.counter:
            continue
        assert value == (wanted if wanted is None else pytest.approx(wanted, rel=1e-12)), output.name


FLOWS = (
    *("ofi", "mlofi", "normalized_ofi", "generalized_ofi", "integrated_ofi", "limit_flow"),
    *("queue_depletions", "fleeting_volume_ratio", "book_messages", "price_impact_regression"),
)


def after(fault: Callable[[Desk], None] | None) -> Values:
    """The market, a moment in which something may be wrong, and a message after it."""
    desk = market()
    if fault is not None:
        fault(desk)
    bids = [[(CENTRE - 1) * TICK, 40 * LOT, 1], [(CENTRE + 1) * TICK, 0, 0]]
    desk.play(
        {"t": END + Decimal("0.1"), "type": "delta", "bids": bids, "asks": [[(CENTRE + 1) * TICK, 0, 0]]}
    )
    return desk.values(SECOND // 2)


def silent_for_a_moment(desk: Desk) -> None:
    stale(desk)
    desk.pair.revive(desk.now + EPOCH)


def crossed_for_a_moment(desk: Desk) -> None:
    crossed(desk)  # the message after it removes the bid that had reached the asks
    assert desk.readings.state == "crossed"


@pytest.fixture(scope="module")
def undisturbed() -> Values:
    return after(None)


@pytest.mark.parametrize("fault", [silent_for_a_moment, crossed_for_a_moment], ids=lambda what: what.__name__)
def test_order_flow_goes_on_over_silence_and_over_a_moment_of_crossing(
    fault: Callable[[Desk], None], undisturbed: Values
) -> None:
    """The baseline stays, the next good state closes the transition, and what comes to itself is no message."""
    found = after(fault)
    flows = [name for name in found if name.startswith(FLOWS)]
    assert len(flows) > 50
    assert {name: found[name] for name in flows} == pytest.approx({name: undisturbed[name] for name in flows})
