"""An engine in memory for tests of the outward side: books whose state and numbers are set by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connectors.instruments import Instrument, Market, read_symbol
from connectors.registry import Registry
from service.api.ports import Levels, VenueFacts
from service.surveillance import Episodes

SECOND = 1_000_000_000
T0 = 1_790_000_000 * SECOND
NAN = math.nan


@dataclass(frozen=True)
class FakeOutput:
    key: str
    field: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    unit: str = "ratio"
    counter: bool = False
    exported: bool = True
    help: str = "A value."
    histogram: str = ""
    extra: bool = False

    @property
    def name(self) -> str:
        inner = ",".join(f"{key}={value}" for key, value in self.labels if (key, value) != ("stat", "last"))
        return self.key + (f".{self.field}" if self.field else "") + (f"{{{inner}}}" if inner else "")

    @property
    def prometheus(self) -> str:
        if not self.exported:
            return ""
        unit = "" if self.key.endswith(self.unit) else self.unit
        return "_".join(filter(None, ("obi", self.key, unit, "total" if self.counter else "")))


@dataclass(frozen=True)
class FakeDeclaration:
    key: str
    unit: str
    bounds: tuple[float | None, float | None] | None
    made: tuple[FakeOutput, ...]
    help: str = "A value."
    formula: str = "x"
    sign: str = "+ is more bids"
    source: str = "A paper"
    group: str = "book"


def _declare(
    key: str,
    unit: str,
    *each: Mapping[str, str],
    fields: Sequence[str] = ("",),
    bounds: tuple[float | None, float | None] | None = None,
    counter: bool = False,
    help: str = "A value.",
) -> FakeDeclaration:
    outputs = tuple(
        FakeOutput(key, name, tuple(sorted(labels.items())), _UNITS.get(name, unit), counter, help=help)
        for name in fields
        for labels in each
    )
    return FakeDeclaration(key, unit, bounds, outputs, help)


_UNITS = {"base": "base_units", "quote": "quote_units", "price": "price", "ratio": "ratio", "ticks": "ticks"}
_SIDES = ("bid", "ask")
_BOTH = (-1.0, 1.0)

DECLARATIONS = (
    _declare("best_price", "price", *({"side": side} for side in _SIDES), help="Price at the touch."),
    _declare("spread", "price", {}, fields=("price", "ratio", "ticks"), help="Best ask less best bid."),
    _declare("mid_price", "price", {}, help="Mean of best bid and best ask."),
    _declare(
        "queue_imbalance",
        "ratio",
        *({"stat": stat} for stat in ("last", "twa", "min", "max")),
        bounds=_BOTH,
        help="Bid minus ask size at the touch over their sum; +1 is all bids.",
    ),
    _declare(
        "depth_imbalance",
        "ratio",
        *({"levels": n, "stat": "last"} for n in ("1", "5", "10", "20")),
        bounds=_BOTH,
        help="Bid minus ask size within the best levels over their sum.",
    ),
    _declare(
        "band_imbalance",
        "ratio",
        *({"band_bps": n} for n in ("5", "10", "25", "50", "100")),
        bounds=_BOTH,
        help="Bid minus ask size near the mid over their sum.",
    ),
    _declare(
        "depth",
        "base_units",
        *({"side": side, "band_bps": n} for side in _SIDES for n in ("10", "100")),
        fields=("base", "quote"),
        bounds=(0, None),
        help="Size within a band around the mid.",
    ),
    _declare(
        "ofi", "base_units", *({"window": n} for n in ("1s", "10s", "60s")), help="Order flow imbalance."
    ),
    _declare(
        "trade_flow_imbalance",
        "ratio",
        *({"window": n} for n in ("1s", "10s", "60s")),
        bounds=_BOTH,
        help="Bought minus sold volume over their sum.",
    ),
    _declare("ofi_up", "base_units", {}, counter=True, help="Sum of upward order flow."),
)


COUNTERS = [
    *("updates", "dropped_old", "gaps", "checksums_ok", "checksums_failed"),
    *("resyncs", "crossed", "trades", "taker_buy", "taker_sell"),
]


@dataclass(eq=False)
class FakeBook:
    venue: str = "binance"
    market: str = "spot"
    symbol: str = "BTC-USDT"
    native: str = "BTCUSDT"
    proof: str = "sequence"
    state: str = "live"
    reason: str = ""
    event_time: int = T0 - 4_000_000
    received: int = T0
    update_id: int | None = 7
    version: int = 1
    capped: bool = False
    depth: int = 0
    counters: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    resyncs_by_reason: Mapping[str, int] = field(default_factory=dict)
    latency_seconds: float | None = 0.004
    numbers: dict[str, float] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()
    bids: Levels = field(default_factory=lambda: [("100.0", "2.0"), ("99.5", "3")])
    asks: Levels = field(default_factory=lambda: [("100.5", "1.0"), ("101.0", "4")])
    outputs: Sequence[FakeOutput] = ()
    members: Sequence[Mapping[str, object]] = ()
    by_time: Callable[[int], dict[str, float]] = lambda now: {}

    @cached_property
    def instrument(self) -> Instrument:
        asked = read_symbol(self.symbol)
        assert asked is not None
        return Instrument(
            self.venue, self.native, self.symbol, Market(self.market), asked.base, asked.quote, asked.settle
        )

    def values(self, now: int) -> Sequence[float]:
        return self.standing(now) if self.state == "live" else [NAN] * len(self.outputs)

    def standing(self, now: int) -> Sequence[float]:
        numbers = self.numbers | self.by_time(now)
        return [numbers.get(one.name, NAN) for one in self.outputs]

    def exported(self, now: int) -> Sequence[float]:
        return self.values(now)

    def execution(self, side: str, notional: float, horizon: int, now: int) -> Mapping[str, float] | None:
        parts = {"fill_ratio": 1.0, "samples": 300, "failure": 0.25, "fade": NAN}
        return None if notional != 10_000 else parts if self.state == "live" else {}

    def truncated(self, now: int) -> Sequence[str]:
        return self.beyond

    def levels(self, depth: int) -> tuple[Levels, Levels]:
        assert self.state == "live", "levels are only asked of a live book"
        return self.bids[:depth], self.asks[:depth]


@dataclass
class FakeFeed:
    venue: str = "binance"
    product: str = "spot"
    route: str = ""
    state: str = "open"
    reason: str = ""
    since: int = T0
    last_received: int = T0
    frames: int = 10
    reconnects: int = 0
    symbols: Sequence[str] = ("BTCUSDT",)
    unknown: Mapping[str, int] = field(default_factory=dict)
    retry_at: int = 0


@dataclass
class FakePrint:
    price: float = 100.5
    size: float = 0.25
    quote: float = 25.125
    side: str = "buy"
    t: int = T0


class FakeEngine:
    """Books are added with `add`; `touch` changes one and tells who listens, as an applied message would."""

    def __init__(self, *books: FakeBook, simulated: bool = False) -> None:
        self.declarations = DECLARATIONS
        self.outputs: list[Any] = [output for declaration in DECLARATIONS for output in declaration.made]
        self.books: dict[tuple[str, str, str], FakeBook] = {}
        self.feeds: list[FakeFeed] = []
        self.registries: list[Registry] = []
        self.episodes = Episodes()
        self.simulated = simulated
        self.faults: list[Mapping[str, str]] = []
        self._listeners: list[Callable[[FakeBook], None]] = []
        self._trade_listeners: list[Callable[[FakeBook, FakePrint], None]] = []
        for book in books:
            self.add(book)

    def listen(self, callback: Callable[[FakeBook], None], /) -> None:
        self._listeners.append(callback)

    def listen_trades(self, callback: Callable[[FakeBook, FakePrint], None], /) -> None:
        self._trade_listeners.append(callback)

    def add(self, book: FakeBook) -> FakeBook:
        book.outputs = self.outputs
        self.books[book.venue, book.market, book.symbol] = book
        self.tell(book)
        return book

    def touch(self, book: FakeBook, **numbers: float) -> None:
        book.numbers.update(numbers)
        book.version += 1
        self.tell(book)

    def move(self, book: FakeBook, state: str, reason: str = "") -> None:
        book.state, book.reason = state, reason
        self.tell(book)

    def tell(self, book: FakeBook) -> None:
        for listener in self._listeners:
            listener(book)

    def trade(self, book: FakeBook, trade: FakePrint) -> None:
        for listener in self._trade_listeners:
            listener(book, trade)


VENUES = (
    VenueFacts(
        "binance", "spot", ("spot",), "sequence", "sequence gap", "symbol", depth=0, interval="100 ms"
    ),
    VenueFacts(
        "kraken",
        "spot",
        ("spot",),
        "checksum",
        "checksum of the best 10 levels",
        "symbol",
        checksum="CRC32 of the best 10 levels",
        blind_spots=("levels below the tenth are not covered by the checksum",),
        depth=100,
        interval="each change",
    ),
)
