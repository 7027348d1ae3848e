"""Kraken spot, WebSocket v2: channel `book` (100 levels) and `trade`.

There is no sequence. Each message carries the CRC32 of the ten best levels a side, so a loss among them shows with the
next message and a loss below only when it rises; levels pushed out of the window are the client's to drop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..checksums import DigitsCrc32
from ..events import Accepted, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..shape import ACTION, CHECKSUM, ID, KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind, Leaf, Rows, asks, bids
from ..venue import Channel, Heartbeat, Limits, Venue

ROWS = Rows(price="price", size="qty")
# Names that REST has for older pairs, XXBTZUSD, ZGBPZUSD and USDTZUSD, and how the newer ones end.
OLDER = re.compile(r"(?:[XZ](?P<base>[A-Z]{3})|(?P<stable>USD[TC]))[XZ](?P<quote>[A-Z]{3})")
QUOTES = ("USDT", "USDC", "PYUSD", "USDG", "RLUSD", "EUROP", "EURQ", "EURR", "USD", "EUR", "GBP",
          "CAD", "JPY", "CHF", "AUD", "DAI", "XBT", "ETH", "DOT", "SOL")  # fmt: skip
RENAMED = {
    "XBT": "BTC",
    "XDG": "DOGE",
    "ZUSD": "USD",
    "ZEUR": "EUR",
}  # REST and v1 names of what v2 calls otherwise


class Kraken(Venue):
    """Spot. Prices and quantities are JSON numbers whose zeros at the end count for the checksum."""

    name, product = "kraken", "spot"
    markets = frozenset({Market.SPOT})
    ws, rest = "wss://ws.kraken.com/v2", "https://api.kraken.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws.kraken.com/v2", "beta-ws.kraken.com/v2")
    layout = {
        "channel": KIND,
        "type": ACTION,
        "data": {
            "symbol": SYMBOL,
            "bids": bids(ROWS),
            "asks": asks(ROWS),
            "checksum": CHECKSUM,
            "timestamp": TIME,
            "side": SIDE,
            "price": PRICE,
            "qty": SIZE,
            "ord_type": Leaf(),
            "trade_id": ID,
        },
    }
    kinds = {"book": Kind.BOOK, "trade": Kind.TRADE, "heartbeat": Kind.HEARTBEAT, "ticker": Kind.IGNORED}
    taker_bought, taker_sold = "buy", "sell"
    trade_ids_contiguous = True
    checksum = DigitsCrc32()
    heartbeat = Heartbeat(silent_after=10.0, ping='{"method":"ping"}', every=30.0)
    limits = Limits(
        symbols=50, messages_per_second=1, topics_per_message=50, weight_per_minute=60, connects_per_minute=12
    )
    depth, depths = 100, (10, 25, 100, 500, 1000)
    image_every = 600.0
    proof = "checksum"
    interval = "real time"
    blind_spots = (
        "a loss below the ten best levels is not seen until it rises; the book is compared with a fresh image every 10 min",
        "only the subscribed number of levels is sent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._request("unsubscribe", symbols, channels, request)

    def _request(
        self, method: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        for offset, channel in enumerate(channels):
            params: dict[str, Any] = {"channel": "trade", "symbol": list(symbols)}
            if channel is Channel.BOOK:
                params |= {"channel": "book", "depth": self.depth}
            if method == "subscribe":
                params["snapshot"] = channel is Channel.BOOK
            yield orjson.dumps({"method": method, "params": params, "req_id": request + offset}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        result = message.get("result") or {}
        method = message.get("method")
        if method in ("subscribe", "unsubscribe") and message.get("success") is False:
            request, symbol = str(message.get("req_id", "")), message.get("symbol", "")
            yield Refused(str(message.get("error")), request=request, symbol=symbol)
        elif method == "subscribe":
            yield Accepted(
                request=str(message.get("req_id", "")),
                symbol=result.get("symbol", ""),
                channel=result.get("channel", ""),
                depth=int(result.get("depth") or 0),
            )
        elif method == "unsubscribe":
            yield Unsubscribed(request=str(message.get("req_id", "")), symbol=result.get("symbol", ""))
        elif message.get("channel") == "status":
            state = next(iter(message.get("data") or [{}])).get("system", "")
            yield Noted(f"status {state}")
        else:
            yield Noted(str(method or message.get("channel") or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        params = message.get("params") or message.get("result") or {}
        if not isinstance(params, dict) or params.get("channel") != "book":
            return {}
        named = params.get("symbol") or []
        depth = int(params.get("depth") or 10)
        return dict.fromkeys([named] if isinstance(named, str) else named, depth)

    def instrument_paths(self) -> Sequence[str]:
        return ("/0/public/AssetPairs",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["result"].values():
            if "wsname" not in row:
                continue
            base, quote = (RENAMED.get(part, part) for part in row["wsname"].split("/"))
            tick = row.get("tick_size") or str(Decimal(1).scaleb(-int(row["pair_decimals"])))
            yield self._instrument(
                f"{base}/{quote}",
                tick=Decimal(tick),
                lot=Decimal(1).scaleb(-int(row["lot_decimals"])),
                active=row.get("status", "online") == "online",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/0/public/Ticker",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """By the name that REST has for a pair; `v` and `p` are volume in base and mean price, of today and of 24 h."""
        for name, row in answer["result"].items():
            if native := spelt(name):
                yield native, Decimal(row["v"][1]) * Decimal(row["p"][1])

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        base, _, quote = native.partition("/")
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)


def spelt(name: str) -> str:
    """`BTC/USD` for what REST calls XXBTZUSD, and AAVE/EUR for AAVEEUR; "" where the quote is none of the known."""
    if older := OLDER.fullmatch(name):
        parts = older["base"] or older["stable"], older["quote"]
    else:
        quote = next((one for one in QUOTES if name.endswith(one) and name != one), "")
        parts = name.removesuffix(quote), quote
    return "/".join(RENAMED.get(part, part) for part in parts) if parts[1] else ""
