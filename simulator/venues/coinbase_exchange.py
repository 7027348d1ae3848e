"""Coinbase Exchange: ``level2_batch`` without any sequence, matches that name the maker's side.

Source: the fact sheet coinbase, system X, and the capture of 2021. ``level2``, ``level3`` and ``full`` refuse
anonymous clients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from ..book import Side
from ..connection import MS, NS, Connection, asked, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, FullFeed, joined, pair, written
from ..frames import Answer, Frame
from ..listing import Listing
from ..market import Market, Step, Trade
from ..scale import Scale
from ..stamps import rfc3339
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 50 * MS
SUBSCRIBE_WITHIN_NS = 5 * NS
KEYLESS = ("level2_batch", "matches", "ticker", "heartbeat", "status")
FOR_KEYS = ("level2", "level3", "full")
REFUSAL = "level2, level3, and full channels now require authentication."


class CoinbaseExchangeConnection(Connection):
    """A socket on ``/``."""

    venue: CoinbaseExchange

    def opened(self, now: int) -> None:
        self.channels: dict[str, list[str]] = {}
        self.at(now + SUBSCRIBE_WITHIN_NS, self._demand)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        kind = message.get("type") if message else None
        if message is None or kind not in ("subscribe", "unsubscribe"):
            self._error("Malformed JSON", "", now)
            return
        wanted = self._wanted(message)
        for channel, products in wanted:
            if channel in FOR_KEYS:
                self._error("Failed to subscribe", REFUSAL, now)
                return
            if channel not in KEYLESS:
                self._error("Failed to subscribe", f"{channel} is not a valid channel", now)
                return
            for product in products:
                market = self.venue.markets.get(("spot", product))
                refused = (
                    self.venue.faults.take(Reject, "spot", product, self.number)
                    if kind == "subscribe"
                    else None
                )
                if market is None or refused is not None:
                    self._error("Failed to subscribe", f"{product} is not a valid product", now)
                    return
        for channel, products in wanted:
            known = self.channels.setdefault(channel, [])
            for product in products:
                if kind == "subscribe" and product not in known:
                    known.append(product)
                elif kind == "unsubscribe" and product in known:
                    known.remove(product)
            if not known:
                del self.channels[channel]
        self._acknowledge(now)
        for channel, products in wanted:
            for product in products:
                (self._join if kind == "subscribe" else self._leave)(channel, product, now)

    def _wanted(self, message: dict[str, Any]) -> list[tuple[str, list[str]]]:
        common = [str(product) for product in asked(message, "product_ids")]
        found = []
        for channel in asked(message, "channels"):
            if isinstance(channel, dict):
                found.append(
                    (str(channel.get("name")), [str(p) for p in asked(channel, "product_ids")] or common)
                )
            else:
                found.append((str(channel), common))
        return found

    def _acknowledge(self, now: int) -> None:
        names = {"level2_batch": "level2_50"}
        shown = [
            {"name": names.get(channel, channel), "product_ids": self.random.sample(products, len(products))}
            for channel, products in self.channels.items()
        ]
        self.say(json.dumps({"type": "subscriptions", "channels": shown}, separators=(",", ":")), now)

    def _join(self, channel: str, product: str, now: int) -> None:
        market, topic = self.venue.markets["spot", product], f"{channel}:{product}"
        if channel == "level2_batch":
            feed = self.venue.feed(topic, lambda: FullFeed(topic, market, BATCH_NS))
            self.follow(feed)
            self.venue.send_snapshot(self, feed, now)
            return
        self.venue.join(self, topic)
        if channel == "matches" and market.last_trade is not None:
            self.venue.send_match(self, market, market.last_trade, "last_match", now)
        elif channel == "ticker":
            self.venue.send_ticker(self, market, now)

    def _leave(self, channel: str, product: str, now: int) -> None:
        self.unfollow(f"{channel}:{product}")
        self.venue.leave(self, f"{channel}:{product}")

    def _error(self, message: str, reason: str, now: int) -> None:
        self.say(
            json.dumps({"type": "error", "message": message, "reason": reason}, separators=(",", ":")), now
        )

    def _demand(self, now: int) -> None:
        if not self.channels:
            self.close(now, 1008, "no subscription within 5 s")


class CoinbaseExchange(SimulatedVenue):
    """The keyless feed and the public REST calls."""

    name = "coinbase_exchange"
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://ws-feed.exchange.coinbase.com", "rest": "https://api.exchange.coinbase.com"}
    }
    catalogue = (
        Listing(
            "BTC-USD", "spot", "BTC", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.6, levels=1500
        ),
        Listing(
            "ETH-USD", "spot", "ETH", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.6, levels=1500
        ),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(10**11)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> CoinbaseExchangeConnection:
        if path not in ("", "/"):
            raise HandshakeRefusedError(404)
        return CoinbaseExchangeConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        listing = feed.market.listing

        def fragment(side: Side, price: str, size: str) -> str:
            return f'["{"buy" if side == "bid" else "sell"}","{price}","{size}"]'

        levels = written(
            (("bid", delta.bids), ("ask", delta.asks)), listing.tick.fixed, listing.lot.fixed, fragment
        )
        rows = ",".join(level.fragment for level in levels)
        at = rfc3339(now - 20 * MS)
        text = f'{{"type":"l2update","product_id":"{listing.native}","changes":[{rows}],"time":"{at}"}}'
        for connection in list(feed.subscribers):
            connection.put(Frame(text, "update", "spot", listing.native, levels, feed.rank), now)

    def send_snapshot(self, connection: Connection, feed: Feed, now: int) -> None:
        """All levels as the feed last said them."""
        listing = feed.market.listing
        bids, asks = feed.levels()
        levels = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.plain, pair)
        text = (
            f'{{"type":"snapshot","product_id":"{listing.native}","asks":[{joined(levels, "ask")}],'
            f'"bids":[{joined(levels, "bid")}],"time":"{rfc3339(now - 20 * MS)}"}}'
        )
        connection.put(Frame(text, "snapshot", "spot", listing.native, levels, feed.rank), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_snapshot(connection, feed, now)

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for trade in trades:
            for connection in self.members(f"matches:{market.listing.native}"):
                self.send_match(connection, market, trade, "match", now)

    def send_match(self, connection: Connection, market: Market, trade: Trade, kind: str, now: int) -> None:
        """A fill. ``side`` is the maker's, so the opposite of the taker's."""
        listing, maker = market.listing, "sell" if trade.taker == "buy" else "buy"
        orders = [UUID(int=(trade.id * 2 + k) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128) for k in (0, 1)]
        text = (
            f'{{"type":"{kind}","trade_id":{trade.id},"maker_order_id":"{orders[0]}","taker_order_id":"{orders[1]}",'
            f'"side":"{maker}","size":"{listing.lot.fixed(trade.lots)}","price":"{listing.tick.plain(trade.tick)}",'
            f'"product_id":"{listing.native}","sequence":{market.counter_last},"time":"{rfc3339(trade.time)}"}}'
        )
        connection.put(Frame(text, "trade" if kind == "match" else "other", "spot", listing.native), now)

    def moved(self, market: Market, step: Step, now: int) -> None:
        if step.trades:
            for connection in self.members(f"ticker:{market.listing.native}"):
                self.send_ticker(connection, market, now)

    def send_ticker(self, connection: Connection, market: Market, now: int) -> None:
        """Last fill and touch, with the engine's sequence."""
        if (trade := market.last_trade) is None:
            return
        listing, book = market.listing, market.book
        bid, ask = book.bids.best() or 0, book.asks.best() or 0
        price, size = listing.tick.plain, listing.lot.plain
        text = json.dumps(
            {
                "type": "ticker",
                "sequence": market.counter_last,
                "product_id": listing.native,
                "price": price(trade.tick),
                "open_24h": price(bid),
                "volume_24h": "12345.67890000",
                "best_bid": price(bid),
                "best_bid_size": size(book.bids.sizes.get(bid, 0)),
                "best_ask": price(ask),
                "best_ask_size": size(book.asks.sizes.get(ask, 0)),
                "side": trade.taker,
                "time": rfc3339(trade.time),
                "trade_id": trade.id,
                "last_size": size(trade.lots),
            },
            separators=(",", ":"),
        )
        connection.put(Frame(text, "other", "spot", listing.native), now)

    def second(self, now: int) -> None:
        for market in self.markets.values():
            native, last = market.listing.native, market.last_trade
            text = (
                f'{{"type":"heartbeat","last_trade_id":{last.id if last else 0},"product_id":"{native}",'
                f'"sequence":{market.counter_last},"time":"{rfc3339(now)}"}}'
            )
            for connection in self.members(f"heartbeat:{native}"):
                connection.put(Frame(text, "heartbeat", "spot", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        parts = path.split("/")
        return "spot", parts[2] if len(parts) > 2 else ""

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        parts = path.strip("/").split("/")
        if parts == ["time"]:
            return _json({"iso": rfc3339(now), "epoch": now / NS})
        if parts == ["products"]:
            return _json([self._product(market.listing) for market in self.markets.values()])
        market = self.markets.get(("spot", parts[1] if len(parts) > 1 else ""))
        if parts[0] != "products" or market is None:
            return Answer(404, '{"message":"NotFound"}')
        match parts[2:]:
            case []:
                return _json(self._product(market.listing))
            case ["book"]:
                return _json(
                    self._book(market, {"1": 1, "2": None}.get(query.get("level", "1"), 1), now, age_ns)
                )
            case ["ticker"] if (trade := market.last_trade) is not None:
                listing = market.listing
                return _json(
                    {"trade_id": trade.id, "price": listing.tick.plain(trade.tick), "time": rfc3339(now)}
                )
        return Answer(404, '{"message":"NotFound"}')

    def error_body(self, status: int) -> str:
        return (
            '{"message":"Public rate limit exceeded"}'
            if status == 429
            else '{"message":"Internal server error"}'
        )

    def _book(self, market: Market, depth: int | None, now: int, age_ns: int) -> dict[str, Any]:
        listing, sheet = market.listing, market.sheet(now, age_ns)
        sides = {
            name: [[listing.tick.plain(t), listing.lot.plain(n), 1 + n % 4] for t, n in side[:depth]]
            for name, side in (("bids", sheet.bids), ("asks", sheet.asks))
        }
        return {
            **sides,
            "sequence": sheet.last_id,
            "auction_mode": False,
            "auction": None,
            "time": rfc3339(now),
        }

    def _product(self, listing: Listing) -> dict[str, Any]:
        return {
            "id": listing.native,
            "base_currency": listing.base,
            "quote_currency": listing.quote,
            "quote_increment": listing.tick.plain(1),
            "base_increment": listing.lot.plain(1),
            "display_name": listing.native.replace("-", "/"),
            "min_market_funds": "1",
            "margin_enabled": False,
            "post_only": False,
            "limit_only": False,
            "cancel_only": False,
            "status": "online",
            "status_message": "",
            "trading_disabled": False,
            "auction_mode": False,
        }


def _json(body: object) -> Answer:
    return Answer(200, json.dumps(body, separators=(",", ":")))
