"""Bybit v5: spot, linear and inverse. Topics `orderbook.N.SYMBOL` and `publicTrade.SYMBOL`.

`u` grows by one per topic; a snapshot, or `u` = 1 after a restart of the service, replaces the book.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote

import orjson

from ..assets import LEADING, TRAILING, multiple
from ..derivatives import (
    RATIO_EVERY,
    Complete,
    Derivative,
    Derivatives,
    DerivativeTicker,
    Liquidation,
    Poll,
    Population,
    Position,
    amount,
    latest,
    nanoseconds,
    share,
)
from ..events import Accepted, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Counted
from ..shape import (
    ACTION,
    ASKS,
    BIDS,
    EXCLUDE,
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
    Leaf,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

QUOTES = ("USDT", "USDC", "USDE", "USD1", "BTC", "ETH", "EUR", "BRL", "TRY", "DAI", "USD")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DATED = re.compile(r"(?P<pair>[A-Z0-9]+)-(?P<day>\d{1,2})(?P<month>[A-Z]{3})(?P<year>\d{2})")
TOPICS = {
    Channel.TRADES: "publicTrade",
    Channel.LIQUIDATIONS: "allLiquidation",
    Channel.TICKER: "tickers",
}
INVERSE_DATED = re.compile(r"(?P<pair>[A-Z0-9]+USD)[FGHJKMNQUVXZ]\d{2}")


class Bybit(Venue):
    """What the three products share."""

    name = "bybit"
    layout = {
        "topic": KIND,
        "ts": SENT,
        "type": ACTION,
        "data": {
            "s": SYMBOL,
            "b": BIDS,
            "a": ASKS,
            "u": LAST,
            "seq": Leaf(),
            "T": TIME,
            "S": SIDE,
            "v": SIZE,
            "p": PRICE,
            "i": ID,
            "L": Leaf(),
            "BT": EXCLUDE,
        },
        "cts": TIME,
    }
    kinds = {
        "orderbook.*": Kind.BOOK,
        "publicTrade.*": Kind.TRADE,
        "allLiquidation.*": Kind.DERIVATIVE,
        "tickers.*": Kind.DERIVATIVE,
    }
    history = frozenset()  # every batch of trades calls itself a snapshot
    taker_bought, taker_sold = "Buy", "Sell"
    off_book = frozenset({"true"})  # BT: block trade
    rule = Counted()
    refuses_whole = True
    heartbeat = Heartbeat(silent_after=25.0, ping='{"op":"ping"}', every=20.0)
    limits = Limits(
        symbols=50,
        messages_per_second=5,
        topics_per_message=10,
        weight_per_minute=600,
        connects_per_minute=60,
    )
    depth, depths = 200, (1, 50, 200, 1000)
    proof = "sequence"
    interval = "100ms"
    blind_spots = ("only the subscribed number of levels is sent",)

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("unsubscribe", symbols, channels, request)

    def _request(
        self, op: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        topics = {**TOPICS, Channel.BOOK: f"orderbook.{self.depth}"}
        args = [f"{topics[channel]}.{symbol}" for channel in channels for symbol in symbols]
        yield orjson.dumps({"req_id": str(request), "op": op, "args": args}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request, op = str(message.get("req_id") or ""), message.get("op")
        if op in ("ping", "pong"):
            yield Noted("pong")
        elif op == "subscribe" and message.get("success"):
            yield Accepted(request=request)
        elif op == "subscribe":
            why = str(message.get("ret_msg"))
            yield Refused(why, request=request, symbol=why.rsplit(".", 1)[-1] if "." in why else "")
        elif op == "unsubscribe":
            yield Unsubscribed(request=request)
        else:
            yield Noted(str(op or message.get("topic") or "unknown"))

    def depth_in(self, kind: str) -> int:
        parts = kind.split(".")
        return int(parts[1]) if len(parts) == 3 and parts[0] == "orderbook" and parts[1].isdigit() else 0

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        topics = [topic for topic in message.get("args") or () if isinstance(topic, str)]
        return {topic.rsplit(".", 1)[-1]: depth for topic in topics if (depth := self.depth_in(topic))}

    def instrument_paths(self) -> Sequence[str]:
        return (f"/v5/market/instruments-info?category={self.product}&limit=1000",)

    def next_page(self, path: str, answer: Any) -> str:
        cursor = answer["result"].get("nextPageCursor")
        return f"{path.partition('&cursor=')[0]}&cursor={quote(cursor, safe='')}" if cursor else ""

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        if answer["result"].get("category", self.product) != self.product:
            return
        for row in answer["result"]["list"]:
            lot = row["lotSizeFilter"]
            yield self._instrument(
                row["symbol"],
                row["baseCoin"],
                row["quoteCoin"],
                row.get("contractType", ""),
                expiry_of(row["symbol"], row.get("deliveryTime", "0")),
                tick=Decimal(row["priceFilter"]["tickSize"]),
                lot=Decimal(lot.get("qtyStep") or lot["basePrecision"]),
                active=row["status"] == "Trading",
                expires=int(row.get("deliveryTime") or 0) * 1_000_000,
            )

    def volume_paths(self) -> Sequence[str]:
        return (f"/v5/market/tickers?category={self.product}",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`turnover24h` is in quote, but in coins of inverse contracts, which are of 1 USD each."""
        column = "volume24h" if self.product == "inverse" else "turnover24h"
        for row in answer["result"]["list"]:
            yield row["symbol"], Decimal(row[column] or 0)

    def infer(self, native: str) -> Instrument:
        pair = native.split("-", maxsplit=1)[0]
        if found := INVERSE_DATED.fullmatch(native):
            pair = found["pair"]
        pair = pair.removesuffix("PERP") + "USDC" if pair.endswith("PERP") else pair
        if "-" in native and not pair.endswith(("USDT", "USDC", "USD")):
            pair += "USDC"  # BTC-26DEC25: settled in USDC, without saying so
        quote = next((q for q in QUOTES if pair.endswith(q) and pair != q), "UNKNOWN")
        expiry = expiry_of(native, "0")
        kind = "Futures" if expiry or INVERSE_DATED.fullmatch(native) else "Perpetual"
        return self._instrument(native, pair.removesuffix(quote), quote, kind, expiry, inferred=True)

    def _instrument(
        self, native: str, base: str, quote: str, kind: str, expiry: str, **more: Any
    ) -> Instrument:
        inverse = self.product == "inverse"
        market = Market.SPOT
        if self.product != "spot":
            market = Market.FUTURE if kind.endswith("Futures") else Market.PERP
        settle = base if inverse else quote
        expiry = expiry or "000000" if market is Market.FUTURE else ""
        symbol = canonical(base, quote, market, settle=settle, expiry=expiry)
        base, times = multiple(base, LEADING, TRAILING)  # 1000PEPEUSDT, SHIB1000USDT
        return Instrument(
            self.name,
            native,
            symbol,
            market,
            base,
            quote,
            settle,
            inverse=inverse,
            expiry=expiry,
            multiplier=times,
            **more,
        )


class BybitSpot(Bybit):
    """Spot: sizes in base."""

    product, markets = "spot", frozenset({Market.SPOT})
    ws, rest = "wss://stream.bybit.com/v5/public/spot", "https://api.bybit.com"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "stream.bybit.com/v5/public/spot",
        "stream-testnet.bybit.com/v5/public/spot",
    )


def ratio_poll(category: str) -> Poll:
    """How the holders of positions are split, 5 minutes at a time."""
    path = f"/v5/market/account-ratio?category={category}&symbol={{symbol}}&period=5min&limit=1"
    return Poll(path, RATIO_EVERY, 1, perpetual=True)


class BybitDerivatives(Bybit):
    """What linear and inverse contracts share: liquidations, and tickers whose deltas hold what changed."""

    markets = frozenset({Market.PERP, Market.FUTURE})
    routes = {"": Route(""), "derivatives": Route("", (Channel.LIQUIDATIONS, Channel.TICKER))}
    positions = {"Buy": Position.LONG, "Sell": Position.SHORT}  # the side of the position itself
    derivatives = Derivatives(
        liquidations=Complete.ALL,
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=(Population.ACCOUNTS,),
    )

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        data = message["data"]
        if kind.startswith("allLiquidation"):
            for row in data:  # S is the side of the position; the order that closed it was the other one
                closed = self.positions[row["S"]]
                yield Liquidation(row["s"], closed, float(row["p"]), float(row["v"]), nanoseconds(row["T"]))
            return
        held = data.get("singleOpenInterest", data.get("openInterest"))  # the second may count both sides
        yield DerivativeTicker(
            data["symbol"],
            nanoseconds(message["ts"]),
            mark=amount(data.get("markPrice")),
            index=amount(data.get("indexPrice")),
            funding_rate=amount(data.get("fundingRate")),  # "" of a dated contract
            funding_hours=amount(data.get("fundingIntervalHour")),
            next_funding=nanoseconds(data.get("nextFundingTime")) or None,
            open_interest=amount(held),
        )

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        for row in latest(answer["result"]["list"], "timestamp"):
            longs = {Population.ACCOUNTS: share(row["buyRatio"], row["sellRatio"])}
            yield DerivativeTicker(symbol, nanoseconds(row["timestamp"]), longs=longs)


class BybitLinear(BybitDerivatives):
    """Linear perpetuals and futures: sizes in base."""

    product = "linear"
    polls = (ratio_poll("linear"),)
    ws, rest = "wss://stream.bybit.com/v5/public/linear", "https://api.bybit.com"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "stream.bybit.com/v5/public/linear",
        "stream-testnet.bybit.com/v5/public/linear",
    )


class BybitInverse(BybitDerivatives):
    """Inverse perpetuals and futures: sizes in contracts of 1 USD."""

    product = "inverse"
    polls = (ratio_poll("inverse"),)
    ws, rest = "wss://stream.bybit.com/v5/public/inverse", "https://api.bybit.com"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "stream.bybit.com/v5/public/inverse",
        "stream-testnet.bybit.com/v5/public/inverse",
    )


def expiry_of(native: str, delivery_ms: str) -> str:
    """YYMMDD of a dated contract, from its name (`BTC-26DEC25`) or its delivery time; "" for a perpetual."""
    if found := DATED.fullmatch(native):
        return f"{found['year']}{MONTHS.index(found['month']) + 1:02}{int(found['day']):02}"
    if delivery_ms.isdigit() and int(delivery_ms) > 0:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(int(delivery_ms) / 1000, UTC).strftime("%y%m%d")
    return ""
