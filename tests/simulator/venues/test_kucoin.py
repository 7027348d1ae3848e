"""KuCoin's simulator against its fact sheet: welcome, books that come late, ids without a hole, silent refusals, pings."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from simulator.connection import Connection
from simulator.faults import SequenceReset, SnapshotAgain
from simulator.frames import Close
from simulator.venue import HandshakeRefusedError
from simulator.venues.kucoin import Kucoin
from tests.simulator.clients import MS, NS, T0, SideBook

BOOK = {"channel": "obu", "depth": "increment@10ms"}


def opened(its: Kucoin, product: str) -> Connection:
    socket = its.connect(f"/{product}", its.now)
    (said,) = frames(its, socket, 0.1)
    assert (said["message"], said["pingInterval"]) == ("welcome", 18000)
    return socket


def ask(its: Kucoin, socket: Connection, **more: Any) -> None:
    asked = {"id": "p1", "action": "SUBSCRIBE", "tradeType": "FUTURES", "symbol": "XBTUSDTM", **more}
    socket.receive(json.dumps(asked), its.now)


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


def test_spot_and_futures_have_sockets_of_their_own_and_frames_are_binary() -> None:
    its = Kucoin(seed=1, start=T0)
    assert its.binary
    with pytest.raises(HandshakeRefusedError, match="404"):
        its.connect("/", T0)
    socket = opened(its, "futures")
    ask(its, socket, **BOOK, tradeType="SPOT", symbol="BTC-USDT")
    ask(its, socket, channel="obu", depth="increment@1ms")
    ask(its, socket, channel="liquidation")
    said = frames(its, socket, 0.1)
    assert said == [{"id": "p1", "result": False, "message": "invalid request data"}] * 3


def test_what_is_said_before_the_welcome_is_not_heard() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = its.connect("/futures", its.now)
    ask(its, socket, **BOOK)
    assert [one.get("message") for one in frames(its, socket, 7)] == ["welcome"]


@pytest.mark.parametrize(("product", "symbol"), [("futures", "XBTUSDTM"), ("spot", "BTC-USDT")])
def test_a_book_comes_after_its_acceptance_and_its_ids_have_no_hole(product: str, symbol: str) -> None:
    its = Kucoin(seed=3, start=T0)
    socket = opened(its, product)
    ask(its, socket, **BOOK, tradeType=product.upper(), symbol=symbol)
    asked = its.now
    ask(its, socket, **BOOK, tradeType=product.upper(), symbol="NOPE")
    said = frames(its, socket, 9)
    assert said[:2] == [{"id": "p1", "result": True}] * 2, "an unknown symbol is accepted too"
    first, *others = said[2:]
    assert (first["T"], first["dp"], first["t"]) == (f"obu.{product.upper()}", "increment@10ms", "snapshot")
    assert len(first["d"]["a"]) == len(first["d"]["b"]) == 500
    assert 0.5 * NS <= first["P"] - asked <= 6.1 * NS
    assert {one["t"] for one in others} == {"delta"}
    assert {one["d"]["s"] for one in said[2:]} == {symbol}
    book = SideBook()
    book.replace(first["d"]["b"], first["d"]["a"])
    most = 500
    for before, after in itertools.pairwise(said[2:]):
        assert after["d"]["O"] == before["d"]["C"] + 1 <= after["d"]["C"] + 1
        book.apply(after["d"]["b"], after["d"]["a"])
        most = max(most, len(book.bids), len(book.asks))
    assert book.equals(socket.true_book(symbol))
    assert book.equals(its.truth(symbol, product), 500)
    assert 500 < most < 510, "what leaves the window is removed a frame later"


def test_a_book_that_is_let_go_before_it_came_does_not_come() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "futures")
    ask(its, socket, **BOOK)
    ask(its, socket, **BOOK, action="UNSUBSCRIBE")
    ask(its, socket, **BOOK)
    said = frames(its, socket, 8)
    assert [one.get("t") for one in said[3:]].count("snapshot") == 1
    ask(its, socket, **BOOK, action="UNSUBSCRIBE")
    assert frames(its, socket, 3) == [{"id": "p1", "result": True}]


def test_a_whole_book_may_come_again_but_numbers_never_go_back() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "futures")
    ask(its, socket, **BOOK)
    frames(its, socket, 7)
    its.inject(SnapshotAgain(), its.now)
    again, *others = frames(its, socket, 2)
    assert again["t"] == "snapshot"
    assert again["d"]["O"] == again["d"]["C"] == others[0]["d"]["O"] - 1
    with pytest.raises(ValueError, match="SequenceReset"):
        its.inject(SequenceReset(), its.now)


def test_prints_and_what_derivatives_have() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "futures")
    for channel in ("trade", "mark-price", "funding-fee"):
        ask(its, socket, channel=channel)
    said = [one for one in frames(its, socket, 45) if "T" in one]
    assert {one["T"] for one in said} == {"trade.FUTURES", "mark-price", "funding-fee"}
    prints = [one["d"] for one in said if one["T"] == "trade.FUTURES"]
    assert {one["S"] for one in prints} == {"buy", "sell"}
    assert [int(one["ti"]) for one in prints] == sorted({int(one["ti"]) for one in prints})
    mark = [one["d"] for one in said if one["T"] == "mark-price"]
    assert len(mark) == 45
    assert abs(Decimal(mark[0]["mp"]) / Decimal(mark[0]["ip"]) - 1) < Decimal("0.01")
    (fee,) = [one["d"] for one in said if one["T"] == "funding-fee"]
    assert fee["nt"] - fee["ft"] == fee["gl"] == 28_800_000
    assert fee["ft"] <= its.now // MS < fee["nt"]


def test_pings_are_answered_and_more_than_one_a_second_is_too_many() -> None:
    its = Kucoin(seed=1, start=T0)
    socket = opened(its, "spot")
    for _ in range(2):
        socket.receive('{"id":"p32","type":"ping"}', its.now)
        (said,) = frames(its, socket, 1.1)
        assert (said["type"], said["id"]) == ("pong", "p32")
    socket.receive('{"id":"1","type":"ping"}', its.now)
    frames(its, socket, 0.5)
    socket.receive('{"id":"2","type":"ping"}', its.now)
    assert frames(its, socket, 0.1) == [(None, "")]


def test_who_asks_for_nothing_is_thrown_out_after_a_minute_and_who_listens_is_not() -> None:
    its = Kucoin(seed=1, rate=0.1, start=T0)
    idle, listening = opened(its, "spot"), opened(its, "futures")
    ask(its, listening, channel="mark-price")
    assert frames(its, idle, 59) == []
    assert frames(its, idle, 2) == [(None, "")]
    frames(its, listening, 60)
    assert listening.alive


def test_the_list_says_what_a_contract_is_worth() -> None:
    its = Kucoin(seed=1, start=T0)

    def asked(product: str, kind: str) -> Any:
        answer = its.rest("GET", f"/{product}/api/ua/v1/market/instrument", {"tradeType": kind}, its.now)
        return answer.status, json.loads(answer.body)

    status, answer = asked("futures", "FUTURES")
    assert status == 200
    rows = {row["symbol"]: row for row in answer["data"]["list"]}
    assert (rows["XBTUSDTM"]["unitSize"], rows["XBTUSDTM"]["isInverse"]) == ("0.001", False)
    assert abs(Decimal(rows["XBTUSDM"]["unitSize"])) == 1
    assert rows["XBTUSDM"]["settlementCurrency"] == "XBT"
    assert {row["symbol"] for row in asked("spot", "SPOT")[1]["data"]["list"]} == {"BTC-USDT", "ETH-USDT"}
    assert asked("spot", "OPTION")[0] == 400
