"""Slack: an incoming webhook. Its address is the secret (docs.slack.dev, Sending messages using incoming webhooks)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from ..records import Message
from .sender import Request, Secret, Sender, SenderSettings, encoded

COLOURS = {
    "info": "#0072b2",
    "warning": "#e69f00",
    "critical": "#d55e00",
}  # told apart by the colour-blind too
MOST = 3000  # characters of a section


class SlackSettings(SenderSettings):
    """`url`: where the address of the incoming webhook is found."""

    kind: Literal["slack"]
    url: Secret


class Slack(Sender):
    """A message with a coloured bar; the plain text is what a notification shows."""

    kind = "slack"
    Settings: ClassVar[type[SenderSettings]] = SlackSettings

    def __init__(self, name: str, settings: SlackSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        self._url = settings.url.read(environ)

    def request(self, message: Message, now: int) -> Request:
        title, body = escaped(message.title), escaped(message.body)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*\n{body}"[:MOST]}}
        colour = "#009e73" if message.happening == "resolved" else COLOURS[message.alert["severity"]]
        told = {"text": title, "attachments": [{"color": colour, "fallback": title, "blocks": [section]}]}
        return Request(self._url, encoded(told))


def escaped(text: str) -> str:
    """The three characters that Slack reads as its own; so no text can mention or link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
