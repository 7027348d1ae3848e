"""Settings of the outward side: where it listens, who may ask, and how much one client can cost."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from connectors.errors import UsageError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ApiSettings(BaseModel):
    """Section `api` of the configuration. On a loopback address nobody needs a key; elsewhere everybody does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 for every interface.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 takes any free one.")
    api_keys: tuple[Sha256, ...] = Field(default=(), description="SHA-256 (hex) of each key that may ask.")
    require_keys: bool | None = Field(
        default=None, description="Ask for a key. Unset: yes, unless `host` is a loopback address."
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Web origins beside our own page that may ask from a browser, such as https://desk.example.",
    )
    every_series: bool = Field(
        default=False,
        description="Let every output leave by /metrics, not only the usual ones (about 240 series a book).",
    )
    stream_clients: int = Field(default=500, ge=1, le=100_000, description="Sockets open at once.")
    stream_channels: int = Field(
        default=64, ge=1, le=10_000, description="Channels subscribed to on one socket."
    )
    stream_message_bytes: int = Field(
        default=65_536, ge=256, le=1_048_576, description="Longest message from a client."
    )
    stream_trades: int = Field(
        default=2_000, ge=1, le=1_000_000, description="Trades kept for a slow client and channel."
    )
    stream_floor_milliseconds: int = Field(
        default=10, ge=1, le=1_000, description="Shortest interval between two updates of a channel."
    )
    stream_refresh_seconds: float = Field(
        default=1.0,
        ge=0.1,
        le=60,
        description="How often quiet books are read again, as time windows empty by themselves.",
    )
    heartbeat_seconds: float = Field(
        default=5.0, ge=0.05, le=300, description="Silence after which a client gets a sign of life."
    )
    auth_seconds: float = Field(
        default=10.0, ge=0.1, le=300, description="Time that a client has for its first message, its key."
    )
    stop_seconds: float = Field(
        default=5.0, ge=0.1, le=9, description="Time that open answers have when the service stops."
    )

    @property
    def keys_needed(self) -> bool:
        """Does a client have to show a key?"""
        return not is_loopback(self.host) if self.require_keys is None else self.require_keys

    def check(self) -> None:
        """Raise UsageError where keys are needed and none is known."""
        if self.keys_needed and not self.api_keys:
            raise UsageError(
                f"api.host is {self.host}, which others can reach, and api.api_keys is empty: add the SHA-256 of a key, "
                "listen on 127.0.0.1, or set api.require_keys to false if something in front asks for keys"
            )


def is_loopback(host: str) -> bool:
    """Is this an address that only this machine can reach?"""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
