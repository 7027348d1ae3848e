"""One alert and its states. `now` is an argument; what happened is returned, never sent.

    inactive ─ holds ─▶ pending ─ held for `for` ─▶ firing ─ no longer holds ─▶ resolved (inactive)
        any of them ─ cannot be told ─▶ unknown

A pending alert whose book dies starts over: that it held is not proven. A firing alert whose book dies becomes
`unknown` and is told so (`unproven`): it does not resolve, as nothing says that it is over, and it does not go on
firing, as nothing says that it is true. When it can be told again it either fires on (`confirmed`) or resolves; if it
cannot be told for `give_up` it resolves as `unproven`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from .conditions import Verdict
from .rules import Rule, Severity
from .samples import NAN

GIVE_UP = 300_000_000_000  # ns that an alert may stay unproven before it resolves as that


class AlertState(StrEnum):
    """Where an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    UNKNOWN = "unknown"


class Happening(StrEnum):
    """What became of an alert: what is kept in the history and sent to whoever listens."""

    FIRED = "fired"
    UNPROVEN = "unproven"
    CONFIRMED = "confirmed"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"


@dataclass(slots=True)
class Acknowledgement:
    """Somebody has seen it."""

    who: str
    why: str
    at: int


@dataclass(eq=False, slots=True)
class Alert:
    """A rule's alert about one subject (`labels`). Times in ns, 0 where there is none.

    since: when it came into its state. fired_at: set while it is firing, or was firing and cannot be told now.
    peak: of the values since it fired, the one farthest beyond its level. notified: senders were told that it fired.
    """

    rule: Rule
    labels: dict[str, str]
    state: AlertState = AlertState.INACTIVE
    reason: str = ""
    since: int = 0
    fired_at: int = 0
    resolved_at: int = 0
    value: float = NAN
    peak: float = NAN
    peak_output: str = ""
    beyond: float = NAN
    output: str = ""
    books: str = ""
    count: int = 0
    notified: bool = False
    acknowledged: Acknowledgement | None = None
    silenced_by: str = ""
    id: str = field(default="")

    def __post_init__(self) -> None:
        self.id = self.id or fingerprint(self.rule.alert, self.labels)

    @property
    def active(self) -> bool:
        """Is it firing, or was it when it could last be told?"""
        return self.fired_at > 0

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    @property
    def summary(self) -> str:
        return self._text(self.rule.summary)

    @property
    def description(self) -> str:
        return self._text(self.rule.description)

    def _text(self, template: str) -> str:
        words: dict[str, Any] = {
            name: self.labels.get(name, "") for name in ("venue", "market", "symbol", "product")
        }
        value, output = self.value, self.output
        if self.active and self.state is not AlertState.FIRING:  # what it was about, not what calmed down
            value, output = self.peak, self.peak_output
        words |= {"value": value, "output": output, "reason": self.reason, "count": self.count}
        return template.format(**words, books=self.books)

    # -- transitions -----------------------------------------------------------------------------------------

    def step(self, verdict: Verdict, now: int, give_up: int = GIVE_UP) -> Happening | None:
        """Take in what was found at `now`; says what happened to it, None if nothing that matters outside."""
        if verdict.holds is None:
            return self._cannot_tell(verdict.reason, now, give_up)
        self.value, self.output = verdict.value, verdict.output
        if not verdict.holds:
            return self.resolve(now, "cleared" if self.active else "")
        if self.active:
            if not verdict.beyond <= self.beyond:
                self._peaks(verdict)
            if self.state is AlertState.FIRING:
                self.reason = verdict.reason
                return None
            self._go(AlertState.FIRING, verdict.reason, now)
            return Happening.CONFIRMED
        if self.state is not AlertState.PENDING:
            self._go(AlertState.PENDING, verdict.reason, now)
        self.reason = verdict.reason
        if now < self.due:
            return None
        self.fired_at = now
        self._peaks(verdict)
        self.notified, self.acknowledged, self.silenced_by = False, None, ""
        self._go(AlertState.FIRING, verdict.reason, now)
        return Happening.FIRED

    def _peaks(self, verdict: Verdict) -> None:
        self.peak, self.peak_output, self.beyond = verdict.value, verdict.output, verdict.beyond

    @property
    def due(self) -> int:
        """When a pending alert fires if it holds on: after `for`, and not before the cool-down is over."""
        cool = self.resolved_at + self.rule.cooldown if self.resolved_at else 0
        return max(self.since + self.rule.hold, cool)

    def resolve(self, now: int, reason: str) -> Happening | None:
        """It is over; `cleared`, `unproven`, or why it is looked at no more."""
        was_active = self.active
        self._go(AlertState.INACTIVE, reason, now)
        if not was_active:
            return None
        self.resolved_at = now
        return Happening.RESOLVED

    def forget_episode(self) -> None:
        """What was said of its last firing is no more; called once all were told that it resolved."""
        self.fired_at, self.notified = 0, False
        self.peak, self.peak_output, self.beyond = NAN, "", NAN
        self.acknowledged, self.silenced_by = None, ""

    def _cannot_tell(self, reason: str, now: int, give_up: int) -> Happening | None:
        if self.state is AlertState.UNKNOWN:
            self.reason = reason
            if self.active and now - self.since >= give_up:
                return self.resolve(now, "unproven")
            return None
        was_firing = self.state is AlertState.FIRING
        self._go(AlertState.UNKNOWN, reason, now)
        return Happening.UNPROVEN if was_firing else None

    def _go(self, state: AlertState, reason: str, now: int) -> None:
        if state is not self.state:
            self.state, self.since = state, now
        self.reason = reason


def fingerprint(rule: str, labels: dict[str, str]) -> str:
    """The same for the same rule and subject, always: what tells one alert from another."""
    text = "\n".join([rule, *(f"{name}={value}" for name, value in sorted(labels.items()))])
    return sha256(text.encode()).hexdigest()[:16]
