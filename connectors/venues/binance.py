"""Binance spot, USD-M and COIN-M futures. Sources: the spot API docs of 2026-07, the derivatives docs after 2026-06-30.

Spot numbers its updates without a hole; futures link each to the one before and jump. Trades of USD-M come on
`/market`, books on `/public` (routes of 2026-04-23): a stream on the wrong route is acked and stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..assets import LEADING, multiple
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
from ..events import Accepted, Leaving, Noted, Refused, Said
from ..instruments import Instrument, Market, canonical
from ..rules import Contiguous, Linked
from ..shape import (
    ASKS,
    BIDS,
    EXCLUDE,
    FIRST,
    ID,
    KIND,
    LAST,
    PREVIOUS,
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

FIELDS: dict[str, Layout] = {
    "e": KIND,
    "E": SENT,
    "T": TIME,
    "s": SYMBOL,
    "ps": Leaf(),
    "U": FIRST,
    "u": LAST,
    "pu": PREVIOUS,
    "b": BIDS,
    "a": ASKS | ID,  # of an aggregate trade
    "t": ID,
    "p": PRICE,
    "q": SIZE,
    "nq": Leaf(),
    "X": EXCLUDE,
    "m": SIDE,
    "st": Leaf(),
}
STREAMS = {Channel.BOOK: "depth@100ms", Channel.LIQUIDATIONS: "forceOrder", Channel.TICKER: "markPrice@1s"}
OF_DERIVATIVES = (Channel.LIQUIDATIONS, Channel.TICKER)
RATIOS = {
    "/futures/data/globalLongShortAccountRatio": Population.ACCOUNTS,
    "/futures/data/topLongShortAccountRatio": Population.TOP_ACCOUNTS,
    "/futures/data/topLongShortPositionRatio": Population.TOP_POSITIONS,
}
STREAM = re.compile(r"(?P<symbol>.+)@(?P<stream>\w+)")
# Longest first where one ends in another; only for recordings without an instrument list.
QUOTES = (
    *(
        "FDUSD",
        "USDT",
        "USDC",
        "BUSD",
        "TUSD",
        "USDP",
        "USDS",
        "GYEN",
        "EURI",
        "BIDR",
        "IDRT",
        "BVND",
        "BKRW",
    ),
    *(
        "PAX",
        "DAI",
        "UST",
        "VAI",
        "BTC",
        "ETH",
        "BNB",
        "XRP",
        "TRX",
        "DOGE",
        "DOT",
        "SOL",
        "EUR",
        "GBP",
        "TRY",
    ),
    *("BRL", "AUD", "RUB", "UAH", "NGN", "ZAR", "PLN", "RON", "ARS", "JPY", "MXN", "CZK", "COP"),
)


class Binance(Venue):
    """What all Binance products share."""

    name = "binance"
    quotes: ClassVar[tuple[str, ...]] = QUOTES
    layout = {"stream": Leaf(), "data": Leaf(inside=FIELDS), **FIELDS}
    kinds = {
        "depthUpdate": Kind.DELTA,
        "trade": Kind.TRADE,
        "aggTrade": Kind.TRADE,
        "bookTicker": Kind.IGNORED,
        "kline": Kind.IGNORED,
        "forceOrder": Kind.DERIVATIVE,
        "markPriceUpdate": Kind.DERIVATIVE,
        "indexPriceUpdate": Kind.DERIVATIVE,
    }
    taker_bought, taker_sold = "false", "true"  # m: the buyer was the maker
    positions = {"SELL": Position.LONG, "BUY": Position.SHORT}  # the side of the closing order
    off_book = frozenset({"INSURANCE_FUND", "ADL", "NA"})
    proof = "sequence"
    interval = "100ms"
    blind_spots = ("levels beyond the range of the last snapshot are not known until they change",)
    trades_stream = "aggTrade"
    volumes_weight = 80  # of all symbols; 40 on the futures hosts

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(row["quoteVolume"])) for row in answer)

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("SUBSCRIBE", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("UNSUBSCRIBE", symbols, channels, request)

    def _request(
        self, method: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        streams = {**STREAMS, Channel.TRADES: self.trades_stream}
        params = [f"{symbol.lower()}@{streams[channel]}" for channel in channels for symbol in symbols]
        yield orjson.dumps({"method": method, "params": params, "id": request}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        event = message.get("data", message).get("e", "") if isinstance(message.get("data", {}), dict) else ""
        if event == "serverShutdown":
            yield Leaving("serverShutdown")
        elif "error" in message or "code" in message:
            fault = message.get("error") or message
            yield Refused(f"{fault.get('code')} {fault.get('msg')}", request=str(message.get("id", "")))
        elif "id" in message:
            yield Accepted(request=str(message["id"]))
        else:
            yield Noted(event or "unknown")

    def infer(self, native: str) -> Instrument:
        pair, _, tail = native.partition("_")
        fits = [quote for quote in self.quotes if pair.endswith(quote) and pair != quote]
        # BNBUSD is BNB-USD, not BN-BUSD: hardly an asset has a name of two letters.
        quote = next((one for one in fits if len(pair) - len(one) > 2), next(iter(fits), ""))
        base = pair.removesuffix(quote) if quote else pair
        return self._instrument(native, base, quote or "UNKNOWN", tail, inferred=True)

    def _instrument(self, native: str, base: str, quote: str, tail: str, **more: Any) -> Instrument:
        raise NotImplementedError


class Spot(Binance):
    """Spot: ids without a hole, sizes in base."""

    product = "spot"
    markets = frozenset({Market.SPOT})
    ws, rest = "wss://stream.binance.com:9443", "https://api.binance.com"
    routes = {"": Route("/stream")}
    recorded_at: ClassVar[tuple[str, ...]] = ("stream.binance.com", "data-stream.binance.vision")
    rule = Contiguous()
    snapshot = RestSnapshot("/api/v3/depth?symbol={symbol}&limit=5000", limit=5000, weight=250)
    heartbeat = Heartbeat(silent_after=25.0)  # a PING frame comes every 20 s
    limits = Limits(
        symbols=100, messages_per_second=3, weight_per_minute=4800, life=86_400, connects_per_minute=30
    )
    trade_ids_contiguous = True

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v3/exchangeInfo?permissions=SPOT",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["symbols"]:
            yield self._instrument(
                row["symbol"],
                row["baseAsset"],
                row["quoteAsset"],
                "",
                active=row["status"] == "TRADING",
                **steps(row),
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v3/ticker/24hr?type=MINI",)

    def _instrument(self, native: str, base: str, quote: str, tail: str, **more: Any) -> Instrument:
        symbol = canonical(base, quote, Market.SPOT)
        base, times = multiple(base, LEADING)
        return Instrument(
            self.name, native, symbol, Market.SPOT, base, quote, quote, multiplier=times, **more
        )


def ratio_polls(place: str, *, by_index: bool = False) -> tuple[Poll, ...]:
    """The ratios of longs to shorts. They have no weight but a limit of their own, 1000 in 5 minutes: a tenth of ours."""
    return tuple(
        Poll(f"{path}?{place}={{symbol}}&period=5m&limit=1", RATIO_EVERY, 10, not by_index, by_index)
        for path in RATIOS
    )


class Futures(Binance):
    """What the two futures products share: linked ids and the shape of their instrument lists."""

    markets = frozenset({Market.PERP, Market.FUTURE})
    rule = Linked()
    heartbeat = Heartbeat(silent_after=15.0)
    limits = Limits(
        symbols=60,
        messages_per_second=6,
        weight_per_minute=2000,
        pool="binance futures",
        life=86_400,
        connects_per_minute=30,
    )
    trade_ids_contiguous = False
    volumes_weight = 40
    derivatives = Derivatives(
        liquidations=Complete.SAMPLE,
        sampled="at most one a symbol and second, the latest",
        open_interest="REST",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=tuple(RATIOS.values()),
    )

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        data = message.get("data", message)
        if kind == "forceOrder":
            order = data["o"]  # its side closes the position; `p` is only where it would have been bankrupt
            price, size = float(order["ap"]), float(order["z"])
            yield Liquidation(order["s"], self.positions[order["S"]], price, size, nanoseconds(order["T"]))
        elif kind == "indexPriceUpdate":
            yield DerivativeTicker(data["i"], nanoseconds(data["E"]), index=float(data["p"]))
        else:
            yield DerivativeTicker(
                data["s"],
                nanoseconds(data["E"]),
                mark=float(data["p"]),
                index=amount(data.get("i")),
                funding_rate=amount(data.get("r")),  # "" of a dated contract
                next_funding=nanoseconds(data.get("T")) or None,
            )

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        if "fundingInfo" in poll.path:
            for row in answer:
                yield DerivativeTicker(row["symbol"], funding_hours=float(row["fundingIntervalHours"]))
            return
        if (of := RATIOS.get(poll.path.partition("?")[0])) is not None:
            for row in latest(answer, "timestamp"):
                longs = {of: share(row["longShortRatio"])}
                yield DerivativeTicker(symbol, nanoseconds(row["timestamp"]), longs=longs)
            return
        at, held = nanoseconds(answer["time"]), float(answer["openInterest"])
        yield DerivativeTicker(answer["symbol"], at, open_interest=held)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["symbols"]:
            if not row.get("contractType"):
                continue
            tail = row["symbol"].partition("_")[2]
            yield self._instrument(
                row["symbol"],
                row["baseAsset"],
                row["quoteAsset"],
                tail,
                active=row.get("contractStatus", row.get("status")) == "TRADING",
                size=row.get("contractSize"),
                # A perpetual has a date far away; a dated one's is the moment of its delivery.
                expires=int(row.get("deliveryDate", 0)) * 1_000_000 if tail.isdigit() else 0,
                **steps(row),
            )


class UsdM(Futures):
    """USD-M futures: sizes in base."""

    product = "usdm"
    ws, rest = "wss://fstream.binance.com", "https://fapi.binance.com"
    routes = {
        "public": Route("/public/stream", (Channel.BOOK,)),
        "market": Route("/market/stream", (Channel.TRADES,)),
        "derivatives": Route("/market/stream", OF_DERIVATIVES),
    }
    # Only what differs from 8 hours is in the list of funding intervals.
    polls = (
        Poll("/fapi/v1/openInterest?symbol={symbol}", 5, 1),
        Poll("/fapi/v1/fundingInfo", 3600, 1),
        *ratio_polls("symbol"),
    )
    recorded_at: ClassVar[tuple[str, ...]] = ("fstream.binance.com",)
    snapshot = RestSnapshot("/fapi/v1/depth?symbol={symbol}&limit=1000", limit=1000, weight=20)

    def instrument_paths(self) -> Sequence[str]:
        return ("/fapi/v1/exchangeInfo",)

    def volume_paths(self) -> Sequence[str]:
        return ("/fapi/v1/ticker/24hr",)

    def _instrument(
        self, native: str, base: str, quote: str, tail: str, size: Any = None, **more: Any
    ) -> Instrument:
        market = Market.FUTURE if tail.isdigit() else Market.PERP
        expiry = tail if tail.isdigit() else ""
        symbol = canonical(base, quote, market, expiry=expiry)
        base, times = multiple(base, LEADING)  # 1000PEPEUSDT is priced by the thousand
        return Instrument(
            self.name,
            native,
            symbol,
            market,
            base,
            quote,
            quote,
            expiry=expiry,
            multiplier=times,
            **more,
        )


class CoinM(Futures):
    """COIN-M futures: sizes in contracts of `contractSize` USD, margin in base."""

    product = "coinm"
    quotes: ClassVar[tuple[str, ...]] = ("USD",)
    ws, rest = "wss://dstream.binance.com", "https://dapi.binance.com"
    routes = {"": Route("/stream"), "derivatives": Route("/stream", OF_DERIVATIVES)}
    polls = (Poll("/dapi/v1/openInterest?symbol={symbol}", 5, 1), *ratio_polls("pair", by_index=True))
    recorded_at: ClassVar[tuple[str, ...]] = ("dstream.binance.com",)
    snapshot = RestSnapshot("/dapi/v1/depth?symbol={symbol}&limit=1000", limit=1000, weight=20)

    def instrument_paths(self) -> Sequence[str]:
        return ("/dapi/v1/exchangeInfo",)

    def volume_paths(self) -> Sequence[str]:
        return ("/dapi/v1/ticker/24hr",)

    def index_of(self, native: str) -> str:
        return native.partition("_")[0]

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`volume` counts contracts here, `baseVolume` coins."""
        for row in answer:
            yield row["symbol"], Decimal(row["baseVolume"]) * Decimal(row["weightedAvgPrice"])

    def _instrument(
        self, native: str, base: str, quote: str, tail: str, size: Any = None, **more: Any
    ) -> Instrument:
        market = Market.FUTURE if tail.isdigit() else Market.PERP
        expiry = tail if tail.isdigit() else ""
        return Instrument(
            self.name,
            native,
            canonical(base, quote, market, settle=base, expiry=expiry),
            market,
            base,
            quote,
            base,
            contract_size=None if size is None else Decimal(str(size)),
            inverse=True,
            expiry=expiry,
            **more,
        )


def steps(row: dict[str, Any]) -> dict[str, Decimal]:
    """Tick and lot from the filters of an exchangeInfo row (`pricePrecision` is not the tick)."""
    filters = {one["filterType"]: one for one in row.get("filters", ())}
    found = {}
    if tick := filters.get("PRICE_FILTER", {}).get("tickSize"):
        found["tick"] = Decimal(tick)
    if lot := filters.get("LOT_SIZE", {}).get("stepSize"):
        found["lot"] = Decimal(lot)
    return found
