"""The schema of what REST says of alerts, and of what it is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.alerts.silences import FIELDS

from .models import Answer, Nanoseconds

Event = Literal["fired", "unproven", "confirmed", "resolved", "acknowledged"]
Who = Annotated[str, Field(min_length=1, max_length=100, description="Who does it, by name.")]
Why = Annotated[str, Field(min_length=1, max_length=500, description="Why.")]
Matchers = Annotated[
    dict[
        Literal["alert", "severity", "venue", "market", "symbol", "product"],
        Annotated[str, Field(max_length=100)],
    ],
    Field(min_length=1, description=f"Field ({', '.join(FIELDS)}) -> glob; all have to fit."),
]
_ALERT: dict[str, Any] = {
    "id": "c0ffee00c0ffee00",
    "alert": "ObiDepthGone",
    "severity": "warning",
    "state": "firing",
    "reason": "",
    "labels": {"venue": "binance", "market": "perp", "symbol": "BTC-USDT-PERP"},
    "value": -0.83,
    "peak": -0.91,
    "output": "depth.base{band_bps=25,side=bid}",
    "books": "",
    "since": 1_790_000_000_000_000_000,
    "fired_at": 1_790_000_000_000_000_000,
    "resolved_at": None,
    "lasted": "",
    "summary": "BTC-USDT-PERP on binance: depth.base{band_bps=25,side=bid} fell by -83% within ten seconds",
    "description": "",
    "runbook": "",
    "notified": True,
    "silenced_by": "",
    "acknowledged": None,
}


class Acknowledged(BaseModel):
    """Somebody has seen it."""

    who: str
    why: str
    at: Nanoseconds


class Alert(BaseModel):
    """One alert: a rule about one subject."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ALERT]})
    id: str = Field(description="The same for the same rule and subject, always.")
    alert: str = Field(description="Name of the rule.")
    severity: Literal["info", "warning", "critical"]
    state: Literal["inactive", "pending", "firing", "unknown", "resolved"] = Field(
        description="unknown: it cannot be evaluated now, `reason` says why; one that fired is neither over nor proven."
    )
    reason: str
    labels: dict[str, str]
    value: float | None = Field(description="What was compared, when it was last evaluated.")
    peak: float | None = Field(description="The value farthest beyond its level since it fired.")
    output: str = Field(description="Name of the output that spoke.")
    books: str = Field(description="Venues that a quorum counted.")
    since: Nanoseconds | None = Field(description="When it came into this state.")
    fired_at: Nanoseconds | None
    resolved_at: Nanoseconds | None
    lasted: str
    summary: str
    description: str
    runbook: str
    notified: bool = Field(description="Whether senders were told that it fired.")
    silenced_by: str = Field(description="Id of the silence that covers it.")
    acknowledged: Acknowledged | None


class Alerts(Answer):
    """Alerts that fire, or fired when they could last be evaluated; with `all`, also the pending and the unknown."""

    alerts: list[Alert]


class OneAlert(Answer):
    """One alert."""

    alert: Alert


class Rule(BaseModel):
    """A rule as its file says it; `fault` says why it cannot run here, `waits` what has to come before it does."""

    alert: str
    severity: str
    summary: str
    description: str
    select: dict[str, list[str]]
    when: dict[str, Any]
    quorum: int
    for_: str = Field(alias="for")
    cooldown: str
    runbook: str
    cases: int
    file: str
    fault: str
    waits: str
    firing: int
    pending: int
    unknown: int = Field(description="Books on which it cannot be evaluated now.")


class Rules(Answer):
    """All rules."""

    rules: list[Rule]


class Entry(BaseModel):
    """Something that happened to an alert; `alert` is how it stood then."""

    seq: int
    t: Nanoseconds
    event: Event
    alert: Alert


class History(Answer):
    """What happened, newest first."""

    history: list[Entry]
    next_cursor: str | None


class NewSilence(BaseModel):
    """A silence to be made: what it covers, from when (now if left out), until when or for how long."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"matchers": {"venue": "okx"}, "seconds": 3600, "who": "ada", "why": "maintenance at OKX"}
            ]
        },
    )
    matchers: Matchers
    starts: Nanoseconds | None = None
    until: Nanoseconds | None = None
    seconds: float | None = Field(None, gt=0, le=366 * 86_400, description="In place of `until`.")
    who: Who
    why: Why


class Silence(BaseModel):
    """A silence: what fits it is evaluated and kept, and nobody is told."""

    id: str
    matchers: dict[str, str]
    starts: Nanoseconds
    until: Nanoseconds
    who: str
    why: str
    active: bool


class OneSilence(Answer):
    """One silence."""

    silence: Silence


class Silences(Answer):
    """All that hold or will."""

    silences: list[Silence]


class Acknowledge(BaseModel):
    """Who has seen it, and why that is enough for now."""

    model_config = ConfigDict(extra="forbid")
    who: Who
    why: Annotated[str, Field(max_length=500)] = ""


class Test(BaseModel):
    """Which sender is to be tried; all where it is left out."""

    model_config = ConfigDict(extra="forbid")
    sender: Annotated[str, Field(max_length=100)] = ""


class Tested(Answer):
    """The test is on its way; /senders says what came of it."""

    id: str
    senders: list[str]


class SenderState(BaseModel):
    """A sender and what it did so far. Nothing of its address or secret is shown."""

    name: str
    kind: str
    least: str
    alerts: list[str]
    waiting: int
    sent: int
    retried: int
    failed: int
    last_error: str
    last_sent: Nanoseconds | None


class Senders(Answer):
    """All senders."""

    senders: list[SenderState]


class DeadLetter(BaseModel):
    """A message that could not be delivered."""

    seq: int
    t: Nanoseconds
    sender: str
    error: str
    attempts: int
    message: dict[str, Any]


class DeadLetters(Answer):
    """Messages that could not be delivered, newest first."""

    dead_letters: list[DeadLetter]
