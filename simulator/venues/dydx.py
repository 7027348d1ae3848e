"""dYdX v4 indexer: ``message_id`` over the whole connection, object rows in snapshots, array rows in batches of 250 ms.

Source: the fact sheet dydx. More than two subscriptions a second end the socket. The snapshot has so many levels as the
indexer is set to; this one is set to 1000.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import derivative
from ..book import Side
from ..connection import MS, NS, Connection, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, FullFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..stamps import rfc3339
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 250 * MS
PING_NS = 30 * NS
LEVELS = 1000
CHANNELS = ("v4_orderbook", "v4_trades")
MARKETS = "v4_markets"  # of all at once: without an id


def _object(_side: Side, price: str, size: str) -> str:
    return f'{{"price":"{price}","size":"{size}"}}'


class DydxConnection(Connection):
    """A socket on ``/v4/ws``."""

    venue: Dydx

    def opened(self, now: int) -> None:
        self.messages = -1
        self.asked_at: list[int] = []
        self.say(self.head("connected") + "}", now)
        self.at(now + PING_NS, self._ping)

    def head(self, kind: str) -> str:
        """The beginning of the next message, with its number."""
        self.messages += 1
        return f'{{"type":"{kind}","connection_id":"c-{self.number}","message_id":{self.messages}'

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        if message is None or message.get("type") not in ("subscribe", "unsubscribe"):
            self._error("Invalid message: could not parse", "", "", now)
            return
        channel, native = str(message.get("channel")), str(message.get("id"))
        topic = f"{channel}-{native}"
        if message["type"] == "unsubscribe":
            self.unfollow(topic)
            self.venue.leave(self, topic)
            self.say(f'{self.head("unsubscribed")},"channel":"{channel}","id":{json.dumps(native)}}}', now)
            return
        self.asked_at = [at for at in self.asked_at if now - at < NS] + [now]
        if len(self.asked_at) > 2:
            self.close(now, 1013, "Rate limited")
            return
        if channel == MARKETS:
            self._follow_markets(now)
            return
        market = self.venue.markets.get(("perp", native))
        refused = self.venue.faults.take(Reject, "perp", native, self.number) is not None
        if channel not in CHANNELS or market is None or refused:
            self._error(f"Invalid subscription id for channel: ({topic})", channel, native, now)
        elif topic in self.feeds or self in self.venue.members(topic):
            self._error(f"Invalid subscribe message: already subscribed ({topic})", channel, native, now)
        elif channel == "v4_orderbook":
            feed = self.venue.feed(topic, lambda: FullFeed(topic, market, BATCH_NS))
            self.follow(feed)
            self.venue.send_book(self, feed, now)
        else:
            self.venue.join(self, topic)
            self.venue.send_trades(self, market, list(market.recent), "subscribed", now)

    def _follow_markets(self, now: int) -> None:
        if self in self.venue.members(MARKETS):
            self._error(f"Invalid subscribe message: already subscribed ({MARKETS})", MARKETS, "", now)
            return
        self.venue.join(self, MARKETS)
        rows = json.dumps({"markets": self.venue.rows(now)}, separators=(",", ":"))
        self.say(f'{self.head("subscribed")},"channel":"{MARKETS}","contents":{rows}}}', now)

    def _error(self, why: str, channel: str, native: str, now: int) -> None:
        tail = {"message": why, "channel": channel, "id": native}
        self.say(self.head("error") + "," + json.dumps(tail, separators=(",", ":"))[1:], now)

    def _ping(self, now: int) -> None:
        self.put_ping(b"", now)
        self.at(now + PING_NS, self._ping)


class Dydx(SimulatedVenue):
    """The indexer's socket, and its markets by REST."""

    name = "dydx"
    real_hosts: ClassVar = {"perp": {"ws": "wss://indexer.dydx.trade", "rest": "https://indexer.dydx.trade"}}
    catalogue = (
        Listing("BTC-USD", "perp", "BTC", "USD", Scale("1"), Scale("0.0001"), basis_bps=1.5, levels=400),
        Listing("ETH-USD", "perp", "ETH", "USD", Scale("0.1"), Scale("0.001"), basis_bps=1.5, levels=400),
    )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> DydxConnection:
        if path != "/v4/ws":
            raise HandshakeRefusedError(404)
        return DydxConnection(self, number, path, query, now)

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        listing = feed.market.listing
        levels = written(
            (("bid", delta.bids), ("ask", delta.asks)), listing.tick.plain, listing.lot.plain, pair
        )
        named: tuple[tuple[str, Side], ...] = (("bids", "bid"), ("asks", "ask"))
        parts = [f'{{"{key}":[{rows}]}}' for key, side in named if (rows := joined(levels, side))]
        for connection in list(feed.subscribers):
            assert isinstance(connection, DydxConnection)
            text = (
                f'{connection.head("channel_batch_data")},"id":"{listing.native}","channel":"v4_orderbook",'
                f'"version":"1.0.0","contents":[{",".join(parts)}]}}'
            )
            connection.put(Frame(text, "update", "perp", listing.native, levels, feed.rank), now)

    def send_book(self, connection: DydxConnection, feed: Feed, now: int) -> None:
        """The best levels, as the feed last said them."""
        listing = feed.market.listing
        bids, asks = feed.levels()
        sides: tuple[tuple[Side, list[tuple[int, int]]], ...] = (
            ("bid", bids[:LEVELS]),
            ("ask", asks[:LEVELS]),
        )
        levels = written(sides, listing.tick.plain, listing.lot.plain, _object)
        text = (
            f'{connection.head("subscribed")},"channel":"v4_orderbook","id":"{listing.native}",'
            f'"contents":{{"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}]}}}}'
        )
        connection.put(Frame(text, "snapshot", "perp", listing.native, levels, feed.rank), now)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for connection in self.members(f"v4_trades-{market.listing.native}"):
            assert isinstance(connection, DydxConnection)
            self.send_trades(connection, market, trades, "channel_data", now)

    def send_trades(
        self, connection: DydxConnection, market: Market, trades: list[Trade], kind: str, now: int
    ) -> None:
        """Fills; those of a subscription are history. Now and then one is a liquidation."""
        listing = market.listing
        rows = ",".join(
            f'{{"id":"{trade.id:024x}","size":"{listing.lot.plain(trade.lots)}","price":"{listing.tick.plain(trade.tick)}",'
            f'"side":"{trade.taker.upper()}","createdAt":"{rfc3339(trade.time, 3)}",'
            f'"type":"{"LIQUIDATED" if derivative.forced([trade]) else "LIMIT"}"}}'
            for trade in trades
        )
        text = (
            f'{connection.head(kind)},"id":"{listing.native}","channel":"v4_trades","version":"2.1.0",'
            f'"contents":{{"trades":[{rows}]}}}}'
        )
        said: Kind = "trade" if kind == "channel_data" else "other"
        connection.put(Frame(text, said, "perp", listing.native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        if path != "/v4/perpetualMarkets":
            return Answer(404, '{"errors":[{"msg":"Not Found"}]}')
        return Answer(200, json.dumps({"markets": self.rows(now)}, separators=(",", ":")))

    def rows(self, now: int) -> dict[str, Any]:
        """All markets by their tickers."""
        return {native: _row(market, n, now) for n, ((_, native), market) in enumerate(self.markets.items())}

    def second(self, now: int) -> None:
        """A block: the oracle's prices, and now and then what is traded upon; in one message to whom wants batches."""
        parts: list[dict[str, Any]] = [{"oraclePrices": {}}]
        for number, ((_, native), market) in enumerate(self.markets.items()):
            oracle = {"oraclePrice": _oracle(market, now), "effectiveAt": rfc3339(now, 3)}
            parts[0]["oraclePrices"][native] = oracle | {
                "effectiveAtHeight": str(now // NS),
                "marketId": number,
            }
        if now // NS % 10 == 0:
            keys = ("openInterest", "nextFundingRate")
            parts.append(
                {"trading": {name: {key: row[key] for key in keys} for name, row in self.rows(now).items()}}
            )
        contents = json.dumps(parts, separators=(",", ":"))
        for connection in self.members(MARKETS):
            assert isinstance(connection, DydxConnection)
            head = connection.head("channel_batch_data")
            text = f'{head},"channel":"{MARKETS}","version":"1.0.0","contents":{contents}}}'
            connection.put(Frame(text, "other", "perp"), now)


def _oracle(market: Market, now: int) -> str:
    return f"{derivative.index(market, now):.5f}"


def _row(market: Market, number: int, now: int) -> dict[str, Any]:
    listing = market.listing
    row = {"clobPairId": str(number), "ticker": listing.native, "status": "ACTIVE"}
    row |= {"tickSize": listing.tick.step, "stepSize": listing.lot.step, "oraclePrice": _oracle(market, now)}
    row |= {"openInterest": listing.lot.plain(derivative.open_interest(market, now))}
    return row | {"nextFundingRate": f"{derivative.funding_rate(market, now):.20f}"}
