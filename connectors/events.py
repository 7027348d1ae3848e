"""What a venue says beside its books and trades: read by `Venue.control`, acted on by the session."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Accepted:
    """A subscription stands. Named by the request's id, or by the symbol where the venue acks one by one.

    `depth` is the number of levels a side that the venue says it will send, 0 if it does not say. `number` is what it
    calls the channel from now on, where it gives numbers; `channel` is then a Channel of ours. `only`: the symbols that
    were accepted, where a venue leaves the others of a request out in silence.
    """

    request: str = ""
    symbol: str = ""
    channel: str = ""
    depth: int = 0
    number: str = ""
    only: frozenset[str] | None = None


@dataclass(slots=True)
class Refused:
    """A subscription was rejected, by request or by symbol; `why` in the venue's words."""

    why: str
    request: str = ""
    symbol: str = ""


@dataclass(slots=True)
class Unsubscribed:
    """An unsubscription was carried out; `number` is of the channel that ended."""

    request: str = ""
    symbol: str = ""
    number: str = ""


@dataclass(slots=True)
class Lost:
    """The book of a symbol is no longer known, by the word of who sends it: it has to be subscribed to anew."""

    symbol: str
    why: str


@dataclass(slots=True)
class Answer:
    """Something the venue wants to hear back at once (a pong)."""

    text: str


@dataclass(slots=True)
class Leaving:
    """The venue is about to close this connection: move before it does."""

    why: str


@dataclass(slots=True)
class Welcomed:
    """The venue is ready to hear what we want (`Venue.welcomes`)."""


@dataclass(slots=True)
class Noted:
    """Anything else, counted under this name."""

    what: str


Said = Accepted | Refused | Unsubscribed | Lost | Answer | Leaving | Welcomed | Noted
