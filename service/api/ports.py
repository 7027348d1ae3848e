"""What the outward side reads from: the engine, its books and its feeds, as protocols. Nothing here does anything.

Times are integer nanoseconds since 1970, 0 where there is none. A value that is not defined is NaN here; it leaves
the service as null, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from connectors.instruments import Instrument
from connectors.registry import Registry


class State(StrEnum):
    """How far a book can be trusted. Only a `live` one has values."""

    SYNCING = "syncing"
    LIVE = "live"
    STALE = "stale"
    CROSSED = "crossed"
    LOST = "lost"


class Proof(StrEnum):
    """By what a venue proves its book."""

    CHECKSUM = "checksum"
    SEQUENCE = "sequence"
    IMAGE = "image"
    NONE = "none"


class Output(Protocol):
    """One value that a metric has for each book.

    `name` is its name in REST and on the stream (`depth.base{band_bps=10,side=bid}`, `stat=last` left out),
    `prometheus` the full name with unit, "" if not exported; `labels` are sorted and complete. `histogram` is the family
    that it is a part of, "" where it stands by itself. `extra`: it leaves by /metrics only where every series is asked for.
    """

    @property
    def key(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def labels(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def prometheus(self) -> str: ...
    @property
    def counter(self) -> bool: ...
    @property
    def unit(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def extra(self) -> bool: ...
    @property
    def histogram(self) -> str: ...


class Declaration(Protocol):
    """What a metric says about itself; `bounds` are inclusive, None where open."""

    @property
    def key(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def bounds(self) -> tuple[float | None, float | None] | None: ...
    @property
    def help(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def sign(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def group(self) -> str: ...


Levels = list[tuple[str, str]]


class Book(Protocol):
    """One venue's book of one instrument, with its readings. The same object for as long as the service runs."""

    @property
    def venue(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def native(self) -> str: ...
    @property
    def instrument(self) -> Instrument: ...
    @property
    def proof(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def event_time(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def update_id(self) -> int | None: ...
    @property
    def version(self) -> int: ...
    @property
    def capped(self) -> bool: ...
    @property
    def depth(self) -> int: ...
    @property
    def counters(self) -> Mapping[str, int]: ...
    @property
    def resyncs_by_reason(self) -> Mapping[str, int]: ...
    @property
    def latency_seconds(self) -> float | None: ...
    @property
    def outputs(self) -> Sequence[Output]:
        """What it has values of, in order. The same object for as long as nothing of that changes."""
        ...

    @property
    def members(self) -> Sequence[Mapping[str, Any]]:
        """Of a consolidated book: each venue's, and whether it takes part; of a venue's own: none."""
        ...

    def values(self, now: int) -> Sequence[float]:
        """One number for each of its outputs, in that order; NaN where undefined, all NaN unless live."""
        ...

    def exported(self, now: int) -> Sequence[float]:
        """As `values`; NaN too for what /metrics leaves out to stay within its budget."""
        ...

    def standing(self, now: int) -> Sequence[float]:
        """As `values`, but what does not rest on the book, such as counters, is there when it is not live, too."""
        ...

    def truncated(self, now: int) -> Sequence[str]:
        """Names of outputs that are undefined because they reach beyond what the venue has proven."""
        ...

    def execution(self, side: str, notional: float, horizon: int, now: int) -> Mapping[str, float] | None:
        """Parts of the risk of a taker order, none of them while it is not live; None for a size not followed."""
        ...

    def levels(self, depth: int) -> tuple[Levels, Levels]:
        """The best bids and asks as (price, size) in the venue's own text and units. Only asked of a live book."""
        ...


class TradePrint(Protocol):
    """One trade: `size` in base units, `quote` in quote units, `side` the taker's (`buy`, `sell` or `unknown`)."""

    @property
    def price(self) -> float: ...
    @property
    def size(self) -> float: ...
    @property
    def quote(self) -> float: ...
    @property
    def side(self) -> str: ...
    @property
    def t(self) -> int: ...


class Feed(Protocol):
    """One connection to a venue. `state` is `connecting`, `open`, `silent` or `waiting` (until `retry_at`)."""

    @property
    def venue(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def since(self) -> int: ...
    @property
    def last_received(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def symbols(self) -> Sequence[str]: ...
    @property
    def unknown(self) -> Mapping[str, int]: ...
    @property
    def retry_at(self) -> int: ...


class Episode(Protocol):
    """What a detector of surveillance found: `t` in event time (ns), `evidence` ready for JSON."""

    @property
    def venue(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def t(self) -> int: ...
    @property
    def evidence(self) -> Mapping[str, object]: ...


class Episodes(Protocol):
    """The last episodes of every book."""

    def select(
        self, fits: Callable[[Any], bool], *, kinds: Sequence[str], since: int, limit: int
    ) -> Sequence[Episode]:
        """The newest that fit, newest first."""
        ...


class Engine(Protocol):
    """All books, in the order in which they appeared, and what venues list (`registries`), watched or not.

    Listeners are called on the event loop's own thread.
    """

    @property
    def outputs(self) -> Sequence[Output]:
        """Those of all books, each once. A book need not have all of them."""
        ...

    @property
    def declarations(self) -> Sequence[Declaration]: ...
    @property
    def faults(self) -> Sequence[Mapping[str, str]]:
        """Metrics of the user's own that are left out (file, reason) or switched off (metric, venue, symbol, reason)."""
        ...

    @property
    def books(self) -> Mapping[tuple[str, str, str], Book]: ...
    @property
    def feeds(self) -> Sequence[Feed]: ...
    @property
    def episodes(self) -> Episodes: ...
    @property
    def registries(self) -> Sequence[Registry]: ...
    @property
    def simulated(self) -> bool: ...

    def listen(self, callback: Callable[[Book], None], /) -> None:
        """Call back after every message applied to a book, and every change of its state."""
        ...

    def listen_trades(self, callback: Callable[[Book, TradePrint], None], /) -> None:
        """Call back with every trade."""
        ...


@dataclass(frozen=True, slots=True)
class DerivativeFacts:
    """What a venue tells of its derivatives. `liquidations`: all, sample or none; `sampled`: what is left out.

    The others say how it comes: socket, REST, or "" where it is not told. `long_short`: whose ratio of longs to shorts REST
    tells.
    """

    liquidations: str
    sampled: str
    open_interest: str
    funding: str
    mark: str
    index: str
    long_short: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VenueFacts:
    """What a venue declares about its books: how a loss is seen, what it costs, what cannot be seen.

    `depth`: levels a side that it sends, 0 for all; `interval`: the venue's own words for how often it sends.
    """

    name: str
    product: str
    markets: tuple[str, ...]
    proof: str
    detects: str
    scope: str
    checksum: str = ""
    blind_spots: tuple[str, ...] = ()
    depth: int = 0
    interval: str = ""
    derivatives: DerivativeFacts | None = None
