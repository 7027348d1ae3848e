"""A recording through the same sessions that run live, on the recorded clock; what they ask for is not done.

Venue and market come from the url of a connection (or from what our own recordings say), symbols from the books that
come in, instruments from `*.instruments.jsonl.gz` beside the file, depth from recorded subscriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from connectors import all_venues, venue_class
from connectors.ccxt_venue import PREFIX as CCXT
from connectors.ccxt_venue import ccxt_venue
from connectors.derivatives import Poll
from connectors.errors import UnknownProtocol, UsageError
from connectors.instruments import Instrument
from connectors.recording import INSTRUMENTS, Line, merged, read
from connectors.session import Session
from connectors.sync import Pair
from connectors.timeline import Timeline
from connectors.venue import Channel, Venue

Product = tuple[str, str]
STOPPED = "stopped"  # why our own recordings end
_decode = msgspec.json.Decoder().decode


class Player:
    """Plays recordings into sessions. `made(pair)` is told of each pair; `timers` drives silence and retries."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        made: Callable[[Pair, Session], None] = lambda pair, session: None,
        dropped: Callable[[Pair], None] = lambda pair: None,
        timers: bool = True,
        venue: str = "",
        market: str = "",
        most_levels: int = 50_000,
    ) -> None:
        self.paths = [path for path in paths if not path.name.endswith(INSTRUMENTS)]
        if not self.paths:
            raise UsageError("no recording given; name one or more .jsonl.gz files")
        self.made, self.dropped, self.timers, self.most_levels = made, dropped, timers, most_levels
        self.products = _chosen(venue, market)
        self.instruments: dict[tuple[str, str, str], Instrument] = {}
        self.sessions: list[Session] = []
        self.timeline = Timeline(lambda session: session.keeper.actions.clear())
        self.pairs: list[tuple[Pair, Path]] = []
        self.now = 0
        self.timed = False
        self._watchers: list[Any] = []
        self._of_file: dict[int, dict[str, Session]] = {}
        self._at = 0
        self._ended: set[int] = set()
        self._images: dict[tuple[Product, str], tuple[bytes, int, int]] = {}
        self._unknown: dict[str, list[str]] = {}
        self._serial: dict[tuple[Product, str], int] = {}

    # -- playing ---------------------------------------------------------------------------------------------

    def watch(self, watcher: Any) -> None:
        """Let somebody be woken in the order of time (`Timeline.watch`)."""
        self._watchers.append(watcher)
        self.timeline.watch(watcher)

    def play(self) -> Iterator[int]:
        """Play all lines; yields the clock (ns) after each one."""
        for path in self.paths:
            self._read_instruments(path)
        for index, line in merged(self.paths, self._ended):
            self._at = index
            if line.t is not None:
                self.now, self.timed = max(self.now, line.t), True
                for watcher in self._watchers:
                    watcher.begin(self.now)
                self._watchers.clear()
                if self.timers:
                    self.timeline.advance(self.now)
            self._line(index, line)
            if line.t is None and not self.timed:
                self.now = max([self.now, *(pair.event_time for pair, _ in self.pairs[-64:])])
            yield self.now
        if not self.pairs:
            raise UnknownProtocol(f"{self.paths[0]}: {self._what_is_unknown()}")

    def _line(self, index: int, line: Line) -> None:
        if line.ch == "http":
            self._answer(index, line)
            return
        if line.ch != "ws":
            raise UsageError(f"{self.paths[index]}: channel {line.ch!r} of a line is neither ws nor http")
        session = self._session(index, line)
        if session is None:
            return
        if line.ev == "open":
            if session.keeper.state in ("open", "silent"):
                session.keeper.closed("connected anew", self.now)
            session.keeper.opened(self.now)
        elif line.ev == "close" and line.why == STOPPED and not self.timers:
            return  # the recording ends here; that is no fault of the book
        elif line.ev == "close":
            session.keeper.closed(line.why or "closed", self.now)
        elif line.ev == "drop":
            self._drop(session, line)
        elif line.ev == "ping":
            session.keeper.pinged(self.now)
        elif line.dir == "out":
            session.keeper.sent(line.msg or "")
        else:
            if session.keeper.state not in ("open", "silent"):
                session.keeper.opened(self.now)
            session.received(line.frame, self.now)
        session.keeper.take_actions()

    def _drop(self, session: Session, line: Line) -> None:
        """A pair left its connection; where no timer runs its book is judged as it was until then."""
        pair = session.pairs.get((line.msg or "").encode())
        if pair is None:
            return
        if not self.timers:
            session.remove(pair)
            return
        session.keeper.drop(pair, line.why, self.now)
        self.dropped(pair)

    # -- sessions --------------------------------------------------------------------------------------------

    def _session(self, index: int, line: Line) -> Session | None:
        found = self._of_file.setdefault(index, {})
        key = line.url
        if key not in found:
            venue = self._venue(line)
            if venue is None:
                self._note_unknown(line)
                return None
            if venue.fresh_addresses:
                same = (one for one in found.values() if type(one.keeper.venue) is type(venue))
                if (session := next(same, None)) is not None:
                    found[key] = session
                    return session
            found[key] = self._continued(index, line, venue) or self._made(index, line, venue)
        return found[key]

    def _note_unknown(self, line: Line) -> None:
        channels = self._unknown.setdefault(line.url, [])
        if line.dir == "in" and line.ch == "ws" and len(channels) < 5:
            channel = channel_of(line)
            if channel not in channels:
                channels.append(channel)

    def _what_is_unknown(self) -> str:
        if not self._unknown:
            urls = {f"{s.keeper.venue.name} {s.keeper.venue.product}" for s in self.sessions}
            return f"no book message in it ({', '.join(sorted(urls)) or 'no frames'})"
        found = "; ".join(
            f"{url}, channels {', '.join(names) or 'none'}" for url, names in self._unknown.items()
        )
        return f"no book protocol that is known here: {found}; name it with --venue and --market if it is one"

    def _venue(self, line: Line) -> Venue | None:
        if line.venue:
            known = venue_class(line.venue, line.product)
            if known is None:
                raise UsageError(f"recording of venue {line.venue} {line.product}, which is not known here")
            return known()
        fits = [kind for kind in self.products if kind.speaks_at(line.url)]
        if len(fits) > 1:
            fits = self._told_apart(line.url, fits)
        if not fits and self.products is not None and len(self.products) == 1:
            fits = list(self.products)
        return fits[0]() if fits else None

    def _told_apart(self, url: str, fits: list[type[Venue]]) -> list[type[Venue]]:
        """Of products that speak at one address the one whose marks come first in the recording."""
        for line in read(self.paths[self._at]):
            text = line.frame.decode("utf-8", "replace") if line.url == url and line.ch == "ws" else ""
            for kind in fits:
                if any(mark in text for mark in kind.marks):
                    return [kind]
        return fits

    def _continued(self, index: int, line: Line, venue: Venue) -> Session | None:
        """A later file of the same connection goes on with its session.

        It is another connection where it opens one, where the earlier file is not at its end yet, and where the
        venue counts the frames of a connection and the count starts over.
        """
        if line.ev == "open":
            return None
        for earlier in sorted(self._ended - {index}):
            for url, session in self._of_file.get(earlier, {}).items():
                known = session.keeper.venue
                same = (known.name, known.product) == (venue.name, venue.product)
                same = same and url.split("?")[0] == line.url.split("?")[0]
                if same and not session.counts_anew(line.frame):
                    return session
        return None

    def _made(self, index: int, line: Line, venue: Venue) -> Session:
        product = (venue.name, venue.product)
        serial = self._serial[product, line.route] = self._serial.get((product, line.route), -1) + 1
        route = line.route if line.route in venue.routes else next(iter(venue.routes))
        session = Session(venue, route, line.seed or str(serial))
        self.sessions.append(session)
        self.timeline.add(session)
        if line.pairs is None:
            session.keeper.channels = (Channel.BOOK, Channel.TRADES)
            session.discover = lambda native: self._discover(session, venue, native)
        else:
            for native in line.pairs:
                self._add(session, venue, native, self.paths[index])
        return session

    def _discover(self, session: Session, venue: Venue, native: str) -> Pair:
        """A pair for an id that turned up in a recording that does not say what it was opened for."""
        pair = self._add(session, venue, native, self.paths[self._at])
        pair.depth = session.keeper.depths.get(native, 0)
        image = self._images.pop(((venue.name, venue.product), native), None)
        if image is not None and pair.carries_book:
            body, status, limit = image
            session.keeper.fetched(native, status, body, self.now, limit=limit)
        return pair

    def _add(self, session: Session, venue: Venue, native: str, path: Path) -> Pair:
        instrument = self.instruments.get((venue.name, venue.product, native)) or venue.infer(native)
        pair = session.add(Pair(venue, instrument, self.most_levels))
        if session.discover is None:
            session.keeper.prepare(pair)
        self.pairs.append((pair, path))
        self.made(pair, session)
        return pair

    # -- REST answers ----------------------------------------------------------------------------------------

    def _answer(self, index: int, line: Line) -> None:
        """A snapshot goes to the pair it is of, now or as soon as that pair turns up."""
        for kind in self.products:
            if line.venue and (kind.name, kind.product) != (line.venue, line.product):
                continue
            venue = kind()
            if (polled := venue.poll_of(line.url)) is not None:
                self._polled(venue, *polled, index, line)
                continue
            native = venue.snapshot_symbol(line.url)
            if not native:
                continue
            limit = venue.snapshot_limit(line.url)
            product = (venue.name, venue.product)
            taken = False
            for session in self._of_file.get(index, {}).values() if line.venue else self.sessions:
                known = session.keeper.venue
                pair = session.pairs.get(native.encode())
                if (known.name, known.product) == product and pair is not None and pair.carries_book:
                    session.keeper.fetched(native, line.status, line.frame, self.now, limit=limit)
                    session.keeper.take_actions()
                    taken = True
            if not taken:
                self._images[product, native] = (line.frame, line.status, limit)

    def _polled(self, venue: Venue, poll: Poll, native: str, index: int, line: Line) -> None:
        """An answer that tells of derivatives goes to the connection that asked; where that is not told, to all."""
        for session in self._of_file.get(index, {}).values() if line.venue else self.sessions:
            known = session.keeper.venue
            if (known.name, known.product) == (venue.name, venue.product):
                session.keeper.derivatives.answered(poll.path, native, line.status, line.frame, self.now)
                session.keeper.take_actions()

    def _read_instruments(self, path: Path) -> None:
        beside = path.with_name(path.name.removesuffix(".gz").removesuffix(".jsonl") + INSTRUMENTS)
        if not beside.exists():
            return
        for line in read(beside):
            self._learn(line, beside)

    def _learn(self, line: Line, path: Path) -> None:
        for kind in [ccxt_venue_at(line.url)] if line.url.startswith(f"{CCXT}//") else self.products:
            venue = kind()
            if line.venue and (venue.name, venue.product) != (line.venue, line.product):
                continue
            if not venue.lists_instruments(line.url):
                continue
            try:
                found = list(venue.instruments(_decode(line.frame)))
            except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
                continue  # another product's list under the same path
            for one in found:
                self.instruments[venue.name, venue.product, one.native] = one


def ccxt_venue_at(url: str) -> type[Venue]:
    """The exchange of ccxt whose list of markets stands at an address of ours, `ccxt://<id>/markets`."""
    return ccxt_venue(f"{CCXT}{urlsplit(url).hostname}")


def _chosen(venue: str, market: str) -> list[type[Venue]]:
    """Products that a recording may be of; all, unless the user named a venue or market."""
    found = list(all_venues().values())
    if venue:
        found = [kind for kind in found if kind.name == venue]
        if not found:
            raise UsageError(
                f"no venue {venue!r}; known are {', '.join(sorted({name for name, _ in all_venues()}))}"
            )
    if market:
        fits = [kind for kind in found if market == kind.product or market in kind.markets]
        if not fits:
            known = sorted(
                {kind.product for kind in found} | {str(one) for kind in found for one in kind.markets}
            )
            raise UsageError(f"no market {market!r}; known are {', '.join(known)}")
        found = fits
    return found


def channel_of(line: Line) -> str:
    """What a frame calls its channel, for the message that nobody here knows it."""
    try:
        message: Any = _decode(line.frame)
    except msgspec.DecodeError:
        return "unreadable"
    if isinstance(message, list):
        words = [part for part in message if isinstance(part, str)]
        return " ".join(words) or "array"
    if isinstance(message, dict):
        for key in ("channel", "topic", "table", "stream", "ch", "type", "event", "e", "op"):
            if isinstance(message.get(key), str):
                return str(message[key])
        arg = message.get("arg")
        if isinstance(arg, dict):
            return str(arg.get("channel", "unknown"))
    return "unknown"
