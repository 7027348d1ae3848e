"""Bitfinex by its fact sheet: numbered channels, one counter a connection, a window kept by the venue, checksums."""

import json
import zlib
from typing import Any

import pytest

from simulator.faults import Reject
from simulator.frames import Close
from simulator.venues.bitfinex import Bitfinex, script
from tests.simulator.clients import NS, T0, SideBook, drain, run

FLAGS = 32768 + 65536 + 131072


def subscribe(channel: str, symbol: str, **more: Any) -> str:
    return json.dumps({"event": "subscribe", "channel": channel, "symbol": symbol, **more})


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.00000111", "0.00000111"),
        ("0.00000070", "7e-7"),
        ("0.00000001", "1e-8"),
        ("0.000000123", "1.23e-7"),
        ("78857.0", "78857"),
        ("500", "500"),
        ("0", "0"),
    ],
)
def test_numbers_are_javascripts(text: str, written: str) -> None:
    assert script(text) == written


def test_one_counter_books_and_checksums() -> None:
    its = Bitfinex(seed=5, start=T0)
    c = its.connect("/ws/2", T0)
    c.receive(json.dumps({"event": "conf", "flags": FLAGS}), T0)
    c.receive(subscribe("book", "tBTCUSD", len="25", subId="a"), T0)
    c.receive(subscribe("trades", "tBTCUSD"), T0)
    frames = [json.loads(text, parse_float=str, parse_int=str) for text in run(its, c, 20)]
    events = [frame for frame in frames if isinstance(frame, dict)]
    assert [event["event"] for event in events] == ["info", "conf", "subscribed", "subscribed"]
    assert events[2]["subId"] == "a"
    number, prints = events[2]["chanId"], events[3]["chanId"]
    lists = [frame for frame in frames if isinstance(frame, list)]
    assert [int(frame[-2]) for frame in lists] == list(range(1, len(lists) + 1))
    book, sums, words = SideBook(), 0, {"te": 0, "tu": 0, "hb": 0}
    for frame in lists:
        if frame[1] == "cs":
            sums += 1
            ranks = zip(
                sorted(book.bids.items(), reverse=True)[:25], sorted(book.asks.items())[:25], strict=True
            )
            text = ":".join(f"{b[0]}:{b[1]}:{a[0]}:-{a[1]}" for b, a in ranks)
            assert zlib.crc32(text.encode()) == int(frame[2]) % 2**32
        elif isinstance(frame[1], str):
            words[frame[1]] += 1
        elif frame[0] == number:
            for price, count, size in frame[1] if isinstance(frame[1][0], list) else [frame[1]]:
                level = (price, "0" if count == "0" else size.lstrip("-"))
                book.apply([] if size.startswith("-") else [level], [level] if size.startswith("-") else [])
            assert len(book.bids) <= 25
            assert len(book.asks) <= 25
        else:
            assert frame[0] == prints
            assert frame is lists[1], "history comes once and first"
    assert 5 <= sums <= 9
    assert words["te"] == words["tu"] > 0
    assert words["hb"] == 2
    assert book.equals(c.true_book("tBTCUSD"))


def test_refusals_by_code() -> None:
    its = Bitfinex(seed=5, start=T0)
    its.inject(Reject(symbol="tETHUST"), T0)
    c = its.connect("/ws/2", T0)
    for text in (
        '{"event":"nope"}',
        subscribe("book", "tETHUST"),
        subscribe("book", "tBTCUSD", len="7"),
        subscribe("nosuch", "tBTCUSD"),
        '{"event":"unsubscribe","chanId":5}',
        subscribe("book", "tBTCUSD"),
        subscribe("book", "tBTCUSD"),
    ):
        c.receive(text, T0)
    said = [json.loads(text) for text in drain(c, T0)]
    errors = [(one["code"], one["msg"]) for one in said if isinstance(one, dict) and one["event"] == "error"]
    assert errors == [
        (10000, "event: invalid (nope)"), (10300, "symbol: invalid"), (10300, "length: invalid"),
        (10300, "channel: unknown"), (10400, "unsubscribe: invalid"), (10301, "subscribe: dup"),
    ]  # fmt: skip
    number = next(one["chanId"] for one in said if isinstance(one, dict) and one["event"] == "subscribed")
    c.receive(f'{{"event":"unsubscribe","chanId":{number}}}', T0)
    assert json.loads(drain(c, T0)[0]) == {"event": "unsubscribed", "status": "OK", "chanId": number}
    assert not c.feeds
    idle = its.connect("/ws/2", T0)
    its.advance(T0 + 60 * NS)
    assert isinstance(idle.frames_to_send(its.now)[-1], Close)


def test_lists() -> None:
    its = Bitfinex(seed=5, start=T0)
    spot = json.loads(its.rest("GET", "/v2/conf/pub:list:pair:exchange", {}, T0).body)
    perps = json.loads(its.rest("GET", "/v2/conf/pub:list:pair:futures", {}, T0).body)
    assert (spot, perps) == ([["BTCUSD", "ETHUST"]], [["BTCF0:USTF0"]])
