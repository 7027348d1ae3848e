"""MEXC spot (protobuf frames) and contracts (JSON). Both number their updates without a hole and seed the book by REST.

Spot frames are translated to the JSON that protobuf itself would write, which the layout mirrors: measured, 12 µs a frame
and 2 µs a level, where the scan of that JSON takes 0.5 and 0.1. Refusals of spot carry code 0 as successes do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, Poll, amount, nanoseconds
from ..events import Accepted, Noted, Refused, Said
from ..instruments import Instrument, Market, canonical
from ..protobuf import Message, Type, translator
from ..rules import Consecutive, Contiguous
from ..shape import (
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
    Leaf,
    Rows,
    asks,
    bids,
)
from ..venue import Channel, Heartbeat, Limits, RestSnapshot, Route, Venue

QUOTES = ("USDT", "USDC", "USD1", "USDE", "BTC", "ETH", "EUR", "USD")
LEVEL: Message = {1: ("price", Type.TEXT), 2: ("quantity", Type.TEXT)}
DEPTHS: Message = {
    1: ("asks", [LEVEL]),
    2: ("bids", [LEVEL]),
    3: ("eventType", Type.TEXT),
    4: ("fromVersion", Type.TEXT),
    5: ("toVersion", Type.TEXT),
    6: ("lastOrderCreateTime", Type.INT64),
}
DEAL: Message = {
    1: ("price", Type.TEXT),
    2: ("quantity", Type.TEXT),
    3: ("tradeType", Type.INT32),
    4: ("time", Type.INT64),
    5: ("tradeId", Type.TEXT),
}
WRAPPER: Message = {
    1: ("channel", Type.TEXT),
    3: ("symbol", Type.TEXT),
    5: ("createTime", Type.INT64),
    6: ("sendTime", Type.INT64),
    313: ("publicAggreDepths", DEPTHS),
    314: ("publicAggreDeals", {1: ("deals", [DEAL]), 2: ("eventType", Type.TEXT)}),
}
ROWS = Rows(price="price", size="quantity")
CONTRACT_ROWS = Rows(orders=2)
CONTRACT_CHANNELS = {
    Channel.BOOK: "depth",
    Channel.TRADES: "deal",
    Channel.TICKER: "ticker",
    Channel.FUNDING: "funding.rate",
}
NAMED = re.compile(r"\[([^\]]+)\]")  # what a refusal is about


class MexcSpot(Venue):
    """Spot: sizes in base."""

    name, product = "mexc", "spot"
    markets = frozenset({Market.SPOT})
    ws, rest = "wss://wbs-api.mexc.com/ws", "https://api.mexc.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("wbs-api.mexc.com/ws",)
    unpack = staticmethod(translator("PushDataV3ApiWrapper", WRAPPER))
    layout = {
        "channel": KIND,
        "symbol": SYMBOL,
        "sendTime": SENT,
        "publicAggreDepths": {
            "asks": asks(ROWS),
            "bids": bids(ROWS),
            "fromVersion": FIRST,
            "toVersion": LAST,
        },
        "publicAggreDeals": {
            "deals": {"price": PRICE, "quantity": SIZE, "tradeType": SIDE, "time": TIME, "tradeId": ID}
        },
    }
    kinds = {
        "spot@public.aggre.depth.v3.api.pb@*": Kind.DELTA,
        "spot@public.aggre.deals.v3.api.pb@*": Kind.TRADE,
        "spot@*": Kind.IGNORED,
    }
    taker_bought, taker_sold = "1", "2"
    rule = Contiguous()
    snapshot = RestSnapshot("/api/v3/depth?symbol={symbol}&limit=5000", limit=5000, weight=50)
    heartbeat = Heartbeat(silent_after=30.0, ping='{"method":"PING"}', every=15.0)
    limits = Limits(
        symbols=15,  # 30 topics a connection
        messages_per_second=5,
        topics_per_message=30,
        weight_per_minute=3000,
        life=86_400,
        connects_per_minute=60,
    )
    proof = "sequence"
    interval = "100ms"
    blind_spots = (
        "levels beyond the range of the last snapshot are not known until they change",
        "a repeated print is not seen: its id is no number",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("SUBSCRIPTION", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("UNSUBSCRIPTION", symbols, channels)

    def _request(self, method: str, symbols: Sequence[str], channels: Sequence[Channel]) -> str:
        names = {Channel.BOOK: "aggre.depth", Channel.TRADES: "aggre.deals"}
        topics = [
            f"spot@public.{names[channel]}.v3.api.pb@100ms@{symbol}"
            for channel in channels
            for symbol in symbols
        ]
        return orjson.dumps({"method": method, "params": topics}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        said = str(message.get("msg") or "")
        if said == "PONG":
            yield Noted("pong")
        elif said.startswith("spot@"):
            for topic in said.split(","):
                yield Accepted(symbol=topic.rpartition("@")[2])
        elif "Not Subscribed" in said or message.get("code"):
            named = NAMED.search(said)
            for topic in named[1].split(",") if named else ("",):
                yield Refused(said, symbol=topic.rpartition("@")[2])
        else:
            yield Noted(said or "unknown")

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v3/exchangeInfo",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["symbols"]:
            yield self._instrument(
                row["symbol"],
                row["baseAsset"],
                row["quoteAsset"],
                tick=Decimal(1).scaleb(-int(row["quotePrecision"])),
                lot=Decimal(1).scaleb(-int(row["baseAssetPrecision"])),
                active=str(row["status"]) == "1",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v3/ticker/24hr",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["symbol"], Decimal(row["quoteVolume"] or 0)) for row in answer)

    def infer(self, native: str) -> Instrument:
        quote = next((one for one in QUOTES if native.endswith(one) and native != one), "")
        base = native.removesuffix(quote) if quote else native
        return self._instrument(native, base, quote or "UNKNOWN", inferred=True)

    def _instrument(self, native: str, base: str, quote: str, **more: Any) -> Instrument:
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)


class MexcContract(Venue):
    """Perpetuals: sizes in contracts of `contractSize` base, or of that many USD where inverse."""

    name, product = "mexc", "contract"
    markets = frozenset({Market.PERP})
    ws, rest = "wss://contract.mexc.com/edge", "https://api.mexc.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("contract.mexc.com/edge",)
    layout = {
        "channel": KIND,
        "symbol": SYMBOL,
        "ts": SENT,
        "data": {
            "asks": asks(CONTRACT_ROWS),
            "bids": bids(CONTRACT_ROWS),
            "begin": FIRST,
            "end": LAST,
            "version": LAST,
            "cts": TIME,
            "p": PRICE,
            "v": SIZE,
            "T": SIDE,
            "t": TIME,
            "i": ID,
            "O": Leaf(),
        },
    }
    kinds = {
        "push.depth": Kind.DELTA,
        "push.depth.full": Kind.IMAGE,
        "push.deal": Kind.TRADE,
        "push.ticker": Kind.DERIVATIVE,
        "push.funding.rate": Kind.DERIVATIVE,
        "push.fair.price": Kind.DERIVATIVE,
        "push.index.price": Kind.DERIVATIVE,
        "push.*": Kind.IGNORED,
        "pong": Kind.HEARTBEAT,
    }
    routes = {"": Route(""), "derivatives": Route("", (Channel.TICKER, Channel.FUNDING))}
    polls = (Poll("/api/v1/contract/funding_rate", 3600, 1),)
    derivatives = Derivatives(open_interest="socket", funding="socket", mark="socket", index="socket")
    taker_bought, taker_sold = "1", "2"
    rule = Consecutive()
    snapshot = RestSnapshot(
        "/api/v1/contract/depth/{symbol}?limit=1000",
        limit=1000,
        weight=1,
        probe_weight=1,
        layout={"data": {"version": LAST, "timestamp": TIME, "bids": BIDS, "asks": ASKS}},
    )
    heartbeat = Heartbeat(silent_after=25.0, ping='{"method":"ping"}', every=15.0)
    limits = Limits(
        symbols=100,
        messages_per_second=10,
        topics_per_message=2,
        weight_per_minute=300,
        connects_per_minute=60,
    )
    proof = "sequence"
    interval = "200ms"
    blind_spots = ("levels beyond the range of the last snapshot are not known until they change",)

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("sub", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsub", symbols, channels)

    def _requests(self, verb: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        """One symbol and channel a message."""
        for symbol in symbols:
            for channel in channels:
                message = {"method": f"{verb}.{CONTRACT_CHANNELS[channel]}", "param": {"symbol": symbol}}
                yield orjson.dumps(message).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        channel, data = str(message.get("channel") or "unknown"), message.get("data")
        if channel == "rs.error":
            named = NAMED.search(str(data))
            yield Refused(str(data), symbol=named[1] if named else "")
        else:
            yield Noted(channel)  # an ack does not say of which symbol

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        data = message["data"]
        told = DerivativeTicker(data["symbol"], nanoseconds(data.get("timestamp") or message.get("ts")))
        match kind:
            case "push.ticker":
                told.mark, told.index = amount(data.get("fairPrice")), amount(data.get("indexPrice"))
                told.funding_rate, told.open_interest = (
                    amount(data.get("fundingRate")),
                    amount(data.get("holdVol")),
                )
            case "push.funding.rate":
                told.funding_rate = amount(data.get("rate"))
                told.next_funding = nanoseconds(data.get("nextSettleTime")) or None
            case "push.fair.price":
                told.mark = amount(data["price"])
            case "push.index.price":
                told.index = amount(data["price"])
        yield told

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        for row in answer["data"]:
            yield DerivativeTicker(
                row["symbol"],
                nanoseconds(row.get("timestamp")),
                funding_hours=amount(row.get("collectCycle")),
            )

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v1/contract/detail",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["data"]:
            yield self._instrument(
                row["symbol"],
                row["settleCoin"],
                contract_size=Decimal(str(row["contractSize"])),
                tick=Decimal(str(row["priceUnit"])),
                lot=Decimal(str(row["volUnit"])),
                active=row["state"] == 0,
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v1/contract/ticker",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`amount24` is in what the contract is settled in: coins, where inverse."""
        for row in answer["data"]:
            price = Decimal(str(row["lastPrice"])) if row["symbol"].endswith("_USD") else Decimal(1)
            yield row["symbol"], Decimal(str(row["amount24"] or 0)) * price

    def infer(self, native: str) -> Instrument:
        base, _, quote = native.partition("_")
        settle = base if quote == "USD" else quote
        return self._instrument(native, settle, contract_size=None, inferred=True)

    def _instrument(self, native: str, settle: str, **more: Any) -> Instrument:
        base, _, quote = native.partition("_")
        inverse = settle == base
        symbol = canonical(base, quote, Market.PERP, settle=settle)
        return Instrument(
            self.name, native, symbol, Market.PERP, base, quote, settle, inverse=inverse, **more
        )
