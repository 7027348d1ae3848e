"""Bitstamp spot and perpetuals: channels `diff_order_book_X` (whole depth) and `live_trades_X` of one socket,
and `funding_rate_X` of perpetuals.

There is no sequence, only the `microtimestamp` that the updates share with the snapshot by REST, which comes from a
cache and is up to 2.6 s older than the socket: updates are let come for longer than that before it is asked for. A
lost update is not seen; the book is compared with a newer snapshot at the same microtimestamp every 10 minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, amount, nanoseconds
from ..events import Accepted, Leaving, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Stamped
from ..shape import ASKS, BIDS, ID, KIND, LAST, PRICE, SIDE, SIZE, SYMBOL, Kind, Slot
from ..venue import SECOND, Channel, Heartbeat, Limits, RestSnapshot, Route, Venue

CHANNELS = {
    Channel.BOOK: "diff_order_book_",
    Channel.TRADES: "live_trades_",
    Channel.TICKER: "funding_rate_",
}
STAMP = replace(LAST, twin=Slot.TIME)
SNAPSHOT = re.compile(r".*/api/v2/order_book/(?P<symbol>[^/?]+)/?(\?.*)?")
QUOTES = ("usdt", "usdc", "pyusd", "usd", "eur", "gbp", "btc", "eth", "pax")


class Bitstamp(Venue):
    """One socket serves spot and perpetuals; sizes are base units in both."""

    name, product = "bitstamp", "public"
    markets = frozenset({Market.SPOT, Market.PERP})
    ws, rest = "wss://ws.bitstamp.net", "https://www.bitstamp.net"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws.bitstamp.net",)
    layout = {
        "data": {
            "microtimestamp": STAMP,
            "bids": BIDS,
            "asks": ASKS,
            "id": ID,
            "amount_str": SIZE,  # `amount` and `price` carry the noise of binary fractions
            "price_str": PRICE,
            "type": SIDE,
        },
        "channel": SYMBOL,
        "event": KIND,
    }
    kinds = {"data": Kind.DELTA, "trade": Kind.TRADE, "funding_rate_saved": Kind.DERIVATIVE}
    derivatives = Derivatives(funding="socket", mark="socket", index="socket")
    routes = {
        "": Route(""),
        "derivatives": Route("", (Channel.TICKER,), frozenset({Market.PERP})),
    }
    taker_bought, taker_sold = "0", "1"
    rule = Stamped()
    snapshot = RestSnapshot(
        "/api/v2/order_book/{symbol}/",
        limit=2000,
        weight=1,
        probe_weight=1,
        lag=3.0,
        layout={"microtimestamp": STAMP, "bids": BIDS, "asks": ASKS},
    )
    heartbeat = Heartbeat(silent_after=25.0, ping='{"event":"bts:heartbeat"}', every=15.0)
    limits = Limits(
        symbols=100,
        messages_per_second=10,
        topics_per_message=1,  # a frame of 512 bytes or more closes the socket
        weight_per_minute=800,
        life=90 * 86_400,
        connects_per_minute=60,
    )
    image_every = 600.0
    proof = "none"
    interval = "100ms"
    blind_spots = (
        "no sequence and no checksum: a lost message stays unseen until the book crosses or the next image, every 10 min",
        "an unknown pair is accepted and stays silent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("bts:subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("bts:unsubscribe", symbols, channels)

    def _requests(self, event: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        for symbol in symbols:
            for channel in channels:
                data = {"channel": CHANNELS[channel] + symbol}
                yield orjson.dumps({"event": event, "data": data}).decode()

    def native_in(self, word: str) -> str:
        """`diff_order_book_btcusd`; "" for channels that are none of ours, such as the images of `order_book_`."""
        return next((word.removeprefix(one) for one in CHANNELS.values() if word.startswith(one)), "")

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        data = message["data"]
        yield DerivativeTicker(
            data["market"],
            nanoseconds(data.get("timestamp"), SECOND),
            mark=amount(data.get("mark_price")),
            index=amount(data.get("index_price")),
            funding_rate=amount(data.get("funding_rate")),
            next_funding=nanoseconds(data.get("next_funding_time"), SECOND) or None,
        )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        event, channel = message.get("event"), str(message.get("channel") or "")
        symbol = self.native_in(channel)
        match event:
            case "bts:subscription_succeeded" if symbol:
                yield Accepted(symbol=symbol, channel=channel)
            case "bts:unsubscription_succeeded" if symbol:
                yield Unsubscribed(symbol=symbol)
            case "bts:request_reconnect":
                yield Leaving("bts:request_reconnect")
            case "bts:error":
                fault = message.get("data") or {}
                yield Refused(f"{fault.get('code')} {fault.get('message')}", symbol=symbol)
            case other:
                yield Noted(str(other or "unknown"))

    def snapshot_symbol(self, url: str) -> str:
        found = SNAPSHOT.fullmatch(url)
        return found["symbol"] if found else ""

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v2/markets/",)

    lists_read = ("/api/v2/trading-pairs-info",)  # the older list, without perpetuals

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            base, _, quote = row["name"].partition("/")
            is_perp = row.get("market_type") == "PERPETUAL"
            if is_perp:
                base = row.get("underlying_asset") or base
                quote = quote.removesuffix("-PERP")
            yield self._instrument(
                row.get("market_symbol") or row["url_symbol"],
                row.get("base_currency") or base if not is_perp else base,
                row.get("counter_currency") or quote,
                Market.PERP if is_perp else Market.SPOT,
                contract_size=Decimal(row.get("contract_size") or 1),
                tick=Decimal(1).scaleb(-int(row["counter_decimals"])),
                lot=Decimal(1).scaleb(-int(row["base_decimals"])),
                active=row["trading"] == "Enabled",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v2/ticker/",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """Pairs are written BTC/USD here; volumes are in base."""
        for row in answer:
            worth = Decimal(row["volume"] or 0) * Decimal(row["vwap"] or 0)
            yield row["pair"].replace("/", "").lower(), worth

    def infer(self, native: str) -> Instrument:
        pair, _, tail = native.partition("-")
        quote = next((one for one in QUOTES if pair.endswith(one) and pair != one), "")
        base = pair.removesuffix(quote) if quote else pair
        market = Market.PERP if tail == "perp" else Market.SPOT
        return self._instrument(native, base.upper(), quote.upper() or "UNKNOWN", market, inferred=True)

    def _instrument(self, native: str, base: str, quote: str, market: Market, **more: Any) -> Instrument:
        symbol = canonical(base, quote, market)
        return Instrument(self.name, native, symbol, market, base, quote, quote, **more)
