"""Bitfinex, WebSocket v2: numbered channels, a counter over every list of a connection, checksums by JavaScript's numbers.

Source: the fact sheet bitfinex. A window is kept by the venue: what leaves it is deleted, before anything is inserted.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject
from ..feeds import Delta, Feed, WindowFeed, written
from ..frames import Answer, Frame, Kind, Written
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

TIMESTAMP, SEQ_ALL, OB_CHECKSUM = 32768, 65536, 131072
BEAT_NS, SUM_NS, IDLE_NS = 15 * NS, 2500 * MS, 60 * NS
MOST_CHANNELS = 25
LENGTHS = ("1", "25", "100", "250")
CHECKED = 25
STATUS, LIQUIDATIONS = "deriv:", "liq:global"


def script(text: str) -> str:
    """A decimal as JavaScript writes it: ``0.00000111``, but ``7e-7``."""
    text = text.rstrip("0").rstrip(".") if "." in text else text
    whole, _, fraction = text.partition(".")
    digits = fraction.lstrip("0")
    places = len(fraction) - len(digits) + 1
    if whole != "0" or not digits or places <= 6:
        return text
    return f"{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e-{places}"


class BitfinexConnection(Connection):
    """A socket on ``/ws/2``."""

    venue: Bitfinex

    def opened(self, now: int) -> None:
        self.flags = self.sequence = 0
        self.channels: dict[int, tuple[str, str]] = {}  # number -> channel, symbol
        self.summed: dict[int, int] = {}  # number -> when its last checksum left
        self.say('{"event":"info","version":2,"serverId":"083b5f1c","platform":{"status":1}}', now)
        self.at(now + IDLE_NS, self._demand)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        match message.get("event") if message is not None else None:
            case "conf":
                flags = message.get("flags") if message else 0
                self.flags = flags if isinstance(flags, int) else 0
                self._event({"event": "conf", "status": "OK", "flags": self.flags}, now)
            case "ping":
                self._event({"event": "pong", "ts": now // MS, "cid": (message or {}).get("cid")}, now)
            case "subscribe":
                self._subscribe(message or {}, now)
            case "unsubscribe":
                self._unsubscribe((message or {}).get("chanId"), now)
            case other if message is not None:
                self._error({}, 10000, f"event: invalid ({other})", now)

    def notice(self, now: int) -> None:
        self._event({"event": "info", "code": 20051, "msg": "Stopping. Please try to reconnect"}, now)

    def emit(
        self,
        number: int,
        members: str,
        now: int,
        kind: Kind,
        symbol: str,
        levels: list[Written],
        feed: Any = None,
    ) -> None:
        """Send a list; one that a fault swallows has its number all the same."""
        if not self.alive:
            return
        text = f"[{number},{members}"
        if self.flags & SEQ_ALL:
            self.sequence += 1
            text += f",{self.sequence}"
        if self.flags & TIMESTAMP:
            text += f",{now // MS}"
        product = "public" if symbol else ""
        self.put(Frame(text + "]", kind, product, symbol, levels, feed.rank if feed else None), now)

    def number_of(self, channel: str, symbol: str) -> int:
        """The number under which this client knows a channel; 0 if it does not."""
        return next((number for number, its in self.channels.items() if its == (channel, symbol)), 0)

    def _subscribe(self, message: dict[str, Any], now: int) -> None:
        channel, symbol = message.get("channel"), str(message.get("symbol"))
        if channel == "status":
            self._follow_status(message, str(message.get("key")), now)
            return
        market = self.venue.markets.get(("public", symbol))
        length = str(message.get("len", "25"))
        why, code = "", 10300
        if channel not in ("book", "trades"):
            why = "channel: unknown"
        elif market is None or self.venue.faults.take(Reject, "public", symbol, self.number) is not None:
            why = "symbol: invalid"
        elif length not in LENGTHS:
            why = "length: invalid"
        elif self.number_of(channel, symbol):
            why, code = "subscribe: dup", 10301
        elif len(self.channels) >= MOST_CHANNELS:
            why, code = "subscribe: limit", 10305
        if why or market is None:
            self._error(message, code, why, now)
            return
        number = self.venue.next_channel()
        self.channels[number] = (str(channel), symbol)
        self._event(
            {**message, "event": "subscribed", "chanId": number, "pair": symbol.removeprefix("t")}, now
        )
        self.at(now + BEAT_NS, lambda then: self._beat(number, then))
        if channel == "trades":
            self.venue.join(self, f"trades:{symbol}")
            rows = ",".join(self.venue.trade_row(market.listing, trade) for trade in reversed(market.recent))
            self.emit(number, f"[{rows}]", now, "other", symbol, [])
            return
        topic = f"book:{symbol}:{length}"
        feed = self.venue.feed(topic, lambda: WindowFeed(topic, market, 0, int(length)))
        self.follow(feed)
        self.venue.send_snapshot(self, number, feed, now)

    def _follow_status(self, message: dict[str, Any], key: str, now: int) -> None:
        """The status of a perpetual, or all liquidations; an unknown key is met with silence."""
        if key != LIQUIDATIONS and key not in self.venue.status_keys():
            return
        if self.number_of("status", key):
            self._error(message, 10301, "subscribe: dup", now)
            return
        if len(self.channels) >= MOST_CHANNELS:
            self._error(message, 10305, "subscribe: limit", now)
            return
        number = self.venue.next_channel()
        self.channels[number] = ("status", key)
        self._event({**message, "event": "subscribed", "chanId": number}, now)
        self.at(now + BEAT_NS, lambda then: self._beat(number, then))
        self.venue.join(self, f"status:{key}")

    def _unsubscribe(self, number: Any, now: int) -> None:
        known = self.channels.pop(number, None) if isinstance(number, int) else None
        if known is None:
            self._error({"chanId": number}, 10400, "unsubscribe: invalid", now)
            return
        channel, symbol = known
        self.venue.leave(self, f"{channel}:{symbol}")
        for topic in [
            topic
            for topic in self.feeds
            if channel == "book" and topic.split(":", 1)[1].rsplit(":", 1)[0] == symbol
        ]:
            self.unfollow(topic)
        self._event({"event": "unsubscribed", "status": "OK", "chanId": number}, now)

    def _beat(self, number: int, now: int) -> None:
        if number in self.channels:
            self.emit(number, '"hb"', now, "heartbeat", "", [])
            self.at(now + BEAT_NS, lambda then: self._beat(number, then))

    def _demand(self, now: int) -> None:
        if not self.channels:
            self.close(now, None)
        else:
            self.at(now + IDLE_NS, self._demand)

    def _event(self, body: dict[str, Any], now: int) -> None:
        self.say(json.dumps(body, separators=(",", ":")), now)

    def _error(self, message: dict[str, Any], code: int, why: str, now: int) -> None:
        self._event({**message, "event": "error", "msg": why, "code": code}, now)


class Bitfinex(SimulatedVenue):
    """The public socket and the lists of pairs."""

    name = "bitfinex"
    last_channel = 200_000
    real_hosts: ClassVar = {
        "public": {"ws": "wss://api-pub.bitfinex.com", "rest": "https://api-pub.bitfinex.com"}
    }
    catalogue = (
        Listing("tBTCUSD", "public", "BTC", "USD", Scale("1"), Scale("0.00000001"), basis_bps=0.9),
        Listing("tETHUST", "public", "ETH", "USDT", Scale("0.1"), Scale("0.00000001"), basis_bps=0.9),
        Listing("tBTCF0:USTF0", "public", "BTC", "USDT", Scale("1"), Scale("0.00000001"), basis_bps=-1.2),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> BitfinexConnection:
        if path != "/ws/2":
            raise HandshakeRefusedError(404)
        return BitfinexConnection(self, number, path, query, now)

    def next_channel(self) -> int:
        """Numbers of channels are never used again."""
        self.last_channel += self.random.randint(1, 90)
        return self.last_channel

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        changes: list[tuple[Side, Level]] = [("bid", level) for level in delta.bids]
        changes += [("ask", level) for level in delta.asks]
        changes.sort(
            key=lambda change: change[1][1] > 0
        )  # deletes first: the window never grows beyond its length
        symbol = feed.market.listing.native
        for connection in list(feed.subscribers):
            assert isinstance(connection, BitfinexConnection)
            number = connection.number_of("book", symbol)
            for side, level in changes:
                (row,) = self._rows(feed, [(side, [level])])
                connection.emit(number, row.fragment, now, "update", symbol, [row], feed)
            if connection.flags & OB_CHECKSUM and now - connection.summed.get(number, 0) >= SUM_NS:
                connection.summed[number] = now
                connection.emit(number, f'"cs",{self.checksum(feed)}', now, "other", symbol, [])

    def send_snapshot(self, connection: BitfinexConnection, number: int, feed: Feed, now: int) -> None:
        """The whole window: bids from the best, then asks."""
        bids, asks = feed.levels()
        levels = self._rows(feed, [("bid", bids), ("ask", asks)])
        rows = ",".join(level.fragment for level in levels)
        connection.emit(number, f"[{rows}]", now, "snapshot", feed.market.listing.native, levels, feed)

    def checksum(self, feed: Feed) -> int:
        """CRC32, signed, over the best 25 as bid:size:ask:-size."""
        listing, words = feed.market.listing, []
        bids, asks = feed.levels()
        for rank in range(CHECKED):
            for side, sign in ((bids, ""), (asks, "-")):
                if rank < len(side):
                    tick, lots = side[rank]
                    words += [script(listing.tick.plain(tick)), sign + script(listing.lot.plain(lots))]
        unsigned = zlib.crc32(":".join(words).encode())
        return unsigned - 2**32 if unsigned >= 2**31 else unsigned

    def _rows(self, feed: Feed, sides: list[tuple[Side, list[Level]]]) -> list[Written]:
        listing = feed.market.listing

        def fragment(side: Side, price: str, size: str) -> str:
            sign = "-" if side == "ask" else ""
            return f"[{price},0,{sign}1]" if size == "0" else f"[{price},{1 + len(size) % 4},{sign}{size}]"

        return written(
            sides,
            lambda tick: script(listing.tick.plain(tick)),
            lambda lots: script(listing.lot.plain(lots)),
            fragment,
        )

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        symbol = market.listing.native
        for connection in self.members(f"trades:{symbol}"):
            assert isinstance(connection, BitfinexConnection)
            number = connection.number_of("trades", symbol)
            for trade in trades:
                row = self.trade_row(market.listing, trade)
                connection.emit(number, f'"te",{row}', now, "trade", symbol, [])
                connection.emit(number, f'"tu",{row}', now, "other", symbol, [])

        if "F0:" in symbol:
            self._tell_liquidations(symbol, market.listing, derivative.forced(trades), now)

    def _tell_liquidations(self, symbol: str, listing: Listing, trades: list[Trade], now: int) -> None:
        """First that a position is to be closed, then the part of it that is matched; + is a long."""
        for trade in trades:
            sign = "-" if trade.taker == "buy" else ""
            size, price = script(listing.lot.plain(trade.lots)), script(listing.tick.plain(trade.tick))
            for is_match, acquired in ((0, "null"), (1, price)):
                row = (
                    f'["pos",{trade.id},{trade.time // MS},null,"{symbol}",{sign}{size},{price},null,{is_match},1,null,'
                    f"{acquired}]"
                )
                self._emit_status(LIQUIDATIONS, f"[{row}]", now, "")

    def status_keys(self) -> list[str]:
        """What a status can be asked for of single instruments."""
        return [STATUS + native for _, native in self.markets if "F0:" in native]

    def second(self, now: int) -> None:
        """The status of perpetuals: told each second, made every third."""
        made = now // (3 * NS) * 3 * NS
        for (_, native), market in self.markets.items():
            if self.members(f"status:{STATUS}{native}"):
                mark, index = derivative.mark(market), derivative.index(market, made)
                held = script(market.listing.lot.plain(derivative.open_interest(market, made)))
                rate = script(f"{derivative.funding_rate(market, made):.8f}")
                row = (
                    f"[{made // MS},null,{mark:.2f},{index:.2f},null,1372762.95,null,"
                    f"{derivative.next_funding(now) // MS},{rate},533,null,{rate},null,null,{mark:.4f},null,null,{held}]"
                )
                self._emit_status(STATUS + native, row, now, native)

    def _emit_status(self, key: str, row: str, now: int, symbol: str) -> None:
        for connection in self.members(f"status:{key}"):
            assert isinstance(connection, BitfinexConnection)
            connection.emit(connection.number_of("status", key), row, now, "other", symbol, [])

    def trade_row(self, listing: Listing, trade: Trade) -> str:
        """Id, time, amount (minus: the taker sold), price."""
        sign = "" if trade.taker == "buy" else "-"
        size, price = script(listing.lot.plain(trade.lots)), script(listing.tick.plain(trade.tick))
        return f"[{trade.id},{trade.time // MS},{sign}{size},{price}]"

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        pairs = [native.removeprefix("t") for _, native in self.markets]
        match path:
            case "/v2/conf/pub:list:pair:exchange":
                return Answer(200, json.dumps([[pair for pair in pairs if "F0" not in pair]]))
            case "/v2/conf/pub:list:pair:futures":
                return Answer(200, json.dumps([[pair for pair in pairs if "F0" in pair]]))
        return Answer(404, '["error",10020,"path: invalid"]')
