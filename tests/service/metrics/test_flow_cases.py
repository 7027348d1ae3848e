"""The flow metrics as `evaluate` answers them, against plain formulas on drawn streams, and by hand in the corners."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from tests.support import plain_flow
from tests.support.cases import end, near, results, streams
from tests.support.plain_metrics import same

Event = dict[str, Any]
A = {
    "bids": [[100.0, 5], [99.9, 3], [99.8, 8], [99.5, 10], [99.0, 20]],
    "asks": [[100.1, 2], [100.2, 6], [100.4, 4], [100.6, 12], [101.0, 15]],
}
NOTHING = {f"{kind}_{side}": 0 for kind in ("add", "cancel", "traded") for side in ("bid", "ask")}


def snapshot(t: float = 0) -> Event:
    return {"t": t, "type": "snapshot", **A}


def delta(t: float, bids: Any = (), asks: Any = ()) -> Event:
    return {"t": t, "type": "delta", "bids": list(bids), "asks": list(asks)}


def trade(t: float, price: float, size: float, side: str = "buy") -> Event:
    return {"t": t, "type": "trade", "price": price, "size": size, "side": side}


def value(metric: str, params: dict[str, Any], *events: Event, **rest: Any) -> Any:
    (found,) = results([{"id": 1, "metric": metric, "params": params, "events": list(events), **rest}])
    assert "error" not in found, found
    return found["value"]


def flow(*events: Event, **params: Any) -> dict[str, Any]:
    """What limit_flow says of these, without zeros and ratios."""
    found = value("limit_flow", {"match_horizon": 0.25, **params}, *events)
    return {key: one for key, one in found.items() if one and key in (*NOTHING, "unmatched")}


CASES: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "limit_flow": (
        plain_flow.limit_flow,
        [{}, {"match_horizon": Decimal("0.25")}, {"match_horizon": 1}, {"match_horizon": 0}, {"window": 2}],
    ),
    "normalized_ofi": (
        plain_flow.normalized_ofi,
        [{"window": w, "levels": n} for w in (1, 10, Decimal("2.5")) for n in (1, 3, 10)],
    ),
    "generalized_ofi": (plain_flow.generalized_ofi, [{"window": w} for w in (1, 10)]),
    "vpin": (
        plain_flow.vpin,
        [{"bucket_volume": v, "buckets": n} for v in (1, Decimal("7.5")) for n in (1, 3)],
    ),
    "effective_spread": (plain_flow.effective_spread, [{"horizon": h} for h in (1, Decimal("0.25"), 5)]),
}


@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
@given(events=streams(most=20, whole=("snapshot", "replace")), data=st.data())
def test_every_answer_is_that_of_the_plain_formula(events: list[Event], data: st.DataObject) -> None:
    books = [event for event in events if "bids" in event]
    assume(len(set(map(str, books))) == len(books))  # one that comes twice may be a repetition
    after = data.draw(st.sampled_from([Decimal(x) for x in ("0", "0.1", "0.5", "3")]))
    cases = [
        {
            "id": metric,
            "metric": metric,
            "params": {**data.draw(st.sampled_from(choices)), "t_eval": end(events) + after},
        }
        for metric, (_, choices) in CASES.items()
    ]
    for case, found in zip(cases, results([case | {"events": events} for case in cases]), strict=True):
        wanted = CASES[str(case["metric"])][0](case["params"], events)
        assert "error" not in found, found
        assert same(found["value"], wanted), (case, found["value"], wanted)


@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
@given(events=streams(most=25, faults=False))
def test_fleeting_volume_is_that_of_the_plain_formula(events: list[Event]) -> None:
    # A later snapshot ends the watch over what was added before it: the plain formula knows none.
    books = events[:1] + [event for event in events[1:] if event["type"] in ("delta", "replace")]
    for horizon in (1, 2, Decimal("0.5")):
        params = {"horizon": horizon, "t_eval": end(books)}
        assert same(value("fleeting_volume_ratio", params, *books), plain_flow.fleeting(params, books))


# -- limit flow, by hand -----------------------------------------------------------------------------------------------


def test_a_trade_of_a_full_level_and_what_was_behind_it() -> None:
    sold = [trade(1, 100.0, 5, "sell"), trade(1, 99.9, 1, "sell")]
    assert flow(snapshot(), *sold, delta(1.1, [[100.0, 0], [99.9, 2]])) == {"traded_bid": 6}


def test_a_trade_waits_for_its_change_no_longer_than_the_horizon() -> None:
    sold = trade(1, 100.0, 3, "sell")
    assert flow(snapshot(), sold, delta(1.25, [[100.0, 2]])) == {"traded_bid": 3}
    assert flow(snapshot(), sold, delta(1.26, [[100.0, 2]])) == {"cancel_bid": 3, "unmatched": 3}
    assert flow(snapshot(), sold, t_eval=1.25) == {}
    assert flow(snapshot(), sold, t_eval=1.26) == {"unmatched": 3}


def test_a_cancel_is_claimed_once_and_no_later_than_the_horizon() -> None:
    gone = delta(1, [[100.0, 1]])
    assert flow(snapshot(), gone, trade(1.25, 100.0, 3, "sell"), trade(1.25, 100.0, 3, "sell"), t_eval=2) == {
        "traded_bid": 4,
        "unmatched": 2,
    }
    assert flow(snapshot(), gone, trade(1.251, 100.0, 3, "sell"), t_eval=2) == {
        "cancel_bid": 4,
        "unmatched": 3,
    }


def test_the_side_of_a_trade_is_the_side_it_takes_from() -> None:
    assert flow(snapshot(), trade(1, 100.0, 3, "buy"), delta(1.1, [[100.0, 2]]), t_eval=2) == {
        "cancel_bid": 3,
        "unmatched": 3,
    }


def test_a_gap_drops_trades_that_wait_and_shields_what_was_booked() -> None:
    sold = trade(1, 100.0, 3, "sell")
    again = [{"t": 1.05, "type": "gap"}, snapshot(1.1)]
    assert flow(snapshot(), sold, *again, delta(1.2, [[100.0, 2]]), t_eval=3) == {"cancel_bid": 3}
    assert flow(snapshot(), delta(1, [[100.0, 2]]), *again, trade(1.2, 100.0, 3, "sell"), t_eval=3) == {
        "cancel_bid": 3,
        "unmatched": 3,
    }
    assert flow(snapshot(), *again) == {}


def test_a_crossed_moment_is_bridged() -> None:
    crossed = [delta(1, [[100.1, 4]]), delta(2, [[100.1, 0], [100.0, 6]])]
    assert flow(snapshot(), *crossed) == {"add_bid": 1}


def test_an_emptied_side_and_what_comes_back() -> None:
    asks = A["asks"]
    events = [snapshot(), delta(1, [], [[p, 0] for p, _ in asks]), delta(2, [], [[100.2, 6]])]
    assert flow(*events) == {"cancel_ask": 39, "add_ask": 6}


def test_binary_fractions_leave_no_dust() -> None:
    assert flow(
        {"t": 0, "type": "snapshot", "bids": [[100.0, 0.4]], "asks": [[101, 1]]},
        trade(1, 100.0, 0.3, "sell"),
        delta(1.1, [[100.0, 0.1]]),
    ) == {"traded_bid": pytest.approx(0.3)}


def test_a_window_of_limit_flow_is_open_on_the_left() -> None:
    events = [snapshot(), delta(1, [[99.9, 4]]), delta(2, [[99.9, 6]]), delta(3, [[99.9, 9]])]
    assert flow(*events, window=2, t_eval=3) == {"add_bid": 5}
    assert flow(*events, window=1, t_eval=3) == {"add_bid": 3}


def test_depletions_by_what_took_the_queue() -> None:
    params = {"side": "bid"}
    gone = delta(1.1, [[100.0, 0]])
    none = {"traded": 0, "cancelled": 0}
    for size, cause in ((5, "traded"), (2.5, "traded"), (2, "cancelled")):
        found = value("queue_depletions", params, snapshot(), trade(1, 100.0, size, "sell"), gone)
        assert found == none | {cause: 1}, size
    late = value("queue_depletions", params, snapshot(), gone, trade(1.2, 100.0, 3, "sell"))
    assert late == none | {"traded": 1}
    better = delta(1, [[100.05, 1], [100.0, 0]])  # the best level went, but the best price improved
    assert value("queue_depletions", params, snapshot(), better) == none
    assert value("queue_depletions", params, snapshot(), delta(1, [[99.9, 0]])) == none


def test_the_parts_of_ofi_add_up_to_it() -> None:
    events = [
        snapshot(),
        delta(1, [[100.0, 9]]),
        trade(2, 100.0, 4, "sell"),
        delta(2.1, [[100.0, 2]]),
        delta(3, [[100.0, 0]]),
        trade(3.1, 100.0, 2, "sell"),
        delta(4, [], [[100.05, 3]]),
    ]
    params = {"window": 10, "t_eval": 10}
    parts = value("ofi_decomposition", params, *events)
    assert parts == pytest.approx({"add": 4 - 3, "cancel": -3, "trade": -6})
    assert sum(parts.values()) == pytest.approx(value("ofi", params, *events))


@settings(max_examples=15, phases=(Phase.explicit, Phase.generate))
@given(events=streams(most=25, whole=("snapshot", "replace")))
def test_the_parts_add_up_on_any_stream(events: list[Event]) -> None:
    params = {"window": 10, "t_eval": end(events)}
    parts, whole = value("ofi_decomposition", params, *events), value("ofi", params, *events)
    if whole is None:
        assert set(parts.values()) == {None}
    else:
        assert sum(parts.values()) == pytest.approx(whole, abs=1e-9)


# -- the others, by hand -----------------------------------------------------------------------------------------------


def test_sweeps_are_prints_of_one_time_and_side_at_two_prices() -> None:
    events = [
        *(trade(1, 100.1, 1), trade(1, 100.2, 1), trade(1, 100.3, 1)),
        *(trade(2, 100.1, 1), trade(2, 100.1, 2)),
        *(trade(3, 100.1, 1), trade(3, 100.0, 2, "sell"), trade(3, 99.9, 2, "sell")),
    ]
    (found,) = results([{"id": 1, "metric": "trade_sweeps", "params": {}, "events": events}])
    assert found["value"] == {"buy": 1, "sell": 1}


def test_an_equal_time_of_print_and_message_leaves_the_mid_before_both() -> None:
    events = [snapshot(), delta(1, [], [[100.1, 0]]), trade(1, 100.2, 1), delta(2, [[100.0, 0]])]
    found = value("effective_spread", {"horizon": 1, "t_eval": 2}, *events)
    assert found["effective"] == pytest.approx(2 * (100.2 - 100.05) / 100.05)
    assert found["impact"] == pytest.approx(2 * (100.05 - 100.05) / 100.05)
    assert found["effective"] == pytest.approx(found["realized"] + found["impact"])


@pytest.mark.parametrize(
    ("metric", "params", "inputs", "wanted"),
    [
        ("roll_spread", {}, {"prices": [100, 101, 102, 103, 104]}, None),
        ("roll_spread", {}, {"prices": [100, 101]}, None),
        ("amihud", {}, {"bars": [[100, 0], [101, 0]]}, None),
        ("amihud", {}, {"bars": []}, None),
        ("auc", {}, {"score": [0.1, 0.2], "y": [1, 1]}, None),
        ("brier", {}, {"p": [], "y": []}, None),
        ("zscore", {}, {"history": [2, 2, 2], "x": 3}, None),
        ("vpin_bvc", {"bucket_volume": 10, "buckets": 2}, {"bars": [[100, 5]]}, None),
        ("effective_spread", {}, {"trades": []}, {"effective": None, "realized": None, "impact": None}),
        ("price_impact_regression", {}, {"x": [1, 1], "dmid": [0, 1]}, {"beta": None, "r2": None, "t": None}),
        ("price_impact_regression", {}, {"x": [1, 2], "dmid": [1, 1]}, {"beta": 0, "r2": None, "c": None}),
        ("p_up", {"b0": 0, "b1": 2}, {"i": [0, 0.5]}, [0.5, 0.7310585786]),
        (
            "integrated_ofi",
            {},
            {"train": [[1, 0], [-1, 0]], "ofi": [0.5, 9]},
            {"weights": [1, 0], "explained": 1, "value": 0.5},
        ),
        ("integrated_ofi", {}, {"train": [[1, 1]], "ofi": [1, 3]}, {"explained": None, "value": 2}),
    ],
)
def test_inputs_at_their_edges(metric: str, params: Any, inputs: Any, wanted: Any) -> None:
    (found,) = results([{"id": 1, "metric": metric, "params": params, "inputs": inputs}])
    assert "error" not in found, found
    assert same(found["value"], wanted), found["value"]


@pytest.mark.parametrize(
    ("metric", "inputs"),
    [
        ("amihud", {"bars": [1, 2]}),
        ("amihud", {}),
        ("auc", {"score": [1], "y": [1, 0]}),
        ("price_impact_regression", {"x": [1, 2], "dmid": [1]}),
        ("roll_spread", {"prices": 5}),
        ("mid_price", {"prices": [5]}),
        ("effective_spread", {"trades": 7}),
        ("integrated_ofi", {"train": [[1, 2], [3]], "ofi": [1, 2]}),
    ],
)
def test_bad_inputs_are_told(metric: str, inputs: Any) -> None:
    (found,) = results([{"id": 1, "metric": metric, "params": {}, "inputs": inputs}])
    assert set(found) == {"id", "error"}


def test_without_a_side_of_the_book_predictions_are_withdrawn() -> None:
    params = {"b0": 0, "b1": 2}
    empty = delta(1, [], [[p, 0] for p, _ in A["asks"]])
    assert value("p_up", params, snapshot(), empty) is None
    assert value("p_up", params, snapshot(), {"t": 1, "type": "gap"}) is None
    assert value("p_up", params, snapshot(), delta(1, [[100.2, 1]])) is None
    assert value("p_up", params, {"t": 0, "type": "snapshot", **near(40)}) is not None
