"""Hyperliquid: whole books of 20 levels every five seconds, or of 5 on `fast`; no sequence of any kind.

Source: the fact sheet hyperliquid. Pushes of all coins are aligned to the same blocks. The first message of trades is
history. Lists are asked for by POST.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from .. import derivative
from ..book import Side
from ..connection import MS, NS, Connection, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject
from ..feeds import Delta, Feed, WindowFeed, joined, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

CONTEXT = "activeAssetCtx"
SLOW, FAST = 5 * NS, 550 * MS
IDLE_NS = 60 * NS


class HyperliquidConnection(Connection):
    """A socket on ``/ws``."""

    venue: Hyperliquid

    def opened(self, now: int) -> None:
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        method = message.get("method") if message else None
        if method == "ping":
            self.say('{"channel":"pong"}', now, kind="heartbeat")
            return
        about = message.get("subscription") if message else None
        if method not in ("subscribe", "unsubscribe") or not isinstance(about, dict):
            self._error(f"Error parsing JSON into valid websocket request: {text[:200]}", now)
            return
        coin, kind, fast = str(about.get("coin")), about.get("type"), about.get("fast") is True
        market = self.venue.markets.get(("public", coin))
        if market is None or kind not in ("l2Book", "trades", CONTEXT):
            self._error(f"Invalid subscription {json.dumps(about)}", now)
            return
        topic = f"{kind}:{coin}:{fast}"
        (self._subscribe if method == "subscribe" else self._unsubscribe)(topic, about, market, now)

    def _subscribe(self, topic: str, about: dict[str, Any], market: Market, now: int) -> None:
        if topic in self.feeds or self in self.venue.members(topic):
            self._error(f"Already subscribed: {json.dumps(about)}", now)
            return
        is_context = about["type"] == CONTEXT
        native = market.listing.native
        if not is_context and self.venue.faults.take(Reject, "public", native, self.number) is not None:
            self._error(f"Invalid subscription {json.dumps(about)}", now)
            return
        self._acknowledge("subscribe", about, now)
        if is_context:
            self.venue.join(self, topic)
            self.put(_context(market, now), now)
            return
        if about["type"] == "trades":
            self.venue.join(self, topic)
            self.venue.send_trades(self, market, list(market.recent)[-9:], "other", now)
            return
        depth, every = (5, FAST) if topic.endswith("True") else (20, SLOW)
        feed = self.venue.feed(topic, lambda: WindowFeed(topic, market, every, depth))
        self.follow(feed)
        self.venue.send_image(feed, [self], now)

    def _unsubscribe(self, topic: str, about: dict[str, Any], market: Market, now: int) -> None:
        if topic not in self.feeds and self not in self.venue.members(topic):
            self._error(f"Already unsubscribed: {json.dumps(about)}", now)
            return
        self.unfollow(topic)
        self.venue.leave(self, topic)
        self._acknowledge("unsubscribe", about, now)

    def _acknowledge(self, method: str, about: dict[str, Any], now: int) -> None:
        if about["type"] == "l2Book":
            about = {"type": "l2Book", "coin": about["coin"], "nSigFigs": None, "mantissa": None} | about
        data = {"method": method, "subscription": about}
        self.say(json.dumps({"channel": "subscriptionResponse", "data": data}, separators=(",", ":")), now)

    def _error(self, what: str, now: int) -> None:
        self.say(json.dumps({"channel": "error", "data": what}, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.spoke_at >= IDLE_NS:
            self.close(now, 1000, "Inactive")
        else:
            self.at(self.spoke_at + IDLE_NS, self._watch)


class Hyperliquid(SimulatedVenue):
    """The public socket and the call `info`."""

    name = "hyperliquid"
    real_hosts: ClassVar = {
        "public": {"ws": "wss://api.hyperliquid.xyz", "rest": "https://api.hyperliquid.xyz"}
    }
    catalogue = (
        Listing("BTC", "public", "BTC", "USDC", Scale("1"), Scale("0.00001"), basis_bps=-2.8),
        Listing("ETH", "public", "ETH", "USDC", Scale("0.1"), Scale("0.0001"), basis_bps=-2.8),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> HyperliquidConnection:
        if path != "/ws":
            raise HandshakeRefusedError(404)
        return HyperliquidConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        self.send_image(feed, list(feed.subscribers), now)

    def send_image(self, feed: Feed, connections: list[Any], now: int) -> None:
        """All that the feed shows, at the time of the newest block."""
        listing = feed.market.listing
        bids, asks = feed.levels()
        feed.sent_at = now

        def fragment(_side: Side, price: str, size: str) -> str:
            return f'{{"px":"{price}","sz":"{size}","n":{len(size)}}}'

        levels = written(
            (("bid", bids), ("ask", asks)),
            lambda tick: listing.tick.plain(tick) + ".0" * (not listing.tick.decimals),
            listing.lot.plain,
            fragment,
        )
        fast = ',"fast":true' if feed.topic.endswith("True") else ""
        text = (
            f'{{"channel":"l2Book","data":{{"coin":"{listing.native}","time":{now // MS},'
            f'"levels":[[{joined(levels, "bid")}],[{joined(levels, "ask")}]]{fast}}}}}'
        )
        for connection in connections:
            connection.put(Frame(text, "update", "public", listing.native, levels, feed.rank), now)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for connection in self.members(f"trades:{market.listing.native}:False"):
            self.send_trades(connection, market, trades, "trade", now)

    def send_trades(
        self, connection: Connection, market: Market, trades: list[Trade], kind: Kind, now: int
    ) -> None:
        """The fills of one block, or at first some from before."""
        listing = market.listing
        rows = ",".join(
            f'{{"coin":"{listing.native}","side":"{"B" if trade.taker == "buy" else "A"}",'
            f'"px":"{listing.tick.plain(trade.tick)}","sz":"{listing.lot.plain(trade.lots)}","time":{trade.time // MS},'
            f'"hash":"0x{trade.id:064x}","tid":{trade.id * 0x9E3779B97F4A7C15 % 2**50},"users":["0x01","0x02"]}}'
            for trade in trades
        )
        text = f'{{"channel":"trades","data":[{rows}]}}'
        connection.put(Frame(text, kind, "public", listing.native), now)

    def second(self, now: int) -> None:
        for feed in list(self.feeds.values()):
            if now - feed.sent_at >= SLOW:  # nothing changed: it is said all the same
                for connection in feed.subscribers:
                    connection.freeze(feed, now)
                self.send_image(feed, list(feed.subscribers), now)
        for market in self.markets.values():
            for connection in self.members(f"{CONTEXT}:{market.listing.native}:False"):
                connection.put(_context(market, now), now)

    # -- REST ---------------------------------------------------------------------------------------

    def posted(self, path: str, body: str, now: int) -> Answer:
        if path != "/info":
            return Answer(405, "{}")
        message = parsed(body) or {}
        match message.get("type"):
            case "meta":
                rows = [
                    {
                        "name": market.listing.native,
                        "szDecimals": market.listing.lot.decimals,
                        "maxLeverage": 40,
                    }
                    for market in self.markets.values()
                ]
                return _json({"universe": [*rows, {"name": "MATIC", "szDecimals": 1, "isDelisted": True}]})
            case "spotMeta":
                tokens = [
                    {"name": "USDC", "szDecimals": 8, "index": 0},
                    {"name": "PURR", "szDecimals": 0, "index": 1},
                    {"name": "HYPE", "szDecimals": 2, "index": 150},
                ]
                pairs = [
                    {"name": "PURR/USDC", "tokens": [1, 0], "index": 0, "isCanonical": True},
                    {"name": "@107", "tokens": [150, 0], "index": 107, "isCanonical": False},
                ]
                return _json({"tokens": tokens, "universe": pairs})
        return Answer(422, "Failed to deserialize the JSON body into the target type")


def _context(market: Market, now: int) -> Frame:
    """What an asset has beside its book: no time stands in it."""
    listing = market.listing
    mark, oracle = derivative.mark(market), derivative.index(market, now)
    context = {
        "funding": f"{derivative.funding_rate(market, now):.8f}",
        "openInterest": listing.lot.plain(derivative.open_interest(market, now)),
        "prevDayPx": f"{oracle:.1f}",
        "dayNtlVlm": "1169046.29",
        "premium": f"{mark / oracle - 1:.8f}",
        "oraclePx": f"{oracle:.2f}",
        "markPx": f"{mark:.2f}",
        "midPx": f"{mark:.2f}",
        "impactPxs": [f"{mark:.2f}", f"{mark:.2f}"],
    }
    said = {"channel": CONTEXT, "data": {"coin": listing.native, "ctx": context}}
    return Frame(json.dumps(said, separators=(",", ":")), "other", "public", listing.native)


def _json(body: dict[str, Any]) -> Answer:
    return Answer(200, json.dumps(body, separators=(",", ":")))
