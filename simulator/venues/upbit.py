"""Upbit: whole books of 30 rows in binary frames, no acknowledgement, a subscription that replaces all others.

Source: the fact sheet upbit. Missing rows are padded with zeros, large prices have an exponent, unknown and lower-case
codes stay silent, errors end the socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, ClassVar

from ..book import Level
from ..connection import MS, NS, Connection
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 100 * MS
IDLE_NS = 60 * NS
UP_EVERY_NS = 10 * NS
WON = 13_990_000.0  # basis that makes 1400 won of a dollar
FROM = 10_000_000  # prices of so much and more are written with an exponent


class UpbitConnection(Connection):
    """A socket on ``/websocket/v1``."""

    venue: Upbit

    def opened(self, now: int) -> None:
        self.beating = False
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        if text == "PING":
            if not self.beating:
                self.beating = True
                self._beat(now)
            return
        try:
            parts = json.loads(text)
        except ValueError:
            parts = None
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            self._refuse("WRONG_FORMAT", now)
        elif not any("ticket" in part for part in parts):
            self._refuse("NO_TICKET", now)
        elif not (types := [part for part in parts if "type" in part]):
            self._refuse("NO_TYPE", now)
        elif not all(isinstance(part.get("codes"), list) and part["codes"] for part in types):
            self._refuse("NO_CODES", now)
        else:
            self._replace(types, now)

    def _replace(self, types: list[dict[str, Any]], now: int) -> None:
        for topic in list(self.feeds):
            self.unfollow(topic)
        for topic in self.topics:
            self.venue.leave(self, topic)
        self.topics.clear()
        for part in types:
            for code in part["codes"]:
                native = str(code).partition(".")[0]
                market = self.venue.markets.get(("spot", native))
                if market is None or self.venue.faults.take(Reject, "spot", native, self.number) is not None:
                    continue
                topic = f"{part['type']}:{native}"
                if part["type"] == "orderbook":
                    feed = self.venue.feed(topic, lambda t=topic, m=market: self.venue.window(t, m))  # type: ignore[misc]  # bound now
                    self.follow(feed)
                    self.venue.send_book(self, feed, "SNAPSHOT", now)
                elif part["type"] == "trade":
                    self.topics[topic] = None
                    self.venue.join(self, topic)
                    if market.last_trade is not None:
                        self.venue.send_trade(self, market, market.last_trade, "SNAPSHOT", now)

    def _refuse(self, name: str, now: int) -> None:
        self.say(json.dumps({"error": {"name": name, "message": name.lower().replace("_", " ")}}), now)
        self.close(now, 1000)

    def _beat(self, now: int) -> None:
        self.say('{"status":"UP"}', now, kind="heartbeat")
        self.at(now + UP_EVERY_NS, self._beat)

    def _watch(self, now: int) -> None:
        if now - self.heard_at >= IDLE_NS:
            self.close(now, None)
        else:
            self.at(self.heard_at + IDLE_NS, self._watch)


class Upbit(SimulatedVenue):
    """One socket for all codes, and the list of markets by REST."""

    name = "upbit"
    binary = True
    rows = 30
    unit = MS  # of a book's timestamp, in nanoseconds
    host = "api.upbit.com"
    real_hosts: ClassVar = {"spot": {"ws": "wss://api.upbit.com", "rest": "https://api.upbit.com"}}
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing(
            "KRW-BTC", "spot", "BTC", "KRW", Scale("1000"), Scale("0.00000001"), basis_bps=WON, levels=420
        ),
        Listing(
            "KRW-ETH", "spot", "ETH", "KRW", Scale("1000"), Scale("0.00000001"), basis_bps=WON, levels=420
        ),
        Listing(
            "USDT-BTC", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.00000001"), basis_bps=8.0, levels=420
        ),
    )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> UpbitConnection:
        if path != "/websocket/v1":
            raise HandshakeRefusedError(404)
        return UpbitConnection(self, number, path, query, now)

    def window(self, topic: str, market: Market) -> WindowFeed:
        """The rows of a book, gathered for 100 ms."""
        return WindowFeed(topic, market, BATCH_NS, self.rows)

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if delta:
            for connection in list(feed.subscribers):
                self.send_book(connection, feed, "REALTIME", now)

    def send_book(self, connection: Connection, feed: Feed, stream: str, now: int) -> None:
        """All rows, as the feed last said them."""
        if stream == "REALTIME":
            feed.sent_at = now  # what has not changed since keeps its time
        connection.put(self._image(feed, stream, feed.sent_at or now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_book(connection, feed, "SNAPSHOT", now)

    def _image(self, feed: Feed, stream: str, at: int) -> Frame:
        listing = feed.market.listing
        bids, asks = feed.levels()
        sides: tuple[list[Level], list[Level]] = (bids, asks)
        rows = []
        for bid, ask in zip_longest(*sides, fillvalue=(0, 0)):
            rows.append(
                f'{{"ask_price":{self._price(listing, ask[0])},"bid_price":{self._price(listing, bid[0])},'
                f'"ask_size":{self._size(listing, ask[1])},"bid_size":{self._size(listing, bid[1])}}}'
            )
        totals = [self._size(listing, sum(lots for _, lots in side)) for side in (asks, bids)]
        text = (
            f'{{"type":"orderbook","code":"{listing.native}","timestamp":{at // self.unit},"total_ask_size":{totals[0]},'
            f'"total_bid_size":{totals[1]},"orderbook_units":[{",".join(rows)}],"stream_type":"{stream}","level":0}}'
        )
        kind: Kind = "update" if stream == "REALTIME" else "snapshot"
        levels = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, lambda *_: "")
        return Frame(text, kind, "spot", listing.native, levels, feed.rank)

    def _price(self, listing: Listing, tick: int) -> str:
        text = listing.tick.plain(tick)
        if "." in text or int(text) < FROM:
            return text
        digits = text.rstrip("0")
        return f"{digits[0]}.{digits[1:] or '0'}E{len(text) - 1}"

    def _size(self, listing: Listing, lots: int) -> str:
        return listing.lot.plain(lots)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for trade in trades:
            for connection in self.members(f"trade:{market.listing.native}"):
                self.send_trade(connection, market, trade, "REALTIME", now)

    def send_trade(self, connection: Connection, market: Market, trade: Trade, stream: str, now: int) -> None:
        """A fill; that of a new subscription is history."""
        listing = market.listing
        said = "BID" if trade.taker == "buy" else "ASK"
        text = (
            f'{{"type":"trade","code":"{listing.native}","timestamp":{now // MS},"trade_timestamp":{trade.time // MS},'
            f'"trade_price":{self._price(listing, trade.tick)},"trade_volume":{self._size(listing, trade.lots)},'
            f'"ask_bid":"{said}","prev_closing_price":57.5,"change":"RISE","sequential_id":{10**15 + trade.id},'
            f'"stream_type":"{stream}"}}'
        )
        kind: Kind = "trade" if stream == "REALTIME" else "other"
        connection.put(Frame(text, kind, "spot", listing.native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        if path != "/v1/market/all":
            return Answer(404, '{"error":{"name":404,"message":"no Route matched with those values"}}')
        rows = [{"market": native, "korean_name": "", "english_name": native} for _, native in self.markets]
        return Answer(200, json.dumps(rows, separators=(",", ":")))
