"""Kraken Futures by its fact sheet: one level a message, a counter per product and feed."""

import json
from itertools import pairwise

from simulator.faults import Drop, Reject, SnapshotAgain
from simulator.frames import Close
from simulator.venues.kraken_futures import KrakenFutures
from tests.simulator.clients import NS, T0, SideBook, drain, run

PRODUCTS = ("PI_XBTUSD", "PF_ETHUSD")


def subscribe(feed: str, *products: str) -> str:
    return json.dumps({"event": "subscribe", "feed": feed, "product_ids": list(products)})


def test_each_product_counts_its_levels_and_they_make_its_book() -> None:
    its = KrakenFutures(seed=5, start=T0)
    c = its.connect("/ws/v1", T0)
    c.receive(subscribe("book", *map(str.lower, PRODUCTS)), T0)
    c.receive(subscribe("trade", PRODUCTS[0]), T0)
    texts = run(its, c, 20)
    assert texts[0] == '{"event":"info","version":1}'
    frames = [json.loads(text, parse_float=str, parse_int=str) for text in texts]
    acks = [frame["product_ids"] for frame in frames if frame.get("event") == "subscribed"]
    assert acks == [[PRODUCTS[0]], [PRODUCTS[1]], [PRODUCTS[0]]]
    below = 0
    for product in PRODUCTS:
        book, seqs = SideBook(), []
        for frame in (frame for frame in frames if frame.get("product_id") == product):
            if frame["feed"] == "book_snapshot":
                sides = [[(row["price"], row["qty"]) for row in frame[side]] for side in ("bids", "asks")]
                book.replace(*sides)
                seqs = [int(frame["seq"])]
            elif frame["feed"] == "book":
                below += frame["qty"].startswith("-")
                size = "0" if frame["qty"].startswith("-") else frame["qty"]
                level = [(frame["price"], size)]
                book.apply(level if frame["side"] == "buy" else [], level if frame["side"] == "sell" else [])
                seqs.append(int(frame["seq"]))
        assert len(seqs) > 100
        assert all(b == a + 1 for a, b in pairwise(seqs))
        assert book.equals(c.true_book(product))
    assert below, "now and then a negative size deletes"
    assert all(len(frame) == 7 for frame in frames if frame.get("feed") == "book" and "seq" in frame)
    history = next(frame for frame in frames if frame.get("feed") == "trade_snapshot")
    times = [int(trade["time"]) for trade in history["trades"]]
    assert times == sorted(times, reverse=True)
    numbers = [int(frame["seq"]) for frame in frames if frame.get("feed") == "trade" and "seq" in frame]
    assert numbers
    assert all(b == a + 1 for a, b in pairwise(numbers))


def test_a_lost_level_leaves_a_hole_and_a_snapshot_may_come_again() -> None:
    its = KrakenFutures(seed=5, start=T0)
    c = its.connect("/ws/v1", T0)
    c.receive(subscribe("book", "PI_XBTUSD"), T0)
    its.inject(Drop(), T0)
    frames = [json.loads(text) for text in run(its, c, 2)]
    seqs = [frame["seq"] for frame in frames if "seq" in frame]
    assert [b - a for a, b in pairwise(seqs)].count(2) == 1
    its.inject(SnapshotAgain(), its.now)
    (again,) = (json.loads(text) for text in drain(c, its.now))
    assert (again["feed"], again["seq"]) == ("book_snapshot", seqs[-1])
    c.receive('{"event":"unsubscribe","feed":"book","product_ids":["PI_XBTUSD"]}', its.now)
    c.receive(subscribe("book", "PI_XBTUSD"), its.now)
    assert [json.loads(text).get("seq") for text in drain(c, its.now)] == [None, None, seqs[-1]]


def test_errors_heartbeats_and_the_end_of_a_mute_client() -> None:
    its = KrakenFutures(seed=5, start=T0)
    its.inject(Reject(symbol="PI_ETHUSD"), T0)
    c = its.connect("/ws/v1", T0)
    for text in (
        "{",
        subscribe("nosuch", "PI_XBTUSD"),
        subscribe("book", "PI_ETHUSD"),
        subscribe("book", "XX"),
    ):
        c.receive(text, T0)
    said = [json.loads(text) for text in drain(c, T0)][1:]
    assert [one["message"] for one in said] == [
        "Json Error", "Invalid feed", "Invalid product id", "Invalid product id",
    ]  # fmt: skip
    c.receive('{"event":"subscribe","feed":"heartbeat"}', T0)
    beats = [text for text in run(its, c, 3) if text.startswith('{"feed":"heartbeat"')]
    assert len(beats) == 3
    its.advance(T0 + 61 * NS)
    assert isinstance(c.frames_to_send(its.now)[-1], Close)


def test_rest() -> None:
    its = KrakenFutures(seed=5, start=T0)
    rows = json.loads(its.rest("GET", "/derivatives/api/v3/instruments", {}, T0).body)["instruments"]
    assert [row["symbol"] for row in rows][:3] == ["pi_xbtusd", "pi_ethusd", "PF_XBTUSD"]
    book = json.loads(its.rest("GET", "/derivatives/api/v3/orderbook", {"symbol": "PF_XBTUSD"}, T0).body)
    assert len(book["orderBook"]["bids"]) > 300
