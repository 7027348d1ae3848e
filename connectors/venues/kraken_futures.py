"""Kraken Futures, WebSocket v1: feeds `book` (full depth), `trade` and `ticker`.

A change is a flat message of one level, numbered per product and feed without holes. What the engine changes at once
comes level by level, so a book may be crossed for a moment; its values are withheld until it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Complete, Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Accepted, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Stepping
from ..shape import KIND, LAST, PRICE, REPLY, SIDE, SIZE, SYMBOL, TIME, Kind, Leaf, Rows, Slot, asks, bids
from ..venue import Channel, Heartbeat, Limits, Route, Venue

ROWS = Rows(price="price", size="qty")
FEEDS = {Channel.BOOK: "book", Channel.TRADES: "trade", Channel.TICKER: "ticker"}
RENAMED = {"XBT": "BTC", "XDG": "DOGE"}
PRODUCT = re.compile(
    r"(?P<type>[PF][IF])_(?P<base>[A-Z0-9]+)(?P<quote>USD|EUR|GBP|USDT|USDC)(?:_(?P<expiry>\d{6}))?"
)


class KrakenFutures(Venue):
    """PI_ and FI_ are inverse (contracts of 1 USD), PF_ and FF_ linear (sizes in base)."""

    name, product = "kraken_futures", "futures"
    markets = frozenset({Market.PERP, Market.FUTURE})
    ws, rest = "wss://futures.kraken.com/ws/v1", "https://futures.kraken.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("futures.kraken.com/ws/v1", "demo-futures.kraken.com/ws/v1")
    layout = {
        "event": REPLY,
        "feed": KIND,
        "product_id": SYMBOL,
        "side": SIDE,
        "seq": LAST,
        "price": PRICE,
        "qty": SIZE,
        "timestamp": TIME,
        "time": TIME,
        "type": Leaf(Slot.EXCLUDE, twin=Slot.LIQUIDATION),
        "bids": bids(ROWS),
        "asks": asks(ROWS),
    }
    kinds = {
        "book": Kind.LEVEL,
        "book_snapshot": Kind.SNAPSHOT,
        "trade": Kind.TRADE,
        "trade_snapshot": Kind.IGNORED,  # the hundred prints before we listened
        "heartbeat": Kind.HEARTBEAT,
        "ticker": Kind.DERIVATIVE,
        "ticker_lite": Kind.IGNORED,
    }
    taker_bought, taker_sold, level_bid = "buy", "sell", "buy"
    off_book = frozenset({"block", "assignment", "termination"})  # fills and liquidations meet the book
    liquidated = {"liquidation": ("taker",)}
    derivatives = Derivatives(
        liquidations=Complete.ALL,
        in_trades=True,
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
        funding_hours=1.0,
    )
    routes = {"": Route(""), "derivatives": Route("", (Channel.TICKER,))}
    trade_number = Slot.LAST  # `seq` of a print counts the prints of its product
    trade_ids_contiguous = True
    rule = Stepping()
    # The feed `heartbeat` speaks each second. The server wants to hear of its client within 60 s: subscribing again
    # to what stands is a frame that it answers.
    heartbeat = Heartbeat(silent_after=10.0, ping='{"event":"subscribe","feed":"heartbeat"}', every=30.0)
    limits = Limits(
        symbols=50,
        messages_per_second=10,
        topics_per_message=50,
        weight_per_minute=60,
        connects_per_minute=30,
    )
    proof = "sequence"
    interval = "real time"
    blind_spots = (
        "levels that change at once come one by one: the book may be crossed, and is then without values",
    )

    def greeting(self, request: int) -> Iterable[str]:
        yield self.heartbeat.ping

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels)

    def _requests(self, event: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        for channel in channels:
            yield orjson.dumps(
                {"event": event, "feed": FEEDS[channel], "product_ids": list(symbols)}
            ).decode()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        # `funding_rate` is in quote and not comparable; before a contract has a next funding its rate says nothing.
        following = nanoseconds(message.get("next_funding_rate_time")) or None
        rate = amount(message.get("relative_funding_rate"))
        yield DerivativeTicker(
            message["product_id"],
            nanoseconds(message["time"]),
            mark=amount(message.get("markPrice")),
            index=amount(message.get("index")),
            funding_rate=None if following is None else rate,
            next_funding=following,
            open_interest=amount(message.get("openInterest")),
        )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        feed, event = str(message.get("feed", "")), str(message.get("event", "unknown"))
        products = [str(product) for product in message.get("product_ids") or ()]
        match event:
            case "subscribed":
                for product in products:
                    yield Accepted(symbol=product, channel=feed)
                if not products:
                    yield Noted(f"subscribed {feed}")
            case "unsubscribed":
                if feed == FEEDS[Channel.BOOK]:
                    for product in products:
                        yield Unsubscribed(symbol=product)
            case "subscribed_failed":
                for product in products:
                    yield Refused(str(message.get("message") or event), symbol=product)
            case "error" | "alert":
                yield Refused(str(message.get("message")))  # names neither request nor product
            case other:
                yield Noted(other)

    def instrument_paths(self) -> Sequence[str]:
        return ("/derivatives/api/v3/instruments",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["instruments"]:
            native = row["symbol"].upper()
            if not (found := PRODUCT.fullmatch(native)):  # indices, and what else is listed and not traded
                continue
            digits = row.get("contractValueTradePrecision")
            yield self._instrument(
                native,
                contract_size=Decimal(str(row["contractSize"])),
                tick=Decimal(str(row["tickSize"])),
                lot=Decimal(1).scaleb(-int(digits)) if digits is not None else Decimal(1),
                active=bool(row["tradeable"]),
                expires=moment(row["lastTradingTime"]) if found["expiry"] else 0,
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/derivatives/api/v3/tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`vol24h` is in sizes of the product: contracts of 1 USD where inverse, else base."""
        for row in answer["tickers"]:
            found = PRODUCT.fullmatch(str(row.get("symbol")).upper())
            if found and "vol24h" in row:
                price = 1 if found["type"].endswith("I") else Decimal(str(row.get("last") or 0))
                yield found[0], Decimal(str(row["vol24h"])) * price

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        found = PRODUCT.fullmatch(native)
        if found is None:
            return Instrument(
                self.name, native, native, Market.FUTURE, native, "USD", "USD", None, inferred=True
            )
        base = RENAMED.get(found["base"], found["base"])
        market = Market.PERP if found["type"].startswith("P") else Market.FUTURE
        inverse = found["type"].endswith("I")
        settle, expiry = base if inverse else found["quote"], found["expiry"] or ""
        symbol = canonical(base, found["quote"], market, settle=settle, expiry=expiry)
        return Instrument(
            self.name,
            native,
            symbol,
            market,
            base,
            found["quote"],
            settle,
            inverse=inverse,
            expiry=expiry,
            **more,
        )


def moment(date: str) -> int:
    """Since 1970, of a moment such as 2021-09-24T15:00:00.000Z."""
    return int(datetime.fromisoformat(date).timestamp()) * 1_000_000_000
