"""Telegram: the Bot API's sendMessage (core.telegram.org/bots/api). The token is part of the address, so that is secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import orjson
from pydantic import Field

from ..records import Message
from .sender import Answer, HttpUrl, Request, Secret, Sender, SenderSettings, encoded

MOST = 4096


class TelegramSettings(SenderSettings):
    """`chat`: its number or @name; `base` another server of the same API."""

    kind: Literal["telegram"]
    token: Secret
    chat: str = Field(pattern=r"^(-?\d+|@\w+)$", coerce_numbers_to_str=True)
    base: HttpUrl = "https://api.telegram.org"


class Telegram(Sender):
    """Plain text: no parse mode, so nothing in it can be markup."""

    kind = "telegram"
    Settings: ClassVar[type[SenderSettings]] = TelegramSettings

    def __init__(self, name: str, settings: TelegramSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        self._url = f"{settings.base.rstrip('/')}/bot{settings.token.read(environ)}/sendMessage"

    def request(self, message: Message, now: int) -> Request:
        text = f"{message.title}\n{message.body}"[:MOST]
        told = {"chat_id": self.settings.chat, "text": text, "link_preview_options": {"is_disabled": True}}
        return Request(self._url, encoded(told))

    def judge(self, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Answer:
        """It says `ok` in the body, too, and how long to wait in `parameters.retry_after`."""
        answer = super().judge(status, headers, body, now)
        if answer.good and _read(body).get("ok") is not True:
            return Answer(False, "http 200 without ok", again=True)
        return answer

    def wait(self, headers: Mapping[str, str], body: bytes, now: int) -> float:
        parameters = _read(body).get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        return float(asked) if isinstance(asked, int | float) else super().wait(headers, body, now)


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
