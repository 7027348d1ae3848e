"""Every single message among the recordings is read as a book or as prints, or there is a reason why it is not.

Whatever is read must stand in the message: prices and sizes, of prints and of levels. What the messages of one venue
mean in detail is tested with that venue (`tests/connectors`).
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from connectors import all_venues
from connectors.session import Session
from connectors.sync import Listener, Pair
from connectors.unpacking import gunzip
from connectors.venue import Channel, Venue
from tests.support import captures

NOW = 1_790_000_000_000_000_000
NAMES = {
    "coinbase": ("coinbase", "coinbase_exchange"),
    "gateio": ("gate",),
}  # venues of a folder, where not its name
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class Prints(Listener):
    """Keeps price, size in base and worth in quote of the prints it is told of."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float, float]] = []

    def traded(self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int) -> int:
        self.found.append((price, size, quote))
        return 0


class Heard:
    """One message at one product, after the acks that give channels their numbers."""

    def __init__(self, venue: Venue, before: list[str], text: str) -> None:
        self.venue, self.prints = venue, Prints()
        self.session = Session(venue, next(iter(venue.routes)))
        self.session.keeper.channels = tuple(Channel)
        self.session.discover = self._made
        self.session.keeper.opened(NOW)
        for ack in before:
            self._hear(ack)
        self.session.keeper.counts.clear()
        self._hear(text)

    def _made(self, native: str) -> Pair:
        pair = Pair(self.venue, self.venue.infer(native))
        pair.listener = self.prints
        self.session.keeper.prepare(pair)
        return pair

    def _hear(self, text: str) -> None:
        frame = text.encode()
        self.session.received(gzip.compress(frame) if self.venue.unpack is gunzip else frame, NOW)

    @property
    def levels(self) -> list[tuple[str, str]]:
        return [
            level for pair in self.session.pairs.values() for side in pair.book.levels(9999) for level in side
        ]

    @property
    def told(self) -> str:
        """What became of it: `book`, `waits` for the book before it, `prints`, `beside` both, or what was counted."""
        pairs = self.session.pairs.values()
        if self.prints.found:
            return "prints"
        if any(pair.loaded for pair in pairs):
            return "book"
        if any(pair.held or pair.ignored for pair in pairs):
            return "waits"
        if self.session.malformed:
            return "malformed"
        return ", ".join(sorted(set(self.session.keeper.counts) - {"off-book print"})) or "beside"


def word(message: Any) -> str:
    """What kind of message it is, in the venue's own words."""
    if isinstance(message, list):
        return message[1] if isinstance(message[1], str) else "rows"
    inner = [message.get(name) for name in ("arg", "params", "result")]
    inner = [one for one in inner if isinstance(one, dict)]
    names = ("stream", "topic", "ch", "rep", "channel", "table", "feed", "e", "type", "event", "method")
    found = (one[name] for name in names for one in (message, *inner) if isinstance(one.get(name), str))
    return next(found, "/".join(message))


@cache
def messages(folder: str) -> list[tuple[str, str, str]]:
    """Note, text and word of each."""
    captures.beside(f"{folder}/single-messages.jsonl.gz")
    found: list[tuple[str, str, str]] = []
    for path in sorted((captures.ROOT / folder).glob("single-messages*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        found += [(line.get("note") or "", line["msg"], word(json.loads(line["msg"]))) for line in lines]
    return found


def product_named(folder: str, product: str) -> type[Venue]:
    names = NAMES.get(folder, (folder,))
    (kind,) = (kind for (name, its), kind in all_venues().items() if name in names and its == product)
    return kind


def heard(folder: str, product: str, text: str) -> Heard:
    kind = product_named(folder, product)
    acks = [one for _, one, _ in messages(folder) if '"subscribed"' in one and '"chanId"' in one]
    return Heard(kind(), acks if kind.numbers_channels else [], text)


# -- what is expected -------------------------------------------------------------------------------------------------

OPTIONS = "options are at an address of their own, to which nothing connects"
OLD = "a protocol that is dead"
SOCKETS = "a socket of its own, for notifications"
ASKED = "not subscribed to: nothing is made of it"


@dataclass(frozen=True)
class Row:
    """Messages by note and word (globs): what the product makes of each (in any order), or why nothing is made."""

    note: str
    word: str
    product: str = ""
    told: str = ""
    why: str = ""


def dead(note: str, word: str, why: str) -> Row:
    return Row(note, word, why=why)


ROWS: dict[str, list[Row]] = {
    "binance": [
        dead("*european-options*", "*", OPTIONS),
        Row("binance", "*@trade", "spot", "prints"),
        Row("binance", "*@depth", "spot", "waits"),
        Row("binance futures", "ethusdt@trade", "usdm", "beside", "X is NA: no print of the market"),
        Row("binance futures", "*rade", "usdm", "prints"),
        Row("binance futures", "*@depth*", "usdm", "waits"),
        Row("binance delivery", "etcusdt@trade", "coinm", "beside", "X is NA: no print of the market"),
        Row("binance delivery", "*@trade", "coinm", "prints"),
        Row("binance delivery", "*@depth*", "coinm", "waits"),
        Row("binance delivery", "id/result", "coinm", "beside", "an ack"),
        Row("binance*", "*@bookTicker", "usdm", "beside", "the touch, which the book has"),
        Row("binance*", "*@markPrice*", "usdm", "beside", "of derivatives"),
        Row("binance*", "*@indexPrice*", "coinm", "beside", "of derivatives"),
        Row("binance*", "*@forceOrder", "usdm", "beside", "of derivatives"),
        dead("binance*", "*@ticker", ASKED),
    ],
    "bitfinex": [
        Row("bitfinex derivatives", "*", "public", "beside|unknown channel|symbol not subscribed",
            "of derivatives, or of channels whose ack is not among the messages"),
        Row("bitfinex", "te", "public", "prints"),
        Row("bitfinex", "rows", "public", "book|waits|beside|unknown channel"),
        Row("bitfinex", "*", "public", "beside", "acks, heartbeats, tickers, the second telling of a print, history"),
    ],
    "bitget": [
        dead("*", "books1*", "images of a channel that is not subscribed to"),
        Row("bitget", "books", "spot", "book|waits|beside"),
        Row("bitget v3", "books", "spot", "book|waits"),
        Row("bitget-futures*", "books", "usdt", "book|waits"),
        Row("bitget-futures*", "ticker", "usdt", "beside", "of derivatives"),
        Row("bitget-futures*", "*rade", "usdt", "prints|beside", "those beside are history, and an ack"),
        Row("bitget*", "*rade", "spot", "prints|beside", "those beside are history, and an ack"),
        Row("bitget-futures v3", "liquidation", "usdt", "*", "of derivatives"),
    ],
    "bitmex": [dead("*", "*", "it has closed")],
    "bitstamp": [
        Row("*", "live_trades_*", "public", "prints|beside", "one is an ack"),
        Row("*", "diff_order_book_*", "public", "waits"),
    ],
    "bybit": [
        dead("bybit-options", "*", OPTIONS),
        Row("bybit", "publicTrade.BTCUSD", "inverse", "prints"),
        Row("bybit", "publicTrade.*", "linear", "prints"),
        Row("bybit", "orderbook.*", "linear", "book|waits"),
        Row("bybit", "tickers.*", "linear", "beside", "of derivatives"),
        Row("bybit", "allLiquidation.*", "linear", "beside", "of derivatives"),
        Row("bybit spot", "publicTrade.*", "spot", "prints"),
        Row("bybit spot", "orderbook.*", "spot", "book|waits"),
        dead("bybit*", "*", OLD),  # v2 and the v3 of spot: `orderBookL2_25`, `instrument_info`, `trade.*`, `depth`
    ],
    "coinbase": [
        dead("coinbase-international", "*", "another exchange"),
        Row("coinbase", "match", "exchange", "prints"),
        Row("coinbase", "l2update", "exchange", "waits"),
        Row("coinbase", "snapshot", "exchange", "book|beside", "0.-10000 is no size: no book"),
        Row("coinbase", "ticker", "exchange", "beside", ASKED),
    ],
    "crypto_com": [
        Row("*", "trade", "market", "prints"),
        Row("*", "book", "market", "book"),
        Row("*", "book.update", "market", "waits"),
        Row("*", "*", "market", "beside", "an ack, and of derivatives"),
    ],
    "deribit": [
        Row("*", "trades.*", "public", "prints"),
        Row("*", "book.ETH-PERPETUAL.raw", "public", "waits"),
        Row("*", "book.*", "public", "book"),
        Row("*", "quote.*", "public", "beside", "the touch, which the book has"),
        Row("*", "ticker.*", "public", "beside", "of derivatives"),
    ],
    "dydx": [
        dead("dydx", "*", "v3, whose chain was shut down in 2024"),
        Row("dydx-v4", "v4_trades", "perp", "prints"),
        Row("dydx-v4", "v4_orderbook", "perp", "book|waits"),
        Row("dydx-v4", "v4_markets", "perp", "beside", "of derivatives"),
    ],
    "gateio": [
        Row("gate-io", "spot.trades", "spot", "prints"),
        Row("gate-io", "spot.order_book_update", "spot_v1", "waits"),
        Row("gate-io", "spot.obu", "spot", "book|waits|beside", "one is an ack"),
        Row("gate-io", "spot.book_ticker", "spot", "beside", ASKED),
        dead("gate-io", "*", OLD),  # of `method` and `params`
        Row("gate-io-futures", "futures.trades", "usdt", "prints|beside", "one is an ack"),
        Row("gate-io-futures", "futures.tickers", "usdt", "beside", "of derivatives, and an ack"),
        Row("gate-io-futures", "*", "usdt", "beside", "images of a channel that is not subscribed to, and the touch"),
    ],
    "gemini": [
        Row("gemini", "l2_updates", "v2", "book|waits"),
        Row("gemini", "trade", "v2", "prints"),
        Row("gemini v3", "depthUpdate", "public", "waits"),
        Row("gemini v3", "E/s/t/p/q/m", "public", "prints"),
        Row("gemini v3", "u/E/s/b/B/a/A/c/C", "public", "beside", "the touch, which the book has"),
    ],
    "htx": [
        dead("*", "public.*", SOCKETS),
        dead("*", "market.???_*", "coin futures are not offered here"),
        Row("*", "id/subbed/ts/status", "spot", "beside", "an ack"),
        dead("*", "market.btchusd.bbo", ASKED),
        Row("huobi", "market.*.mbp.*", "spot", "book|waits"),
        Row("huobi", "market.*.depth.*", "spot", "book"),
        Row("huobi", "market.*.trade.detail", "spot", "prints"),
        Row("huobi", "market.*.bbo", "spot", "beside", "the touch, which the book has"),
        Row("huobi-dm-linear*", "market.*.trade.detail", "linear", "prints"),
        Row("huobi-dm-linear*", "market.*.depth.*", "linear", "waits"),
        Row("huobi-dm-linear*", "market.*", "linear", "beside", ASKED),
        Row("huobi-dm-swap*", "market.*.trade.detail", "inverse", "prints"),
        Row("huobi-dm-swap*", "market.*.depth.*", "inverse", "waits"),
        Row("huobi-dm-swap*", "market.*", "inverse", "beside", ASKED),
    ],
    "hyperliquid": [
        Row("*", "trades", "public", "beside", "the first of a subscription are from before it"),
        Row("*", "l2Book", "public", "book"),
        Row("*", "active*", "public", "beside", "of derivatives"),
        Row("*", "bbo", "public", "beside", "the touch, which the book has"),
    ],
    "kraken": [
        Row("*", "trade", "spot", "prints|beside", "a snapshot is of prints from before"),
        Row("*", "book", "spot", "waits|beside", "a snapshot whose checksum wants the zeros that its source lost"),
        Row("*", "ticker", "spot", "beside", ASKED),
    ],
    "kraken_futures": [
        Row("*", "book_snapshot", "futures", "book"),
        Row("*", "book", "futures", "waits"),
        Row("*", "trade", "futures", "prints"),
        Row("*", "ticker", "futures", "beside", "of derivatives"),
    ],
    "kucoin": [
        Row("kucoin", "/market/match:*", "spot_classic", "prints"),
        Row("kucoin", "/market/level2:*", "spot_classic", "waits"),
        Row("kucoin", "/market/ticker:*", "spot_classic", "beside", ASKED),
        Row("kucoin", "*", "spot_classic", "beside|pong", "welcome, ack and pong"),
        dead("kucoin-futures", "*", "the classic socket of futures: nothing connects to it, no session is recorded"),
    ],
    "mexc": [
        Row("mexc*", "*XENUSDT", "spot", "beside", "neither levels nor prints are in it"),
        Row("mexc*", "*.deals.*", "spot", "prints"),
        Row("mexc*", "*.depth.v3*", "spot", "waits"),
        Row("mexc*", "*.bookTicker.*", "spot", "beside", ASKED),
        Row("mexc*", "id/code/msg", "spot", "beside", "an ack"),
        Row("mexc futures", "push.deal", "contract", "prints"),
        Row("mexc futures", "push.depth", "contract", "waits"),
        Row("mexc futures", "push.*", "contract", "beside", "of derivatives"),
    ],
    "okx": [
        dead("*", "*/*", OLD),  # of `table`
        dead("okex-spreads", "*", "spreads are no books of one instrument"),
        Row("*", "trades", "public", "prints|beside", "those beside are acks"),
        Row("*", "books-l2-tbt", "public", "waits|beside", "those beside are acks"),
        *(Row("*", name, "public", "beside", "of derivatives")
          for name in ("mark-price", "open-interest", "funding-rate", "index-tickers", "liquidation-orders")),
        *(dead("*", name, ASKED) for name in ("tickers", "trades-all", "bbo-tbt", "price-limit", "opt-summary")),
    ],
    "upbit": [Row("*", "orderbook", "spot", "book"), Row("*", "trade", "spot", "prints")],
}  # fmt: skip


def row_of(folder: str, note: str, kind: str) -> Row | None:
    fits = (row for row in ROWS[folder] if fnmatchcase(note, row.note) and fnmatchcase(kind, row.word))
    return next(fits, None)


def stands_in(one: Heard, text: str) -> bool:
    """Are all numbers that were read in the message?"""
    numbers = {Decimal(number).copy_abs() for number in NUMBER.findall(text)}
    floats = set(map(float, numbers))
    prints = all(
        price in floats and (size != size or {size, quote} & floats)
        for price, size, quote in one.prints.found
    )
    return prints and all(
        Decimal(price) in numbers and Decimal(size) in numbers for price, size in one.levels
    )


@pytest.mark.parametrize("folder", ROWS)
def test_each_is_read_or_there_is_a_reason_why_not(folder: str) -> None:
    seen: dict[Row, set[str]] = {}
    for note, text, kind in messages(folder):
        if '"generated":true' in text:
            continue  # by the recorder, of REST answers: no venue sends it
        row = row_of(folder, note, kind)
        assert row is not None, f"{note}: nobody said what {kind} is: {text[:200]}"
        told = seen.setdefault(row, set())
        if row.product:
            one = heard(folder, row.product, text)
            assert stands_in(one, text), text[:300]
            told.add(one.told)
    for row in ROWS[folder]:
        assert row in seen, f"there is no message {row.word} of {row.note}"
        assert row.told == "*" or seen[row] == set(filter(None, row.told.split("|"))), (row, seen[row])


@pytest.mark.parametrize("folder", ROWS)
def test_what_is_left_has_its_reason(folder: str) -> None:
    for row in ROWS[folder]:
        read = set(row.told.split("|")) <= {"book", "waits", "prints"}
        assert read or row.why or row.told.startswith("book|waits"), row


def test_every_folder_with_single_messages_is_here() -> None:
    captures.beside("README.md")
    found = {path.parent.name for path in captures.ROOT.glob("*/single-messages*.jsonl.gz")}
    assert found == set(ROWS)


def test_every_venue_is_here_or_has_no_single_messages() -> None:
    """A new venue is found to be missing."""
    named = {name for folder in ROWS for name in NAMES.get(folder, (folder,))}
    assert {name for name, _ in all_venues()} - named == {"binance_us", "bithumb"}
