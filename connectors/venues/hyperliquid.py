"""Hyperliquid: perpetuals and spot. Channels `l2Book` (20 levels a side, whole each time), `trades`,
and `activeAssetCtx` of perpetuals.

There is neither a sequence nor a checksum. Each message is the whole of what is shown, so a lost one is healed by the
next and by nothing else; since June 2026 they come about every five seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import Derivative, Derivatives, DerivativeTicker, amount
from ..events import Accepted, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..shape import KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind, Leaf, Rows, asks, bids, places
from ..venue import Channel, Heartbeat, Limits, Route, Venue

ROWS = Rows(price="px", size="sz", orders="n")
CHANNELS = {Channel.BOOK: "l2Book", Channel.TRADES: "trades", Channel.TICKER: "activeAssetCtx"}
MOST_PLACES = {Market.PERP: 6, Market.SPOT: 8}  # of a price, less those of the size


class Hyperliquid(Venue):
    """One socket serves perpetuals (BTC, kPEPE) and spot (PURR/USDC, @107); sizes are in the coin as it is named."""

    name, product = "hyperliquid", "public"
    markets = frozenset({Market.PERP, Market.SPOT})
    recorded_at: ClassVar[tuple[str, ...]] = ("api.hyperliquid.xyz/ws", "api-ui.hyperliquid.xyz/ws")
    ws, rest = "wss://api.hyperliquid.xyz/ws", "https://api.hyperliquid.xyz"
    layout = {
        "channel": KIND,
        "data": {
            "coin": SYMBOL,
            "time": TIME,
            "levels": places(bids(ROWS), asks(ROWS)),
            "side": SIDE,
            "px": PRICE,
            "sz": SIZE,
            "hash": Leaf(),
        },
    }
    kinds = {
        "l2Book": Kind.IMAGE,
        "trades": Kind.TRADE,
        "pong": Kind.HEARTBEAT,
        "bbo": Kind.IGNORED,
        "activeAssetCtx": Kind.DERIVATIVE,
        "activeSpotAssetCtx": Kind.IGNORED,
    }
    derivatives = Derivatives(
        open_interest="socket", funding="socket", mark="socket", index="socket", funding_hours=1.0
    )
    routes = {
        "": Route(""),
        "derivatives": Route("", (Channel.TICKER,), frozenset({Market.PERP})),
    }
    plain = frozenset({b"Websocket connection established."})
    taker_bought, taker_sold = "B", "A"
    first_trades_are_history = True
    heartbeat = Heartbeat(silent_after=15.0, ping='{"method":"ping"}', every=10.0)
    limits = Limits(
        symbols=100,
        messages_per_second=15,
        topics_per_message=2,
        weight_per_minute=1200,
        connects_per_minute=20,
    )
    depth, depths = 20, (20,)
    proof = "image"
    interval = "5 s"
    blind_spots = (
        "only the best 20 levels a side are sent, about every 5 s",
        "a lost message is not seen; the next one heals it",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels)

    def _requests(self, method: str, symbols: Sequence[str], channels: Sequence[Channel]) -> Iterable[str]:
        for symbol in symbols:
            for channel in channels:
                wanted = {"type": CHANNELS[channel], "coin": symbol}
                yield orjson.dumps({"method": method, "subscription": wanted}).decode()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        told = message["data"]["ctx"]  # without a time; the index is the price of the oracle
        yield DerivativeTicker(
            message["data"]["coin"],
            mark=amount(told.get("markPx")),
            index=amount(told.get("oraclePx")),
            funding_rate=amount(told.get("funding")),
            open_interest=amount(told.get("openInterest")),
        )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        data = message.get("data")
        if message.get("channel") == "error":
            coin = _coin_in(str(data))
            known = str(data).startswith("Already ")  # subscribed, unsubscribed
            yield Noted("already so") if known else Refused(str(data), symbol=coin)
        elif message.get("channel") == "subscriptionResponse" and isinstance(data, dict):
            about = data["subscription"]
            if data["method"] == "unsubscribe" and about["type"] == CHANNELS[Channel.BOOK]:
                yield Unsubscribed(symbol=about["coin"])
            elif data["method"] == "subscribe":
                yield Accepted(symbol=about["coin"], channel=about["type"])
        else:
            yield Noted(str(message.get("channel") or "unknown"))

    def instrument_paths(self) -> Sequence[str]:
        return ('/info {"type":"meta"}', '/info {"type":"spotMeta"}')

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        """Perpetuals have their decimals beside their name, spot pairs name two tokens by number."""
        tokens = {token["index"]: token for token in answer.get("tokens", ())}
        for row in answer["universe"]:
            if not tokens:
                digits = row["szDecimals"]
                yield self._instrument(row["name"], digits=digits, active=not row.get("isDelisted", False))
            else:
                base, quote = (tokens[number] for number in row["tokens"])
                yield self._instrument(row["name"], base["name"], quote["name"], digits=base["szDecimals"])

    def volume_paths(self) -> Sequence[str]:
        return ('/info {"type":"metaAndAssetCtxs"}', '/info {"type":"spotMetaAndAssetCtxs"}')

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """The list of instruments, and what is told of each; of spot by its name, of perpetuals by its place."""
        listed, told = answer
        for row, one in zip(listed["universe"], told, strict=False):
            yield one.get("coin") or row["name"], Decimal(one["dayNtlVlm"])

    def infer(self, native: str) -> Instrument:
        base, _, quote = native.partition("/")
        return self._instrument(native, base, quote, inferred=True)

    def _instrument(
        self, native: str, base: str = "", quote: str = "", *, digits: int | None = None, **more: Any
    ) -> Instrument:
        market = Market.SPOT if native.startswith("@") or "/" in native else Market.PERP
        base, quote = base or native, quote or "USDC"
        symbol = canonical(base.replace(":", "."), quote, market)  # xyz:NVDA is of a builder's own exchange
        if digits is not None:  # a price has five significant digits and at most so many decimals
            more |= {
                "lot": Decimal(1).scaleb(-digits),
                "tick": Decimal(1).scaleb(digits - MOST_PLACES[market]),
            }
        return Instrument(self.name, native, symbol, market, base, quote, quote, **more)


def _coin_in(why: str) -> str:
    """The coin that an error quotes: …"coin":"FOO"…"""
    _, found, rest = why.replace("\\", "").partition('"coin":"')
    return rest.partition('"')[0] if found else ""
