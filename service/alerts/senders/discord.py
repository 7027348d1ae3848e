"""Discord: a webhook. Its address is the secret (discord.com/developers, Webhook resource, Execute Webhook)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import orjson

from ..records import Message
from .sender import Request, Secret, Sender, SenderSettings, encoded

COLOURS = {"info": 0x0072B2, "warning": 0xE69F00, "critical": 0xD55E00}
MOST_TITLE, MOST_TEXT = 256, 4096


class DiscordSettings(SenderSettings):
    """`url`: where the webhook's address is found."""

    kind: Literal["discord"]
    url: Secret


class Discord(Sender):
    """One embed. Nobody can be mentioned by what stands in it."""

    kind = "discord"
    Settings: ClassVar[type[SenderSettings]] = DiscordSettings

    def __init__(self, name: str, settings: DiscordSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        self._url = settings.url.read(environ)

    def request(self, message: Message, now: int) -> Request:
        colour = 0x009E73 if message.happening == "resolved" else COLOURS[message.alert["severity"]]
        embed = {
            "title": message.title[:MOST_TITLE],
            "description": message.body[:MOST_TEXT],
            "color": colour,
        }
        return Request(self._url, encoded({"embeds": [embed], "allowed_mentions": {"parse": []}}))

    def wait(self, headers: Mapping[str, str], body: bytes, now: int) -> float:
        """A 429 says in its body how long, in seconds with a fraction."""
        try:
            return float(orjson.loads(body)["retry_after"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return super().wait(headers, body, now)
