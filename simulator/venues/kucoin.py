"""KuCoin's classic sockets: spot and futures, whose address and token a REST call gives.

Source: the fact sheet kucoin. Both have hosts of their own in reality; here the first segment of a path tells them
apart: ``/spot/endpoint``, ``/futures/api/v1/contracts/active``. Ids have no hole; about a third of spot's messages hold a
row of price 0, which only counts; futures say one change a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import derivative
from ..connection import MS, NS, Connection, parsed
from ..faults import Reject
from ..feeds import Delta, Feed, FullFeed, joined, written
from ..frames import Answer, Frame, Written
from ..listing import Listing
from ..market import Market, Trade
from ..scale import Scale
from ..venue import HandshakeRefusedError, SimulatedVenue

BOOKS = {"spot": "/market/level2", "futures": "/contractMarket/level2"}
PRINTS = {"spot": "/market/match", "futures": "/contractMarket/execution"}
INSTRUMENT = "/contract/instrument"  # of futures
IDLE_NS = 60 * NS
TOKEN_NS = 24 * 3600 * NS


class KucoinConnection(Connection):
    """A socket that was opened with a token."""

    venue: Kucoin

    def opened(self, now: int) -> None:
        self.product = self.path.split("/")[1]
        self.say(f'{{"id":"{self.query.get("connectId", "")}","type":"welcome"}}', now, delay_ns=40 * MS)
        self.at(now + IDLE_NS, self._watch)

    def received(self, text: str, now: int) -> None:
        message = parsed(text) or {}
        request, kind, topic = str(message.get("id", "")), message.get("type"), message.get("topic")
        if now - self.opened_at < 40 * MS:
            return
        if kind == "ping":
            self._answer({"id": request, "type": "pong"}, now)
        elif kind not in ("subscribe", "unsubscribe"):
            self._answer({"id": request, "type": "error", "code": 415, "data": "type is not supported"}, now)
        else:
            channel, _, symbols = str(topic).partition(":")
            offered = [BOOKS[self.product], PRINTS[self.product]]
            offered += [INSTRUMENT] if self.product == "futures" else []
            if channel not in offered:
                data = "topic does not exist"
                self._answer({"id": request, "type": "error", "code": 404, "data": data}, now)
                return
            self._answer({"id": request, "type": "ack"}, now)
            for symbol in symbols.split(","):
                self._take(kind == "subscribe", channel, symbol, now)

    def _take(self, wanted: bool, channel: str, symbol: str, now: int) -> None:
        """Unknown symbols are acked too, and stay silent."""
        topic = f"{channel}:{symbol}"
        market = self.venue.markets.get((self.product, symbol))
        if not wanted:
            self.unfollow(topic)
            self.venue.leave(self, topic)
        elif market is not None and channel == INSTRUMENT:
            self.venue.join(self, topic)
        elif market is None or self.venue.faults.take(Reject, self.product, symbol, self.number):
            return
        elif channel == BOOKS[self.product]:
            self.follow(self.venue.feed(topic, lambda: FullFeed(topic, market, 0)))
        else:
            self.venue.join(self, topic)

    def _answer(self, message: dict[str, Any], now: int) -> None:
        self.say(json.dumps(message, separators=(",", ":")), now)

    def _watch(self, now: int) -> None:
        if now - self.heard_at >= IDLE_NS:
            self.close(now, 1000, "Bye")
        else:
            self.at(self.heard_at + IDLE_NS, self._watch)


class Kucoin(SimulatedVenue):
    """Tokens, sockets, snapshots and lists."""

    name = "kucoin"
    prefixes: ClassVar = {"spot": "/spot", "futures": "/futures"}
    real_hosts: ClassVar = {
        "spot": {"ws": "wss://ws-api-spot.kucoin.com", "rest": "https://api.kucoin.com"},
        "futures": {"ws": "wss://ws-api-futures.kucoin.com", "rest": "https://api-futures.kucoin.com"},
    }
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing("BTC-USDT", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.00001"), basis_bps=0.1),
        Listing("ETH-USDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.1),
        Listing(
            "XBTUSDTM", "futures", "BTC", "USDT", Scale("0.1"), Scale("1"), contract=0.001, basis_bps=-3.0
        ),
        Listing(
            "XBTUSDM",
            "futures",
            "BTC",
            "USD",
            Scale("0.1"),
            Scale("1"),
            contract=1,
            inverse=True,
            basis_bps=-2.0,
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
        self._tokens: dict[str, int] = {}
        super().__init__(listings, seed=seed, rate=rate, start=start, staged=staged)

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> KucoinConnection:
        if path not in ("/spot/endpoint", "/futures/endpoint"):
            raise HandshakeRefusedError(404)
        if now - self._tokens.get(query.get("token", ""), now - TOKEN_NS) >= TOKEN_NS:
            raise HandshakeRefusedError(401)
        return KucoinConnection(self, number, path, query, now)

    # -- what is sent -------------------------------------------------------------------------------

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        first, feed.last = feed.last + 1, delta.last_id
        listing = feed.market.listing
        rows = written(
            (("bid", delta.bids), ("ask", delta.asks)), listing.tick.plain, listing.lot.plain, _row
        )
        if listing.product == "spot":
            if feed.last > first and self.random.random() < 0.35:
                self._send(feed, self._spot(feed, [], first, first, now), [], now)
                first += 1
            self._send(feed, self._spot(feed, rows, first, feed.last, now), rows, now)
            return
        # One message an id; a level that changed twice is said twice, since only its end is known here.
        for number in range(first, feed.last + 1):
            row = rows[max(0, len(rows) - 1 - (feed.last - number))] if rows else None
            self._send(feed, self._futures(feed, row, number, now), [row] if row else [], now)

    def _send(self, feed: Feed, text: str, levels: list[Written], now: int) -> None:
        listing = feed.market.listing
        frame = Frame(text, "update", listing.product, listing.native, levels, feed.rank)
        for connection in list(feed.subscribers):
            connection.put(frame, now)

    def _spot(self, feed: Feed, rows: list[Written], first: int, last: int, now: int) -> str:
        asks, bids = joined(rows, "ask"), joined(rows, "bid")
        if not rows:
            asks = f'["0","0","{last}"]'
        data = (
            f'"sequenceStart":{first},"sequenceEnd":{last},"symbol":"{feed.market.listing.native}",'
            f'"changes":{{"asks":[{asks}],"bids":[{bids}]}},"time":{now // MS}'
        )
        return f'{{"type":"message","topic":"{feed.topic}","subject":"trade.l2update","data":{{{data}}}}}'

    def _futures(self, feed: Feed, row: Written | None, number: int, now: int) -> str:
        side = "buy" if row is None or row.side == "bid" else "sell"
        price, size = ("0", "0") if row is None else (row.price, row.size)
        data = f'"sequence":{number},"change":"{price},{side},{size}","timestamp":{now // MS}'
        return (
            f'{{"topic":"{feed.topic}","type":"message","subject":"level2","sn":{number},"data":{{{data}}}}}'
        )

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        listing = market.listing
        topic = f"{PRINTS[listing.product]}:{listing.native}"
        for trade in trades:
            size: Any = listing.lot.plain(trade.lots)
            said: dict[str, Any] = {"symbol": listing.native, "side": trade.taker}
            said |= {"price": listing.tick.plain(trade.tick), "takerOrderId": "b", "makerOrderId": "a"}
            message: dict[str, Any] = {"topic": topic, "type": "message"}
            if listing.product == "spot":
                ids = {"sequence": str(trade.id), "type": "match", "size": size, "time": str(trade.time)}
                message |= {"subject": "trade.l3match", "data": said | ids | {"tradeId": f"{trade.id:024x}"}}
            else:
                ids = {"sequence": trade.id, "size": int(size), "tradeId": str(trade.id), "ts": trade.time}
                message |= {"subject": "match", "sn": trade.id, "data": said | ids}
            text = json.dumps(message, separators=(",", ":"))
            for connection in self.members(topic):
                connection.put(Frame(text, "trade", listing.product, listing.native), now)

    def second(self, now: int) -> None:
        """Mark and index each second, each minute the estimate of the funding rate, and beside it the settled one."""
        for market in self.markets.values():
            if market.listing.product != "futures":
                continue
            prices = {"markPrice": derivative.mark(market), "indexPrice": derivative.index(market, now)}
            prices = {name: round(price, 2) for name, price in prices.items()}
            self._instrument(market, "mark.index.price", prices | {"granularity": 1000}, now)
            if now // NS % 60 == 0:
                for granularity, rate in (
                    (60_000, derivative.funding_rate(market, now)),
                    (28_800_000, 0.0001),
                ):
                    told = {"granularity": granularity, "fundingRate": round(rate, 6)}
                    self._instrument(market, "funding.rate", told, now)

    def _instrument(self, market: Market, subject: str, data: dict[str, Any], now: int) -> None:
        native = market.listing.native
        topic = f"{INSTRUMENT}:{native}"
        message = {
            "topic": topic,
            "type": "message",
            "subject": subject,
            "data": data | {"timestamp": now // MS},
        }
        for connection in self.members(topic):
            text = json.dumps(message, separators=(",", ":"))
            connection.put(Frame(text, "other", "futures", native), now)

    # -- REST ---------------------------------------------------------------------------------------

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        product = path.split("/")[1] if path.startswith(("/spot/", "/futures/")) else ""
        return product, query.get("symbol", "")

    def posted(self, path: str, body: str, now: int) -> Answer:
        product, _ = self.subject(path, {})
        if not product or not path.endswith("/api/v1/bullet-public"):
            return Answer(405, "{}")
        token = f"2neAi{self.random.getrandbits(64):016x}"
        self._tokens[token] = now
        server = {
            "endpoint": f"{self.at}/{product}/endpoint",
            "encrypt": True,
            "protocol": "websocket",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
        return Answer(200, _ok({"token": token, "instanceServers": [server]}))

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        product, symbol = self.subject(path, query)
        market = self.markets.get((product, symbol))
        listings = [market.listing for (its, _), market in self.markets.items() if its == product]
        if path.startswith("/futures/api/v1/contracts/"):
            market = self.markets.get((product, path.rpartition("/")[2]))
        match path:
            case "/spot/api/v2/symbols":
                return Answer(200, _ok([_pair(listing) for listing in listings]))
            case "/futures/api/v1/contracts/active":
                swaps = [market for (its, _), market in self.markets.items() if its == "futures"]
                return Answer(200, _ok([_contract(one.listing) | _state(one, now) for one in swaps]))
            case _ if path.startswith("/futures/api/v1/contracts/") and market is not None:
                return Answer(200, _ok(_contract(market.listing) | _state(market, now)))
            case "/spot/api/v1/market/orderbook/level2_100" | "/futures/api/v1/level2/snapshot":
                if market is None:
                    return Answer(400, json.dumps({"code": "400100", "msg": "symbol not exists"}))
                return Answer(200, self._snapshot(market, now, age_ns))
        return Answer(404, "{}")

    def _snapshot(self, market: Market, now: int, age_ns: int) -> str:
        listing, sheet = market.listing, market.sheet(now, age_ns)
        most = 100 if listing.product == "spot" else len(sheet.bids) + len(sheet.asks)
        sides: list[Any] = []
        for levels in (sheet.bids, sheet.asks):
            texts = [(listing.tick.plain(tick), listing.lot.plain(lots)) for tick, lots in levels[:most]]
            numbers = [[float(price), int(size)] for price, size in texts if listing.product == "futures"]
            sides.append(numbers or [list(pair) for pair in texts])
        data: dict[str, Any] = {"bids": sides[0], "asks": sides[1]}
        if listing.product == "spot":
            data |= {"time": sheet.time // MS, "sequence": str(sheet.last_id)}
        else:
            data |= {"symbol": listing.native, "sequence": sheet.last_id, "ts": sheet.time}
        return _ok(data)

    def error_body(self, status: int) -> str:
        return json.dumps({"code": f"{status}000", "msg": "Too Many Requests" if status == 429 else "error"})


def _row(_side: str, price: str, size: str) -> str:
    return f'["{price}","{size}","0"]'


def _ok(data: Any) -> str:
    return json.dumps({"code": "200000", "data": data}, separators=(",", ":"))


def _pair(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.native,
        "baseCurrency": listing.base,
        "quoteCurrency": listing.quote,
        "baseIncrement": listing.lot.step,
        "priceIncrement": listing.tick.step,
        "enableTrading": True,
    }


def _contract(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.native,
        "baseCurrency": "XBT" if listing.base == "BTC" else listing.base,
        "quoteCurrency": listing.quote,
        "settleCurrency": "XBT" if listing.inverse else listing.quote,
        "lotSize": 1,
        "tickSize": float(listing.tick.step),
        "multiplier": -listing.contract if listing.inverse else listing.contract,
        "isInverse": listing.inverse,
        "status": "Open",
    }


def _state(market: Market, now: int) -> dict[str, Any]:
    """What the list tells of a contract beside its facts."""
    following = derivative.next_funding(now)
    return {
        "openInterest": str(derivative.open_interest(market, now)),
        "markPrice": round(derivative.mark(market), 2),
        "indexPrice": round(derivative.index(market, now), 2),
        "fundingFeeRate": round(derivative.funding_rate(market, now), 6),
        "predictedFundingFeeRate": None,
        "fundingRateGranularity": 28_800_000,
        "nextFundingRateTime": (following - now) // MS,
        "nextFundingRateDateTime": following // MS,
    }
