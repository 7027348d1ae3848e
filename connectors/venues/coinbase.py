"""Coinbase Advanced Trade: channels `level2` (pushed as `l2_data`), `market_trades` and `heartbeats`, without a key.

`sequence_num` counts every frame of the connection, acks and heartbeats too: a jump makes all its books suspect.
The meaning of a trade's `side` is disputed; it is read as the taker's, and flow values are withheld while the share of
prints that agree with the book says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..events import Accepted, Noted, Refused, Said
from ..instruments import Instrument, Market, canonical
from ..shape import (
    ACTION,
    ID,
    KIND,
    PRICE,
    SENT,
    SEQUENCE,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
    Rows,
    changes,
)
from ..venue import Channel, Heartbeat, Limits, Venue

CHANNELS = {Channel.BOOK: "level2", Channel.TRADES: "market_trades"}


class Coinbase(Venue):
    """Spot over the Advanced Trade feed; full depth."""

    name, product = "coinbase", "advanced"
    markets = frozenset({Market.SPOT})
    ws, rest = "wss://advanced-trade-ws.coinbase.com", "https://api.coinbase.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("advanced-trade-ws.coinbase.com",)
    layout = {
        "channel": KIND,
        "timestamp": SENT,
        "sequence_num": SEQUENCE,
        "events": {
            "type": ACTION,
            "product_id": SYMBOL,
            "updates": changes(Rows(price="price_level", size="new_quantity", side="side", bid="bid")),
            "trades": {
                "trade_id": ID,
                "product_id": SYMBOL,
                "price": PRICE,
                "size": SIZE,
                "side": SIDE,
                "time": TIME,
            },
            "subscriptions": Leaf(),
        },
    }
    kinds = {"l2_data": Kind.BOOK, "market_trades": Kind.TRADE, "heartbeats": Kind.HEARTBEAT}
    taker_bought, taker_sold = "BUY", "SELL"
    side_disputed = True
    counts_connection = True
    refuses_whole = True
    heartbeat = Heartbeat(silent_after=5.0)
    limits = Limits(
        symbols=5, messages_per_second=4, topics_per_message=10, weight_per_minute=300, connects_per_minute=60
    )
    proof = "sequence"
    interval = "50ms"
    blind_spots = ("a loss is seen for the whole connection only, not for one symbol",)

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        if Channel.BOOK in channels:
            yield '{"type":"subscribe","channel":"heartbeats"}'
        yield from self._requests("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels)

    def _requests(self, kind: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        for channel in channels:
            yield orjson.dumps(
                {"type": kind, "product_ids": list(symbols), "channel": CHANNELS[channel]}
            ).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        if message.get("type") == "error":
            yield Refused(str(message.get("message")))
        elif message.get("channel") == "subscriptions":
            for event in message.get("events") or ():
                for channel, symbols in (event.get("subscriptions") or {}).items():
                    for symbol in symbols if isinstance(symbols, list) else ():
                        yield Accepted(symbol=str(symbol), channel=str(channel))
        else:
            yield Noted(str(message.get("channel") or message.get("type") or "unknown"))

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v3/brokerage/market/products?product_type=SPOT",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["products"]:
            if row.get("product_type", "SPOT") != "SPOT":
                continue
            yield self._instrument(
                row["product_id"],
                tick=Decimal(row.get("price_increment") or row["quote_increment"]),
                lot=Decimal(row["base_increment"]),
                active=row.get("status") == "online" and not row.get("trading_disabled"),
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v3/brokerage/market/products?product_type=SPOT",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        rows = answer["products"]
        return ((row["product_id"], Decimal(row.get("approximate_quote_24h_volume") or 0)) for row in rows)

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, quote = native.partition("-")
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)
