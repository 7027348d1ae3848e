"""Gate spot and futures, WebSocket v4: channels `spot.obu` and `futures.obu` (400 levels, 100 ms) and `*.trades`.

`U` is `u` of the update before plus one, also where an update has ids and no levels; `full` starts the book anew. The
older `order_book_update` with its snapshot by REST is read in recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import orjson

from ..derivatives import (
    RATIO_EVERY,
    Complete,
    Derivative,
    Derivatives,
    DerivativeTicker,
    Liquidation,
    Poll,
    Population,
    Position,
    amount,
    latest,
    nanoseconds,
    share,
)
from ..events import Accepted, Leaving, Noted, Refused, Said, Unsubscribed
from ..instruments import Instrument, Market, canonical
from ..rules import Contiguous
from ..shape import (
    ACTION,
    ASKS,
    BIDS,
    EXCLUDE,
    FIRST,
    ID,
    KIND,
    LAST,
    PRICE,
    REPLY,
    SENT,
    SIDE,
    SIZE,
    SYMBOL,
    TIME,
    Kind,
    Leaf,
    Rows,
    asks,
    bids,
)
from ..venue import Channel, Heartbeat, Limits, RestSnapshot, Route, Venue

ROWS = Rows(names=("p", "s"))  # futures write objects in the older channel
INTERVAL = "100ms"
RATIOS = {
    Population.ACCOUNTS: "lsr_account",
    Population.TOP_ACCOUNTS: "top_lsr_account",
    Population.TOP_POSITIONS: "top_lsr_size",
}
NAMES = {
    Channel.TRADES: "trades",
    Channel.LIQUIDATIONS: "public_liquidates",
    Channel.TICKER: "tickers",
}
SECONDS_BELOW = 10**11  # a time below is told in seconds, above in milliseconds


class Gate(Venue):
    """What spot and futures share. `part` begins the names of the channels."""

    name = "gate"
    part: ClassVar[str]
    rest = "https://api.gateio.ws"
    layout = {
        "time": SENT,  # seconds; milliseconds stand below and count where they are sent
        "time_ms": SENT,
        "channel": KIND,
        "result": {
            "status": REPLY,
            "t": TIME,
            "full": ACTION,
            "s": SYMBOL,
            "U": FIRST,
            "u": LAST,
            "b": bids(ROWS),
            "a": asks(ROWS),
            "id": ID,
            "create_time": Leaf(),
            "create_time_ms": TIME,
            "side": SIDE,
            "currency_pair": SYMBOL,
            "contract": SYMBOL,
            "amount": SIZE,
            "size": SIZE,
            "price": PRICE,
            "is_internal": EXCLUDE,
        },
    }
    whole = frozenset({"true"})
    taker_bought, taker_sold = "buy", "sell"
    off_book = frozenset({"true"})  # taken over by the insurance fund, or deleveraged
    rule = Contiguous()
    ids_alone = True
    limits = Limits(
        symbols=50,
        messages_per_second=10,
        topics_per_message=1,
        weight_per_minute=600,
        connects_per_minute=60,
    )
    depth, depths = 400, (20, 50, 100, 400)
    proof = "sequence"
    interval = INTERVAL
    blind_spots: ClassVar[tuple[str, ...]] = (
        "only the best 400 levels a side are sent",
        "an unknown symbol is accepted and stays silent",
    )

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("subscribe", symbols, channels, request)

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        return self._requests("unsubscribe", symbols, channels, request)

    def _requests(
        self, event: str, symbols: Sequence[str], channels: Sequence[Channel], request: int
    ) -> Iterable[str]:
        for symbol in symbols:
            for channel in channels:
                name, payload = self._book(symbol) if channel is Channel.BOOK else (NAMES[channel], [symbol])
                asked = {"id": request, "channel": f"{self.part}.{name}", "event": event, "payload": payload}
                yield '{"time":$SECONDS,' + orjson.dumps(asked).decode()[1:]
                request += 1

    def _book(self, symbol: str) -> tuple[str, list[str]]:
        return "obu", [f"ob.{symbol}.{self.depth}"]

    def native_in(self, word: str) -> str:
        """`ob.BTC_USDT.400` in a book, `BTC_USDT` in a print."""
        return word[3:].rpartition(".")[0] if word.startswith("ob.") else word

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        request, event = str(message.get("id") or ""), message.get("event")
        result = message.get("result")
        if fault := message.get("error"):
            yield Refused(f"{fault.get('code')} {fault.get('message')}", request=request)
        elif event == "subscribe":
            yield Accepted(request=request)
        elif event == "unsubscribe":
            yield Unsubscribed(request=request)
        elif isinstance(result, dict) and result.get("type") == "upgrade":
            yield Leaving("upgrade")
        else:
            yield Noted(str(message.get("channel") or "unknown"))

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        payload = message.get("payload") or []
        if message.get("channel") == f"{self.part}.obu":
            asked = {self.native_in(str(one)): str(one).rpartition(".")[2] for one in payload}
            return {native: int(depth) for native, depth in asked.items() if depth.isdigit()}
        if message.get("channel") == f"{self.part}.order_book_update" and len(payload) > 1:
            named = payload[2] if len(payload) > 2 else "20" if payload[1] == "20ms" else "100"
            return {str(payload[0]): int(named)} if str(named).isdigit() else {}
        return {}

    @staticmethod
    def kinds_of(part: str) -> dict[str, Kind]:
        """Channels of spot or futures."""
        return {
            f"{part}.obu": Kind.BOOK,
            f"{part}.order_book_update": Kind.DELTA,
            f"{part}.trades": Kind.TRADE,
            f"{part}.pong": Kind.HEARTBEAT,
            f"{part}.system": Kind.CONTROL,
            f"{part}.*": Kind.IGNORED,
        }

    def _instrument(self, native: str, market: Market, settle: str = "", **more: Any) -> Instrument:
        base, _, quote = native.rpartition("_")
        symbol = canonical(base, quote, market, settle=settle)
        return Instrument(self.name, native, symbol, market, base, quote, settle or quote, **more)


class GateSpot(Gate):
    """Spot: sizes in base."""

    product, part = "spot", "spot"
    markets = frozenset({Market.SPOT})
    ws = "wss://api.gateio.ws/ws/v4"
    routes = {"": Route("/")}
    recorded_at: ClassVar[tuple[str, ...]] = ("api.gateio.ws/ws/v4",)
    marks = ("spot.obu",)
    kinds = Gate.kinds_of("spot")
    heartbeat = Heartbeat(silent_after=25.0, ping='{"time":$SECONDS,"channel":"spot.ping"}', every=12.0)

    def instrument_paths(self) -> Sequence[str]:
        return ("/api/v4/spot/currency_pairs",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            yield self._instrument(
                row["id"],
                Market.SPOT,
                tick=Decimal(1).scaleb(-int(row["precision"])),
                lot=Decimal(1).scaleb(-int(row["amount_precision"])),
                active=row["trade_status"] == "tradable",
            )

    def volume_paths(self) -> Sequence[str]:
        return ("/api/v4/spot/tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["currency_pair"], number(row["quote_volume"])) for row in answer)

    def infer(self, native: str) -> Instrument:
        return self._instrument(native, Market.SPOT, inferred=True)


def ratio_poll(settle: str) -> Poll:
    """What the venue counts of a contract every 5 minutes; more rows than asked for may come."""
    path = f"/api/v4/futures/{settle}/contract_stats?contract={{symbol}}&interval=5m&limit=1"
    return Poll(path, RATIO_EVERY, 1)


class GateUsdt(Gate):
    """Perpetuals settled in USDT: sizes in contracts of `quanto_multiplier` base units."""

    product, part = "usdt", "futures"
    markets = frozenset({Market.PERP})
    ws = "wss://fx-ws.gateio.ws/v4/ws/usdt"
    recorded_at: ClassVar[tuple[str, ...]] = ("fx-ws.gateio.ws/v4/ws/usdt",)
    marks = ("futures.obu",)
    positions = {"-": Position.LONG, "+": Position.SHORT}  # the sign of the closing order
    kinds = {
        "futures.tickers": Kind.DERIVATIVE,
        "futures.public_liquidates": Kind.DERIVATIVE,
        **Gate.kinds_of("futures"),
    }
    routes = {"": Route(""), "derivatives": Route("", (Channel.LIQUIDATIONS, Channel.TICKER))}
    derivatives: ClassVar[Derivatives | None] = Derivatives(
        liquidations=Complete.ALL,
        open_interest="socket",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=tuple(RATIOS),
    )
    polls: ClassVar[tuple[Poll, ...]] = (ratio_poll("usdt"),)
    signed_sizes = True
    headers = {"X-Gate-Size-Decimal": "1"}  # else fractions of a contract are cut off
    heartbeat = Heartbeat(silent_after=25.0, ping='{"time":$SECONDS,"channel":"futures.ping"}', every=12.0)
    settle: ClassVar[str] = "usdt"

    def instrument_paths(self) -> Sequence[str]:
        return (f"/api/v4/futures/{self.settle}/contracts",)

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        for row in answer:
            size = Decimal(row["quanto_multiplier"])
            yield self._contract(
                row["name"],
                contract_size=size or Decimal(1),  # 0: a contract is one unit of the quote
                inverse=size == 0,
                tick=Decimal(row["order_price_round"]),
                lot=None if row.get("enable_decimal") else Decimal(1),
                active=not row.get("in_delisting"),
            )

    def volume_paths(self) -> Sequence[str]:
        return (f"/api/v4/futures/{self.settle}/tickers",)

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        return ((row["contract"], number(row["volume_24h_quote"])) for row in answer)

    def infer(self, native: str) -> Instrument:
        inverse = self.settle == "btc" and native.startswith("BTC_")
        size = Decimal(1) if inverse else None
        return self._contract(native, contract_size=size, inverse=inverse, inferred=True)

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        for row in flat(message["result"]):
            if kind == "futures.public_liquidates":  # the sign is that of the order: minus sold for a long
                size, at = float(row["size"]), row.get("time_ms") or row["time"]
                closed = self.positions["-" if size < 0 else "+"]
                unit = 1_000_000_000 if int(at) < SECONDS_BELOW else 1_000_000
                yield Liquidation(
                    row["contract"], closed, float(row["price"]), abs(size), nanoseconds(at, unit)
                )
                continue
            every = amount(row.get("funding_interval"))
            yield DerivativeTicker(
                row["contract"],
                nanoseconds(message.get("time_ms")) or nanoseconds(message["time"], 1_000_000_000),
                mark=amount(row.get("mark_price")),
                index=amount(row.get("index_price")),
                funding_rate=amount(row.get("funding_rate")),
                funding_hours=every / 3600 if every else None,
                next_funding=nanoseconds(row.get("funding_next_apply"), 1_000_000_000) or None,
                open_interest=amount(row.get("total_size")),
            )

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        for row in latest(answer, "time"):  # 0: nobody of whom to tell
            longs = {of: share(row[name]) for of, name in RATIOS.items() if float(row[name]) != 0}
            yield DerivativeTicker(symbol, nanoseconds(row["time"], 1_000_000_000), longs=longs)

    def _contract(self, native: str, **more: Any) -> Instrument:
        return self._instrument(native, Market.PERP, self.settle.upper(), **more)


class GateBtc(GateUsdt):
    """Perpetuals settled in BTC: BTC_USD is inverse, a contract is 1 USD."""

    product, settle = "btc", "btc"
    polls = (ratio_poll("btc"),)
    ws = "wss://fx-ws.gateio.ws/v4/ws/btc"
    recorded_at: ClassVar[tuple[str, ...]] = ("fx-ws.gateio.ws/v4/ws/btc",)


class GateSpotOlder(GateSpot):
    """Spot by `order_book_update`: the snapshot comes by REST and has as many levels as the channel."""

    product, superseded, marks = "spot_v1", True, ("spot.order_book_update",)
    depth = 100
    snapshot = RestSnapshot(
        "/api/v4/spot/order_book?currency_pair={symbol}&limit=100&with_id=true",
        limit=100,
        weight=1,
        probe_weight=1,
        layout={"id": LAST, "bids": BIDS, "asks": ASKS},
    )
    blind_spots = ("only the best 100 levels a side are sent",)

    def _book(self, symbol: str) -> tuple[str, list[str]]:
        return "order_book_update", [symbol, INTERVAL]


class GateUsdtOlder(GateUsdt):
    """Perpetuals by `order_book_update`."""

    product, superseded, marks = "usdt_v1", True, ("futures.order_book_update",)
    derivatives, routes, polls = None, {"": Route("")}, ()
    depth = 100
    snapshot = RestSnapshot(
        "/api/v4/futures/usdt/order_book?contract={symbol}&limit=100&with_id=true",
        limit=100,
        weight=1,
        probe_weight=1,
        layout={"id": LAST, "bids": bids(ROWS), "asks": asks(ROWS)},
    )
    blind_spots = ("only the best 100 levels a side are sent",)

    def _book(self, symbol: str) -> tuple[str, list[str]]:
        return "order_book_update", [symbol, INTERVAL, "100"]


def number(text: str) -> Decimal:
    """A volume; what was never traded has none, or `nan`."""
    return Decimal(0) if text in ("", "nan") else Decimal(text)


def flat(result: Any) -> Iterable[dict[str, Any]]:
    """The rows of a result, which may be one, a list of them, or lists in a list."""
    if isinstance(result, dict):
        yield result
    else:
        for one in result:
            yield from flat(one)
