"""Bitfinex, WebSocket v2: channels `book` (P0, F0, 250 levels) and `trades`, of spot pairs and perpetuals, and
`status` of perpetuals: `deriv:X`, and `liq:global` for all liquidations.

Frames are lists that begin with a number which the ack of a subscription gave its channel. The flags ask for a counter
over every list of the connection, heartbeats and checksums too, and for a CRC32 of the best 25 levels every few seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..checksums import SignedCrc32
from ..derivatives import (
    Complete,
    Derivative,
    Derivatives,
    DerivativeTicker,
    Liquidation,
    Position,
    amount,
    nanoseconds,
)
from ..events import Accepted, Leaving, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..shape import (
    CHANNEL,
    CHECKSUM,
    ID,
    PRICE,
    SENT,
    SEQUENCE,
    SIGNED_SIZE,
    TIME,
    Kind,
    Rows,
    changes,
    places,
    words,
)
from ..venue import Channel, Heartbeat, Limits, Route, Venue

TIMESTAMPS, COUNTER, CHECKSUMS = 32768, 65536, 131072
ROWS = changes(Rows(price=0, count=1, size=2, signed=True, lone=True))
FILL = places(ID, TIME, SIGNED_SIZE, PRICE)
RENAMED = {"UST": "USDT", "UDC": "USDC"}
CLOSING = {20051: "the server stops", 20060: "maintenance"}
DUPLICATE = 10301
STATUS, LIQUIDATIONS = "deriv:", "liq:global"


class Bitfinex(Venue):
    """One socket serves pairs (tBTCUSD, tDOGE:USD) and perpetuals (tBTCF0:USTF0); sizes are in base."""

    name, product = "bitfinex", "public"
    markets = frozenset({Market.SPOT, Market.PERP})
    ws, rest = "wss://api-pub.bitfinex.com/ws/2", "https://api-pub.bitfinex.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("api-pub.bitfinex.com/ws/2", "api.bitfinex.com/ws/2")
    layout = places(
        CHANNEL,
        ROWS
        | words(
            hb=(SEQUENCE, SENT),
            te=(FILL, SEQUENCE, SENT),
            tu=(FILL, SEQUENCE, SENT),
            cs=(CHECKSUM, SEQUENCE, SENT),
        ),
        SEQUENCE,
        SENT,
    )
    kinds = {
        "book": Kind.ROWS,
        "te": Kind.TRADE,
        "tu": Kind.IGNORED,  # the same print again
        "trades": Kind.IGNORED,  # without a word: those before we listened
        Channel.TICKER.value: Kind.DERIVATIVE,
        Channel.LIQUIDATIONS.value: Kind.DERIVATIVE,
        "cs": Kind.CHECK,
        "hb": Kind.HEARTBEAT,
    }
    positions = {"+": Position.LONG, "-": Position.SHORT}  # the sign of the position itself
    derivatives = Derivatives(
        liquidations=Complete.ALL, open_interest="socket", funding="socket", mark="socket", index="socket"
    )
    routes = {
        "": Route(""),
        "derivatives": Route("", (Channel.TICKER, Channel.LIQUIDATIONS), frozenset({Market.PERP})),
    }
    numbers_channels = True
    taker_bought, taker_sold = "", "-"
    checksum = SignedCrc32()
    counts_connection = True
    heartbeat = Heartbeat(silent_after=20.0, ping='{"event":"ping"}', every=10.0)
    limits = Limits(
        symbols=12, messages_per_second=5, topics_per_message=2, weight_per_minute=60, connects_per_minute=15
    )
    depth, depths = 250, (1, 25, 100, 250)
    proof = "sequence"
    interval = "real time"
    blind_spots = (
        "only the best 250 levels a side are sent",
        "a loss is seen for the whole connection only, not for one symbol",
        "levels that change at once come one by one: the book may be crossed, and is then without values",
    )

    def greeting(self, request: int) -> Iterable[str]:
        yield f'{{"event":"conf","flags":{TIMESTAMPS | COUNTER | CHECKSUMS}}}'

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        for symbol in symbols:
            for channel in (one for one in channels if one is not Channel.LIQUIDATIONS):
                wanted: dict[str, Any] = {"channel": channel.value, "symbol": symbol}
                if channel is Channel.BOOK:
                    wanted |= {"prec": "P0", "freq": "F0", "len": str(self.depth)}
                elif channel is Channel.TICKER:
                    wanted = {"channel": "status", "key": STATUS + symbol}
                yield self._asked(wanted, request)
                request += 1

    def subscribe_market(self, channels: Sequence[Channel], request: int) -> Iterable[str]:
        if Channel.LIQUIDATIONS in channels:
            yield self._asked({"channel": "status", "key": LIQUIDATIONS}, request)

    def _asked(self, wanted: dict[str, Any], request: int) -> str:
        return orjson.dumps({"event": "subscribe", **wanted, "subId": str(request)}).decode()

    def unsubscribe_numbers(self, numbers: Sequence[str], request: int) -> Iterable[str]:
        for number in numbers:
            yield f'{{"event":"unsubscribe","chanId":{number}}}'

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        if kind == Channel.LIQUIDATIONS:
            yield from map(_liquidation, (row for row in message[1] if row[8] == 0))  # 1: parts of one before
            return
        row = message[1] + [None] * 18  # older messages end sooner
        yield DerivativeTicker(
            symbol,
            nanoseconds(row[0]),
            mark=amount(row[14]),
            index=amount(row[3]),
            funding_rate=amount(row[11]),
            next_funding=nanoseconds(row[7]) or None,
            open_interest=amount(row[17]),
        )

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request, symbol = str(message.get("subId") or ""), str(message.get("symbol") or "")
        key = str(message.get("key") or "")
        symbol = symbol or (key.removeprefix(STATUS) if key.startswith(STATUS) else "")
        match message.get("event"):
            case "subscribed":
                yield Accepted(
                    request=request,
                    symbol=symbol,
                    channel=_channel(message["channel"], key),
                    depth=int(message.get("len") or 0),
                    number=str(message["chanId"]),
                )
            case "unsubscribed":
                yield Unsubscribed(number=str(message["chanId"]))
            case "error" if message.get("code") == DUPLICATE:
                # It stands and its number never came, so that it can be neither read nor ended on this connection.
                yield Leaving("subscribed under an unknown number")
            case "error" if not request and not symbol:
                yield Noted(f"error {message.get('code')} {message.get('msg')}")
            case "error":
                yield Refused(f"{message.get('code')} {message.get('msg')}", request=request, symbol=symbol)
            case "info" if message.get("code") in CLOSING:
                yield Leaving(CLOSING[message["code"]])
            case other:
                yield Noted(str(other or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        if message.get("channel") != "book" or "symbol" not in message:
            return {}
        return {message["symbol"]: int(message.get("len") or 25)}

    def instrument_paths(self) -> Sequence[str]:
        return ("/v2/conf/pub:list:pair:exchange", "/v2/conf/pub:list:pair:futures")

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for pair in answer[0]:
            yield self._instrument(f"t{pair}")

    def volume_paths(self) -> Sequence[str]:
        return ("/v2/tickers?symbols=ALL",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """[symbol, bid, size, ask, size, change, ratio, last price, volume in base, …]; funding currencies are longer."""
        for row in answer:
            if str(row[0]).startswith("t"):
                yield row[0], Decimal(str(row[8] or 0)) * Decimal(str(row[7] or 0))

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        pair = native.removeprefix("t")
        base, colon, quote = pair.partition(":")
        if not colon:
            base, quote = pair[:-3], pair[-3:]
        market = Market.PERP if base.endswith("F0") and quote.endswith("F0") else Market.SPOT
        if market is Market.PERP:
            base, quote = base.removesuffix("F0"), quote.removesuffix("F0")
        base, quote = RENAMED.get(base, base), RENAMED.get(quote, quote)
        symbol = canonical(base, quote, market)
        # Prices have five significant digits, so there is no fixed tick.
        return Instrument(
            self.name, native, symbol, market, base, quote, quote, lot=Decimal("0.00000001"), **more
        )


def _channel(theirs: str, key: str) -> str:
    """Our name of a channel; theirs called `ticker` is another than ours and of no use here."""
    if theirs != "status":
        return theirs if theirs != Channel.TICKER else "prices"
    return Channel.LIQUIDATIONS.value if key == LIQUIDATIONS else Channel.TICKER.value


def _liquidation(row: list[Any]) -> Liquidation:
    """A row of `liq:global`: the amount is the position's, + of a long. Until it is acquired its own price stands for it."""
    closed = Bitfinex.positions["+" if row[5] > 0 else "-"]
    return Liquidation(row[4], closed, float(row[11] or row[6]), abs(float(row[5])), nanoseconds(row[2]))
