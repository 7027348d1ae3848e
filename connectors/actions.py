"""What a session asks of its driver. A session never does any of it itself; when replaying nobody does."""

from __future__ import annotations

from dataclasses import dataclass

SNAPSHOT = "snapshot"  # first part of the key of a `Fetch` for a whole book


@dataclass(slots=True)
class Connect:
    """Open the socket. The session waits for `opened` or `closed`."""

    url: str


@dataclass(slots=True)
class Send:
    """Send this text frame."""

    text: str


@dataclass(slots=True)
class Fetch:
    """GET a path of the venue's REST host; the answer goes to `fetched` under the same key.

    `weight` is what the venue charges for it; `not_before` (ns) is when it may be sent at the earliest. `spare`: it may
    only take from what nothing more important is likely to need.
    """

    key: tuple[str, str]
    path: str
    weight: int
    not_before: int = 0
    spare: bool = False


@dataclass(slots=True)
class Close:
    """Close the socket. The session waits for `closed`."""

    reason: str


@dataclass(slots=True)
class Replace:
    """Start a second session for the same symbols; drop this one once the other's books are live."""

    reason: str


Action = Connect | Send | Fetch | Close | Replace
