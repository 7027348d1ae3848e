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
from .guards import ABOVE, ABOVE_ABSOLUTE, BELOW, Guards
from .rules import Condition, Relative
from .samples import NAN, Samples


class Verdict(NamedTuple):
    """`holds` is None where it cannot be told, and `reason` then says why. `output` is the value's name, `beyond` how far
    it is on the far side of the level (negative: on the near side)."""

    holds: bool | None
    value: float = NAN
    output: str = ""
    reason: str = ""
    beyond: float = NAN


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
    """One level. Of several outputs the one farthest beyond it speaks. What the condition says is kept as plain fields."""

    def __init__(self, condition: Condition, found: list[int], names: Sequence[str], other: int) -> None:
        self.places, self.other = found, other
        self.names = [names[place] for place in found]
        self.take, self.least = condition.take, condition.least
        self.absolute, self.rising = condition.absolute, condition.rising
        level = condition.level
        self.enter = level.times if isinstance(level, Relative) else level
        self.leave = self.enter if condition.leave is None else condition.leave
        self.holding = False
        self.windows: dict[int, Samples] = {}
        if condition.window:
            ranked = self.take == "percentile"
            self.windows = {place: Samples(condition.window, ranked=ranked) for place in found}
        self.before: dict[int, Samples] = {}
        if condition.against:
            self.before = {place: Samples(condition.window + condition.against) for place in found}
        self.kind = (ABOVE if self.rising else BELOW) + (ABOVE_ABSOLUTE if self.absolute else 0)
        self.guards: list[int] = []  # numbers of its guards, one a place; set by who makes the table

    def leaves(self) -> list[Leaf]:
        return [self]

    @property
    def at_once(self) -> bool:
        """Can a guard tell, between two samples, that the answer changes?"""
        return self.take not in ("mean", "min", "max", "surge")

    def sample(self, values: Sequence[float], t: int) -> None:
        for windows in (self.windows, self.before):
            for place, window in windows.items():
                window.take(t, values[place])

    def evaluate(self, values: Sequence[float], t: int, *, active: bool) -> Verdict:
        level = self.leave if active and self.holding else self.enter
        if self.other >= 0:
            level *= values[self.other]
        farthest, measured, output = NAN, NAN, ""
        missing = False
        for place, name in zip(self.places, self.names, strict=True):
            x = self._measured(place, values[place], t)
            size = abs(x) if self.absolute else x
            beyond = size - level if self.rising else level - size
            if beyond != beyond:
                missing = True
            elif not beyond <= farthest:
                farthest, measured, output = beyond, x, name
        holds = farthest > 0
        if missing and not holds:
            return Verdict(None, NAN, self.names[0], UNDEFINED_VALUE)
        self.holding = holds
        return Verdict(holds, measured, output, "", farthest)

    def _measured(self, place: int, value: float, t: int) -> float:
        """What is compared with the level; NaN where it is undefined."""
        take = self.take
        if take == "value" or value != value:
            return value
        window = self.windows[place]
        window.expire(t)
        if take in ("mean", "min", "max"):
            if not window.covered:
                return NAN
            return window.moments()[0] if take == "mean" else window.extremes()[take == "max"]
        if take == "increase":
            return value - self._base(window, t)
        if take == "surge":
            return self._surge(value, window, self.before[place], t)
        if take in ("change", "relative_change"):
            base = window.base(t)
            if take == "change":
                return value - base
            return (value - base) / abs(base) if base else NAN
        if len(window.held) < self.least:
            return NAN
        if take == "percentile":
            return window.rank(value)
        mean, deviation = window.moments()
        if take == "ratio":
            return value / mean if mean > 0 else NAN
        return (value - mean) / deviation if deviation > 0 else NAN

    def _surge(self, value: float, window: Samples, before: Samples, t: int) -> float:
        """The increase over the window in multiples of the usual one; NaN before there is a window to compare with."""
        before.expire(t)
        base = window.base(t)
        if base != base or not before.held:
            return NAN
        since, oldest = before.held[0]
        span = t - window.window - since
        if span < window.window:
            return NAN
        return (value - base) / max(1.0, (base - oldest) * window.window / span)

    def _base(self, window: Samples, t: int) -> float:
        """What a counter is compared with. The oldest there is gives too little, never too much: enough to rise above."""
        return window.oldest() if self.rising else window.base(t)

    # -- guards ----------------------------------------------------------------------------------------------

    def arm(self, guards: Guards, values: Sequence[float], t: int, *, active: bool) -> None:
        """Have the guards tell when a value crosses what is its level now."""
        wanted = self.leave if active and self.holding else self.enter
        for k, place in zip(self.guards, self.places, strict=True):
            limit = self._limit(place, t, wanted)
            if limit is None:
                guards.mute(k)
            else:
                guards.arm(k, self.kind, limit[0], limit[1], self.other, values)

    def _limit(self, place: int, t: int, level: float) -> tuple[float, float] | None:
        """Centre and level in the value's own unit; None where only the next sample can tell."""
        take = self.take
        if take == "value":
            return 0.0, level
        window = self.windows[place]
        if take == "increase":
            base = self._base(window, t)
            return (base, level) if base == base else None
        if take in ("change", "relative_change"):
            base = window.base(t)
            if base != base or (take == "relative_change" and base == 0):
                return None
            return base, level * (abs(base) if take == "relative_change" else 1.0)
        if len(window.held) < self.least:
            return None
        if take == "percentile":
            assert window.sorted is not None
            index = math.floor(level * len(window.sorted))
            if not self.rising or not 0 <= index < len(window.sorted):
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
