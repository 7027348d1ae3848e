"""Bybit v5: spot, linear and inverse perpetuals.

Source: the fact sheet bybit. Every book topic counts its own ``u`` by one; ``seq`` belongs to the engine and
jumps; a book of depth N has exactly N levels, kept by deletes and inserts at the edge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from ..connection import MS, NS, Connection, asked, parsed
from ..counters import Counter, EngineWide
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue
from ._bybit_rest import CONTRACTS, account_ratio, book, failed, instruments, ticker, wrapped, writers

INTERVALS = {1: 10 * MS, 50: 20 * MS, 200: 100 * MS, 1000: 200 * MS}
REPEAT_NS = 3 * NS
IDLE_NS = 600 * NS
MOST_SPOT_ARGS = 10
MOST_ARGS_BYTES = 21_000
PREFIX = "/v5/public/"


class BybitConnection(Connection):
    """A socket of one product."""

    venue: Bybit

    def __init__(self, venue: Bybit, number: int, path: str, query: dict[str, str], now: int) -> None:
        super().__init__(venue, number, path, query, now)
        self.product = path.removeprefix(PREFIX)
        self.id = str(UUID(int=self.random.getrandbits(128)))
        self._args_bytes = 0
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        operation = message.get("op") if message else None
        if message is None or operation not in ("subscribe", "unsubscribe", "ping"):
            self._acknowledge(False, f"Invalid op: {operation}", {}, str(operation or ""), now)
            return
        if operation == "ping":
            self._acknowledge(True, "pong", message, "ping", now)
            return
        topics = [str(topic) for topic in asked(message, "args")]
        if operation == "unsubscribe":
            for topic in topics:
                self._leave(topic)
            self._acknowledge(True, "", message, operation, now)
            return
        problem = self._problem(topics)
        if problem:
            self._acknowledge(False, problem, message, operation, now)
            return
        self._args_bytes += len(json.dumps(topics))
        early = self.random.random() < 0.3  # the snapshot may come before the acknowledgement
        if not early:
            self._acknowledge(True, "", message, operation, now)
        for topic in topics:
            self._join(topic, now)
        if early:
            self._acknowledge(True, "", message, operation, now)

    def _problem(self, topics: list[str]) -> str:
        """Why a request is refused; one bad topic refuses it all."""
        if self.product == "spot" and len(topics) > MOST_SPOT_ARGS:
            return "args size >10"
        if self._args_bytes + len(json.dumps(topics)) > MOST_ARGS_BYTES:
            return "args length exceeds 21000"
        for topic in topics:
            market = self.venue.market_of(self.product, topic)
            if market is None:
                return f"Invalid topic: {topic}"
            if self.venue.faults.take(Reject, self.product, market.listing.native, self.number) is not None:
                return f"Invalid topic: {topic}"
            if topic in self.topics:
                return f"error:topic already subscribed: {topic}"
        return ""

    def _join(self, topic: str, now: int) -> None:
        self.topics[topic] = None
        name, market = f"{self.product}/{topic}", self.venue.market_of(self.product, topic)
        assert market is not None
        if topic.startswith("orderbook."):
            feed = self.venue.feed(name, lambda: self.venue.window(name, market, int(topic.split(".")[1])))
            self.follow(feed)
            self.put(self.venue.book_frame(feed, "snapshot", None, now), now)
            return
        self.venue.join(self, name)
        if topic.startswith("tickers."):
            self.put(self.venue.ticker_frame(market, ticker(market, now), "snapshot", now), now)

    def _leave(self, topic: str) -> None:
        self.topics.pop(topic, None)
        self.unfollow(f"{self.product}/{topic}")
        self.venue.leave(self, f"{self.product}/{topic}")

    def _acknowledge(
        self, success: bool, said: str, message: Mapping[str, Any], operation: str, now: int
    ) -> None:
        spot = self.product == "spot"
        if spot and success and not said:
            said = operation
        answer: dict[str, Any] = {"success": success, "ret_msg": said, "conn_id": self.id}
        if not spot or "req_id" in message:
            answer["req_id"] = message.get("req_id", "")
        self.say(json.dumps(answer | {"op": operation}, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.heard_at >= IDLE_NS:
            self.close(now, None)
        else:
            self.at(self.heard_at + IDLE_NS, self._watch)


class Bybit(SimulatedVenue):
    """The public sockets of three products and the market REST calls."""

    name = "bybit"
    _bases: ClassVar = {"ws": "wss://stream.bybit.com", "rest": "https://api.bybit.com"}
    real_hosts: ClassVar = {"spot": _bases, "linear": _bases, "inverse": _bases}
    catalogue = (
        Listing(
            "BTCUSDT", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.000001"), basis_bps=0.2, levels=1600
        ),
        Listing(
            "BTCUSDT", "linear", "BTC", "USDT", Scale("0.10"), Scale("0.001"), basis_bps=-3.5, levels=1600
        ),
        Listing(
            "ETHUSDT", "linear", "ETH", "USDT", Scale("0.01"), Scale("0.01"), basis_bps=-4.2, levels=1600
        ),
        Listing(
            "BTCUSD",
            "inverse",
            "BTC",
            "USD",
            Scale("0.10"),
            Scale("1"),
            inverse=True,
            basis_bps=-2.2,
            levels=1600,
        ),
    )

    def __init__(
        self,
        listings: Sequence[Listing] | None = None,
        *,
        seed: int = 0,
        rate: float = 10.0,
        start: int = 0,
        staged: bool = False,
    ) -> None:
        engine = Random(f"{self.name}/{seed}/engines")
        self._engines = {p: EngineWide(engine.randrange(10**10, 10**11), engine) for p in self.real_hosts}
        self._updates: dict[str, int] = {}
        self._forced: dict[str, list[str]] = {}
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def counter(self, listing: Listing) -> Counter:
        return self._engines[listing.product]

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> BybitConnection:
        if path.removeprefix(PREFIX) not in self.real_hosts:
            raise HandshakeRefusedError(404)
        return BybitConnection(self, number, path, query, now)

    def market_of(self, product: str, topic: str) -> Market | None:
        """The market of a topic; None for a topic that does not exist."""
        head, _, symbol = topic.rpartition(".")
        books = [f"orderbook.{depth}" for depth in INTERVALS]
        others = ["publicTrade", "tickers"] + ([] if product == "spot" else ["allLiquidation"])
        return self.markets.get((product, symbol)) if head in books + others else None

    # -- books --------------------------------------------------------------------------------------

    def window(self, topic: str, market: Market, depth: int) -> WindowFeed:
        """A feed whose ``last`` is the topic's own ``u``."""
        feed = WindowFeed(topic, market, INTERVALS[depth], depth)
        feed.last = self._updates.setdefault(topic, self.random.randrange(10**6, 10**8))
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        feed.last += 1
        feed.sent_at = now
        self._updates[feed.topic] = feed.last
        one = "/orderbook.1." in feed.topic
        frame = self.book_frame(feed, "snapshot" if one else "update", None if one else delta, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def book_frame(self, feed: Feed, kind: Kind, delta: Delta | None, now: int) -> Frame:
        """A delta, or without one the whole window."""
        listing = feed.market.listing
        if delta is None:
            bids, asks = feed.levels()
            feed.sent_at = max(feed.sent_at, now)
        else:
            bids, asks = sorted(delta.bids, reverse=True), sorted(delta.asks)
        levels = written((("bid", bids), ("ask", asks)), *writers(listing), pair)
        said = f'"type":"{"snapshot" if delta is None else "delta"}"'
        at, topic = f'"ts":{now // MS}', feed.topic.partition("/")[2]
        head = (
            f"{at},{said}"
            if listing.product == "spot" or topic.startswith("orderbook.1.")
            else f"{said},{at}"
        )
        text = (
            f'{{"topic":"{topic}",{head},"data":{{"s":"{listing.native}","b":[{joined(levels, "bid")}],'
            f'"a":[{joined(levels, "ask")}],"u":{feed.last},"seq":{feed.market.counter_last}}},'
            f'"cts":{now // MS - self.random.randint(1, 8)}}}'
        )
        return Frame(text, kind, listing.product, listing.native, levels, feed.rank)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        feed.last = self._updates[feed.topic] = 1
        frame = self.book_frame(feed, "snapshot", None, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing, topic = market.listing, f"publicTrade.{market.listing.native}"
        if members := self.members(f"{listing.product}/{topic}"):
            rows = ",".join(self._trade_row(market, trade) for trade in trades)
            said = '"type":"snapshot"'
            head = f'"ts":{now // MS},{said}' if listing.product == "spot" else f'{said},"ts":{now // MS}'
            text = f'{{"topic":"{topic}",{head},"data":[{rows}]}}'
            for connection in members:
                connection.put(Frame(text, "trade", listing.product, listing.native), now)
        if listing.product != "spot" and self.random.random() < 0.03:
            self._liquidated(market, trades[-1], now)

    def second(self, now: int) -> None:
        for feed in list(self.feeds.values()):
            if "/orderbook.1." in feed.topic and now - feed.sent_at >= REPEAT_NS:
                for connection in list(feed.subscribers):
                    connection.put(self.book_frame(feed, "snapshot", None, now), now)
        for market in self.markets.values():
            if members := self.members(f"{market.listing.product}/tickers.{market.listing.native}"):
                whole = ticker(market, now)
                changed = {k: v for k, v in whole.items() if k == "symbol" or self.random.random() < 0.5}
                frame = self.ticker_frame(market, changed, "delta", now)
                for connection in members:
                    connection.put(frame, now)

    def ticker_frame(self, market: Market, data: Mapping[str, str], kind: str, now: int) -> Frame:
        """A ticker: all fields, then those that changed."""
        listing = market.listing
        body = {"topic": f"tickers.{listing.native}", "type": kind, "data": data, "cs": market.counter_last}
        text = json.dumps(body | {"ts": now // MS}, separators=(",", ":"))
        return Frame(text, "other", listing.product, listing.native)

    def _liquidated(self, market: Market, trade: Trade, now: int) -> None:
        """``S`` is the side of the position that was closed, so the opposite of the taker."""
        listing, topic = market.listing, f"allLiquidation.{market.listing.native}"
        price, size = writers(listing)
        position = "Sell" if trade.taker == "buy" else "Buy"
        text = (
            f'{{"topic":"{topic}","type":"snapshot","ts":{now // MS},"data":[{{"T":{now // MS - 40},'
            f'"s":"{listing.native}","S":"{position}","v":"{size(trade.lots)}","p":"{price(trade.tick)}"}}]}}'
        )
        for connection in self.members(f"{listing.product}/{topic}"):
            connection.put(Frame(text, "other", listing.product, listing.native), now)

    def _trade_row(self, market: Market, trade: Trade) -> str:
        listing = market.listing
        price, size = writers(listing)
        side, at = trade.taker.capitalize(), trade.time // MS
        value = f'"v":"{size(trade.lots)}","p":"{price(trade.tick)}"'
        if listing.product == "spot":
            number = 2290000000000000000 + trade.id
            return (
                f'{{"i":"{number}","T":{at},"p":"{price(trade.tick)}","v":"{size(trade.lots)}","S":"{side}",'
                f'"s":"{listing.native}","BT":false,"seq":{market.counter_last}}}'
            )
        return (
            f'{{"T":{at},"s":"{listing.native}","S":"{side}",{value},"L":"PlusTick",'
            f'"i":"{UUID(int=trade.id * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)}","BT":false,'
            f'"seq":{market.counter_last}}}'
        )

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        return query.get("category", ""), query.get("symbol", "")

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        category, symbol = self.subject(path, query)
        market = self.markets.get((category, symbol))
        chosen = [m for (p, s), m in self.markets.items() if p == category and symbol in ("", s)]
        call = path.removeprefix("/v5/market/")
        if call == path:
            return Answer(404, "")
        if call == "time":
            return Answer(200, wrapped({"timeSecond": str(now // NS), "timeNano": str(now)}, now))
        if category not in self.real_hosts:
            return Answer(200, failed(10001, "params error: category invalid", now))
        match call:
            case "instruments-info":
                return Answer(200, instruments(category, [m.listing for m in chosen], now))
            case "orderbook" if market is not None:
                feed = self.feeds.get(f"{category}/orderbook.1000.{symbol}")
                limit = min(int(query.get("limit", "25")), 1000)
                return Answer(200, book(market, feed, limit, now, age_ns))
            case "tickers":
                return Answer(
                    200, wrapped({"category": category, "list": [ticker(m, now) for m in chosen]}, now)
                )
            case "open-interest" if category in CONTRACTS and market is not None:
                row = {"openInterest": ticker(market, now)["openInterest"], "timestamp": str(now // MS)}
                result = {"symbol": symbol, "category": category, "list": [row], "nextPageCursor": ""}
                return Answer(200, wrapped(result, now))
            case "account-ratio" if category in CONTRACTS and market is not None:
                return Answer(200, account_ratio(market, now))
            case "orderbook" | "open-interest" | "account-ratio":
                return Answer(200, failed(10001, "params error: symbol invalid", now))
        return Answer(404, "")

    def error_body(self, status: int) -> str:
        return '{"retCode":10006,"retMsg":"Too many visits!"}' if status == 429 else "access too frequent"
