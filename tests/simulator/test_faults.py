"""Every fault does what it says."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from simulator.connection import Connection
from simulator.faults import (
    Corrupt,
    CrossedBook,
    Cut,
    Disconnect,
    Double,
    Drop,
    Fault,
    Faults,
    MalformedRest,
    QuietMarket,
    QuietSymbol,
    RestStatus,
    Silence,
    SlowRest,
    StaleSnapshot,
    Swap,
    named,
)
from simulator.frames import Answer, Close, Frame
from simulator.venues.binance import Binance
from simulator.venues.kraken import Kraken
from tests.simulator.clients import NS, T0, SideBook, drain, kraken_crc, loads, run


def spot() -> tuple[Binance, Connection]:
    its = Binance(seed=1, start=T0)
    c = its.connect("/spot/stream?streams=btcusdt@depth@100ms/ethusdt@depth@100ms", T0)
    run(its, c, 1)
    return its, c


def events(its: Binance, c: Connection, seconds: float, symbol: str = "BTCUSDT") -> list[dict[str, Any]]:
    found = [json.loads(text)["data"] for text in run(its, c, seconds)]
    return [event for event in found if event["s"] == symbol]


def order(found: list[dict[str, Any]]) -> list[int]:
    """Event numbers by their place in the unbroken chain."""
    first = sorted({event["U"] for event in found})
    return [first.index(event["U"]) for event in found]


def holes(found: list[dict[str, Any]]) -> int:
    return sum(b["U"] != a["u"] + 1 for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(Drop, [0, 1, 2, 3]), (Double, [0, 0, 1, 2, 3]), (Swap, [1, 0, 2, 3])],
)
def test_frame_faults(fault: type[Fault], expected: list[int]) -> None:
    its, c = spot()
    before = events(its, c, 1)[-1]
    its.inject(fault(symbol="BTCUSDT"), its.now)
    found = events(its, c, 2)
    assert order(found)[:4] == expected[:4]
    assert (found[0]["U"] == before["u"] + 1) == (fault is Double)
    assert holes(events(its, c, 1, "ETHUSDT")) == 0
    assert its.faults.struck == {fault.__name__.lower(): 1}


def test_count_and_other_symbols() -> None:
    its, c = spot()
    its.inject(Drop(symbol="ETHUSDT", count=2), its.now)
    assert holes(events(its, c, 2)) == 0
    assert its.faults.struck == {"drop": 2}
    assert its.faults.armed == []


def test_cut() -> None:
    its, c = spot()
    its.inject(Cut(symbol="BTCUSDT"), its.now)
    broken = 0
    for text in run(its, c, 1):
        try:
            json.loads(text)
        except ValueError:
            broken += 1
    assert broken == 1


@pytest.mark.parametrize("rank", ["near", "deep"])
def test_corrupt_near_is_seen_by_the_checksum_and_deep_is_not(rank: str) -> None:
    its = Kraken(seed=1, start=T0)
    c = its.connect("/v2", T0)
    c.receive('{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":100}}', T0)
    its.inject(Corrupt(symbol="BTC/USD", rank=rank), T0)
    book, text_of, wrong, differed = SideBook(), {}, 0, False
    for _ in range(30):
        for message in map(loads, run(its, c, 0.05)):
            if message.get("channel") != "book":
                continue
            data = message["data"][0]
            sides = {side: [(r["price"], r["qty"]) for r in data[side]] for side in ("bids", "asks")}
            text_of.update({(side, Decimal(p)): (p, q) for side, rows in sides.items() for p, q in rows})
            (book.replace if message["type"] == "snapshot" else book.apply)(sides["bids"], sides["asks"])
            book.truncate(100)
            bids = [text_of["bids", p] for p in sorted(book.bids, reverse=True)]
            asks = [text_of["asks", p] for p in sorted(book.asks)]
            wrong += kraken_crc(asks, bids) != int(data["checksum"])
        differed = differed or not book.equals(c.true_book("BTC/USD"))
    assert differed
    assert its.faults.struck == {"corrupt": 1}
    assert (wrong > 0) == (rank == "near")


def test_silence_stops_everything_and_the_truth_waits() -> None:
    its = Binance(seed=1, start=T0)
    c = its.connect("/spot/ws/btcusdt@depth@100ms", T0)
    run(its, c, 1)
    held = c.true_book("BTCUSDT")
    its.inject(Silence(seconds=30), its.now)
    for k in range(1, 30):
        its.advance(T0 + NS + k * NS)
        assert c.frames_to_send(its.now) == []
    assert c.true_book("BTCUSDT") == held
    assert run(its, c, 3)
    assert c.true_book("BTCUSDT") != held


def test_quiet_symbol_and_quiet_market() -> None:
    its, c = spot()
    its.inject(QuietSymbol(symbol="BTCUSDT", seconds=2), its.now)
    held, true = c.true_book("BTCUSDT"), its.truth("BTCUSDT", "spot")
    assert {json.loads(t)["data"]["s"] for t in run(its, c, 1.9)} == {"ETHUSDT"}
    assert c.true_book("BTCUSDT") == held
    assert its.truth("BTCUSDT", "spot") != true
    run(its, c, 1)
    its.inject(QuietMarket(symbol="BTCUSDT", product="spot", seconds=2), its.now)
    run(its, c, 0.2)
    true = its.truth("BTCUSDT", "spot")
    assert {json.loads(t)["data"]["s"] for t in run(its, c, 1.5)} == {"ETHUSDT"}
    assert its.truth("BTCUSDT", "spot") == true


def test_disconnect_and_crossed() -> None:
    its, c = spot()
    other = its.connect("/spot/ws", its.now)
    its.inject(CrossedBook(symbol="BTCUSDT", product="spot", seconds=1), its.now)
    run(its, c, 0.5)
    true = c.true_book("BTCUSDT")
    assert true.bids[0][0] > true.asks[0][0]
    run(its, c, 2)
    true = c.true_book("BTCUSDT")
    assert true.bids[0][0] < true.asks[0][0]
    its.inject(Disconnect(connection=c.number), its.now)
    assert c.frames_to_send(its.now)[-1] == Close(None)
    assert drain(other, its.now) == []
    c.closed(its.now)
    assert list(its.connections) == [other.number]
    assert not its.feeds


def test_rest_faults() -> None:
    its, c = spot()
    run(its, c, 4)

    def ask() -> Answer:
        return its.rest("GET", "/spot/api/v3/depth", {"symbol": "BTCUSDT", "limit": "5000"}, its.now)

    its.inject(RestStatus(status=429, retry_after=7), its.now)
    assert (ask().status, ask().status) == (429, 200)
    its.inject(RestStatus(status=418, retry_after=120, symbol="ETHUSDT"), its.now)
    assert ask().status == 200
    its.inject(RestStatus(status=500, path="/depth"), its.now)
    assert ask().headers == {}
    its.inject(SlowRest(seconds=9), its.now)
    assert ask().delay_ns > 9 * NS
    its.inject(MalformedRest(), its.now)
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        json.loads(ask().body)
    its.inject(StaleSnapshot(seconds=2), its.now)
    stale, fresh = json.loads(ask().body), json.loads(ask().body)
    assert stale["lastUpdateId"] < fresh["lastUpdateId"] - 20


def test_stale_snapshot_is_older_than_a_new_stream() -> None:
    its = Binance(seed=1, start=T0)
    its.advance(T0 + 4 * NS)
    c = its.connect("/spot/ws/btcusdt@depth@100ms", its.now)
    its.inject(StaleSnapshot(seconds=2), its.now)
    first = json.loads(run(its, c, 1)[0])
    answer = its.rest("GET", "/spot/api/v3/depth", {"symbol": "BTCUSDT"}, its.now)
    assert json.loads(answer.body)["lastUpdateId"] < first["U"] - 1


def test_names() -> None:
    assert named("rest_status", {"status": 418, "count": 2}) == RestStatus(status=418, count=2)
    assert type(named("quiet_symbol", {})) is QuietSymbol
    with pytest.raises(ValueError, match="no fault 'nothing'"):
        named("nothing", {})
    with pytest.raises(ValueError, match="has no colour"):
        named("drop", {"colour": 1})


def test_clear() -> None:
    faults = Faults()
    faults.arm(Swap(), T0)
    assert faults.sent(Frame("a", "update", "p", "s"), 1) == []
    faults.clear()
    assert faults.sent(Frame("b", "update", "p", "s"), 1) == ["b"]
