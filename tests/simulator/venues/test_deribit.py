"""Deribit by its fact sheet: chained ids, actions, heartbeats that must be answered, results without what is unknown."""

import json
from itertools import pairwise
from typing import Any

from simulator.faults import Reject
from simulator.frames import Close
from simulator.venues.deribit import Deribit
from tests.simulator.clients import NS, T0, SideBook, drain, run


def call(method: str, request: int = 7, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": request, "method": f"public/{method}", "params": params})


def test_changes_are_chained_and_make_the_book() -> None:
    its = Deribit(seed=5, start=T0)
    c = its.connect("/ws/api/v2", T0)
    names = ["BTC-PERPETUAL", "BTC_USDC-PERPETUAL"]
    c.receive(
        call("subscribe", channels=[f"book.{name}.100ms" for name in names] + ["trades.BTC-PERPETUAL.100ms"]),
        T0,
    )
    frames = [json.loads(text, parse_float=str) for text in run(its, c, 5)]
    assert frames[0]["id"] == 7
    assert len(frames[0]["result"]) == 3
    pushes = [frame["params"]["data"] for frame in frames[1:]]
    for name in names:
        book, last = SideBook(), None
        found = [data for data in pushes if isinstance(data, dict) and data["instrument_name"] == name]
        for data in found:
            assert data.get("prev_change_id") == last
            last = data["change_id"]
            sides = [[row[1:] for row in data[side]] for side in ("bids", "asks")]
            (book.apply if "prev_change_id" in data else book.replace)(*sides)
            actions = {row[0] for side in ("bids", "asks") for row in data[side]}
            assert actions <= ({"change", "delete"} if "prev_change_id" in data else {"new"})
        ids = [data["change_id"] for data in found]
        assert len(ids) > 30
        assert any(b - a > 1 for a, b in pairwise(ids))
        assert book.equals(c.true_book(name))
    prints = [trade["trade_seq"] for data in pushes if isinstance(data, list) for trade in data]
    assert prints
    assert all(b == a + 1 for a, b in pairwise(prints))


def test_what_is_unknown_is_left_out_and_raw_refuses_all() -> None:
    its = Deribit(seed=5, start=T0)
    its.inject(Reject(symbol="ETH-PERPETUAL"), T0)
    c = its.connect("/ws/api/v2", T0)
    wanted = ["book.NOPE.100ms", "book.ETH-PERPETUAL.100ms", "trades.BTC-PERPETUAL.100ms"]
    c.receive(call("subscribe", channels=wanted), T0)
    c.receive(call("subscribe", channels=["book.BTC-PERPETUAL.raw", "trades.BTC-PERPETUAL.100ms"]), T0)
    c.receive("{", T0)
    c.receive(call("nosuch"), T0)
    first, *others = (json.loads(text) for text in drain(c, T0))
    assert first["result"] == ["trades.BTC-PERPETUAL.100ms"]
    assert [one["error"]["code"] for one in others] == [13778, -32700, -32601]
    for _ in range(200):
        c.receive(call("test"), T0)
    assert json.loads(drain(c, T0)[-1])["error"]["code"] == 10028


def test_a_test_request_must_be_answered() -> None:
    its = Deribit(seed=5, start=T0)
    good, mute = its.connect("/ws/api/v2", T0), its.connect("/ws/api/v2", T0)
    for c in (good, mute):
        c.receive(call("set_heartbeat", interval=5), T0)
        c.receive(call("set_heartbeat", interval=10), T0)
        assert ["error" in json.loads(text) for text in drain(c, T0)] == [True, False]
    ended = False
    for k in range(1, 61):
        its.advance(T0 + k * NS)
        for text in drain(good, its.now):
            if "test_request" in text:
                good.receive(call("test"), its.now)
        ended |= any(isinstance(frame, Close) for frame in mute.frames_to_send(its.now))
    assert ended
    assert good.alive


def test_rest() -> None:
    its = Deribit(seed=5, start=T0)
    path = "/api/v2/public/get_instruments"
    rows = json.loads(its.rest("GET", path, {"currency": "any"}, T0).body)["result"]
    assert [(row["instrument_name"], row["instrument_type"]) for row in rows][-1] == (
        "BTC_USDC-PERPETUAL",
        "linear",
    )
    query = {"instrument_name": "BTC-PERPETUAL", "depth": "7"}
    assert (
        len(json.loads(its.rest("GET", "/api/v2/public/get_order_book", query, T0).body)["result"]["bids"])
        == 7
    )
