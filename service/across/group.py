"""A group of books of one instrument at several venues, as one more book whose venue is `consolidated`.

It is what the outward side knows as a book (service/api/ports.py): it has a state, a proof, levels and values. It is
live while at least one of its members takes part; its proof is the least among those that do.
"""

from __future__ import annotations

import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from ..metrics.funding_rate import per_eight_hours
from .declare import NAN, SECOND, Across, Output
from .lead_lag import LeadLagOfVenues
from .scene import Part, Scene
from .trace import Trace

CONSOLIDATED = "consolidated"
PROOFS = ("none", "image", "sequence", "checksum")  # least first
STATES = (
    "stale",
    "crossed",
    "lost",
    "syncing",
)  # what a group without anybody is, the first that a member is
Rate = Callable[[], Fraction | None]


def par() -> Fraction:
    """The rate of a currency that is the group's own."""
    return Fraction(1)


@dataclass(eq=False, slots=True)
class Member:
    """A book in a group, named by its venue, in a basket by its symbol.

    `readings` of the engine, its taker fee, and what its currency is worth.
    """

    name: str
    readings: Any
    fee: float
    rate: Rate
    trace: Trace
    flow_places: tuple[int, int] | None = None

    @property
    def live(self) -> bool:
        return bool(self.readings.state == "live")

    @property
    def faults(self) -> int:
        """Gaps in the sense of metrics.md 0.2 since the start: sequence breaks, failed checksums, disconnects."""
        return int(self.readings.counts().get("resyncs", 0))

    @property
    def stale_after(self) -> float:
        """Seconds of silence of its connection after which it is stale."""
        pair = self.readings.pair
        return float(pair.venue.heartbeat.silent_after) if pair is not None else 5.0

    def funding(self, now: int) -> float:
        """What longs pay shorts per 8 hours, as a fraction; NaN where its venue does not tell."""
        told, t = self.readings.context.derivative, self.readings.clock(now)
        return per_eight_hours(told.value("funding_rate", t), told.value("funding_hours", t))

    def silent_seconds(self, now: int) -> float | None:
        """How long its connection has said nothing; a quiet book on a lively connection is not silent."""
        if self.readings.state != "stale":
            return 0.0 if self.live else None
        return float(max(0, now - self.readings.received)) / SECOND

    def part(self) -> tuple[Part | None, str]:
        """Its part if it takes one, else why not."""
        state, reason = self.readings.state, self.readings.reason
        if state != "live":
            return None, f"{state}: {reason}" if reason else state
        book = self.readings.context.book
        if book.bids.count == 0 or book.asks.count == 0:
            return None, "one-sided"
        if book.crossed():
            return None, "crossed"
        if book.contract_size != book.contract_size:
            return None, "contract size not known"
        rate = self.rate()
        if rate is None:
            return None, "rate of its currency not known"
        return Part(self.name, book, self.fee, rate), ""

    def flow(self) -> float:
        """Sum of its order flow since the start, in base."""
        if self.flow_places is None:
            return NAN
        up, down = self.flow_places
        return float(self.readings.at(up) - self.readings.at(down))


class Group:
    """The consolidated book of its members; see service/api/ports.py, Book."""

    venue = CONSOLIDATED
    over = ""  # what its members are of, where that is not one instrument
    update_id: int | None = None
    latency_seconds: float | None = None
    depth = 0

    def __init__(self, symbol: str, market: str, metrics: Sequence[Across]) -> None:
        self.symbol = self.native = symbol
        self.market = market
        self.metrics = list(metrics)
        self.books: list[Member] = []
        self.version = self.applied = 0
        self._ticked = -1
        self.outputs: tuple[Output, ...] = ()
        self._counts: list[int] = []
        self._seen: tuple[Any, ...] | None = None
        self._scene = Scene(())
        self._told: list[tuple[Member, Part | None, str]] = []

    # -- members ---------------------------------------------------------------------------------------------

    def join(self, member: Member) -> None:
        """Take a book in."""
        self.books = sorted([*self.books, member], key=lambda one: one.name)  # whoever came first
        self._lay_out()

    def leave(self, readings: Any) -> None:
        """Let a book go."""
        self.books = [one for one in self.books if one.readings is not readings]
        self._lay_out()

    def _lay_out(self) -> None:
        names = [one.name for one in self.books]
        each = [metric.outputs(names) for metric in self.metrics]
        self.outputs = tuple(output for outputs in each for output in outputs)
        self._counts = [len(outputs) for outputs in each]
        self._seen = None
        for metric in self.metrics:
            if isinstance(metric, LeadLagOfVenues):
                metric.traces = {one.name: one.trace for one in self.books}

    # -- time ------------------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Did a member change since the last step?"""
        return any(one.trace.dirty for one in self.books)

    def step(self, now: int) -> None:
        """Members changed within the last 100 ms."""
        for one in self.books:
            one.trace.dirty = False
        scene = self.scene()
        for metric in self.metrics:
            metric.step(scene, now)
        self.version += 1
        self.applied += bool(scene.parts)

    def tick(self, now: int) -> None:
        """A second went by; nothing to do where nothing happened since the last one."""
        if self.version == self._ticked:
            return
        self._ticked = self.version
        scene = self.scene()
        for metric in self.metrics:
            metric.tick(scene, now)

    def scene(self) -> Scene:
        """What can be believed now; found anew where a member or a rate changed."""
        seen = tuple((one.readings.version, one.readings.state, one.rate()) for one in self.books)
        if seen != self._seen:
            self._seen = seen
            self._told = [(one, *one.part()) for one in self.books]
            parts = [part for _, part, _ in self._told if part is not None]
            flows = {one.name: one.flow() for one, part, _ in self._told if part is not None}
            self._scene = Scene(
                parts,
                [one.name for one in self.books],
                self.books,
                {name: flow for name, flow in flows.items() if flow == flow},
                comparable=not self.over,
            )
        return self._scene

    # -- what others read ------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        if self.scene().parts:
            return "live"
        states = {one.readings.state for one in self.books}
        return next((state for state in STATES if state in states), "crossed" if states else "syncing")

    @property
    def reason(self) -> str:
        if self.scene().parts:
            return ""
        return "; ".join(f"{one.name} {why}" for one, _, why in self._told)

    @property
    def proof(self) -> str:
        """The least among those that take part; of all where nobody does."""
        self.scene()
        taking = [one for one, part, _ in self._told if part is not None] or self.books
        return min((one.readings.proof for one in taking), key=PROOFS.index, default=PROOFS[0])

    @property
    def numbers(self) -> Any:
        """A row in which nothing ever happens: rules look at a group in their turn, once a second."""
        return array.array("d", [NAN] * len(self.outputs))

    @property
    def event_time(self) -> int:
        return max((one.readings.event_time for one in self.books), default=0)

    @property
    def received(self) -> int:
        return max((one.readings.received for one in self.books), default=0)

    @property
    def capped(self) -> bool:
        return any(one.readings.capped for one in self.books)

    @property
    def counters(self) -> Mapping[str, int]:
        return {}

    @property
    def resyncs_by_reason(self) -> Mapping[str, int]:
        return {}

    @property
    def members(self) -> list[dict[str, Any]]:
        """Which venues take part, and why the others do not."""
        left_out = set(self.scene().outliers)
        return [
            {
                "venue": one.readings.venue,
                "symbol": one.readings.symbol,
                "state": one.readings.state,
                "proof": one.readings.proof,
                "takes_part": part is not None,
                "reason": "outlier: not in consolidated prices" if one.name in left_out else why,
            }
            for one, part, why in self._told
        ]

    def values(self, now: int) -> list[float]:
        """One number an output; all NaN where nobody takes part."""
        if not self.scene().parts:
            return [NAN] * len(self.outputs)
        return self.standing(now)

    def standing(self, now: int) -> list[float]:
        """As `values`, but the venues' health is there without any of them, too."""
        scene = self.scene()
        found: list[float] = []
        for metric, count in zip(self.metrics, self._counts, strict=True):
            asked = scene.parts or metric.declaration.feed == "health"
            found += metric.values(scene, now) if asked else [NAN] * count
        return found

    def exported(self, now: int) -> list[float]:
        """As `values`, with NaN for what stands in REST alone."""
        found = self.values(now)
        at = 0
        for metric, count in zip(self.metrics, self._counts, strict=True):
            shown = metric.exported(found[at : at + count])
            if shown is not None:
                found[at : at + count] = [
                    value if place in shown else NAN for place, value in enumerate(found[at : at + count])
                ]
            at += count
        return found

    def truncated(self, now: int) -> list[str]:
        """Names of values that reach beyond what is proven of a member's book."""
        scene, at = self.scene(), 0
        found: list[str] = []
        for metric, count in zip(self.metrics, self._counts, strict=True):
            found += [self.outputs[at + place].name for place in sorted(metric.beyond(scene))]
            at += count
        return found

    def levels(self, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The merged best levels as text: converted prices for one base unit, sizes in base."""
        agreed = self.scene().agreed
        return _merged(agreed, depth, bids=True), _merged(agreed, depth, bids=False)


def _merged(parts: Sequence[Part], depth: int, *, bids: bool) -> list[tuple[str, str]]:
    sums: dict[Fraction, Decimal] = {}
    known: list[Fraction] = []  # how far each book is proven, where it has an end of that
    for part in parts:
        book, unit = part.book, part.unit
        lot = Fraction(Decimal(repr(book.contract_size))) / 10**book.size_places
        if not part.ends(bids):
            known.append((book.bid_floor if bids else book.ask_ceiling) * unit)
        for key, size, _ in (book.bids if bids else book.asks).levels(depth):
            price = abs(key) * unit
            base = size * lot * part.rate / price if book.inverse else size * lot
            sums[price] = sums.get(price, Decimal(0)) + _decimal(base)
    last = (max if bids else min)(known, default=None)
    best = [
        price
        for price in sorted(sums, reverse=bids)
        if last is None or (price >= last) == bids or price == last
    ]
    return [(_text(_decimal(price)), _text(sums[price])) for price in best[:depth]]


def _decimal(value: Fraction) -> Decimal:
    """To twelve decimals, which only sizes of inverse contracts and converted prices need."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("1e-12"), ROUND_HALF_EVEN)


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
