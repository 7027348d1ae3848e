"""Kraken by its fact sheet: CRC32 over exact text, truncation by the client, acks, heartbeats."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.faults import QuietMarket, Reject, ShutdownNotice
from simulator.frames import Close
from simulator.listing import Listing
from simulator.scale import Scale
from simulator.venues.kraken import Kraken, checksum
from tests.simulator.clients import NS, T0, SideBook, drain, kraken_crc, loads, run

# The worked example of the fact sheet.
ASKS = """78871.6/4.21103066 78872.2/0.41892437 78872.5/0.08877452 78873.7/0.64976822 78875.5/0.63391066
78876.2/0.02287157 78877.2/0.00810675 78877.8/0.65087492 78877.9/1.89408049 78878.0/4.52243185"""
BIDS = """78871.5/0.01266503 78868.4/0.00005100 78867.3/0.00059789 78865.8/0.00030000 78865.7/0.01532403
78864.5/0.00005100 78860.6/0.04618528 78860.5/0.00005100 78859.2/0.20128607 78858.8/0.63404462"""


def test_worked_example() -> None:
    pairs = {}
    for name, text in (("asks", ASKS), ("bids", BIDS)):
        pairs[name] = [(price, size) for price, _, size in (row.partition("/") for row in text.split())]
    assert kraken_crc(pairs["asks"], pairs["bids"]) == 1406471562
    listing = Listing("BTC/USD", "spot", "BTC", "USD", Scale("0.1"), Scale("0.00000001"))
    steps = {
        name: [(int(Decimal(p) * 10), int(Decimal(q) * 10**8)) for p, q in rows]
        for name, rows in pairs.items()
    }
    assert checksum(listing, steps["bids"], steps["asks"]) == 1406471562


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([10, 25, 100]))
def test_every_checksum_after_truncation(seed: int, depth: int) -> None:
    its = Kraken(seed=seed, start=T0)
    c = its.connect("/v2", T0)
    params = {"channel": "book", "symbol": ["BTC/USD", "ETH/USD"], "depth": depth}
    c.receive(json.dumps({"method": "subscribe", "params": params, "req_id": 9}), T0)
    books = {"BTC/USD": SideBook(), "ETH/USD": SideBook()}
    written: dict[tuple[str, str, Decimal], tuple[str, str]] = {}
    seen = 0
    for message in map(loads, run(its, c, 3, step_ms=50)):
        if message.get("channel") != "book":
            continue
        data = message["data"][0]
        symbol, book = data["symbol"], books[data["symbol"]]
        sides = [[(row["price"], row["qty"]) for row in data[side]] for side in ("bids", "asks")]
        for word, side in zip(("bid", "ask"), sides, strict=True):
            written.update({(symbol, word, Decimal(p)): (p, q) for p, q in side})
        (book.replace if message["type"] == "snapshot" else book.apply)(*sides)
        book.truncate(depth)
        bids = [written[symbol, "bid", p] for p in sorted(book.bids, reverse=True)]
        asks = [written[symbol, "ask", p] for p in sorted(book.asks)]
        assert kraken_crc(asks, bids) == int(data["checksum"])
        seen += 1
    assert seen > 20
    for symbol, book in books.items():
        assert book.equals(c.true_book(symbol))


def test_a_client_that_does_not_truncate_goes_wrong() -> None:
    its = Kraken(seed=1, start=T0)
    c = its.connect("/v2", T0)
    c.receive('{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}', T0)
    book = SideBook()
    for message in map(loads, run(its, c, 20)):
        if message.get("channel") == "book":
            rows = [[(r["price"], r["qty"]) for r in message["data"][0][side]] for side in ("bids", "asks")]
            book.apply(*rows)
    assert len(book.bids) > 10


def test_acks_status_and_errors() -> None:
    its = Kraken(seed=1, start=T0)
    its.inject(Reject(symbol="ETH/USD"), T0)
    c = its.connect("/v2", T0)
    status = loads(drain(c, T0)[0])
    assert status["data"][0]["system"] == "online"
    assert int(status["data"][0]["connection_id"]) > 2**53
    c.receive(
        '{"method":"subscribe","params":{"channel":"book","symbol":["FOO/BAR","ETH/USD","BTC/USD"],"depth":25},'
        '"req_id":4}',
        T0,
    )
    c.receive('{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":7}}', T0)
    c.receive('{"method":"ping","req_id":42}', T0)
    found = [json.loads(text) for text in drain(c, T0)]
    assert found[0]["error"] == "Currency pair not supported FOO/BAR"
    assert [m.get("success") for m in found] == [False, False, True, None, False, None]
    assert found[2]["result"] == {"channel": "book", "depth": 25, "snapshot": True, "symbol": "BTC/USD"}
    assert [m.get("req_id") for m in found] == [4, 4, 4, None, None, 42]
    c.receive('{"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25}}', T0)
    assert json.loads(drain(c, T0)[0])["success"] is True
    with pytest.raises(KeyError):
        c.true_book("BTC/USD")


def test_heartbeats_when_idle_and_death_without_subscription() -> None:
    its = Kraken(seed=1, start=T0)
    c, lonely = its.connect("/v2", T0), its.connect("/v2", T0)
    c.receive('{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}', T0)
    drain(c, T0)
    its.inject(QuietMarket(seconds=90), T0)
    for k in range(1, 62):
        its.advance(T0 + k * NS)
    beats = [t for t in drain(c, its.now) if "heartbeat" in t]
    assert 55 <= len(beats) <= 61
    assert isinstance(lonely.frames_to_send(its.now)[-1], Close)


def test_trades_and_maintenance() -> None:
    its = Kraken(seed=1, start=T0)
    its.advance(T0 + 5 * NS)
    c = its.connect("/v2", its.now)
    c.receive('{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}', its.now)
    found = [loads(t) for t in run(its, c, 5)]
    trades = [m for m in found if m.get("channel") == "trade"]
    assert trades[0]["type"] == "snapshot"
    numbers = [int(row["trade_id"]) for m in trades for row in m["data"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    its.inject(ShutdownNotice(seconds=1), its.now)
    assert loads(drain(c, its.now)[0])["data"][0]["system"] == "maintenance"


def test_rest() -> None:
    its = Kraken(seed=1, start=T0)
    pairs = json.loads(its.rest("GET", "/0/public/AssetPairs", {}, T0).body)["result"]
    assert (pairs["XXBTZUSD"]["wsname"], pairs["XXBTZUSD"]["pair_decimals"]) == ("XBT/USD", 1)
    depth = json.loads(its.rest("GET", "/0/public/Depth", {"pair": "XBTUSD", "count": "10"}, T0).body)[
        "result"
    ]
    true = its.truth("BTC/USD", depth=10)
    assert [Decimal(row[0]) for row in depth["XXBTZUSD"]["asks"]] == [price for price, _ in true.asks]
