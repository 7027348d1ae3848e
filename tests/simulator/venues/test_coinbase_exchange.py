"""Coinbase Exchange by its fact sheet: no sequence on the book, maker side in matches, refusals."""

import json
from decimal import Decimal

from simulator.faults import Reject
from simulator.venues.coinbase_exchange import CoinbaseExchange
from tests.simulator.clients import NS, T0, SideBook, drain, run


def test_book_matches_and_heartbeats() -> None:
    its = CoinbaseExchange(seed=6, start=T0)
    its.advance(T0 + 3 * NS)
    c = its.connect("/", its.now)
    c.receive(
        '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2_batch","matches","heartbeat","ticker"]}',
        its.now,
    )
    true = its.truth("BTC-USD")
    found = [json.loads(t) for t in run(its, c, 5)]
    ack = found[0]
    assert {row["name"] for row in ack["channels"]} == {"level2_50", "matches", "heartbeat", "ticker"}
    book, maker = SideBook(), set()
    bid, ask = true.bids[0][0], true.asks[0][0]
    for message in found:
        match message["type"]:
            case "snapshot":
                book.replace(message["bids"], message["asks"])
            case "l2update":
                assert "sequence" not in message
                sides: dict[str, list[tuple[str, str]]] = {"buy": [], "sell": []}
                for side, price, size in message["changes"]:
                    sides[side].append((price, size))
                book.apply(sides["buy"], sides["sell"])
                bid, ask = max(book.bids), min(book.asks)
            case "match":
                maker.add(message["side"])
                near = ask if message["side"] == "sell" else bid
                assert abs(Decimal(message["price"]) / near - 1) < Decimal("0.001")
    assert book.equals(c.true_book("BTC-USD"))
    assert maker == {"buy", "sell"}
    kinds = [m["type"] for m in found]
    assert kinds.count("last_match") == 1
    assert kinds.count("heartbeat") == 5
    ids = [m["trade_id"] for m in found if m["type"] == "match"]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_refusals() -> None:
    its = CoinbaseExchange(seed=6, start=T0)
    its.inject(Reject(symbol="ETH-USD"), T0)
    c = its.connect("/", T0)
    c.receive('{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2"]}', T0)
    c.receive('{"type":"subscribe","channels":[{"name":"matches","product_ids":["NOPE"]}]}', T0)
    c.receive('{"type":"subscribe","product_ids":["ETH-USD"],"channels":["matches"]}', T0)
    c.receive('{"type":"subscribe","product_ids":["ETH-USD"],"channels":["heartbeat"]}', T0)
    c.receive('{"type":"unsubscribe","product_ids":["ETH-USD"],"channels":["heartbeat"]}', T0)
    found = [json.loads(t) for t in drain(c, T0)]
    assert [m["type"] for m in found] == ["error", "error", "error", "subscriptions", "subscriptions"]
    assert found[0]["reason"] == "level2, level3, and full channels now require authentication."
    assert found[-1]["channels"] == []


def test_rest() -> None:
    its = CoinbaseExchange(seed=6, start=T0)
    products = json.loads(its.rest("GET", "/products", {}, T0).body)
    assert (products[0]["id"], products[0]["quote_increment"]) == ("BTC-USD", "0.01")
    book = json.loads(its.rest("GET", "/products/BTC-USD/book", {"level": "2"}, T0).body)
    assert len(book["bids"]) > 1000
    assert isinstance(book["sequence"], int)
    assert its.rest("GET", "/products/NOPE/book", {}, T0).status == 404
