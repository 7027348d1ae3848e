"""dYdX v4 indexer: channels `v4_orderbook` (batched, 250 ms) and `v4_trades`, and `v4_markets` of all markets at once.

`message_id` counts every message of the connection; books have no sequence of their own and cross by design, since the
indexer merges what one node has heard. Shown is the book without the older of two levels that cross; the raw one is
kept. Books carry no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Complete, Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Noted, Refused, Said
from ..instruments import Instrument, Market, canonical
from ..shape import (
    ACTION,
    KIND,
    PRICE,
    REPLY,
    SEQUENCE,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
    Rows,
    Slot,
    asks,
    bids,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

CHANNELS = {Channel.BOOK: "v4_orderbook", Channel.TRADES: "v4_trades"}
MARKETS = "v4_markets"
ROWS = Rows(names=("price", "size"))  # objects in a snapshot, lists in a change


class Dydx(Venue):
    """Perpetuals quoted in USD and settled in USDC; sizes in base."""

    name, product = "dydx", "perp"
    markets = frozenset({Market.PERP})
    ws, rest = "wss://indexer.dydx.trade/v4/ws", "https://indexer.dydx.trade/v4"
    recorded_at: ClassVar[tuple[str, ...]] = (
        "indexer.dydx.trade/v4/ws",
        "indexer.v4testnet.dydx.exchange/v4/ws",
    )
    layout = {
        "type": ACTION,
        "message": REPLY,  # of an error
        "message_id": SEQUENCE,
        "channel": KIND,
        "id": SYMBOL,
        "contents": {
            "bids": bids(ROWS),
            "asks": asks(ROWS),
            "trades": {
                "size": SIZE,
                "price": PRICE,
                "side": SIDE,
                "createdAt": TIME,
                "type": Leaf(Slot.EXCLUDE, twin=Slot.LIQUIDATION),
            },
        },
    }
    kinds = {
        "v4_orderbook": Kind.BOOK,
        "v4_trades": Kind.TRADE,
        MARKETS: Kind.DERIVATIVE,
        "v4_*": Kind.IGNORED,
    }
    whole = frozenset({"subscribed"})
    history = frozenset({"subscribed"})
    taker_bought, taker_sold = "BUY", "SELL"
    off_book = frozenset({"DELEVERAGED"})
    liquidated = {"LIQUIDATED": ("taker",)}
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
    counts_connection = True
    uncrosses = True
    snapshot_levels = 100
    heartbeat = Heartbeat(silent_after=40.0)  # a PING frame comes every 30 s
    limits = Limits(
        symbols=12,  # subscribed to within the time that a book is waited for
        messages_per_second=1.5,  # more than 2 close the socket
        topics_per_message=1,
        weight_per_minute=500,
        connects_per_minute=30,
    )
    image_every = 600.0
    proof = "sequence"
    interval = "250ms"
    blind_spots = (
        "a loss is seen for the whole connection only, not for one symbol",
        "changes between the image and the subscription are lost by the venue; books are compared every 10 min",
        "another node's book may differ for seconds; levels may linger after their orders are gone",
        "levels beyond the 100 of the snapshot are not known until they change",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels)

    def _requests(self, kind: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        for symbol in symbols:
            for channel in (one for one in channels if one in CHANNELS):
                asked: dict[str, Any] = {"type": kind, "channel": CHANNELS[channel], "id": symbol}
                if kind == "subscribe":
                    asked["batched"] = True
                yield orjson.dumps(asked).decode()

    def subscribe_market(self, channels: Sequence[Channel], request: int) -> Iterable[str]:
        if Channel.TICKER in channels:
            yield orjson.dumps({"type": "subscribe", "channel": MARKETS, "batched": True}).decode()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        """All markets at first, then what changed of some; there is one price beside the book, that of the oracle."""
        contents = message["contents"]
        for part in contents if isinstance(contents, list) else (contents,):
            for of in ("markets", "trading", "oraclePrices"):
                for ticker, row in (part.get(of) or {}).items():
                    oracle = amount(row.get("oraclePrice"))
                    yield DerivativeTicker(
                        ticker,
                        _nanoseconds(row.get("effectiveAt")),
                        mark=oracle,
                        index=oracle,
                        funding_rate=amount(row.get("nextFundingRate")),
                        open_interest=amount(row.get("openInterest")),
                    )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        if message.get("type") == "error" and message.get("channel") == MARKETS:
            yield Noted(f"refused: {message.get('message')}")  # of no symbol, and costs no book
        elif message.get("type") == "error":
            yield Refused(str(message.get("message")), symbol=str(message.get("id") or ""))
        else:
            yield Noted(str(message.get("type") or "unknown"))

    def instrument_paths(self) -> Sequence[str]:
        return ("/perpetualMarkets",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["markets"].values():
            yield self._instrument(
                row["ticker"],
                tick=Decimal(row["tickSize"]),
                lot=Decimal(row["stepSize"]),
                active=row["status"] == "ACTIVE",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/perpetualMarkets",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["ticker"], Decimal(row["volume24H"] or 0)) for row in answer["markets"].values())

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, quote = native.rpartition("-")
        symbol = canonical(base, quote, Market.PERP, settle="USDC")
        return Instrument(self.name, native, symbol, Market.PERP, base, quote, "USDC", **more)


def _nanoseconds(text: str | None) -> int:
    """A time like 2024-08-23T00:00:54.301Z in ns, 0 where there is none."""
    return nanoseconds(round(datetime.fromisoformat(text).timestamp() * 1000)) if text else 0
