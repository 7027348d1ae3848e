"""Recordings of Kraken Futures, Deribit, Bitfinex and Hyperliquid against a slow plain rebuild, and single messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest

from connectors import all_venues
from connectors.book import Book
from connectors.checksums import SignedCrc32
from connectors.rules import APPLY, GAP, RESET, SKIP, Chained, Rule, Stepping
from connectors.session import Session
from connectors.sync import LIVE, Listener, Pair
from connectors.wire import Scanner
from service.verify import is_clean, verify
from tests.support import captures

Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]


class Plain:
    """Books of a recording, by the venue's documents and without the project's own readers."""

    def __init__(self) -> None:
        self.books: dict[str, Sides] = {}
        self.updates: dict[str, int] = {}
        self.prints: dict[str, list[int]] = {}  # +1 taker bought, -1 sold

    def whole(self, native: str, bids: Any, asks: Any) -> None:
        self.books[native] = ({}, {})
        self.updates.setdefault(native, 0)
        for side, rows in enumerate((bids, asks)):
            for price, size in rows:
                self.books[native][side][price] = size

    def level(self, native: str, side: int, price: Decimal, size: Decimal) -> None:
        assert size > 0 or price in self.books[native][side], "what is deleted was there"
        self.books[native][side].pop(price, None)
        if size > 0:
            self.books[native][side][price] = size


def frames(name: str) -> list[Any]:
    """What came in, with exact numbers."""
    return [
        json.loads(line["msg"], parse_float=Decimal)
        for line in captures.lines(name)
        if line["ch"] == "ws" and line["dir"] == "in" and line.get("msg")
    ]


def kraken_futures(name: str) -> Plain:
    found = Plain()
    last: dict[str, int] = {}
    prints: dict[str, int] = {}
    for frame in frames(name):
        native, feed = frame.get("product_id", ""), frame.get("feed") if "seq" in frame else None
        if feed == "book_snapshot":
            rows = [[(row["price"], row["qty"]) for row in frame[side]] for side in ("bids", "asks")]
            found.whole(native, *rows)
        elif feed == "book":
            assert frame["seq"] == last[native] + 1
            found.level(native, int(frame["side"] == "sell"), frame["price"], frame["qty"])
            found.updates[native] += 1
        elif feed == "trade":
            assert frame["seq"] == prints.setdefault(native, frame["seq"])
            prints[native] += 1
            found.prints.setdefault(native, []).append(1 if frame["side"] == "buy" else -1)
        if feed in ("book", "book_snapshot"):
            last[native] = frame["seq"]
    return found


def deribit(name: str) -> Plain:
    found = Plain()
    last: dict[str, int] = {}
    for frame in frames(name):
        data = frame.get("params", {}).get("data")
        if not frame.get("params", {}).get("channel", "").startswith("book."):
            continue
        native = data["instrument_name"]
        rows = [[(price, size) for _, price, size in data[side]] for side in ("bids", "asks")]
        if data["type"] == "snapshot":
            found.whole(native, *rows)
        else:
            assert data["prev_change_id"] == last[native]
            for side in (0, 1):
                for price, size in rows[side]:
                    found.level(native, side, price, Decimal(size))
            found.updates[native] += 1
        last[native] = data["change_id"]
    return found


def bitfinex(name: str) -> Plain:
    found, channels, number = Plain(), {}, 0
    for frame in frames(name):
        if isinstance(frame, dict):
            if frame["event"] == "subscribed":
                channels[frame["chanId"]] = (frame["channel"], frame["symbol"])
            continue
        number += 1
        assert frame[-1] == number, "the sequence is unbroken over all lists"
        channel, native = channels.get(frame[0], ("", ""))
        if channel == "trades" and frame[1] == "te":
            found.prints.setdefault(native, []).append(1 if frame[2][2] > 0 else -1)
        if channel != "book" or isinstance(frame[1], str):
            continue
        if native not in found.books:
            bids = [(price, size) for price, _, size in frame[1] if size > 0]
            found.whole(native, bids, [(price, -size) for price, _, size in frame[1] if size < 0])
            continue
        price, count, size = frame[1]
        found.level(native, int(size < 0), price, abs(size) if count else Decimal(0))
        found.updates[native] += 1
    return found


def hyperliquid(name: str) -> Plain:
    found, before, last = Plain(), "", 0
    first = True
    for frame in frames(name):
        data = frame["data"]
        if frame["channel"] == "trades":
            if not first:
                found.prints.setdefault("BTC", []).extend(1 if one["side"] == "B" else -1 for one in data)
            first = False
        elif str(frame) != before:
            assert data["time"] >= last
            before, last = str(frame), data["time"]
            rows = [[(Decimal(row["px"]), Decimal(row["sz"])) for row in side] for side in data["levels"]]
            assert [len(side) for side in rows] == [20, 20]
            found.whole("BTC", *rows)
            found.updates["BTC"] += 1
    return found


@pytest.mark.parametrize(
    ("name", "rebuild", "books", "updates", "prints"),
    [
        ("kraken_futures/futures-v1-multi-20210722", kraken_futures, 10, 7014, 3),
        ("deribit/v2-multi-20210722", deribit, 10, 36, 0),
        ("bitfinex/spot-v2-multi-20210405", bitfinex, 8, 22466, 8),
        ("bitfinex/spot-v2-multi-20210417", bitfinex, 7, 1593, 0),
        ("hyperliquid/perp-btc-20250126", hyperliquid, 1, 45, 34),
    ],
)
def test_recordings_build_as_the_plain_rebuild_has_them(
    name: str, rebuild: Callable[[str], Plain], books: int, updates: int, prints: int
) -> None:
    plain = rebuild(name)
    found = {book["native"]: book for book in verify([captures.capture(name)])}
    assert (len(found), sum(plain.updates.values())) == (books, updates)
    assert sum(map(len, plain.prints.values())) == prints
    assert set(found) == set(plain.books)
    for native, book in found.items():
        assert is_clean(book), book
        assert (book["resyncs"], book["crossed"]) == (0, 0)
        bids, asks = plain.books[native]
        assert book["levels"] == [len(bids), len(asks)]
        best = max(bids.items()) if bids else None, min(asks.items()) if asks else None
        for ours, theirs in zip((book["bid"], book["ask"]), best, strict=True):
            assert (ours and tuple(map(Decimal, ours))) == theirs
        sides = plain.prints.get(native, [])
        assert (book["trades"], book["taker_buy"]) == (len(sides), sides.count(1))
        assert (book["updates"], book["dropped_old"]) == (plain.updates[native], 1 if native == "BTC" else 0)


def test_a_lost_list_of_bitfinex_costs_all_books_of_its_connection() -> None:
    name = "bitfinex/spot-v2-multi-20210417"
    venue = all_venues()["bitfinex", "public"]()
    session = Session(venue)
    session.discover = lambda native: session.add(Pair(venue, venue.infer(native)))
    lists = 0
    for n, line in enumerate(line for line in captures.lines(name) if line["dir"] == "in"):
        lists += line["msg"].startswith("[")
        if lists == 1000 and line["msg"].startswith("["):
            assert {pair.state for pair in session.pairs.values() if pair.loaded} == {LIVE}
            continue  # lost
        session.received(line["msg"].encode(), n)
        if lists == 1001:
            break
    books = [pair for pair in session.pairs.values() if pair.updates or pair.gaps]
    assert len(books) == 7
    assert {(pair.gaps, pair.reason) for pair in books} == {(1, "gap")}


# -- rules and checksum ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "at", "last", "previous", "older", "verdict"),
    [
        (Stepping(), 7, 8, -1, False, APPLY),
        (Stepping(), 7, 7, -1, True, SKIP),
        (Stepping(), 7, 3, -1, True, SKIP),
        (Stepping(), 7, 3, -1, False, GAP),  # newer, and counted lower: a counter that started over
        (Stepping(), 7, 9, -1, False, GAP),
        (Stepping(), -1, 0, -1, False, APPLY),
        (Stepping(), 7, -1, -1, False, GAP),
        (Chained(), 7, 90, 7, False, APPLY),
        (Chained(), 7, 7, 3, True, SKIP),
        (Chained(), 7, 90, 8, False, GAP),
        (Chained(), 7, 90, -1, False, GAP),
        (Chained(), 7, 5, 7, False, GAP),
        (Chained(), 7, 90, 0, False, RESET),
    ],
)
def test_rules(rule: Rule, at: int, last: int, previous: int, older: bool, verdict: int) -> None:
    assert rule.follow(at, -1, last, previous, older) == verdict
    assert rule.begins(previous) == (isinstance(rule, Chained) and previous == 0)


def signed(text: str) -> int:
    """CRC32 as a number of 32 bits with a sign."""
    unsigned = crc32(text.encode())
    return unsigned - 2**32 if unsigned >= 2**31 else unsigned


def test_the_checksum_is_over_numbers_as_javascript_writes_them() -> None:
    layout = all_venues()["bitfinex", "public"].layout
    scanner, book = Scanner(layout), Book(0, 8, keep_text=True)
    rows = "[0.0000011,1,266122.94],[0.00000109,2,500793.10790141],[7e-7,1,10000],[1e-8,1,640000]"
    rows += ",[0.00000111,1,-4847.13],[0.00000112,4,-528102.69042633]"
    assert scanner.scan(f"[5,[{rows}],1]".encode())
    assert book.apply(scanner, scanner.level_from[0], scanner.level_to[0]) == 0
    text = (
        "0.0000011:266122.94:0.00000111:-4847.13:0.00000109:500793.10790141:0.00000112:-528102.69042633:"
        "7e-7:10000:1e-8:640000"
    )
    assert SignedCrc32().of(book) == signed(text)


def test_a_checksum_of_its_own_message_is_compared() -> None:
    venue = all_venues()["bitfinex", "public"]()
    session = Session(venue)
    pair = session.add(Pair(venue, venue.infer("tBTCUSD")))
    session.keeper.prepare(pair)
    right = signed("100:5:101:-2")
    ack = b'{"event":"subscribed","channel":"book","chanId":5,"symbol":"tBTCUSD","len":"250"}'
    for n, frame in enumerate(
        [ack, b"[5,[[100,1,5],[101,2,-2]],1,1790000000000]", b'[5,"cs",%d,2,1790000000001]' % right]
    ):
        session.received(frame, n)
    assert (pair.state, pair.checksums_ok, pair.checksums_failed) == (LIVE, 1, 0)
    session.received(b'[5,"cs",12345,3,1790000000002]', 9)
    assert (pair.reason, pair.checksums_failed, pair.loaded) == ("checksum", 1, False)


# -- single messages ---------------------------------------------------------------------------------------------------


class Prints(Listener):
    """Keeps the prints it is told of."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float, int]] = []

    def traded(self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int) -> int:
        self.found.append((price, size, side))
        return 0


def heard(key: tuple[str, str], *texts: str) -> tuple[Session, Prints]:
    """A session that heard these frames and takes any symbol."""
    venue = all_venues()[key]()
    session, prints = Session(venue), Prints()

    def discover(native: str) -> Pair:
        pair = Pair(venue, venue.infer(native))
        pair.listener = prints
        return session.add(pair)

    session.discover = discover
    for n, text in enumerate(texts):
        session.received(text.encode(), n)
    return session, prints


# What a recorded message of each kind is for us; what is not named here makes books or prints.
OF_NO_USE = {
    "kraken_futures": ('"feed":"ticker"',),
    "deribit": ('"channel":"ticker.', '"channel":"quote.'),
    "hyperliquid": ('"channel":"activeAssetCtx"', '"channel":"activeSpotAssetCtx"', '"channel":"bbo"'),
    "bitfinex": (
        '"channel":"ticker"',
        '"channel":"status"',
        '"hb"',
        '"tu"',
        '"ticker"',
        '"status"',
        '"liquidations"',
    ),
}


@pytest.mark.parametrize(
    "key", [("kraken_futures", "futures"), ("deribit", "public"), ("hyperliquid", "public")]
)
def test_every_single_message_is_read_or_is_known_to_be_of_no_use(key: tuple[str, str]) -> None:
    seen = 0
    for line in captures.lines(f"{key[0]}/single-messages"):
        text = line["msg"]
        frame = json.loads(text)
        session, prints = heard(key, text, text) if key[0] == "hyperliquid" else heard(key, text)
        assert session.malformed == 0
        counts = {what: n for what, n in session.keeper.counts.items() if what != "off-book print"}
        assert not counts, text
        pairs = list(session.pairs.values())
        if any(mark in text for mark in OF_NO_USE[key[0]]):
            assert pairs == []
            continue
        seen += 1
        if "trade" in text[:90]:
            data = frame.get("data") or frame.get("params", {}).get("data") or [frame]
            rows = [
                (float(row.get("price", row.get("px"))), row.get("direction", row.get("side")))
                for row in data
            ]
            words = {"buy": 1, "B": 1, "sell": -1, "A": -1}
            assert [(price, side) for price, _, side in prints.found] == [(p, words[s]) for p, s in rows]
            continue
        (pair,) = pairs
        bids, asks = pair.book.levels(100)
        told = frame.get("params", {}).get("data") or frame.get("data") or frame
        if "levels" in told:
            sides = [[(row["px"], row["sz"]) for row in side] for side in told["levels"]]
        elif told.get("type") == "snapshot" or told.get("prev_change_id") == 0:
            sides = [[(row[1], row[2]) for row in told[side]] for side in ("bids", "asks")]
        elif told.get("feed") == "book_snapshot":
            sides = [[(row["price"], row["qty"]) for row in told[side]] for side in ("bids", "asks")]
        else:  # a change without the book before it, or a snapshot of 2019, which did not call itself one
            assert not pair.loaded
            continue
        ours = [[tuple(map(Decimal, level)) for level in side] for side in (bids, asks)]
        assert ours == [[tuple(Decimal(str(part)) for part in level) for level in side] for side in sides]
    assert seen >= 4


def test_every_single_message_of_bitfinex_is_read_or_is_known_to_be_of_no_use() -> None:
    key, acks = ("bitfinex", "public"), {}
    lines = [line["msg"] for line in captures.lines("bitfinex/single-messages")]
    for text in lines:
        if text.startswith("{"):
            acks[json.loads(text)["chanId"]] = text
    read = []
    for text in lines:
        session, prints = heard(key, *([] if text.startswith("{") else acks.values()), text)
        assert session.malformed == 0
        if text.startswith("{") or any(mark in text for mark in OF_NO_USE["bitfinex"]):
            assert prints.found == []
            continue
        frame = json.loads(text)
        if frame[0] not in acks:  # a channel whose ack is not among the messages
            assert (
                session.keeper.counts["unknown channel"] + session.keeper.counts["symbol not subscribed"] <= 1
            )
            continue
        pair = session.pairs.get(b"tBTCUSD") or session.pairs.get(b"tETHUSD")
        if frame[1] == "te":
            assert prints.found == [(frame[2][3], frame[2][2], 1)]
        elif pair is not None and pair.loaded:
            assert pair.book.levels(5) == ([("216", "31.52")], [("218.75", "13.33333333"), ("218.76", "2")])
        read.append((frame[1] if isinstance(frame[1], str) else len(frame[1]), bool(prints.found)))
    assert ("te", True) in read
    assert (3, False) in read


# -- units -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "native", "symbol", "size", "price", "base"),
    [
        (
            ("kraken_futures", "futures"),
            "PI_XBTUSD",
            "BTC-USD-PERP:BTC",
            "4787",
            "2004.85",
            "2.387709803726962",
        ),
        (("kraken_futures", "futures"), "FI_XBTUSD_260925", "BTC-USD-260925:BTC", "100", "50000", "0.002"),
        (("kraken_futures", "futures"), "PF_XBTUSD", "BTC-USD-PERP", "0.25", "50000", "0.25"),
        (("kraken_futures", "futures"), "FF_XBTUSD_260925", "BTC-USD-260925", "0.25", "50000", "0.25"),
        (("deribit", "public"), "BTC-PERPETUAL", "BTC-USD-PERP:BTC", "1000", "50000", "0.02"),
        (("deribit", "public"), "BTC-3JAN26", "BTC-USD-260103:BTC", "1000", "50000", "0.02"),
        (("deribit", "public"), "SOL_USDC-PERPETUAL", "SOL-USDC-PERP", "3", "150", "3"),
        (("deribit", "public"), "BTC-27DEC26-100000-C", "BTC-USD-261227-100000-C:BTC", "0.5", "0.01", "0.5"),
        (("deribit", "public"), "XRP_USDC-30JUN25-2d2-C", "XRP-USDC-250630-2.2-C", "1000", "0.1", "1000"),
        (("deribit", "public"), "BTC_USDC", "BTC-USDC", "2", "50000", "2"),
        (("deribit", "public"), "BTC-CS-19MAY26-70000_75000", "BTC-CS-19MAY26-70000_75000", "1", "1", None),
        (("hyperliquid", "public"), "BTC", "BTC-USDC-PERP", "2", "50000", "2"),
        (("hyperliquid", "public"), "kPEPE", "kPEPE-USDC-PERP", "2", "50000", "2"),
        (("hyperliquid", "public"), "xyz:NVDA", "xyz.NVDA-USDC-PERP", "2", "5", "2"),
        (("hyperliquid", "public"), "PURR/USDC", "PURR-USDC", "2", "5", "2"),
        (("bitfinex", "public"), "tBTCUSD", "BTC-USD", "2", "5", "2"),
        (("bitfinex", "public"), "tDOGE:UST", "DOGE-USDT", "2", "5", "2"),
        (("bitfinex", "public"), "tBTCF0:USTF0", "BTC-USDT-PERP", "2", "50000", "2"),
    ],
)
def test_symbols_and_units(
    key: tuple[str, str], native: str, symbol: str, size: str, price: str, base: str | None
) -> None:
    one = all_venues()[key]().infer(native)
    assert one.symbol == symbol
    got = one.to_base(Decimal(size), Decimal(price))
    assert (got is None) == (base is None)
    if got is not None and base is not None:
        assert abs(got - Decimal(base)) < Decimal("1e-12")


def test_lists_of_instruments() -> None:
    kraken = {
        one.native: one
        for one in listed("kraken_futures", "futures", "kraken_futures/futures-v1-multi-20210722")
    }
    one = kraken["FI_XBTUSD_210924"]
    assert (one.symbol, one.contract_size, one.inverse, one.tick, one.lot) == (
        "BTC-USD-210924:BTC", 1, True, Decimal("0.5"), 1,
    )  # fmt: skip
    assert len(kraken) == 17
    assert not any(native.startswith(("IN_", "RR_")) for native in kraken)
    names = {one.native: one for one in listed("deribit", "public", "deribit/v2-multi-20210722")}
    for native, one in names.items():
        inferred = all_venues()["deribit", "public"]().infer(native)
        assert (inferred.symbol, inferred.inverse, one.inferred) == (one.symbol, one.inverse, False)
    assert (names["BTC-PERPETUAL"].tick, names["BTC-PERPETUAL"].lot) == (Decimal("0.5"), Decimal("10.0"))
    assert names["BTC-24SEP21-40000-P"].symbol == "BTC-USD-210924-40000-P:BTC"
    pairs = {one.native: one for one in listed("bitfinex", "public", "bitfinex/spot-v2-multi-20210417")}
    assert pairs["tAAVE:UST"].symbol == "AAVE-USDT"


def listed(name: str, product: str, recording: str) -> list[Any]:
    venue = all_venues()[name, product]()
    paths = [path.partition("?")[0] for path in venue.instrument_paths()]
    return [
        one
        for line in captures.lines(f"{recording}.instruments")
        if any(path in line["url"] for path in paths)
        for one in venue.instruments(json.loads(line["msg"]))
    ]
