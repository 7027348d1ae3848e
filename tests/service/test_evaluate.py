"""`evaluate`: the worked examples of the specification, and cases of the same kind that reach into its corners."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import all_venues
from connectors.errors import UsageError
from service.conventions import CONVENTIONS
from service.evaluate import run
from service.metrics import answers, metrics
from tests.support import captures
from tests.support.cases import TICK, end, results, streams
from tests.support.plain_metrics import AGED, BOOK, PLAIN, TRADES, answer, same

Event = dict[str, Any]
A = {
    "bids": [[100.0, 5], [99.9, 3], [99.8, 8], [99.5, 10], [99.0, 20]],
    "asks": [[100.1, 2], [100.2, 6], [100.4, 4], [100.6, 12], [101.0, 15]],
}
EMPTY: dict[str, Any] = {"bids": [], "asks": []}
FLOW = ("ofi", "mlofi")


def snapshot(t: float = 0, bids: Any = A["bids"], asks: Any = A["asks"]) -> Event:
    return {"t": t, "type": "snapshot", "bids": bids, "asks": asks}


def delta(t: float, bids: Any = (), asks: Any = ()) -> Event:
    return {"t": t, "type": "delta", "bids": list(bids), "asks": list(asks)}


def replace(t: float, bids: Any = A["bids"], asks: Any = A["asks"]) -> Event:
    return {"t": t, "type": "replace", "bids": bids, "asks": asks}


def trade(t: float, price: float, size: float, side: str | None = "buy") -> Event:
    return {"t": t, "type": "trade", "price": price, "size": size, "side": side}


def gap(t: float) -> Event:
    return {"t": t, "type": "gap"}


def heartbeat(t: float) -> Event:
    return {"t": t, "type": "heartbeat"}


def value(metric: str, params: dict[str, Any], *events: Event) -> Any:
    """The answer to one case; the plain formula must agree."""
    (found,) = results([{"id": 1, "metric": metric, "params": params, "events": list(events)}])
    assert "error" not in found, found
    if metric in PLAIN:
        assert same(found["value"], answer(metric, params, events)), (
            found["value"],
            answer(metric, params, events),
        )
    return found["value"]


def error(metric: str, params: Any, *events: Any) -> str:
    (found,) = results([{"id": "bad", "metric": metric, "params": params, "events": list(events)}])
    assert set(found) == {"id", "error"}, found
    assert found["id"] == "bad"
    return str(found["error"])


# -- the worked examples -----------------------------------------------------------------------------------------------


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """The block of data below the table of worked examples in the specification beside the recordings."""
    text = captures.beside("../metrics.md").read_text(encoding="utf-8")
    _, _, block = text.partition("The same examples as data")
    _, _, block = block.partition("```json")
    return tuple(json.loads(block.partition("```")[0], parse_float=Decimal))


def test_every_worked_example_holds() -> None:
    known = {*metrics(), *CONVENTIONS, *answers()}
    cases = [case for case in examples() if case["metric"] in known]
    assert {case["metric"] for case in cases} >= {*PLAIN, "normalize_size", "taker_side"} - {
        "best_price",
        "best_size",
        "cvd",
        "volume_delta",
        "level_count",
        "naes_skjeltorp_slope",
        "slope_imbalance",
    }
    for case, found in zip(cases, results(cases), strict=True):
        assert "error" not in found, (case["id"], found)
        assert same(found["value"], floats(case["expected"]), floats(case["tolerance"])), (
            case["id"],
            found["value"],
        )


def test_the_plain_formulas_agree_with_the_worked_examples() -> None:
    for case in examples():
        if case["metric"] in PLAIN:
            got = answer(case["metric"], case["params"], case["events"])
            assert same(got, floats(case["expected"]), floats(case["tolerance"])), case["id"]


def test_an_example_that_is_not_covered_yet_says_which_metric_is_missing() -> None:
    (found,) = results([{"id": "E1", "metric": "tea_leaves", "params": {}, "events": []}])
    assert "tea_leaves" in found["error"]


def floats(wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return {key: floats(one) for key, one in wanted.items()}
    if isinstance(wanted, list):
        return [floats(one) for one in wanted]
    return float(wanted) if isinstance(wanted, (Decimal, int)) and not isinstance(wanted, bool) else wanted


# -- random cases against the plain formulas ---------------------------------------------------------------------------

PARAMS: dict[str, list[dict[str, Any]]] = {
    "best_price": [{"side": "bid"}, {"side": "ask"}],
    "best_size": [{"side": "bid"}, {"side": "ask"}],
    "spread": [{}, {"tick_size": TICK}],
    "mid_price": [{}],
    "weighted_mid_price": [{}],
    "queue_imbalance": [{}],
    "depth_imbalance": [*({"levels": n} for n in (1, 2, 3, 5, 7, 20, 30)), {"levels": [1, 3, 2]}],
    "band_imbalance": [
        {"band_bps": Decimal(x)} for x in ("0", "1", "2.5", "5", "10", "25", "50", "100", "500")
    ],
    "depth": [
        {"band_bps": Decimal(x), "side": side} for x in ("2.5", "5", "25", "100") for side in ("bid", "ask")
    ],
    "depth_ratio": [*({"levels": n} for n in (1, 3, 20)), {"levels": [2, 5]}],
    "weighted_depth_imbalance": [
        {"weighting": "level_exp"},
        {"weighting": "level_exp", "levels": 3, "decay": Decimal("0.7")},
        {"weighting": "level_exp", "levels": 30, "decay": 0},
        {"weighting": "distance_exp"},
        {"weighting": "distance_exp", "scale_bps": Decimal("2.5"), "max_bps": Decimal(33)},
    ],
    "book_slope": [
        {"band_bps": Decimal(x), "side": side} for x in ("5", "25", "200") for side in ("bid", "ask")
    ],
    "slope_imbalance": [{"band_bps": Decimal(x)} for x in ("2.5", "25", "200")],
    "depth_concentration": [
        {"band_bps": Decimal(x), "side": side} for x in ("5", "50", "33.3") for side in ("bid", "ask")
    ],
    "liquidity_gap": [{"band_bps": x, "side": side} for x in (1, 10, 25, 300) for side in ("bid", "ask")],
    "level_count": [{"band_bps": x, "side": side} for x in (1, 10, 25, 300) for side in ("bid", "ask")],
    "naes_skjeltorp_slope": [
        {"side": "bid"},
        {"side": "ask"},
        {"side": "bid", "levels": 3},
        {"side": "ask", "levels": 30},
    ],
    "impact_cost": [
        {"notional": Decimal(x), "side": side}
        for x in ("1", "99.975", "1000.5", "5000", "10000")
        for side in ("buy", "sell")
    ],
    "round_trip_cost": [
        {"notional": 100},
        {"notional": 2000},
        {"notional": 2000, "fee": Decimal("0.0005")},
        {"notional": [50, 5000]},
    ],
    "impact_cost_imbalance": [{"notional": x} for x in (100, 1000, 5000)],
    "persistent_depth_imbalance": [
        {"levels": levels, "min_age": Decimal(age)} for levels in (2, 10, 25) for age in ("1", "0.25", "3")
    ],
    "fleeting_depth_imbalance": [{"levels": 3, "min_age": 1}, {"levels": 10}, {"levels": 2, "min_age": 0}],
    "ofi": [{"window": window} for window in (1, Decimal("0.5"), 2, 10, 60)],
    "mlofi": [{"window": window, "levels": levels} for window in (1, 10) for levels in (1, 3, 10)],
    "trade_flow_imbalance": [{"window": window} for window in (1, 2, 10)],
    "volume_delta": [{"window": window} for window in (1, Decimal("2.5"), 10)],
    "cvd": [{}],
    "trade_intensity": [{"side": side, "half_life": half} for side in ("buy", "sell") for half in (2, 10)],
}


@given(events=streams(whole=("snapshot", "replace")), data=st.data())
def test_every_answer_is_that_of_the_plain_formula(events: list[Event], data: st.DataObject) -> None:
    cases: list[dict[str, Any]] = []
    for metric, choices in PARAMS.items():
        params = dict(data.draw(st.sampled_from(choices)))
        if metric in (*FLOW, *TRADES, *AGED):
            params["t_eval"] = end(events) + data.draw(
                st.sampled_from([Decimal(x) for x in ("0", "0", "0.5", "1", "3", "-1")])
            )
        cases.append({"id": metric, "metric": metric, "params": params, "events": events})
    for case, found in zip(cases, results(cases), strict=True):
        wanted = answer(case["metric"], case["params"], events)
        assert "error" not in found, found
        assert same(found["value"], wanted), (case["metric"], case["params"], found["value"], wanted)


@given(events=streams(most=40, whole=("replace",), faults=False))
def test_a_feed_of_images_alone_is_answered_like_any_other(events: list[Event]) -> None:
    for metric, params in (
        ("ofi", {"window": 10}),
        ("mlofi", {"window": 10, "levels": 5}),
        ("depth_imbalance", {"levels": 5}),
    ):
        value(metric, {**params, "t_eval": end(events)} if metric in FLOW else params, *events)


# -- the corners, by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "params", "wanted"),
    [
        ("best_price", {"side": "bid"}, 100.0),
        ("best_price", {"side": "ask"}, None),
        ("best_size", {"side": "bid"}, 5.0),
        ("best_size", {"side": "ask"}, None),
        ("spread", {"tick_size": 0.1}, {"price": None, "ratio": None, "ticks": None}),
        ("mid_price", {}, None),
        ("weighted_mid_price", {}, None),
        ("queue_imbalance", {}, 1.0),
        ("depth_imbalance", {"levels": 3}, 1.0),
        ("band_imbalance", {"band_bps": 25}, None),
        ("weighted_depth_imbalance", {"weighting": "level_exp"}, 1.0),
        ("weighted_depth_imbalance", {"weighting": "distance_exp"}, None),
        ("depth", {"band_bps": 25, "side": "bid"}, {"base": None, "quote": None}),
        ("depth_ratio", {"levels": 3}, {"ratio": None, "log": None}),
    ],
)
def test_a_book_with_one_side(metric: str, params: dict[str, Any], wanted: Any) -> None:
    assert value(metric, params, snapshot(asks=[])) == wanted


@pytest.mark.parametrize(
    "events",
    [[], [snapshot(bids=[], asks=[])], [gap(0)], [delta(1, [[100, 1]], [[101, 1]])], [snapshot(), gap(1)]],
)
@pytest.mark.parametrize("metric", [metric for metric in BOOK if metric not in FLOW])
def test_a_book_that_is_empty_or_not_known_has_no_values(metric: str, events: list[Event]) -> None:
    found = value(metric, PARAMS[metric][0], *events)
    assert found is None or (isinstance(found, dict) and set(found.values()) == {None})


@pytest.mark.parametrize(
    "crossing", [delta(1, [[100.1, 1]]), delta(1, [[100.2, 1]]), delta(1, [], [[100.0, 1]])]
)
@pytest.mark.parametrize("metric", BOOK)
def test_a_book_that_is_crossed_or_locked_has_no_values(metric: str, crossing: Event) -> None:
    params = PARAMS[metric][0] | ({"t_eval": 1} if metric in FLOW else {})
    found = value(metric, params, snapshot(), crossing)
    assert found in (None, [None]) or set(found.values()) == {None}


def test_spread_without_a_tick_knows_no_ticks() -> None:
    assert value("spread", {}, snapshot())["ticks"] is None


@pytest.mark.parametrize(
    ("bps", "wanted"), [(2.5, (0, 0)), (4.99, (0, 0)), (5, (5, 2)), (14.9, (5, 2)), (15, (8, 8))]
)
def test_a_band_narrower_than_half_the_spread_is_empty_and_its_imbalance_unknown(
    bps: float, wanted: tuple[int, int]
) -> None:
    depth = [value("depth", {"band_bps": bps, "side": side}, snapshot())["base"] for side in ("bid", "ask")]
    assert tuple(depth) == wanted
    assert value("band_imbalance", {"band_bps": bps}, snapshot()) == (
        None if wanted == (0, 0) else (wanted[0] - wanted[1]) / sum(wanted)
    )


def test_the_edges_of_a_band_are_inside() -> None:
    """Mid 24: 50 bp reach to 24.12 exactly, which binary fractions miss."""
    book = snapshot(0, [[23.95, 1], [23.88, 2], [23.87, 4]], [[24.05, 1], [24.12, 2], [24.13, 4]])
    assert value("depth", {"band_bps": 50, "side": "ask"}, book)["base"] == 3
    assert value("depth", {"band_bps": 50, "side": "bid"}, book)["base"] == 3


def test_a_window_is_open_on_the_left_and_closed_on_the_right() -> None:
    events = [snapshot(), *(delta(t, [[100.0, 5 + t]]) for t in (1, 2, 3, 4))]
    assert value("ofi", {"window": 2, "t_eval": 4}, *events) == 2
    assert value("ofi", {"window": 2, "t_eval": 3.999999999}, *events) == 2
    assert value("ofi", {"window": 2, "t_eval": 3}, *events) == 2
    assert value("ofi", {"window": 60, "t_eval": 2.5}, *events) == 2, "what comes later has not happened yet"
    prints = [trade(t, 100, 1) for t in (1, 2, 3, 4)]
    assert value("volume_delta", {"window": 1, "t_eval": 2}, *prints) == 1
    assert value("volume_delta", {"window": 0.3, "t_eval": 2.3}, *prints) == 0
    assert value("volume_delta", {"window": 0.300000001, "t_eval": 2.3}, *prints) == 1
    assert value("cvd", {"t_eval": 2}, *prints) == 2


def test_messages_with_one_time_are_transitions_of_their_own() -> None:
    events = [snapshot(), delta(1, [[100.0, 9]]), delta(1, [[100.0, 2]]), delta(1, [[100.0, 4]])]
    assert value("ofi", {"window": 1, "t_eval": 1}, *events) == -1


def test_time_never_goes_back() -> None:
    events = [snapshot(), delta(5, [[100.0, 9]]), delta(3, [[100.0, 10]])]
    assert value("ofi", {"window": 1, "t_eval": 5}, *events) == 5


def test_a_gap_drops_the_baseline_and_keeps_the_sum() -> None:
    events = [
        snapshot(),
        delta(1, [[100.0, 9]]),
        gap(2),
        delta(3, [[100.0, 50]]),
        snapshot(4),
        delta(5, [[100.0, 6]]),
    ]
    assert value("ofi", {"window": 10, "t_eval": 10}, *events) == 5
    assert value("ofi", {"window": 10, "t_eval": 10}, *events[:4]) is None
    assert value("mlofi", {"window": 10, "t_eval": 10, "levels": 2}, *events) == [5, 0]


def test_a_snapshot_adds_nothing_and_an_image_does() -> None:
    changed = [[100.0, 8], [99.9, 3]]
    assert value("ofi", {"window": 10, "t_eval": 10}, snapshot(), snapshot(1, changed)) == 0
    assert value("ofi", {"window": 10, "t_eval": 10}, snapshot(), replace(1, changed)) == 3
    assert (
        value("ofi", {"window": 10, "t_eval": 10}, snapshot(), gap(1), replace(2, changed), replace(3)) == -3
    )


def test_a_crossed_snapshot_sets_no_baseline() -> None:
    crossed = snapshot(1, [[100.2, 1]], [[100.1, 1]])
    events = [snapshot(), crossed, delta(2, [[100.2, 0]], []), delta(3, [[100.0, 7]], [])]
    assert value("ofi", {"window": 10, "t_eval": 10}, *events) == 7


def test_a_book_that_stays_crossed_is_given_up_until_the_next_image() -> None:
    crossed = [delta(t, [[101.0, t]], []) for t in (1, 2, 3)]
    events = [snapshot(0, [[100, 5]], [[101, 2]]), *crossed]
    healed = [*events, delta(4, [[101.0, 0]], [])]
    assert value("mid_price", {}, *healed) is None
    images = [*healed, replace(5, [[100, 5]], [[101, 7]]), delta(6, [[100, 6]])]
    assert value("ofi", {"window": 60, "t_eval": 6}, *images) == 1


def test_a_book_that_was_crossed_for_a_moment_goes_on() -> None:
    events = [snapshot(0, [[100, 5]], [[101, 2]]), delta(1, [[101, 1]]), delta(3, [[101, 0]], [[101, 1]])]
    assert value("ofi", {"window": 60, "t_eval": 3}, *events) == 1


def test_unknown_removals_and_restated_levels_change_nothing() -> None:
    events = [snapshot(), delta(1, [[55.5, 0]], [[155.5, 0]]), delta(2, [[100.0, 5]], [[100.1, 2]])]
    assert value("ofi", {"window": 10, "t_eval": 10}, *events) == 0
    assert value("depth_imbalance", {"levels": 5}, *events) == pytest.approx(7 / 85)


def test_silence_withdraws_values_and_a_heartbeat_keeps_them() -> None:
    late = {"now": 5.000000001, "stale_after": 5}
    assert value("mid_price", {"now": 5, "stale_after": 5}, snapshot()) == 100.05
    assert value("mid_price", late, snapshot()) is None
    assert value("mid_price", late, snapshot(), heartbeat(1)) == 100.05
    assert value("mid_price", late, snapshot(), trade(1, 100, 1)) == 100.05
    assert value("queue_imbalance", late, snapshot()) is None
    assert value("depth", {**late, "band_bps": 25, "side": "bid"}, snapshot()) == {
        "base": None,
        "quote": None,
    }


@pytest.mark.parametrize(
    ("price", "before", "wanted"),
    [
        (100.10, None, 1),  # above the mid: a taker bought
        (100.00, None, -1),
        (100.05, 100.00, 1),  # at the mid: up from the print before
        (100.05, 100.10, -1),
        (100.05, 100.05, 0),  # nothing to go by
    ],
)
@pytest.mark.parametrize("side", [None, "", "unknown"])
def test_a_print_without_a_side_is_told_by_price(
    price: float, before: float | None, wanted: int, side: str | None
) -> None:
    first = [trade(1, before, 1, side)] if before else []
    without = value(
        "volume_delta", {"window": 0.5, "t_eval": 2}, snapshot(), *first, trade(2, price, 3, side)
    )
    assert without == 3 * wanted


def test_the_flow_of_a_window_without_prints() -> None:
    params = {"window": 10, "t_eval": 100}
    assert value("trade_flow_imbalance", params, trade(1, 100, 1)) == {
        "ratio": None,
        "delta": 0,
        "count_ratio": None,
    }
    assert value("volume_delta", params, trade(1, 100, 1)) == 0
    assert value("trade_intensity", {"side": "buy", "t_eval": 100}) == 0


def test_cumulative_delta_starts_anew_at_midnight_and_survives_a_lost_book() -> None:
    day = 86_400
    prints = [trade(day - 2, 100, 4), gap(day - 1), trade(day - 1, 100, 1, "sell"), trade(day + 1, 100, 7)]
    assert value("cvd", {}, *prints[:3]) == 3
    assert value("cvd", {}, *prints) == 7
    assert value("cvd", {"t_eval": 2 * day}, *prints) == 0


def test_lists_of_levels_are_answered_in_their_order() -> None:
    assert value("depth_imbalance", {"levels": [5, 1, 3]}, snapshot()) == pytest.approx(
        [7 / 85, 3 / 7, 4 / 28]
    )
    assert value("depth_ratio", {"levels": [1, 5]}, snapshot())["ratio"] == pytest.approx([2.5, 46 / 39])
    found = value(
        "weighted_depth_imbalance", {"weighting": "level_exp", "decay": 0, "levels": [1, 3]}, snapshot()
    )
    assert found == pytest.approx([3 / 7, 4 / 28])


def test_without_a_side_both_are_given() -> None:
    assert results([{"id": 1, "metric": "best_price", "params": {}, "events": [snapshot()]}])[0]["value"] == {
        "bid": 100.0,
        "ask": 100.1,
    }
    assert results([{"id": 1, "metric": "best_size", "params": {}, "events": [snapshot()]}])[0]["value"] == {
        "bid": 5.0,
        "ask": 2.0,
    }


@pytest.mark.parametrize("price", ["7.445E-7", "0.00000074450", 7.445e-7])
def test_very_small_prices(price: Any) -> None:
    book = snapshot(0, [[price, 3]], [["7.5E-7", 1]])
    assert value("best_price", {"side": "bid"}, book) == 7.445e-7
    assert value("mid_price", {}, book) == pytest.approx(7.4725e-7, rel=1e-12)
    assert value("depth", {"band_bps": 37, "side": "bid"}, book)["base"] == 3


def test_the_largest_size_a_venue_sends() -> None:
    most = "92233720368.54775807"
    book = snapshot(0, [["0.01", most], ["0.009", most]], [["0.011", "1E8"]])
    assert value("best_size", {"side": "bid"}, book) == 92233720368.54775807
    assert value("depth_imbalance", {"levels": 5}, book) == pytest.approx(
        1 - 2e8 / (2 * 92233720368.54775807 + 1e8), rel=1e-12
    )


def test_large_prices_and_long_fractions() -> None:
    book = snapshot(0, [["123456789.12345678", "0.00000001"]], [["123456789.12345679", "0.00000003"]])
    assert value("spread", {"tick_size": "0.00000001"}, book)["price"] == pytest.approx(1e-8, rel=1e-9)
    assert value("queue_imbalance", {}, book) == pytest.approx(-0.5)


# -- conventions of connectors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"contract": "spot", "size": 3}, 3),
        ({"contract": "spot", "size": "7.445E-7", "price": 5}, 7.445e-7),
        ({"contract": "linear", "size": 7, "contract_size": 0.01, "price": 60000}, 0.07),
        ({"contract": "linear", "size": 7, "contract_size": 1000}, 7000),
        ({"contract": "inverse", "size": 10000, "contract_size": 1, "price": 50000}, 0.2),
        ({"contract": "inverse", "size": 24, "contract_size": 10, "price": 427.84}, 240 / 427.84),
        ({"contract": "linear", "size": 7, "contract_size": None}, None),
    ],
)
def test_sizes_in_base_units(params: dict[str, Any], wanted: float | None) -> None:
    found = value("normalize_size", params)
    assert found == (None if wanted is None else pytest.approx(wanted, rel=1e-12))


@pytest.mark.parametrize(
    ("venue", "field", "buy", "sell"),
    [
        ("binance", "m", False, True),
        ("binance_us", "m", False, True),
        ("bybit", "S", "Buy", "Sell"),
        ("okx", "side", "buy", "sell"),
        ("kraken", "side", "buy", "sell"),
        ("coinbase", "side", "BUY", "SELL"),
        ("coinbase_exchange", "side", "sell", "buy"),  # the maker's
    ],
)
def test_the_taker_of_a_print(venue: str, field: str, buy: Any, sell: Any) -> None:
    assert value("taker_side", {"venue": venue, field: buy}) == "buy"
    assert value("taker_side", {"venue": venue, field: sell}) == "sell"
    assert value("taker_side", {"venue": venue, "market": "spot", field: sell}) == "sell"


def test_the_taker_is_told_for_every_venue_there_is() -> None:
    for (venue, _), kind in all_venues().items():
        field = "m" if kind.taker_bought in ("true", "false") else "side"
        assert value("taker_side", {"venue": venue, field: kind.taker_bought}) == "buy"


# -- what is no case ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "params", "events"),
    [
        ("nope", {}, [snapshot()]),
        ("mid_price", [1], [snapshot()]),
        ("mid_price", {}, [{"t": 0, "type": "teapot"}]),
        ("mid_price", {}, [{"t": 0}]),
        ("mid_price", {}, [5]),
        ("mid_price", {}, [{"t": "soon", **snapshot(), "type": "snapshot"} | {"t": "soon"}]),
        ("mid_price", {}, [snapshot(0, [["x", 1]])]),
        ("mid_price", {}, [snapshot(0, [[100]])]),
        ("mid_price", {}, [snapshot(0, [[100, -1]])]),
        ("mid_price", {}, [snapshot(0, 5)]),
        (
            "volume_delta",
            {"window": 10, "t_eval": 10},
            [{"t": 1, "type": "trade", "price": 100, "side": "buy"}],
        ),
        ("volume_delta", {"window": 10, "t_eval": 10}, [trade(1, 100, -1)]),
        ("ofi", {"window": "long", "t_eval": 1}, [snapshot()]),
        ("band_imbalance", {"band_bps": "x"}, [snapshot()]),
        ("depth_imbalance", {"levels": 0}, [snapshot()]),
        ("depth_imbalance", {"levels": -3}, [snapshot()]),
        ("depth_imbalance", {"levels": "many"}, [snapshot()]),
        ("weighted_depth_imbalance", {"weighting": "by_feeling"}, [snapshot()]),
        ("depth", {"band_bps": 10, "side": "middle"}, [snapshot()]),
        ("spread", {"tick_size": "a"}, [snapshot()]),
        ("taker_side", {"venue": "nowhere", "side": "buy"}, []),
        ("taker_side", {"venue": "okx"}, []),
        ("normalize_size", {"contract": "square", "size": 1}, []),
        ("normalize_size", {"contract": "inverse", "size": 1, "contract_size": 1}, []),
        ("normalize_size", {}, []),
    ],
)
def test_a_bad_case_is_told_and_costs_no_other(metric: str, params: Any, events: list[Any]) -> None:
    assert error(metric, params, *events)
    good = {"id": "good", "metric": "mid_price", "params": {}, "events": [snapshot()]}
    bad = {"id": "bad", "metric": metric, "params": params, "events": events}
    assert [("value" in one, one["id"]) for one in results([good, bad, good])] == [
        (True, "good"),
        (False, "bad"),
        (True, "good"),
    ]


def test_no_answer_is_infinite_or_nan() -> None:
    for metric, params in (
        ("spread", {"tick_size": 0}),
        ("trade_intensity", {"side": "buy", "half_life": 0, "t_eval": 1}),
    ):
        (found,) = results(
            [{"id": 1, "metric": metric, "params": params, "events": [snapshot(), trade(0, 100, 1)]}]
        )
        answers = found.get("value")
        for one in answers.values() if isinstance(answers, dict) else [answers]:
            assert one is None or math.isfinite(one)


@pytest.mark.parametrize("text", ["", "{", "5", '"x"', "null"])
def test_a_file_that_holds_no_cases_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"cases\.json"):
        list(run(path))


def test_cases_may_stand_under_a_key_and_need_no_id(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [{"metric": "mid_price", "params": {}, "events": [snapshot()]}, 7]}))
    first, second = run(path)
    assert first == {"id": 0, "value": 100.05}
    assert set(second) == {"id", "error"}
