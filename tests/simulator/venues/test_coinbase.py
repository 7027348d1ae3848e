"""Coinbase Advanced Trade by its fact sheet: one counter over all frames of a connection."""

import json
from itertools import pairwise

from simulator.faults import Drop, Reject
from simulator.frames import Close
from simulator.venues.coinbase import Coinbase
from tests.simulator.clients import NS, T0, SideBook, drain, run


def subscribe(channel: str, *products: str) -> str:
    return json.dumps({"type": "subscribe", "channel": channel, "product_ids": list(products)})


def test_one_sequence_over_everything_and_the_book() -> None:
    its = Coinbase(seed=5, start=T0)
    c = its.connect("/", T0)
    c.receive(subscribe("level2", "BTC-USD", "ETH-USD"), T0)
    c.receive('{"type":"subscribe","channel":"heartbeats"}', T0)
    c.receive(subscribe("market_trades", "BTC-USD"), T0)
    frames = [json.loads(text) for text in run(its, c, 5)]
    assert [frame["sequence_num"] for frame in frames] == list(range(len(frames)))
    assert {f["channel"] for f in frames} == {"l2_data", "subscriptions", "heartbeats", "market_trades"}
    books = {"BTC-USD": SideBook(), "ETH-USD": SideBook()}
    empty = 0
    for event in (event for f in frames if f["channel"] == "l2_data" for event in f["events"]):
        sides: dict[str, list[tuple[str, str]]] = {"bid": [], "offer": []}
        for update in event["updates"]:
            sides[update["side"]].append((update["price_level"], update["new_quantity"]))
        book = books[event["product_id"]]
        (book.replace if event["type"] == "snapshot" else book.apply)(sides["bid"], sides["offer"])
        empty += not event["updates"]
    assert empty
    for product, book in books.items():
        assert book.equals(c.true_book(product))
    beats = [f["events"][0]["heartbeat_counter"] for f in frames if f["channel"] == "heartbeats"]
    assert beats == [0, 1, 2, 3, 4]


def test_snapshot_before_or_after_the_ack() -> None:
    first = set()
    for seed in range(10):
        its = Coinbase(seed=seed, start=T0)
        c = its.connect("/", T0)
        c.receive(subscribe("level2", "ETH-USD"), T0)
        first.add(json.loads(drain(c, T0)[0])["channel"])
    assert first == {"l2_data", "subscriptions"}


def test_a_dropped_frame_leaves_a_hole_whatever_it_was() -> None:
    its = Coinbase(seed=5, start=T0)
    c = its.connect("/", T0)
    c.receive(subscribe("level2", "ETH-USD"), T0)
    its.inject(Drop(), T0)
    numbers = [json.loads(t)["sequence_num"] for t in run(its, c, 2)]
    assert sum(b - a == 2 for a, b in pairwise(numbers)) == 1


def test_deadlines_errors_and_usdc() -> None:
    its = Coinbase(seed=5, start=T0)
    its.inject(Reject(symbol="ETH-USD"), T0)
    mute, c = its.connect("/", T0), its.connect("/", T0)
    c.receive(subscribe("level2", "ETH-USD"), T0)
    c.receive(subscribe("nosuch", "ETH-USD"), T0)
    c.receive("{", T0)
    assert [json.loads(t)["type"] for t in drain(c, T0)] == ["error"] * 3
    c.receive(subscribe("level2", "BTC-USDC"), T0)
    assert '"product_id":"BTC-USD"' in "".join(drain(c, T0))
    its.advance(T0 + 5 * NS)
    assert isinstance(mute.frames_to_send(its.now)[-1], Close)
    c.receive('{"type":"unsubscribe","channel":"level2","product_ids":["BTC-USDC"]}', its.now)
    assert not c.feeds


def test_rest() -> None:
    its = Coinbase(seed=5, start=T0)
    rows = json.loads(its.rest("GET", "/api/v3/brokerage/market/products", {}, T0).body)["products"]
    assert {(r["product_id"], r["price_increment"], r["base_currency_id"]) for r in rows} == {
        ("BTC-USD", "0.01", "BTC"),
        ("ETH-USD", "0.01", "ETH"),
    }
    query = {"product_id": "BTC-USD", "limit": "5"}
    book = json.loads(its.rest("GET", "/api/v3/brokerage/market/product_book", query, T0).body)["pricebook"]
    assert len(book["bids"]) == 5
    assert its.rest("GET", "/api/v3/brokerage/product_book", query, T0).status == 401
