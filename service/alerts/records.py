"""An alert as it leaves this package: one dictionary, the same for REST, stream, history and senders. No NaN in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .alert import Alert, Happening
from .rules import spelled

Record = dict[str, Any]


def shown(alert: Alert, happening: Happening | None = None) -> Record:
    """The alert as it stands. `happening` RESOLVED shows it as resolved, though it has begun anew by then."""
    acknowledged = alert.acknowledged
    return {
        "id": alert.id,
        "alert": alert.rule.alert,
        "severity": alert.severity.value,
        "state": "resolved" if happening is Happening.RESOLVED else alert.state.value,
        "reason": alert.reason,
        "labels": dict(alert.labels),
        "value": number(alert.value),
        "peak": number(alert.peak),
        "output": alert.output,
        "books": alert.books,
        "since": alert.since or None,
        "fired_at": alert.fired_at or None,
        "resolved_at": alert.resolved_at or None if happening is Happening.RESOLVED else None,
        "lasted": spelled(alert.resolved_at - alert.fired_at) if happening is Happening.RESOLVED else "",
        "summary": alert.summary,
        "description": alert.description,
        "runbook": alert.rule.runbook,
        "notified": alert.notified,
        "silenced_by": alert.silenced_by,
        "acknowledged": None
        if acknowledged is None
        else {"who": acknowledged.who, "why": acknowledged.why, "at": acknowledged.at},
    }


def number(value: float) -> float | None:
    """NaN and infinities are null outside."""
    return value if abs(value) < float("inf") else None


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender is to tell. `id` is the same at each try, so that a receiver can tell a repetition."""

    id: str
    happening: str
    t: int
    alert: Record
    simulated: bool = False

    @property
    def title(self) -> str:
        """One line: what, how bad, and of what."""
        words = {
            "fired": "",
            "resolved": "resolved: ",
            "unproven": "unproven: ",
            "confirmed": "still: ",
            "test": "test: ",
        }
        origin = "[simulated] " if self.simulated else ""
        return f"{origin}{words.get(self.happening, '')}{self.alert['summary']}"

    @property
    def body(self) -> str:
        """What stands below the title."""
        alert = self.alert
        lines = [f"{alert['alert']} ({alert['severity']})"]
        if self.happening == "unproven":
            lines.append(f"It fired, and cannot be evaluated now: {alert['reason']}. This is no all-clear.")
        if self.happening == "resolved":
            lines.append(f"After {alert['lasted']}: {alert['reason']}.")
        if alert["description"] and self.happening in ("fired", "test"):
            lines.append(alert["description"])
        if alert["runbook"]:
            lines.append(alert["runbook"])
        return "\n".join(lines)

    def told(self) -> Record:
        """As JSON: what the webhook gets and what a dead letter keeps."""
        return {
            "id": self.id,
            "event": self.happening,
            "t": self.t,
            "simulated": self.simulated,
            "alert": self.alert,
        }
