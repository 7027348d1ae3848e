"""Bitstamp: deltas without a sequence on the socket, the whole book by REST out of a cache that lags behind.

Source: the fact sheet bitstamp. Unknown pairs are acknowledged and stay silent; a client frame of 512 bytes or more
ends the socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import derivative
from ..connection import MS, NS, Connection, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, FullFeed, joined, pair, written
from ..frames import Answer, Frame
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCH_NS = 100 * MS
MOST_CLIENT_BYTES = 511
PING_NS = 54 * NS
BOOK, TRADES, FUNDING = "diff_order_book_", "live_trades_", "funding_rate_"


class BitstampConnection(Connection):
    """A socket on ``/``."""

    venue: Bitstamp

    def opened(self, now: int) -> None:
        self.at(now + PING_NS, self._ping)

    def received(self, text: str, now: int) -> None:
        if len(text.encode("utf-8", "replace")) > MOST_CLIENT_BYTES:
            self.close(now, 1009, "read limited at 513 bytes")
            return
        message = parsed(text)
        if message is None:
            self._error("Incorrect JSON format.", now)
            return
        event, data = message.get("event"), message.get("data")
        if event == "bts:heartbeat":
            self._said("bts:heartbeat", "", now, {"status": "success"})
            return
        channel = data.get("channel") if isinstance(data, dict) else None
        if not isinstance(channel, str) or event not in ("bts:subscribe", "bts:unsubscribe"):
            self._error("Bad subscription string.", now)
        elif channel != channel.lower() or "/" in channel or not channel.startswith((BOOK, TRADES, FUNDING)):
            self._error("Invalid channel provided.", now)
        elif event == "bts:subscribe":
            self._said("bts:subscription_succeeded", channel, now)
            self._join(channel)
        else:
            self.unfollow(channel)
            self.venue.leave(self, channel)
            self._said("bts:unsubscription_succeeded", channel, now)

    def notice(self, now: int) -> None:
        self.say('{"event":"bts:request_reconnect","channel":"","data":""}', now)

    def _join(self, channel: str) -> None:
        native = channel.removeprefix(BOOK).removeprefix(TRADES).removeprefix(FUNDING)
        market = self.venue.markets.get(("public", native))
        if channel.startswith(FUNDING):
            self.venue.join(self, channel)
            return
        if market is None or self.venue.faults.take(Reject, "public", native, self.number) is not None:
            return
        if channel.startswith(BOOK):
            self.follow(self.venue.feed(channel, lambda: FullFeed(channel, market, BATCH_NS)))
        else:
            self.venue.join(self, channel)

    def _said(self, event: str, channel: str, now: int, data: Mapping[str, Any] | None = None) -> None:
        answer = {"event": event, "channel": channel, "data": data or {}}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _error(self, why: str, now: int) -> None:
        self._said("bts:error", "", now, {"code": None, "message": why})

    def _ping(self, now: int) -> None:
        self.put_ping(b"", now)
        self.at(now + PING_NS, self._ping)


class Bitstamp(SimulatedVenue):
    """One socket for all pairs, and the public REST calls."""

    name = "bitstamp"
    real_hosts: ClassVar = {"public": {"ws": "wss://ws.bitstamp.net", "rest": "https://www.bitstamp.net"}}
    catalogue = (
        Listing(
            "btcusd", "public", "BTC", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.8, levels=1500
        ),
        Listing(
            "ethusd", "public", "ETH", "USD", Scale("0.1"), Scale("0.00000001"), basis_bps=-0.8, levels=1200
        ),
        Listing(
            "btcusd-perp",
            "public",
            "BTC",
            "USD",
            Scale("1"),
            Scale("0.00000001"),
            basis_bps=2.0,
            levels=400,
            facts={"market_type": "PERPETUAL"},
        ),
    )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> BitstampConnection:
        if path not in ("", "/"):
            raise HandshakeRefusedError(404)
        return BitstampConnection(self, number, path, query, now)

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        listing = feed.market.listing
        levels = written(
            (("bid", delta.bids), ("ask", delta.asks)), listing.tick.fixed, listing.lot.fixed, pair
        )
        text = (
            f'{{"data":{{"timestamp":"{now // NS}","microtimestamp":"{now // 1000}","bids":[{joined(levels, "bid")}],'
            f'"asks":[{joined(levels, "ask")}]}},"channel":"{feed.topic}","event":"data"}}'
        )
        for connection in list(feed.subscribers):
            connection.put(Frame(text, "update", "public", listing.native, levels, feed.rank), now)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        channel = TRADES + listing.native
        for trade in trades:
            price, size = listing.tick.fixed(trade.tick), listing.lot.fixed(trade.lots)
            second = (
                now // MS if "market_type" in listing.facts else now // NS
            )  # perpetuals say milliseconds here
            text = (
                f'{{"data":{{"id":{trade.id},"timestamp":"{second}","amount":{float(size) * (1 + 2e-16)!r},'
                f'"amount_str":"{size}","price":{float(price)!r},"price_str":"{price}","type":{int(trade.taker == "sell")},'
                f'"microtimestamp":"{now // MS * 1000}","buy_order_id":{trade.id * 2},"sell_order_id":{trade.id * 2 + 1}}},'
                f'"channel":"{channel}","event":"trade"}}'
            )
            for connection in self.members(channel):
                connection.put(Frame(text, "trade", "public", listing.native), now)

    def second(self, now: int) -> None:
        for market in self.markets.values():
            native = market.listing.native
            members = self.members(FUNDING + native) if "market_type" in market.listing.facts else ()
            for connection in members:
                text = (
                    f'{{"data":{{"market":"{native}","mark_price":"{derivative.mark(market):.8f}",'
                    f'"index_price":"{derivative.index(market, now):.3f}",'
                    f'"funding_rate":"{derivative.funding_rate(market, now):.5f}","timestamp":"{now // NS}",'
                    f'"next_funding_time":"{derivative.next_funding(now) // NS}"}},'
                    f'"channel":"{FUNDING}{native}","event":"funding_rate_saved"}}'
                )
                connection.put(Frame(text, "other", "public", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        parts = path.strip("/").split("/")
        return "public", parts[3] if parts[:3] == ["api", "v2", "order_book"] and len(parts) > 3 else ""

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        _, native = self.subject(path, query)
        if native and (market := self.markets.get(("public", native))) is not None:
            return Answer(200, self._book(market, now, age_ns + self.random.randint(500, 2000) * MS))
        if path.strip("/") == "api/v2/markets":
            rows = [self._row(market.listing) for market in self.markets.values()]
            return Answer(200, json.dumps(rows, separators=(",", ":")))
        return Answer(404, '{"status":"error","reason":"Not found","code":"API0001"}')

    def _book(self, market: Market, now: int, age_ns: int) -> str:
        listing, sheet = market.listing, market.sheet(now, age_ns)
        levels = written(
            (("bid", sheet.bids), ("ask", sheet.asks)), listing.tick.fixed, listing.lot.fixed, pair
        )
        return (
            f'{{"timestamp":"{sheet.time // NS}","microtimestamp":"{sheet.time // 1000}",'
            f'"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}]}}'
        )

    def _row(self, listing: Listing) -> dict[str, Any]:
        kind = listing.facts.get("market_type", "SPOT")
        tail = "-PERP" if kind == "PERPETUAL" else ""
        row: dict[str, Any] = {
            "name": f"{listing.base}/{listing.quote}{tail}",
            "market_symbol": listing.native,
        }
        row |= {"base_currency": listing.base, "counter_currency": listing.quote, "trading": "Enabled"}
        row |= {"base_decimals": listing.lot.decimals, "counter_decimals": listing.tick.decimals}
        row |= {"market_type": kind}
        if tail:
            row |= {"payoff_type": "Linear", "contract_size": "1.00000000", "underlying_asset": listing.base}
        return row
