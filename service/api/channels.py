"""Channels of the stream: each is encoded once, for all who subscribed to it, and each subscriber takes the newest.

A channel keeps one topic a book (the feeds channel has a single one). `note` says that a topic changed, `flush` tells
the subscribers, and the first of them to take the topic has it encoded; the others find the same text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.delays import WAITING, Delays

from . import readings
from .ports import Book, Engine
from .wishes import Spec

Topic = Book | str | None  # None: the one topic of the feeds channel; text: the id of an alert


@dataclass(slots=True)
class Tally:
    """What the stream did so far, and holds now."""

    clients: int = 0
    channels: int = 0
    encodings: int = 0
    messages: int = 0
    missed: int = 0
    published: Delays = field(default_factory=lambda: Delays(WAITING))


@dataclass(frozen=True, slots=True)
class Source:
    """Where channels read: the engine, the clock (nanoseconds), and the count they keep."""

    engine: Engine
    clock: Callable[[], int]
    tally: Tally


class Subscription:
    """One client's place in a channel: the topics that it has yet to be sent, and how often each was passed over."""

    def __init__(self, number: int, channel: Channel, wake: Callable[[], None]) -> None:
        self.number = number
        self.channel = channel
        self.open = False  # until it has joined, and once it is released
        self._wake = wake
        self._seq = 0
        self._seen: set[Topic] = set()
        self._pending: dict[Topic, int] = {}

    def mark(self, topic: Topic) -> None:
        """This topic has news. Where older news still wait they are passed over."""
        if not self.open:
            return
        if (missed := self._pending.get(topic)) is None:
            self._pending[topic] = 0
        else:
            self._pending[topic] = missed + 1
            self.channel.source.tally.missed += 1
        self._wake()

    def take(self) -> Iterator[str]:
        """Messages for all that waits now, newest values."""
        for topic in list(self._pending):
            if not self.open:
                return
            missed = self._pending.pop(topic)
            yield self.message(topic, missed, self.channel.body(topic))

    @property
    def waiting(self) -> int:
        """Topics that this client has yet to be sent."""
        return len(self._pending)

    def waits_for(self, topic: Topic) -> bool:
        """Has this client yet to be sent this topic?"""
        return topic in self._pending

    def message(self, topic: Topic, missed: int, body: str) -> str:
        """What is the client's own (its channel id, its count) before what is everybody's."""
        kind = "update" if topic in self._seen else "snapshot"
        self._seen.add(topic)
        self._seq += 1
        name = self.channel.spec.name
        return f'{{"type":"{kind}","channel":{self.number},"name":"{name}","seq":{self._seq},"missed":{missed},{body}'


class Channel:
    """What is the same for all kinds of channels. Subclasses encode."""

    def __init__(self, spec: Spec, source: Source) -> None:
        self.spec = spec
        self.source = source
        self.interval = spec.interval_milliseconds / 1000
        self.due = 0.0  # loop time before which it is not flushed again
        self.changed: set[Topic] = set()
        self.topics: dict[Topic, None] = {}
        self.subscriptions: dict[Subscription, None] = {}
        self._bodies: dict[Topic, str] = {}
        self._published: dict[Topic, int] = {}  # when the newest message came in that a topic was told of
        self.fits = spec.selection.test()

    def subscription(self, number: int, wake: Callable[[], None]) -> Subscription:
        """A place for a client. It keeps the channel alive, and is sent nothing before `join`."""
        subscription = self._seat(number, wake)
        self.subscriptions[subscription] = None
        return subscription

    def _seat(self, number: int, wake: Callable[[], None]) -> Subscription:
        return Subscription(number, self, wake)

    def join(self, subscription: Subscription) -> None:
        """Begin to send: first a snapshot of every topic, read anew."""
        subscription.open = True
        self._bodies.clear()
        for topic in self.topics:
            subscription.mark(topic)

    def note(self, topic: Topic) -> None:
        """Something changed here: told at the next flush."""
        self.topics[topic] = None
        self.changed.add(topic)

    def forget(self, topic: Topic) -> None:
        """This topic is no more; what waits of it is still sent."""
        self.topics.pop(topic, None)
        self._bodies.pop(topic, None)
        self._published.pop(topic, None)

    def flush(self) -> None:
        """Tell all subscribers what changed since the last flush."""
        for topic in self.changed:
            self._bodies.pop(topic, None)
            for subscription in self.subscriptions:
                subscription.mark(topic)
        self.changed.clear()

    def refresh(self) -> None:
        """Note what has changed by the passing of time alone."""

    def body(self, topic: Topic) -> str:
        """The JSON of a topic after the client's own fields; encoded once."""
        if (body := self._bodies.get(topic)) is None:
            self._bodies[topic] = body = self.encode(topic)
            self.source.tally.encodings += 1
        return body

    def encode(self, topic: Topic) -> str:
        """Write it as it is now."""
        raise NotImplementedError

    def publish(self, book: Book, now: int) -> None:
        """An update of this book is ready: if a message came in since the last one, count how long ago that was."""
        before = self._published.get(book)
        if before != book.received:
            self._published[book] = book.received
            if before is not None:
                self.source.tally.published.observe(now - book.received)

    def written(self, fields: dict[str, Any]) -> str:
        """Fields as JSON without the first brace, with time and origin before them."""
        head = {"t": self.source.clock(), "simulated": self.source.engine.simulated}
        return orjson.dumps(head | fields)[1:].decode()


class ReadingsChannel(Channel):
    """Values of each book that fits."""

    def __init__(self, spec: Spec, source: Source) -> None:
        super().__init__(spec, source)
        self._columns = readings.Columns(spec.metrics)
        self._values: dict[Topic, dict[str, float | None]] = {}
        self._fresh: set[Topic] = set()

    def encode(self, topic: Topic) -> str:
        assert topic is not None
        assert not isinstance(topic, str)
        now = self.source.clock()
        self.publish(topic, now)
        values = self._values[topic] = self._columns.values(topic, now)
        self._fresh.add(topic)
        truncated = self._columns.truncated(topic, now)
        return self.written(readings.identity(topic) | {"values": values, "truncated": truncated})

    def note(self, topic: Topic) -> None:
        if topic in self._values and topic is not None and not isinstance(topic, str):
            if not self._columns.of(topic).names:
                return  # it has nothing of what is asked for, and that has been told
        super().note(topic)

    def forget(self, topic: Topic) -> None:
        super().forget(topic)
        self._values.pop(topic, None)

    def refresh(self) -> None:
        now = self.source.clock()
        for topic in self.topics:
            if topic in self._fresh or topic in self.changed:
                continue
            if topic is not None and not isinstance(topic, str):
                if _differ(self._values.get(topic), self._columns.values(topic, now)):
                    self.note(topic)
        self._fresh.clear()


def _differ(before: dict[str, float | None] | None, after: dict[str, float | None]) -> bool:
    return orjson.dumps(before) != orjson.dumps(after)  # NaN is unlike itself, null is not


class BooksChannel(Channel):
    """The best levels of each book that fits."""

    def encode(self, topic: Topic) -> str:
        assert topic is not None
        assert not isinstance(topic, str)
        now = self.source.clock()
        self.publish(topic, now)
        return self.written(readings.levels(topic, self.spec.depth, now))


class FeedsChannel(Channel):
    """All connections of the venues that fit, whenever one of them changed."""

    def __init__(self, spec: Spec, source: Source) -> None:
        super().__init__(spec, source)
        self._fits = spec.selection.venue_test()
        self.fits = lambda book: False
        self.topics[None] = None
        self._told: list[readings.Row] = []

    def encode(self, topic: Topic) -> str:
        self._told = self._rows()
        return self.written({"feeds": self._told})

    def refresh(self) -> None:
        if self._told != self._rows():
            self.note(None)

    def _rows(self) -> list[readings.Row]:
        rows = [readings.feed(one, 0) for one in self.source.engine.feeds if self._fits(one.venue)]
        for row in rows:
            del row["silent_seconds"]  # grows by itself: `t` less `last_received`
        return rows
