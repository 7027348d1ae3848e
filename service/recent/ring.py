"""The last minutes of all books, sampled once a second on the service's clock: bounded, synchronous, handed its time.

Nothing is done with a message but noting a print. Books have their turn in one of SLOTS parts of a second, so that no
second's work is done at once. A recording that is replayed is sampled on the recorded clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import floor
from typing import Any

from connectors.book import NOWHERE

from .kept import SECOND, Kept, size_of, wanted
from .settings import RecentSettings
from .spans import Spans

SLOTS = 20
TICK = SECOND // SLOTS
WAITING = 200_000  # prints between two ticks
_SIDES = {"buy": 1, "sell": -1}

Key = tuple[str, str, str]


class Ring:
    """`kept` by (venue, market, symbol); `spans` of each book's states; `connections` of each feed's.

    left_out: books that the memory had no room for.
    """

    def __init__(self, engine: Any, settings: RecentSettings) -> None:
        self.engine, self.settings = engine, settings
        self.seconds = settings.minutes * 60
        self.window = self.seconds * SECOND
        self.kept: dict[Key, Kept] = {}
        self.spans: dict[Key, Spans] = {}
        self.connections: dict[Any, Spans] = {}
        self.left_out: set[Key] = set()
        self._room = False  # a book went since those that are left out were last looked at
        self._slots: list[list[Key]] = [[] for _ in range(SLOTS)]
        self._prints: deque[tuple[Any, Any]] = deque(maxlen=WAITING)
        self._next = NOWHERE
        if self.seconds:
            engine.listen_trades(lambda book, one: self._prints.append((book, one)))
            engine.listen_liquidations(self._liquidated)
            engine.listen_states(self._changed)

    # -- time ------------------------------------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """The clock starts."""
        if self._next == NOWHERE and self.seconds:
            self._next = (now // TICK + 1) * TICK

    def deadline(self) -> int:
        """When `timer` is due (ns)."""
        return self._next

    def timer(self, now: int) -> None:
        """A twentieth of a second has passed: the prints that came, and the books whose turn it is."""
        self._next = (now // TICK + 1) * TICK
        slot = now // TICK % SLOTS
        if slot == 0:
            self._meet(now)
            self._look_at_connections(now)
        self._take_prints()
        for key in self._slots[slot]:
            one = self.kept[key]
            one.sample(now)
            self.spans[key].note(now, one.book.state, one.book.reason)

    def _meet(self, now: int) -> None:
        """Take in books that are new, let go of those that are no more."""
        again, self._room = self._room, False
        for key, book in self.engine.books.items():
            if key in self.left_out and not again:
                self.spans[key].note(now, book.state, book.reason)
                continue
            one = self.kept.get(key)
            if one is not None and one.book is book:
                continue
            if one is not None:
                self._let_go(key, now)
            self._keep(key, book, now)
        for key in [key for key in self.kept if key not in self.engine.books]:
            self._let_go(key, now)
        for key in [key for key in self.left_out if key not in self.engine.books]:
            self.left_out.remove(key)
            self.spans[key].end(now)
        for key, spans in list(self.spans.items()):
            if spans.ended is not None and spans.ended < now - self.window:
                del self.spans[key]

    def _keep(self, key: Key, book: Any, now: int) -> None:
        spans = self.spans.get(key)
        if spans is None or spans.ended is not None:
            spans = self.spans[key] = Spans()
        spans.note(now, book.state, book.reason)
        need = size_of(self.seconds, len(wanted(book.outputs, self.settings.outputs)))
        if self.memory + need > self.settings.megabytes * 1_000_000:
            self.left_out.add(key)
            return
        self.left_out.discard(key)
        self.kept[key] = Kept(book, self.seconds, self.settings.outputs, now)
        min(self._slots, key=len).append(key)

    def _let_go(self, key: Key, now: int) -> None:
        del self.kept[key]
        self._room = True
        self.spans[key].end(now)
        for slot in self._slots:
            if key in slot:
                slot.remove(key)

    @property
    def memory(self) -> int:
        """Bytes that the books that are kept may come to hold."""
        return sum(one.size for one in self.kept.values())

    # -- what happens between two samples ---------------------------------------------------------------------

    def _take_prints(self) -> None:
        while self._prints:
            book, one = self._prints.popleft()
            kept = self._of(book)
            if kept is not None:
                step = kept.height
                row = floor(one.price / step) if step > 0 else 0
                kept.prints.add(one.t, one.price, one.size, _SIDES.get(one.side, 0), row)

    def _liquidated(self, book: Any, one: Any) -> None:
        kept = self._of(book)
        if kept is not None:
            kept.forced.append((one.t, one.price, one.size, one.quote, _SIDES.get(one.side, 0)))

    def _changed(self, book: Any, now: int) -> None:
        spans = self.spans.get((book.venue, book.market, book.symbol))
        if spans is not None:
            spans.note(now, book.state, book.reason)

    def _of(self, book: Any) -> Kept | None:
        kept = self.kept.get((book.venue, book.market, book.symbol))
        return kept if kept is not None and kept.book is book else None

    def _look_at_connections(self, now: int) -> None:
        for feed in self.engine.feeds:
            spans = self.connections.get(feed)
            if spans is None:
                spans = self.connections[feed] = Spans()
            since = feed.since if now - SECOND <= feed.since <= now else now
            spans.note(since, feed.state, feed.reason)
        known = set(self.engine.feeds)
        for feed, spans in list(self.connections.items()):
            if feed not in known and spans.ended is None:
                spans.end(now)
            elif spans.ended is not None and spans.ended < now - self.window:
                del self.connections[feed]

    # -- what others read ------------------------------------------------------------------------------------

    def states(self, first: int, last: int) -> Iterator[tuple[Key, list[Any]]]:
        """Each book's spans in this time."""
        for key, spans in self.spans.items():
            yield key, spans.between(first, last)
