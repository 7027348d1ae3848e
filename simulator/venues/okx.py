"""OKX v5 public: spot, swaps (linear and inverse) and a dated future.

Source: the fact sheet okx. Books are 400 levels with the chain ``prevSeqId`` -> ``seqId``, which jumps; the
field ``checksum`` is always 0 since 2026-06-23.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..book import Level
from ..connection import MS, NS, Connection, asked, parsed
from ..derivative import index as index_price
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..stamps import last_friday_of_quarter, rfc3339
from ..venue import HandshakeRefusedError, SimulatedVenue
from ._okx_rest import (
    INST_TYPES,
    RATIOS,
    book,
    failed,
    four,
    funding,
    instrument,
    long_short,
    mark,
    open_interest,
    rows,
    ticker,
    wrapped,
)

BOOKS = {"books": (400, 100 * MS), "books5": (5, 100 * MS), "bbo-tbt": (1, 10 * MS)}
FOR_A_FEE = ("books-l2-tbt", "books50-l2-tbt")
PER_INSTRUMENT = ("trades", "tickers", "mark-price")
OF_DERIVATIVES = ("open-interest", "funding-rate")
IDLE_NS = 30 * NS
KEEP_ALIVE_NS = 60 * NS
MOST_ARGS_BYTES = 64 * 1024
REQUESTS_PER_HOUR = 480


class OkxConnection(Connection):
    """A socket on ``/ws/v5/public`` or ``/ws/v5/business``."""

    venue: Okx

    def opened(self, now: int) -> None:
        self.id = f"{self.random.getrandbits(32):08x}"
        self._requests: list[int] = []
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        if text == "ping":
            self.say("pong", now, kind="heartbeat")
            return
        message = parsed(text)
        operation = message.get("op") if message else None
        if message is None or operation not in ("subscribe", "unsubscribe") or len(text) > MOST_ARGS_BYTES:
            self._error("60012", f"Invalid request: {text[:200]}", now)
            return
        self._requests = [t for t in self._requests if now - t < 3600 * NS] + [now]
        if len(self._requests) > REQUESTS_PER_HOUR:
            self._error("60014", "Requests too frequent", now)
            return
        for arg in asked(message, "args"):
            if isinstance(arg, dict):
                (self._subscribe if operation == "subscribe" else self._unsubscribe)(arg, now)

    def notice(self, now: int) -> None:
        self.say(
            '{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service '
            f'upgrade. Please reconnect.","connId":"{self.id}"}}',
            now,
        )

    def _subscribe(self, arg: dict[str, Any], now: int) -> None:
        channel, inst = str(arg.get("channel", "")), str(arg.get("instId", arg.get("instType", "")))
        if channel in FOR_A_FEE:
            self._error(
                "64003", f"Your trading fee tier doesn't meet the requirement to access {channel}", now
            )
            return
        market = self.venue.listed(inst)
        product = market.listing.product if market else ""
        if not self.venue.offers(channel, market, inst) or self.venue.faults.take(
            Reject, product, inst, self.number
        ):
            self._error("60018", f"channel:{channel},instId:{inst} doesn't exist", now)
            return
        self._event("subscribe", arg, now)
        topic = f"{channel}:{inst}"
        if channel in BOOKS and market is not None:
            depth, interval = BOOKS[channel]
            feed = self.venue.feed(topic, lambda: self.venue.window(topic, market, interval, depth))
            self.follow(feed)
            if channel == "books":
                self.venue.send_snapshot(self, feed, now)
            else:
                self.venue.send_image(self, feed, now)
            return
        self.venue.join(self, topic)
        self.venue.greet(self, channel, inst, now)

    def _unsubscribe(self, arg: dict[str, Any], now: int) -> None:
        topic = f"{arg.get('channel', '')}:{arg.get('instId', arg.get('instType', ''))}"
        self.unfollow(topic)
        self.venue.leave(self, topic)
        self._event("unsubscribe", arg, now)

    def _event(self, event: str, arg: dict[str, Any], now: int) -> None:
        self.say(json.dumps({"event": event, "arg": arg, "connId": self.id}, separators=(",", ":")), now)

    def _error(self, code: str, message: str, now: int) -> None:
        answer = {"event": "error", "code": code, "msg": message, "connId": self.id}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        last = max(self.heard_at, self.spoke_at)
        if now - last >= IDLE_NS:
            self.close(now, 4004, "No data received in 30s.")
        else:
            self.at(last + IDLE_NS, self._watch)


class Okx(SimulatedVenue):
    """The public and business sockets and the market REST calls."""

    name = "okx"
    _bases: ClassVar = {"ws": "wss://ws.okx.com:8443", "rest": "https://www.okx.com"}
    real_hosts: ClassVar = {"spot": _bases, "swap": _bases, "futures": _bases}
    catalogue = (
        Listing("BTC-USDT", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.00000001"), basis_bps=0.3),
        Listing("ETH-USDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.000001"), basis_bps=0.3),
        Listing(
            "BTC-USDT-SWAP", "swap", "BTC", "USDT", Scale("0.1"), Scale("0.01"), contract=0.01, basis_bps=-3.2
        ),
        Listing(
            "ETH-USDT-SWAP", "swap", "ETH", "USDT", Scale("0.01"), Scale("0.01"), contract=0.1, basis_bps=-4.1
        ),
        Listing(
            "BTC-USD-SWAP",
            "swap",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=100,
            inverse=True,
            basis_bps=-2.5,
        ),
        Listing(
            "BTC-USDT-{expiry}",
            "futures",
            "BTC",
            "USDT",
            Scale("0.1"),
            Scale("0.01"),
            contract=0.01,
            basis_bps=45.0,
            facts={"alias": "quarter"},
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
        self._sequences: dict[str, int] = {}
        self._resets: set[str] = set()
        dated = [_dated(listing, start) for listing in (self.catalogue if listings is None else listings)]
        super().__init__(dated, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> OkxConnection:
        if path not in ("/ws/v5/public", "/ws/v5/business"):
            raise HandshakeRefusedError(404)
        return OkxConnection(self, number, path, query, now)

    def listed(self, inst: str) -> Market | None:
        """A market by instId."""
        return next((market for (_, native), market in self.markets.items() if native == inst), None)

    def offers(self, channel: str, market: Market | None, inst: str) -> bool:
        """Whether a channel exists for an instrument (or an instType)."""
        if channel == "liquidation-orders":
            return inst in ("SWAP", "FUTURES")
        if channel == "index-tickers":
            return any(inst == family(one) for one in self.markets.values())
        if market is None:
            return False
        return (
            channel in BOOKS
            or channel in PER_INSTRUMENT
            or (channel in OF_DERIVATIVES and (market.listing.product != "spot"))
        )

    # -- books --------------------------------------------------------------------------------------

    def window(self, topic: str, market: Market, interval: int, depth: int) -> WindowFeed:
        """A feed whose ``last`` is a seqId; ids of an instrument go on where its last feed ended."""
        feed = WindowFeed(topic, market, interval, depth)
        feed.last = self._sequences.setdefault(topic, self.random.randrange(10**10, 9 * 10**10))
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        previous = feed.last
        if feed.topic in self._resets:
            self._resets.discard(feed.topic)
            feed.last = self.random.randint(10, 1000)
        else:
            feed.last += self.random.randint(1, 93)
        self._sequences[feed.topic] = feed.last
        feed.sent_at = now
        if not feed.topic.startswith("books:"):
            for connection in list(feed.subscribers):
                self.send_image(connection, feed, now)
            return
        bids, asks = sorted(delta.bids, reverse=True), sorted(delta.asks)
        frame = self._books_frame(feed, "update", bids, asks, previous, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_snapshot(self, connection: Connection, feed: Feed, now: int) -> None:
        """The whole window, as the feed last said it."""
        bids, asks = feed.levels()
        feed.sent_at = max(feed.sent_at, now)
        connection.put(self._books_frame(feed, "snapshot", bids, asks, -1, now), now)

    def send_image(self, connection: Connection, feed: Feed, now: int) -> None:
        """``books5`` and ``bbo-tbt``: a full image, no action, no checksum."""
        bids, asks = feed.levels()
        listing, channel = feed.market.listing, feed.topic.partition(":")[0]
        rows_bid, rows_ask = (rows(listing, side) for side in (bids, asks))
        text = (
            f'{{"arg":{{"channel":"{channel}","instId":"{listing.native}"}},"data":[{{"asks":[{rows_ask}],'
            f'"bids":[{rows_bid}],"ts":"{now // MS}","seqId":{feed.last}}}]}}'
        )
        connection.put(Frame(text, "update", listing.product, listing.native), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            self._resets.add(feed.topic)
        else:
            for connection in list(feed.subscribers):
                self.send_snapshot(connection, feed, now)

    def _books_frame(
        self, feed: Feed, action: Kind, bids: list[Level], asks: list[Level], previous: int, now: int
    ) -> Frame:
        listing = feed.market.listing
        levels = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, four)
        rows_bid, rows_ask = joined(levels, "bid"), joined(levels, "ask")
        text = (
            f'{{"arg":{{"channel":"books","instId":"{listing.native}"}},"action":"{action}","data":[{{'
            f'"asks":[{rows_ask}],"bids":[{rows_bid}],"ts":"{now // MS}","checksum":0,'
            f'"seqId":{feed.last},"prevSeqId":{previous}}}]}}'
        )
        return Frame(text, action, listing.product, listing.native, levels, feed.rank)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        for trade in trades:
            text = (
                f'{{"arg":{{"channel":"trades","instId":"{listing.native}"}},"data":[{{"instId":"{listing.native}",'
                f'"tradeId":"{trade.id}","px":"{listing.tick.plain(trade.tick)}",'
                f'"sz":"{listing.lot.plain(trade.lots)}","side":"{trade.taker}",'
                f'"ts":"{now // MS}","count":"1"}}]}}'
            )
            for connection in self.members(f"trades:{listing.native}"):
                connection.put(Frame(text, "trade", listing.product, listing.native), now)
        if listing.product != "spot" and self.random.random() < 0.03:
            kind = INST_TYPES[listing.product]
            for connection in self.members(f"liquidation-orders:{kind}"):
                connection.put(self._liquidation(market, trades[-1], now), now)

    def second(self, now: int) -> None:
        for feed in list(self.feeds.values()):
            if feed.topic.startswith("books:") and now - feed.sent_at >= KEEP_ALIVE_NS:
                feed.sent_at = now
                frame = self._books_frame(feed, "update", [], [], feed.last, now)
                for connection in list(feed.subscribers):
                    connection.put(frame, now)
        for market in self.markets.values():
            self._push("tickers", market, ticker(market, now), now)
            self._push("mark-price", market, mark(market, now), now)
            if market.listing.product == "spot":
                continue
            for connection in self.members(f"index-tickers:{family(market)}"):
                connection.put(self._index(market, now), now)
            if now // NS % 3 == 0:
                self._push("open-interest", market, open_interest(market, now), now)
            if now // NS % 60 == 0:
                self._push("funding-rate", market, funding(market, now), now)

    def greet(self, connection: Connection, channel: str, inst: str, now: int) -> None:
        """The first message of channels that speak at once; that of liquidations is history."""
        market = self.listed(inst)
        if channel == "liquidation-orders":
            for market in self.markets.values():
                if INST_TYPES[market.listing.product] == inst and market.last_trade is not None:
                    connection.put(self._liquidation(market, market.last_trade, now - 60 * NS), now)
                    return
        elif market is not None and channel in ("open-interest", "funding-rate"):
            data = open_interest(market, now) if channel == "open-interest" else funding(market, now)
            connection.put(self._data(channel, market, data), now)

    def _liquidation(self, market: Market, trade: Trade, at: int) -> Frame:
        listing, kind, its = market.listing, INST_TYPES[market.listing.product], family(market)
        detail = {
            "bkLoss": "0",
            "bkPx": listing.tick.plain(trade.tick),
            "ccy": "",
            "posSide": "short" if trade.taker == "buy" else "long",
            "side": trade.taker,
            "sz": listing.lot.plain(trade.lots),
            "ts": str(at // MS),
        }
        data = {
            "details": [detail],
            "instFamily": its,
            "instId": listing.native,
            "instType": kind,
            "uly": its,
        }
        arg = {"channel": "liquidation-orders", "instType": kind}
        text = json.dumps({"arg": arg, "data": [data]}, separators=(",", ":"))
        return Frame(text, "other", listing.product, listing.native)

    def _index(self, market: Market, now: int) -> Frame:
        """The index that the contracts of a family share."""
        arg = {"channel": "index-tickers", "instId": family(market)}
        row = {"instId": family(market), "idxPx": f"{index_price(market, now):.2f}", "ts": str(now // MS)}
        text = json.dumps({"arg": arg, "data": [row]}, separators=(",", ":"))
        return Frame(text, "other", market.listing.product, market.listing.native)

    def _push(self, channel: str, market: Market, data: Mapping[str, str], now: int) -> None:
        for connection in self.members(f"{channel}:{market.listing.native}"):
            connection.put(self._data(channel, market, data), now)

    def _data(self, channel: str, market: Market, data: Mapping[str, str]) -> Frame:
        listing = market.listing
        arg = {"channel": channel, "instId": listing.native}
        text = json.dumps({"arg": arg, "data": [data]}, separators=(",", ":"))
        return Frame(text, "other", listing.product, listing.native)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        market = self.listed(query.get("instId", ""))
        return (market.listing.product, market.listing.native) if market else ("", "")

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        market = self.listed(query.get("instId", ""))
        kind = query.get("instType", "")
        chosen = (
            [market]
            if market
            else [m for m in self.markets.values() if INST_TYPES[m.listing.product] == kind]
        )
        match path.removeprefix("/api/v5/"):
            case "public/time":
                return Answer(200, wrapped([{"ts": str(now // MS)}]))
            case "public/instruments":
                return Answer(200, wrapped([instrument(m.listing) for m in chosen]))
            case "market/books" | "market/books-full" if market is None:
                return Answer(200, failed("51001", "Instrument ID does not exist"))
            case "market/books" | "market/books-full" if market is not None:
                topic = f"books:{market.listing.native}"
                size = min(int(query.get("sz", "1")), 5000 if path.endswith("-full") else 400)
                sequence = self._sequences.get(topic, 1)
                return Answer(200, book(market, self.feeds.get(topic), size, sequence, now, age_ns))
            case "public/open-interest":
                return Answer(
                    200, wrapped([open_interest(m, now) for m in chosen if m.listing.product != "spot"])
                )
            case "public/funding-rate":
                return Answer(200, wrapped([funding(m, now) for m in chosen if m.listing.product == "swap"]))
            case "public/mark-price":
                return Answer(200, wrapped([mark(m, now) for m in chosen]))
            case call if call in RATIOS and market is not None and market.listing.product != "spot":
                return Answer(200, wrapped([long_short(market, RATIOS[call], now)]))
            case "market/tickers" | "market/ticker":
                return Answer(200, wrapped([ticker(m, now) for m in chosen]))
        return Answer(404, failed("404", "Not Found"))

    def error_body(self, status: int) -> str:
        return (
            failed("50011", "Too Many Requests") if status == 429 else failed("50001", "Service unavailable")
        )


def family(market: Market) -> str:
    """Name of the index that the contracts of a market's kind are measured by."""
    return f"{market.listing.base}-{market.listing.quote}"


def _dated(listing: Listing, start: int) -> Listing:
    """The listing of the quarter that runs at a moment."""
    if "{expiry}" not in listing.native:
        return listing
    at = last_friday_of_quarter(start)
    day = rfc3339(at)[2:10].replace("-", "")
    native = listing.native.replace("{expiry}", day)
    return dataclasses.replace(listing, native=native, facts={**listing.facts, "expTime": str(at // MS)})
