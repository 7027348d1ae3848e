"""What a sender is: its settings, how it words a message, and what an answer means. It opens nothing itself.

To add one: a file in this folder with a settings model and a `Sender` subclass that sets `kind` and `Settings` and
makes a request of a message. `service/alerts/delivery.py` sends it, tries again and keeps what cannot be delivered.
Secrets are named, never written: `{env: NAME}` or `{file: PATH}`. They are in no message, log line or answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.errors import UsageError

from ..records import Message
from ..rules import Globs, Severity

SECOND = 1_000_000_000
JSON = {"Content-Type": "application/json"}


class Strict(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Strict):
    """Where a secret is to be found."""

    env: str = Field("", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$|^$")
    file: str = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.env) == bool(self.file):
            raise ValueError("a secret is {env: NAME} or {file: PATH}; it is never written here itself")
        return self

    def read(self, environ: Mapping[str, str]) -> str:
        """The secret. UsageError where it is not there."""
        if self.env:
            if not environ.get(self.env):
                raise UsageError(f"the environment has no {self.env}, which a sender of alerts needs; set it")
            return environ[self.env]
        try:
            found = Path(self.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as failure:
            raise UsageError(
                f"{self.file}: a sender of alerts cannot read its secret ({failure})"
            ) from failure
        if not found:
            raise UsageError(f"{self.file}: is empty; a sender of alerts expects its secret there")
        return found


HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class SenderSettings(Strict):
    """What all senders have. `least`: severities below it are not sent; `alerts`: names or globs of rules."""

    kind: str
    enabled: bool = True
    least: Severity = Severity.INFO
    alerts: Globs = ("*",)
    resolved: bool = Field(True, description="Whether it is told that an alert resolved.")
    per_minute: float = Field(30, gt=0, le=6000, description="Most messages a minute; the rest wait.")
    attempts: int = Field(8, ge=1, le=50, description="Tries of a message before it becomes a dead letter.")
    first_retry_seconds: float = Field(1.0, gt=0, le=60)
    timeout_seconds: float = Field(10.0, gt=0, le=120)


@dataclass(frozen=True, slots=True)
class Request:
    """A POST. The address may be a secret: it is not shown."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: dict(JSON), repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try. `again`: worth another; `after`: not before so many seconds."""

    good: bool
    error: str = ""
    again: bool = False
    after: float = 0.0


class Sender:
    """One configured sender. `kind` is its name in the configuration."""

    kind: ClassVar[str] = ""
    Settings: ClassVar[type[SenderSettings]] = SenderSettings
    repeat_seconds: ClassVar[float] = 0  # how often it wants to be told again of all that is active; 0: never

    def __init__(self, name: str, settings: Any, environ: Mapping[str, str]) -> None:
        """Secrets are read here, so that a missing one stops the start. UsageError says which."""
        self.name, self.settings = name, settings

    def wants(self, message: Message) -> bool:
        """Is this message for it?"""
        alert = message.alert
        if message.happening == "test":
            return True
        if message.happening == "resolved" and not self.settings.resolved:
            return False
        return Severity(alert["severity"]).rank >= self.settings.least.rank and any(
            fnmatchcase(alert["alert"], glob) for glob in self.settings.alerts
        )

    def request(self, message: Message, now: int) -> Request:
        """The message as the service at the other end wants it. `now` in ns."""
        raise NotImplementedError

    def repetition(self, active: list[Message], now: int) -> Request | None:
        """All that is active, told again; only where `repeat_seconds` is set."""
        return None

    def judge(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Answer:
        """What an answer means: 2xx is good, 429 and 5xx are worth another try, all else will not get better."""
        if 200 <= status < 300:
            return Answer(True)
        again = status in (408, 425, 429) or status >= 500
        return Answer(
            False, f"http {status}{_said(body)}", again, self.wait(headers, body, now) if again else 0.0
        )

    def wait(self, headers: Mapping[str, str], body: bytes, now: int) -> float:
        """Seconds that the other end asks us to wait (Retry-After, in seconds or as a date)."""
        asked = headers.get("Retry-After", "")
        try:
            return max(0.0, float(asked))
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - now / SECOND)
        except ValueError:
            return 0.0


def _said(body: bytes) -> str:
    """The beginning of an answer's text, on one line."""
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return f": {text}" if text else ""


def encoded(body: Any) -> bytes:
    """JSON."""
    return orjson.dumps(body)
