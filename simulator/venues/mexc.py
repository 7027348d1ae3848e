"""MEXC: spot (protobuf frames on /ws, acks in JSON) and contracts (JSON on /edge).

Source: the fact sheet mexc. Versions have no hole; a REST snapshot seeds the book. Spot's refusals carry code 0 like its
acks; a contract's acks do not say of which symbol. Protobuf is written here by hand, tag by tag; a binary frame is kept as
text of one character a byte until it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..book import Level
from ..connection import MS, NS, Connection, asked, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, FullFeed, written
from ..frames import Answer, Frame, Written
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

DEPTH, DEALS = "spot@public.aggre.depth.v3.api.pb", "spot@public.aggre.deals.v3.api.pb"
SPEEDS = ("10ms", "100ms")
MOST_TOPICS = 30
OF_DERIVATIVES = ("ticker", "funding.rate")
WITHOUT_TOPIC_NS, WITHOUT_PING_NS = 30 * NS, 60 * NS


class SpotConnection(Connection):
    """A socket on ``/ws``."""

    venue: Mexc

    def opened(self, now: int) -> None:
        self.at(now + WITHOUT_TOPIC_NS, self._watch)

    def packed(self, text: str) -> str | bytes:
        return text if text.startswith("{") else text.encode("latin-1")

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        method = message.get("method")
        if method == "PING":
            self._answer("PONG", now)
        elif method in ("SUBSCRIPTION", "UNSUBSCRIPTION"):
            topics = [topic for topic in asked(message, "params") if isinstance(topic, str)]
            take = self._subscribe if method == "SUBSCRIPTION" else self._unsubscribe
            done = [topic for topic in topics if take(topic, now)]
            if done:
                self._answer(",".join(done), now)

    def _subscribe(self, topic: str, now: int) -> bool:
        stream, _, rest = topic.rpartition("@")[0].rpartition("@")[0], "", topic.split("@")
        symbol, speed = rest[-1], rest[-2] if len(rest) > 2 else ""
        market = self.venue.markets.get(("spot", symbol))
        known = (
            stream in (DEPTH, DEALS) and speed in SPEEDS and len(self.feeds) + len(self.topics) < MOST_TOPICS
        )
        if market is None or not known or self.venue.faults.take(Reject, "spot", symbol, self.number):
            self._answer(f"Not Subscribed successfully! [{topic}].  Reason: Blocked! ", now)
            return False
        if stream == DEALS:
            self.topics[topic] = True
            self.venue.join(self, topic)
        else:
            self.follow(self.venue.feed(topic, lambda: FullFeed(topic, market, int(speed[:-2]) * MS)))
        return True

    def _unsubscribe(self, topic: str, now: int) -> bool:
        self.topics.pop(topic, None)
        self.unfollow(topic)
        self.venue.leave(self, topic)
        return True

    def _answer(self, said: str, now: int) -> None:
        self.say(json.dumps({"id": 0, "code": 0, "msg": said}, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if not self.feeds and not self.topics and now - self.opened_at >= WITHOUT_TOPIC_NS:
            self.close(now, 1000)
        elif now - self.heard_at >= WITHOUT_PING_NS:
            self.close(now, 1005)
        else:
            self.at(now + WITHOUT_TOPIC_NS, self._watch)


class ContractConnection(Connection):
    """A socket on ``/edge``."""

    venue: Mexc

    def opened(self, now: int) -> None:
        self.pinged_at = now
        self.at(now + WITHOUT_PING_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        method, param = str(message.get("method", "")), message.get("param")
        symbol = str(param.get("symbol", "")) if isinstance(param, dict) else ""
        verb, _, channel = method.partition(".")
        if method == "ping":
            self.pinged_at = now
            self._answer("pong", now // MS, now)
        elif verb in ("sub", "unsub") and channel in ("depth", "deal", *OF_DERIVATIVES):
            self._take(verb, channel, symbol, now)

    def _take(self, verb: str, channel: str, symbol: str, now: int) -> None:
        topic = f"push.{channel}:{symbol}"
        market = self.venue.markets.get(("contract", symbol))
        if verb == "unsub":
            self.unfollow(topic)
            self.venue.leave(self, topic)
        elif market is not None and channel in OF_DERIVATIVES:
            self.venue.join(self, topic)
        elif market is None or self.venue.faults.take(Reject, "contract", symbol, self.number):
            self._answer("rs.error", f"Contract [{symbol}] not exists", now)
            return
        elif channel == "deal":
            self.venue.join(self, topic)
        else:
            self.follow(self.venue.feed(topic, lambda: FullFeed(topic, market, 200 * MS)))
        self._answer(f"rs.{verb}.{channel}", "success", now)

    def _answer(self, channel: str, data: Any, now: int) -> None:
        self.say(json.dumps({"channel": channel, "data": data, "ts": now // MS}, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.pinged_at >= WITHOUT_PING_NS:
            self.close(now, None)
        else:
            self.at(self.pinged_at + WITHOUT_PING_NS, self._watch)


class Mexc(SimulatedVenue):
    """Both sockets and the REST calls that seed their books."""

    name = "mexc"
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://wbs-api.mexc.com", "rest": "https://api.mexc.com"},
        "contract": {"ws": "wss://contract.mexc.com", "rest": "https://api.mexc.com"},
    }
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.000001"), basis_bps=0.4),
        Listing("ETHUSDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.00001"), basis_bps=0.4),
        Listing(
            "BTC_USDT", "contract", "BTC", "USDT", Scale("0.1"), Scale("1"), contract=0.0001, basis_bps=-3.0
        ),
        Listing(
            "BTC_USD",
            "contract",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=100,
            inverse=True,
            basis_bps=-2.0,
        ),
    )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> Connection:
        if path == "/ws":
            return SpotConnection(self, number, path, query, now)
        if path == "/edge":
            return ContractConnection(self, number, path, query, now)
        raise HandshakeRefusedError(404)

    # -- books --------------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        first, feed.last = feed.last + 1, delta.last_id
        listing = feed.market.listing
        fragment = _level if listing.product == "spot" else _triple
        bids, asks = list(delta.bids), list(delta.asks)
        self.random.shuffle(bids)  # rows stand in no order
        rows = written((("bid", bids), ("ask", asks)), listing.tick.fixed, listing.lot.plain, fragment)
        make = self._spot if listing.product == "spot" else self._contract
        text = make(feed, rows, first, now)
        for connection in list(feed.subscribers):
            connection.put(Frame(text, "update", listing.product, listing.native, rows, feed.rank), now)

    def _spot(self, feed: Feed, rows: list[Written], first: int, now: int) -> str:
        depths = "".join(row.fragment for row in rows if row.side == "ask")
        depths += "".join(row.fragment for row in rows if row.side == "bid")
        depths += _text(3, feed.topic.rpartition("@")[0]) + _text(4, str(first)) + _text(5, str(feed.last))
        return _wrapped(feed.topic, feed.market.listing.native, now, _text(313, depths))

    def _contract(self, feed: Feed, rows: list[Written], first: int, now: int) -> str:
        sides = [
            f'"{side}s":[{",".join(row.fragment for row in rows if row.side == side)}]'
            for side in ("ask", "bid")
        ]
        ids = f'"end":{feed.last},"begin":{first},"version":{feed.last}'
        data = f'{{"cts":{now // MS - 3},{",".join(sides)},{ids}}}'
        native = feed.market.listing.native
        return f'{{"channel":"push.depth","symbol":"{native}","ts":{now // MS},"data":{data}}}'

    # -- prints -------------------------------------------------------------------------------------

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        if listing.product == "spot":
            for speed in SPEEDS:
                topic = f"{DEALS}@{speed}@{listing.native}"
                deals = "".join(_text(1, self._deal(listing, trade)) for trade in trades)
                text = _wrapped(
                    topic, listing.native, now, _text(314, deals + _text(2, topic.rpartition("@")[0]))
                )
                for connection in self.members(topic):
                    connection.put(Frame(text, "trade", "spot", listing.native), now)
            return
        rows = [
            f'{{"p":{listing.tick.plain(trade.tick)},"v":{listing.lot.plain(trade.lots)},'
            f'"T":{1 if trade.taker == "buy" else 2},"O":3,"M":2,"t":{trade.time // MS},"i":"{trade.id}"}}'
            for trade in trades
        ]
        text = f'{{"symbol":"{listing.native}","data":[{",".join(rows)}],"channel":"push.deal","ts":{now // MS}}}'
        for connection in self.members(f"push.deal:{listing.native}"):
            connection.put(Frame(text, "trade", "contract", listing.native), now)

    def _deal(self, listing: Listing, trade: Trade) -> str:
        kind = 1 if trade.taker == "buy" else 2
        words = _text(1, listing.tick.fixed(trade.tick)) + _text(2, listing.lot.plain(trade.lots))
        return (
            words + _number(3, kind) + _number(4, trade.time // MS) + _text(5, f"{trade.id}X0_{trade.id}X1")
        )

    def second(self, now: int) -> None:
        """Tickers every two seconds, funding rates every minute."""
        for (product, native), market in self.markets.items():
            if product == "contract" and now // NS % 2 == 0:
                self._tell(f"push.ticker:{native}", _ticker(market, now), now)
            if product == "contract" and now // NS % 60 == 0:
                self._tell(f"push.funding.rate:{native}", _funding(market, now), now)

    def _tell(self, topic: str, data: dict[str, Any], now: int) -> None:
        channel, _, native = topic.partition(":")
        message = {"channel": channel, "data": data, "symbol": native, "ts": now // MS}
        for connection in self.members(topic):
            connection.put(
                Frame(json.dumps(message, separators=(",", ":")), "other", "contract", native), now
            )

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        if path.startswith("/api/v1/contract/"):
            return "contract", path.rpartition("/")[2]
        return "spot", query.get("symbol", "")

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        product, symbol = self.subject(path, query)
        market = self.markets.get((product, symbol))
        listings = [market.listing for (its, _), market in self.markets.items() if its == product]
        limit = query.get("limit", "100")
        levels = int(limit) if limit.isdigit() else 100
        if path == "/api/v3/exchangeInfo":
            return Answer(200, json.dumps({"symbols": [_pair(listing) for listing in listings]}))
        if path == "/api/v1/contract/detail":
            return Answer(
                200, json.dumps({"success": True, "code": 0, "data": [_detail(one) for one in listings]})
            )
        if path == "/api/v1/contract/funding_rate":
            swaps = [market for (its, _), market in self.markets.items() if its == "contract"]
            rows = [_cycle(one, now) for one in swaps]
            return Answer(200, json.dumps({"success": True, "code": 0, "data": rows}))
        if path == "/api/v3/depth":
            if market is None:
                return Answer(400, '{"code":-1121,"msg":"Invalid symbol."}')
            return Answer(200, self._seed(market, min(levels, 5000), now, age_ns))
        if path.startswith("/api/v1/contract/depth/"):
            if market is None:
                return Answer(400, '{"success":false,"code":1001,"message":"Contract does not exist!"}')
            return Answer(200, self._seed(market, min(levels, 1000), now, age_ns))
        return Answer(404, "{}")

    def _seed(self, market: Market, levels: int, now: int, age_ns: int) -> str:
        listing, sheet = market.listing, market.sheet(now, age_ns)

        def rows(side: list[Level]) -> str:
            texts = [(listing.tick.fixed(tick), listing.lot.plain(lots)) for tick, lots in side[:levels]]
            spot = listing.product == "spot"
            return ",".join(f'["{p}","{s}"]' if spot else f"[{p},{s},1]" for p, s in texts)

        sides = f'"bids":[{rows(sheet.bids)}],"asks":[{rows(sheet.asks)}],"timestamp":{sheet.time // MS}'
        if listing.product == "spot":
            return f'{{"lastUpdateId":{sheet.last_id},{sides}}}'
        return f'{{"success":true,"code":0,"data":{{{sides},"version":{sheet.last_id}}}}}'


def _varint(value: int) -> str:
    out = ""
    while value > 127:
        out += chr(value & 127 | 128)
        value >>= 7
    return out + chr(value)


def _text(field: int, value: str) -> str:
    """A length-delimited field."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> str:
    return _varint(field << 3) + _varint(value)


def _level(side: str, price: str, size: str) -> str:
    return _text(1 if side == "ask" else 2, _text(1, price) + _text(2, size))


def _triple(_side: str, price: str, size: str) -> str:
    return f"[{price},{size},{1 if size != '0' else 0}]"


def _wrapped(topic: str, symbol: str, now: int, body: str) -> str:
    return _text(1, topic) + _text(3, symbol) + _number(6, now // MS) + body


def _pair(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.native,
        "status": "1",
        "baseAsset": listing.base,
        "baseAssetPrecision": listing.lot.decimals,
        "quoteAsset": listing.quote,
        "quotePrecision": listing.tick.decimals,
    }


def _detail(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.native,
        "baseCoin": listing.base,
        "quoteCoin": listing.quote,
        "settleCoin": listing.base if listing.inverse else listing.quote,
        "contractSize": listing.contract,
        "priceUnit": float(listing.tick.step),
        "volUnit": 1,
        "state": 0,
    }


def _ticker(market: Market, now: int) -> dict[str, Any]:
    listing, bid, ask = market.listing, market.book.bids.best() or 0, market.book.asks.best() or 0
    return {
        "symbol": listing.native,
        "lastPrice": float(listing.tick.decimal(market.last_trade.tick if market.last_trade else bid)),
        "bid1": float(listing.tick.decimal(bid)),
        "ask1": float(listing.tick.decimal(ask)),
        "fairPrice": round(derivative.mark(market), 2),
        "indexPrice": round(derivative.index(market, now), 2),
        "fundingRate": round(derivative.funding_rate(market, now), 6),
        "holdVol": derivative.open_interest(market, now),
        "timestamp": now // MS,
    }


def _funding(market: Market, now: int) -> dict[str, Any]:
    return {
        "symbol": market.listing.native,
        "rate": round(derivative.funding_rate(market, now), 6),
        "nextSettleTime": derivative.next_funding(now) // MS,
    }


def _cycle(market: Market, now: int) -> dict[str, Any]:
    its = _funding(market, now)
    rate = {"fundingRate": its.pop("rate"), "maxFundingRate": 0.02, "minFundingRate": -0.02}
    return its | rate | {"collectCycle": 8, "timestamp": now // MS}
