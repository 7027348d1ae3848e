"""Prometheus Alertmanager: POST /api/v2/alerts (its openapi.yaml). It forgets what it is not told again.

An active alert is sent with an end a few minutes ahead and told again each minute, so that it resolves by itself if
this service dies. An unproven one goes on being told, with the annotation `unproven`: Alertmanager knows no third state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from ..records import Message
from .sender import JSON, SECOND, HttpUrl, Request, Secret, Sender, SenderSettings, encoded

AHEAD = 5 * 60 * SECOND


class AlertmanagerSettings(SenderSettings):
    """`url`: its address, without /api. `token`: sent as a Bearer where a proxy asks for one."""

    kind: Literal["alertmanager"]
    url: HttpUrl
    token: Secret | None = None


class Alertmanager(Sender):
    """Posts alerts with their labels; grouping, silencing and routing are its own business."""

    kind = "alertmanager"
    Settings: ClassVar[type[SenderSettings]] = AlertmanagerSettings
    repeat_seconds = 60.0

    def __init__(self, name: str, settings: AlertmanagerSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        self._url = f"{settings.url.rstrip('/')}/api/v2/alerts"
        self._headers = dict(JSON)
        if settings.token is not None:
            self._headers["Authorization"] = f"Bearer {settings.token.read(environ)}"

    def wants(self, message: Message) -> bool:
        """It has to be told of every end, or would show it until the end that was said at first."""
        if message.happening == "resolved":
            return super().wants(Message(message.id, "fired", message.t, message.alert))
        return super().wants(message)

    def request(self, message: Message, now: int) -> Request:
        return Request(self._url, encoded([_alert(message, now)]), self._headers)

    def repetition(self, active: list[Message], now: int) -> Request | None:
        told = [_alert(message, now) for message in active if self.wants(message)]
        return Request(self._url, encoded(told), self._headers) if told else None


def _alert(message: Message, now: int) -> dict[str, Any]:
    alert = message.alert
    labels = {name: value for name, value in alert["labels"].items() if value}
    annotations = {
        "summary": message.title,
        "description": alert["description"],
        "runbook_url": alert["runbook"],
    }
    if alert["state"] == "unknown":
        annotations["unproven"] = alert["reason"]
    over = alert["resolved_at"] if message.happening in ("resolved", "test") else None
    return {
        "labels": labels
        | {"alertname": alert["alert"], "severity": alert["severity"], "source": "steelyard"},
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": _time(alert["fired_at"] or now),
        "endsAt": _time(over or now + AHEAD),
    }


def _time(t: int) -> str:
    return datetime.fromtimestamp(t / SECOND, UTC).isoformat(timespec="milliseconds")
