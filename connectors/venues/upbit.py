"""Upbit (Korea), spot: types `orderbook` (30 rows, whole at every change) and `trade`, as JSON in binary frames.

Ids of prints are unique and do not only grow (six of 299 fell back within half a minute), so they tell no repetition.
Each message is the whole book, so nothing has to be joined and a lost one heals with the next. A subscription replaces
all that the connection had: there is no way to take one symbol out, and unknown ones stay silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..events import Noted, Refused, Said
from ..instruments import Instrument, Market, canonical
from ..shape import ACTION, KIND, PRICE, SENT, SIDE, SIZE, SYMBOL, TIME, Kind, Rows, ladder
from ..venue import Channel, Heartbeat, Limits, Venue

TYPES = {Channel.BOOK: "orderbook", Channel.TRADES: "trade"}


class Upbit(Venue):
    """Spot against KRW, BTC and USDT; ids name the quote first."""

    name, product = "upbit", "spot"
    markets = frozenset({Market.SPOT})
    ws, rest = "wss://api.upbit.com/websocket/v1", "https://api.upbit.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("api.upbit.com/websocket/v1",)
    layout = {
        "type": KIND,
        "code": SYMBOL,
        "orderbook_units": ladder(
            Rows(price="bid_price", size="bid_size", padded=True),
            Rows(price="ask_price", size="ask_size", padded=True),
        ),
        "trade_timestamp": TIME,
        "timestamp": SENT,
        "trade_price": PRICE,
        "trade_volume": SIZE,
        "ask_bid": SIDE,
        "stream_type": ACTION,
        # the same in the format SIMPLE
        "ty": KIND,
        "cd": SYMBOL,
        "obu": ladder(Rows(price="bp", size="bs", padded=True), Rows(price="ap", size="as", padded=True)),
        "ttms": TIME,
        "tms": SENT,
        "tp": PRICE,
        "tv": SIZE,
        "ab": SIDE,
        "st": ACTION,
    }
    kinds = {"orderbook": Kind.IMAGE, "trade": Kind.TRADE, "ticker": Kind.IGNORED}
    history = frozenset({"SNAPSHOT"})
    taker_bought, taker_sold = "BID", "ASK"
    subscribes_whole = True
    heartbeat = Heartbeat(silent_after=30.0, ping="PING", every=20.0)
    limits = Limits(
        symbols=100,
        messages_per_second=1,
        topics_per_message=10_000,
        weight_per_minute=300,
        connects_per_minute=60,
    )
    depth = 30
    depths: ClassVar[tuple[int, ...]] = (1, 5, 15, 30)
    proof = "image"
    interval = "100ms"
    blind_spots: ClassVar[tuple[str, ...]] = (
        "a lost message is not seen; the next one is the whole book again",
        "only the best 30 levels a side are sent",
        "an unknown symbol stays silent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        asked: list[dict[str, Any]] = [{"ticket": f"steelyard-{request}"}]
        asked += [{"type": TYPES[channel], "codes": list(symbols)} for channel in channels]
        yield orjson.dumps([*asked, {"format": "DEFAULT"}]).decode()

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return ()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        if fault := message.get("error"):
            yield Refused(f"{fault.get('name')}: {fault.get('message')}")
        else:
            yield Noted(str(message.get("status") or message.get("type") or message.get("ty") or "unknown"))

    def instrument_paths(self) -> Sequence[str]:
        return ("/v1/market/all?is_details=true",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            yield self._instrument(row["market"])  # steps depend on the price, and no list has them

    def volume_paths(self) -> Sequence[str]:
        return ("/v1/ticker/all?quote_currencies=KRW,BTC,USDT",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["market"], Decimal(str(row["acc_trade_price_24h"]))) for row in answer)

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, inferred=True)

    def _instrument(self, native: str, **more: Any) -> Instrument:
        quote, _, base = native.partition("-")
        symbol = canonical(base, quote, Market.SPOT)
        return Instrument(self.name, native, symbol, Market.SPOT, base, quote, quote, **more)
