"""Rules, books and a clock for tests of alerts: a bench on which values are set by hand and time is moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from service.alerts.cases import T0, CaseBook, CaseEngine
from service.alerts.records import Record, shown
from service.alerts.rules import SECOND, Case, Rule, Step
from service.alerts.silences import Silences
from service.alerts.watch import News, Watch
from service.plan import Plan

OUTPUTS = Plan().outputs
BOOK = "binance/BTC-USDT-PERP"
LEAN = "queue_imbalance"


def rule(text: str = "", **more: Any) -> Rule:
    """A rule of YAML; what is left out leans on queue_imbalance above 0.5."""
    given = {
        "alert": "TestLean",
        "summary": "{symbol} on {venue} leans by {value:+.2f} {reason}",
        "when": {"metric": LEAN, "above": 0.5, "leave": 0.3},
        "cooldown": 0,
    }
    return Rule.model_validate(given | (yaml.safe_load(text) or {}) | more)


class Bench:
    """Rules over made-up books. `news` has what happened, as (happening, seconds since the start)."""

    def __init__(self, *rules: Rule, books: Sequence[str] = (BOOK,), give_up: int = 300 * SECOND) -> None:
        case = Case(name="bench", books=list(books), steps=[Step(at=0)], silent=True)
        self.engine = CaseEngine(case, OUTPUTS)
        self.now = T0
        self.news: list[tuple[str, float]] = []
        self.told: list[News] = []
        self.records: list[Record] = []
        self.silences = Silences()
        self.watch = Watch(
            self.engine, rules, lambda: self.now, self._tell, give_up=give_up, silences=self.silences
        )
        self.watch.begin(T0 - 1)

    def _tell(self, news: News) -> None:
        self.news.append((news.happening.value, round((news.now - T0) / SECOND, 3)))
        self.told.append(news)
        self.records.append(shown(news.alert, news.happening))

    def book(self, name: str = BOOK) -> CaseBook:
        return next(one for one in self.engine.books.values() if f"{one.venue}/{one.symbol}" == name)

    def pass_time(self, seconds: float) -> None:
        """Let timers fire up to and with that moment."""
        end = self.now + round(seconds * SECOND)
        while self.watch.deadline() <= end:
            self.now = self.watch.deadline()
            self.watch.timer(self.now)
        self.now = end

    def set(self, name: str = BOOK, **values: float | None) -> None:
        """A message that changes values; `LEAN` is queue_imbalance."""
        self.show({LEAN if key == "lean" else key: value for key, value in values.items()}, name)

    def show(self, values: dict[str, float | None], name: str = BOOK, state: str = "") -> None:
        self.engine.apply(Step.model_validate({"at": 0, "book": name, "values": values, "state": state}))

    def state(self, state: str, name: str = BOOK) -> None:
        self.show({}, name, state)

    @property
    def happened(self) -> list[str]:
        return [happening for happening, _ in self.news]
