"""The trades channel of the stream: prints are no state, so each is sent, in order, as far as a client has room."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from . import readings
from .channels import Channel, Source, Subscription, Topic
from .ports import Book, TradePrint
from .wishes import Spec

MOST_PRINTS = 10_000  # kept between two flushes


class TradesChannel(Channel):
    """Trades as they come, several in one message where they come faster than the interval."""

    def __init__(self, spec: Spec, source: Source, most: int) -> None:
        super().__init__(spec, source)
        self._most = most
        self._prints: dict[Book, deque[dict[str, Any]]] = {}
        self._lost: dict[Book, int] = {}

    def _seat(self, number: int, wake: Callable[[], None]) -> Subscription:
        return TradesSubscription(number, self, wake, self._most)

    def traded(self, book: Book, trade: TradePrint) -> None:
        """Keep a print until the next flush."""
        prints = self._prints.setdefault(book, deque(maxlen=MOST_PRINTS))
        if len(prints) == MOST_PRINTS:
            self._lost[book] = self._lost.get(book, 0) + 1
        fields = {
            "t": trade.t,
            "side": trade.side,
            "price": trade.price,
            "size": trade.size,
            "quote": trade.quote,
        }
        prints.append(fields)
        self.note(book)

    def flush(self) -> None:
        for book, prints in self._prints.items():
            body = self._with_trades(book, list(prints))
            self.source.tally.encodings += 1
            for subscription in self.subscriptions:
                assert isinstance(subscription, TradesSubscription)
                subscription.push(book, body, len(prints), self._lost.get(book, 0))
        self._prints.clear()
        self._lost.clear()
        self.changed.clear()

    def encode(self, topic: Topic) -> str:
        assert topic is not None
        assert not isinstance(topic, str)
        return self._with_trades(topic, [])

    def _with_trades(self, book: Book, trades: list[dict[str, Any]]) -> str:
        return self.written(readings.identity(book) | {"trades": trades})


class TradesSubscription(Subscription):
    """Trades are no state: each is sent, and what a slow client has no room for is counted in `missed`."""

    def __init__(self, number: int, channel: Channel, wake: Callable[[], None], most: int) -> None:
        super().__init__(number, channel, wake)
        self._most = most
        self._waiting: deque[tuple[Book, str, int]] = deque()
        self._held = 0
        self._lost: dict[Book, int] = {}

    def push(self, book: Book, body: str, prints: int, lost: int) -> None:
        """Wait for the client with these prints; the oldest go when there are too many."""
        if not self.open:
            return
        if book not in self._seen:
            self._pending[book] = 0
        self._waiting.append((book, body, prints))
        self._held += prints
        if lost:
            self._lose(book, lost)
        while self._held > self._most and len(self._waiting) > 1:
            oldest, _, dropped = self._waiting.popleft()
            self._held -= dropped
            self._lose(oldest, dropped)
        self._wake()

    def _lose(self, book: Book, prints: int) -> None:
        self._lost[book] = self._lost.get(book, 0) + prints
        self.channel.source.tally.missed += prints

    def take(self) -> Iterator[str]:
        yield from super().take()
        for _ in range(len(self._waiting)):
            if not self.open or not self._waiting:
                return
            book, body, prints = self._waiting.popleft()
            self._held -= prints
            yield self.message(book, self._lost.pop(book, 0), body)
