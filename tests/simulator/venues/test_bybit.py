"""Bybit by its fact sheet: u by one, exactly N levels, product-specific acks, restart with u 1."""

import json
from typing import Any

import pytest

from simulator.faults import QuietMarket, Reject, SnapshotAgain
from simulator.frames import Close
from simulator.venues.bybit import Bybit
from tests.simulator.clients import NS, T0, SideBook, drain, run


@pytest.mark.parametrize(
    ("product", "symbol", "depth", "every"),
    [
        ("spot", "BTCUSDT", 50, 20),
        ("linear", "ETHUSDT", 200, 100),
        ("linear", "BTCUSDT", 1000, 200),
        ("inverse", "BTCUSD", 50, 20),
    ],
)
def test_window_of_exactly_n_levels(product: str, symbol: str, depth: int, every: int) -> None:
    its = Bybit(seed=4, start=T0)
    c = its.connect(f"/v5/public/{product}", T0)
    c.receive(json.dumps({"op": "subscribe", "args": [f"orderbook.{depth}.{symbol}"]}), T0)
    book, last, deltas, jumps = SideBook(), 0, 0, set()
    sequence = 0
    for message in map(json.loads, run(its, c, 6)):
        if "topic" not in message:
            continue
        data = message["data"]
        if message["type"] == "snapshot":
            book.replace(data["b"], data["a"])
        else:
            assert data["u"] == last + 1
            assert message["ts"] % every == 0
            jumps.add(data["seq"] - sequence)
            book.apply(data["b"], data["a"])
            deltas += 1
        last, sequence = data["u"], data["seq"]
        assert (len(book.bids), len(book.asks)) == (depth, depth)
    assert deltas > 20
    assert min(jumps) > 0
    assert len(jumps) > 5
    assert book.equals(c.true_book(symbol, product))


def test_acks_by_product() -> None:
    its = Bybit(seed=4, start=T0)
    seen: dict[str, list[dict[str, Any]]] = {}
    for product in ("spot", "linear"):
        c = its.connect(f"/v5/public/{product}", T0)
        for text in (
            '{"op":"subscribe","args":["publicTrade.BTCUSDT"],"req_id":"1"}',
            '{"op":"subscribe","args":["invalid.topic.BTCUSDT"]}',
            '{"op":"ping"}',
        ):
            c.receive(text, T0)
        seen[product] = [json.loads(text) for text in drain(c, T0)]
        assert len({m["conn_id"] for m in seen[product]}) == 1
    assert [m["ret_msg"] for m in seen["spot"]] == [
        "subscribe",
        "Invalid topic: invalid.topic.BTCUSDT",
        "pong",
    ]
    assert [m["ret_msg"] for m in seen["linear"]] == ["", "Invalid topic: invalid.topic.BTCUSDT", "pong"]
    assert [m["success"] for m in seen["spot"]] == [True, False, True]
    assert [m.get("req_id") for m in seen["linear"]] == ["1", "", ""]


def test_snapshot_sometimes_before_the_ack() -> None:
    first = set()
    for seed in range(20):
        its = Bybit(seed=seed, start=T0)
        c = its.connect("/v5/public/linear", T0)
        c.receive('{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}', T0)
        first.add("topic" in json.loads(drain(c, T0)[0]))
    assert first == {True, False}


def test_refusals() -> None:
    its = Bybit(seed=4, start=T0)
    its.inject(Reject(product="spot", symbol="BTCUSDT"), T0)
    c = its.connect("/v5/public/spot", T0)
    c.receive('{"op":"subscribe","args":["orderbook.50.BTCUSDT"]}', T0)
    c.receive(json.dumps({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"] * 11}), T0)
    c.receive('{"op":"subscribe","args":["publicTrade.BTCUSDT"]}', T0)
    c.receive('{"op":"subscribe","args":["publicTrade.BTCUSDT"]}', T0)
    assert [json.loads(t)["success"] for t in drain(c, T0)] == [False, False, True, False]


def test_restart_and_repeats() -> None:
    its = Bybit(seed=4, start=T0)
    c = its.connect("/v5/public/linear", T0)
    c.receive('{"op":"subscribe","args":["orderbook.50.BTCUSDT","orderbook.1.BTCUSDT"]}', T0)
    run(its, c, 1)
    its.inject(SnapshotAgain(symbol="BTCUSDT"), its.now)
    again = [json.loads(t) for t in drain(c, its.now)]
    assert [(m["type"], m["data"]["u"]) for m in again] == [("snapshot", 1)] * 2
    follow = [json.loads(t) for t in run(its, c, 1)]
    assert [m["data"]["u"] for m in follow if m["topic"] == "orderbook.50.BTCUSDT"][:3] == [2, 3, 4]
    assert {m["type"] for m in follow if m["topic"] == "orderbook.1.BTCUSDT"} == {"snapshot"}
    its.inject(QuietMarket(seconds=20), its.now)
    run(its, c, 1)
    repeats = [json.loads(t) for t in run(its, c, 10)]
    assert 2 <= len(repeats) <= 4
    assert len({m["data"]["u"] for m in repeats}) == 1


def test_trades_tickers_liquidations() -> None:
    its = Bybit(seed=4, start=T0)
    c = its.connect("/v5/public/linear", T0)
    c.receive(
        '{"op":"subscribe","args":["publicTrade.BTCUSDT","tickers.BTCUSDT","allLiquidation.BTCUSDT"]}', T0
    )
    trades: dict[tuple[str, str], str] = {}
    state: dict[str, str] = {}
    liquidations = 0
    for message in map(json.loads, run(its, c, 20)):
        match message.get("topic", "").split(".")[0]:
            case "publicTrade":
                trades |= {(row["v"], row["p"]): row["S"] for row in message["data"]}
            case "tickers":
                state |= message["data"]
            case "allLiquidation":
                (row,) = message["data"]
                assert row["S"] != trades[row["v"], row["p"]]
                liquidations += 1
    assert set(trades.values()) == {"Buy", "Sell"}
    assert liquidations
    assert state["fundingRate"] == "0.0001"


def test_idle_close() -> None:
    its = Bybit(Bybit.catalogue[:1], seed=4, start=T0, rate=0.5)
    c = its.connect("/v5/public/spot", T0)
    for k in range(1, 13):
        its.advance(T0 + k * 55 * NS)
    assert c.frames_to_send(its.now)[-1] == Close(None)
