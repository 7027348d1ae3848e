"""What derivatives have beside a book and prints: liquidations, open interest, funding, prices, who is long.

A venue reads its messages and answers into `Liquidation` and `DerivativeTicker`; `Derivatives` declares what there is,
whether all of it, and how it comes. `derivative_feed.py` brings them to the pair they are of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Position(StrEnum):
    """The position that a liquidation closed. Closing a long is forced selling, closing a short forced buying."""

    LONG = "long"
    SHORT = "short"


class Complete(StrEnum):
    """How much of what happened a feed tells."""

    ALL = "all"
    SAMPLE = "sample"
    NONE = "none"


class Population(StrEnum):
    """Whose longs and shorts a venue's ratio counts: all accounts with a position, or those of its top traders.

    Who is a top trader each venue says for itself (Binance: the 20% with the most margin; OKX: the 5% with the largest
    positions; HTX: its "elite"). TOP_POSITIONS weighs what they hold instead of counting heads.
    """

    ACCOUNTS = "accounts"
    TOP_ACCOUNTS = "top_accounts"
    TOP_POSITIONS = "top_positions"


RATIO_PERIOD = 300  # seconds: the shortest period of such ratios, at every venue that is asked for them
RATIO_EVERY = 60  # seconds between two questions for one


@dataclass(slots=True)
class Liquidation:
    """A forced closure: native id, position that was closed, native price and size, venue time (ns, 0: not told)."""

    symbol: str
    closed: Position
    price: float
    size: float
    t: int = 0


@dataclass(slots=True)
class DerivativeTicker:
    """What a message says of a derivative; None is "not in this message", and what stood before holds on.

    funding_rate: what longs pay shorts per `funding_hours`, as a fraction. open_interest: one side of it, in native
    sizes, or in `base` or `quote` units where `open_interest_in` says so. next_funding: ns. Prices are native.
    longs: of each population, long over long plus short in the period of `RATIO_PERIOD` that has the time `t`.
    """

    symbol: str  # native id, or that of an index which several share (`Venue.index_of`)
    t: int = 0
    mark: float | None = None
    index: float | None = None
    funding_rate: float | None = None
    funding_hours: float | None = None
    next_funding: int | None = None
    open_interest: float | None = None
    open_interest_in: str = "native"
    longs: Mapping[Population, float] = field(default_factory=dict)


Derivative = Liquidation | DerivativeTicker


@dataclass(frozen=True)
class Derivatives:
    """What a product tells of its derivatives, for the table of venues and for whoever weighs the numbers.

    liquidations: all of them, a sample, or none, `sampled` saying in words what is left out; `in_trades` where prints
    are marked. open_interest, funding, mark, index: "socket", "REST" or "" where there is none.
    long_short: whose longs and shorts REST tells the ratio of. funding_hours: the interval of `funding_rate` where no
    message tells it.
    """

    liquidations: Complete = Complete.NONE
    sampled: str = ""
    in_trades: bool = False
    open_interest: str = ""
    funding: str = ""
    mark: str = ""
    index: str = ""
    long_short: tuple[Population, ...] = ()
    funding_hours: float = 8.0


@dataclass(frozen=True)
class Poll:
    """A REST path that is asked for again and again: of each symbol where it has a place {symbol}, else for all at once.

    every: seconds between two answers at best; the venue's weights may stretch it. JSON to be POSTed stands behind a space.
    perpetual: dated contracts have no such answer. by_index: {symbol} is that of the index, once for all measured by it.
    """

    path: str
    every: float
    weight: int
    perpetual: bool = False
    by_index: bool = False


def amount(given: Any) -> float | None:
    """A number as a venue writes it, or None where it leaves it empty."""
    return None if given is None or given == "" else float(given)


def share(longs: Any, shorts: Any = 1) -> float:
    """Long over long plus short, of two counts or shares, or of their ratio alone; ValueError where there is no such."""
    of_long, of_short = float(longs), float(shorts)
    if of_long < 0 or of_short < 0 or not 0 < of_long + of_short < math.inf:
        raise ValueError(f"{longs!r} long and {shorts!r} short are no shares")
    return of_long / (of_long + of_short)


def latest(rows: Iterable[Any], when: Any) -> Iterator[Any]:
    """The row with the latest time at `when`, where there are any: not all venues tell them in one order."""
    yield from sorted(rows, key=lambda row: int(row[when]))[-1:]


def nanoseconds(given: Any, unit: int = 1_000_000) -> int:
    """A venue's time as ns; `unit` is ns in one of its own (milliseconds by default); 0 where it is not told."""
    return int(given) * unit if given not in (None, "") else 0
