"""One client socket as a simulated venue sees it: what came in, what goes out, what is due."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from .book import TrueBook
from .feeds import NEVER, Feed
from .frames import Close, Frame, Kind, Outgoing, Ping

if TYPE_CHECKING:
    from .venue import SimulatedVenue

MS = 1_000_000
NS = 1_000_000_000


class Connection:
    """A client's socket. A venue's subclass fills in ``received``, and ``opened`` where it greets.

    The owner of the real socket (or a test) calls ``receive``, ``pong``, ``closed`` and empties
    ``frames_to_send``; times are integer nanoseconds and never go back.
    """

    def __init__(
        self, venue: SimulatedVenue, number: int, path: str, query: dict[str, str], now: int
    ) -> None:
        self.venue = venue
        self.number = number
        self.path = path
        self.query = query
        self.opened_at = now
        self.heard_at = now
        self.spoke_at = now
        self.alive = True
        self.random = Random(f"{venue.seed}/connection/{number}")
        self.feeds: dict[str, Feed] = {}
        self.topics: dict[str, Any] = {}
        self._frozen: dict[str, TrueBook] = {}
        self._outbox: list[tuple[int, int, Outgoing]] = []
        self._timers: list[tuple[int, int, Callable[[int], None]]] = []
        self.sent = 0
        self._count = 0

    # -- from the client ----------------------------------------------------------------------------

    def receive(self, text: str, now: int) -> None:
        """A text frame from the client."""
        self.heard_at = now
        if self.alive:
            self.received(text, now)

    def pong(self, payload: bytes, now: int) -> None:
        """A PONG frame from the client."""
        self.heard_at = now

    def ping(self, payload: bytes, now: int) -> None:
        """A PING frame from the client; the socket's owner answers it."""
        self.heard_at = now

    def closed(self, now: int) -> None:
        """The socket is gone, whoever ended it."""
        self.alive = False
        self.venue.forget(self)

    # -- to the client ------------------------------------------------------------------------------

    def frames_to_send(self, now: int) -> list[Outgoing]:
        """What leaves now, in order. Nothing follows a ``Close``."""
        out: list[Outgoing] = []
        while self._outbox and self._outbox[0][0] <= now:
            out.append(heapq.heappop(self._outbox)[2])
            self.sent += 1
            if isinstance(out[-1], Close):
                self.alive = False
                self._outbox.clear()
        return out

    def due(self, now: int) -> bool:
        """Whether anything leaves now."""
        return bool(self._outbox) and self._outbox[0][0] <= now

    @property
    def waiting(self) -> int:
        """How many frames have not left yet."""
        return len(self._outbox)

    def put(self, frame: Frame, now: int, *, delay_ns: int = 0) -> None:
        """Send a frame, unless a fault has it otherwise."""
        faults = self.venue.faults
        if not self.alive or faults.withholds(self.number, frame.product, frame.symbol, now):
            return
        self.spoke_at = now
        for text in faults.sent(frame, self.number):
            self._push(self.packed(text), now + delay_ns)

    def say(self, text: str, now: int, *, kind: Kind = "control", delay_ns: int = 0) -> None:
        """Send a text that speaks of no book."""
        self.put(Frame(text, kind), now, delay_ns=delay_ns)

    def put_ping(self, payload: bytes, now: int) -> None:
        """Send a PING frame, unless silenced."""
        if self.alive and not self.venue.faults.silent(self.number, now):
            self._push(Ping(payload), now)

    def close(self, now: int, code: int | None = 1000, reason: str = "") -> None:
        """End the socket; without a code abruptly."""
        if self.alive:
            self._push(Close(code, reason), now)

    # -- time ---------------------------------------------------------------------------------------

    def at(self, when: int, action: Callable[[int], None]) -> None:
        """Do something at a time."""
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, action))

    @property
    def deadline(self) -> int:
        """When something of ``at`` falls due."""
        return self._timers[0][0] if self._timers else NEVER

    def timer(self, now: int) -> None:
        """Do what has fallen due."""
        while self._timers and self._timers[0][0] <= now:
            when, _, action = heapq.heappop(self._timers)
            if self.alive:
                action(when)

    # -- books --------------------------------------------------------------------------------------

    def follow(self, feed: Feed) -> None:
        """Receive a book channel from now on."""
        self.feeds[feed.topic] = feed
        if self not in feed.subscribers:
            feed.subscribers.append(self)

    def unfollow(self, topic: str) -> None:
        """Receive a book channel no more."""
        self._frozen.pop(topic, None)
        feed = self.feeds.pop(topic, None)
        if feed is not None:
            feed.subscribers.remove(self)
            self.venue.tidy(feed)

    def freeze(self, feed: Feed, now: int) -> None:
        """Before a feed moves on: remember the book of the last frame that this client could see."""
        listing = feed.market.listing
        if not self.venue.faults.withholds(self.number, listing.product, listing.native, now):
            self._frozen.pop(feed.topic, None)
        elif feed.topic not in self._frozen:
            self._frozen[feed.topic] = feed.true_book()

    def true_book(self, symbol: str, product: str | None = None) -> TrueBook:
        """The true book as of the last frame meant for this client: who followed every frame must hold it.

        A frame lost by a fault is meant for the client all the same; frames withheld by a silence are not. Of
        several book channels of a symbol the first subscribed counts. KeyError without one.
        """
        for topic, feed in self.feeds.items():
            listing = feed.market.listing
            if listing.native == symbol and product in (None, listing.product):
                return self._frozen.get(topic) or feed.true_book()
        raise KeyError(symbol)

    # -- for a venue to fill in ---------------------------------------------------------------------

    def opened(self, now: int) -> None:
        """The socket is open: greet, start timers."""

    def received(self, text: str, now: int) -> None:
        """A text frame from the client."""
        raise NotImplementedError

    def packed(self, text: str) -> str | bytes:
        """A frame as it goes over the wire: text, or bytes for a binary frame."""
        return text

    def notice(self, now: int) -> None:
        """Say that the venue is going to close this socket, where it says so."""

    # -- small parts --------------------------------------------------------------------------------

    def _push(self, what: Outgoing, due: int) -> None:
        self._count += 1
        heapq.heappush(self._outbox, (due, self._count, what))


def parsed(text: str) -> dict[str, Any] | None:
    """The JSON object in a client's text, or None."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def asked(message: dict[str, Any], field: str) -> list[Any]:
    """A field that should be a list, as one."""
    value = message.get(field)
    return value if isinstance(value, list) else []
