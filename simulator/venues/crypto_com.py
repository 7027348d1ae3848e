"""Crypto.com Exchange v1: spot and perpetuals on one socket.

Source: the fact sheet cryptocom. Books of 10 or 50 levels whose updates name the id before; ids jump; an idle book says
so every 5 s; the venue's heartbeats want an answer, and who subscribes within a second of connecting is thrown out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, WindowFeed, joined, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

PATH = "/exchange/v1/market"
DEPTHS = ("10", "50")
TOLD = ("ticker", "mark", "index", "funding")  # without an ack: the first message has the request's id
MOST_CHANNELS = 400
BEAT_NS, PING_NS, IDLE_NS = 30 * NS, 5 * NS, 5 * NS


class CryptoComConnection(Connection):
    """A market socket."""

    venue: CryptoCom

    def opened(self, now: int) -> None:
        self.unanswered = 0
        self.coming: dict[str, int] = {}  # topic -> when its snapshot was promised
        self.at(now + BEAT_NS, self._beat)
        self.at(now + PING_NS, self._ping)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        if message is None:
            return
        method, request = message.get("method"), message.get("id", -1)
        params = message.get("params")
        channels = asked(params, "channels") if isinstance(params, dict) else []
        if method == "public/respond-heartbeat":
            self.unanswered = 0
        elif method == "subscribe" and now - self.opened_at < NS:
            self._answer(
                {"id": request, "method": method, "code": 42901, "message": "TOO_MANY_REQUESTS"}, now
            )
            self.close(now, 1000)
        elif method == "subscribe":
            for channel in channels:
                self._subscribe(str(channel), request, now)
        elif method == "unsubscribe":
            for channel in channels:
                self.coming.pop(str(channel), None)
                self.unfollow(str(channel))
                self.venue.leave(self, str(channel))
            self._answer({"id": request, "method": method, "code": 0}, now)
        else:
            self._answer({"id": request, "method": method, "code": 40003, "message": "No such method"}, now)

    def _subscribe(self, channel: str, request: Any, now: int) -> None:
        kind, _, rest = channel.partition(".")
        symbol, _, depth = rest.partition(".")
        named = symbol.replace("-INDEX", "-PERP") if kind == "index" else symbol
        market = self.venue.markets.get(("market", named))
        why = ""
        if kind not in ("book", "trade", *TOLD) or (kind == "book" and depth not in DEPTHS):
            why = "Invalid depth" if kind == "book" else "Unrecognized channel"
        elif market is None or (kind in TOLD[1:] and not named.endswith("-PERP")):
            why = "Unknown symbol"
        elif kind not in TOLD and self.venue.faults.take(Reject, "market", symbol, self.number):
            why = "Unknown symbol"
        code = 40003
        if not why and len(self.feeds) + len(self.coming) >= MOST_CHANNELS:
            why, code = "Maximum subscriptions exceeded", 40107
        head = {"id": request, "method": "subscribe"}
        if why or market is None:
            self._answer({**head, "code": code, "channel": channel, "message": why}, now)
        elif kind in TOLD:
            self.venue.join(self, channel)
            self.put(self.venue.told(kind, market, now, request), now)
        elif kind == "trade":
            recent = list(market.recent)[-50:]
            if recent:
                self.put(self.venue.prints(market, recent[::-1]), now)
            self.venue.join(self, channel)
        else:
            self._answer({**head, "code": 0, "channel": channel}, now)
            self.coming[channel] = now
            self.at(now + NS, lambda then: self._begin(channel, market, int(depth), now, then))

    def _begin(self, channel: str, market: Market, depth: int, promised: int, now: int) -> None:
        if self.coming.get(channel) != promised:
            return
        del self.coming[channel]
        feed = self.venue.feed(channel, lambda: self.venue.window(channel, market, depth))
        self.follow(feed)
        self.venue.send(feed, "snapshot", *feed.levels(), feed.last, now, [self])

    def _answer(self, message: dict[str, Any], now: int) -> None:
        self.say(json.dumps(message, separators=(",", ":")), now)

    def _beat(self, now: int) -> None:
        if self.unanswered == 2:
            self.close(now, 1000)
            return
        self.unanswered += not self.venue.faults.silent(self.number, now)
        self._answer({"id": now // MS, "method": "public/heartbeat", "code": 0}, now)
        self.at(now + BEAT_NS, self._beat)

    def _ping(self, now: int) -> None:
        self.put_ping(b"", now)
        self.at(now + PING_NS, self._ping)


class CryptoCom(SimulatedVenue):
    """The market socket and the list of instruments."""

    name = "crypto_com"
    real_hosts: ClassVar = {"market": {"ws": "wss://stream.crypto.com", "rest": "https://api.crypto.com"}}
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("BTC_USD", "market", "BTC", "USD", Scale("0.01"), Scale("0.00001"), basis_bps=1.0),
        Listing("ETH_USD", "market", "ETH", "USD", Scale("0.01"), Scale("0.0001"), basis_bps=1.0),
        Listing("BTCUSD-PERP", "market", "BTC", "USD", Scale("0.1"), Scale("0.0001"), basis_bps=-3.0),
        Listing("ETHUSD-PERP", "market", "ETH", "USD", Scale("0.01"), Scale("0.0001"), basis_bps=-3.0),
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
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> CryptoComConnection:
        if path != PATH:
            raise HandshakeRefusedError(404)
        return CryptoComConnection(self, number, path, query, now)

    # -- books --------------------------------------------------------------------------------------

    def window(self, topic: str, market: Market, depth: int) -> WindowFeed:
        """A feed whose ``last`` is a ``u``."""
        feed = WindowFeed(topic, market, 10 * MS, depth)
        feed.last = self._sequences.setdefault(topic, self.random.randrange(3 * 10**14, 4 * 10**14))
        feed.sent_at = self.now
        return feed

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        if not delta:
            return
        previous = feed.last
        feed.last += self.random.randint(10**4, 10**6)
        self._sequences[feed.topic] = feed.last
        self.send(feed, "update", sorted(delta.bids, reverse=True), sorted(delta.asks), previous, now)

    def send(
        self,
        feed: Feed,
        kind: Kind,
        bids: list[Level],
        asks: list[Level],
        previous: int,
        now: int,
        to: list[Connection] | None = None,
    ) -> None:
        """A whole book or a change of it, to all or to one."""
        listing = feed.market.listing
        levels = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.plain, _row)
        sides = f'"asks":[{joined(levels, "ask")}],"bids":[{joined(levels, "bid")}]'
        changed = now if bids or asks else feed.sent_at
        feed.sent_at = now
        ids = f'"t":{now // MS},"tt":{changed // MS},"u":{feed.last}'
        data = f"{sides},{ids}" if kind == "snapshot" else f'"update":{{{sides}}},{ids},"pu":{previous}'
        checksum = self.random.randint(-(2**31), 2**31 - 1)
        depth = feed.topic.rpartition(".")[2]
        text = self._frame(
            listing.native,
            feed.topic,
            "book" if kind == "snapshot" else "book.update",
            f'"depth":{depth},"data":[{{{data},"cs":{checksum}}}]',
        )
        frame = Frame(text, kind, "market", listing.native, levels, feed.rank)
        for connection in list(feed.subscribers) if to is None else to:
            connection.put(frame, now)

    def second(self, now: int) -> None:
        for feed in list(self.feeds.values()):
            if now - feed.sent_at >= IDLE_NS:
                self.send(feed, "update", [], [], feed.last, now)
        for market in self.markets.values():
            for kind in TOLD:
                members = self.members(f"{kind}.{_named(kind, market)}")
                if members and (kind != "funding" or now // NS % 60 == 0):
                    frame = self.told(kind, market, now)
                    for connection in members:
                        connection.put(frame, now)

    def told(self, kind: str, market: Market, now: int, request: Any = -1) -> Frame:
        """What a derivative has beside its book, a message a kind."""
        listing, t = market.listing, now // MS
        values = {
            "mark": f"{derivative.mark(market):.2f}",
            "index": f"{derivative.index(market, now):.2f}",
            "funding": f"{derivative.funding_rate(market, now):.9f}",
        }
        data: dict[str, Any] = (
            {"v": values[kind], "t": t} if kind in values else {"i": listing.native, "t": t}
        )
        if kind == "ticker":
            data |= {"a": values["mark"], "b": values["mark"], "k": values["mark"]}
            data |= {"oi": listing.lot.plain(derivative.open_interest(market, now))}
        named = _named(kind, market)
        rest = f'"data":[{json.dumps(data, separators=(",", ":"))}]'
        text = self._frame(named, f"{kind}.{named}", kind, rest, request)
        return Frame(text, "other", "market", listing.native)

    def _frame(self, named: str, topic: str, channel: str, rest: str, request: Any = -1) -> str:
        head = f'"instrument_name":"{named}","subscription":"{topic}","channel":"{channel}"'
        return f'{{"id":{json.dumps(request)},"method":"subscribe","code":0,"result":{{{head},{rest}}}}}'

    # -- prints -------------------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        for connection in self.members(f"trade.{market.listing.native}"):
            connection.put(self.prints(market, trades[::-1]), now)

    def prints(self, market: Market, trades: list[Trade]) -> Frame:
        """Fills, newest first; those of one match share their id."""
        listing = market.listing
        rows = [
            {
                "d": str(4611686018428000000 + trade.time // NS),
                "t": trade.time // MS,
                "tn": str(trade.time),
                "p": listing.tick.fixed(trade.tick),
                "q": listing.lot.plain(trade.lots),
                "s": trade.taker.upper(),
                "i": listing.native,
                "m": str(trade.id),
            }
            for trade in trades
        ]
        data = json.dumps(rows, separators=(",", ":"))
        text = self._frame(listing.native, f"trade.{listing.native}", "trade", f'"data":{data}')
        return Frame(text, "trade", "market", listing.native)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        call = path.removeprefix("/exchange/v1/public/")
        market = self.markets.get(("market", query.get("instrument_name", "")))
        if call == "get-instruments":
            rows = [_instrument(market.listing) for market in self.markets.values()]
            return Answer(
                200, json.dumps({"id": -1, "method": f"public/{call}", "code": 0, "result": {"data": rows}})
            )
        if call == "get-book" and market is not None:
            bids, asks = market.book.top(50)
            listing = market.listing
            levels = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.plain, _row)
            data = f'{{"bids":[{joined(levels, "bid")}],"asks":[{joined(levels, "ask")}],"t":{now // MS}}}'
            return Answer(200, f'{{"code":0,"result":{{"depth":50,"data":[{data}]}}}}')
        return Answer(404, "{}")


def _named(kind: str, market: Market) -> str:
    """What a channel is of: the instrument, or the index that it is measured by."""
    native = market.listing.native
    return native.replace("-PERP", "-INDEX") if kind == "index" else native


def _row(_side: Side, price: str, size: str) -> str:
    return f'["{price}","{size}","{1 if size != "0" else 0}"]'


def _instrument(listing: Listing) -> dict[str, Any]:
    is_perp = listing.native.endswith("-PERP")
    return {
        "symbol": listing.native,
        "inst_type": "PERPETUAL_SWAP" if is_perp else "CCY_PAIR",
        "base_ccy": listing.base,
        "quote_ccy": listing.quote,
        "qty_tick_size": listing.lot.step,
        "price_tick_size": listing.tick.step,
        "contract_size": "1",
        "tradable": True,
    }
