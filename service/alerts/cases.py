"""Cases of a rule file: a made-up course of values through the same evaluation that runs live, on a made-up clock."""

from __future__ import annotations

import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ..metrics.declare import Output
from .alert import Happening
from .rules import SECOND, Case, Rule, Step, spelled
from .watch import News, Watch

T0 = 1_790_000_000 * SECOND
NAN = float("nan")


class CaseBook:
    """A book whose numbers are set by hand. A value that a step never gave is undefined."""

    members: Sequence[Any] = ()

    def __init__(self, name: str, outputs: Sequence[Output]) -> None:
        self.venue, _, self.symbol = name.partition("/")
        self.market = market_of(self.symbol)
        self.native, self.state, self.reason = self.symbol.replace("-", ""), "live", ""
        self.outputs = outputs
        self.numbers = array.array("d", [0.0 if output.counter else NAN for output in outputs])
        self._places = {output.name: place for place, output in enumerate(outputs)}

    def set(self, values: Mapping[str, float | None]) -> None:
        """KeyError names an output that there is not."""
        for name, value in values.items():
            self.numbers[self._places[name]] = NAN if value is None else value

    def values(self, now: int) -> Sequence[float]:
        return list(self.numbers) if self.state == "live" else [NAN] * len(self.numbers)

    def truncated(self, now: int) -> Sequence[str]:
        return []


def market_of(symbol: str) -> str:
    """spot, perp, future or option, by the form of a canonical symbol."""
    parts = symbol.partition(":")[0].split("-")
    if "PERP" in parts:
        return "perp"
    return {2: "spot", 3: "future"}.get(len(parts), "option")


class CaseEngine:
    """The books and connections of one case."""

    def __init__(self, case: Case, outputs: Sequence[Output]) -> None:
        self.outputs = outputs
        made = [CaseBook(name, outputs) for name in case.books]
        self.books = {(book.venue, book.market, book.symbol): book for book in made}
        self.feeds: list[Any] = []
        self._listeners: list[Callable[[Any], None]] = []

    def listen(self, callback: Callable[[Any], None]) -> None:
        self._listeners.append(callback)

    def apply(self, step: Step) -> None:
        """What a step says, told as an applied message is."""
        if step.feed:
            self._connection(step)
        for book in self.books.values():
            if step.book in ("", f"{book.venue}/{book.symbol}") and not step.feed:
                book.set(step.values)
                if step.state:
                    book.state, book.reason = step.state, "" if step.state == "live" else "case"
                for listener in self._listeners:
                    listener(book)

    def _connection(self, step: Step) -> None:
        venue, product, route = (*step.feed.split("/"), "", "")[:3]
        for feed in self.feeds:
            if (feed.venue, feed.product, feed.route) == (venue, product, route):
                feed.state, feed.reason = step.connection, "case"
                return
        self.feeds.append(
            SimpleNamespace(venue=venue, product=product, route=route, state=step.connection, reason="case")
        )


@dataclass
class Course:
    """What became of a case: times since its start (ns), None where it did not happen; the texts that would be sent."""

    fired: int | None = None
    resolved: int | None = None
    unknown: int | None = None
    texts: list[str] = field(default_factory=list)


def played(rule: Rule, case: Case, outputs: Sequence[Output]) -> Course:
    """Play one case. KeyError names an output that there is not."""
    engine = CaseEngine(case, outputs)
    now = T0
    course = Course()

    def tell(news: News) -> None:
        since = news.now - T0
        match news.happening:
            case Happening.FIRED if course.fired is None:
                course.fired = since
            case Happening.RESOLVED if course.resolved is None:
                course.resolved = since
            case Happening.UNPROVEN if course.unknown is None:
                course.unknown = since
            case _:
                pass
        course.texts.append(f"{news.alert.summary} {news.alert.description}")

    watch = Watch(engine, [rule], lambda: now, tell)
    watch.begin(T0 - 1)
    steps = sorted(case.steps, key=lambda step: step.at)
    for step in steps:
        while watch.deadline() < T0 + step.at:
            now = watch.deadline()
            watch.timer(now)
        now = T0 + step.at
        engine.apply(step)
    while watch.deadline() <= T0 + end_of(rule, case):
        now = watch.deadline()
        watch.timer(now)
    return course


def end_of(rule: Rule, case: Case) -> int:
    """When a case is over: as it says, or a moment after its last step and the hold."""
    return case.until or max(step.at for step in case.steps) + rule.hold + 2 * SECOND


def faults(rule: Rule, outputs: Sequence[Output]) -> Iterator[str]:
    """What its cases find wrong with a rule; times may be a quarter of a second later than said."""
    for case in rule.cases:
        try:
            course = played(rule, case, outputs)
        except KeyError as failure:
            yield f"case {case.name!r}: no output {failure.args[0]!r}"
            continue
        for what, said, found in (
            ("fires", case.fires, course.fired),
            ("resolves", case.resolves, course.resolved),
            ("becomes unknown", case.unknown, course.unknown),
        ):
            if said is None and what != "fires":
                continue
            if (said is None) != (found is None) or (
                said is not None and found is not None and not 0 <= found - said <= SECOND
            ):
                yield f"case {case.name!r}: {what} {_at(found)}, not {_at(said)}"


def _at(t: int | None) -> str:
    return "never" if t is None else f"at {spelled(t)}"
