"""What goes over the wire: frames with what they say about a book, pings, closes, REST answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .book import Side

Kind = Literal["update", "snapshot", "trade", "control", "heartbeat", "other"]


class Written(NamedTuple):
    """A level as it stands in a frame's text: ``fragment`` holds ``price`` and, behind it, ``size``."""

    side: Side
    tick: int
    price: str
    size: str
    fragment: str


@dataclass(slots=True)
class Frame:
    """One text frame. ``levels`` is what it says of a book, ``rank`` tells a level's place in it."""

    text: str
    kind: Kind = "other"
    product: str = ""
    symbol: str = ""
    levels: Sequence[Written] = ()
    rank: Callable[[Side, int], int] | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """A WebSocket PING frame."""

    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a socket: ``code`` of the close frame, or None for an abrupt end without one."""

    code: int | None = 1000
    reason: str = ""


Outgoing = str | bytes | Ping | Close


@dataclass(slots=True)
class Answer:
    """A REST answer and how long it takes."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    delay_ns: int = 0
