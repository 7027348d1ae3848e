"""MEXC's simulator against its fact sheet: protobuf and JSON, versions without a hole, refusals, ends."""

from __future__ import annotations

import itertools
import json
from typing import Any

from simulator.connection import Connection
from simulator.frames import Close
from simulator.venues.mexc import Mexc
from tests.simulator.clients import MS, NS, T0, SideBook

TOPIC = "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"


def fields(data: bytes) -> list[tuple[int, Any]]:
    """Numbers and values of a protobuf message, read tag by tag."""
    found: list[tuple[int, Any]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        value: Any = varint()
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        found.append((tag >> 3, value))
    return found


def sent(its: Mexc, socket: Connection, seconds: float) -> list[Any]:
    found: list[Any] = []
    end = its.now + int(seconds * NS)
    while its.now < end:
        its.advance(its.now + 10 * MS)
        found += [
            what.code
            if isinstance(what, Close)
            else what
            if isinstance(what, bytes)
            else json.loads(str(what))
            for what in socket.frames_to_send(its.now)
        ]
    return found


def test_a_spot_book_follows_its_versions() -> None:
    its = Mexc(seed=1, start=T0)
    socket = its.connect("/ws", T0)
    socket.receive(json.dumps({"method": "SUBSCRIPTION", "params": [TOPIC]}), T0)
    first = sent(its, socket, 0.5)
    assert first[0] == {"id": 0, "code": 0, "msg": TOPIC}
    seed = json.loads(its.rest("GET", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": "5000"}, its.now).body)
    book, at = SideBook(), seed["lastUpdateId"]
    book.replace(seed["bids"], seed["asks"])
    for data in sent(its, socket, 5):
        wrapper = dict(fields(data))
        assert (wrapper[1], wrapper[3]) == (TOPIC.encode(), b"BTCUSDT")
        depths = fields(wrapper[313])
        versions = dict(depths)
        low, high = int(versions[4]), int(versions[5])
        rows = {side: [dict(fields(row)) for n, row in depths if n == side] for side in (1, 2)}
        texts = {side: [(row[1].decode(), row[2].decode()) for row in its] for side, its in rows.items()}
        assert low <= at + 1 <= high or high <= at
        book.apply(texts[2], texts[1])
        at = max(at, high)
    assert book.equals(socket.true_book("BTCUSDT"))


def test_a_refusal_of_spot_carries_code_zero() -> None:
    its = Mexc(seed=1, start=T0)
    socket = its.connect("/ws", T0)
    socket.receive(json.dumps({"method": "SUBSCRIPTION", "params": [TOPIC.replace("BTC", "FOO")]}), T0)
    (said,) = sent(its, socket, 0.1)
    assert said["code"] == 0
    assert said["msg"].startswith("Not Subscribed successfully!")
    assert sent(its, socket, 31) == [1000], "without a subscription it ends"


def test_contract_updates_have_no_hole_and_join_the_seed() -> None:
    its = Mexc(seed=1, start=T0)
    socket = its.connect("/edge", T0)
    socket.receive('{"method":"sub.depth","param":{"symbol":"BTC_USD"}}', T0)
    ack, *pushed = sent(its, socket, 3)
    assert (ack["channel"], ack["data"]) == ("rs.sub.depth", "success")
    ids = [(one["data"]["begin"], one["data"]["end"]) for one in pushed]
    assert all(after[0] == before[1] + 1 for before, after in itertools.pairwise(ids))
    answer = its.rest("GET", "/api/v1/contract/depth/BTC_USD", {"limit": "1000"}, its.now).body
    assert json.loads(answer)["data"]["version"] >= ids[-1][1]
    assert sent(its, socket, 58)[-1] is None, "without a ping it ends"
