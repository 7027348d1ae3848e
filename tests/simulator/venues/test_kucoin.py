"""KuCoin's simulator against its fact sheet: token, welcome, ids without a hole, rows of price 0, silent refusals."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from simulator.connection import Connection
from simulator.frames import Close
from simulator.venue import HandshakeRefusedError
from simulator.venues.kucoin import Kucoin
from tests.simulator.clients import MS, NS, T0


def opened(its: Kucoin, product: str) -> Connection:
    answer = json.loads(its.rest("POST", f"/{product}/api/v1/bullet-public", {}, its.now).body)["data"]
    endpoint = answer["instanceServers"][0]["endpoint"].removeprefix(its.at)
    socket = its.connect(f"{endpoint}?token={answer['token']}&connectId=7", its.now)
    (said,) = frames(its, socket, 0.1)
    assert said == {"id": "7", "type": "welcome"}
    return socket


def frames(its: Kucoin, socket: Connection, seconds: float) -> list[Any]:
    found: list[Any] = []
    end = its.now + int(seconds * NS)
    while its.now < end:
        its.advance(its.now + 10 * MS)
        found += [
            (what.code, what.reason) if isinstance(what, Close) else json.loads(str(what))
            for what in socket.frames_to_send(its.now)
        ]
    return found


def test_nobody_comes_in_without_a_token() -> None:
    its = Kucoin(seed=1, start=T0)
    for path in ("/spot/endpoint", "/spot/endpoint?token=made-up"):
        with pytest.raises(HandshakeRefusedError, match="401"):
            its.connect(path, T0)


def test_spot_ids_have_no_hole_and_join_the_snapshot() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "spot")
    topic = "/market/level2:BTC-USDT,NOPE-USDT"
    socket.receive(json.dumps({"id": "1", "type": "subscribe", "topic": topic}), its.now)
    said = frames(its, socket, 5)
    assert said[0] == {"id": "1", "type": "ack"}
    data = [one["data"] for one in said[1:]]
    assert all(one["symbol"] == "BTC-USDT" for one in data)
    for before, after in itertools.pairwise(data):
        assert after["sequenceStart"] == before["sequenceEnd"] + 1
    rows = [row for one in data for side in one["changes"].values() for row in side]
    assert any(row[:2] == ["0", "0"] for row in rows)
    query = {"symbol": "BTC-USDT"}
    seed = json.loads(its.rest("GET", "/spot/api/v1/market/orderbook/level2_100", query, its.now).body)[
        "data"
    ]
    assert seed["sequence"] == str(data[-1]["sequenceEnd"])
    assert len(seed["bids"]) == len(seed["asks"]) == 100


def test_futures_say_one_change_a_message() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "futures")
    topic = "/contractMarket/level2:XBTUSDTM"
    socket.receive(json.dumps({"id": "1", "type": "subscribe", "topic": topic}), its.now)
    said = frames(its, socket, 3)[1:]
    numbers = [one["sn"] for one in said]
    assert numbers == list(range(numbers[0], numbers[0] + len(said)))
    assert all(len(one["data"]["change"].split(",")) == 3 for one in said)


def test_a_client_that_says_nothing_is_thrown_out_after_a_minute() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "spot")
    assert frames(its, socket, 59) == []
    assert frames(its, socket, 2) == [(1000, "Bye")]
