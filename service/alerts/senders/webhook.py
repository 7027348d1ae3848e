"""Webhook: the whole message as JSON, signed as Standard Webhooks says (standardwebhooks.com, Signature scheme).

Headers: `webhook-id` (the same at each try), `webhook-timestamp` (Unix seconds of the try) and `webhook-signature`:
`v1,` and the base64 of HMAC-SHA256(secret, "{id}.{timestamp}.{body}"). A receiver compares in constant time, refuses
timestamps more than five minutes off, and takes an id once. A secret that begins with `whsec_` is base64 after that.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import ClassVar, Literal

from connectors.errors import UsageError

from ..records import Message
from .sender import JSON, SECOND, HttpUrl, Request, Secret, Sender, SenderSettings, encoded

PREFIX = "whsec_"


class WebhookSettings(SenderSettings):
    """`url` in words or as a secret; `secret` signs."""

    kind: Literal["webhook"]
    url: HttpUrl | Secret
    secret: Secret


class Webhook(Sender):
    """Signed JSON to an address."""

    kind = "webhook"
    Settings: ClassVar[type[SenderSettings]] = WebhookSettings

    def __init__(self, name: str, settings: WebhookSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        self._url = settings.url.read(environ) if isinstance(settings.url, Secret) else settings.url
        self._key = key_of(settings.secret.read(environ))

    def request(self, message: Message, now: int) -> Request:
        body = encoded(message.told())
        stamp = str(now // SECOND)
        headers = {
            **JSON,
            "webhook-id": message.id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(self._key, message.id, stamp, body),
        }
        return Request(self._url, body, headers)


def key_of(secret: str) -> bytes:
    """The key's bytes. UsageError where what follows `whsec_` is no base64."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise UsageError(
            f"a webhook's secret begins with {PREFIX} and is no base64 after that; check it"
        ) from None


def signature(key: bytes, id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC."""
    digest = hmac.digest(key, b".".join((id.encode(), stamp.encode(), body)), "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
