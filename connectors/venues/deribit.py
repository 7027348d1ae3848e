"""Deribit, JSON-RPC over WebSocket: perpetuals, futures, options and spot. Channels `book.X.100ms`, `trades.X.100ms`,
`ticker.X.agg2`.

Each change names the id before it; ids jump. A level is [action, price, amount] and the amount says it all. Prices of
options that are settled in their coin are in that coin, so what is in quote units elsewhere is in coin there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Complete, Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Accepted, Answer, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Chained
from ..shape import (
    ACTION,
    EXCLUDE,
    ID,
    KIND,
    LAST,
    LIQUIDATION,
    PREVIOUS,
    PRICE,
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
from ..venue import Channel, Heartbeat, Limits, Route, Venue

ROWS = Rows(price=1, size=2)
CHANNELS = {
    Channel.BOOK: "book.{}.100ms",
    Channel.TRADES: "trades.{}.100ms",
    Channel.TICKER: "ticker.{}.agg2",  # about every second
}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
NAME = re.compile(
    r"(?P<base>[A-Z0-9]+)(?:_(?P<quote>[A-Z0-9]+))?"
    r"(?:-(?:(?P<perp>PERPETUAL)|(?P<day>\d{1,2})(?P<month>[A-Z]{3})(?P<year>\d\d)(?:-(?P<strike>[\dd]+)-(?P<right>[CP]))?))?"
)
DATED = re.compile(r"-\d")  # a perpetual's end is in the year 3000
BEAT = 10  # seconds, the shortest that is allowed


class Deribit(Venue):
    """One socket serves all kinds of instruments; the name tells the kind."""

    name, product = "deribit", "public"
    markets = frozenset(Market)
    ws, rest = "wss://www.deribit.com/ws/api/v2", "https://www.deribit.com"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "www.deribit.com/ws/api/v2",
        "streams.deribit.com/ws/api/v2",
        "test.deribit.com/ws/api/v2",
    )
    layout = {
        "method": Leaf(),
        "params": {
            "channel": KIND,
            "data": {
                "type": ACTION,
                "timestamp": TIME,
                "instrument_name": SYMBOL,
                "change_id": LAST,
                "prev_change_id": PREVIOUS,
                "bids": bids(ROWS),
                "asks": asks(ROWS),
                "trade_seq": ID,
                "price": PRICE,
                "amount": SIZE,
                "direction": SIDE,
                "block_trade_id": EXCLUDE,
                "liquidation": LIQUIDATION,
            },
        },
    }
    kinds = {
        "book.*": Kind.BOOK,
        "trades.*": Kind.TRADE,
        "ticker.*": Kind.DERIVATIVE,
        "quote.*": Kind.IGNORED,
    }
    taker_bought, taker_sold = "buy", "sell"
    off_book = frozenset({"*"})  # any block trade
    liquidated = {"T": ("taker",), "M": ("maker",), "MT": ("taker", "maker")}
    derivatives = Derivatives(
        liquidations=Complete.ALL,
        in_trades=True,
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
    )
    routes = {
        "": Route(""),
        "derivatives": Route("", (Channel.TICKER,), frozenset({Market.PERP, Market.FUTURE})),
    }
    trade_ids_contiguous = True
    rule = Chained()
    heartbeat = Heartbeat(silent_after=2.5 * BEAT)
    limits = Limits(
        symbols=100,
        messages_per_second=3,
        topics_per_message=100,
        weight_per_minute=600,
        connects_per_minute=30,
    )
    proof = "sequence"
    interval = "100ms"
    blind_spots = ("without a key changes come gathered over 100 ms",)

    def greeting(self, request: int) -> Iterable[str]:
        yield self._call(request, "public/set_heartbeat", {"interval": BEAT})

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("public/subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("public/unsubscribe", symbols, channels, request)

    def _request(self, method: str, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> str:
        names = [CHANNELS[channel].format(symbol) for channel in channels for symbol in symbols]
        return self._call(request, method, {"channels": names})

    def _call(self, request: int, method: str, params: dict[str, Any]) -> str:
        return orjson.dumps({"jsonrpc": "2.0", "id": request, "method": method, "params": params}).decode()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        """Funding is paid without a pause; the rate is that of eight hours, as it is now."""
        data = message["params"]["data"]
        found = NAME.fullmatch(data["instrument_name"])
        if found is None or found["strike"]:
            return  # the mark of an option may be in coin, beside an index in dollars
        yield DerivativeTicker(
            data["instrument_name"],
            nanoseconds(data["timestamp"]),
            mark=amount(data.get("mark_price")),
            index=amount(data.get("index_price")),
            funding_rate=amount(data.get("current_funding")),
            open_interest=amount(data.get("open_interest")),
        )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request, result = str(message.get("id", "")), message.get("result")
        if message.get("method") == "heartbeat":
            if message["params"]["type"] == "test_request":
                yield Answer(self._call(0, "public/test", {}))
            else:
                yield Noted("heartbeat")
        elif error := message.get("error"):
            yield Refused(f"{error.get('code')} {error.get('message')}", request=request)
        elif isinstance(result, list):  # of a subscription, or of its end
            yield Unsubscribed(request=request)
            yield Accepted(request=request, only=frozenset(str(name).split(".")[1] for name in result))
        else:
            yield Noted(str(message.get("method") or "answer"))

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v2/public/get_instruments?currency=any&expired=false",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["result"]:
            if row["kind"] not in ("future", "option", "spot") or not NAME.fullmatch(row["instrument_name"]):
                continue
            yield self._instrument(
                row["instrument_name"],
                tick=Decimal(str(row["tick_size"])),
                lot=Decimal(str(row["min_trade_amount"])),
                active=bool(row["is_active"]),
                expires=int(row["expiration_timestamp"]) * 1_000_000
                if DATED.search(row["instrument_name"])
                else 0,
            )

    def volume_paths(self) -> Sequence[str]:
        summary = "/api/v2/public/get_book_summary_by_currency?currency="
        return tuple(summary + currency for currency in ("BTC", "ETH", "USDC"))

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`volume` is in the base coin; prices of options may be, too, so theirs is that of what is underlying."""
        for row in answer["result"]:
            is_option = row["instrument_name"].endswith(("-C", "-P"))
            price = row.get("underlying_price") if is_option else row.get("last") or row.get("mark_price")
            yield row["instrument_name"], Decimal(str(row.get("volume") or 0)) * Decimal(str(price or 0))

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        found = NAME.fullmatch(native)
        if found is None:  # a combination: its size has no one base
            return Instrument(
                self.name, native, native, Market.FUTURE, native, "USD", "USD", None, inferred=True
            )
        base, quote = found["base"], found["quote"] or "USD"
        settle = found["quote"] or base
        market, expiry = Market.SPOT, ""
        if found["perp"]:
            market = Market.PERP
        elif found["day"]:
            market = Market.OPTION if found["strike"] else Market.FUTURE
            month = MONTHS.index(found["month"]) + 1 if found["month"] in MONTHS else 0
            expiry = f"{found['year']}{month:02}{int(found['day']):02}"
        # Amounts are in USD where the coin settles, but for options, which like all that is linear are in base.
        inverse = found["quote"] is None and market in (Market.PERP, Market.FUTURE)
        strike, right = (found["strike"] or "").replace("d", "."), found["right"] or ""
        symbol = canonical(base, quote, market, settle=settle, expiry=expiry, strike=strike, right=right)
        return Instrument(
            self.name, native, symbol, market, base, quote, settle, inverse=inverse, expiry=expiry, **more
        )
