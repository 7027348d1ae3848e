"""Bitget spot and USDT futures, WebSocket v3: topics `books` (up to 1000 levels, 50 ms) and `publicTrade`.

`pseq` names the update before. The checksum was dropped in 2026 and is compared only where one is sent and is not 0.
All kinds of instruments share a socket address and many ids; here each kind has connections of its own. The names that
v2 has for the same things are read in recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..checksums import PairedCrc32
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
from ..rules import Linked
from ..shape import (
    ACTION,
    ASKS,
    BIDS,
    CHECKSUM,
    ID,
    KIND,
    LAST,
    PREVIOUS,
    PRICE,
    REPLY,
    SENT,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

TOPICS = {
    Channel.BOOK: "books",
    Channel.TRADES: "publicTrade",
    Channel.LIQUIDATIONS: "liquidation",
    Channel.TICKER: "ticker",
}
QUOTES = ("USDT", "USDC", "USDE", "USD1", "BTC", "ETH", "EUR", "BRL", "USD")


class Bitget(Venue):
    """What the products share. `category` is the venue's word for the product."""

    name = "bitget"
    category: ClassVar[str]
    ws, rest = "wss://ws.bitget.com/v3/ws/public", "https://api.bitget.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws.bitget.com/v3/ws/public", "ws.bitget.com/v2/ws/public")
    layout = {
        "event": REPLY,
        "action": ACTION,
        "arg": {"instType": Leaf(), "topic": KIND, "channel": KIND, "symbol": SYMBOL, "instId": SYMBOL},
        "data": {
            "a": ASKS,
            "b": BIDS,
            "asks": ASKS,
            "bids": BIDS,
            "checksum": CHECKSUM,
            "seq": LAST,
            "pseq": PREVIOUS,
            "ts": TIME,
            "i": ID,
            "p": PRICE,
            "v": SIZE,
            "S": SIDE,
            "T": TIME,
            "tradeId": ID,
            "price": PRICE,
            "size": SIZE,
            "side": SIDE,
        },
        "ts": SENT,
    }
    kinds: ClassVar[Mapping[str, Kind]] = {
        "books": Kind.BOOK,
        "publicTrade": Kind.TRADE,
        "trade": Kind.TRADE,
        "ticker": Kind.IGNORED,
    }
    plain = frozenset({b"pong"})
    taker_bought, taker_sold = "buy", "sell"
    newest_first = True
    rule = Linked()
    checksum = PairedCrc32()
    heartbeat = Heartbeat(silent_after=25.0, ping="ping", every=15.0)
    limits = Limits(
        symbols=20,  # of the 240 subscriptions that an hour of a connection has, 40 are the first
        messages_per_second=5,
        topics_per_message=10,  # a frame with 25 closes the socket
        weight_per_minute=600,
        connects_per_minute=50,
    )
    depth, depths = 1000, (1, 5, 15, 50, 500, 1000)
    proof = "sequence"
    interval = "50ms"
    blind_spots = (
        "only the best 1000 levels a side are sent",
        "an id of another kind of instrument is accepted and stays silent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("unsubscribe", symbols, channels)

    def _request(self, op: str, symbols: Sequence[str], channels: Sequence[Channel]) -> str:
        args = [
            {"instType": self.category, "topic": TOPICS[channel], "symbol": symbol}
            for channel in channels
            for symbol in symbols
        ]
        return orjson.dumps({"op": op, "args": args}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        arg = message.get("arg") or {}
        symbol = arg.get("symbol") or arg.get("instId") or ""
        topic = arg.get("topic") or arg.get("channel") or ""
        match message.get("event"):
            case "subscribe":
                yield Accepted(symbol=symbol, channel=topic)
            case "unsubscribe" if topic == "books":
                yield Unsubscribed(symbol=symbol)
            case "error":
                yield Refused(f"{message.get('code')} {message.get('msg')}", symbol=symbol)
            case other:
                yield Noted(str(other or topic or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        args = message.get("args") or [message.get("arg") or {}]
        found: dict[str, int] = {}
        for arg in args:
            if isinstance(arg, dict) and arg.get("topic") == "books":
                found[str(arg.get("symbol"))] = 1000
            elif isinstance(arg, dict) and arg.get("channel") == "books":
                found[str(arg.get("instId"))] = 500
        return found

    def infer(self, native: str) -> Instrument:
        quote = next((one for one in QUOTES if native.endswith(one) and native != one), "")
        base = native.removesuffix(quote) if quote else native
        return self._instrument(native, base, quote or "UNKNOWN", inferred=True)

    def _instrument(self, native: str, base: str, quote: str, **more: Any) -> Instrument:
        (market,) = self.markets
        symbol = canonical(base, quote, market)
        return Instrument(self.name, native, symbol, market, base, quote, quote, **more)


class BitgetSpot(Bitget):
    """Spot: sizes in base."""

    product, category = "spot", "spot"
    markets = frozenset({Market.SPOT})
    marks = ('"spot"', '"SPOT"')

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v2/spot/public/symbols",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["symbol"],
                row["baseCoin"],
                row["quoteCoin"],
                tick=Decimal(1).scaleb(-int(row["pricePrecision"])),
                lot=Decimal(1).scaleb(-int(row["quantityPrecision"])),
                active=row["status"] == "online",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v2/spot/market/tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(row["quoteVolume"] or 0)) for row in answer["data"])


class BitgetUsdt(Bitget):
    """Perpetuals settled in USDT: sizes in base (`sizeMultiplier` is an order step, not a contract)."""

    product, category = "usdt", "usdt-futures"
    markets = frozenset({Market.PERP})
    marks = ('"usdt-futures"', '"USDT-FUTURES"')
    kinds: ClassVar[Mapping[str, Kind]] = {
        **Bitget.kinds,
        "ticker": Kind.DERIVATIVE,
        "liquidation": Kind.DERIVATIVE,
    }
    routes = {"": Route(""), "derivatives": Route("", (Channel.LIQUIDATIONS, Channel.TICKER))}
    polls = (
        Poll("/api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES", 3600, 1),
        # One a second and address, by its document; weights are 600 a minute.
        Poll("/api/v2/mix/market/account-long-short?symbol={symbol}&period=5m", RATIO_EVERY, 10),
    )
    positions = {"buy": Position.LONG, "sell": Position.SHORT}  # the side of the position itself
    derivatives = Derivatives(
        liquidations=Complete.SAMPLE,
        sampled="of each symbol and second the largest long and the largest short",
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=(Population.ACCOUNTS,),
    )

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        for row in message["data"]:
            if (
                kind == "liquidation"
            ):  # the side is that of the position; `amount` is in quote, whole lots by price
                closed = self.positions[row["side"]]
                price = float(row["price"])
                yield Liquidation(
                    row["symbol"], closed, price, float(row["amount"]) / price, nanoseconds(row["ts"])
                )
                continue
            yield DerivativeTicker(
                symbol,
                nanoseconds(message.get("ts")),
                mark=amount(row.get("markPrice")),
                index=amount(row.get("indexPrice")),
                funding_rate=amount(row.get("fundingRate")),
                next_funding=nanoseconds(row.get("nextFundingTime")) or None,
                open_interest=amount(row.get("openInterest", row.get("holdingAmount"))),
            )

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        if symbol:
            for row in latest(answer["data"], "ts"):
                longs = {Population.ACCOUNTS: share(row["longAccountRatio"], row["shortAccountRatio"])}
                yield DerivativeTicker(symbol, nanoseconds(row["ts"]), longs=longs)
            return
        for row in answer["data"]:
            yield DerivativeTicker(row["symbol"], funding_hours=amount(row["fundingRateInterval"]))

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v2/mix/market/contracts?productType=USDT-FUTURES",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            if row.get("symbolType", "perpetual") != "perpetual":
                continue
            yield self._instrument(
                row["symbol"],
                row["baseCoin"],
                row["quoteCoin"],
                tick=Decimal(row["priceEndStep"]).scaleb(-int(row["pricePlace"])),
                lot=Decimal(row["sizeMultiplier"]),
                active=row["symbolStatus"] == "normal",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v2/mix/market/tickers?productType=USDT-FUTURES",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(row["quoteVolume"] or 0)) for row in answer["data"])
