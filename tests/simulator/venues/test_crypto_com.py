"""Crypto.com's simulator against its fact sheet: the pause, snapshot a second later, the chain, heartbeats."""

from __future__ import annotations

import json
from typing import Any

from simulator.connection import Connection
from simulator.frames import Close, Ping
from simulator.venues.crypto_com import CryptoCom
from tests.simulator.clients import MS, NS, T0, SideBook

PATH = "/exchange/v1/market"


def frames(its: CryptoCom, socket: Connection, seconds: float) -> list[Any]:
    found: list[Any] = []
    end = its.now + int(seconds * NS)
    while its.now < end:
        its.advance(its.now + 10 * MS)
        found += [
            what.code if isinstance(what, Close) else json.loads(str(what))
            for what in socket.frames_to_send(its.now)
            if not isinstance(what, Ping)
        ]
    return found


def test_updates_name_the_id_before_and_the_book_follows() -> None:
    its = CryptoCom(seed=1, start=T0)
    socket = its.connect(PATH, T0)
    frames(its, socket, 1)
    asked = {"channels": ["book.BTC_USD.50", "book.NOPE.50"], "book_subscription_type": "SNAPSHOT_AND_UPDATE"}
    at = its.now
    socket.receive(json.dumps({"id": 1, "method": "subscribe", "params": asked}), its.now)
    said = frames(its, socket, 20)
    assert said[0] == {"id": 1, "method": "subscribe", "code": 0, "channel": "book.BTC_USD.50"}
    assert (said[1]["code"], said[1]["message"]) == (40003, "Unknown symbol")
    book, last = SideBook(), 0
    for one in said[2:]:
        (data,) = one["result"]["data"]
        if one["result"]["channel"] == "book":
            assert data["t"] >= at // MS + 1000
            book.replace(data["bids"], data["asks"])
        else:
            assert data["pu"] == last
            book.apply(data["update"]["bids"], data["update"]["asks"])
        last = data["u"]
    assert book.equals(socket.true_book("BTC_USD"))


def test_an_idle_book_repeats_its_id() -> None:
    its = CryptoCom(seed=1, start=T0)
    socket = its.connect(PATH, T0)
    frames(its, socket, 1)
    socket.receive('{"id":1,"method":"subscribe","params":{"channels":["book.BTC_USD.10"]}}', its.now)
    frames(its, socket, 3)
    its.markets["market", "BTC_USD"].pause(its.now + 60 * NS)
    said = frames(its, socket, 20)[-2:]
    assert all(one["result"]["data"][0]["u"] == one["result"]["data"][0]["pu"] for one in said)


def test_who_subscribes_at_once_is_thrown_out() -> None:
    its = CryptoCom(seed=1, start=T0)
    socket = its.connect(PATH, T0)
    socket.receive('{"id":1,"method":"subscribe","params":{"channels":["book.BTC_USD.50"]}}', T0)
    refused, code = frames(its, socket, 0.5)
    assert (refused["code"], code) == (42901, 1000)


def test_heartbeats_want_an_answer_with_their_id() -> None:
    its = CryptoCom(seed=1, start=T0)
    silent, polite = its.connect(PATH, T0), its.connect(PATH, T0)
    for _ in range(10):
        for beat in frames(its, polite, 10):
            assert beat["method"] == "public/heartbeat"
            polite.receive(json.dumps({"id": beat["id"], "method": "public/respond-heartbeat"}), its.now)
    assert polite.alive
    said = [what for what in silent.frames_to_send(its.now) if not isinstance(what, Ping)]
    assert said[-1] == Close(1000)
    assert len(said) == 3
