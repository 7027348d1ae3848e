"""How a metric declares itself, once: from its declaration follow REST, WebSocket, Prometheus, page and docs.

To add a metric: one file in this folder with a `Metric` subclass that sets `declaration` and overrides what it
needs: `update` (a book message), `traded` (a print), `liquidated`, `stated` (open interest, funding, mark and index
price), `lost` (the book is gone), `refresh` (time went on), `sample` (a second of event time is full). It writes its
outputs, in the order of `declaration.outputs()`, to `row[at]`, `row[at + 1]` …; NaN is "nothing to say" and stands
there at first; counters begin at 0. What is computed in `refresh` alone is computed when somebody reads, and costs
messages nothing. A metric written in plain Python works the same way: what compiled code calls `row` it calls `cells`.

What a message changed, level by level. A metric whose declaration says `changes=True` finds it in `update` at
`self.context.changes` (`connectors/changes.py`): `count` levels, the k-th on `side[k]` (0 bid, 1 ask) at `price[k]`
with `old[k]` and `new[k]` in base units. It is net per level, also for images; empty after a snapshot. Where
`baseline` is true, nothing could be compared (first book, snapshot, resync): a metric that keeps something for each
level forgets it then, and takes what it needs from the book. A price is the same double in every message and in
prints, so it may be a key. `update` is not called while a book is crossed; the message that ends it tells all that
changed since. With no such metric running nothing is noted. `update` sees the book after the message; a metric that
needs the mid from before keeps it.
"""

from __future__ import annotations

import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import Any

import cython

from connectors.book import Book
from connectors.changes import Changes

from .bands import Bands
from .derivative_state import DerivativeState
from .windows import Coverage

NAN = float("nan")
SECOND = 1_000_000_000
_SECOND = cython.declare(cython.longlong, SECOND)
STATS = ("last", "twa", "min", "max")
RESUMED = 3  # beside DELTA, SNAPSHOT and REPLACE of sync.py: no message, the book that was stale is good as it stands


class Unit(StrEnum):
    """Units of outputs; also the end of the Prometheus name."""

    RATIO = "ratio"
    PRICE = "price"
    BASE = "base_units"
    QUOTE = "quote_units"
    SECONDS = "seconds"
    PER_SECOND = "per_second"
    QUOTE_PER_SECOND = "quote_units_per_second"
    ZSCORE = "zscore"
    TICKS = "ticks"
    COUNT = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One value of a metric for a book. `name` is what replay and WebSocket call it, `prometheus` "" if not exported.

    `histogram`: the family that it is a bucket, the sum or the count of; "" where it is none. `extra`: it leaves by
    /metrics only where every series is asked for, so that a book stays within its 250 (metrics.md 0.6).
    """

    key: str
    field: str
    labels: tuple[tuple[str, str], ...]
    name: str
    prometheus: str
    counter: bool
    unit: Unit
    help: str
    histogram: str = ""
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One of several things a metric yields. `prometheus` replaces the name that follows from key and unit.

    With `buckets` (upper bounds, ascending) it is a histogram: counters of what was at or below each bound and in all,
    its sum and its count, for each combination of labels, in this order; `histogram.py` fills them. `by` and `exported`
    replace those of the declaration.
    """

    name: str
    unit: Unit
    prometheus: str | None = None
    counter: bool = False
    by: Mapping[str, Sequence[object]] | None = None
    help: str = ""
    buckets: Sequence[float] = ()
    exported: Mapping[str, Sequence[object]] | None = None


@dataclass(frozen=True)
class Declaration:
    """All a metric says about itself.

    sign: what plus means, of a metric that can be negative.
    by: label -> the values it is computed for by default (metrics.md 0.6). stats: also twa, min and max over 10 s.
    reaches: it needs levels that may lie beyond what is proven of a book, and is then undefined.
    exported: label -> those of its values that leave by /metrics by default; of a label that is not named all do, and of
    one whose values the configuration gives. REST and WebSocket have them all.
    fixed: labels whose values the metric always computes, so that no configuration chooses among them.
    top: it rests on the best levels alone, so a message that leaves them as they are is none of its business.
    changes: it wants to know what each message changed (`Context.changes`); not together with `top`.
    orders: it wants the numbers of orders at levels (`Book.counted`, `bid_orders`), from venues that tell them.
    lazy: computed at most every 100 ms of event time and whenever it is read (metrics.md 0.8). Stats are computed when read.
    """

    key: str
    help: str
    formula: str
    source: str
    sign: str = ""
    unit: Unit = Unit.RATIO
    bounds: tuple[float | None, float | None] | None = None
    by: Mapping[str, Sequence[object]] = field(default_factory=dict)
    exported: Mapping[str, Sequence[object]] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    fields: Sequence[Field] = ()
    stats: bool = False
    counter: bool = False
    top: bool = False
    lazy: bool = False
    changes: bool = False
    orders: bool = False
    reaches: bool = False
    group: str = "book"
    feed: str = "book"
    prometheus: str | None = None

    def outputs(self, params: Mapping[str, Any] | None = None) -> tuple[Output, ...]:
        """What comes out, in order: for each combination of labels, each field, each stat."""
        fields = self.fields or (Field("", self.unit, self.prometheus, self.counter),)
        given = {label: values for label, values in (params or {}).items() if label not in self.fixed}
        found = []
        for one in fields:
            own = self.by if one.by is None else one.by  # {}: this field has no labels
            by = {label: tuple(given.get(label, values)) for label, values in own.items()}
            extra = self._extra(one, given)
            for values in product(*by.values()):
                labels = {label: spelled(label, value) for label, value in zip(by, values, strict=True)}
                if one.buckets:
                    found += self._histogram(one, labels, extra)
                    continue
                stats: tuple[str, ...] = STATS if self.stats else ("",)
                found += [
                    self._output(one, labels | ({"stat": stat} if stat else {}), extra) for stat in stats
                ]
        return tuple(found)

    def _extra(self, one: Field, params: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
        """Tells of labels whether their series leaves only where every one is asked for."""
        exported = self.exported if one.exported is None else one.exported
        kept = {
            label: {spelled(label, value) for value in values}
            for label, values in exported.items()
            if label not in params
        }
        return lambda labels: any(label in labels and labels[label] not in kept[label] for label in kept)

    def _histogram(
        self, one: Field, labels: dict[str, str], extra: Callable[[Mapping[str, str]], bool]
    ) -> list[Output]:
        """The counters of a histogram, as Prometheus names them."""
        family = self._output(one, labels, extra).prometheus
        bounds = [*(f"{bound:g}" for bound in one.buckets), "+Inf"]
        parts: list[tuple[str, dict[str, str]]] = [("bucket", {"le": bound}) for bound in bounds]
        parts += [("sum", {}), ("count", {})]
        return [
            self._output(
                replace(one, name=f"{one.name}_{part}", prometheus=f"{family}_{part}", counter=True),
                labels | le,
                extra,
                family,
            )
            for part, le in parts
        ]

    def _output(
        self,
        one: Field,
        labels: dict[str, str],
        extra: Callable[[Mapping[str, str]], bool],
        histogram: str = "",
    ) -> Output:
        ordered = tuple(sorted(labels.items()))
        shown = ",".join(f"{label}={value}" for label, value in ordered if (label, value) != ("stat", "last"))
        name = self.key + (f".{one.name}" if one.name else "") + (f"{{{shown}}}" if shown else "")
        prometheus = one.prometheus
        if prometheus is None:
            prometheus = f"obi_{self.key}" + (
                f"_{one.unit}" if one.unit and not self.key.endswith(one.unit) else ""
            )
            prometheus += "_total" if one.counter else ""
        said = one.help or self.help
        return Output(
            *(self.key, one.name, ordered, name, prometheus, one.counter, one.unit, said, histogram),
            extra=extra(labels),
        )


def spelled(label: str, value: object) -> str:
    """A label's value: windows and half-lives in seconds get their unit, whole floats lose their zero."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text}s" if label in ("window", "half_life", "horizon", "grid") else text


def stored(code: str, values: Iterable[float]) -> Any:
    """Numbers as an array that compiled code reads without objects; `code` as in the array module."""
    return array.array(code, list(values))


def unheard(kind: str, side: str, t: int, evidence: Mapping[str, Any]) -> None:
    """Where episodes go while nobody keeps them."""


@cython.cclass
class Context:
    """What the metrics of one book share.

    books, trades, liquidations: when each feed was there. changes: what the last message changed, where a running metric
    wants to know. derivative: what was told of open interest, funding, mark and index price. mid: of the last good state,
    NaN without one, in force since `mid_since`; `earlier` is the one before. tick: in price, NaN if not known.
    phase: seconds, see `is_turn`.
    flow_withheld: the taker side is in doubt, so nothing that rests on it is shown. last_price, last_side: of the last
    print. bought, sold: what takers did since the start in base, bought_worth, sold_worth in quote, `prints` of them:
    who wants them of a second takes differences at its ends. agreement, toxicity: of what is declared and inferred of
    takers, the rank of VPIN and the micro-price, for metrics that look at others. lot: in base (inverse: quote). report:
    where an episode of surveillance is told, (kind, side, t, evidence).
    """

    def __init__(self, book: Book, tick: float = NAN, min_coverage: float = 0.8) -> None:
        self.book = book
        self.books, self.trades = Coverage(min_coverage), Coverage(min_coverage)
        self.liquidations = Coverage(min_coverage)
        self.derivative = DerivativeState()
        self.tick = tick
        self.mid = self.earlier = NAN
        self.mid_since = 0
        self.phase = 0
        self.last_price, self.last_side = NAN, 0
        self.bought = self.sold = self.bought_worth = self.sold_worth = 0.0
        self.prints = 0
        self.flow_withheld = False
        self.changes = Changes()
        self.agreement = self.toxicity = self.lot = self.micro = NAN
        self.report = unheard
        self._bands: dict[tuple[object, ...], Bands] = {}
        self._shared: dict[tuple[object, ...], Any] = {}

    def bands(self, widths: tuple[object, ...]) -> Bands:
        """Depth in bands of these widths (bps), shared by the metrics that ask for the same."""
        if widths not in self._bands:
            self._bands[widths] = Bands(widths)
        return self._bands[widths]

    @cython.cfunc
    @cython.exceptval(check=False)
    def count_print(self, size: cython.double, quote: cython.double, side: cython.int) -> cython.void:
        """Add a print to what takers did."""
        self.prints += 1
        if side > 0:
            self.bought += size
            self.bought_worth += quote
        elif side < 0:
            self.sold += size
            self.sold_worth += quote

    @cython.cfunc
    @cython.exceptval(check=False)
    def see_mid(self, t: cython.longlong, book: Book) -> cython.void:
        """The mid of a good book, from t on."""
        both: cython.bint = book.bid_count > 0 and book.ask_count > 0
        self.move_mid(t, (book.bid_price[0] + book.ask_price[0]) / 2 if both else float("nan"))

    @cython.cfunc
    @cython.exceptval(check=False)
    def move_mid(self, t: cython.longlong, mid: cython.double) -> cython.void:
        """From t on this is the mid; NaN: there is none."""
        if self.mid_since < t:
            self.mid_since = t
            self.earlier = self.mid
        self.mid = mid

    @cython.cfunc
    @cython.exceptval(check=False)
    def inferred_side(self, price: cython.double) -> cython.int:
        """Side of a print whose venue does not say: quote rule, at the mid the tick rule (metrics.md 2.4)."""
        near: cython.double = self.mid * 1e-12  # what the halved sum of two prices may be off
        if price > self.mid + near:
            return 1
        if price < self.mid - near:
            return -1
        if price > self.last_price:
            return 1
        if price < self.last_price:
            return -1
        return self.last_side

    @cython.cfunc
    @cython.exceptval(check=False)
    def mid_before(self, t: cython.longlong) -> cython.double:
        """Mid of the last state strictly before t, which is not before the last message (metrics.md 2.6)."""
        return self.mid if self.mid_since < t else self.earlier

    @cython.ccall
    @cython.exceptval(check=False)
    def is_turn(self, t: cython.longlong, every: cython.int, after: cython.int) -> cython.bint:
        """Is the full second t that in which this book does what it does once in so many seconds, `after` its turn began?

        Books take turns by their `phase`, or a second would come in which all of them fit something anew.
        """
        return (t // _SECOND + self.phase - after) % every == 0

    def shared(self, kind: Any, *args: Any) -> Any:
        """The one `kind(context, *args)` of this book, for the metrics that read the same; who uses it drives it."""
        if (kind, *args) not in self._shared:
            self._shared[kind, *args] = kind(self, *args)
        return self._shared[kind, *args]

    def move_to(self, book: Book) -> None:
        """Another connection's book took over."""
        self.book = book


@cython.cclass
class Metric:
    """One metric of one book. Subclasses set `declaration`; `params` replace its default label values."""

    declaration = Declaration(key="", help="", formula="", source="")  # each subclass has its own

    def __init__(self, **params: Any) -> None:
        self.params = params

    def bind(self, context: Context, row: Any, at: int) -> None:
        """Say where the outputs go. Overridden by metrics that keep windows, to make them."""
        self.context, self.row, self.at = context, row, at
        self.cells = row
        self.prepare()

    def prepare(self) -> None:
        """Make what the metric keeps, once `params` and `context` are set."""

    def param(self, label: str) -> tuple[Any, ...]:
        """The label values this metric is computed for."""
        usual = self.declaration.by.get(label, ())
        return tuple(usual if label in self.declaration.fixed else self.params.get(label, usual))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        """A message was applied and the book is good; `kind` is DELTA, SNAPSHOT or REPLACE of sync.py, or RESUMED."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        """A print: size in base, side +1 where the taker bought."""
        return 0

    def liquidated(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        """A position was closed by force: size in base, side +1 where a short was closed (a forced purchase)."""

    def stated(self, t: int) -> None:
        """`context.derivative` has news."""

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        """The values are withdrawn (crossed, stale, gone): what is averaged over time has no value from here on."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        """The book is gone until the next snapshot: what compares it with the one before starts anew."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        """Bring what depends on time up to t. Reading is no event: it must not show in what comes after it."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        """Grid: a second of event time ends at t, a whole second, and the book is as it was then (metrics.md 0.4).

        `whole`: no resync in (t - 1 s, t], and the book good at both ends. Overriding it is declaring it.
        """
        return 0

    @staticmethod
    def over_windows(params: dict[str, Any]) -> dict[str, Any]:
        """Parameters with which the metric answers for the disjoint windows of a data set; {}: it has no such answer."""
        return {}

    def told(self, asked: str = "") -> Any:
        """What a case gets of this metric (metrics.md 9.5); NotImplemented where it is the outputs themselves.

        `asked`: the key that the case gave, one of the module's ALIASES or the metric's own.
        """
        return NotImplemented
