"""Gate, WebSocket v4: ``obu`` books of spot and of perpetuals settled in USDT and BTC, and their trades.

Source: the fact sheet gate. ``U`` and ``u`` go on also where nothing of the window changed: then a frame has ids alone.
An unknown symbol of ``obu`` is acknowledged and stays silent; a second subscription to it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..book import Level, Side
from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject, SequenceReset, SnapshotAgain
from ..feeds import Delta, Feed, WindowFeed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

INTERVALS = {"50": 20 * MS, "400": 100 * MS}
IDLE_NS = 30 * NS
OF_DERIVATIVES = ("futures.tickers", "futures.public_liquidates")
PATHS = {"/ws/v4/": "spot", "/v4/ws/usdt": "usdt", "/v4/ws/btc": "btc"}


class GateConnection(Connection):
    """A socket of one product."""

    venue: Gate
    product = ""

    def opened(self, now: int) -> None:
        self.product = PATHS[self.path]
        self.part = "spot" if self.product == "spot" else "futures"
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text)
        channel = message.get("channel") if message else None
        if message is None or not isinstance(channel, str):
            self._answer({"channel": "", "event": ""}, now, {"code": 1, "message": "invalid JSON"})
            return
        if channel == f"{self.part}.ping":
            self.say(f'{{"time":{now // NS},"channel":"{self.part}.pong","event":"","result":null}}', now)
            return
        payload = [one for one in asked(message, "payload") if isinstance(one, str)]
        others = OF_DERIVATIVES if self.part == "futures" else ()
        offered = (f"{self.part}.obu", f"{self.part}.trades", *others)
        if message.get("event") not in ("subscribe", "unsubscribe") or channel not in offered:
            self._answer(message, now, {"code": 2, "message": f"unknown channel {channel}"})
            return
        for name in payload:
            fault = self._take(channel, name, str(message["event"]), message, now)
            if fault:
                self._answer(message, now, {"code": 2, "message": fault})
                return
        if message["event"] == "unsubscribe" or not channel.endswith("obu"):
            self._answer(message, now)

    def notice(self, now: int) -> None:
        self.say(
            f'{{"time":{now // NS},"channel":"{self.part}.system","event":"","result":{{"type":"upgrade"}}}}',
            now,
        )

    def _take(self, channel: str, name: str, event: str, message: dict[str, Any], now: int) -> str:
        """Carry out one name of a payload; why not, where it is refused."""
        topic = f"{self.product}/{channel}/{name}"
        if event == "unsubscribe":
            self.unfollow(topic)
            self.venue.leave(self, topic)
            return ""
        native = name.removeprefix("ob.").rpartition(".")[0] if name.startswith("ob.") else name
        market = self.venue.markets.get((self.product, native))
        if channel in OF_DERIVATIVES and market is not None:
            self.venue.join(self, topic)
            return ""
        refused = (
            market is None or self.venue.faults.take(Reject, self.product, native, self.number) is not None
        )
        if not channel.endswith("obu"):
            if refused:
                return f"unknown currency pair {native}"
            self.venue.join(self, topic)
            return ""
        if topic in self.feeds:
            return f"Alert sub {name}"
        depth = name.rpartition(".")[2]
        early = self.random.random() < 0.3  # the book may come before the acknowledgement
        if not early:
            self._answer(message, now)
        if market is not None and not refused and depth in INTERVALS:
            feed = self.venue.feed(topic, lambda: WindowFeed(topic, market, INTERVALS[depth], int(depth)))
            self.follow(feed)
            self.venue.send_book(self, feed, now)
        if early:
            self._answer(message, now)
        return ""

    def _answer(self, message: Mapping[str, Any], now: int, fault: dict[str, Any] | None = None) -> None:
        answer = {key: message[key] for key in ("id", "channel", "event", "payload") if key in message}
        answer |= {"time": now // NS, "time_ms": now // MS, "conn_id": f"c{self.number}", "trace_id": "t"}
        answer |= {"error": fault} if fault else {}
        answer["result"] = {"status": "fail" if fault else "success"}
        self.say(json.dumps(answer, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.heard_at >= IDLE_NS and not self.feeds:
            self.close(now, None)
        else:
            self.at(now + IDLE_NS, self._watch)


class Gate(SimulatedVenue):
    """Three products on paths of their own, and their public REST lists."""

    name = "gate"
    prefixes: ClassVar = {}
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://api.gateio.ws", "rest": "https://api.gateio.ws"},
        "usdt": {"ws": "wss://fx-ws.gateio.ws", "rest": "https://api.gateio.ws"},
        "btc": {"ws": "wss://fx-ws.gateio.ws", "rest": "https://api.gateio.ws"},
    }
    catalogue = (
        Listing("BTC_USDT", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.000001"), basis_bps=0.4),
        Listing("ETH_USDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.4),
        Listing("BTC_USDT", "usdt", "BTC", "USDT", Scale("0.1"), Scale("1"), contract=0.0001, basis_bps=-3.0),
        Listing(
            "ETH_USDT",
            "usdt",
            "ETH",
            "USDT",
            Scale("0.01"),
            Scale("0.1"),
            contract=0.01,
            basis_bps=-3.5,
            facts={"enable_decimal": "yes"},
        ),
        Listing(
            "BTC_USD", "btc", "BTC", "USD", Scale("0.1"), Scale("1"), contract=1, inverse=True, basis_bps=-2.2
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
        self._forced: dict[str, list[Trade]] = {}  # forced closures of the running second, by topic
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> GateConnection:
        if path not in PATHS:
            raise HandshakeRefusedError(404)
        return GateConnection(self, number, path, query, now)

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        first, feed.last = feed.last + 1, delta.last_id
        frame = self._frame(feed, f'"U":{first},"u":{feed.last}', "update", delta.bids, delta.asks, now)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def send_book(self, connection: Connection, feed: Feed, now: int) -> None:
        """The whole window, as the feed last said it."""
        bids, asks = feed.levels()
        connection.put(self._frame(feed, f'"full":true,"u":{feed.last}', "snapshot", bids, asks, now), now)

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        if isinstance(fault, SequenceReset):
            super().reset(feed, fault, now)
        for connection in list(feed.subscribers):
            self.send_book(connection, feed, now)

    def _frame(
        self,
        feed: Feed,
        ids: str,
        kind: Kind,
        bids: list[tuple[int, int]],
        asks: list[tuple[int, int]],
        now: int,
    ) -> Frame:
        listing = feed.market.listing
        product, channel, name = feed.topic.split("/")
        levels = written((("bid", bids), ("ask", asks)), listing.tick.plain, listing.lot.plain, pair)
        named: tuple[tuple[str, Side, list[Level]], ...] = (("b", "bid", bids), ("a", "ask", asks))
        sides = "".join(
            f',"{key}":[{joined(levels, side)}]' for key, side, its in named if its or kind == "snapshot"
        )
        text = (
            f'{{"channel":"{channel}","result":{{"t":{now // MS - 3},"s":"{name}",{ids}{sides}}},'
            f'"time_ms":{now // MS},"event":"update"}}'
        )
        return Frame(text, kind, product, listing.native, levels, feed.rank)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        part = "spot" if listing.product == "spot" else "futures"
        head = f'"time":{now // NS},"time_ms":{now // MS + 2},"channel":"{part}.trades","event":"update"'
        if part == "futures" and (forced := derivative.forced(trades)):
            topic = f"{listing.product}/futures.public_liquidates/{listing.native}"
            self._forced.setdefault(topic, []).extend(forced)
        members = self.members(f"{listing.product}/{part}.trades/{listing.native}")
        for trade in trades if members else ():
            price, size = listing.tick.plain(trade.tick), listing.lot.plain(trade.lots)
            if part == "spot":
                result = (
                    f'{{"id":{trade.id},"create_time":{now // NS},"create_time_ms":"{now // MS}.5","side":"{trade.taker}",'
                    f'"currency_pair":"{listing.native}","amount":"{size}","price":"{price}"}}'
                )
            else:
                sign = "" if trade.taker == "buy" else "-"
                result = (
                    f'[{{"size":"{sign}{size}","id":{trade.id},"create_time":{now // NS},'
                    f'"create_time_ms":{now // MS},"price":"{price}","contract":"{listing.native}"}}]'
                )
            for connection in members:
                frame = Frame(f'{{{head},"result":{result}}}', "trade", listing.product, listing.native)
                connection.put(frame, now)

    def second(self, now: int) -> None:
        """Tickers, and the forced closures of the second, each contract in a message of its own."""
        forced, self._forced = self._forced, {}
        for market in self.markets.values():
            listing = market.listing
            if listing.product == "spot":
                continue
            topic = f"{listing.product}/futures.public_liquidates/{listing.native}"
            if topic in forced:
                self._tell(topic, [_forced(listing, trade) for trade in forced[topic]], listing, now)
            topic = f"{listing.product}/futures.tickers/{listing.native}"
            if self.members(topic):
                self._tell(topic, [_ticker(market, now)], listing, now)

    def _tell(self, topic: str, rows: list[dict[str, Any]], listing: Listing, now: int) -> None:
        message = {"time": now // NS, "time_ms": now // MS, "channel": topic.split("/")[1], "event": "update"}
        text = json.dumps(message | {"result": rows}, separators=(",", ":"))
        for connection in self.members(topic):
            connection.put(Frame(text, "other", listing.product, listing.native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        listings = [market.listing for market in self.markets.values()]
        match path.removeprefix("/api/v4/").split("/"):
            case ["spot", "currency_pairs"]:
                rows = [self._pair(one) for one in listings if one.product == "spot"]
            case ["futures", settle, "contracts"]:
                rows = [self._contract(one) for one in listings if one.product == settle]
            case ["futures", settle, "contract_stats"]:
                found = self.markets.get((settle, query.get("contract", "")))
                rows = [] if found is None else [_stats(found, now)]
            case _:
                return Answer(404, '{"label":"NOT_FOUND"}')
        return Answer(200, json.dumps(rows, separators=(",", ":")))

    def _pair(self, listing: Listing) -> dict[str, Any]:
        row: dict[str, Any] = {"id": listing.native, "base": listing.base, "quote": listing.quote}
        row |= {"precision": listing.tick.decimals, "amount_precision": listing.lot.decimals}
        return row | {"trade_status": "tradable"}

    def _contract(self, listing: Listing) -> dict[str, Any]:
        row: dict[str, Any] = {"name": listing.native, "type": "inverse" if listing.inverse else "direct"}
        row |= {
            "quanto_multiplier": "0" if listing.inverse else f"{listing.contract:f}",
            "in_delisting": False,
        }
        row |= {
            "order_price_round": listing.tick.fixed(1),
            "mark_price_round": "0.01",
            "funding_interval": 28800,
        }
        return row | {"enable_decimal": "enable_decimal" in listing.facts}


def _ticker(market: Market, now: int) -> dict[str, Any]:
    listing, last = market.listing, market.last_trade
    rate = f"{derivative.funding_rate(market, now):.6f}"
    return {
        "contract": listing.native,
        "last": listing.tick.fixed(last.tick if last else round(market.fair(now))),
        "mark_price": f"{derivative.mark(market):.2f}",
        "index_price": f"{derivative.index(market, now):.2f}",
        "funding_rate": rate,
        "funding_rate_indicative": rate,
        "total_size": listing.lot.plain(derivative.open_interest(market, now)),
        "funding_interval": 28800,
        "funding_next_apply": derivative.next_funding(now) // NS,
    }


def _stats(market: Market, now: int) -> dict[str, Any]:
    """A row of ``contract_stats``, as far as it tells of longs and shorts."""
    populations = {
        "lsr_account": "accounts",
        "top_lsr_account": "top_accounts",
        "top_lsr_size": "top_positions",
    }
    ratios = {
        name: derivative.long_short_ratio(market, now, population) for name, population in populations.items()
    }
    return {"time": derivative.period(now) // NS, "lsr_taker": 1.0, **ratios}


def _forced(listing: Listing, trade: Trade) -> dict[str, Any]:
    sign = "" if trade.taker == "buy" else "-"
    return {
        "price": listing.tick.plain(trade.tick),
        "size": f"{sign}{listing.lot.plain(trade.lots)}",
        "time": trade.time // MS,
        "contract": listing.native,
    }
