"""KuCoin spot and futures over the classic sockets, whose address and token come from a REST call before each connect.

Ids have no hole (steps 1 to 6 of the documented procedure). A message is applied whole even where the snapshot holds
its first rows already: sizes are absolute, so the book is that of its last row either way. Rows of price 0 only count.
"""

from __future__ import annotations

import re
from calendar import FRIDAY, monthcalendar
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, Poll, amount, nanoseconds
from ..errors import MalformedMessage
from ..events import Accepted, Leaving, Noted, Refused, Said, Welcomed
from ..instruments import Instrument, Market, canonical
from ..rules import Consecutive, Contiguous
from ..shape import (
    ASKS,
    BIDS,
    FIRST,
    ID,
    KIND,
    LAST,
    PRICE,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
    Rows,
    changes,
)
from ..venue import Channel, Door, Heartbeat, Limits, RestSnapshot, Route, Venue

RENAMED = {"XBT": "BTC"}
CODES = "FGHJKMNQUVXZ"  # of months, in the names of dated futures
CHANGE = re.compile(rb'"change":"([0-9.eE+-]+),(buy|sell),([0-9.eE+-]+)"')
QUOTES = ("USDT", "USDC", "USD")
ESTIMATED = 60_000  # ms between two estimates of the rate that is settled next
HOUR = 3_600_000  # ms


class Kucoin(Venue):
    """What both products share."""

    name = "kucoin"
    door = Door("/api/v1/bullet-public", weight=10)
    welcomes = True
    taker_bought, taker_sold = "buy", "sell"
    heartbeat = Heartbeat(silent_after=28.0, ping='{"id":"{id}","type":"ping"}', every=18.0)
    limits = Limits(
        symbols=100,
        messages_per_second=5,
        topics_per_message=100,
        weight_per_minute=4000,
        life=86_400,
        connects_per_minute=30,
    )
    proof = "sequence"
    interval = "real time"
    topics: ClassVar[dict[Channel, str]]

    def address_in(self, answer: Any, attempt: int) -> str:
        if answer["code"] != "200000":
            raise MalformedMessage(f"{answer['code']} {answer.get('msg')}")
        endpoint = answer["data"]["instanceServers"][0]["endpoint"]
        return f"{endpoint}?token={answer['data']['token']}&connectId={attempt}"

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels, request)

    def _requests(
        self, verb: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        for offset, channel in enumerate(channels):
            message = {
                "id": str(request + offset),
                "type": verb,
                "topic": f"{self.topics[channel]}:{','.join(symbols)}",
                "privateChannel": False,
                "response": True,
            }
            yield orjson.dumps(message).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        match message.get("type"):
            case "welcome":
                yield Welcomed()
            case "ack":
                yield Accepted(request=str(message.get("id", "")))
            case "error" if "token" in str(message.get("data")):
                yield Leaving(str(message.get("data")))
            case "error":
                why = f"{message.get('code')} {message.get('data')}"
                yield Refused(why, request=str(message.get("id", "")))
            case other:
                yield Noted(str(other or "unknown"))

    def symbol_in(self, kind: str) -> str:
        return kind.partition(":")[2]


class KucoinSpot(Kucoin):
    """Spot: sizes in base. Without a key the whole book comes with 100 levels a side."""

    product, markets = "spot", frozenset({Market.SPOT})
    ws, rest = "wss://ws-api-spot.kucoin.com", "https://api.kucoin.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws-api-spot.kucoin.com", "push-private.kucoin.com/endpoint")
    topics: ClassVar[dict[Channel, str]] = {
        Channel.BOOK: "/market/level2",
        Channel.TRADES: "/market/match",
    }
    layout = {
        "topic": KIND,
        "type": Leaf(),
        "subject": Leaf(),
        "data": {
            "symbol": SYMBOL,
            "sequenceStart": FIRST,
            "sequenceEnd": LAST,
            "changes": {"asks": ASKS, "bids": BIDS},
            "time": TIME,
            "sequence": ID,
            "side": SIDE,
            "size": SIZE,
            "price": PRICE,
        },
    }
    kinds = {"/market/level2:*": Kind.DELTA, "/market/match:*": Kind.TRADE, "/market/*": Kind.IGNORED}
    rule = Contiguous()
    snapshot = RestSnapshot(
        "/api/v1/market/orderbook/level2_100?symbol={symbol}",
        limit=100,
        weight=4,
        probe_weight=4,
        layout={"data": {"sequence": LAST, "time": TIME, "bids": BIDS, "asks": ASKS}},
    )
    blind_spots = ("levels beyond the 100 of the last snapshot are not known until they change",)

    def snapshot_symbol(self, url: str) -> str:
        """Recordings may hold the call for all levels, which wants a key."""
        return super().snapshot_symbol(url.replace("/api/v3/market/orderbook/level2?", LEVELS))

    def snapshot_limit(self, url: str) -> int:
        return 100 if urlsplit(url).path.endswith("_100") else EVERY_LEVEL

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v2/symbols",)

    def lists_instruments(self, url: str) -> bool:
        return urlsplit(url).path.endswith(("/api/v2/symbols", "/api/v1/symbols"))

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["symbol"],
                tick=Decimal(row["priceIncrement"]),
                lot=Decimal(row["baseIncrement"]),
                active=row["enableTrading"],
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v1/market/allTickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(row["volValue"] or 0)) for row in answer["data"]["ticker"])

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, quote = native.partition("-")
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)


def rows_of(frame: bytes) -> bytes:
    """A futures message says its one change as `"price,side,lots"`; the scanner wants a row."""
    return CHANGE.sub(rb'"change":[["\1","\2","\3"]]', frame, count=1)


class KucoinFutures(Kucoin):
    """Futures: sizes in lots of `multiplier` base, or of that many USD where inverse; one change a message."""

    product, markets = "futures", frozenset({Market.PERP, Market.FUTURE})
    ws, rest = "wss://ws-api-futures.kucoin.com", "https://api-futures.kucoin.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws-api-futures.kucoin.com",)
    topics: ClassVar[dict[Channel, str]] = {
        Channel.BOOK: "/contractMarket/level2",
        Channel.TRADES: "/contractMarket/execution",
        Channel.TICKER: "/contract/instrument",
    }
    routes = {"": Route(""), "derivatives": Route("", (Channel.TICKER,))}
    polls = (Poll("/api/v1/contracts/{symbol}", 10, 3),)  # the list of all has 1.4 MB
    derivatives = Derivatives(open_interest="REST", funding="socket", mark="socket", index="socket")
    unpack = staticmethod(rows_of)
    layout = {
        "topic": KIND,
        "type": Leaf(),
        "subject": Leaf(),
        "sn": LAST,
        "data": {
            "change": changes(Rows(price=0, side=1, size=2, bid="buy")),
            "timestamp": TIME,
            "side": SIDE,
            "size": SIZE,
            "price": PRICE,
            "tradeId": ID,
            "ts": TIME,
        },
    }
    kinds = {
        "/contractMarket/level2:*": Kind.DELTA,
        "/contractMarket/execution:*": Kind.TRADE,
        "/contract/instrument:*": Kind.DERIVATIVE,
        "/contract*": Kind.IGNORED,
    }
    rule = Consecutive()
    snapshot = RestSnapshot(
        "/api/v1/level2/snapshot?symbol={symbol}",
        limit=0,
        weight=3,
        probe_weight=3,
        layout={"data": {"sequence": LAST, "ts": TIME, "bids": BIDS, "asks": ASKS}},
    )

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        data = message["data"]
        told = DerivativeTicker(symbol, nanoseconds(data["timestamp"]))
        match message["subject"]:
            case "mark.index.price":
                told.mark, told.index = amount(data["markPrice"]), amount(data["indexPrice"])
            case "funding.rate" if data["granularity"] == ESTIMATED:
                told.funding_rate = amount(data["fundingRate"])
            case _:
                return  # the rate that was settled last
        yield told

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        """`nextFundingRateTime` is the time that is left, `nextFundingRateDateTime` the moment."""
        data = answer["data"]
        for row in data if isinstance(data, list) else [data]:  # a list where all were asked for
            every = amount(row.get("fundingRateGranularity"))  # null of dated contracts
            yield DerivativeTicker(
                row["symbol"],
                funding_hours=every / HOUR if every else None,
                next_funding=nanoseconds(row.get("nextFundingRateDateTime")) or None,
                open_interest=amount(row.get("openInterest")),
            )

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v1/contracts/active",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["symbol"],
                named(row["baseCurrency"]),
                row["quoteCurrency"],
                row["isInverse"],
                contract_size=abs(Decimal(str(row["multiplier"]))),
                tick=Decimal(str(row["tickSize"])),
                lot=Decimal(str(row["lotSize"])),
                active=row["status"] == "Open",
                expires=int(row.get("expireDate") or 0) * 1_000_000,
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v1/contracts/active",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """Of linear ones: in what the others are told is not documented."""
        rows = answer["data"]
        return (
            (row["symbol"], Decimal(str(row["turnoverOf24h"] or 0))) for row in rows if not row["isInverse"]
        )

    def infer(self, native: str) -> Instrument:
        pair = dated[1] if (dated := DATED.fullmatch(native)) else native.removesuffix("M")
        quote = next((one for one in QUOTES if pair.endswith(one) and pair != one), "USD")
        inverse = quote == "USD"
        base = named(pair.removesuffix(quote))
        return self._instrument(native, base, quote, inverse, contract_size=None, inferred=True)

    def _instrument(self, native: str, base: str, quote: str, inverse: bool, **more: Any) -> Instrument:
        dated = DATED.fullmatch(native)
        expiry = last_friday(2000 + int(dated[3]), CODES.index(dated[2]) + 1) if dated else ""
        market = Market.FUTURE if dated else Market.PERP
        settle = base if inverse else quote
        symbol = canonical(base, quote, market, settle=settle, expiry=expiry)
        return Instrument(
            self.name, native, symbol, market, base, quote, settle, inverse=inverse, expiry=expiry, **more
        )


LEVELS = "/api/v1/market/orderbook/level2_100?"
EVERY_LEVEL = 1 << 30
DATED = re.compile(rf"(\w+)M([{CODES}])(\d\d)")


def last_friday(year: int, month: int) -> str:
    """YYMMDD of the day on which a contract of this month expires; its name has only month and year."""
    day = max(week[FRIDAY] for week in monthcalendar(year, month))
    return f"{year % 100:02}{month:02}{day:02}"


def named(currency: str) -> str:
    """A currency as everyone else calls it."""
    return RENAMED.get(currency, currency)
