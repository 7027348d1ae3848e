"""A rule's condition on one book: holds, does not hold, or cannot be told, with the value that says so. No I/O.

Three answers, as in Kleene's logic: `all` fails as soon as one part fails, `any` holds as soon as one holds, and only
what could still change the answer makes it unknown. While an alert is `active` a level that held is left at `leave`;
until then, the hold included, only the level to enter counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .folder import places
from .guards import ABOVE, ABOVE_ABSOLUTE, BELOW, BELOW_ABSOLUTE, CLEAR, HOLDS, UNDEFINED, Guards
from .rules import Condition, Relative
from .samples import NAN, Samples


class Verdict(NamedTuple):
    """`holds` is None where it cannot be told, and `reason` then says why. `output` is the value's name."""

    holds: bool | None
    value: float = NAN
    output: str = ""
    reason: str = ""


UNDEFINED_VALUE = "undefined"
TRUNCATED = "truncated"


class Part:
    """A condition bound to one book. `evaluate` reads a row of values, `sample` feeds the windows once a grid step."""

    def evaluate(self, values: Sequence[float], t: int, *, active: bool) -> Verdict:
        raise NotImplementedError

    def sample(self, values: Sequence[float], t: int) -> None:
        """Take the grid's next samples."""

    def leaves(self) -> list[Leaf]:
        """All levels in it."""
        return []


class Leaf(Part):
    """One level. Of several outputs the one farthest beyond it speaks."""

    def __init__(self, condition: Condition, found: list[int], names: Sequence[str], other: int) -> None:
        self.condition, self.places, self.names, self.other = condition, found, names, other
        self.holding = False
        self.windows: dict[int, Samples] = {}
        if condition.window:
            ranked = condition.take == "percentile"
            self.windows = {place: Samples(condition.window, ranked=ranked) for place in found}
        self.guards: list[int] = []  # numbers of its guards, one a place; set by who makes the table

    def leaves(self) -> list[Leaf]:
        return [self]

    @property
    def at_once(self) -> bool:
        """Can a guard tell, between two samples, that the answer changes?"""
        return self.condition.take not in ("mean", "min", "max")

    def sample(self, values: Sequence[float], t: int) -> None:
        for place, window in self.windows.items():
            window.take(t, values[place])

    def evaluate(self, values: Sequence[float], t: int, *, active: bool) -> Verdict:
        level = self._level(values, active)
        best, missing = Verdict(False), False
        for place in self.places:
            x = self._measured(place, values[place], t)
            if x != x or level != level:
                missing = True
                continue
            size = abs(x) if self.condition.absolute else x
            holds = size > level if self.condition.rising else size < level
            farther = best.value != best.value or abs(x - level) > abs(best.value - level)
            if holds > bool(best.holds) or (holds == best.holds and farther):
                best = Verdict(holds, x, self.names[place])
        if missing and not best.holds:
            return Verdict(None, NAN, self.names[self.places[0]], UNDEFINED_VALUE)
        self.holding = bool(best.holds)
        return best

    def _level(self, values: Sequence[float], active: bool) -> float:
        level = self.condition.level
        if isinstance(level, Relative):
            return level.times * values[self.other]
        leave = self.condition.leave
        return leave if active and self.holding and leave is not None else level

    def _measured(self, place: int, value: float, t: int) -> float:
        """What is compared with the level; NaN where it is undefined."""
        take = self.condition.take
        if take == "value" or value != value:
            return value
        window = self.windows[place]
        window.expire(t)
        if take in ("mean", "min", "max"):
            if not window.covered:
                return NAN
            low, high = window.extremes()
            return {"mean": window.moments()[0], "min": low, "max": high}[take]
        if take == "increase":
            base = window.oldest() if self.condition.rising else window.base(t)
            return value - base
        if take in ("change", "relative_change"):
            base = window.base(t)
            if take == "change":
                return value - base
            return (value - base) / abs(base) if base else NAN
        if len(window.held) < self.condition.least:
            return NAN
        if take == "percentile":
            return window.rank(value)
        mean, deviation = window.moments()
        if take == "ratio":
            return value / mean if mean > 0 else NAN
        return (value - mean) / deviation if deviation > 0 else NAN

    # -- guards ----------------------------------------------------------------------------------------------

    def arm(self, guards: Guards, values: Sequence[float], t: int, *, active: bool) -> None:
        """Have the guards tell when a value crosses what is its level now."""
        for k, place in zip(self.guards, self.places, strict=True):
            limit = self._limit(place, t, active)
            if limit is None:
                guards.mute(k)
                continue
            centre, level = limit
            absolute = self.condition.absolute
            kind = (
                (ABOVE_ABSOLUTE if absolute else ABOVE)
                if self.condition.rising
                else (BELOW_ABSOLUTE if absolute else BELOW)
            )
            x = values[place] - centre
            known = UNDEFINED
            bound = level * values[self.other] if self.other >= 0 else level
            if x == x and bound == bound:
                size = abs(x) if absolute else x
                known = HOLDS if (size > bound if self.condition.rising else size < bound) else CLEAR
            guards.arm(k, known, kind, centre, level, self.other)

    def _limit(self, place: int, t: int, active: bool) -> tuple[float, float] | None:
        """Centre and level in the value's own unit; None where only the next sample can tell."""
        take = self.condition.take
        relative = self.condition.level
        if isinstance(relative, Relative):
            return 0.0, relative.times
        leave = self.condition.leave
        level = leave if active and self.holding and leave is not None else relative
        if take == "value":
            return 0.0, level
        window = self.windows[place]
        if take == "increase":
            base = window.oldest() if self.condition.rising else window.base(t)
            return (base, level) if base == base else None
        if take in ("change", "relative_change"):
            base = window.base(t)
            if base != base or (take == "relative_change" and base == 0):
                return None
            return base, level * (abs(base) if take == "relative_change" else 1.0)
        if len(window.held) < self.condition.least:
            return None
        if take == "percentile":
            assert window.sorted is not None
            index = math.floor(level * len(window.sorted))
            if not self.condition.rising or not 0 <= index < len(window.sorted):
                return None
            return 0.0, window.sorted[index]
        mean, deviation = window.moments()
        if take == "ratio":
            return (0.0, level * mean) if mean > 0 else None
        return (mean, level * deviation) if deviation > 0 else None


class Together(Part):
    """`all` or `any` of conditions. The value is that of the first part that decides."""

    def __init__(self, parts: list[Part], *, every: bool) -> None:
        self.parts, self.every = parts, every

    def leaves(self) -> list[Leaf]:
        return [leaf for part in self.parts for leaf in part.leaves()]

    def sample(self, values: Sequence[float], t: int) -> None:
        for part in self.parts:
            part.sample(values, t)

    def evaluate(self, values: Sequence[float], t: int, *, active: bool) -> Verdict:
        found = [
            part.evaluate(values, t, active=active) for part in self.parts
        ]  # all of them: each keeps its own memory
        decisive = not self.every
        for verdict in found:
            if verdict.holds is decisive:
                return verdict
        return next((verdict for verdict in found if verdict.holds is None), found[0])


def bound(condition: Condition, outputs: Sequence[object], names: Sequence[str]) -> Part:
    """The condition's evaluator for one book; its metrics are there (`folder.fault_of`)."""
    if inner := condition.all or condition.any:
        return Together([bound(one, outputs, names) for one in inner], every=bool(condition.all))
    level = condition.level
    other = places(outputs, level.metric, level.labels)[0] if isinstance(level, Relative) else -1
    return Leaf(condition, places(outputs, condition.metric, condition.labels), names, other)
