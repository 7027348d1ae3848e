"""The heart of the stream: hears which books changed, and lets each channel tell its subscribers when it is due.

What the engine calls only sets a flag. One tick of the event loop later, and at most once in `floor`, the flags are
handed to the channels; channels whose interval has not passed wait for it together. Without subscribers nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from service.alerts.desk import Desk
from service.external.series import External, Series
from service.external.settings import ExternalSettings

from .alert_channel import AlertsChannel
from .channels import (
    BooksChannel,
    Channel,
    FeedsChannel,
    ReadingsChannel,
    Source,
    Subscription,
    Tally,
)
from .external_channel import ExternalChannel
from .ports import Book, Engine, TradePrint
from .settings import ApiSettings
from .trades import TradesChannel
from .wishes import Spec

_SLACK = 0.001  # seconds; timers of the event loop may come this much early


class Listener(Protocol):
    """A connected client as the hub sees it."""

    def beat(self, now: float, silence: float) -> None:
        """Send a sign of life if nothing was sent for `silence` seconds. `now` is the event loop's time."""
        ...

    async def close(self, code: int, why: str) -> None:
        """Close its socket."""
        ...


class Hub:
    """All channels and clients of one engine. Everything runs on the event loop that the first client came on."""

    def __init__(
        self,
        engine: Engine,
        settings: ApiSettings,
        clock: Callable[[], int],
        alerts: Desk | None = None,
        *,
        external: External | None = None,
    ) -> None:
        self.engine = engine
        self.alerts = alerts
        self.external = external or External(ExternalSettings())
        self.external.listeners.append(self._pushed)
        self.settings = settings
        self.clock = clock
        self.tally = Tally()
        self.stopping = False
        self._source = Source(engine, clock, self.tally)
        self._floor = settings.stream_floor_milliseconds / 1000
        self._clients: dict[Listener, None] = {}
        self._channels: dict[Spec, Channel] = {}
        self._routes: dict[Book, list[Channel]] = {}
        self._trades: dict[Book, list[TradesChannel]] = {}
        self._dirty: set[Book] = set()
        self._due_soon = False
        self._allowed = 0.0
        self._loop: asyncio.AbstractEventLoop
        self._later: asyncio.TimerHandle | None = None
        self._timers: list[asyncio.Handle] = []
        engine.listen(self._changed)
        engine.listen_trades(self._traded)
        if alerts is not None:
            alerts.listeners.append(self._alerted)

    # -- clients and channels ------------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Is there no room for another client?"""
        return len(self._clients) >= self.settings.stream_clients

    @property
    def waiting(self) -> int:
        """Updates that clients have yet to take."""
        return sum(one.waiting for channel in self._channels.values() for one in channel.subscriptions)

    def enter(self, client: Listener) -> None:
        """A client has come; with the first one the clockwork starts."""
        self._loop = asyncio.get_running_loop()
        self._clients[client] = None
        self.tally.clients = len(self._clients)
        if not self._timers:
            self._timers = [self._loop.call_soon(self._refresh), self._loop.call_soon(self._beat)]

    def leave(self, client: Listener) -> None:
        """A client has gone; its subscriptions were released before."""
        self._clients.pop(client, None)
        self.tally.clients = len(self._clients)
        if not self._clients:
            for timer in self._timers:
                timer.cancel()
            self._timers = []

    def channel(self, spec: Spec) -> Channel:
        """The channel that serves all who ask for this; new if nobody has."""
        if (channel := self._channels.get(spec)) is None:
            channel = self._channels[spec] = self._made(spec)
            for book in self.engine.books.values():
                if book in self._routes and channel.fits(book):
                    self._connect(book, channel)
            self.tally.channels = len(self._channels)
        self._admit(self.engine.books.values())
        return channel

    def release(self, subscription: Subscription) -> None:
        """End a subscription; a channel without any goes."""
        subscription.open = False
        channel = subscription.channel
        channel.subscriptions.pop(subscription, None)
        if channel.subscriptions or self._channels.pop(channel.spec, None) is None:
            return
        self.tally.channels = len(self._channels)
        for book in self._routes:
            self._routes[book] = [one for one in self._routes[book] if one is not channel]
            self._trades[book] = [one for one in self._trades[book] if one is not channel]

    async def stop(self, code: int = 1001, why: str = "the service is stopping") -> None:
        """Turn new clients away and close all sockets; those who do not read are given a second."""
        self.stopping = True
        closing = [asyncio.wait_for(client.close(code, why), 1.0) for client in list(self._clients)]
        await asyncio.gather(*closing, return_exceptions=True)

    def _made(self, spec: Spec) -> Channel:
        if spec.name == "external":
            return ExternalChannel(spec, self._source, self.external)
        if spec.name == "trades":
            return TradesChannel(spec, self._source, self.settings.stream_trades)
        if spec.name == "alerts":
            assert self.alerts is not None
            return AlertsChannel(spec, self._source, self.alerts)
        kinds: dict[str, type[Channel]] = {
            "readings": ReadingsChannel,
            "books": BooksChannel,
            "feeds": FeedsChannel,
        }
        return kinds[spec.name](spec, self._source)

    def _admit(self, books: Iterable[Book]) -> None:
        """Find the channels of books that are new here."""
        for book in books:
            if book not in self._routes:
                self._routes[book], self._trades[book] = [], []
                for channel in self._channels.values():
                    if channel.fits(book):
                        self._connect(book, channel)

    def _connect(self, book: Book, channel: Channel) -> None:
        channel.topics[book] = None
        if isinstance(channel, TradesChannel):
            self._trades[book].append(channel)
        else:
            self._routes[book].append(channel)

    def _let_go(self, books: Iterable[Book]) -> None:
        """Forget books that the engine keeps no more; clients were told the end of them."""
        for book in books:
            for channel in (*self._routes.pop(book), *self._trades.pop(book)):
                channel.forget(book)

    # -- what the engine calls: next to nothing ------------------------------------------------------------------

    def _changed(self, book: Book) -> None:
        if self._channels:
            self._dirty.add(book)
            if not self._due_soon:
                self._due_soon = True
                self._loop.call_soon(self._tick)

    def _traded(self, book: Book, trade: TradePrint) -> None:
        if self._channels:
            if book not in self._trades:
                self._admit((book,))
            for channel in self._trades[book]:
                channel.traded(book, trade)
            if self._trades[book] and not self._due_soon:
                self._due_soon = True
                self._loop.call_soon(self._tick)

    def _alerted(self, record: Mapping[str, Any]) -> None:
        """Something happened to an alert: it is told as soon as the loop is free."""
        told = [one.happened(record) for one in self._channels.values() if isinstance(one, AlertsChannel)]
        if any(told) and not self._due_soon:
            self._due_soon = True
            self._loop.call_soon(self._tick)

    def _pushed(self, series: Series) -> None:
        """A series was pushed: told as soon as the loop is free."""
        channels = [one for one in self._channels.values() if isinstance(one, ExternalChannel)]
        for channel in channels:
            channel.note(None)
        if channels and not self._due_soon:
            self._due_soon = True
            self._loop.call_soon(self._tick)

    # -- what the event loop calls -------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Hand the flags to the channels."""
        now = self._loop.time()
        if now < self._allowed - _SLACK:
            self._loop.call_at(self._allowed, self._tick)
            return
        self._due_soon = False
        self._allowed = now + self._floor
        dirty, self._dirty = self._dirty, set()
        self._admit(dirty)
        for book in dirty:
            for channel in self._routes[book]:
                channel.note(book)
        self._flush()

    def _flush(self) -> None:
        """Let all channels tell that are due, and come back for the rest."""
        now = self._loop.time()
        waiting = []
        for channel in self._channels.values():
            if not channel.changed:
                continue
            if channel.due <= now + _SLACK:
                channel.due = now + channel.interval
                channel.flush()
            else:
                waiting.append(channel.due)
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if waiting:
            self._later = self._loop.call_at(min(waiting), self._flush)

    def _refresh(self) -> None:
        """Look again at what changes without a message: time windows that empty, connections, books that are new."""
        books = set(self.engine.books.values())
        if self._routes.keys() != books:
            self._dirty.update(book for book in books if book not in self._routes)
            self._tick()
            self._let_go([book for book in self._routes if book not in books and book not in self._dirty])
        for channel in self._channels.values():
            channel.refresh()
        self._flush()
        self._timers[0] = self._loop.call_later(self.settings.stream_refresh_seconds, self._refresh)

    def _beat(self) -> None:
        silence = self.settings.heartbeat_seconds
        for client in list(self._clients):
            client.beat(self._loop.time(), silence * 0.9)
        self._timers[1] = self._loop.call_later(silence / 2, self._beat)
