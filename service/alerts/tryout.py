"""`steelyard alerts test --replay`: what the rules would have said over recordings, on the recorded clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from connectors.recording import INSTRUMENTS, read
from connectors.sync import Pair

from ..app import engine_of
from ..engine import Engine
from ..replay import Player
from ..settings import Settings
from .alert import Alert, Happening
from .check import tried
from .records import number
from .rules import SECOND, spelled
from .watch import News, Watch

APART = 3600 * SECOND  # recordings that begin farther apart are played one after another
Row = dict[str, Any]


class Tryout:
    """Plays recordings; `rows` has what fired, in the order in which it did, `told` all that happened."""

    def __init__(self, settings: Settings, rules: str = "") -> None:
        """`rules`: a folder in place of the configured ones. UsageError where a rule is not as it should be."""
        self.settings = settings
        self.rules, self.notes = tried(settings, rules)
        self.rows: list[Row] = []
        self.messages = self.evaluations = 0
        self.seconds = 0.0
        self._open: dict[int, Row] = {}

    def play(self, paths: Sequence[Path], tick: Callable[[int], None]) -> None:
        """Play recordings, those that belong together on one clock."""
        for group in together(paths):
            self._play(group, tick)

    def _play(self, paths: Sequence[Path], tick: Callable[[int], None]) -> None:
        engine, consolidation = engine_of(self.settings)
        player = Player(
            paths,
            made=lambda pair, session: _attach(engine, pair),
            dropped=lambda pair: engine.forget(pair.instrument),
            most_levels=self.settings.max_levels,
        )
        give_up = round(self.settings.alerts.unproven_seconds * SECOND)
        watch = Watch(engine, self.rules, lambda: player.now, self._tell, give_up=give_up)
        if consolidation is not None:
            player.watch(consolidation)
        player.watch(watch)
        first = 0
        for now in player.play():
            first = first or now
            tick(now)
        self.seconds += (player.now - first) / SECOND
        self.messages += sum(book.applied for book in engine.books.values() if not book.members)
        self.evaluations += watch.evaluations
        for row in self._open.values():
            row["lasted_seconds"] = (player.now - row["fired_at"]) / SECOND
        self._open.clear()

    def _tell(self, news: News) -> None:
        alert = news.alert
        if news.happening is Happening.FIRED:
            row = self._open[id(alert)] = _row(alert)
            self.rows.append(row)
        elif (row := self._open.get(id(alert), {})) and news.happening is Happening.UNPROVEN:
            row["unproven"] += 1
        elif row and news.happening is Happening.RESOLVED:
            del self._open[id(alert)]
            row |= {"resolved_at": news.now, "end": alert.reason}
            row |= {"peak": number(alert.peak), "lasted_seconds": (news.now - alert.fired_at) / SECOND}

    def table(self) -> Table:
        """For a terminal."""
        table = Table(box=None, pad_edge=False)
        for column in ("fired (UTC)", "lasted", "alert", "of", "value", "peak", "output", "end"):
            table.add_column(column, justify="right" if column in ("lasted", "value", "peak") else "left")
        for row in self.rows:
            table.add_row(
                clock(row["fired_at"]),
                spelled(round(row["lasted_seconds"] * 1000) * (SECOND // 1000)),
                f"{row['alert']} ({row['severity']})",
                " ".join(value for name, value in row["labels"].items() if name != "market"),
                "" if row["value"] is None else f"{row['value']:.4g}",
                "" if row["peak"] is None else f"{row['peak']:.4g}",
                row["output"],
                row["end"],
            )
        return table

    def summary(self) -> str:
        """One line: what was played, and how much of it spoke."""
        return (
            f"{len(self.rows)} alerts of {len(self.rules)} rules in {spelled(round(self.seconds) * SECOND)}, "
            f"{self.messages} messages, {self.evaluations} evaluations"
        )


def _attach(engine: Engine, pair: Pair) -> None:
    engine.attach(pair)


def _row(alert: Alert) -> Row:
    return {
        "fired_at": alert.fired_at,
        "resolved_at": None,
        "lasted_seconds": 0.0,
        "alert": alert.rule.alert,
        "severity": alert.severity.value,
        "labels": dict(alert.labels),
        "value": number(alert.value),
        "peak": number(alert.peak),
        "output": alert.output,
        "summary": alert.summary,
        "unproven": 0,
        "end": "still firing",
    }


def together(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Recordings that begin within an hour of another's, oldest first; those without times each by themselves."""
    begun = sorted((_begins(path), path) for path in paths if not path.name.endswith(INSTRUMENTS))
    group: list[Path] = []
    last = 0
    for begins, path in begun:
        if group and (begins - last > APART or not begins):
            yield group
            group = []
        group.append(path)
        last = begins
    if group:
        yield group


def _begins(path: Path) -> int:
    return next((line.t for line in read(path) if line.t is not None), 0)


def clock(t: int) -> str:
    """A time of day with its date, UTC, to the millisecond."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(t / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
