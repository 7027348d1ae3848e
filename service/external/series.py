"""The series as they are now: what was pushed last, how old it is, and whether another push is taken. No clock, no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.formulas.concentration import gini, hhi, imb

from .settings import ExternalSettings

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
LABELS = ("venue", "market", "symbol")  # of the book beside which it stands, if of one
LABEL = re.compile(r"[A-Za-z0-9_:.\-/]{1,60}")
AHEAD = 60_000_000_000  # ns that a pushed time may be ahead of ours
SECOND = 1_000_000_000
Key = tuple[str, tuple[tuple[str, str], ...]]


class RefusedError(Exception):
    """A push that is not taken: HTTP status, a name for programs, a sentence for people."""

    def __init__(self, status: int, name: str, detail: str, retry_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail, self.retry_seconds = status, name, detail, retry_seconds


@dataclass(slots=True)
class Series:
    """One series: its last values by field ("" for a plain number), pushed for time `t`, received at `received` (ns)."""

    name: str
    labels: tuple[tuple[str, str], ...]
    values: dict[str, float]
    t: int
    received: int
    help: str = ""
    points: int = 0

    @property
    def key(self) -> Key:
        return self.name, self.labels


@dataclass(slots=True)
class Point:
    """What one push says."""

    name: str
    labels: tuple[tuple[str, str], ...]
    values: dict[str, float]
    t: int
    help: str = ""


@dataclass
class External:
    """All series. `push` takes or refuses one; listeners are called with each that was taken."""

    settings: ExternalSettings
    series: dict[Key, Series] = field(default_factory=dict)
    listeners: list[Callable[[Series], None]] = field(default_factory=list)
    _allowance: float = -1.0
    _at: int = 0

    def admit(self, now: int) -> None:
        """Count a push against the rate; RefusedError where it is too many."""
        rate = self.settings.per_second
        most = max(1.0, 2 * rate)
        passed = max(0, now - self._at) / SECOND
        self._allowance = most if self._allowance < 0 else min(most, self._allowance + passed * rate)
        self._at = now
        if self._allowance < 1:
            wait = (1 - self._allowance) / rate
            raise RefusedError(429, "too-many-pushes", f"at most {rate:g} pushes a second are taken", wait)
        self._allowance -= 1

    def read(self, name: str, body: Any, now: int) -> Point:
        """A push as a point; RefusedError that names what is wrong."""
        if not NAME.fullmatch(name):
            raise _wrong(f"the name {name!r} is not of small letters, digits and underscores (60 at most)")
        if not isinstance(body, Mapping):
            raise _wrong('the body is an object such as {"value": 1.5}')
        known = {"value", "values", "plus", "minus", "t", "labels", "help"}
        if unknown := sorted(set(body) - known):
            raise _wrong(f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
        t = body.get("t", now)
        if isinstance(t, bool) or not isinstance(t, int) or not 0 < t <= now + AHEAD:
            raise _wrong("t is nanoseconds since 1970, not in the future")
        said = body.get("help", "")
        if not isinstance(said, str) or len(said) > 200:
            raise _wrong("help is a text of at most 200 characters")
        return Point(name, _labels(body.get("labels") or {}), self._values(body), t, said)

    def take(self, point: Point, now: int) -> Series:
        """Make a point the newest of its series; RefusedError where there is no room, or it is older than the last."""
        key = (point.name, point.labels)
        known = self.series.get(key)
        if known is None and len(self.series) >= self.settings.most_series:
            raise RefusedError(409, "too-many-series", f"{len(self.series)} series are kept, and no more")
        if known is not None and point.t < known.t:
            raise RefusedError(409, "out-of-order", f"{point.name} has a newer value (t {known.t})")
        told = point.help or (known.help if known else "")
        points = (known.points if known else 0) + 1
        found = Series(point.name, point.labels, point.values, point.t, now, told, points)
        self.series[key] = found
        for listener in self.listeners:
            listener(found)
        return found

    def value(self, one: Series, field: str, now: int) -> float | None:
        """A last value; None once it is too old to be one."""
        return None if self.is_stale(one, now) else one.values[field]

    def is_stale(self, one: Series, now: int) -> bool:
        """Is that for which it was last pushed too long ago?"""
        return now - one.t > self.settings.stale_after_seconds * SECOND

    def row(self, one: Series, now: int) -> dict[str, Any]:
        """All of a series for JSON."""
        return {
            "name": one.name,
            "labels": dict(one.labels),
            "values": {field or "value": self.value(one, field, now) for field in one.values},
            "event_time": one.t,
            "received": one.received,
            "age_seconds": max(0, now - one.t) / SECOND,
            "stale": self.is_stale(one, now),
            "help": one.help,
        }

    def _values(self, body: Mapping[str, Any]) -> dict[str, float]:
        forms = [
            form for form in (("value",), ("values",), ("plus", "minus")) if any(one in body for one in form)
        ]
        if len(forms) != 1 or not all(one in body for one in forms[0]):
            raise _wrong("give one of: value; values (a list or an object); plus and minus")
        if forms[0] == ("value",):
            return {"": _number("value", body["value"])}
        if forms[0] == ("plus", "minus"):
            found = imb(_number("plus", body["plus"]), _number("minus", body["minus"]))
            if found is None:
                raise _wrong("plus and minus sum up to 0: their imbalance is not defined")
            return {"imb": found}
        given = body["values"]
        numbers = list(given.values()) if isinstance(given, Mapping) else given
        if not isinstance(numbers, list) or not 0 < len(numbers) <= self.settings.most_values:
            raise _wrong(f"values is a list or an object of 1 to {self.settings.most_values} numbers")
        numbers = [_number("values", one) for one in numbers]
        shares = {"total": math.fsum(numbers), "hhi": hhi(numbers), "gini": gini(numbers)}
        return {name: value for name, value in shares.items() if value is not None}


def _labels(given: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, Mapping) or any(label not in LABELS for label in given):
        raise _wrong(f"labels is an object of {', '.join(LABELS)}")
    for label, value in given.items():
        if not isinstance(value, str) or not LABEL.fullmatch(value):
            raise _wrong(f"the label {label} is a name of at most 60 characters")
    return tuple(sorted(given.items()))


def _number(what: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise _wrong(f"{what} holds {given!r:.40}, which is no finite number")
    return float(given)


def _wrong(detail: str) -> RefusedError:
    return RefusedError(422, "invalid-push", detail)
