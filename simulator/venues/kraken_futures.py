"""Kraken Futures, WebSocket v1: flat messages of one level, numbered by product and feed.

Source: the fact sheet kraken-futures. Requests may be in lower case, pushes are in upper case. The levels of one step
leave one by one; now and then in an order that crosses the book for a moment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, asked, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, FullFeed, joined, written
from ..frames import Answer, Frame, Written
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

IDLE_NS = 60 * NS
FEEDS = ("book", "trade", "ticker", "ticker_lite", "heartbeat")
WORDS = {"bid": "buy", "ask": "sell"}


def number(text: str) -> str:
    """A number as the venue's JSON has it, always with a point: ``4787.0``."""
    return text if "." in text else f"{text}.0"


class KrakenFuturesConnection(Connection):
    """A socket on ``/ws/v1``."""

    venue: KrakenFutures

    def opened(self, now: int) -> None:
        self.say('{"event":"info","version":1}', now)
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        if message is None or message.get("event") not in ("subscribe", "unsubscribe"):
            self._error("Json Error" if message is None else "Invalid event", now)
            return
        event, feed = message["event"], message.get("feed")
        if feed not in FEEDS:
            self._error("Invalid feed", now)
            return
        if feed == "heartbeat":
            (self.venue.join if event == "subscribe" else self.venue.leave)(self, "heartbeat")
            self.say(f'{{"event":"{event}d","feed":"heartbeat"}}', now)
            return
        for product in asked(message, "product_ids"):
            (self._subscribe if event == "subscribe" else self._unsubscribe)(feed, str(product).upper(), now)

    def _subscribe(self, channel: str, product: str, now: int) -> None:
        market = self.venue.markets.get(("futures", product))
        refused = channel in ("book", "trade") and (
            self.venue.faults.take(Reject, "futures", product, self.number) is not None
        )
        if market is None or refused:
            self._error("Invalid product id", now)
            return
        topic = f"{channel}:{product}"
        if topic in self.feeds or self in self.venue.members(topic):
            self._error("Already subscribed to feed, re-requesting", now)
            return
        self._acknowledge("subscribed", channel, product, now)
        if channel == "book":
            feed = self.venue.feed(topic, lambda: self.venue.full(topic, market))
            self.follow(feed)
            self.venue.send_snapshot(self, feed, now)
            return
        self.venue.join(self, topic)
        if channel == "trade":
            self.venue.send_history(self, market, now)

    def _unsubscribe(self, channel: str, product: str, now: int) -> None:
        self.unfollow(f"{channel}:{product}")
        self.venue.leave(self, f"{channel}:{product}")
        self._acknowledge("unsubscribed", channel, product, now)

    def _acknowledge(self, event: str, channel: str, product: str, now: int) -> None:
        self.say(f'{{"event":"{event}","feed":"{channel}","product_ids":["{product}"]}}', now)

    def _error(self, message: str, now: int) -> None:
        self.say(json.dumps({"event": "error", "message": message}, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.heard_at >= IDLE_NS:
            self.close(now, 1000, "idle")
        else:
            self.at(self.heard_at + IDLE_NS, self._watch)


class KrakenFutures(SimulatedVenue):
    """The public socket and the keyless REST calls."""

    name = "kraken_futures"
    real_hosts: ClassVar = {
        "futures": {"ws": "wss://futures.kraken.com", "rest": "https://futures.kraken.com"}
    }
    catalogue = (
        Listing("PI_XBTUSD", "futures", "BTC", "USD", Scale("0.5"), Scale("1"), inverse=True, basis_bps=-2.1),
        Listing(
            "PI_ETHUSD", "futures", "ETH", "USD", Scale("0.05"), Scale("1"), inverse=True, basis_bps=-2.1
        ),
        Listing("PF_XBTUSD", "futures", "BTC", "USD", Scale("1"), Scale("0.0001"), basis_bps=-1.7),
        Listing("PF_ETHUSD", "futures", "ETH", "USD", Scale("0.1"), Scale("0.001"), basis_bps=-1.7),
    )

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The last seq of each feed, of those that nobody follows too."""
        return {}

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> KrakenFuturesConnection:
        if path != "/ws/v1":
            raise HandshakeRefusedError(404)
        return KrakenFuturesConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def full(self, topic: str, market: Market) -> FullFeed:
        """A feed whose ``last`` is a seq, which goes on where the last feed of the product ended."""
        feed = FullFeed(topic, market, 0)
        feed.last = self.numbers.setdefault(topic, 1000)
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        changes: list[tuple[Side, Level]] = [("bid", level) for level in delta.bids]
        changes += [("ask", level) for level in delta.asks]
        if self.random.random() < 0.95:
            changes.sort(key=lambda change: change[1][1] > 0)  # what leaves before what comes
        listing = feed.market.listing
        for side, (tick, lots) in changes:
            feed.last += 1
            price, size = number(listing.tick.plain(tick)), number(listing.lot.plain(lots))
            if not lots and self.random.random() < 0.02:
                size = "-1.0"  # seen on the wire; it deletes too
            level = Written(side, tick, price, size, f'"price":{price},"qty":{size}')
            text = (
                f'{{"feed":"book","product_id":"{listing.native}","side":"{WORDS[side]}","seq":{feed.last},'
                f'{level.fragment},"timestamp":{now // MS}}}'
            )
            for connection in list(feed.subscribers):
                connection.put(Frame(text, "update", "futures", listing.native, [level], feed.rank), now)
        self.numbers[feed.topic] = feed.last

    def send_snapshot(self, connection: Connection, feed: Feed, now: int) -> None:
        """All levels as the feed last said them; its time may be older than that of the changes around it."""
        listing = feed.market.listing
        bids, asks = feed.levels()

        def fragment(_side: Side, price: str, size: str) -> str:
            return f'{{"price":{price},"qty":{size}}}'

        levels = written(
            (("bid", bids), ("ask", asks)),
            lambda tick: number(listing.tick.plain(tick)),
            lambda lots: number(listing.lot.plain(lots)),
            fragment,
        )
        text = (
            f'{{"feed":"book_snapshot","product_id":"{listing.native}","timestamp":{now // MS - 900},'
            f'"seq":{feed.last},"tickSize":null,"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}]}}'
        )
        connection.put(Frame(text, "snapshot", "futures", listing.native, levels, feed.rank), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_snapshot(connection, feed, now)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        native = market.listing.native
        for trade in trades:
            text = self._trade(market.listing, trade, "liquidation" if derivative.forced([trade]) else "fill")
            for connection in self.members(f"trade:{native}"):
                connection.put(Frame(text, "trade", "futures", native), now)

    def send_history(self, connection: Connection, market: Market, now: int) -> None:
        """The last trades, newest first: not flow."""
        listing = market.listing
        rows = ",".join(self._trade(listing, trade, "fill") for trade in reversed(market.recent))
        text = f'{{"feed":"trade_snapshot","product_id":"{listing.native}","trades":[{rows}]}}'
        connection.put(Frame(text, "other", "futures", listing.native), now)

    def _trade(self, listing: Listing, trade: Trade, kind: str) -> str:
        return (
            f'{{"feed":"trade","product_id":"{listing.native}","uid":"e2429e31-8b9d-4195-900e-{trade.id:012x}",'
            f'"side":"{trade.taker}","type":"{kind}","seq":{trade.id},"time":{trade.time // MS},'
            f'"qty":{number(listing.lot.plain(trade.lots))},"price":{number(listing.tick.plain(trade.tick))}}}'
        )

    def second(self, now: int) -> None:
        for connection in self.members("heartbeat"):
            connection.say(f'{{"feed":"heartbeat","time":{now // MS}}}', now, kind="heartbeat")
        for market in self.markets.values():
            native = market.listing.native
            for connection in self.members(f"ticker:{native}"):
                connection.put(Frame(_ticker(market, now), "other", "futures", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        match path.removeprefix("/derivatives/api/v3/"):
            case "instruments":
                rows = [self._instrument(market.listing) for market in self.markets.values()]
                index = {"symbol": "in_xbtusd", "type": "spot index", "tradeable": False}
                return _json({"result": "success", "instruments": [*rows, index]})
            case "orderbook" if market := self.markets.get(("futures", query.get("symbol", "").upper())):
                listing, sheet = market.listing, market.sheet(now, age_ns)
                sides = {
                    name: [[float(listing.tick.plain(t)), float(listing.lot.plain(n))] for t, n in side]
                    for name, side in (("bids", sheet.bids), ("asks", sheet.asks))
                }
                return _json({"result": "success", "orderBook": sides})
        return Answer(404, '{"result":"error","error":"notFound"}')

    def _instrument(self, listing: Listing) -> dict[str, Any]:
        return {
            "symbol": listing.native.lower() if listing.inverse else listing.native,
            "type": "futures_inverse" if listing.inverse else "flexible_futures",
            "tickSize": float(listing.tick.plain(1)),
            "contractSize": 1,
            "contractValueTradePrecision": listing.lot.decimals,
            "tradeable": True,
            "postOnly": False,
        }


def _ticker(market: Market, now: int) -> str:
    """All numbers of a product; the absolute funding rate is in quote, the relative one a fraction an hour."""
    listing, mark, rate = market.listing, derivative.mark(market), derivative.funding_rate(market, now)
    body = {
        "time": now // MS,
        "product_id": listing.native,
        "funding_rate": rate * (1 / mark if listing.inverse else mark),
        "relative_funding_rate": rate,
        "relative_funding_rate_prediction": rate,
        "next_funding_rate_time": derivative.next_funding(now, 1) // MS,
        "feed": "ticker",
        "index": round(derivative.index(market, now), 2),
        "suspended": False,
        "tag": "perpetual",
        "pair": f"{listing.base}:{listing.quote}",
        "openInterest": float(listing.lot.plain(derivative.open_interest(market, now))),
        "markPrice": mark,
        "maturityTime": 0,
        "post_only": False,
    }
    return json.dumps(body, separators=(",", ":"))


def _json(body: Mapping[str, Any]) -> Answer:
    return Answer(200, json.dumps(body, separators=(",", ":")))
