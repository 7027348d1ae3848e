"""Feeds: one venue's connections, from its instrument list to running drivers, and what can be told of them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog

from connectors import products
from connectors.backoff import SECOND, Backoff
from connectors.ccxt_bridge import Bridge, markets_of
from connectors.ccxt_venue import CcxtVenue
from connectors.driver import Driver, Network
from connectors.errors import UsageError
from connectors.instruments import Instrument, read_symbol, resolve
from connectors.recording import INSTRUMENTS, Line, Recorder
from connectors.session import Session
from connectors.sync import LIVE, Pair
from connectors.venue import Channel, Venue

from .engine import Engine
from .settings import VenueSettings

log = structlog.get_logger()
_decode = msgspec.json.Decoder().decode
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
        self.placeholder = Feed(name, "", "", settings.symbols)
        engine.feeds.append(self.placeholder)

    def _hosts(self, product: str) -> dict[str, str]:
        found = self.settings.hosts.get(product)
        return found.model_dump() if found else {}

    async def run(self) -> None:
        """Find the instruments, trying for as long as it takes, then connect."""
        backoff = Backoff(f"instruments {self.name}", first=1.0)
        while True:
            try:
                chosen = await self._chosen()
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
        for venue, instruments in chosen:
            for route in venue.routes:
                self._connect_all(venue, route, instruments)

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

    async def _chosen(self) -> list[tuple[Venue, list[Instrument]]]:
        """Which instruments of which product the symbols mean. A symbol that means nothing is told and left out."""
        known: dict[str, list[Instrument]] = {}
        for venue in self._candidates():
            known[venue.product] = await self._instruments(venue)
        all_known = [one for found in known.values() for one in found]
        wanted: dict[str, list[Instrument]] = {}
        for symbol in self.settings.symbols:
            try:
                instrument = resolve(symbol, all_known)
            except UsageError as failure:
                log.error(  # noqa: TRY400  # the user's mistake, told in full: a trace says no more
                    "symbol left out", venue=self.name, symbol=symbol, reason=str(failure)
                )
                continue
            product = next(name for name, found in known.items() if instrument in found)
            wanted.setdefault(product, []).append(instrument)
        by_product = {venue.product: venue for venue in self.venues}
        return [(by_product[product], found) for product, found in wanted.items()]

    def _candidates(self) -> list[Venue]:
        """Products that can have one of the symbols asked for."""
        asked = [read_symbol(symbol) for symbol in self.settings.symbols]
        return [
            venue for venue in self.venues if any(one is None or one.market in venue.markets for one in asked)
        ]

    async def _instruments(self, venue: Venue) -> list[Instrument]:
        found: list[Instrument] = []
        for path in venue.instrument_paths():
            body = await self._list(venue, path)
            try:
                found += venue.instruments(_decode(body))
            except (msgspec.DecodeError, KeyError, TypeError, ValueError, ArithmeticError) as failure:
                raise ConnectionError(
                    f"instrument list of {venue.product} unreadable: {failure!r}"[:200]
                ) from failure
        return found

    async def _list(self, venue: Venue, path: str) -> bytes:
        """An instrument list by REST; where that fails, the one kept from before."""
        if isinstance(venue, CcxtVenue):
            status, body, _ = await markets_of(venue)
        else:
            status, body, _ = await self.network.get(venue, path, 20)
        kept = (
            self.cache
            / f"{self.name.replace(':', '_')}-{venue.product}-{abs(hash_of(venue.rest + path))}.json"
        )
        if status == 200:
            _keep(kept, body)
        elif kept.exists():
            log.warning("instruments from the cache", venue=self.name, product=venue.product, status=status)
            body = kept.read_bytes()
        else:
            why = body[:120].decode("utf-8", "replace") if status == 0 else f"http {status}"
            raise ConnectionError(f"instrument list of {venue.product}: {why}")
        line = Line(self.network.clock(), "http", "in", venue.rest + path, body.decode("utf-8", "replace"))
        line.venue, line.product = self.name, venue.product
        self.answers.setdefault(venue.product, []).append(line)
        return body

    # -- connections -----------------------------------------------------------------------------------------

    def _connect_all(self, venue: Venue, route: str, instruments: list[Instrument]) -> None:
        most = venue.limits.symbols
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
        await driver.stop()
        self.engine.feeds[:] = [feed for feed in self.engine.feeds if feed.session is not driver.session]


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
