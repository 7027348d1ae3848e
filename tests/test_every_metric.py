"""One suite over all metrics: what holds for each, and the properties that hold exactly (metrics.md 9.2)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.cases import nanoseconds
from service.metrics import metrics
from service.metrics.declare import Declaration
from service.plan import Plan
from tests.support.cases import PRICES, SIZES, end, near, streams
from tests.support.desk import Desk, Values
from tests.support.plain_metrics import AGED as OLD
from tests.support.plain_metrics import told, transition

Event = dict[str, Any]
DECLARATIONS = [kind.declaration for kind in metrics().values()]
KEYS = [declaration.key for declaration in DECLARATIONS]
BPS = (5, 10, 25, 50, 100)
AGED = (*OLD, "book_pressure_zscore")
FLOWS = ("ofi", "mlofi", "generalized_ofi", "ofi_decomposition")
LATE = ("limit_flow", "queue_depletions")  # their counters wait for trades that explain a change
# What a gap ends or costs: trades that wait, ages of levels, the step of the grid and the interval that it falls in.
BROKEN = (
    *("resilience", "time_above", "imbalance_half_life", "micro_price.bias"),
    *("limit_flow", "queue_depletions", "ofi_decomposition", "fleeting_volume_ratio"),
    *("p_up", "pressure_score", "price_impact_regression", "integrated_ofi"),
    *("maker_profile.quote_lifetime", "maker_profile.depletions"),
)
BROKEN_OFF = (  # what a resync ends, what a step that holds one leaves out, what looks once a second (0.2)
    *("spoof_score", "layering_score", "quote_stuffing", "algo_activity"),
    *("liquidity_shock", "imbalance_wasserstein", "execution_risk", "stress_level", "stop_run"),
)
COUNTERS = {output.name for output in Plan().outputs if output.counter}


def equal(one: float | None, other: float | None, tolerance: float = 1e-9) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)


def alike(one: Values, other: Values, names: Any) -> None:
    for name in names:
        assert equal(one[name], other[name]), (name, one[name], other[name])


# -- each metric by itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=KEYS)
def test_a_metric_says_all_about_itself(declaration: Declaration) -> None:
    assert declaration.key
    assert declaration.help.endswith(".")
    assert declaration.formula
    assert declaration.source
    outputs = declaration.outputs()
    assert outputs
    assert len({output.name for output in outputs}) == len(outputs)
    for output in outputs:
        assert output.help
        assert not output.prometheus or output.prometheus.startswith("obi_")
        assert output.counter == (output.prometheus.endswith("_total") or bool(output.histogram))


def choices() -> list[tuple[str, str, object]]:
    """Every label of every metric that a configuration may choose values of, with one of them."""
    found = []
    for declaration in DECLARATIONS:
        by = dict(declaration.by)
        for one in declaration.fields:
            by |= one.by or {}
        found += [
            (declaration.key, label, values[-1])
            for label, values in by.items()
            if label not in declaration.fixed and len(values) > 1
        ]
    return found


def lively() -> list[Event]:
    """Books that move and prints of both sides."""
    events: list[Event] = []
    for k in range(30):
        bids = [[99 - j - k % 2, 5 + k % 3] for j in range(20)]
        events.append({"t": k, "type": "replace", "bids": bids, "asks": [[101 + j, 5] for j in range(20)]})
        side = "buy" if k % 3 else "sell"
        events.append({"t": k + 0.1, "type": "trade", "price": 100, "size": 1, "side": side})
    return events


def test_a_metric_of_which_some_values_are_chosen_writes_to_its_own_cells_alone() -> None:
    """Cells have no bounds in compiled code: one too many is another metric's number, or the end of the process."""
    events = lively()
    whole = Desk().play(*events).values()
    for key, label, value in choices():
        some = Desk(params={key: {label: [value]}}).play(*events).values()
        assert some.keys() < whole.keys(), (key, label)
        alike(whole, some, some)


def test_no_two_outputs_have_one_name() -> None:
    outputs = Plan().outputs
    assert len({output.name for output in outputs}) == len(outputs)
    series = [(output.prometheus, output.labels) for output in outputs if output.prometheus]
    assert len(set(series)) == len(series)


def test_a_book_stays_within_its_budget_of_series() -> None:
    """metrics.md 0.6: at most 250 a book, what is said of the book itself included (about 20); more on request."""
    usual = [output for output in Plan().outputs if output.prometheus and not output.extra]
    assert len(usual) <= 230
    assert {output.key for output in usual} == {output.key for output in Plan().outputs if output.prometheus}


def test_label_values_that_are_configured_leave_by_metrics() -> None:
    chosen = Plan(["depth_imbalance"], {"depth_imbalance": {"levels": [1, 3]}}).outputs
    assert {dict(output.labels)["levels"] for output in chosen if not output.extra} == {"1", "3"}


@given(events=streams(most=30, whole=("snapshot", "replace")))
def test_values_lie_within_the_declared_bounds_and_are_finite(events: list[Event]) -> None:
    desk = Desk()
    bounds = {declaration.key: declaration.bounds for declaration in DECLARATIONS}
    for event in events:
        desk.play(event)
        for output, value in zip(desk.plan.outputs, desk.values().values(), strict=True):
            if value is None:
                continue
            assert math.isfinite(value), output.name
            if output.counter:  # bounds are those of a score, not of how often there was one
                continue
            low, high = bounds[output.key] or (None, None)
            assert low is None or value >= low - 1e-12, (output.name, value)
            assert high is None or value <= high + 1e-12, (output.name, value)


@given(events=streams(most=30))
def test_the_same_events_give_the_same_values_to_the_last_bit(events: list[Event]) -> None:
    first, second = Desk(), Desk()
    for event in events:
        assert first.play(event).values() == second.play(event).values()
    assert first.values(10**9) == second.values(10**9)


@given(events=streams(most=30), data=st.data())
def test_looking_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    """A scrape between two messages must not show in what comes after it."""
    watched, alone = Desk(), Desk()
    for event in events:
        until = nanoseconds(event["t"]) - watched.now
        if data.draw(st.booleans()):
            watched.values(data.draw(st.integers(0, until)))
        assert watched.play(event).values() == alone.play(event).values()


@pytest.mark.parametrize("key", KEYS)
def test_a_metric_runs_by_itself_as_it_does_among_others(key: str) -> None:
    events = [
        {"t": 0, "type": "snapshot", **near(40)},
        {"t": 1, "type": "trade", "price": 100, "size": 2, "side": "buy"},
    ]
    events += [
        {"t": n, "type": "delta", "bids": [[PRICES[38], n]], "asks": [[PRICES[41], n]]} for n in range(2, 15)
    ]
    alone, among = Desk([key]).play(*events).values(), Desk().play(*events).values()
    assert alone
    assert alone == {name: among[name] for name in alone}


@pytest.mark.parametrize(
    "declaration", [one for one in DECLARATIONS if one.feed == "book"], ids=lambda one: one.key
)
@pytest.mark.parametrize("empty", [True, False])
def test_a_book_without_levels_or_without_a_snapshot_has_no_values(
    declaration: Declaration, empty: bool
) -> None:
    desk = Desk([declaration.key])
    if empty:
        desk.play({"t": 1, "type": "snapshot", "bids": [], "asks": []})
    flow = declaration.key in FLOWS and empty  # nothing flowed: that is known
    for name, value in desk.values().items():
        assert name in COUNTERS or (value == 0 if flow else value is None), name


@pytest.mark.parametrize(
    "declaration", [one for one in DECLARATIONS if one.feed == "book"], ids=lambda one: one.key
)
def test_values_are_withdrawn_with_the_book_and_come_back_with_it(declaration: Declaration) -> None:
    events = [{"t": n, "type": "delta", "bids": [[PRICES[38], n]], "asks": []} for n in range(1, 12)]
    desk = Desk([declaration.key]).play({"t": 0, "type": "snapshot", **near(40)}, *events)
    before = desk.values()
    gone = desk.play({"t": 12, "type": "gap"}).values()
    assert all(value is None for name, value in gone.items() if name not in COUNTERS)
    for name in COUNTERS & gone.keys():  # of time that went by until the gap, too
        now, then = gone[name], before[name]
        assert now is not None
        assert then is not None
        late = declaration.key in LATE or name.startswith("time_above.beyond")
        assert now >= then if late else now == then, name
    back = desk.play({"t": 13, "type": "snapshot", **near(40)}).values()
    if declaration.key in AGED:  # what counts how long a level stood begins anew
        assert set(back.values()) == {None}
        back = desk.play({"t": 17, "type": "heartbeat"}).values()
    elif declaration.key in BROKEN_OFF:  # those that look once a second have done so by then
        back = desk.play(events[-1] | {"t": 16}).values()
    assert {name for name, value in back.items() if value is None} == {
        name for name, value in before.items() if value is None
    }


def test_a_reader_asks_for_its_coverage() -> None:
    """Sums over a window that is mostly unseen are not shown (metrics.md 0.4)."""
    desk = Desk(["ofi", "window_coverage", "queue_imbalance"], coverage=0.8).play(
        {"t": 100, "type": "snapshot", **near(40)}
    )
    for t, shown in ((100.5, False), (100.8, True), (107.9, False), (108, True)):
        values = desk.play(
            {"t": t, "type": "delta", "bids": [[PRICES[38], Decimal(str(t))]], "asks": []}
        ).values()
        window = "1s" if t < 101 else "10s"
        assert (values[f"ofi{{window={window}}}"] is not None) == shown, t
    assert values["window_coverage{feed=book,window=10s}"] == pytest.approx(0.8)
    assert values["queue_imbalance{stat=twa}"] is not None


@given(events=streams(most=40))
def test_counters_never_fall_and_rebuild_the_flow(events: list[Event]) -> None:
    books = [event for event in events if "bids" in event]
    assume(len(set(map(str, books))) == len(books))  # one that comes twice may be a repetition
    desk, last = Desk(), dict.fromkeys(Desk().values(), 0.0)
    for event in events:
        values = desk.play(event).values()
        for name in COUNTERS:
            value = values[name]
            assert value is not None
            assert value >= last[name]
            last[name] = value
    story = told(events)
    parts = [transition((b.bid(0), b.ask(0)), (a.bid(0), a.ask(0))) for _, b, a in story.steps]
    assert equal(last["ofi.up"], float(sum(e for e in parts if e > 0)))
    assert equal(last["ofi.down"], float(-sum(e for e in parts if e < 0)))
    for side, sign in (("buy", 1), ("sell", -1)):
        fills = [(price, size) for _, price, size, taker in story.trades if taker == sign]
        assert last[f"trade_volume.count{{side={side}}}"] == len(fills)
        assert equal(last[f"trade_volume.base{{side={side}}}"], float(sum(size for _, size in fills)))
        assert equal(
            last[f"trade_volume.quote{{side={side}}}"], float(sum(price * size for price, size in fills))
        )
    assert last["book_messages.messages"] == story.messages


# -- 1: mirror images --------------------------------------------------------------------------------------------------

SIGNED_BY_SIZE = [
    "queue_imbalance",
    "queue_imbalance{stat=twa}",
    *(f"depth_imbalance{{levels={n}}}" for n in (1, 5, 10, 20)),
    "depth_imbalance{levels=5,stat=twa}",
    "weighted_depth_imbalance{weighting=level_exp}",
    *(f"depth_ratio.log{{levels={n}}}" for n in (1, 5, 10, 20)),
    *(f"ofi{{window={window}s}}" for window in (1, 10, 60)),
    *(f"mlofi{{level={level},window=10s}}" for level in (1, 2, 3, 4, 5)),
    *(f"trade_flow_imbalance.{what}{{window=10s}}" for what in ("ratio", "count_ratio")),
    *(f"volume_delta{{window={window}s}}" for window in (1, 10, 60)),
    "cvd",
]
SIGNED_BY_MID = [f"band_imbalance{{band_bps={x}}}" for x in BPS] + [
    "weighted_depth_imbalance{weighting=distance_exp}"
]
UNSIGNED = ["spread.price", "spread.ticks"]


def mirrored(events: list[Event], twice: Decimal) -> list[Event]:
    """Prices p become 2c - p, bids asks, buyers sellers."""
    sides = {"buy": "sell", "sell": "buy", "unknown": "unknown"}
    found = []
    for event in events:
        other = dict(event)
        if "bids" in event:
            other["bids"] = [[twice - price, size] for price, size in event["asks"]]
            other["asks"] = [[twice - price, size] for price, size in event["bids"]]
        if event["type"] == "trade":
            other |= {"price": twice - event["price"], "side": sides[event["side"]]}
        found.append(other)
    return found


def negated(values: Values) -> Values:
    return {name: None if value is None else -value for name, value in values.items()}


@given(events=streams(most=30, whole=("snapshot", "replace")))
def test_the_mirror_image_of_a_book_has_the_opposite_values(events: list[Event]) -> None:
    one, other = Desk().play(*events).values(), Desk().play(*mirrored(events, Decimal(200))).values()
    alike(one, negated(other), SIGNED_BY_SIZE)
    alike(one, other, UNSIGNED)
    for buy, sell in (("buy", "sell"), ("sell", "buy")):
        assert equal(one[f"trade_intensity{{side={buy}}}"], other[f"trade_intensity{{side={sell}}}"])
    assert equal(one["best_size{side=bid}"], other["best_size{side=ask}"])
    assert equal(one["queue_imbalance{stat=min}"], negated(other)["queue_imbalance{stat=max}"])


@given(events=streams(most=20, faults=False))
def test_mirrored_at_its_mid_a_book_has_the_opposite_values_by_distance_too(events: list[Event]) -> None:
    book = told(events).now
    assume(book is not None and book.mid is not None)
    assert book is not None
    assert book.mid is not None
    twice = Decimal(book.mid.numerator * 2) / book.mid.denominator
    one, other = Desk().play(*events).values(), Desk().play(*mirrored(events, twice)).values()
    alike(one, negated(other), SIGNED_BY_MID)
    alike(one, other, ["mid_price", "spread.ratio"])
    for x in BPS:
        assert equal(
            one[f"depth.base{{band_bps={x},side=bid}}"], other[f"depth.base{{band_bps={x},side=ask}}"]
        )


# -- 2: scales ---------------------------------------------------------------------------------------------------------

BY_SIZE = [
    *(f"ofi{{window={window}s}}" for window in (1, 10, 60)),
    *(f"mlofi{{level={level},window=10s}}" for level in (1, 2, 3, 4, 5)),
    *(
        f"depth.{unit}{{band_bps={x},side={side}}}"
        for unit in ("base", "quote")
        for x in BPS
        for side in ("bid", "ask")
    ),
    *(f"volume_delta{{window={window}s}}" for window in (1, 10, 60)),
    "cvd",
    "best_size{side=bid}",
]
RATIOS = [
    *(name for name in SIGNED_BY_SIZE[: SIGNED_BY_SIZE.index("ofi{window=1s}")]),
    *SIGNED_BY_MID,
    "spread.ratio",
    "depth_ratio.ratio{levels=5}",
    "trade_flow_imbalance.ratio{window=10s}",
]


@given(
    events=streams(most=25), factor=st.sampled_from([Decimal(text) for text in ("0.001", "0.5", "3", "1000")])
)
def test_sizes_in_another_unit(events: list[Event], factor: Decimal) -> None:
    scaled = [
        event
        | {
            side: [[price, size * factor] for price, size in event[side]]
            for side in ("bids", "asks")
            if side in event
        }
        | ({"size": event["size"] * factor} if "size" in event else {})
        for event in events
    ]
    one, other = Desk().play(*events).values(), Desk().play(*scaled).values()
    alike(one, other, [*RATIOS, "mid_price", "weighted_mid_price", "spread.price"])
    for name in BY_SIZE:
        value = one[name]
        assert equal(None if value is None else value * float(factor), other[name]), name


@given(
    events=streams(most=25),
    factor=st.sampled_from([Decimal(text) for text in ("0.00001", "0.1", "2", "1000")]),
)
def test_prices_in_another_unit(events: list[Event], factor: Decimal) -> None:
    scaled = [
        event
        | {
            side: [[price * factor, size] for price, size in event[side]]
            for side in ("bids", "asks")
            if side in event
        }
        | ({"price": event["price"] * factor} if "price" in event else {})
        for event in events
    ]
    one, other = Desk().play(*events).values(), Desk().play(*scaled).values()
    alike(one, other, [*RATIOS, "ofi{window=10s}", "mlofi{level=3,window=10s}", "volume_delta{window=10s}"])
    for name in ("mid_price", "weighted_mid_price", "spread.price"):
        value = one[name]
        assert equal(None if value is None else value * float(factor), other[name], 1e-8), name


# -- 3: identities -----------------------------------------------------------------------------------------------------


@given(events=streams(most=30, whole=("snapshot", "replace")))
def test_identities(events: list[Event]) -> None:
    plain = {"weighted_depth_imbalance": {"levels": 5, "decay": 0.0}}
    desk, flat = Desk(), Desk(["weighted_depth_imbalance", "depth_imbalance"], plain)
    for event in events:
        values, weighted = desk.play(event).values(), flat.play(event).values()
        assert equal(values["depth_imbalance{levels=1}"], values["queue_imbalance"])
        assert equal(values["mlofi{level=1,window=10s}"], values["ofi{window=10s}"])
        assert equal(
            weighted["weighted_depth_imbalance{weighting=level_exp}"], weighted["depth_imbalance{levels=5}"]
        )
        mid, spread, lean = values["mid_price"], values["spread.price"], values["queue_imbalance"]
        if mid is not None and spread is not None and lean is not None:
            assert equal(values["weighted_mid_price"], mid + spread / 2 * lean)
        for n in (1, 5, 10, 20):
            log = values[f"depth_ratio.log{{levels={n}}}"]
            if log is not None:
                assert equal(values[f"depth_imbalance{{levels={n}}}"], math.tanh(log / 2))


# -- 4: quiet prices ---------------------------------------------------------------------------------------------------


@given(changes=st.lists(st.tuples(st.booleans(), st.sampled_from(SIZES)), min_size=1, max_size=30))
def test_where_the_best_prices_stay_the_flow_is_what_the_queues_gained(
    changes: list[tuple[bool, Decimal]],
) -> None:
    book = near(40)
    bid, ask = book["bids"][0], book["asks"][0]
    events: list[Event] = [{"t": 0, "type": "snapshot", **book}]
    for n, (is_bid, size) in enumerate(changes):
        sides = {"bids": [[bid[0], size]], "asks": []} if is_bid else {"bids": [], "asks": [[ask[0], size]]}
        events.append({"t": Decimal(n) / 10, "type": "delta", **sides})
    values = Desk().play(*events).values()
    queues = values["best_size{side=bid}"], values["best_size{side=ask}"]
    assert queues[0] is not None
    assert queues[1] is not None
    assert equal(values["ofi{window=60s}"], queues[0] - float(bid[1]) - (queues[1] - float(ask[1])))


@given(events=streams(most=15, faults=False), later=streams(most=10, faults=False))
def test_a_gap_and_the_same_book_again_add_nothing(events: list[Event], later: list[Event]) -> None:
    book = told(events).now
    assume(book is not None)
    assert book is not None
    t = end(events)

    def rows(levels: Any) -> list[Any]:
        return [
            [Decimal(p.numerator) / p.denominator, Decimal(q.numerator) / q.denominator] for p, q in levels
        ]

    again = [
        {"t": t, "type": "gap"},
        {"t": t, "type": "snapshot", "bids": rows(book.bids), "asks": rows(book.asks)},
    ]
    # A little later: a message that equals the last one to the letter would be taken for the same one again.
    rest = [
        event | {"t": event["t"] + t + Decimal("0.001")} for event in later if event["type"] != "snapshot"
    ]
    whole, split = Desk().play(*events, *rest).values(), Desk().play(*events, *again, *rest).values()
    names = [
        name
        for name in whole
        if not name.startswith(
            ("window_coverage", "book_messages", "queue_imbalance{stat", *AGED, *BROKEN, *BROKEN_OFF)
        )
    ]
    alike(whole, split, [name for name in names if "stat=" not in name])
