"""What an alert rule may say: the schema of a file in `config/alerts/`, with errors that name key and cure."""

from __future__ import annotations

import re
import string
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

SECOND = 1_000_000_000
LONGEST_WINDOW = 24 * 3600 * SECOND
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND}
# What a summary may name between braces; `books` is what a quorum counted.
WORDS = ("venue", "market", "symbol", "value", "output", "reason", "count", "books", "product")


def nanoseconds(given: object) -> object:
    """`90s`, `2m30s`, `1.5h` as nanoseconds; 0 needs no unit."""
    if given == 0 and not isinstance(given, bool):
        return 0
    parts = _PART.findall(given) if isinstance(given, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != given:
        raise ValueError("write a duration with its unit: 500ms, 30s, 2m, 2m30s, 1h or 1d")
    return sum(round(float(number) * _UNITS[unit]) for number, unit in parts)


def spelled(duration: int) -> str:
    """Nanoseconds as a duration that `nanoseconds` reads (and Prometheus); below a millisecond is left out."""
    told = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, duration = divmod(duration, _UNITS[unit])
        told += f"{count}{unit}" if count else ""
    return told or "0s"


Duration = Annotated[int, BeforeValidator(nanoseconds)]
Globs = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
    Field(min_length=1),
]
Labels = Annotated[
    dict[str, str],
    BeforeValidator(
        lambda given: {k: str(v) for k, v in given.items()} if isinstance(given, dict) else given
    ),
]


class Severity(StrEnum):
    """How much it matters, least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Strict(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Select(Strict):
    """Which books a rule looks at: globs, one or a list, of which one has to fit."""

    venue: Globs = ("*",)
    market: Globs = ("*",)
    symbol: Globs = ("*",)


class Relative(Strict):
    """A level that is another output of the same book, times a factor."""

    metric: str
    labels: Labels = {}
    times: float = Field(gt=0)


Take = Literal[
    "value",
    "mean",
    "min",
    "max",
    "change",
    "relative_change",
    "increase",
    "surge",
    "ratio",
    "zscore",
    "percentile",
]
WINDOWED = (
    "mean",
    "min",
    "max",
    "change",
    "relative_change",
    "increase",
    "surge",
    "ratio",
    "zscore",
    "percentile",
)


class Condition(Strict):
    """What has to hold. One of: an output of a metric against a level; `all` or `any` of conditions; a state.

    metric: key, or key.field. labels: those that matter; `stat` is `last` where it is left out. Where several outputs
    fit, one of them has to be beyond the level. take: what is compared, over `window`; `ratio` (to the mean), `zscore`
    and `percentile` measure against the samples before (one a second, at least `least` of them). `surge`: the increase of a
    counter over `window` as a multiple of what it usually is, on average over `against` before it; less than 1 usually
    counts as 1. absolute: without its sign. above, below: the level to enter; leave: the level to leave again, on the
    near side of it.
    """

    metric: str = ""
    labels: Labels = {}
    take: Take = "value"
    window: Duration = 0
    against: Duration = 0
    least: int = Field(60, ge=2, le=3600)
    absolute: bool = False
    above: float | Relative | None = None
    below: float | Relative | None = None
    leave: float | None = None
    all: list[Condition] = []
    any: list[Condition] = []
    book: Literal["", "not_live"] = ""
    feed: Literal["", "down"] = ""
    venue: Literal["", "down"] = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in ("metric", "all", "any", "book", "feed", "venue") if getattr(self, name)]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            raise ValueError(f"write one of metric, all, any, book, feed, venue (this has {found})")
        if kinds[0] == "metric":
            self._comparable()
        elif extra := sorted(self.model_fields_set - {kinds[0]}):
            raise ValueError(f"{', '.join(extra)} belongs to a metric; remove it beside {kinds[0]}")
        for inner in (*self.all, *self.any):
            if alone := next((name for name in ("book", "feed", "venue") if getattr(inner, name)), ""):
                raise ValueError(f"{alone}: {getattr(inner, alone)} stands alone; give it a rule of its own")
        return self

    def _comparable(self) -> None:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"{self.metric}: write either above or below, the level from which it holds")
        windowed = self.take in WINDOWED
        if windowed != bool(self.window):
            cure = "give it a window, such as window: 60s" if windowed else "write take, or remove window"
            raise ValueError(f"{self.metric}: take: {self.take} and window do not go together; {cure}")
        if (self.take == "surge") != bool(self.against):
            raise ValueError(
                f"{self.metric}: take: surge and against go together; write both, such as against: 1h"
            )
        if self.against and not 2 * self.window <= self.against <= LONGEST_WINDOW:
            raise ValueError(f"{self.metric}: against: between twice the window and 24h")
        if windowed and not SECOND * 2 <= self.window <= LONGEST_WINDOW:
            raise ValueError(f"{self.metric}: window: between 2s and 24h")
        level = self.level
        if isinstance(level, Relative):
            if self.take != "value" or self.leave is not None:
                raise ValueError(
                    f"{self.metric}: a level that is a metric goes with take: value and without leave"
                )
        elif self.leave is not None and (self.leave > level if self.rising else self.leave < level):
            side = "at or below above" if self.rising else "at or above below"
            raise ValueError(f"{self.metric}: leave: {self.leave:g} has to be {side} ({level:g})")
        if self.absolute and self.take not in ("value", "mean", "change", "relative_change", "zscore"):
            raise ValueError(f"{self.metric}: absolute does not go with take: {self.take}")

    @property
    def rising(self) -> bool:
        return self.above is not None

    @property
    def level(self) -> float | Relative:
        """The level to enter."""
        found = self.above if self.above is not None else self.below
        assert found is not None
        return found

    @property
    def scope(self) -> Literal["book", "feed", "venue"]:
        """What an alert of it is about."""
        return "feed" if self.feed else "venue" if self.venue else "book"

    @property
    def key(self) -> str:
        return self.metric.partition(".")[0]

    def leaves(self) -> list[Condition]:
        """The conditions without inner ones, in the order of the file."""
        inner = [*self.all, *self.any]
        return [leaf for one in inner for leaf in one.leaves()] if inner else [self]


class Step(Strict):
    """A moment of a case: from here on, books (all of the case, or `book`) show these values or this state."""

    at: Duration
    book: str = ""
    values: dict[str, float | None] = {}
    state: Literal["", "syncing", "live", "stale", "crossed", "lost"] = ""
    feed: str = Field("", description="venue/product/route; `state` is then of the connection.")
    connection: Literal["", "connecting", "open", "silent", "waiting"] = ""


class Case(Strict):
    """A made-up course of values, and what the rule has to make of it: fire at a time, and resolve, or stay silent.

    between: for Prometheus, which knows no `within`: when to look (firing cases at that time, silent ones too).
    """

    name: str = Field(min_length=3)
    books: list[str] = Field(["binance/BTC-USDT-PERP"], min_length=1)
    steps: list[Step] = Field(min_length=1)
    until: Duration = 0
    fires: Duration | None = None
    resolves: Duration | None = None
    unknown: Duration | None = None
    silent: bool = False
    prometheus: bool = Field(True, description="False where its Prometheus twin cannot tell it.")

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.silent == (self.fires is not None):
            raise ValueError(f"case {self.name!r}: write either fires: TIME or silent: true")
        return self


class Rule(Strict):
    """One alert rule, as its file holds it."""

    alert: str = Field(pattern=r"^[A-Z][A-Za-z0-9]{2,63}$", description="CamelCase; the name of the alert.")
    summary: str = Field(min_length=5, max_length=300)
    description: str = Field("", max_length=2000)
    severity: Severity = Severity.WARNING
    select: Select = Select()
    when: Condition
    quorum: int = Field(
        0, ge=0, le=100, description="At so many venues at once, per symbol; 0: each book alone."
    )
    hold: Duration = Field(0, alias="for", description="How long it has to hold without a break.")
    cooldown: Duration = Field(30 * SECOND, description="How long after it resolved it may not fire again.")
    runbook: str = ""
    enabled: bool = True
    prometheus: bool = Field(True, description="Whether it also becomes a Prometheus rule.")
    cases: list[Case] = []

    @field_validator("summary", "description")
    @classmethod
    def _template(cls, text: str) -> str:
        try:
            names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
            text.format(**{word: 0.0 if word == "value" else 0 if word == "count" else "x" for word in WORDS})
        except (ValueError, KeyError, IndexError) as failure:
            known = ", ".join(f"{{{word}}}" for word in WORDS)
            raise ValueError(f"a text may name {known} (this: {failure})") from None
        if wrong := [name for name in names if name not in WORDS]:
            raise ValueError(f"{{{wrong[0]}}} is nothing that a text may name; known are {', '.join(WORDS)}")
        return text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.quorum and self.when.scope != "book":
            raise ValueError("quorum: counts books; remove it from a rule about feeds or venues")
        if self.quorum == 1:
            raise ValueError("quorum: 1 is what a rule does by itself; write 2 or more, or remove it")
        return self

    @property
    def scope(self) -> str:
        return self.when.scope

    def keys(self) -> list[str]:
        """Keys of the metrics it names, levels included."""
        found: dict[str, None] = {}
        for leaf in self.when.leaves():
            if leaf.metric:
                found[leaf.key] = None
                if isinstance(leaf.level, Relative):
                    found[leaf.level.metric.partition(".")[0]] = None
        return list(found)

    def told(self) -> dict[str, Any]:
        """The rule as REST shows it: what its file says, durations in words, without the cases."""
        return {
            "alert": self.alert,
            "severity": self.severity.value,
            "summary": self.summary,
            "description": self.description,
            "select": self.select.model_dump(),
            "when": _condition(self.when),
            "quorum": self.quorum,
            "for": spelled(self.hold),
            "cooldown": spelled(self.cooldown),
            "runbook": self.runbook,
            "cases": len(self.cases),
        }


def _condition(one: Condition) -> dict[str, Any]:
    found = one.model_dump(exclude_defaults=True, exclude={"all", "any", "window", "against"})
    for name in ("window", "against"):
        if duration := getattr(one, name):
            found[name] = spelled(duration)
    for name in ("all", "any"):
        if inner := getattr(one, name):
            found[name] = [_condition(each) for each in inner]
    return found
