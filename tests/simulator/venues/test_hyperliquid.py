"""Hyperliquid by its fact sheet: whole books in lockstep, history first, lists by POST."""

import json
from decimal import Decimal
from typing import Any

from simulator.faults import QuietMarket, Reject
from simulator.venues.hyperliquid import Hyperliquid
from tests.simulator.clients import MS, T0, drain, run


def ask(method: str, kind: str, coin: str, **more: Any) -> str:
    return json.dumps({"method": method, "subscription": {"type": kind, "coin": coin, **more}})


def books(texts: list[str], coin: str) -> list[dict[str, Any]]:
    found = [json.loads(text) for text in texts]
    return [one["data"] for one in found if one["channel"] == "l2Book" and one["data"]["coin"] == coin]


def test_books_are_whole_and_come_in_lockstep() -> None:
    its = Hyperliquid(seed=5, start=T0)
    c, fast = its.connect("/ws", T0), its.connect("/ws", T0)
    for coin in ("BTC", "ETH"):
        c.receive(ask("subscribe", "l2Book", coin), T0)
    fast.receive(ask("subscribe", "l2Book", "BTC", fast=True), T0)
    its.inject(QuietMarket(symbol="ETH", seconds=20), T0 + 6_000 * MS)
    texts, quick = [], []
    for _ in range(160):
        texts += run(its, c, 0.1)
        quick += drain(fast, its.now)
    times = {coin: [data["time"] for data in books(texts, coin)] for coin in ("BTC", "ETH")}
    assert times["BTC"] == times["ETH"], "a quiet coin is pushed all the same"
    assert [time - T0 // MS for time in times["BTC"]] == [0, 5000, 10000, 15000, 20000]
    last = books(texts, "BTC")[-1]
    truth = c.true_book("BTC")
    shown = [[(Decimal(row["px"]), Decimal(row["sz"])) for row in side] for side in last["levels"]]
    assert shown == [truth.bids, truth.asks]
    assert len(shown[0]) == len(shown[1]) == 20
    assert "fast" not in last
    assert len(books(quick, "BTC")) > 25
    assert all(data["fast"] and len(data["levels"][0]) == 5 for data in books(quick, "BTC"))


def test_acks_errors_and_history() -> None:
    its = Hyperliquid(seed=5, start=T0)
    its.advance(T0 + 3_000 * MS)
    c = its.connect("/ws", its.now)
    c.receive(ask("subscribe", "l2Book", "BTC"), its.now)
    about = {"type": "l2Book", "coin": "BTC", "nSigFigs": None, "mantissa": None}
    first = json.loads(drain(c, its.now)[0])
    assert first == {
        "channel": "subscriptionResponse",
        "data": {"method": "subscribe", "subscription": about},
    }
    its.inject(Reject(symbol="ETH"), its.now)
    for text in (
        "{",
        ask("subscribe", "l2Book", "BTC"),
        ask("subscribe", "l2Book", "ETH"),
        ask("subscribe", "l2Book", "btc"),
        ask("unsubscribe", "trades", "BTC"),
    ):
        c.receive(text, its.now)
    said = [json.loads(text) for text in drain(c, its.now)]
    assert {one["channel"] for one in said} == {"error"}
    starts = [one["data"].split(" ")[:2] for one in said]
    assert starts == [
        ["Error", "parsing"], ["Already", "subscribed:"], ["Invalid", "subscription"],
        ["Invalid", "subscription"], ["Already", "unsubscribed:"],
    ]  # fmt: skip
    c.receive(ask("subscribe", "trades", "BTC"), its.now)
    _, history = (json.loads(text) for text in drain(c, its.now))
    assert all(row["time"] <= its.now // MS for row in history["data"])
    assert history["data"]
    c.receive('{"method":"ping"}', its.now)
    assert drain(c, its.now) == ['{"channel":"pong"}']


def test_lists_are_asked_for_by_post() -> None:
    its = Hyperliquid(seed=5, start=T0)
    meta = json.loads(its.rest("POST", "/info", {}, T0, '{"type":"meta"}').body)
    assert [row["name"] for row in meta["universe"]] == ["BTC", "ETH", "MATIC"]
    spot = json.loads(its.rest("POST", "/info", {}, T0, '{"type":"spotMeta"}').body)
    assert spot["universe"][1]["tokens"] == [150, 0]
    assert its.rest("POST", "/info", {}, T0, "{}").status == 422
