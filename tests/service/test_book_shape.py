"""Numbers of orders, limited views, and the properties that shape and cost of a book have exactly (metrics.md 9.2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors import all_venues
from connectors.wire import Scanner
from tests.support.cases import results, streams
from tests.support.desk import Desk
from tests.support.plain_metrics import told

Event = dict[str, Any]
A = {
    "bids": [[100.0, 5], [99.9, 3], [99.8, 8], [99.5, 10], [99.0, 20]],
    "asks": [[100.1, 2], [100.2, 6], [100.4, 4], [100.6, 12], [101.0, 15]],
}


def value(metric: str, params: dict[str, Any], *events: Event) -> Any:
    (found,) = results([{"id": 1, "metric": metric, "params": params, "events": list(events)}])
    assert "error" not in found, found
    return found["value"]


def snapshot(bids: Any = A["bids"], asks: Any = A["asks"], kind: str = "snapshot", t: float = 0) -> Event:
    return {"t": t, "type": kind, "bids": bids, "asks": asks}


# -- numbers of orders -------------------------------------------------------------------------------------------------

BIDS, ASKS = [[100, 5, 9], [99, 3, 1], [98, 1, 4]], [[101, 2, 2], [102, 6, 4]]


@pytest.mark.parametrize(
    ("bids", "asks", "levels", "wanted"),
    [
        (BIDS, ASKS, 1, 7 / 11),
        (BIDS, ASKS, 2, 4 / 16),
        (BIDS, ASKS, 5, 8 / 20),
        (BIDS, [], 2, 1),
        ([], ASKS, 2, -1),
        ([], [], 2, None),
        ([[100, 5], *BIDS[1:]], ASKS, 2, None),
        ([*BIDS[:2], [98, 1]], ASKS, 2, 0.25),
        ([[100, 5, 0], *BIDS[1:]], ASKS, 1, None),
        (A["bids"], A["asks"], 2, None),
        (BIDS, [[100, 1, 1]], 1, None),
    ],
)
def test_order_counts(bids: Any, asks: Any, levels: int, wanted: float | None) -> None:
    found = value("order_count_imbalance", {"levels": levels}, snapshot(bids, asks))
    assert found == (wanted if wanted is None else pytest.approx(wanted))


def test_order_counts_follow_the_book() -> None:
    events = [snapshot(BIDS, ASKS), snapshot([[100, 5, 2]], [], "delta", 1)]
    assert value("order_count_imbalance", {"levels": [1, 2]}, *events) == [0, pytest.approx(-3 / 9)]
    events.append(snapshot([[100, 0, 0], [99, 3]], [[103, 1, 7]], "delta", 2))
    assert value("order_count_imbalance", {"levels": 1}, *events) is None, "99 was told without its orders"
    events.append(snapshot([[97, 3, 5]], [[103, 1, 7]], "replace", 3))
    assert value("order_count_imbalance", {"levels": 1}, *events) == pytest.approx(-2 / 12)
    assert value("order_count_imbalance", {"levels": 1}, *events, {"t": 4, "type": "gap"}) is None


def test_many_levels_keep_their_orders_apart() -> None:
    """Blocks that split, merge and empty carry them along."""
    desk = Desk(["order_count_imbalance"], {"order_count_imbalance": {"levels": (150,)}})
    frames = [snapshot([[1000 - k, 1, k + 1] for k in range(100)], [[1001, 1, 1]])]
    frames += [snapshot([[1000 - k, 0, 0]], [], "delta", t) for t, k in enumerate(range(0, 100, 3), 1)]
    frames += [snapshot([[Decimal(2001 - 2 * k) / 2, 1, 1000]], [], "delta", 50 + k) for k in range(1, 90, 2)]
    for event in frames:
        said = {"kind": event["type"], "symbol": "CASE-QUOTE", "t": str(event["t"] * 10**9 + 10**18)}
        said |= {side: [[str(x) for x in row] for row in event[side]] for side in ("bids", "asks")}
        desk.session.received(orjson.dumps(said), int(event["t"]) * 10**9 + 10**18)
    bid = sum(k + 1 for k in range(100) if k % 3) + 45_000
    found = desk.readings.values(10**18 + 200 * 10**9)[0]
    assert found == pytest.approx((bid - 1) / (bid + 1))


@pytest.mark.parametrize(
    ("venue", "frame", "wanted"),
    [
        ("okx", {"data": [{"asks": [["1.5", "2", "0", "7"]], "bids": [["1.4", "3", "0", "12"]]}]}, [7, 12]),
        (
            "hyperliquid",
            {"data": {"levels": [[{"px": "1.4", "sz": "3", "n": 5}], [{"px": "1.5", "sz": "2", "n": 6}]]}},
            [5, 6],
        ),
        ("bitfinex", [7, [[1.4, 3, 2.5], [1.5, 4, -1.0]]], [3, 4]),
        (
            "crypto_com",
            {"result": {"data": [{"asks": [["1.5", "2", "7"]], "bids": [["1.4", "3", "12"]]}]}},
            [7, 12],
        ),
    ],
)
def test_venues_that_tell_numbers_of_orders(venue: str, frame: Any, wanted: list[int]) -> None:
    (kind, *_) = [kind for (name, _), kind in all_venues().items() if name == venue]
    scanner = Scanner(kind.layout)
    assert scanner.counts
    assert scanner.scan(orjson.dumps(frame))
    assert [scanner.orders[k] for k in range(scanner.levels)] == wanted


def test_who_does_not_ask_has_no_orders_kept() -> None:
    desk = Desk(["spread"]).play({"t": 0, "type": "snapshot", "bids": [[100, 1]], "asks": [[101, 1]]})
    assert not desk.pair.book.counted
    asked = Desk(["order_count_imbalance"])
    asked.play({"t": 0, "type": "snapshot", "bids": [[100, 1]], "asks": [[101, 1]]})
    assert asked.pair.book.counted


# -- limited views -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "params", "wanted"),
    [
        ("order_count_imbalance", {"levels": 3}, None),
        ("book_slope", {"side": "bid", "band_bps": 25}, None),
        ("book_slope", {"side": "bid", "band_bps": 10}, 10005),
        ("slope_imbalance", {"band_bps": 25}, None),
        ("depth_concentration", {"side": "bid", "band_bps": 50}, None),
        ("liquidity_gap", {"side": "bid", "band_bps": 25}, None),
        ("liquidity_gap", {"side": "bid", "band_bps": 10}, 0.1 / 100.05),
        ("liquidity_gap", {"side": "bid", "band_bps": 15}, None),
        ("level_count", {"side": "ask", "band_bps": 25}, None),
        ("level_count", {"side": "ask", "band_bps": 14}, 1),
        ("naes_skjeltorp_slope", {"side": "bid"}, None),
        ("persistent_depth_imbalance", {"levels": 3, "min_age": 0}, None),
        ("round_trip_cost", {"notional": 1000.5}, None),
        ("round_trip_cost", {"notional": 100.05}, 0.1 / 100.05),
        ("impact_cost_imbalance", {"notional": 1000.5}, None),
        ("book_pressure_zscore", {}, None),
    ],
)
def test_what_needs_more_than_the_view_is_not_said(
    metric: str, params: dict[str, Any], wanted: float | None
) -> None:
    """A feed of two levels a side: what its nearer level tells is known, what goes beyond the farther one is not."""
    events = [snapshot(A["bids"][:2], A["asks"][:2])]
    found = value(metric, params | {"feed_levels": 2}, *events)
    assert found == (wanted if wanted is None else pytest.approx(wanted)), metric


def test_a_limited_view_does_not_say_how_much_it_could_fill() -> None:
    event = snapshot(A["bids"][:2], A["asks"][:2])
    given = {"side": "buy", "notional": 5002.5}
    assert value("impact_cost", given | {"feed_levels": 2}, event) == dict.fromkeys(
        ("ratio", "fill_ratio", "avg_price")
    )
    assert value("impact_cost", given, event)["fill_ratio"] == pytest.approx(8 / 50)
    exactly = {"side": "buy", "notional": 800.4, "feed_levels": 2}
    assert value("impact_cost", exactly, event)["fill_ratio"] == 1


def test_the_whole_side_can_be_bought_to_its_last_lot() -> None:
    for size in (0.1, 0.3, 0.7, 1.1):
        event = snapshot([[99.9, 1]], [[100.1, size], [100.2, size], [100.3, size]])
        found = value("impact_cost", {"side": "buy", "notional": Decimal(str(size)) * 300}, event)
        assert found["fill_ratio"] == 1
        assert found["ratio"] == pytest.approx(0.002)
        more = value(
            "impact_cost", {"side": "buy", "notional": Decimal(str(size)) * 300 + Decimal("0.0001")}, event
        )
        assert more["ratio"] is None
        assert more["fill_ratio"] < 1


def test_costs_of_deep_books_are_summed_by_blocks() -> None:
    asks = [[1000 + k, 1 + k % 3] for k in range(1, 400)]
    event = snapshot([[999, 1000]], asks)
    for notional in (1000, 31_000, 33_000, 400_000, 700_000):
        wanted = Decimal(notional) / Decimal(1000)
        left, paid = wanted, Decimal(0)
        for price, size in asks:
            taken = min(left, Decimal(size))
            left, paid = left - taken, paid + taken * price
        found = value("impact_cost", {"side": "buy", "notional": notional}, event)
        assert found["ratio"] == (
            pytest.approx(float(paid / wanted / 1000 - 1), rel=1e-9) if not left else None
        )


# -- exact properties --------------------------------------------------------------------------------------------------

NOTIONALS = (10, 200, 1_000, 3_000, 20_000)


@given(events=streams(most=15, faults=False))
def test_costs_never_fall_with_the_amount_and_a_round_trip_costs_the_spread_at_least(
    events: list[Event],
) -> None:
    given = {
        key: {"notional": NOTIONALS} for key in ("impact_cost", "round_trip_cost", "impact_cost_imbalance")
    }
    values = Desk([*given, "spread", "best_size", "mid_price"], given).play(*events).values()
    spread, mid = values["spread.ratio"], values["mid_price"]
    last: dict[str, float] = {}
    for x in NOTIONALS:
        for side in ("buy", "sell"):
            cost = values[f"impact_cost.ratio{{notional={x},side={side}}}"]
            if cost is None:
                continue
            assert spread is not None
            assert cost >= last.get(side, spread / 2) - 1e-12
            last[side] = cost
        trip = values[f"round_trip_cost{{notional={x}}}"]
        if trip is not None:
            assert spread is not None
            assert mid is not None
            touch = min(values["best_size{side=bid}"] or 0, values["best_size{side=ask}"] or 0)
            assert trip >= spread - 1e-12
            if x / mid <= touch:
                assert trip == pytest.approx(spread, abs=1e-12)


@given(
    events=streams(most=15, faults=False),
    factor=st.sampled_from([Decimal("0.01"), Decimal(3), Decimal(1000)]),
)
def test_sizes_in_another_unit_cost_the_same_at_as_many_times_the_notional(
    events: list[Event], factor: Decimal
) -> None:
    scaled = [
        event
        | {side: [[p, q * factor] for p, q in event[side]] for side in ("bids", "asks") if side in event}
        for event in events
    ]
    keys = ("impact_cost", "round_trip_cost", "impact_cost_imbalance")
    one = Desk(keys, {key: {"notional": (777,)} for key in keys}).play(*events).values()
    other = Desk(keys, {key: {"notional": (777 * float(factor),)} for key in keys}).play(*scaled).values()
    for mine, its in zip(one.items(), other.items(), strict=True):
        assert its[1] == (mine[1] if mine[1] is None else pytest.approx(mine[1], rel=1e-9, abs=1e-12)), mine[
            0
        ]
    shapes = (
        "slope_imbalance",
        "depth_concentration",
        "liquidity_gap",
        "level_count",
        "persistent_depth_imbalance",
    )
    plain, times = Desk(shapes).play(*events).values(), Desk(shapes).play(*scaled).values()
    for name, number in plain.items():
        assert times[name] == (number if number is None else pytest.approx(number, rel=1e-9, abs=1e-12)), name


@given(events=streams(most=15, faults=False))
def test_mirrored_at_its_mid_costs_and_shapes_change_sides(events: list[Event]) -> None:
    last = told(events).now
    assume(last is not None and last.mid is not None)
    assert last is not None
    assert last.mid is not None
    twice = Decimal(last.mid.numerator * 2) / last.mid.denominator
    keys = (
        "impact_cost",
        "impact_cost_imbalance",
        "slope_imbalance",
        "depth_concentration",
        "book_slope",
        "liquidity_gap",
    )
    found = []
    for swap in (False, True):
        bids, asks = (
            [[Decimal(p.numerator) / p.denominator, Decimal(q.numerator) / q.denominator] for p, q in side]
            for side in (last.bids, last.asks)
        )
        if swap:
            bids, asks = [[twice - p, q] for p, q in asks], [[twice - p, q] for p, q in bids]
        params = {key: {"notional": (100, 2_000)} for key in keys[:2]}
        found.append(Desk(keys, params).play(snapshot(bids, asks)).values())
    sides = {"buy": "sell", "sell": "buy", "bid": "ask", "ask": "bid"}
    for name, number in found[0].items():
        other = name
        for side, its in sides.items():
            if f"side={side}" in name:
                other = name.replace(f"side={side}", f"side={its}")
        wanted, sign = found[1][other], -1 if "imbalance" in name else 1
        if "avg_price" in name:
            continue
        assert number == (wanted if wanted is None else pytest.approx(sign * wanted, rel=1e-7, abs=1e-9)), (
            name
        )


@given(events=streams(most=25, whole=("snapshot", "replace")))
def test_what_stood_is_never_more_than_what_stands(events: list[Event]) -> None:
    """With one side persisting fully at most its present size: the imbalance of both can be rebuilt from shares."""
    desk = Desk(["persistent_depth_imbalance", "fleeting_depth_imbalance", "depth_imbalance"])
    for event in events:
        values = desk.play(event).values()
        stood, fleeting = (
            values["persistent_depth_imbalance{levels=10}"],
            values["fleeting_depth_imbalance{levels=10}"],
        )
        whole = values["depth_imbalance{levels=10}"]
        assert (stood is None) == (fleeting is None)
        if stood is not None:
            assert fleeting is not None
            assert whole is not None
            assert stood + fleeting == pytest.approx(whole, abs=1e-12)
