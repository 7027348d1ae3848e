"""Bitstamp, Gate, Bitget, Gemini, Upbit, Bithumb and dYdX by their fact sheets: books, prints, refusals, oddities."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from simulator.connection import Connection
from simulator.faults import CrossedBook, Drop
from simulator.frames import Close
from simulator.venue import SimulatedVenue
from simulator.venues.bitget import Bitget
from simulator.venues.bithumb import Bithumb
from simulator.venues.bitstamp import Bitstamp
from simulator.venues.dydx import Dydx
from simulator.venues.gate import Gate
from simulator.venues.gemini import Gemini
from simulator.venues.upbit import Upbit
from tests.simulator.clients import MS, NS, T0, SideBook, drain, run


def heard(its: SimulatedVenue, path: str, *texts: str, seconds: float = 4) -> tuple[Connection, list[Any]]:
    """What comes on a socket after these texts."""
    c = its.connect(path, its.now)
    for text in texts:
        c.receive(text, its.now)
    return c, [json.loads(text) for text in run(its, c, seconds)]


def test_bitstamp() -> None:
    its = Bitstamp(seed=3, start=T0)
    subscribe = '{{"event":"bts:subscribe","data":{{"channel":"{}"}}}}'.format
    c, found = heard(
        its, "/", subscribe("diff_order_book_btcusd"), subscribe("live_trades_btcusd"), "{", seconds=9
    )
    assert [m["event"] for m in found[:3]] == ["bts:subscription_succeeded"] * 2 + ["bts:error"]
    diffs = [m for m in found if m["event"] == "data"]
    stamps = [int(m["data"]["microtimestamp"]) for m in diffs]
    assert stamps == sorted(set(stamps))
    image = json.loads(its.rest("GET", "/api/v2/order_book/btcusd/", {}, its.now).body)
    lag = its.now // 1000 - int(image["microtimestamp"])
    assert 500_000 <= lag < 3_500_000, "out of a cache"
    book = SideBook()
    book.replace(image["bids"], image["asks"])
    for m in diffs:
        if int(m["data"]["microtimestamp"]) > int(image["microtimestamp"]):
            book.apply(m["data"]["bids"], m["data"]["asks"])
    assert book.equals(c.true_book("btcusd"))
    fills = [m["data"] for m in found if m["event"] == "trade"]
    assert {fill["type"] for fill in fills} == {0, 1}
    c.receive(subscribe("x" * 600), its.now)
    assert Close(1009, "read limited at 513 bytes") in c.frames_to_send(its.now)


def test_bitstamp_keeps_silent_about_unknown_pairs() -> None:
    its = Bitstamp(seed=3, start=T0)
    _, found = heard(its, "", '{"event":"bts:subscribe","data":{"channel":"diff_order_book_nopeusd"}}')
    assert [m["event"] for m in found] == ["bts:subscription_succeeded"]


def test_gate() -> None:
    its = Gate(seed=3, start=T0)
    ask = '{{"time":1,"id":7,"channel":"futures.{}","event":"subscribe","payload":["{}"]}}'.format
    c, found = heard(its, "/v4/ws/usdt", ask("obu", "ob.ETH_USDT.50"), ask("trades", "ETH_USDT"), seconds=6)
    book, last, alone = SideBook(), 0, 0
    fills: list[Any] = []
    for m in found:
        result = m["result"]
        if m["event"] == "subscribe":
            assert (m["id"], result["status"]) == (7, "success")
        elif m["channel"] == "futures.trades":
            fills += result
        elif result.get("full"):
            book.replace(result["b"], result["a"])
            last = result["u"]
        else:
            assert result["U"] == last + 1
            last = result["u"]
            alone += "b" not in result and "a" not in result
            book.apply(result.get("b", []), result.get("a", []))
    assert book.equals(c.true_book("ETH_USDT"))
    assert alone, "changes outside of the window have ids alone"
    assert {fill["size"].startswith("-") for fill in fills} == {True, False}


def test_gate_refuses_a_second_subscription_and_accepts_unknown_symbols() -> None:
    its = Gate(seed=3, start=T0)
    ask = '{{"time":1,"channel":"spot.obu","event":"subscribe","payload":["{}"]}}'.format
    _, found = heard(
        its, "/ws/v4/", ask("ob.NOPE_USDT.400"), ask("ob.BTC_USDT.400"), ask("ob.BTC_USDT.400"), seconds=0
    )
    assert [m["error"]["message"] for m in found if m.get("error")] == ["Alert sub ob.BTC_USDT.400"]
    assert found[0]["result"] == {"status": "success"}
    assert sum("full" in m["result"] for m in found) == 1


def test_bitget() -> None:
    its = Bitget(seed=3, start=T0)
    args = [
        {"instType": "usdt-futures", "topic": topic, "symbol": "BTCUSDT"}
        for topic in ("books", "publicTrade")
    ]
    c, found = heard(its, "/v3/ws/public", json.dumps({"op": "subscribe", "args": args}))
    book, last = SideBook(), -1
    for m in (m for m in found if "data" in m and m["arg"]["topic"] == "books"):
        (row,) = m["data"]
        if m["action"] == "snapshot":
            assert row["pseq"] == 0
            book.replace(row["b"], row["a"])
        else:
            assert row["pseq"] == last
            book.apply(row["b"], row["a"])
        last = row["seq"]
    assert book.equals(c.true_book("BTCUSDT", "usdt"))
    prints = [m for m in found if "data" in m and m["arg"]["topic"] == "publicTrade"]
    assert [m["action"] for m in prints[:2]] == ["snapshot", "update"]
    for m in prints:
        assert [int(row["i"]) for row in m["data"]] == sorted(
            (int(row["i"]) for row in m["data"]), reverse=True
        )
    c.receive("ping", its.now)
    assert drain(c, its.now) == ["pong"]
    c.receive(json.dumps({"op": "subscribe", "args": args * 11}), its.now)
    assert Close(None) in c.frames_to_send(its.now), "more than 20 at once"


def test_gemini() -> None:
    its = Gemini(seed=3, start=T0)
    its.inject(Drop(symbol="btcusd", frame="trade"), T0)
    ask = '{"id":"1","method":"subscribe","params":["btcusd@depth@100ms","btcusd@trade"]}'
    c, found = heard(its, "/?snapshot=-1", ask, '{"id":2,"method":"subscribe","params":["nope@trade"]}')
    book, last = SideBook(), 0
    for m in (m for m in found if m.get("e") == "depthUpdate"):
        if last:
            assert m["U"] == last < m["u"]
            book.apply(m["b"], m["a"])
        else:
            assert m["U"] == m["u"]
            book.replace(m["b"], m["a"])
        last = m["u"]
    assert book.equals(c.true_book("btcusd"))
    assert "e" in found[0], "the book before the acknowledgement"
    assert [m["status"] for m in found if "status" in m] == [200, 400]
    assert {m["m"] for m in found if "t" in m} == {True, False}


@pytest.mark.parametrize(("kind", "rows", "digits"), [(Upbit, 30, 13), (Bithumb, 15, 16)])
def test_korea(kind: type[Upbit], rows: int, digits: int) -> None:
    its = kind(seed=3, start=T0)
    codes = '["KRW-BTC","krw-eth","KRW-NOPE"]'
    asked = (
        f'[{{"ticket":"t"}},{{"type":"orderbook","codes":{codes}}},{{"type":"trade","codes":["KRW-BTC"]}}]'
    )
    c = its.connect("/websocket/v1", its.now)
    c.receive(asked, its.now)
    texts = run(its, c, 4)
    found = [json.loads(text, parse_float=Decimal) for text in texts]
    assert {m["code"] for m in found} == {"KRW-BTC"}
    books = [m for m in found if m["type"] == "orderbook"]
    assert books[0]["stream_type"] == "SNAPSHOT"
    units = books[-1]["orderbook_units"]
    assert (len(units), len(str(books[-1]["timestamp"]))) == (rows, digits)
    book = SideBook()
    sides = [
        [(Decimal(u[f"{side}_price"]), Decimal(u[f"{side}_size"])) for u in units] for side in ("bid", "ask")
    ]
    book.replace(*sides)
    assert book.equals(c.true_book("KRW-BTC"))
    assert any("E8" in text for text in texts), "large prices have an exponent"
    c.receive('[{"ticket":"t"},{"type":"trade","codes":["KRW-ETH"]}]', its.now)
    assert {json.loads(text)["code"] for text in run(its, c, 4)} <= {"KRW-ETH"}, "it replaced the first"
    c.receive("[{}]", its.now)
    assert json.loads(drain(c, its.now)[0])["error"]["name"] == "NO_TICKET"


def test_dydx() -> None:
    its = Dydx(seed=3, start=T0)
    ask = '{{"type":"subscribe","channel":"{}","id":"{}","batched":true}}'.format
    c, found = heard(its, "/v4/ws", ask("v4_orderbook", "BTC-USD"), ask("v4_trades", "BTC-USD"), seconds=5)
    assert [m["message_id"] for m in found] == list(range(len(found)))
    book = SideBook()
    for m in found:
        if m.get("channel") == "v4_orderbook" and m["type"] == "subscribed":
            rows = [[(row["price"], row["size"]) for row in m["contents"][side]] for side in ("bids", "asks")]
            book.replace(*rows)
        elif m.get("channel") == "v4_orderbook":
            for part in m["contents"]:
                book.apply(part.get("bids", []), part.get("asks", []))
    assert book.equals(c.true_book("BTC-USD"))
    its.inject(CrossedBook(symbol="BTC-USD", seconds=3), its.now)
    run(its, c, 1.5)
    true = c.true_book("BTC-USD")
    assert true.bids[0][0] >= true.asks[0][0]
    its.advance(its.now + NS)
    for native in ("BTC-USD", "ETH-USD", "NOPE-USD"):
        c.receive(ask("v4_orderbook", native), its.now + MS)
    last = c.frames_to_send(its.now + MS)
    assert any("already subscribed" in one for one in last if isinstance(one, str))
    assert Close(1013, "Rate limited") in last
