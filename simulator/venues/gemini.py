"""Gemini's WebSocket API: full depth whose ids are shared by all symbols, the first message of each the whole book.

Source: the fact sheet gemini. ``?snapshot=-1`` asks for that first message; it comes before the acknowledgement. One bad
stream rejects a whole request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from .. import derivative
from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, FullFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

BATCHES = {"depth@100ms": 100 * MS, "depth": NS}
OF_DERIVATIVES = ("markPrice", "fundingAmount")
PING_NS = 20 * NS


class GeminiConnection(Connection):
    """A socket on ``/``."""

    venue: Gemini

    def opened(self, now: int) -> None:
        self.at(now + PING_NS, self._ping)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        method = str(message.get("method", "")).lower() if message else ""
        if message is None:
            self._refuse(None, -1020, "Invalid request", now)
        elif method in ("ping", "time"):
            self._accept(message, now)
        elif method not in ("subscribe", "unsubscribe"):
            self._refuse(message, -1020, "Unknown method", now)
        else:
            self._streams(method, message, now)

    def _streams(self, method: str, message: dict[str, Any], now: int) -> None:
        wanted = [str(name) for name in asked(message, "params")]
        for name in wanted if method == "subscribe" else ():
            symbol, _, stream = name.partition("@")
            market = self.venue.markets.get(("public", symbol))
            if stream in OF_DERIVATIVES and market is not None and symbol.endswith("perp"):
                continue
            refused = self.venue.faults.take(Reject, "public", symbol, self.number) is not None
            if refused or market is None or (stream not in BATCHES and stream != "trade"):
                self._refuse(message, -1013, f"Invalid stream name: {name}", now)
                return
        for name in wanted:
            symbol, _, stream = name.partition("@")
            if method == "unsubscribe":
                self.unfollow(name)
                self.venue.leave(self, name)
            elif stream in ("trade", *OF_DERIVATIVES):
                self.venue.join(self, name)
            elif name not in self.feeds:
                market = self.venue.markets["public", symbol]
                feed = self.venue.feed(name, lambda m=market, n=name, s=stream: self.venue.depth(n, m, s))  # type: ignore[misc]  # bound now
                self.follow(feed)
                if self.query.get("snapshot") == "-1":
                    self.venue.send_book(self, feed, now)
        self._accept(message, now)

    def _accept(self, message: dict[str, Any], now: int) -> None:
        self.say(json.dumps({"id": message.get("id"), "status": 200}, separators=(",", ":")), now)

    def _refuse(self, message: dict[str, Any] | None, code: int, why: str, now: int) -> None:
        answer = {"id": (message or {}).get("id"), "status": 400, "error": {"code": code, "msg": why}}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _ping(self, now: int) -> None:
        self.put_ping(b"", now)
        self.at(now + PING_NS, self._ping)


class Gemini(SimulatedVenue):
    """One socket for spot and perpetuals, and the symbols by REST."""

    name = "gemini"
    real_hosts: ClassVar = {"public": {"ws": "wss://ws.gemini.com", "rest": "https://api.gemini.com"}}
    catalogue = (
        Listing(
            "btcusd", "public", "BTC", "USD", Scale("0.01"), Scale("0.00000001"), basis_bps=-0.7, levels=900
        ),
        Listing(
            "ethusd", "public", "ETH", "USD", Scale("0.01"), Scale("0.000001"), basis_bps=-0.7, levels=900
        ),
        Listing(
            "btcgusdperp", "public", "BTC", "GUSD", Scale("0.5"), Scale("0.0001"), basis_bps=3.0, levels=420
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
        self._last = 1_764_550_000_000_000 + Random(f"{self.name}/{seed}/ids").randrange(10**9)
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> GeminiConnection:
        if path not in ("", "/"):
            raise HandshakeRefusedError(404)
        return GeminiConnection(self, number, path, query, now)

    def depth(self, topic: str, market: Market, stream: str) -> FullFeed:
        """A feed whose ``last`` is an id of the exchange."""
        feed = FullFeed(topic, market, BATCHES[stream])
        feed.last = self._next()
        return feed

    def _next(self) -> int:
        self._last += self.random.randint(20, 50_000)
        return self._last

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        first, feed.last = feed.last, self._next()
        frame = self._frame(feed, "update", first, delta.bids, delta.asks, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_book(self, connection: Connection, feed: Feed, now: int) -> None:
        """All levels, as the feed last said them."""
        bids, asks = feed.levels()
        connection.put(self._frame(feed, "snapshot", feed.last, bids, asks, now), now)

    def _frame(
        self,
        feed: Feed,
        kind: Kind,
        first: int,
        bids: list[tuple[int, int]],
        asks: list[tuple[int, int]],
        now: int,
    ) -> Frame:
        listing = feed.market.listing
        levels = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.fixed, pair)
        text = (
            f'{{"e":"depthUpdate","E":{now - 3 * MS},"s":"{listing.native}","U":{first},"u":{feed.last},'
            f'"b":[{joined(levels, "bid")}],"a":[{joined(levels, "ask")}]}}'
        )
        return Frame(text, kind, "public", listing.native, levels, feed.rank)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        for trade in trades:
            maker = "true" if trade.taker == "sell" else "false"
            text = (
                f'{{"E":{now},"s":"{listing.native}","t":{2_840_141_000_000_000 + trade.id},'
                f'"p":"{listing.tick.fixed(trade.tick)}","q":"{listing.lot.fixed(trade.lots)}","m":{maker}}}'
            )
            for connection in self.members(f"{listing.native}@trade"):
                connection.put(Frame(text, "trade", "public", listing.native), now)

    def second(self, now: int) -> None:
        """Of perpetuals the mark price every second, the hourly funding every minute."""
        for (_, native), market in self.markets.items():
            if native.endswith("perp"):
                self._tell(
                    native, "markPrice", {"p": f"{derivative.mark(market):.3f}", "i": "7725880.833"}, now
                )
                if now // NS % 60 == 0:
                    self._tell(native, "fundingAmount", _funding(market, now), now)

    def _tell(self, native: str, stream: str, what: dict[str, Any], now: int) -> None:
        text = json.dumps({"e": stream, "E": now, "s": native} | what, separators=(",", ":"))
        for connection in self.members(f"{native}@{stream}"):
            connection.put(Frame(text, "other", "public", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        symbol = path.removeprefix("/v1/riskstats/").lower()
        if symbol.endswith("perp") and (market := self.markets.get(("public", symbol))) is not None:
            return Answer(200, json.dumps(_risk(market, now), separators=(",", ":")))
        if path != "/v1/symbols/details/all":
            return Answer(404, '{"result":"error","reason":"EndpointNotFound"}')
        rows = [self._details(market.listing) for market in self.markets.values()]
        return Answer(200, json.dumps(rows, separators=(",", ":")))

    def _details(self, listing: Listing) -> dict[str, Any]:
        kind = "swap" if listing.native.endswith("perp") else "spot"
        row: dict[str, Any] = {"symbol": listing.native.upper(), "base_currency": listing.base}
        row |= {"quote_currency": listing.quote, "tick_size": float(listing.lot.step), "status": "open"}
        row |= {"quote_increment": float(listing.tick.step), "min_order_size": listing.lot.step}
        return row | {"product_type": kind, "contract_type": "linear" if kind == "swap" else "vanilla"}


def _funding(market: Market, now: int) -> dict[str, Any]:
    """An amount in quote for one base; the rate is in percent and cut short."""
    mark, rate = derivative.mark(market), derivative.funding_rate(market, now) / 8
    percent = int(rate * 100_000) / 1000
    following = derivative.next_funding(now, 1)
    return {
        "T": following,
        "i": 60,
        "f": f"{rate * mark:.5f}",
        "r": f"{percent:.5f}",
        "p": f"{mark:.3f}",
        "R": False,
    }


def _risk(market: Market, now: int) -> dict[str, str]:
    mark, lots = derivative.mark(market), derivative.open_interest(market, now)
    return {
        "product_type": "PerpetualSwapContract",
        "mark_price": f"{mark:.3f}",
        "index_price": f"{derivative.index(market, now):.5f}",
        "open_interest": market.listing.lot.fixed(lots),
        "open_interest_notional": f"{float(market.listing.lot.decimal(lots)) * mark:.4f}",
    }
