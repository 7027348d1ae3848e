"""Coinbase Advanced Trade: one ``sequence_num`` over every frame of a connection.

Source: the fact sheet coinbase, system A. The snapshot may precede the acknowledgement, empty updates are
common, sides are ``bid`` and ``offer``. Whether the side of a trade is the taker's is disputed in the sheet;
here it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..book import Level, Side
from ..connection import MS, NS, Connection, asked, parsed
from ..counters import Contiguous, Counter
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, FullFeed, joined, written
from ..frames import Answer, Frame, Kind, Written
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..stamps import rfc3339
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 50 * MS
SUBSCRIBE_WITHIN_NS = 5 * NS
SILENT_CHANNEL_NS = 75 * NS
CHANNELS = ("level2", "heartbeats", "market_trades", "ticker", "status")
WORDS = {"bid": "bid", "ask": "offer"}


class CoinbaseConnection(Connection):
    """A socket that numbers all that leaves it."""

    venue: Coinbase

    def opened(self, now: int) -> None:
        self.sequence = 0
        self.beats = 0
        self.subscriptions: dict[str, list[str]] = {}
        self.at(now + SUBSCRIBE_WITHIN_NS, self._demand)
        self.at(now + NS, self._beat)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        if message is None or message.get("type") not in ("subscribe", "unsubscribe"):
            self._error("failed to parse message", now)
            return
        channel = str(message.get("channel"))
        products = [str(product) for product in asked(message, "product_ids")]
        if channel not in CHANNELS:
            self._error(f"invalid channel: {channel}", now)
            return
        if message["type"] == "unsubscribe":
            for product in products or self.subscriptions.get(channel, []).copy():
                self._leave(channel, product)
            if channel in self.subscriptions and not self.subscriptions[channel]:
                del self.subscriptions[channel]
            self._acknowledge(now)
            return
        for product in products:
            market = self.venue.listed(product)
            if market is None or self.venue.faults.take(Reject, "spot", market.listing.native, self.number):
                self._error(f"invalid product_id: {product}", now)
                return
        late = self.random.random() < 0.5  # the snapshot may come before the acknowledgement
        if not late:
            self._note(channel, products)
            self._acknowledge(now)
        for product in products:
            self._join(channel, product, now)
        if late:
            self._note(channel, products)
            self._acknowledge(now)

    def emit(
        self,
        channel: str,
        events: str,
        now: int,
        kind: Kind,
        symbol: str = "",
        levels: list[Written] | None = None,
        feed: Feed | None = None,
    ) -> None:
        """Send events in the next numbered frame; one that a fault swallows has its number all the same."""
        if not self.alive:
            return
        at = rfc3339(now + 123_457, 9)
        text = (
            f'{{"channel":"{channel}","timestamp":"{at}","sequence_num":{self.sequence},"events":[{events}]}}'
        )
        self.sequence += 1
        self.put(
            Frame(text, kind, "spot" if symbol else "", symbol, levels or (), feed.rank if feed else None),
            now,
        )

    def _note(self, channel: str, products: list[str]) -> None:
        known = self.subscriptions.setdefault(channel, [])
        known.extend(product for product in products if product not in known)

    def _acknowledge(self, now: int) -> None:
        shown = {channel: products or ["heartbeats"] for channel, products in self.subscriptions.items()}
        events = json.dumps({"subscriptions": shown}, separators=(",", ":"))
        self.emit("subscriptions", events, now, "control")

    def _join(self, channel: str, product: str, now: int) -> None:
        market = self.venue.listed(product)
        assert market is not None
        topic = f"{channel}:{market.listing.native}"
        if channel == "level2":
            feed = self.venue.feed(topic, lambda: FullFeed(topic, market, BATCH_NS))
            self.follow(feed)
            self.venue.send_snapshot(self, feed, now)
            return
        self.venue.join(self, topic)
        if channel == "market_trades":
            rows = ",".join(self.venue.trade_row(market.listing, trade) for trade in reversed(market.recent))
            events = f'{{"type":"snapshot","trades":[{rows}]}}'
            self.emit("market_trades", events, now, "other", market.listing.native)

    def _leave(self, channel: str, product: str) -> None:
        known = self.subscriptions.get(channel, [])
        if product in known:
            known.remove(product)
        market = self.venue.listed(product)
        if market is not None:
            self.unfollow(f"{channel}:{market.listing.native}")
            self.venue.leave(self, f"{channel}:{market.listing.native}")

    def _error(self, message: str, now: int) -> None:
        self.say(json.dumps({"type": "error", "message": message}, separators=(",", ":")), now)

    def _demand(self, now: int) -> None:
        if not self.subscriptions:
            self.close(now, 1008, "no subscription within 5 s")

    def _beat(self, now: int) -> None:
        if "heartbeats" in self.subscriptions:
            clock = rfc3339(now, 6)[:-1].replace("T", " ")
            clock += f" +0000 UTC m=+{now // NS % 10**6}.1"
            events = f'{{"current_time":"{clock}","heartbeat_counter":{self.beats}}}'
            self.beats += 1
            self.emit("heartbeats", events, now, "heartbeat")
        elif now - self.spoke_at > SILENT_CHANNEL_NS:
            self.close(now, 1001, "idle")
        self.at(now + NS, self._beat)


class Coinbase(SimulatedVenue):
    """The market data socket and the keyless REST calls."""

    name = "coinbase"
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://advanced-trade-ws.coinbase.com", "rest": "https://api.coinbase.com"}
    }
    catalogue = (
        Listing(
            "BTC-USD", "spot", "BTC", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.6, levels=2500
        ),
        Listing(
            "ETH-USD", "spot", "ETH", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.6, levels=2000
        ),
    )

    def counter(self, listing: Listing) -> Counter:
        return Contiguous(0)  # never shown

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> CoinbaseConnection:
        if path not in ("", "/"):
            raise HandshakeRefusedError(404)
        return CoinbaseConnection(self, number, path, query, now)

    def listed(self, product: str) -> Market | None:
        """A market by product id; ``-USDC`` has the book of ``-USD``."""
        return self.markets.get(("spot", product)) or self.markets.get(("spot", product.removesuffix("C")))

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        native = feed.market.listing.native
        empty = f'{{"type":"update","product_id":"{native}","updates":[]}}'
        events, levels = self._events(feed, "update", delta.bids, delta.asks, now)
        for connection in list(feed.subscribers):
            assert isinstance(connection, CoinbaseConnection)
            if self.random.random() < 0.2:
                connection.emit("l2_data", empty, now, "other", native)
            connection.emit("l2_data", events, now, "update", native, levels, feed)

    def send_snapshot(self, connection: CoinbaseConnection, feed: Feed, now: int) -> None:
        """All levels as the feed last said them, in one frame."""
        events, levels = self._events(feed, "snapshot", *feed.levels(), now)
        connection.emit("l2_data", events, now, "snapshot", feed.market.listing.native, levels, feed)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            assert isinstance(connection, CoinbaseConnection)
            self.send_snapshot(connection, feed, now)

    def _events(
        self, feed: Feed, kind: str, bids: Iterable[Level], asks: Iterable[Level], now: int
    ) -> tuple[str, list[Written]]:
        listing, at = feed.market.listing, rfc3339(now - 25 * MS)

        def fragment(side: Side, price: str, size: str) -> str:
            level = f'"price_level":"{price}","new_quantity":"{size}"'
            return f'{{"side":"{WORDS[side]}","event_time":"{at}",{level}}}'

        levels = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, fragment)
        rows = ",".join(filter(None, (joined(levels, "bid"), joined(levels, "ask"))))
        return f'{{"type":"{kind}","product_id":"{listing.native}","updates":[{rows}]}}', levels

    # -- everything else ----------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        native = market.listing.native
        if members := self.members(f"market_trades:{native}"):
            rows = ",".join(self.trade_row(market.listing, trade) for trade in trades)
            events = f'{{"type":"update","trades":[{rows}]}}'
            for connection in members:
                assert isinstance(connection, CoinbaseConnection)
                connection.emit("market_trades", events, now, "trade", native)

    def trade_row(self, listing: Listing, trade: Trade) -> str:
        """One trade."""
        return (
            f'{{"trade_id":"{trade.id}","product_id":"{listing.native}","price":"{listing.tick.plain(trade.tick)}",'
            f'"size":"{listing.lot.plain(trade.lots)}","side":"{trade.taker.upper()}","time":"{rfc3339(trade.time)}"}}'
        )

    def second(self, now: int) -> None:
        for market in self.markets.values():
            listing, book = market.listing, market.book
            bid, ask = book.bids.best() or 0, book.asks.best() or 0
            for connection in self.members(f"ticker:{listing.native}"):
                assert isinstance(connection, CoinbaseConnection)
                events = (
                    f'{{"type":"update","tickers":[{{"type":"ticker","product_id":"{listing.native}",'
                    f'"price":"{listing.tick.plain(market.last_trade.tick if market.last_trade else bid)}",'
                    f'"best_bid":"{listing.tick.plain(bid)}","best_ask":"{listing.tick.plain(ask)}"}}]}}'
                )
                connection.emit("ticker", events, now, "other", listing.native)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        market = self.listed(query.get("product_id", ""))
        return "spot", market.listing.native if market else ""

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        call = path.removeprefix("/api/v3/brokerage/")
        market = self.listed(query.get("product_id", ""))
        match call:
            case "time":
                return _json({"iso": rfc3339(now, 0).replace(".", ""), "epochSeconds": str(now // NS)})
            case "market/products":
                rows = [self._product(m.listing) for m in self.markets.values()]
                return _json({"products": rows, "num_products": len(rows)})
            case "market/product_book" if market is not None:
                listing, sheet, limit = (
                    market.listing,
                    market.sheet(now, age_ns),
                    int(query.get("limit", "0")) or None,
                )
                sides = {
                    name: [
                        {"price": listing.tick.plain(t), "size": listing.lot.plain(n)}
                        for t, n in side[:limit]
                    ]
                    for name, side in (("bids", sheet.bids), ("asks", sheet.asks))
                }
                return _json(
                    {"pricebook": {"product_id": listing.native, **sides, "time": rfc3339(now - age_ns)}}
                )
            case "market/product_book":
                return Answer(404, '{"error":"NOT_FOUND","error_details":"product not found"}')
        if call.startswith("market/products/") and (found := self.listed(call.split("/")[2])) is not None:
            return _json(self._product(found.listing))
        return Answer(401 if call != path and not call.startswith("market/") else 404, '{"error":"unknown"}')

    def _product(self, listing: Listing) -> dict[str, Any]:
        return {
            "product_id": listing.native,
            "base_increment": listing.lot.plain(1),
            "quote_increment": listing.tick.plain(1),
            "price_increment": listing.tick.plain(1),
            "base_min_size": listing.lot.plain(1),
            "base_currency_id": listing.base,
            "quote_currency_id": listing.quote,
            "product_type": "SPOT",
            "status": "online",
            "trading_disabled": False,
            "is_disabled": False,
            "cancel_only": False,
            "limit_only": False,
            "post_only": False,
            "auction_mode": False,
        }


def _json(body: Mapping[str, Any]) -> Answer:
    return Answer(200, json.dumps(body, separators=(",", ":")))
