"""Binance by its fact sheets: U/u on spot, pu on futures, routes, acks, PINGs, limits."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from simulator.faults import RefuseConnection, Reject, ShutdownNotice
from simulator.frames import Close, Ping
from simulator.venue import HandshakeRefusedError
from simulator.venues.binance import Binance
from tests.simulator.clients import MS, NS, T0, SideBook, drain, run


def venue() -> Binance:
    return Binance(seed=3, start=T0)


def snapshot(its: Binance, path: str, symbol: str, limit: int) -> dict[str, Any]:
    answer = its.rest("GET", path, {"symbol": symbol, "limit": str(limit)}, its.now)
    assert answer.status == 200, answer
    found = json.loads(answer.body)
    assert isinstance(found, dict)
    return found


def test_spot_joins_and_follows_without_holes() -> None:
    its = venue()
    c = its.connect("/spot/ws/btcusdt@depth@100ms", T0)
    events = [json.loads(t) for t in run(its, c, 1.33)]
    shot = snapshot(its, "/spot/api/v3/depth", "BTCUSDT", 5000)
    events += [json.loads(t) for t in run(its, c, 5)]
    book, last = SideBook(), shot["lastUpdateId"]
    assert events[0]["U"] <= last + 1
    book.replace(shot["bids"], shot["asks"])
    events = [e for e in events if e["u"] > last]
    assert events[0]["U"] <= last + 1 <= events[0]["u"]
    for k, event in enumerate(events):
        if k:
            assert event["U"] == events[k - 1]["u"] + 1
        for side, reverse in (("b", True), ("a", False)):
            prices = [Decimal(p) for p, _ in event[side]]
            assert prices == sorted(set(prices), reverse=reverse)
            assert all(len(text.partition(".")[2]) == 8 for row in event[side] for text in row)
        assert event["E"] % 100 == 0
        assert event["b"] or event["a"]
        book.apply(event["b"], event["a"])
    assert len(events) > 20
    assert book.equals(c.true_book("BTCUSDT"))


@pytest.mark.parametrize(
    ("path", "rest", "symbol", "stream"),
    [
        ("/usdm/public/ws", "/usdm/fapi/v1/depth", "BTCUSDT", "btcusdt@depth@100ms"),
        ("/usdm/ws", "/usdm/fapi/v1/depth", "ETHUSDT", "ethusdt@depth"),
        ("/usdm/public/ws", "/usdm/fapi/v1/depth", "ETHUSDT", "ethusdt@depth@0ms"),
        ("/coinm/ws", "/coinm/dapi/v1/depth", "BTCUSD_PERP", "btcusd_perp@depth@100ms"),
    ],
)
def test_futures_chain_by_pu(path: str, rest: str, symbol: str, stream: str) -> None:
    its = venue()
    c = its.connect(f"{path}/{stream}", T0)
    events = [json.loads(t) for t in run(its, c, 1.5)]
    shot = snapshot(its, rest, symbol, 1000)
    events += [json.loads(t) for t in run(its, c, 4)]
    last, book = shot["lastUpdateId"], SideBook()
    book.replace(shot["bids"], shot["asks"])
    kept = [e for e in events if e["u"] >= last]
    assert kept[0]["U"] <= last <= kept[0]["u"] or kept[0]["pu"] == last
    for before, event in pairwise(events):
        assert event["pu"] == before["u"]
        assert event["U"] > before["u"] + 1
    for event in kept:
        assert [Decimal(p) for p, _ in event["b"]] == sorted(Decimal(p) for p, _ in event["b"])
        assert 5 <= event["E"] - event["T"] <= 60
        assert ("ps" in event) == (symbol == "BTCUSD_PERP")
        book.apply(event["b"], event["a"])
    assert book.equals(c.true_book(symbol), 500)
    assert ("pair" in shot) == (symbol == "BTCUSD_PERP")


def test_snapshot_falls_within_and_between_events() -> None:
    its = venue()
    c = its.connect("/usdm/public/ws/btcusdt@depth@100ms", T0)
    kinds = set()
    for k in range(30):
        run(its, c, 0.1 + k / 700, step_ms=1)
        last = snapshot(its, "/usdm/fapi/v1/depth", "BTCUSDT", 5)["lastUpdateId"]
        event = json.loads(run(its, c, 1)[0])
        kinds.add("within" if event["U"] <= last <= event["u"] else "before" if event["pu"] == last else "?")
    assert kinds == {"within", "before"}


def test_acks_echo_ids_and_say_nothing_of_streams() -> None:
    its = venue()
    c = its.connect("/spot/stream", T0)
    for number in ('"abc"', "7", "null"):
        c.receive(f'{{"method":"SUBSCRIBE","params":["nosuch@depth"],"id":{number}}}', its.now)
        assert run(its, c, 1) == [f'{{"result":null,"id":{number}}}']
    c.receive('{"method":"LIST_SUBSCRIPTIONS","id":3}', its.now)
    assert run(its, c, 1) == ['{"result":["nosuch@depth"],"id":3}']
    c.receive("{", its.now)
    c.receive('{"id":1}', its.now)
    assert [json.loads(t)["code"] for t in drain(c, its.now)] == [3, 2]


def test_data_may_come_before_the_ack_and_unsubscribe_ends_it() -> None:
    early = 0
    for seed in range(12):
        its = Binance(seed=seed, start=T0)
        c = its.connect("/spot/ws", T0)
        c.receive('{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@aggTrade"],"id":1}', T0)
        early += "result" not in run(its, c, 1)[0]
        c.receive(
            '{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@aggTrade"],"id":2}', its.now
        )
        assert run(its, c, 1) == ['{"result":null,"id":2}']
    assert 0 < early < 12


def test_routes_of_usdm() -> None:
    its = venue()
    public, market = its.connect("/usdm/public/stream", T0), its.connect("/usdm/market/stream", T0)
    wanted = (
        '{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@aggTrade","btcusdt@trade"],"id":1}'
    )
    kinds = {}
    for c in (public, market):
        c.receive(wanted, T0)
    its.advance(T0 + 3 * NS)
    for c in (public, market):
        found = [json.loads(t) for t in drain(c, its.now)]
        kinds[c.path] = {m["data"]["e"] for m in found if "data" in m}
        assert {"result": None, "id": 1} in found
    assert kinds == {"/usdm/public/stream": {"depthUpdate", "trade"}, "/usdm/market/stream": {"aggTrade"}}


def test_trades_tickers_marks() -> None:
    its = venue()
    c = its.connect("/usdm/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s/!forceOrder@arr", T0)
    found = [json.loads(t)["data"] for t in run(its, c, 30)]
    trades = [m for m in found if m["e"] == "aggTrade"]
    assert [t["a"] for t in trades] == list(range(trades[0]["a"], trades[0]["a"] + len(trades)))
    assert {t["m"] for t in trades} == {True, False}
    assert len([m for m in found if m["e"] == "markPriceUpdate"]) == 30
    forced = [m for m in found if m["e"] == "forceOrder"]
    assert forced
    for symbol in ("BTCUSDT", "ETHUSDT"):
        at = [m["o"]["T"] for m in forced if m["o"]["s"] == symbol]
        assert all(b - a >= 1000 for a, b in pairwise(at))
    spot = its.connect("/spot/ws/btcusdt@bookTicker", its.now)
    ticker = json.loads(run(its, spot, 1)[-1])
    true = its.truth("BTCUSDT", "spot")
    assert (Decimal(ticker["b"]), Decimal(ticker["A"])) == (true.bids[0][0], true.asks[0][1])


def test_partial_book_is_a_full_image() -> None:
    its = venue()
    c = its.connect("/spot/stream?streams=btcusdt@depth5", T0)
    shot = json.loads(run(its, c, 1.5)[0])
    assert shot["stream"] == "btcusdt@depth5"
    assert [len(shot["data"][side]) for side in ("bids", "asks")] == [5, 5]


def test_microseconds() -> None:
    its = venue()
    c = its.connect("/spot/ws/btcusdt@depth@100ms?timeUnit=MICROSECOND", T0)
    assert json.loads(run(its, c, 1)[0])["E"] > T0 // MS * 1000


def test_ping_and_missing_pong() -> None:
    its = venue()
    answering, silent = its.connect("/spot/ws", T0), its.connect("/spot/ws", T0)
    pings = 0
    for k in range(1, 100):
        now = T0 + k * NS
        its.advance(now)
        for frame in answering.frames_to_send(now):
            assert isinstance(frame, Ping)
            pings += 1
            answering.pong(frame.payload, now)
        closes = [f for f in silent.frames_to_send(now) if isinstance(f, Close)]
        if closes:
            assert now == T0 + 80 * NS
            break
    else:
        raise AssertionError("the silent client was never closed")
    assert pings == 4


def test_too_many_messages_close() -> None:
    its = venue()
    c = its.connect("/spot/ws", T0)
    for k in range(6):
        c.receive('{"method":"LIST_SUBSCRIPTIONS","id":1}', T0 + k * MS)
    its.advance(T0 + NS)
    assert any(isinstance(f, Close) for f in c.frames_to_send(T0 + NS))


def test_weights_and_refusals() -> None:
    its = venue()
    used = []
    for _ in range(3):
        answer = its.rest("GET", "/spot/api/v3/depth", {"symbol": "BTCUSDT", "limit": "5000"}, T0)
        used.append(answer.headers["X-MBX-USED-WEIGHT-1M"])
        assert 30 * MS <= answer.delay_ns <= 500 * MS
    assert used == ["250", "500", "750"]
    statuses = [
        its.rest("GET", "/usdm/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": "1000"}, T0).status
        for _ in range(121)
    ]
    assert statuses == [200] * 120 + [429]
    shared = its.rest("GET", "/coinm/dapi/v1/depth", {"symbol": "BTCUSD_PERP", "limit": "5"}, T0)
    assert shared.status == 429
    assert int(shared.headers["Retry-After"]) <= 60
    assert its.rest("GET", "/spot/api/v3/depth", {"symbol": "NOPE"}, T0).status == 400
    assert its.rest("GET", "/usdm/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": "7"}, T0).status == 400
    assert its.rest("GET", "/spot/nothing", {}, T0).status == 404


def test_faults_of_binance() -> None:
    its = venue()
    its.inject(Reject(product="spot", symbol="BTCUSDT"), T0)
    its.inject(RefuseConnection(status=429), T0)
    with pytest.raises(HandshakeRefusedError):
        its.connect("/spot/ws", T0)
    with pytest.raises(HandshakeRefusedError):
        its.connect("/spot/nothing", T0)
    c = its.connect("/spot/stream?streams=btcusdt@depth@100ms/ethusdt@depth@100ms", T0)
    assert {json.loads(t)["stream"] for t in run(its, c, 1)} == {"ethusdt@depth@100ms"}
    its.inject(ShutdownNotice(seconds=1), its.now)
    assert json.loads(drain(c, its.now)[0])["stream"] == "!serverShutdown"
    its.advance(its.now + NS)
    assert any(isinstance(f, Close) for f in c.frames_to_send(its.now))
