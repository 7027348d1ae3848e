"""How changes of a market become a channel: gathered for an interval, of all levels or the best."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .book import Ladder, Level, Side, TrueBook
from .frames import Written
from .market import Market, Step

if TYPE_CHECKING:
    from .connection import Connection

NEVER = 1 << 62


@dataclass(slots=True)
class Delta:
    """What a channel has to say: levels with their new total size, in the order of change."""

    bids: list[Level]
    asks: list[Level]
    first_id: int
    last_id: int

    def __bool__(self) -> bool:
        return bool(self.bids or self.asks)


class Feed:
    """One book channel of one market, shared by all connections that subscribed to it.

    ``interval_ns`` is the time for which changes are gathered (0: each step at once). ``bids`` and ``asks``
    are the book as the last frame left it, sizes by tick. ``last`` is free for the venue's number of that
    frame.
    """

    def __init__(self, topic: str, market: Market, interval_ns: int) -> None:
        self.topic = topic
        self.market = market
        self.interval_ns = interval_ns
        self.due = NEVER
        self.last = market.counter_last
        self.sent_at = 0
        self.subscribers: list[Connection] = []
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self._first_id = 0

    def note(self, step: Step) -> None:
        """Something changed: a frame falls due at the next multiple of the interval."""
        if not step.changes:
            return
        self._first_id = self._first_id or step.first_id
        self._gather(step)
        if self.due == NEVER:
            every = self.interval_ns
            self.due = step.time if not every else -(-(step.time + 1) // every) * every

    def flush(self) -> Delta:
        """What changed since the last frame; from now on it counts as said."""
        self.due = NEVER
        first, self._first_id = self._first_id, 0
        return self._delta(first, self.market.counter_last)

    def true_book(self) -> TrueBook:
        """The book that a client holds who has followed every frame."""
        return TrueBook.of_sizes(self.market.listing, self.bids, self.asks)

    def levels(self) -> tuple[list[Level], list[Level]]:
        """Bids and asks as the last frame left them, best first."""
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())

    def rank(self, side: Side, tick: int) -> int:
        """How many levels of a side stood before a tick when the last frame left."""
        if side == "bid":
            return sum(1 for its in self.bids if its > tick)
        return sum(1 for its in self.asks if its < tick)

    def _gather(self, step: Step) -> None:
        raise NotImplementedError

    def _delta(self, first_id: int, last_id: int) -> Delta:
        raise NotImplementedError


class FullFeed(Feed):
    """All levels: the net change of an interval, each level once."""

    def __init__(self, topic: str, market: Market, interval_ns: int) -> None:
        super().__init__(topic, market, interval_ns)
        self.bids, self.asks = dict(market.book.bids.sizes), dict(market.book.asks.sizes)
        self._pending_bids: dict[int, int] = {}
        self._pending_asks: dict[int, int] = {}

    def _gather(self, step: Step) -> None:
        for side, tick, lots in step.changes:
            (self._pending_bids if side == "bid" else self._pending_asks)[tick] = lots

    def _delta(self, first_id: int, last_id: int) -> Delta:
        delta = Delta(list(self._pending_bids.items()), list(self._pending_asks.items()), first_id, last_id)
        _apply(self.bids, self._pending_bids)
        _apply(self.asks, self._pending_asks)
        self._pending_bids.clear()
        self._pending_asks.clear()
        return delta


class WindowFeed(Feed):
    """The best ``depth`` levels of each side.

    With ``keeps_edge`` the venue deletes a level that is pushed out and re-inserts it when it returns;
    without, a level that is pushed out leaves in silence, since truncation is the client's work (Kraken).
    Either way the level that enters at the far edge is sent.
    """

    def __init__(
        self, topic: str, market: Market, interval_ns: int, depth: int, *, keeps_edge: bool = True
    ) -> None:
        super().__init__(topic, market, interval_ns)
        self.depth = depth
        self.keeps_edge = keeps_edge
        self.bids, self.asks = market.book.bids.top(depth), market.book.asks.top(depth)
        self._edges = {"bid": self._edge(market.book.bids), "ask": self._edge(market.book.asks)}
        self._touched: dict[tuple[Side, int], None] = {}

    def _gather(self, step: Step) -> None:
        self._touched.update(((side, tick), None) for side, tick, _ in step.changes)

    def _delta(self, first_id: int, last_id: int) -> Delta:
        bids, asks = self._moved("bid", self.bids), self._moved("ask", self.asks)
        self._touched.clear()
        return Delta(bids, asks, first_id, last_id)

    def _edge(self, ladder: Ladder) -> int | None:
        """Key of the last level of the window; None while the whole side fits."""
        return ladder.keys[self.depth - 1] if len(ladder.keys) >= self.depth else None

    def _moved(self, side: Side, window: dict[int, int]) -> list[Level]:
        """Bring one side of the window up to date, looking only at what was touched and at the edge."""
        ladder, before = self.market.book.side(side), self._edges[side]
        keys, sign, edge = ladder.keys, ladder.sign, self._edge(ladder)
        changes: list[Level] = []
        for tick in (tick for its, tick in self._touched if its == side):
            lots = ladder.sizes.get(tick, 0)
            if lots and (edge is None or tick * sign <= edge):
                if window.get(tick) != lots:
                    window[tick] = lots
                    changes.append((tick, lots))
            elif window.pop(tick, 0) and (self.keeps_edge or not lots):
                changes.append((tick, 0))
        rank = self.depth
        while rank < len(keys) and (before is None or keys[rank] <= before):
            if window.pop(keys[rank] * sign, 0) and self.keeps_edge:
                changes.append((keys[rank] * sign, 0))
            rank += 1
        rank = min(self.depth, len(keys)) - 1
        while before is not None and rank >= 0 and keys[rank] > before:
            tick = keys[rank] * sign
            if tick not in window:
                window[tick] = ladder.sizes[tick]
                changes.append((tick, window[tick]))
            rank -= 1
        self._edges[side] = edge
        return changes


def _apply(sizes: dict[int, int], changes: dict[int, int]) -> None:
    for tick, lots in changes.items():
        if lots:
            sizes[tick] = lots
        else:
            sizes.pop(tick, None)


def written(
    sides: Iterable[tuple[Side, Iterable[Level]]],
    price: Callable[[int], str],
    size: Callable[[int], str],
    fragment: Callable[[Side, str, str], str],
) -> list[Written]:
    """Levels as text, each with the fragment of the frame in which it will stand."""
    return [
        Written(side, tick, p := price(tick), s := size(lots), fragment(side, p, s))
        for side, levels in sides
        for tick, lots in levels
    ]


def pair(_side: Side, price: str, size: str) -> str:
    """The commonest fragment: ``["78857.0","0.5"]``."""
    return f'["{price}","{size}"]'


def joined(levels: Iterable[Written], side: Side) -> str:
    """The inside of a side's JSON array."""
    return ",".join(level.fragment for level in levels if level.side == side)
