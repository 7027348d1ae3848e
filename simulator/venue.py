"""The base of a simulated venue: markets, connections and feeds that move together through time.

To add a venue: one file in ``simulator/venues/`` with a subclass of ``SimulatedVenue`` that names its
listings and hosts, renders frames in ``publish`` and ``traded``, answers REST in ``answer``, and a subclass
of ``Connection`` that understands the client's messages. All of it pure: time comes as an argument, nothing
is opened or awaited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import ClassVar, TypeVar
from urllib.parse import parse_qsl

from .book import TrueBook
from .connection import MS, NS, Connection
from .counters import Contiguous, Counter
from .faults import (
    CrossedBook,
    Disconnect,
    Fault,
    Faults,
    MalformedRest,
    QuietMarket,
    RefuseConnection,
    RestStatus,
    SequenceReset,
    ShutdownNotice,
    SlowRest,
    SnapshotAgain,
    StaleSnapshot,
)
from .feeds import Delta, Feed
from .frames import Answer
from .latent import Latent
from .listing import Listing
from .market import Market, Step, Trade

CATCH_UP_NS = 60 * NS
Hosts = dict[str, dict[str, str]]
AnyFeed = TypeVar("AnyFeed", bound=Feed)


class HandshakeRefusedError(Exception):
    """A handshake that the venue answers with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class SimulatedVenue:
    """One venue. ``start`` is its first moment in integer nanoseconds since the epoch.

    ``rate`` is the mean number of steps a second of each market, ``staged`` lets episodes go round by
    themselves.
    """

    name: ClassVar[str]
    catalogue: ClassVar[Sequence[Listing]]
    real_hosts: ClassVar[Mapping[str, Mapping[str, str]]]
    prefixes: ClassVar[Mapping[str, str]] = {}
    binary: ClassVar[bool] = False  # texts go out in binary frames

    def __init__(
        self,
        listings: Sequence[Listing] | None = None,
        *,
        seed: int = 0,
        rate: float = 10.0,
        start: int = 0,
        staged: bool = False,
    ) -> None:
        self.seed = f"{self.name}/{seed}"
        self.random = Random(self.seed)
        self.now = start
        self.faults = Faults()
        self.connections: dict[int, Connection] = {}
        self.feeds: dict[str, Feed] = {}
        self.topics: dict[str, list[Connection]] = {}
        self.markets: dict[tuple[str, str], Market] = {}
        self._second = start - start % NS + NS
        self._numbered = 0
        self._latents: dict[str, Latent] = {}
        self._rate, self._staged, self._number = rate, staged, seed
        for listing in self.catalogue if listings is None else listings:
            self._add(listing, start)

    # -- what the owner of the sockets calls --------------------------------------------------------

    @classmethod
    def hosts(cls, port: int, *, secure: bool = False) -> Hosts:
        """For each product the bases that replace ``real_hosts`` while the venue listens on a port."""
        schemes = {"ws": "wss" if secure else "ws", "rest": "https" if secure else "http"}
        return {
            product: {
                kind: f"{schemes[kind]}://127.0.0.1:{port}{cls.prefixes.get(product, '')}" for kind in bases
            }
            for product, bases in cls.real_hosts.items()
        }

    def symbols(self) -> dict[str, list[str]]:
        """Native ids by product."""
        found: dict[str, list[str]] = {}
        for product, native in self.markets:
            found.setdefault(product, []).append(native)
        return found

    def connect(self, path: str, now: int) -> Connection:
        """A client opens a socket on a path, query string included. Raises HandshakeRefusedError."""
        self.advance(now)
        if (fault := self.faults.take(RefuseConnection, "", "")) is not None:
            raise HandshakeRefusedError(fault.status)
        self._numbered += 1
        path, _, query = path.partition("?")
        connection = self.open(self._numbered, path, dict(parse_qsl(query, keep_blank_values=True)), now)
        self.connections[connection.number] = connection
        connection.opened(now)
        return connection

    def add(self, listing: Listing, now: int) -> None:
        """From now on the venue lists this too."""
        self.advance(now)
        self._add(listing, now)

    def delist(self, product: str, native: str, now: int) -> None:
        """The venue lists this no more: no list names it, nothing is sent of it."""
        self.advance(now)
        market = self.markets.pop((product, native))
        for topic in [topic for topic, feed in self.feeds.items() if feed.market is market]:
            for connection in list(self.feeds[topic].subscribers):
                connection.unfollow(topic)

    def _add(self, listing: Listing, start: int) -> None:
        latent = self._latents.setdefault(listing.base, Latent(listing.base, self._number))
        market = Market(
            listing, self.counter(listing), seed=self.seed, latent=latent, rate=self._rate, start=start
        )
        market.staged = self._staged
        self.markets[listing.product, listing.native] = market

    def advance(self, now: int) -> None:
        """Let everything happen that is due until a time, in its order."""
        if now - self.now > CATCH_UP_NS:
            for market in self.markets.values():
                market.skip_to(now - NS)
            self._second = max(self._second, now - now % NS)
        markets = list(self.markets.values())
        while True:
            t = min(self._second, *(market.next_step for market in markets))
            for feed in self.feeds.values():
                t = min(t, feed.due)
            for connection in self.connections.values():
                t = min(t, connection.deadline)
            if t > now:
                break
            self._happen(max(t, self.now), markets)
        self.now = max(self.now, now)

    def rest(self, method: str, path: str, query: Mapping[str, str], now: int, body: str = "") -> Answer:
        """Answer a REST call; `body` is what was POSTed."""
        self.advance(now)
        product, symbol = self.subject(path, query)
        age_ns, slow_ns, broken = 0, 0, False
        for fault in self.faults.take_rest(path, product, symbol):
            match fault:
                case RestStatus():
                    headers = (
                        {"Retry-After": str(fault.retry_after)} if fault.status in (418, 429, 503) else {}
                    )
                    return Answer(fault.status, self.error_body(fault.status), headers)
                case StaleSnapshot():
                    age_ns = int(fault.seconds * NS)
                case SlowRest():
                    slow_ns = int(fault.seconds * NS)
                case MalformedRest():
                    broken = True
        if method == "GET":
            answer = self.answer(path, query, now, age_ns)
        else:
            answer = self.posted(path, body, now) if method == "POST" else Answer(405, "{}")
        answer.delay_ns += slow_ns + self.random.randint(30, 150) * MS
        if broken:
            answer.body = answer.body[: len(answer.body) // 2]
        return answer

    def truth(self, symbol: str, product: str | None = None, depth: int | None = None) -> TrueBook:
        """The true book at this moment. KeyError for an unknown symbol."""
        market = self.find(symbol, product)
        bids, asks = market.book.top(depth or len(market.book.bids) + len(market.book.asks))
        return TrueBook.of(market.listing, bids, asks)

    def find(self, symbol: str, product: str | None = None) -> Market:
        """A market by native id, and product where several list the id."""
        for (its, native), market in self.markets.items():
            if native == symbol and product in (None, its):
                return market
        raise KeyError(symbol)

    def inject(self, fault: Fault, now: int) -> None:
        """Let a fault happen, now or when its occasion comes. ValueError where a venue has no such thing."""
        self.advance(now)
        match fault:
            case Disconnect() | ShutdownNotice():
                for connection in self._meant(fault):
                    if isinstance(fault, ShutdownNotice):
                        connection.notice(now)
                        connection.at(now + int(fault.seconds * NS), connection.close)
                    else:
                        connection.close(now, None)
            case CrossedBook() | QuietMarket():
                until = now + int((fault.seconds if fault.seconds is not None else 3600) * NS)
                for (product, symbol), market in self.markets.items():
                    if fault.hits(product, symbol):
                        (market.cross if isinstance(fault, CrossedBook) else market.pause)(until)
            case SequenceReset() | SnapshotAgain():
                for feed in self.feeds.values():
                    if fault.hits(feed.market.listing.product, feed.market.listing.native):
                        self.reset(feed, fault, now)
            case _:
                self.faults.arm(fault, now)

    # -- what a venue's own classes call ------------------------------------------------------------

    def feed(self, topic: str, make: Callable[[], AnyFeed]) -> Feed:
        """The feed of a topic, made at its first subscription."""
        if topic not in self.feeds:
            self.feeds[topic] = make()
        return self.feeds[topic]

    def tidy(self, feed: Feed) -> None:
        """Let go of a feed that nobody follows."""
        if not feed.subscribers:
            self.feeds.pop(feed.topic, None)

    def join(self, connection: Connection, topic: str) -> None:
        """Put a connection on the list of a topic that is no book."""
        members = self.topics.setdefault(topic, [])
        if connection not in members:
            members.append(connection)

    def leave(self, connection: Connection, topic: str) -> None:
        """Take a connection off a topic's list."""
        members = self.topics.get(topic, [])
        if connection in members:
            members.remove(connection)

    def members(self, topic: str) -> list[Connection]:
        """Who is on a topic's list."""
        return self.topics.get(topic, [])

    def forget(self, connection: Connection) -> None:
        """A socket is gone."""
        self.connections.pop(connection.number, None)
        for topic in list(connection.feeds):
            connection.unfollow(topic)
        for members in self.topics.values():
            if connection in members:
                members.remove(connection)

    # -- for a venue to fill in ---------------------------------------------------------------------

    def counter(self, listing: Listing) -> Counter:
        """What numbers the changes of an instrument."""
        return Contiguous(
            Random(f"{self.seed}/{listing.product}/{listing.native}/ids").randrange(10**9, 10**10)
        )

    def open(self, number: int, path: str, query: dict[str, str], now: int) -> Connection:
        """A connection for a path; raises HandshakeRefusedError(404) for a path that does not exist."""
        raise NotImplementedError

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        """Send a feed's change to its subscribers."""
        raise NotImplementedError

    def traded(self, market: Market, trades: list[Trade], now: int) -> None:
        """Send the fills of one step."""

    def moved(self, market: Market, step: Step, now: int) -> None:
        """One step is done (best prices, tickers)."""

    def second(self, now: int) -> None:
        """A full second has come."""

    def subject(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Product and symbol that a REST call speaks of, as far as it does."""
        return "", ""

    def answer(self, path: str, query: Mapping[str, str], now: int, age_ns: int) -> Answer:
        """Answer a GET; a book is to be ``age_ns`` old."""
        return Answer(404, "{}")

    def posted(self, path: str, body: str, now: int) -> Answer:
        """Answer a POST."""
        return Answer(405, "{}")

    def error_body(self, status: int) -> str:
        """The body of an error that a fault brings about."""
        return "{}"

    def reset(self, feed: Feed, fault: SequenceReset | SnapshotAgain, now: int) -> None:
        """Do to a feed what the fault says."""
        raise ValueError(f"{self.name} has no {type(fault).__name__}")

    # -- small parts --------------------------------------------------------------------------------

    def _happen(self, t: int, markets: list[Market]) -> None:
        self.now = t
        for market in markets:
            if market.next_step <= t:
                step = market.step(t)
                for feed in self.feeds.values():
                    if feed.market is market:
                        feed.note(step)
                if step.trades:
                    self.traded(market, step.trades, t)
                self.moved(market, step, t)
        for feed in list(self.feeds.values()):
            if feed.due <= t:
                for connection in feed.subscribers:
                    connection.freeze(feed, t)
                self.publish(feed, feed.flush(), t)
        for connection in list(self.connections.values()):
            connection.timer(t)
        if self._second <= t:
            self._second += NS
            self.second(t)

    def _meant(self, fault: Fault) -> list[Connection]:
        one = fault.connection
        return [c for number, c in self.connections.items() if one in (None, number)]
