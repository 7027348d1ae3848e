"""HTX's simulator against its fact sheet: chained increments, requests on the socket, versions a socket, pings."""

from __future__ import annotations

import gzip
import json
from typing import Any

from simulator.connection import Connection
from simulator.frames import Close
from simulator.venues.htx import Htx
from tests.simulator.clients import MS, NS, T0, SideBook

TOPIC = "market.btcusdt.mbp.150"
SWAP = "market.BTC-USDT.depth.size_150.high_freq"


def frames(its: Htx, connection: Connection, seconds: float, *, pongs: bool = True) -> list[dict[str, Any]]:
    """What left, unpacked; pings are answered."""
    found: list[dict[str, Any]] = []
    end = its.now + int(seconds * NS)
    while its.now < end:
        its.advance(its.now + 10 * MS)
        for what in connection.frames_to_send(its.now):
            if isinstance(what, Close):
                found.append({"closed": what.code})
                continue
            assert isinstance(what, bytes)
            found.append(json.loads(gzip.decompress(what)))
            if pongs and "ping" in found[-1]:
                connection.receive(json.dumps({"pong": found[-1]["ping"]}), its.now)
    return found


def test_a_spot_book_is_built_from_a_request_and_the_increments_that_follow_it() -> None:
    its = Htx(seed=3, start=T0)
    socket = its.connect("/feed", T0)
    socket.receive(json.dumps({"sub": TOPIC, "id": "1"}), T0)
    said = frames(its, socket, 1)
    assert said[0]["subbed"] == TOPIC
    book, at, joined = SideBook(), -1, 0
    for _ in range(40):
        socket.receive(json.dumps({"req": TOPIC, "id": "2"}), its.now)
        held: list[dict[str, Any]] = []
        for message in frames(its, socket, 0.6):
            if "rep" in message and message["data"] and at < 0:
                book.replace(message["data"]["bids"], message["data"]["asks"])
                at = message["data"]["seqNum"]
                held = [one for one in held if one["seqNum"] > at]
            if message.get("ch") == TOPIC:
                held.append(message["tick"])
        for tick in held if at >= 0 else ():
            if tick["seqNum"] <= at:
                continue
            if tick["prevSeqNum"] != at:  # the snapshot lay between two increments: ask again
                at = -1
                break
            book.apply(tick.get("bids", []), tick.get("asks", []))
            at = tick["seqNum"]
            joined += 1
    assert joined > 100
    sizes = {len(book.bids), len(book.asks)}
    assert sizes == {150}


def test_swap_versions_count_the_socket() -> None:
    its = Htx(seed=3, start=T0)
    for _ in range(2):
        socket = its.connect("/linear-swap-ws", its.now)
        socket.receive(json.dumps({"sub": SWAP, "data_type": "incremental", "id": "3"}), its.now)
        ticks = [one["tick"] for one in frames(its, socket, 3) if one.get("ch") == SWAP]
        assert [tick["event"] for tick in ticks] == ["snapshot"] + ["update"] * (len(ticks) - 1)
        versions = [tick["version"] for tick in ticks]
        assert versions == list(range(versions[0], versions[0] + len(ticks)))
        socket.closed(its.now)


def test_two_unanswered_pings_end_the_socket() -> None:
    its = Htx(seed=3, start=T0)
    socket = its.connect("/ws", T0)
    said = frames(its, socket, 16, pongs=False)
    assert [sorted(one) for one in said] == [["ping"], ["ping"], ["closed"]]


def test_books_are_refused_on_the_socket_of_prints() -> None:
    its = Htx(seed=3, start=T0)
    socket = its.connect("/ws", T0)
    socket.receive(json.dumps({"sub": TOPIC, "id": "1"}), T0)
    (said,) = frames(its, socket, 0.1)
    assert (said["status"], said["err-msg"]) == ("error", f"invalid topic {TOPIC}")
