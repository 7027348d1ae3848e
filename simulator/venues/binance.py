"""Binance: spot, USD-M futures (routes of 2026-04-23) and COIN-M futures.

Sources: the fact sheets binance-spot, binance-usdm and binance-coinm. The three have hosts of their own in
reality; here the first segment of a path tells them apart: ``/spot/stream``, ``/usdm/public/ws``,
``/coinm/dapi/v1/depth``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from ..connection import MS, NS, Connection
from ..counters import Counter, EngineWide
from ..feeds import Delta, Feed, joined, pair, written
from ..frames import Answer, Frame, Kind
from ..listing import Listing
from ..market import Market, Step, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue
from ..weights import Budget
from ._binance_rest import (
    BAD_LIMIT,
    BAD_SYMBOL,
    COINM,
    ERRORS,
    FUTURES_LIMITS,
    SPOT,
    USDM,
    Rules,
    day,
    depth,
    exchange_info,
    long_short,
    mark,
    open_interest,
    premium_index,
    rows,
    writers,
)
from ._binance_socket import BinanceConnection, Stream

STREAM = re.compile(
    r"(?P<symbol>[^@]+)@(?P<kind>depth|aggTrade|trade|bookTicker|markPrice|forceOrder)"
    r"(?P<levels>5|10|20)?(?:@(?P<speed>\d+ms|1s))?"
)


class Binance(SimulatedVenue):
    """The three products behind one simulated venue."""

    name = "binance"
    rules: ClassVar[Mapping[str, Rules]] = {"spot": SPOT, "usdm": USDM, "coinm": COINM}
    prefixes: ClassVar = {"spot": "/spot", "usdm": "/usdm", "coinm": "/coinm"}
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://stream.binance.com:9443", "rest": "https://api.binance.com"},
        "usdm": {"ws": "wss://fstream.binance.com", "rest": "https://fapi.binance.com"},
        "coinm": {"ws": "wss://dstream.binance.com", "rest": "https://dapi.binance.com"},
    }
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.00001"), levels=1500),
        Listing("ETHUSDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), levels=1500),
        Listing("SOLUSDT", "spot", "SOL", "USDT", Scale("0.01"), Scale("0.001"), levels=800),
        Listing(
            "BTCUSDT",
            "usdm",
            "BTC",
            "USDT",
            Scale("0.10"),
            Scale("0.001"),
            basis_bps=-3.0,
            levels=1300,
            facts={"pair": "BTCUSDT"},
        ),
        Listing(
            "ETHUSDT",
            "usdm",
            "ETH",
            "USDT",
            Scale("0.01"),
            Scale("0.001"),
            basis_bps=-4.0,
            levels=1300,
            facts={"pair": "ETHUSDT"},
        ),
        Listing(
            "BTCUSD_PERP",
            "coinm",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=100,
            inverse=True,
            basis_bps=-2.0,
            levels=500,
            facts={"pair": "BTCUSD"},
        ),
        Listing(
            "ETHUSD_PERP",
            "coinm",
            "ETH",
            "USD",
            Scale("0.01"),
            Scale("1"),
            contract=10,
            inverse=True,
            basis_bps=-2.0,
            levels=400,
            facts={"pair": "ETHUSD"},
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
        engine = Random(f"{self.name}/{seed}/engines")
        self._engines = {
            product: EngineWide(engine.randrange(10**12, 6 * 10**12), engine) for product in ("usdm", "coinm")
        }
        futures = Budget(USDM.weight_limit)  # one pool for both since 2026-06-30
        self._budgets = {"spot": Budget(self.rules["spot"].weight_limit), "usdm": futures, "coinm": futures}
        self._touch: dict[Market, tuple[int, int, int, int]] = {}
        self._forced: dict[Market, int] = {}
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def counter(self, listing: Listing) -> Counter:
        return self._engines.get(listing.product) or super().counter(listing)

    # -- sockets ------------------------------------------------------------------------------------

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> BinanceConnection:
        for product, rules in self.rules.items():
            for route in rules.routes:
                base = self.prefixes[product] + route
                if path in (base + "/ws", base + "/stream") or path.startswith(base + "/ws/"):
                    return BinanceConnection(self, number, path, query, now, product=product, route=route)
        raise HandshakeRefusedError(404)

    def stream(self, product: str, name: str) -> Stream | None:
        """Read a stream name; None for what this venue does not offer."""
        rules = self.rules[product]
        if name == "!forceOrder@arr" and rules.kind != "spot":
            return Stream(name, None, "forceOrder", None, None)
        if (found := STREAM.fullmatch(name)) is None:
            return None
        symbol, kind, speed = found["symbol"], found["kind"], found["speed"]
        market = next((m for (p, s), m in self.markets.items() if p == product and s.lower() == symbol), None)
        if market is None or (kind in ("markPrice", "forceOrder") and rules.kind == "spot"):
            return None
        speed_ms = int(speed[:-2]) if speed and speed.endswith("ms") else rules.speeds[0]
        if (kind == "depth" and (speed == "1s" or speed_ms not in rules.speeds)) or (
            kind != "depth" and found["levels"]
        ):
            return None
        return Stream(name, market, kind, int(found["levels"]) if found["levels"] else None, speed_ms)

    # -- what is sent -------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        listing, spot = feed.market.listing, feed.market.listing.product == "spot"
        price, size = writers(listing)
        bids = sorted(delta.bids, reverse=spot)
        levels = written((("bid", bids), ("ask", sorted(delta.asks))), price, size, pair)
        first = feed.last + 1 if spot else delta.first_id
        ids = f'"U":{first},"u":{delta.last_id}' + ("" if spot else f',"pu":{feed.last}')
        feed.last = delta.last_id
        engine, names = "", f'"s":"{listing.native}"'
        if not spot:
            engine = f'"T":{now // MS - self.random.randint(5, 60)},'
        if listing.product == "coinm":
            names += f',"ps":"{listing.facts["pair"]}"'
        rows_bid, rows_ask = joined(levels, "bid"), joined(levels, "ask")
        for connection in list(feed.subscribers):
            assert isinstance(connection, BinanceConnection)
            at = now // 1000 if connection.microseconds else now // MS
            raw = f'{{"e":"depthUpdate","E":{at},{engine}{names},{ids},"b":[{rows_bid}],"a":[{rows_ask}]}}'
            text = connection.wrapped(feed.topic.partition("/")[2], raw)
            connection.put(Frame(text, "update", listing.product, listing.native, levels, feed.rank), now)

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        price, size = writers(listing)
        for trade in trades:
            at, maker = now // MS, "true" if trade.taker == "sell" else "false"
            what = f'"p":"{price(trade.tick)}","q":"{size(trade.lots)}"'
            tail = f'"T":{at},"m":{maker}' + (',"M":true' if listing.product == "spot" else "")
            head = f'"E":{at + 2},"s":"{listing.native}"'
            number = trade.id
            agg = f'{{"e":"aggTrade",{head},"a":{number},{what},"f":{number},"l":{number},{tail}}}'
            if listing.product == "spot":
                fill = f'{{"e":"trade",{head},"t":{number},{what},{tail}}}'
            else:
                fill = f'{{"e":"trade","E":{at + 2},"T":{at},"s":"{listing.native}","t":{number},{what},'
                fill += f'"X":"MARKET","m":{maker}}}'
            self._tell(market, "aggTrade", agg, now, "trade")
            self._tell(market, "trade", fill, now, "trade")
        if listing.product != "spot" and self.random.random() < 0.05:
            self._force(market, trades[-1], now)

    def moved(self, market: Market, step: Step, now: int) -> None:
        book, listing = market.book, market.listing
        if not book.bids.keys or not book.asks.keys:
            return
        bid, ask = book.bids.tick(0), book.asks.tick(0)
        touch = (bid, book.bids.sizes[bid], ask, book.asks.sizes[ask])
        if self._touch.get(market) == touch:
            return
        self._touch[market] = touch
        if self.members(self._topic(market, "bookTicker")):
            price, size = writers(listing)
            e = "" if listing.product == "spot" else '"e":"bookTicker",'
            ps = f'"ps":"{listing.facts["pair"]}",' if listing.product == "coinm" else ""
            t = "" if listing.product == "spot" else f',"T":{now // MS},"E":{now // MS}'
            raw = (
                f'{{{e}"u":{market.counter_last},"s":"{listing.native}",{ps}"b":"{price(bid)}","B":"{size(touch[1])}",'
                f'"a":"{price(ask)}","A":"{size(touch[3])}"{t}}}'
            )
            self._tell(market, "bookTicker", raw, now, "other")

    def second(self, now: int) -> None:
        for market in self.markets.values():
            product = market.listing.product
            for levels in (5, 10, 20):
                self._partial(market, levels, now)
            if product == "spot":
                continue
            its: dict[str, Any] = {"e": "markPriceUpdate", "E": now // MS, "s": market.listing.native}
            raw = json.dumps(its | mark(market, now), separators=(",", ":"))
            self._tell(market, "markPrice@1s", raw, now, "other")
            if now // NS % 3 == 0:
                self._tell(market, "markPrice", raw, now, "other")

    def _partial(self, market: Market, levels: int, now: int) -> None:
        """Partial books, here once a second whatever speed was asked for."""
        listing, spot = market.listing, market.listing.product == "spot"
        for speed in ("", "@100ms", "@250ms", "@500ms"):
            if not self.members(self._topic(market, f"depth{levels}{speed}")):
                continue
            bids, asks = market.book.top(levels)
            if spot:
                raw = depth(SPOT, listing, market.sheet(now), levels, now)
            else:
                u = market.counter_last
                raw = (
                    f'{{"e":"depthUpdate","E":{now // MS},"T":{now // MS - 9},"s":"{listing.native}",'
                    f'"U":{u},"u":{u},"pu":{u},"b":[{rows(listing, sorted(bids))}],'
                    f'"a":[{rows(listing, asks)}]}}'
                )
            self._tell(market, f"depth{levels}{speed}", raw, now, "other")

    def _force(self, market: Market, trade: Trade, now: int) -> None:
        """A liquidation; of each symbol at most one a second is shown."""
        if now - self._forced.get(market, 0) < NS:
            return
        self._forced[market] = now
        listing, at = market.listing, now // MS
        price, size, q = listing.tick.fixed(trade.tick), listing.lot.fixed(trade.lots), trade.taker.upper()
        ps = f'"ps":"{listing.facts["pair"]}",' if listing.product == "coinm" else ""
        raw = (
            f'{{"e":"forceOrder","E":{at + 4},"o":{{"s":"{listing.native}",{ps}"S":"{q}","o":"LIMIT",'
            f'"f":"IOC","q":"{size}","p":"{price}","ap":"{price}","X":"FILLED","l":"{size}","z":"{size}","T":{at}}}}}'
        )
        self._tell(market, "forceOrder", raw, now, "other")
        for connection in self.members(f"{listing.product}/!forceOrder@arr"):
            self._to(connection, f"{listing.product}/!forceOrder@arr", raw, now, "other", listing.native)

    def _topic(self, market: Market, what: str) -> str:
        return f"{market.listing.product}/{market.listing.native.lower()}@{what}"

    def _tell(self, market: Market, what: str, raw: str, now: int, kind: Kind) -> None:
        topic = self._topic(market, what)
        for connection in self.members(topic):
            self._to(connection, topic, raw, now, kind, market.listing.native)

    def _to(self, connection: Connection, topic: str, raw: str, now: int, kind: Kind, symbol: str) -> None:
        assert isinstance(connection, BinanceConnection)
        product, _, stream = topic.partition("/")
        connection.put(Frame(connection.wrapped(stream, raw), kind, product, symbol), now)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        product = next((p for p, prefix in self.prefixes.items() if path.startswith(prefix + "/")), "")
        if pair := query.get("pair", ""):
            found = (
                s for (p, s), m in self.markets.items() if p == product and m.listing.facts["pair"] == pair
            )
            return product, next(found, "")
        return product, query.get("symbol", "")

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        product, symbol = self.subject(path, query)
        if not product:
            return Answer(404, "{}")
        rules = self.rules[product]
        call = path.removeprefix(self.prefixes[product]).removeprefix(rules.rest)
        limit = query.get("limit", "100" if product == "spot" else "500")
        levels = int(limit) if limit.isdigit() else 0
        weight = 1
        if call == "/depth":
            levels = min(levels, 5000) if product == "spot" else levels
            if levels < 1 or (product != "spot" and levels not in FUTURES_LIMITS):
                return Answer(400, BAD_LIMIT)
            weight = rules.depth_weight(levels)
        elif call == "/exchangeInfo":
            weight = rules.info_weight
        elif call == "/ticker/24hr":
            weight = 1 if symbol else 80 if product == "spot" else 40
        status, headers = self._budgets[product].spend(weight, now)
        if status != 200:
            return Answer(status, ERRORS[status], headers)
        market = self.markets.get((product, symbol))
        if call in ("/depth", "/openInterest") and market is None:
            return Answer(400, BAD_SYMBOL, headers)
        return Answer(*self._body(rules, product, call, market, levels, now, age_ns), headers)

    def _body(
        self, rules: Rules, product: str, call: str, market: Market | None, levels: int, now: int, age_ns: int
    ) -> tuple[int, str]:
        markets = [m for (p, _), m in self.markets.items() if p == product]
        match call:
            case "/ping":
                return 200, "{}"
            case "/time":
                return 200, f'{{"serverTime":{now // MS}}}'
            case "/exchangeInfo":
                return 200, exchange_info(rules, [m.listing for m in ([market] if market else markets)], now)
            case "/ticker/24hr":
                return 200, json.dumps([day(rules, m) for m in markets], separators=(",", ":"))
            case "/depth" if market:
                return 200, depth(rules, market.listing, market.sheet(now, age_ns), levels, now)
            case "/openInterest" if market and rules.kind != "spot":
                return 200, open_interest(rules, market, now)
            case "/premiumIndex" if rules.kind != "spot":
                found = [premium_index(m, now) for m in ([market] if market else markets)]
                single = market is not None and rules.kind == "um"
                return 200, json.dumps(found[0] if single else found, separators=(",", ":"))
            case "/futures/data/globalLongShortAccountRatio" if rules.kind != "spot":
                return 200, long_short(rules, market, "accounts", now)
            case "/futures/data/topLongShortAccountRatio" if rules.kind != "spot":
                return 200, long_short(rules, market, "top_accounts", now)
            case "/futures/data/topLongShortPositionRatio" if rules.kind != "spot":
                return 200, long_short(rules, market, "top_positions", now)
            case "/fundingInfo" if rules.kind != "spot":
                return 200, "[]"
        return 404, "{}"

    def error_body(self, status: int) -> str:
        return ERRORS.get(status, ERRORS[500])
