"""Crypto.com Exchange v1: spot, perpetuals, dated futures on one socket. Channels `book.X.50` (10 ms) and `trade.X`;
`ticker.X`, `funding.X`, `mark.X` and `index.Y-INDEX` of derivatives.

Each update names the id before it (`pu`); ids jump, and an idle book repeats its own every 5 s. `cs` is a checksum
whose rule nobody outside knows, so it is left unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Accepted, Answer, Leaving, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Resetting
from ..shape import KIND, LAST, PREVIOUS, PRICE, SENT, SIDE, SIZE, SYMBOL, TIME, Kind, Leaf, Rows, asks, bids
from ..venue import Channel, Heartbeat, Limits, Route, Venue

ROWS = Rows(orders=2)
QUOTES = ("USDT", "USDC", "USD")
CHANNELS = {
    Channel.TRADES: "trade.",
    Channel.OPEN_INTEREST: "ticker.",
    Channel.FUNDING: "funding.",
    Channel.MARK_PRICE: "mark.",
    Channel.INDEX_PRICE: "index.",
}
OF_DERIVATIVES = (Channel.OPEN_INTEREST, Channel.FUNDING, Channel.MARK_PRICE, Channel.INDEX_PRICE)
TOLD = {  # kind of message -> what it tells, and its key
    "ticker": ("open_interest", "oi"),
    "funding": ("funding_rate", "v"),
    "mark": ("mark", "v"),
    "index": ("index", "v"),
}
INDEX = "-INDEX"
MARKETS = {"CCY_PAIR": Market.SPOT, "PERPETUAL_SWAP": Market.PERP, "FUTURE": Market.FUTURE}
DERIVED = re.compile(r"(?P<pair>\w+)-(?P<tail>PERP|\d{6})")


class CryptoCom(Venue):
    """All products; the id tells the kind, sizes are base everywhere."""

    name, product = "crypto_com", "market"
    markets = frozenset({Market.SPOT, Market.PERP, Market.FUTURE})
    ws, rest = "wss://stream.crypto.com/exchange/v1/market", "https://api.crypto.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("stream.crypto.com/exchange/v1/market",)
    layout = {
        "id": Leaf(),
        "method": Leaf(),
        "code": Leaf(),
        "result": {
            "instrument_name": SYMBOL,
            "subscription": Leaf(),
            "channel": KIND,
            "data": {
                "update": {"asks": asks(ROWS), "bids": bids(ROWS)},
                "asks": asks(ROWS),
                "bids": bids(ROWS),
                "t": SENT,
                "tt": TIME,
                "u": LAST,
                "pu": PREVIOUS,
                "p": PRICE,
                "q": SIZE,
                "s": SIDE,
            },
        },
    }
    kinds = {
        "book": Kind.SNAPSHOT,
        "book.update": Kind.DELTA,
        "trade": Kind.TRADE,
        **dict.fromkeys(TOLD, Kind.DERIVATIVE),
    }
    derivatives = Derivatives(
        open_interest="socket", funding="socket", mark="socket", index="socket", funding_hours=1.0
    )
    routes = {
        "": Route(""),
        "derivatives": Route("", OF_DERIVATIVES, frozenset({Market.PERP, Market.FUTURE})),
    }
    taker_bought, taker_sold = "BUY", "SELL"
    trades_repeat = newest_first = True
    rule = Resetting()
    heartbeat = Heartbeat(silent_after=15.0)  # PING frames and idle updates come every 5 s
    limits = Limits(
        symbols=100,
        messages_per_second=10,
        topics_per_message=100,
        weight_per_minute=600,
        connects_per_minute=60,
        pause=1.0,  # the rate limit counts from the second of the connect
    )
    depth, depths = 50, (10, 50, 150)
    proof = "sequence"
    interval = "10ms"
    blind_spots = (
        "only the best 50 levels a side are sent",
        "a repeated print is not seen: fills of one match share an id",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        extra = {"book_subscription_type": "SNAPSHOT_AND_UPDATE", "book_update_frequency": 10}
        yield self._request(
            "subscribe", symbols, channels, request, extra if Channel.BOOK in channels else {}
        )

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        # Several instruments share an index: it is not undone.
        own = [channel for channel in channels if channel is not Channel.INDEX_PRICE]
        yield self._request("unsubscribe", symbols, own, request, {})

    def _request(
        self,
        method: str,
        symbols: Sequence[str],
        channels: Sequence[Channel],
        request: int,
        extra: Mapping[str, Any],
    ) -> str:
        wanted = [name for channel in channels for name in self._names(channel, symbols)]
        params = {"channels": wanted, **extra}
        return orjson.dumps({"id": request, "method": method, "params": params}).decode()

    def _names(self, channel: Channel, symbols: Sequence[str]) -> Iterable[str]:
        match channel:
            case Channel.BOOK:
                return [f"book.{symbol}.{self.depth}" for symbol in symbols]
            case Channel.INDEX_PRICE:
                return dict.fromkeys(CHANNELS[channel] + self.index_of(symbol) for symbol in symbols)
            case Channel.FUNDING:
                symbols = [symbol for symbol in symbols if symbol.endswith("-PERP")]
        return [CHANNELS[channel] + symbol for symbol in symbols]

    def index_of(self, native: str) -> str:
        found = DERIVED.fullmatch(native)
        return found["pair"] + INDEX if found else ""

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        result, (name, key) = message["result"], TOLD[kind]
        for row in result["data"]:
            if row.get(key) is not None:  # tickers of spot have no open interest
                told = DerivativeTicker(result["instrument_name"], nanoseconds(row.get("t")))
                setattr(told, name, amount(row[key]))
                yield told

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        method, request = message.get("method"), str(message.get("id", ""))
        symbol = symbol_of(str(message.get("channel") or ""))
        if method == "public/heartbeat":
            answer = {"id": message["id"], "method": "public/respond-heartbeat"}
            yield Answer(orjson.dumps(answer).decode())
        elif message.get("code", 0) != 0 and symbol.endswith(INDEX):
            yield Noted(f"refused: {symbol}")  # its instruments stand
        elif message.get("code", 0) != 0 and method in ("subscribe", "unsubscribe"):
            why = f"{message['code']} {message.get('message')}"
            yield Refused(why, request="" if symbol else request, symbol=symbol)
        elif message.get("code") == 1013:
            yield Leaving(str(message.get("message")))
        elif method == "subscribe":
            yield Accepted(request=request, symbol=symbol)
        elif method == "unsubscribe":
            yield Unsubscribed(request=request)
        else:
            yield Noted(str(method or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        params = message.get("params")
        channels = params.get("channels") if isinstance(params, dict) else [message.get("channel")]
        found = [str(one).split(".") for one in channels or ()]
        return {
            parts[1]: int(parts[2])
            for parts in found
            if len(parts) == 3 and parts[0] == "book" and parts[2].isdigit()
        }

    def instrument_paths(self) -> Sequence[str]:
        return ("/exchange/v1/public/get-instruments",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer["result"]["data"]:
            if row["inst_type"] not in MARKETS:
                continue
            yield self._instrument(
                row["symbol"],
                row["base_ccy"],
                row["quote_ccy"],
                contract_size=Decimal(row.get("contract_size") or "1"),
                tick=Decimal(row["price_tick_size"]),
                lot=Decimal(row["qty_tick_size"]),
                active=row["tradable"],
                expires=int(row.get("expiry_timestamp_ms") or 0) * 1_000_000,
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/exchange/v1/public/get-tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """`v` is in base, `a` the last price (`vv` is in USD, whatever the quote)."""
        for row in answer["result"]["data"]:
            yield row["i"], Decimal(row["v"] or 0) * Decimal(row["a"] or 0)

    def infer(self, native: str) -> Instrument:
        if found := DERIVED.fullmatch(native):
            quote = next((one for one in QUOTES if found["pair"].endswith(one)), "UNKNOWN")
            return self._instrument(native, found["pair"].removesuffix(quote), quote, inferred=True)
        base, _, quote = native.partition("_")
        return self._instrument(native, base, quote or "UNKNOWN", inferred=True)

    def _instrument(self, native: str, base: str, quote: str, **more: Any) -> Instrument:
        found = DERIVED.fullmatch(native)
        market = Market.SPOT
        if found:
            market = Market.PERP if found["tail"] == "PERP" else Market.FUTURE
        expiry = found["tail"] if found and market is Market.FUTURE else ""
        symbol = canonical(base, quote, market, expiry=expiry)
        return Instrument(self.name, native, symbol, market, base, quote, quote, expiry=expiry, **more)


def symbol_of(channel: str) -> str:
    """The instrument in the name of a channel: `book.BTCUSD-PERP.50`."""
    parts = channel.split(".")
    return parts[1] if len(parts) > 1 else ""
