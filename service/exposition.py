"""What /metrics says of books and feeds: Prometheus text, written from the engine at the moment of the scrape.

A value that is undefined, or whose book is not live, has no line, so no number outlives its book; counters stay, as
what they count has happened. prometheus_client's own writer takes 10 µs a series on the event loop; here everything
but the numbers is rendered once a book, and orjson writes the numbers of a book in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import orjson

from .api.ports import Book, Engine, Feed, Output, State
from .external.series import External
from .external.settings import ExternalSettings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAMESPACE = "obi_"
NANOSECONDS = 1_000_000_000
_NAN = float("nan")
_STATES = tuple(state.value for state in State)


def escape(value: str) -> str:
    """A label value as it stands between quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def header(name: str, help: str, kind: str) -> str:
    """The two lines that open a family."""
    said = help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {name} {said}\n# TYPE {name} {kind}"


def labelled(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels as they stand between braces."""
    return ",".join(f'{key}="{escape(text)}"' for key, text in pairs)


def family_of(output: Output) -> str:
    """The family that a value's line stands in: its own name, but for the lines of a histogram."""
    return output.histogram or output.prometheus


def usual(output: Output) -> bool:
    """Does this output leave by default?"""
    return not output.extra


def everything(output: Output) -> bool:
    """Every output that has a name there leaves."""
    return True


@dataclass(slots=True)
class Family:
    """One metric family of the outputs: its first lines, and the lines of its values as they are gathered."""

    header: bytes
    lines: list[bytes]


class Sheet:
    """How the values of one list of outputs are written for one book: family by family, all but the numbers.

    `places` and `beginnings` hold where each value stands and what is written before it; `families` the name of each
    family and where its lines begin and end among them.
    """

    def __init__(self, outputs: Sequence[Output], book: Book, shown: Callable[[Output], bool]) -> None:
        self.outputs = outputs
        own = {"venue": book.venue, "market": book.market, "symbol": book.symbol}
        self.counts = [output.counter for output in outputs]
        found: dict[str, list[tuple[int, bytes]]] = {}
        for place, output in enumerate(outputs):
            if output.prometheus and shown(output):
                labels = labelled(
                    (own | dict(output.labels)).items()
                )  # a value may be of one venue of several
                beginning = f"\n{output.prometheus}{{{labels}}} ".encode()
                found.setdefault(family_of(output), []).append((place, beginning))
        self.places = [place for lines in found.values() for place, _ in lines]
        self.beginnings = [beginning for lines in found.values() for _, beginning in lines]
        ends = list(accumulate(len(lines) for lines in found.values()))
        self.families = list(zip(found, [0, *ends], ends, strict=False))


class Exposition:
    """Writes all books and feeds of an engine. `shown` tells which outputs leave of those that have a name there."""

    def __init__(
        self,
        engine: Engine,
        shown: Callable[[Output], bool] = usual,
        *,
        external: External | None = None,
    ) -> None:
        self._engine = engine
        self._external = external or External(ExternalSettings())
        self._shown = shown
        self._families: dict[str, Family] = {}
        self._own: dict[Book, str] = {}
        self._sheets: dict[Book, Sheet] = {}
        self._learn(engine.outputs)

    def _learn(self, outputs: Iterable[Output]) -> None:
        """Families stand in the order in which they were first declared."""
        for output in outputs:
            if (
                output.prometheus
                and (name := family_of(output)) not in self._families
                and self._shown(output)
            ):
                kind = "histogram" if output.histogram else "counter" if output.counter else "gauge"
                self._families[name] = Family(header(name, output.help, kind).encode(), [])

    def render(self, now: int) -> bytes:
        """The whole text. `now` in nanoseconds since 1970."""
        books = list(self._engine.books.values())
        for gone in self._sheets.keys() - set(books):
            del self._sheets[gone]
            self._own.pop(gone, None)
        named = [(book, self._labels(book)) for book in books]
        parts = list(self._readings(books, now))
        for name, text in chain(_book_families(named, now), _feed_families(self._engine.feeds, now)):
            if name not in self._families:  # a metric may count the same: its own declaration goes first
                parts.append(text)
        parts += [text for _, text in _external_families(self._external, now)]
        simulated = header(f"{NAMESPACE}simulated", "1 if the venues are simulated.", "gauge")
        parts.append(f"{simulated}\n{NAMESPACE}simulated {int(self._engine.simulated)}\n".encode())
        return b"\n".join(parts)

    def _labels(self, book: Book) -> str:
        """The labels that every series of a book carries, written once a book."""
        if (own := self._own.get(book)) is None:
            own = labelled((("venue", book.venue), ("market", book.market), ("symbol", book.symbol)))
            self._own[book] = own
        return own

    def _readings(self, books: Sequence[Book], now: int) -> Iterator[bytes]:
        for book in books:
            self._write(book, now)
        for family in self._families.values():
            if text := b"".join(family.lines):
                yield family.header + text
            family.lines.clear()

    def _write(self, book: Book, now: int) -> None:
        """A book's lines, each with the line end before it, into their families; none where there is no value."""
        outputs = book.outputs
        if (sheet := self._sheets.get(book)) is None or sheet.outputs is not outputs:
            sheet = self._sheets[book] = Sheet(outputs, book, self._shown)
            self._learn(outputs)
        live = book.state == State.LIVE
        values = book.exported(now) if live else book.standing(now)
        if not live:
            values = [x if counts else _NAN for x, counts in zip(values, sheet.counts, strict=True)]
        texts = orjson.dumps([values[place] for place in sheet.places])[1:-1].split(b",")
        if not sheet.places:
            return
        beginnings = sheet.beginnings
        lines = [
            beginning + text if text != b"null" else b""
            for beginning, text in zip(beginnings, texts, strict=True)
        ]
        families = self._families
        for name, begin, end in sheet.families:
            families[name].lines += lines[begin:end]


Samples = Iterable[tuple[str, float | int | None]]
Named = Sequence[tuple[Book, str]]
_COUNTERS = (
    ("book_messages_total", "updates", "Messages applied to the book, without snapshots."),
    ("book_dropped_old_total", "dropped_old", "Messages rightly ignored as older or repeated."),
    ("book_gaps_total", "gaps", "Losses that were seen in the book's messages."),
    ("book_crossed_total", "crossed", "Times that the book was crossed or locked."),
)


def _family(name: str, kind: str, help: str, samples: Samples) -> Iterator[tuple[str, bytes]]:
    name = NAMESPACE + name
    lines = [f"{name}{{{labels}}} {value}" for labels, value in samples if value is not None]
    if lines:
        yield name, "\n".join((header(name, help, kind), *lines)).encode()


def _book_families(named: Named, now: int) -> Iterator[tuple[str, bytes]]:
    """What is known of a book itself, live or not."""
    yield from _family(
        "book_state",
        "gauge",
        "1 for the state that the book is in; only a live book has values.",
        ((f'{own},state="{state}"', int(book.state == state)) for book, own in named for state in _STATES),
    )
    yield from _family(
        "book_info",
        "gauge",
        "How the venue proves this book, and its id there.",
        ((f'{own},proof="{book.proof}",native="{escape(book.native)}"', 1) for book, own in named),
    )
    yield from _family(
        "book_age_seconds",
        "gauge",
        "Time since the last message of this book.",
        ((own, _seconds_since(book.received, now)) for book, own in named),
    )
    yield from _family(
        "book_latency_seconds",
        "gauge",
        "Receive time minus the venue's time of the last message.",
        ((own, book.latency_seconds) for book, own in named),
    )
    yield from _family(
        "book_capped",
        "gauge",
        "1 if the farthest levels were left out to bound memory.",
        ((own, int(book.capped)) for book, own in named),
    )
    yield from _book_counters(named)


def _book_counters(named: Named) -> Iterator[tuple[str, bytes]]:
    counted = [(book.counters, own) for book, own in named]
    for name, key, said in _COUNTERS:
        yield from _family(name, "counter", said, ((own, counters.get(key)) for counters, own in counted))
    yield from _family(
        "book_checksums_total",
        "counter",
        "Checksums that the venue sent and that were compared.",
        (
            (f'{own},result="{result}"', counters.get(f"checksums_{result}"))
            for counters, own in counted
            for result in ("ok", "failed")
        ),
    )
    yield from _family(
        "book_resyncs_total",
        "counter",
        "Times that the book was taken anew, by reason.",
        (
            (f'{own},reason="{escape(why)}"', number)
            for book, own in named
            for why, number in book.resyncs_by_reason.items()
        ),
    )


def _external_families(external: External, now: int) -> Iterator[tuple[str, bytes]]:
    """What others pushed; the value goes once it is too old, its age stays."""
    series = list(external.series.values())
    named = [(one, labelled((("name", one.name), *one.labels))) for one in series]
    yield from _family(
        "external_value",
        "gauge",
        "Last value of a pushed series; field says which of several.",
        (
            (f'{own},field="{field or "value"}"', external.value(one, field, now))
            for one, own in named
            for field in one.values
        ),
    )
    yield from _family(
        "external_age_seconds",
        "gauge",
        "Time since that for which a series was last pushed.",
        ((own, max(0, now - one.t) / NANOSECONDS) for one, own in named),
    )


def _feed_families(feeds: Sequence[Feed], now: int) -> Iterator[tuple[str, bytes]]:
    """What is known of the connections. Several may share venue, product and route: they are summed up."""
    groups: dict[str, list[Feed]] = {}
    for feed in feeds:
        own = labelled((("venue", feed.venue), ("product", feed.product), ("route", feed.route)))
        groups.setdefault(own, []).append(feed)
    yield from _family("connection_up", "gauge", "1 if this connection is open.", _connections(groups))
    for name, kind, said, read in _FEED_FAMILIES:
        yield from _family(name, kind, said, ((own, read(those, now)) for own, those in groups.items()))
    yield from _family(
        "feed_unknown_frames_total",
        "counter",
        "Frames that were not understood, by kind.",
        (
            (f'{own},kind="{escape(kind)}"', number)
            for own, those in groups.items()
            for kind, number in _unknown(those).items()
        ),
    )


def _connections(groups: Mapping[str, Sequence[Feed]]) -> Samples:
    """Each connection, by its place among those of its route."""
    for own, those in groups.items():
        for number, feed in enumerate(those):
            yield f'{own},connection="{number}"', int(feed.state == "open")


def _seconds_since(then: int, now: int) -> float | None:
    return max(0, now - then) / NANOSECONDS if then else None


def _quietest(feeds: Sequence[Feed], now: int) -> float | None:
    return _seconds_since(min((feed.last_received for feed in feeds if feed.last_received), default=0), now)


def _unknown(feeds: Sequence[Feed]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for feed in feeds:
        for kind, number in feed.unknown.items():
            counts[kind] = counts.get(kind, 0) + number
    return counts


_FEED_FAMILIES: tuple[tuple[str, str, str, Callable[[Sequence[Feed], int], float | int | None]], ...] = (
    (
        "feed_up",
        "gauge",
        "1 if all connections of this route are open, else 0.",
        lambda feeds, now: int(all(feed.state == "open" for feed in feeds)),
    ),
    ("feed_connections", "gauge", "Connections of this route.", lambda feeds, now: len(feeds)),
    (
        "feed_frames_total",
        "counter",
        "Frames received.",
        lambda feeds, now: sum(feed.frames for feed in feeds),
    ),
    (
        "feed_reconnects_total",
        "counter",
        "Times that a connection was made anew.",
        lambda feeds, now: sum(feed.reconnects for feed in feeds),
    ),
    ("message_age_seconds", "gauge", "Time since the last frame of the quietest connection.", _quietest),
)
