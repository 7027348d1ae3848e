"""Apprise: a hundred other services by one address each (extra `apprise`; imported when one is configured)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from connectors.errors import UsageError

from ..records import Message
from .sender import Answer, Secret, Sender, SenderSettings

TYPES = {"info": "info", "warning": "warning", "critical": "failure"}


class AppriseSettings(SenderSettings):
    """`url`: where Apprise's address is found, such as mailto://… or ntfy://…"""

    kind: Literal["apprise"]
    url: Secret


class Apprise(Sender):
    """Hands the text to Apprise, which does its own network: it is called in a thread."""

    kind = "apprise"
    Settings: ClassVar[type[SenderSettings]] = AppriseSettings

    def __init__(self, name: str, settings: AppriseSettings, environ: Mapping[str, str]) -> None:
        super().__init__(name, settings, environ)
        try:
            import apprise
        except ImportError:
            raise UsageError(
                f"alerts.senders.{name}: Apprise is not installed; pip install 'steelyard[apprise]'"
            ) from None
        self._apprise: Any = apprise.Apprise()
        if not self._apprise.add(settings.url.read(environ)):
            raise UsageError(f"alerts.senders.{name}: Apprise knows no service at the address it was given")

    def perform(self, message: Message) -> Answer:
        """Tell it, in a thread of its own. Apprise does not say what went wrong, so it is always tried again."""
        kind = "success" if message.happening == "resolved" else TYPES[message.alert["severity"]]
        if self._apprise.notify(title=message.title, body=message.body, notify_type=kind):
            return Answer(True)
        return Answer(False, "apprise could not deliver it", again=True)
