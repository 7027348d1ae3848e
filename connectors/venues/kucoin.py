"""KuCoin spot and futures over the UTA sockets, which want no token: channels `obu` (increment@10ms) and `trade`, and for
futures `mark-price` and `funding-fee`. Frames are binary and hold plain JSON. The classic spot socket is read in recordings.

A book is a window of 500 levels a side, aggregated over 10 ms. `O` is `C` of the update before plus one; what leaves the
window is pushed with size 0, sometimes a message later, so that nothing is cut here (`keeps_window`).
"""

from __future__ import annotations

import re
from calendar import FRIDAY, monthcalendar
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Accepted, Leaving, Noted, Refused, Said, Welcomed
from ..instruments import Instrument, Market, canonical
from ..rules import Contiguous
from ..shape import (
    ACTION,
    ASKS,
    BIDS,
    FIRST,
    ID,
    KIND,
    LAST,
    PRICE,
    SENT,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Layout,
    Leaf,
)
from ..venue import Channel, Heartbeat, Limits, RestSnapshot, Route, Venue

RENAMED = {"XBT": "BTC"}
CODES = "FGHJKMNQUVXZ"  # of months, in the names of dated futures
DATED = re.compile(rf"(\w+)M([{CODES}])(\d\d)")
QUOTES = ("USDT", "USDC", "USD")
HOUR = 3_600_000  # ms
BOOK_DEPTH = "increment@10ms"
NAMES = {
    Channel.BOOK: "obu",
    Channel.TRADES: "trade",
    Channel.MARK_PRICE: "mark-price",  # and the index price, and the open interest
    Channel.FUNDING: "funding-fee",
}


class Kucoin(Venue):
    """What both products share. `trade_type` is what the venue calls one."""

    name = "kucoin"
    trade_type: ClassVar[str]
    rest = "https://api.kucoin.com"
    welcomes = True
    layout: ClassVar[Layout] = {
        "T": KIND,
        "t": ACTION,
        "P": SENT,
        "d": {
            "s": SYMBOL,
            "O": FIRST,
            "C": LAST,
            "M": TIME,
            "b": BIDS,
            "a": ASKS,
            "ti": ID,
            "S": SIDE,
            "p": PRICE,
            "q": SIZE,
        },
    }
    kinds: ClassVar[Mapping[str, Kind]] = {
        "obu.*": Kind.BOOK,
        "trade.*": Kind.TRADE,
        "mark-price": Kind.DERIVATIVE,
        "funding-fee*": Kind.DERIVATIVE,
        "ticker.*": Kind.IGNORED,
        "kline.*": Kind.IGNORED,
    }
    taker_bought, taker_sold = "buy", "sell"
    rule = Contiguous()
    ids_alone = True
    depth = 500
    depths: ClassVar[tuple[int, ...]] = (1, 5, 50, 500)
    keeps_window = True
    heartbeat = Heartbeat(silent_after=28.0, ping='{"id":"{id}","type":"ping"}', every=18.0)
    limits = Limits(
        symbols=100,
        messages_per_second=10,
        topics_per_message=1,
        weight_per_minute=4000,
        pool="kucoin",
        connects_per_minute=30,
    )
    volumes_weight = 15
    proof = "sequence"
    interval = "10ms"
    blind_spots: ClassVar[tuple[str, ...]] = (
        "only the best 500 levels a side are sent",
        "an unknown symbol is accepted and stays silent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels, request)

    def _requests(
        self, verb: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        for symbol in symbols:
            for channel in channels:
                asked = {"id": str(request), "action": verb.upper(), "channel": NAMES[channel]}
                asked |= {"tradeType": self.trade_type, "symbol": symbol}
                if channel is Channel.BOOK:
                    asked["depth"] = BOOK_DEPTH
                yield orjson.dumps(asked).decode()
                request += 1

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        match message:
            case {"message": "welcome"}:
                yield Welcomed()
            case {"result": True}:
                yield Accepted(request=str(message.get("id", "")))
            case {"result": False}:
                why = str(message.get("message") or message.get("reason"))
                yield Refused(why, request=str(message.get("id", "")))
            case _:
                yield Noted(str(message.get("type") or message.get("T") or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        if message.get("channel") != NAMES[Channel.BOOK]:
            return {}
        asked = str(message.get("depth"))
        symbols = message.get("symbols") or [message.get("symbol")]
        return dict.fromkeys(map(str, symbols), int(asked) if asked.isdigit() else self.depth)

    def instrument_paths(self) -> Sequence[str]:
        return (f"/api/ua/v1/market/instrument?tradeType={self.trade_type}",)

    def lists_instruments(self, url: str) -> bool:
        of = parse_qs(urlsplit(url).query).get("tradeType")
        return super().lists_instruments(url) and of == [self.trade_type]

    def volume_paths(self) -> Sequence[str]:
        return (f"/api/ua/v1/market/ticker?tradeType={self.trade_type}",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """Not of inverse contracts: in what they are told is not documented."""
        for row in answer["data"]["list"]:
            if not self.infer(row["symbol"]).inverse:
                yield row["symbol"], Decimal(row["quoteVolume"] or 0)


class KucoinSpot(Kucoin):
    """Spot: sizes in base."""

    product, markets = "spot", frozenset({Market.SPOT})
    trade_type = "SPOT"
    ws = "wss://x-push-spot.kucoin.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("x-push-spot.kucoin.com",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]["list"]:
            yield self._instrument(
                row["symbol"],
                tick=Decimal(row["tickSize"]),
                lot=Decimal(row["baseOrderStep"]),
                active=row["tradingStatus"] == "1",
            )

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, quote = native.partition("-")
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)


class KucoinFutures(Kucoin):
    """Futures: sizes in lots of `unitSize` base, or of that many USD where inverse."""

    product, markets = "futures", frozenset({Market.PERP, Market.FUTURE})
    trade_type = "FUTURES"
    ws = "wss://x-push-futures.kucoin.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("x-push-futures.kucoin.com",)
    routes = {"": Route(""), "derivatives": Route("", (Channel.MARK_PRICE, Channel.FUNDING))}
    derivatives = Derivatives(open_interest="socket", funding="socket", mark="socket", index="socket")

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        """`fr` is the rate that is settled at `nt`; `lfr` the one that was settled last."""
        data = message["d"]
        if kind == NAMES[Channel.MARK_PRICE]:
            yield DerivativeTicker(
                data["s"],
                nanoseconds(data["ts"]),
                mark=amount(data["mp"]),
                index=amount(data["ip"]),
                open_interest=amount(data.get("oi")),
            )
            return
        every = amount(data.get("gl"))
        yield DerivativeTicker(
            data["s"],
            nanoseconds(message.get("P"), 1),
            funding_rate=amount(data["fr"]),
            funding_hours=every / HOUR if every else None,
            next_funding=nanoseconds(data.get("nt")) or None,
        )

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]["list"]:
            yield self._instrument(
                row["symbol"],
                named(row["baseCurrency"]),
                row["quoteCurrency"],
                row["isInverse"],
                contract_size=abs(Decimal(row["unitSize"])),
                tick=Decimal(row["tickSize"]),
                lot=Decimal(row["lotSize"]),
                active=row["tradingStatus"] == "1",
                expires=int(row.get("expiryTime") or 0) * 1_000_000,
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


class KucoinSpotClassic(KucoinSpot):
    """Spot by the classic socket, whose address holds a token: updates of all levels, the whole book by REST.

    A message is applied whole even where the snapshot holds its first rows already: sizes are absolute, so the book is
    that of its last row either way. Rows of price 0 only count. Without a key the whole book comes with 100 levels a side.
    """

    product, superseded = "spot_classic", True
    fresh_addresses = True
    ws = "wss://ws-api-spot.kucoin.com"
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
    ids_alone = False
    depth, depths, keeps_window = 0, (), False
    limits = Limits(
        symbols=100,
        messages_per_second=5,
        topics_per_message=100,
        weight_per_minute=4000,
        pool="kucoin",
        life=86_400,
        connects_per_minute=30,
    )
    interval = "real time"
    snapshot = RestSnapshot(
        "/api/v1/market/orderbook/level2_100?symbol={symbol}",
        limit=100,
        weight=4,
        probe_weight=4,
        layout={"data": {"sequence": LAST, "time": TIME, "bids": BIDS, "asks": ASKS}},
    )
    blind_spots = ("levels beyond the 100 of the last snapshot are not known until they change",)

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


LEVELS = "/api/v1/market/orderbook/level2_100?"
EVERY_LEVEL = 1 << 30


def last_friday(year: int, month: int) -> str:
    """YYMMDD of the day on which a contract of this month expires; its name has only month and year."""
    day = max(week[FRIDAY] for week in monthcalendar(year, month))
    return f"{year % 100:02}{month:02}{day:02}"


def named(currency: str) -> str:
    """A currency as everyone else calls it."""
    return RENAMED.get(currency, currency)
