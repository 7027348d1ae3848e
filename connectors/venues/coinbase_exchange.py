"""Coinbase Exchange: channels `level2_batch` (50 ms), `matches` and `heartbeat`, without a key.

The book channel has neither a sequence nor a checksum: nothing proves it, and the declaration says so. The `side` of a
match is the maker's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..events import Accepted, Noted, Refused, Said
from ..instruments import Instrument
from ..shape import ASKS, BIDS, ID, KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind, Leaf, Rows, changes
from ..venue import Channel, Limits
from .coinbase import Coinbase

CHANNELS = {Channel.BOOK: ["level2_batch", "heartbeat"], Channel.TRADES: ["matches"]}


class CoinbaseExchange(Coinbase):
    """Spot over the Exchange feed; full depth, unproven."""

    name, product = "coinbase_exchange", "exchange"
    ws, rest = "wss://ws-feed.exchange.coinbase.com", "https://api.exchange.coinbase.com"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "ws-feed.exchange.coinbase.com",
        "ws-feed.pro.coinbase.com",
        "ws-direct.exchange.coinbase.com",
    )
    layout = {
        "type": KIND,
        "product_id": SYMBOL,
        "bids": BIDS,
        "asks": ASKS,
        "changes": changes(Rows(price=1, size=2, side=0, bid="buy")),
        "time": TIME,
        "trade_id": ID,
        "maker_order_id": Leaf(),
        "taker_order_id": Leaf(),
        "side": SIDE,
        "size": SIZE,
        "price": PRICE,
        "sequence": Leaf(),
    }
    kinds = {
        "snapshot": Kind.SNAPSHOT,
        "l2update": Kind.DELTA,
        "match": Kind.TRADE,
        "last_match": Kind.IGNORED,
        "ticker": Kind.IGNORED,
        "heartbeat": Kind.HEARTBEAT,
    }
    taker_bought, taker_sold = "sell", "buy"  # the maker sold: the taker bought
    side_disputed = False
    counts_connection = False
    trade_ids_contiguous = True
    limits = Limits(
        symbols=20,
        messages_per_second=4,
        topics_per_message=20,
        weight_per_minute=300,
        connects_per_minute=60,
    )
    image_every = 600.0
    proof = "none"
    blind_spots = (
        "no sequence and no checksum: a lost message stays unseen until the book crosses or the next image, every 10 min",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._exchange_request("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._exchange_request("unsubscribe", symbols, channels)

    def _exchange_request(self, kind: str, symbols: Sequence[str], channels: Sequence[Channel]) -> str:
        names = [name for channel in channels for name in CHANNELS[channel]]
        return orjson.dumps({"type": kind, "product_ids": list(symbols), "channels": names}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        match message.get("type"):
            case "subscriptions":
                for channel in message.get("channels") or ():
                    for symbol in channel.get("product_ids") or ():
                        yield Accepted(symbol=symbol, channel=str(channel.get("name")))
            case "error":
                yield Refused(f"{message.get('message')}: {message.get('reason', '')}")
            case other:
                yield Noted(str(other or "unknown"))

    def volume_paths(self) -> Sequence[str]:
        return ()  # told of one product a request

    def instrument_paths(self) -> Sequence[str]:
        return ("/products",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            yield self._instrument(
                row["id"],
                tick=Decimal(row["quote_increment"]),
                lot=Decimal(row["base_increment"]),
                active=row.get("status") == "online" and not row.get("trading_disabled"),
            )
