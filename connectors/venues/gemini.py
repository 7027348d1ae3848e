"""Gemini spot and perpetuals: streams `X@depth@100ms` and `X@trade` of wss://ws.gemini.com.

An update's `U` is `u` of the one before; the first message of a subscription is the whole book and has `U` = `u`. The
archived marketdata v2, which has no sequence, is read in recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, Poll, amount
from ..events import Accepted, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Overlapping, Rule, Unnumbered
from ..shape import (
    ASKS,
    BIDS,
    FIRST,
    ID,
    KIND,
    LAST,
    PRICE,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    WHOLE,
    Kind,
    Rows,
    changes,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

STREAMS = {
    Channel.BOOK: "depth@100ms",
    Channel.TRADES: "trade",
    Channel.MARK_PRICE: "markPrice",
    Channel.FUNDING: "fundingAmount",
}
QUOTES = (
    "USDC",
    "USDT",
    "RLUSD",
    "USD",
    "EUR",
    "GBP",
    "SGD",
    "DAI",
    "BTC",
    "ETH",
    "LTC",
    "BCH",
    "FIL",
)


class Gemini(Venue):
    """One socket serves spot and perpetuals; sizes are base units in both."""

    name, product = "gemini", "public"
    markets = frozenset({Market.SPOT, Market.PERP})
    ws, rest = "wss://ws.gemini.com", "https://api.gemini.com"
    routes = {
        "": Route("/?snapshot=-1"),  # the whole book first
        "derivatives": Route("/", (Channel.MARK_PRICE, Channel.FUNDING), frozenset({Market.PERP})),
    }
    polls: ClassVar[tuple[Poll, ...]] = (Poll("/v1/riskstats/{symbol}", 30, 1),)
    derivatives: ClassVar[Derivatives | None] = Derivatives(
        open_interest="REST", funding="socket", mark="socket", index="REST", funding_hours=1.0
    )
    recorded_at: ClassVar[tuple[str, ...]] = ("ws.gemini.com", "wsapi.fast.gemini.com")
    layout = {
        "e": KIND,
        "E": TIME,
        "s": SYMBOL,
        "U": FIRST,
        "u": LAST,
        "b": BIDS,
        "a": ASKS,
        "t": ID,
        "p": PRICE,
        "q": SIZE,
        "m": SIDE,
    }
    # Prints say nothing of their kind; nor do best prices, which have no `p`.
    kinds = {
        "depthUpdate": Kind.DELTA,
        "": Kind.TRADE,
        "markPrice": Kind.DERIVATIVE,
        "fundingAmount": Kind.DERIVATIVE,
    }
    taker_bought, taker_sold = "false", "true"  # m: the buyer was the maker
    rule: ClassVar[Rule] = Overlapping()
    refuses_whole = True
    heartbeat = Heartbeat(silent_after=25.0, ping='{"id":"ping","method":"ping"}', every=10.0)
    limits = Limits(
        symbols=50, messages_per_second=5, topics_per_message=20, weight_per_minute=60, connects_per_minute=30
    )
    proof = "sequence"
    interval = "100ms"
    blind_spots: ClassVar[tuple[str, ...]] = ()

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        yield self._request("unsubscribe", symbols, channels, request)

    def _request(self, method: str, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> str:
        params = [f"{symbol}@{STREAMS[channel]}" for channel in channels for symbol in symbols]
        return orjson.dumps({"id": str(request), "method": method, "params": params}).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request = str(message.get("id", ""))
        if fault := message.get("error"):
            why = f"{fault.get('code')} {fault.get('msg')}"
            yield Refused(why, request=request, symbol=why.rpartition(" ")[2].partition("@")[0])
        elif request == "ping":
            yield Noted("pong")
        elif message.get("status") == 200:
            yield Accepted(request=request)
            yield Unsubscribed(request=request)  # what was asked, the request's number tells
        else:
            yield Noted(str(message.get("e") or "unknown"))

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        mark = float(message["p"])
        told = DerivativeTicker(message["s"], int(message["E"]), mark=mark)
        if kind == "fundingAmount":  # in quote for one base; the rate beside it, in percent, is cut short
            told.funding_rate = float(message["f"]) / mark
            told.funding_hours, told.next_funding = message["i"] / 60, int(message["T"])
        yield told

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        yield DerivativeTicker(
            symbol,
            mark=amount(answer["mark_price"]),
            index=amount(answer["index_price"]),
            open_interest=amount(answer["open_interest"]),
        )

    def instrument_paths(self) -> Sequence[str]:
        return ("/v1/symbols/details/all",)

    lists_read = ("/v1/symbols/details/",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer if isinstance(answer, list) else [answer]:
            if not isinstance(row, dict):
                continue  # the older list of bare names
            kind = row.get("product_type", "spot")
            if kind not in ("spot", "swap"):
                continue
            yield self._instrument(
                self._spelt(row["symbol"]),
                row["base_currency"],
                row["quote_currency"],
                Market.PERP if kind == "swap" else Market.SPOT,
                tick=Decimal(str(row["quote_increment"])),  # `tick_size` is the step of the quantity
                lot=Decimal(str(row["tick_size"])),
                active=row["status"] != "closed",
            )

    def _spelt(self, symbol: str) -> str:
        return symbol.lower()

    def infer(self, native: str) -> Instrument:
        pair = native.upper()
        market = Market.PERP if pair.endswith("PERP") else Market.SPOT
        pair = pair.removesuffix("PERP")
        quotes = QUOTES if pair.startswith("PAXG") else ("GUSD", *QUOTES)  # PAXGUSD is PAXG against USD
        quote = next((one for one in quotes if pair.endswith(one) and pair != one), "")
        base = pair.removesuffix(quote) if quote else pair
        return self._instrument(native, base, quote or "UNKNOWN", market, inferred=True)

    def _instrument(self, native: str, base: str, quote: str, market: Market, **more: Any) -> Instrument:
        symbol = canonical(base, quote, market)
        return Instrument(self.name, native, symbol, market, base, quote, quote, **more)


class GeminiV2(Gemini):
    """The archived marketdata v2: book, prints and auctions in one subscription, and no sequence."""

    product, superseded = "v2", True
    derivatives, polls = None, ()
    ws = "wss://api.gemini.com/v2/marketdata"
    routes = {"": Route("")}
    recorded_at: ClassVar[tuple[str, ...]] = (
        "api.gemini.com/v2/marketdata",
        "api.sandbox.gemini.com/v2/marketdata",
    )
    layout = {
        "type": KIND,
        "symbol": SYMBOL,
        "changes": changes(Rows(price=1, size=2, side=0, bid="buy")),
        "trades": WHOLE,
        "auction_events": WHOLE,
        "event_id": ID,
        "timestamp": TIME,
        "price": PRICE,
        "quantity": SIZE,
        "side": SIDE,
    }
    kinds = {"l2_updates": Kind.BOOK, "trade": Kind.TRADE, "heartbeat": Kind.HEARTBEAT}
    taker_bought, taker_sold = "buy", "sell"
    rule = Unnumbered()
    heartbeat = Heartbeat(silent_after=15.0)
    image_every = 600.0
    proof = "none"
    interval = "real time"
    blind_spots = (
        "no sequence and no checksum: a lost message stays unseen until the book crosses or the next image, every 10 min",
    )

    def _request(self, method: str, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> str:
        asked = {"type": method, "subscriptions": [{"name": "l2", "symbols": list(symbols)}]}
        return orjson.dumps(asked).decode()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        if message.get("result") == "error":
            yield Refused(str(message.get("reason")))
        else:
            yield Noted(str(message.get("type") or "unknown"))

    def _spelt(self, symbol: str) -> str:
        return symbol
