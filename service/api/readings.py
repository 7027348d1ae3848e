"""What is said of a book, a feed or a metric: plain values ready for JSON, the same for REST and for the stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from .lookup import select_outputs
from .ports import Book, Declaration, Feed, Output, State, VenueFacts

NANOSECONDS = 1_000_000_000
MOST_VIEWS = 256
Row = dict[str, Any]


class View:
    """Some of a list of outputs."""

    def __init__(self, outputs: Sequence[Output], patterns: Sequence[str]) -> None:
        places = select_outputs(outputs, patterns)
        self.outputs = outputs  # kept, so that no other list takes its id
        self.names = tuple(outputs[place].name for place in places)
        self.known = frozenset(self.names)
        self.pick = _picker(places, len(outputs))


class Columns:
    """Which outputs are asked for, by metric globs; all without globs. A book shows those that it has."""

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._patterns = tuple(patterns)
        self._views: dict[int, View] = {}

    def of(self, book: Book) -> View:
        """What is shown of a book."""
        outputs = book.outputs
        if (view := self._views.get(id(outputs))) is None:
            if len(self._views) >= MOST_VIEWS:  # groups whose members came and went leave theirs behind
                self._views.clear()
            view = self._views[id(outputs)] = View(outputs, self._patterns)
        return view

    def values(self, book: Book, now: int) -> dict[str, float | None]:
        """Name -> value; every name is there. NaN (undefined) becomes null when it is encoded; not live: all None."""
        view = self.of(book)
        if book.state != State.LIVE:
            return dict.fromkeys(view.names)
        return dict(zip(view.names, view.pick(book.values(now)), strict=True))

    def truncated(self, book: Book, now: int) -> list[str]:
        """Those of the names that are null because they reach beyond what the venue has proven."""
        if book.state != State.LIVE:
            return []
        known = self.of(book).known
        return [name for name in book.truncated(now) if name in known]


def _picker(places: list[int], total: int) -> Callable[[Sequence[float]], Sequence[float]]:
    if len(places) == total:
        return lambda numbers: numbers
    if len(places) > 1:
        return itemgetter(*places)
    return lambda numbers: tuple(numbers[place] for place in places)


def identity(book: Book) -> Row:
    """Which book it is, and how far it can be trusted: what stands beside every number."""
    return {
        "venue": book.venue,
        "market": book.market,
        "symbol": book.symbol,
        "state": book.state,
        "reason": book.reason,
        "proof": book.proof,
        "event_time": book.event_time or None,
        "received": book.received or None,
        "update_id": book.update_id,
        "members": list(book.members),
    }


def seconds_since(then: int, now: int) -> float | None:
    """Seconds from one time in nanoseconds to another, None if it never was."""
    return max(0, now - then) / NANOSECONDS if then else None


def reading(book: Book, columns: Columns, now: int) -> Row:
    """A book's reading in full."""
    return identity(book) | {
        "native": book.native,
        "age_seconds": seconds_since(book.received, now),
        "latency_seconds": book.latency_seconds,
        "depth": book.depth,
        "capped": book.capped,
        "values": columns.values(book, now),
        "truncated": columns.truncated(book, now),
    }


def levels(book: Book, depth: int, now: int) -> Row:
    """A book's best levels in the venue's own text; null while it is not live."""
    bids, asks = book.levels(depth) if book.state == State.LIVE else (None, None)
    return identity(book) | {
        "native": book.native,
        "age_seconds": seconds_since(book.received, now),
        "depth": book.depth,
        "capped": book.capped,
        "bids": bids,
        "asks": asks,
    }


def feed(feed: Feed, now: int) -> Row:
    """One connection and how it fares."""
    return {
        "venue": feed.venue,
        "product": feed.product,
        "route": feed.route,
        "state": feed.state,
        "reason": feed.reason,
        "since": feed.since or None,
        "last_received": feed.last_received or None,
        "silent_seconds": seconds_since(feed.last_received, now),
        "frames": feed.frames,
        "reconnects": feed.reconnects,
        "symbols": list(feed.symbols),
        "unknown": dict(feed.unknown),
        "retry_at": feed.retry_at or None,
    }


def venue(facts: VenueFacts) -> Row:
    """How a venue proves its books."""
    return {
        "name": facts.name,
        "product": facts.product,
        "markets": facts.markets,
        "proof": facts.proof,
        "detects": facts.detects,
        "scope": facts.scope,
        "checksum": facts.checksum or None,
        "blind_spots": facts.blind_spots,
        "depth": facts.depth,
        "interval": facts.interval,
        "derivatives": None if facts.derivatives is None else asdict(facts.derivatives),
    }


def metric(declaration: Declaration, outputs: Sequence[Output]) -> Row:
    """What a metric says about itself, with those of the outputs that are its own."""
    return {
        "key": declaration.key,
        "group": declaration.group,
        "unit": declaration.unit,
        "bounds": declaration.bounds,
        "help": declaration.help,
        "formula": declaration.formula,
        "sign": declaration.sign,
        "source": declaration.source,
        "outputs": [_output(output) for output in outputs if output.key == declaration.key],
    }


def _output(output: Output) -> Row:
    return {
        "name": output.name,
        "field": output.field,
        "labels": dict(output.labels),
        "unit": output.unit,
        "prometheus": output.prometheus or None,
        "extra": output.extra,
        "counter": output.counter,
        "help": output.help,
    }
