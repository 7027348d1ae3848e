"""Feeds: one venue's connections, from its instrument list to running drivers, and what can be told of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog

from connectors import products
from connectors.backoff import SECOND, Backoff
from connectors.book import NOWHERE
from connectors.ccxt_bridge import Bridge, markets_of
from connectors.ccxt_venue import CcxtVenue
from connectors.driver import Driver, Network
from connectors.instruments import Instrument
from connectors.recording import INSTRUMENTS, Line, Recorder
from connectors.registry import Key, Registry
from connectors.selection import Change, Chooser
from connectors.session import Session
from connectors.sync import LIVE, Pair
from connectors.venue import Channel, Venue

from .engine import Engine
from .settings import VenueSettings

log = structlog.get_logger()
_decode = msgspec.json.Decoder().decode
_Row = TypeVar("_Row")
MOST_PAGES = 50  # of one list
HANDOVER_WITHIN = 60.0  # seconds for a second connection to bring all books live


class Feed:
    """What can be told of a connection, or of a venue that has none yet."""

    def __init__(self, venue: str, product: str, route: str, symbols: Sequence[str]) -> None:
        self.venue, self.product, self.route, self._symbols = venue, product, route, list(symbols)
        self.session: Session | None = None
        self.waiting_state, self.waiting_reason, self.waiting_since, self.waiting_until = (
            "connecting",
            "",
            0,
            0,
        )

    @property
    def state(self) -> str:
        state = self.session.keeper.state if self.session else self.waiting_state
        return "connecting" if state == "idle" else str(state)

    @property
    def reason(self) -> str:
        return str(self.session.keeper.reason) if self.session else self.waiting_reason

    @property
    def since(self) -> int:
        return int(self.session.keeper.since) if self.session else self.waiting_since

    @property
    def last_received(self) -> int:
        return int(self.session.last_received) if self.session else 0

    @property
    def frames(self) -> int:
        return int(self.session.frames) if self.session else 0

    @property
    def reconnects(self) -> int:
        return int(self.session.keeper.reconnects) if self.session else 0

    @property
    def symbols(self) -> Sequence[str]:
        if self.session is None:
            return self._symbols
        return [pair.instrument.symbol for pair in self.session.pairs.values()]

    @property
    def unknown(self) -> Mapping[str, int]:
        return dict(self.session.keeper.counts) if self.session else {}

    @property
    def retry_at(self) -> int:
        if self.session is None:
            return self.waiting_until
        return int(self.session.keeper.retry_at) if self.session.keeper.state == "waiting" else 0


class VenueFeeds:
    """All connections of one venue: finds its instruments, splits symbols over connections, keeps them running."""

    def __init__(
        self,
        name: str,
        settings: VenueSettings,
        network: Network,
        engine: Engine,
        *,
        max_levels: int,
        cache: Path,
        record: Path | None,
    ) -> None:
        self.name, self.settings, self.network, self.engine = name, settings, network, engine
        self.max_levels, self.cache, self.record = max_levels, cache, record
        self.venues = [kind(**self._hosts(kind.product)) for kind in products(name)]
        self.answers: dict[str, list[Line]] = {}
        self.serial = 0
        self.registry = Registry()
        engine.registries.append(self.registry)
        self.chooser = Chooser(name, settings.selection)
        self.placeholder = Feed(name, "", "", settings.selection.texts)
        engine.feeds.append(self.placeholder)

    def _hosts(self, product: str) -> dict[str, str]:
        found = self.settings.hosts.get(product)
        return found.model_dump() if found else {}

    async def run(self) -> None:
        """Find the instruments, trying for as long as it takes; connect; then follow what the lists and time change."""
        backoff = Backoff(f"instruments {self.name}", first=1.0)
        while True:
            try:
                change = await self._choose()
                break
            except ConnectionError as failure:
                wait = backoff.after_failure()
                self._wait(str(failure), wait)
                log.warning(
                    "venue not reached",
                    venue=self.name,
                    reason=str(failure),
                    retry_seconds=round(wait / SECOND, 1),
                )
                await asyncio.sleep(wait / SECOND)
        self.engine.feeds.remove(self.placeholder)
        await self._apply(change)
        await self._follow()

    async def _follow(self) -> None:
        """Fetch the lists again from time to time, and let go of what expires, for ever."""
        every = int(self.settings.refresh_seconds * SECOND)
        due = self.network.clock() + every if self.chooser.wants_lists else NOWHERE
        while True:
            now = self.network.clock()
            await self._apply(self.chooser.expire(now))
            if now >= due:
                try:
                    await self._apply(await self._choose(kept=False))
                except ConnectionError as failure:
                    log.warning("instrument list not refreshed", venue=self.name, reason=str(failure))
                due = self.network.clock() + every
            due = due if self.chooser.wants_lists else NOWHERE
            first = min(due, self.chooser.next_expiry())
            # In steps, so that a clock that is set is followed.
            await asyncio.sleep(min(max((first - self.network.clock()) / SECOND, 0.05), 60.0))

    def _wait(self, reason: str, wait: int) -> None:
        now = self.network.clock()
        one = self.placeholder
        one.waiting_state, one.waiting_reason, one.waiting_since, one.waiting_until = (
            "waiting",
            reason,
            now,
            now + wait,
        )

    # -- instruments -----------------------------------------------------------------------------------------

    async def _choose(self, *, kept: bool = True) -> Change:
        """Fetch the lists (and volumes) and see what they change. What means nothing is told and left out.

        `kept`: an answer from before will do where the venue gives none.
        """
        selection = self.settings.selection
        volumes: dict[Key, Decimal] = {}
        for venue in self.venues:
            if selection.may_be_among(venue.markets):
                self.registry.learn(self.name, venue.product, await self._instruments(venue, kept=kept))
            if selection.ranks(venue.markets):
                for native, volume in await self._volumes(venue, kept=kept):
                    volumes[self.name, venue.product, native] = volume
        return self.chooser.choose(self.registry, volumes, self.network.clock())

    async def _apply(self, change: Change) -> None:
        """Take up what is new, on connections of its own; let go of what is gone, without touching its neighbours."""
        for name, why in change.faults:
            log.error("symbol left out", venue=self.name, symbol=name, reason=why)
        for (_, product, native), instrument, why in change.gone:
            log.info("book let go", venue=self.name, symbol=instrument.symbol, reason=why)
            for driver in [
                one for one in self.network.drivers.values() if self._carries(one, product, native)
            ]:
                driver.drop((native,), why)
                if not driver.session.pairs:
                    await self._end(driver)
            self.engine.forget(instrument)
        for venue in self.venues:
            found = [one for key, one in change.new if key[1] == venue.product]
            for route in venue.routes if found else ():
                self._connect_all(venue, route, found)

    def _carries(self, driver: Driver, product: str, native: str) -> bool:
        venue = driver.keeper.venue
        return (venue.name, venue.product) == (self.name, product) and (
            native.encode() in driver.session.pairs
        )

    async def _end(self, driver: Driver) -> None:
        await driver.stop()
        self.engine.feeds[:] = [feed for feed in self.engine.feeds if feed.session is not driver.session]

    async def _instruments(self, venue: Venue, *, kept: bool = True) -> list[Instrument]:
        """The product's list. An empty one after others is a fault of the venue, not the end of all its books."""
        found: list[Instrument] = []
        answers: list[Line] = []
        for first in venue.instrument_paths():
            path, page = first, 0
            while path:
                body = await self._answer(
                    venue, path, 20, kept=kept, name=f"{first}#{page}" if page else first
                )
                url, text = venue.rest + path, body.decode("utf-8", "replace") if self.record else ""
                line = Line(self.network.clock(), "http", "in", url, text)
                line.venue, line.product = self.name, venue.product
                answers.append(line)
                rows, answer = await _read(venue.product, "instrument list", venue.instruments, body)
                found += rows
                path, page = venue.next_page(path, answer), page + 1
                if page == MOST_PAGES and path:
                    raise ConnectionError(f"instrument list of {venue.product}: no end after {page} pages")
        if not found and not kept:
            raise ConnectionError(f"instrument list of {venue.product}: empty")
        self.answers[venue.product] = answers
        return found

    async def _volumes(self, venue: Venue, *, kept: bool) -> list[tuple[str, Decimal]]:
        found: list[tuple[str, Decimal]] = []
        for path in venue.volume_paths():
            body = await self._answer(venue, path, venue.volumes_weight, kept=kept)
            rows, _ = await _read(venue.product, "volumes", venue.volumes, body)
            found += rows
        return found

    async def _answer(self, venue: Venue, path: str, weight: int, *, kept: bool, name: str = "") -> bytes:
        """A list by REST; where that fails, the one kept from before under this name (else its path)."""
        if isinstance(venue, CcxtVenue):
            status, body, _ = await markets_of(venue)
        else:
            status, body, _ = await self.network.get(venue, path, weight)
        stem = f"{self.name.replace(':', '_')}-{venue.product}"
        file = self.cache / f"{stem}-{abs(hash_of(venue.rest + (name or path)))}.json"
        if status == 200:
            _keep(file, body)
        elif kept and file.exists():
            log.warning("instruments from the cache", venue=self.name, product=venue.product, status=status)
            body = file.read_bytes()
        else:
            why = body[:120].decode("utf-8", "replace") if status == 0 else f"http {status}"
            raise ConnectionError(f"instrument list of {venue.product}: {why}")
        return body

    # -- connections -----------------------------------------------------------------------------------------

    def _connect_all(self, venue: Venue, route: str, found: list[Instrument]) -> None:
        most = venue.limits.symbols
        instruments = [one for one in found if one.market in venue.routes[route].markets]
        for at in range(0, len(instruments), most):
            session = Session(venue, route, str(self.serial))
            self._run(session, venue, route, instruments[at : at + most])

    def _run(self, session: Session, venue: Venue, route: str, instruments: Sequence[Instrument]) -> Driver:
        for instrument in instruments:
            pair = session.add(Pair(venue, instrument, self.max_levels))
            session.keeper.prepare(pair)
            self.engine.attach(pair)
        session.keeper.on_change.append(tell_feed)
        kind = Bridge if isinstance(venue, CcxtVenue) else Driver
        driver = kind(session, self.network, recorder=self._recorder(venue, route), replaced=self._replace)
        feed = Feed(self.name, venue.product, route, ())
        feed.session = session
        self.engine.feeds.append(feed)
        self.serial += 1
        driver.start()
        return driver

    def _recorder(self, venue: Venue, route: str) -> Recorder | None:
        if self.record is None:
            return None
        stem = "-".join(
            part for part in (self.name.replace(":", "_"), venue.product, route, str(self.serial)) if part
        )
        beside = Recorder(self.record / f"{stem}{INSTRUMENTS}")
        for line in self.answers.get(venue.product, ()):
            beside.write(line)
        beside.close()
        return Recorder(self.record / f"{stem}.jsonl.gz", self.name, venue.product)

    def _replace(self, driver: Driver, reason: str) -> None:
        """Start a second connection for the same symbols; the first goes once the second's books are live."""
        old = driver.session
        venue, route = old.keeper.venue, old.keeper.route
        log.info(
            "connection to be replaced", venue=self.name, product=venue.product, route=route, reason=reason
        )
        session = Session(venue, route, str(self.serial))
        self._run(session, venue, route, [pair.instrument for pair in old.pairs.values()])
        self.network.spawn(self._hand_over(driver, session))

    async def _hand_over(self, driver: Driver, session: Session) -> None:
        deadline = self.network.clock() + int(HANDOVER_WITHIN * SECOND)
        while self.network.clock() < deadline:
            await asyncio.sleep(0.1)
            books = [pair for pair in session.pairs.values() if Channel.BOOK in session.keeper.channels]
            if session.keeper.state == "open" and all(pair.state == LIVE for pair in books):
                break
        await self._end(driver)


def tell_feed(session: Session, now: int) -> None:
    """Log what became of a connection."""
    keeper: Any = session.keeper
    tell = log.warning if keeper.state in ("waiting", "silent") else log.info
    fields = {"reason": keeper.reason} if keeper.reason else {}
    if keeper.state == "waiting":
        fields["retry_seconds"] = str(round((keeper.retry_at - now) / SECOND, 1))
    tell(
        f"feed {keeper.state}",
        venue=keeper.venue.name,
        product=keeper.venue.product,
        route=keeper.route,
        **fields,
    )


def tell_book(book: Any, told: dict[int, tuple[str, str]]) -> None:
    """Log a book that went live or was lost; called with every change, it speaks when the state differs."""
    state = (book.state, book.reason)
    if told.get(id(book)) == state:
        return
    before = told.get(id(book), ("", ""))[0]
    told[id(book)] = state
    if book.state == "lost":
        log.warning("book lost", venue=book.venue, market=book.market, symbol=book.symbol, reason=book.reason)
    elif book.state == "live" and before not in ("live", "crossed", "stale"):
        log.info("book live", venue=book.venue, market=book.market, symbol=book.symbol, proof=book.proof)


async def _read(
    product: str, what: str, read: Callable[[Any], Iterable[_Row]], body: bytes
) -> tuple[list[_Row], Any]:
    """The rows of an answer, and the answer as it is. Lists are long: others get their turn in between."""
    found: list[_Row] = []
    try:
        answer = _decode(body)
        for row in read(answer):
            found.append(row)
            if len(found) % 200 == 0:
                await asyncio.sleep(0)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, ArithmeticError) as failure:
        raise ConnectionError(f"{what} of {product} unreadable: {failure!r}"[:200]) from failure
    return found, answer


def hash_of(text: str) -> int:
    """A number for a file name that is the same in every process."""
    from zlib import crc32

    return crc32(text.encode())


def _keep(path: Path, body: bytes) -> None:
    """Write a file whole or not at all; a cache that cannot be written is told and done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
            fresh.write(body)
        Path(fresh.name).replace(path)
    except OSError as failure:
        log.warning("instrument cache not written", path=str(path), reason=str(failure))


def cache_folder(given: str, environment: Mapping[str, str]) -> Path:
    """Where instrument lists are kept."""
    if given:
        return Path(given)
    base = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "steelyard"


Started = Callable[[int], None]
