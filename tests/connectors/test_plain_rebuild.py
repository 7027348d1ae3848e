"""Recordings whose frames are packed, or whose snapshots come apart, against books rebuilt the slow, plain way."""

from __future__ import annotations

import base64
import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from service.replay import Player
from service.verify import verify
from tests.support import captures
from tests.support.captures import Line

Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]
KUCOIN = "kucoin/spot-multiA-20210425"


def said(line: Line) -> Any:
    """A frame or a body, with its numbers as text."""
    text = line.get("msg")
    if line.get("b64"):
        text = gzip.decompress(base64.b64decode(line["b64"])).decode()
    return json.loads(text, parse_float=str, parse_int=str) if text else {}


def inbound(name: str) -> list[Line]:
    return [line for line in captures.lines(name) if line["dir"] == "in"]


def side(rows: list[list[str]]) -> dict[Decimal, Decimal]:
    return {Decimal(row[0]): Decimal(row[1]) for row in rows if Decimal(row[1])}


def compare(name: str, native: str, sides: Sides, updates: int) -> None:
    """The production book, level by level."""
    player = Player([captures.capture(name)], timers=False)
    for _ in player.play():
        pass
    (pair,) = [pair for pair, _ in player.pairs if pair.native == native]
    assert pair.updates == updates
    bids, asks = pair.book.levels(10_000)
    assert [(Decimal(p), Decimal(s)) for p, s in bids] == sorted(sides[0].items(), reverse=True)
    assert [(Decimal(p), Decimal(s)) for p, s in asks] == sorted(sides[1].items())


def images(name: str) -> dict[str, list[Sides]]:
    found: dict[str, list[Sides]] = {}
    for line in inbound(name):
        message = said(line)
        topic = message.get("ch", "")
        if topic.endswith(".depth.step0"):
            tick = message["tick"]
            found.setdefault(topic.split(".")[1], []).append((side(tick["bids"]), side(tick["asks"])))
    return found


COUNTS = {
    "htx/coin-swap-multi-20220219": {
        "ATOM-USD": 426,
        "SHIB-USD": 332,
        "ICP-USD": 163,
        "ANT-USD": 139,
        "GALA-USD": 214,
    },
    "htx/linear-swap-btcusdt-20220217": {"BTC-USDT": 81},
    "htx/spot-multiA-20210417": {
        "trioeth": 26,
        "xvgeth": 31,
        "dogeeth": 30,
        "fil3susdt": 31,
        "nesteth": 29,
    },
}


@pytest.mark.parametrize("name", [name for name in captures.IMAGES if name.startswith("htx/")])
def test_the_last_image_is_the_book(name: str) -> None:
    found = images(name)
    assert {native: len(all_of) for native, all_of in found.items()} == COUNTS[name]
    for native, all_of in found.items():
        if native not in DUSTY:
            compare(name, native, all_of[-1], len(all_of))
    assert {pair.proof for pair in pairs(name)} == {"image"}


# Sizes with the dust of binary fractions (2.516448728473207E7) that do not fit 63 bits beside the others: prices and at
# least eight decimals of sizes are kept.
DUSTY = ("fil3susdt", "xvgeth")


def pairs(name: str) -> list[Any]:
    player = Player([captures.capture(name)], timers=False)
    for _ in player.play():
        pass
    return [pair for pair, _ in player.pairs]


def test_dust_in_sizes_costs_no_book() -> None:
    name = "htx/spot-multiA-20210417"
    found = images(name)
    for pair in pairs(name):
        if pair.native not in DUSTY:
            continue
        assert pair.book.size_places >= 8
        for levels, sent in zip(pair.book.levels(1000), found[pair.native][-1], strict=True):
            ours = {Decimal(price): Decimal(size) for price, size in levels}
            assert ours.keys() == sent.keys()
            assert all(abs(ours[price] - size) < Decimal("1e-8") for price, size in sent.items())


@pytest.mark.parametrize("name", [name for name in captures.IMAGES if name.startswith("htx/")])
def test_prints_are_counted_as_they_stand_in_the_frames(name: str) -> None:
    wanted: dict[str, int] = {}
    for line in inbound(name):
        message = said(line)
        if message.get("ch", "").endswith("trade.detail"):
            native = message["ch"].split(".")[1]
            ids = {row.get("tradeId") or row["id"] for row in message["tick"]["data"]}
            wanted[native] = wanted.get(native, 0) + len(ids)
    books = {book["native"]: book["trades"] for book in verify([captures.capture(name)])}
    assert {native: count for native, count in books.items() if count} == wanted


def test_kucoin_joins_its_snapshots_and_follows() -> None:
    """From each snapshot on, each id once and none left out; price 0 is no level."""
    books: dict[str, Sides] = {}
    at: dict[str, int] = {}
    updates: dict[str, int] = {}
    old: dict[str, int] = {}
    lines = inbound(KUCOIN)
    for line in lines:
        if line["ch"] == "http":
            native = line["url"].rpartition("=")[2]
            data = said(line)["data"]
            books[native], at[native] = (side(data["bids"]), side(data["asks"])), int(data["sequence"])
    for line in lines:
        message = said(line)
        if line["ch"] != "ws" or not message.get("topic", "").startswith("/market/level2:"):
            continue
        data = message["data"]
        native, first, last = data["symbol"], int(data["sequenceStart"]), int(data["sequenceEnd"])
        if last <= at[native]:
            old[native] = old.get(native, 0) + 1
            continue
        assert first <= at[native] + 1
        at[native] = last
        updates[native] = updates.get(native, 0) + 1
        for book, rows in zip(books[native], (data["changes"]["bids"], data["changes"]["asks"]), strict=True):
            for price, size, _ in rows:
                book.pop(Decimal(price), None)
                if Decimal(size):
                    book[Decimal(price)] = Decimal(size)
    told = {book["native"]: book for book in verify([captures.capture(KUCOIN)])}
    assert updates == {"BCHSV-USDT": 2342, "FET-BTC": 218, "DAPPT-BTC": 162, "NRG-BTC": 60, "EQZ-BTC": 40}
    for native, shown in told.items():
        assert (shown["updates"], shown["dropped_old"]) == (updates[native], old[native])
        compare(KUCOIN, native, books[native], updates[native])
    assert sum(shown["trades"] for shown in told.values()) == 18
