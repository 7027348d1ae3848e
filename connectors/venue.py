"""What a venue fills in: facts and translations, no behaviour. This is also how to add an exchange.

1. Make `connectors/venues/NAME.py` with a subclass of `Venue` for each part of the exchange that has endpoints of its
   own (its `product`), and state the facts below. It is found by being there.
2. Mirror the venue's messages in `layout` (see `shape.py`) and say in `kinds` what each kind of message does.
3. Name its sequence `rule` and `checksum`, or say in `blind_spots` what a loss would leave unseen.
4. Translate: `subscribe`, `unsubscribe`, `control`, `instruments`. They see text and return text or events;
   they open nothing, remember nothing, ask no clock.
5. Write `simulator/venues/NAME.py` from the exchange's documents alone, and put captured messages with the events
   they must give into `tests/venues/NAME/`. The suite over all venues then runs by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, urlsplit

from .checksums import Checksum
from .derivatives import Derivative, Derivatives, Poll, Position
from .events import Said
from .instruments import Instrument, Market
from .rules import Rule, Unnumbered
from .shape import ASKS, BIDS, LAST, Kind, Layout, Slot

SECOND = 1_000_000_000


class Channel(StrEnum):
    """What can be subscribed to for a symbol."""

    BOOK = "book"
    TRADES = "trades"
    LIQUIDATIONS = "liquidations"
    OPEN_INTEREST = "open_interest"
    FUNDING = "funding"
    MARK_PRICE = "mark_price"
    INDEX_PRICE = "index_price"
    TICKER = "ticker"  # several of those before in one


OF_DERIVATIVES = frozenset(Channel) - {Channel.BOOK, Channel.TRADES}


@dataclass(frozen=True)
class Route:
    """A socket address below `Venue.ws` and what it carries; `markets` where it is not for all of the product's.

    What derivatives have beside their books comes on a connection of its own, so that it can never cost a book.
    """

    path: str
    channels: tuple[Channel, ...] = (Channel.BOOK, Channel.TRADES)
    markets: frozenset[Market] = frozenset(Market)


@dataclass(frozen=True)
class Heartbeat:
    """How a living connection sounds.

    silent_after: seconds without any frame after which values are withdrawn; twice that and the socket is given up.
    ping: text that the client sends every `every` seconds, "" for none; {id} in it is the number of the request.
    """

    silent_after: float
    ping: str = ""
    every: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What the venue allows a client on one connection, and on its REST host.

    weight_per_minute: request weights a minute and address, shared by all products that name the same `pool`.
    life: seconds after which the venue closes a connection; it is replaced a little before.
    pause: seconds to wait after connecting before the first message.
    """

    symbols: int = 50
    messages_per_second: float = 4.0
    topics_per_message: int = 50
    weight_per_minute: int = 600
    pool: str = ""
    life: float = 0.0
    connects_per_minute: float = 60.0
    pause: float = 0.0


@dataclass(frozen=True)
class RestSnapshot:
    """A whole book by REST. `path` has a place {symbol}; `limit` levels a side at `weight`.

    `lag`: seconds by which it may be older than what has come on the socket.
    """

    path: str
    limit: int
    weight: int
    probe_weight: int = 5  # of the same request for 100 levels
    lag: float = 0.0
    layout: Mapping[str, Layout] = field(
        default_factory=lambda: {"lastUpdateId": LAST, "bids": BIDS, "asks": ASKS}
    )


@dataclass(frozen=True)
class SocketSnapshot(RestSnapshot):
    """A whole book that is asked for on the socket by `Venue.ask`; its frame, a SNAPSHOT, is read by `layout`."""

    path: str = ""
    limit: int = 0
    weight: int = 0


class Venue:
    """One part of an exchange with endpoints of its own. Class attributes are facts; see the module for the steps."""

    name: ClassVar[str]
    product: ClassVar[str]
    markets: ClassVar[frozenset[Market]]
    ws: str
    rest: str
    routes: ClassVar[Mapping[str, Route]] = {"": Route("")}
    recorded_at: ClassVar[tuple[str, ...]]  # "host/path" beginnings by which a recording is recognised

    layout: ClassVar[Layout]
    kinds: ClassVar[Mapping[str, Kind]]  # text of the KIND slot; a name that ends in * matches its beginning
    whole: ClassVar[frozenset[str]] = frozenset({"snapshot"})  # ACTION words for a whole book
    history: ClassVar[frozenset[str]] = frozenset(
        {"snapshot"}
    )  # ACTION words for prints from before we listened
    # What is on the wire -> the JSON of `layout`; raises MalformedMessage with what could be read. None: it is that.
    unpack: ClassVar[staticmethod[[bytes], bytes] | None] = None
    plain: ClassVar[frozenset[bytes]] = frozenset()  # frames that are no JSON and only prove life
    taker_bought: ClassVar[str]  # word in the SIDE slot
    taker_sold: ClassVar[str]
    signed_sizes: ClassVar[bool] = False  # the sign of a print's size is its side: + the taker bought
    newest_first: ClassVar[bool] = False  # of several prints in a message
    off_book: ClassVar[frozenset[str]] = frozenset()  # EXCLUDE words of prints off the book; "*" is any word
    level_bid: ClassVar[str] = ""  # word in the SIDE slot of a Kind.LEVEL that means bid
    numbers_channels: ClassVar[bool] = False  # frames name a CHANNEL that the ack of a subscription told
    trade_number: ClassVar[Slot] = Slot.ID  # where the number of a print stands
    first_trades_are_history: ClassVar[bool] = False  # the first message of prints is from before we listened
    trade_ids_contiguous: ClassVar[bool] = False
    trades_repeat: ClassVar[bool] = False  # a subscription begins with prints from before it
    side_disputed: ClassVar[bool] = False

    rule: ClassVar[Rule] = Unnumbered()
    checksum: ClassVar[Checksum | None] = None
    ids_alone: ClassVar[bool] = False  # an update may have ids and no levels at all
    refuses_whole: ClassVar[bool] = False  # one bad symbol in a request costs the others of it
    uncrosses: ClassVar[bool] = False  # its books cross by design: shown are the newer levels (`uncross.py`)
    snapshot_levels: ClassVar[int] = (
        0  # levels a side of a snapshot on the socket, where the book goes deeper
    )
    subscribes_whole: ClassVar[bool] = False  # a subscription replaces all that stood on the connection
    counts_connection: ClassVar[bool] = False  # SEQUENCE counts all frames of the connection
    snapshot: ClassVar[RestSnapshot | None] = None  # None: the book comes on the socket
    quiet_join_after: ClassVar[int] = (
        1_500_000_000  # ns without an update after which a REST snapshot stands alone
    )
    welcomes: ClassVar[bool] = False  # nothing may be sent before the venue has said `Welcomed`
    heartbeat: ClassVar[Heartbeat] = Heartbeat(silent_after=10.0)
    limits: ClassVar[Limits] = Limits()
    depth: ClassVar[int] = 0  # levels a side that are subscribed to; 0 is the full book
    depths: ClassVar[tuple[int, ...]] = ()
    keeps_window: ClassVar[bool] = False  # the venue itself removes the levels that leave its `depth`
    derivatives: ClassVar[Derivatives | None] = None  # what it tells beside books and prints
    polls: ClassVar[tuple[Poll, ...]] = ()  # of that, what only REST answers tell
    # LIQUIDATION words of prints -> who of the two was closed by force: the taker, the maker, or both.
    liquidated: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # Side words of liquidations that are told apart from prints -> the position that was closed; a signed amount is + or -.
    positions: ClassVar[Mapping[str, Position]] = {}
    volumes_weight: ClassVar[int] = 20  # of a request for a path of `volume_paths`
    image_every: ClassVar[float] = 0.0  # seconds between comparisons with a fresh image of what is not proven

    superseded: ClassVar[bool] = False  # an older protocol: read in recordings, never connected to
    fresh_addresses: ClassVar[bool] = False  # in recordings each attempt to connect has an address of its own
    images_unproven: ClassVar[bool] = (
        False  # images are somebody else's work: no proof, and no more than their levels
    )
    # Seconds without an update after which a book is given up and subscribed to anew; 0: it is probed and stays.
    quiet_loses_after: ClassVar[float] = 0.0
    resubscribes_all: ClassVar[bool] = False  # a book that is subscribed to anew takes its trades along
    marks: ClassVar[
        tuple[str, ...]
    ] = ()  # what a recording holds that is of this product and not of its neighbour
    headers: ClassVar[Mapping[str, str]] = {}  # of the handshake and of REST requests

    proof: ClassVar[str]
    blind_spots: ClassVar[tuple[str, ...]] = ()
    interval: ClassVar[str] = ""

    def __init__(self, ws: str = "", rest: str = "") -> None:
        """`ws` and `rest` replace scheme, host and leading path of the venue's own addresses."""
        self.ws = (ws or type(self).ws).rstrip("/")
        self.rest = (rest or type(self).rest).rstrip("/")

    # -- facts that follow -----------------------------------------------------------------------------------

    @property
    def snapshot_by_rest(self) -> bool:
        """Does the whole book come apart from the updates, when it is asked for (by REST or on the socket)?"""
        return self.snapshot is not None

    @property
    def scope(self) -> str:
        """What a loss costs: the symbol, or all symbols of the connection."""
        return "connection" if self.counts_connection else "symbol"

    @property
    def detects(self) -> str:
        """By what a loss is seen, in words."""
        found = [self.rule.detects] if self.rule.detects != "nothing" else []
        if self.counts_connection:
            found.append("sequence gap of the connection")
        if self.checksum is not None:
            found.append(f"checksum of the best {self.checksum.levels} levels")
        return ", ".join(found) or "nothing but a crossed book"

    @classmethod
    def speaks_at(cls, url: str) -> bool:
        """Is this the address of this product's feed, as it stands in a recording?"""
        parts = urlsplit(url)
        where = f"{parts.hostname}{parts.path}"
        return any(where.startswith(known) for known in cls.recorded_at)

    def channels(self, route: str) -> tuple[Channel, ...]:
        return self.routes[route].channels

    def address(self, route: str) -> str:
        return self.ws + self.routes[route].path

    # -- what a venue translates -----------------------------------------------------------------------------

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        """Text frames that subscribe to the channels of these native symbols; ids count up from `request`.

        `$SECONDS` in a frame (and in a ping) stands for the time at which it is sent.
        """
        raise NotImplementedError

    def unsubscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> Iterable[str]:
        """Text frames that undo `subscribe`."""
        raise NotImplementedError

    def unsubscribe_numbers(self, numbers: Sequence[str], request: int) -> Iterable[str]:
        """The same where `numbers_channels`."""
        raise NotImplementedError

    def subscribe_market(self, channels: Sequence[Channel], request: int) -> Iterable[str]:
        """Text frames, once a connection, for those of its channels that tell of all symbols at once."""
        return ()

    def greeting(self, request: int) -> Iterable[str]:
        """Text frames to send first on every connection."""
        return ()

    def control(self, message: dict[str, Any]) -> Iterable[Said]:
        """Read a frame that is neither book nor trade."""
        return ()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        """Read a frame of Kind.DERIVATIVE (decoded JSON).

        `kind` is the word in its KIND slot; `symbol` the native id, where a numbered channel or the word tells it.
        """
        return ()

    def index_of(self, native: str) -> str:
        """What the venue calls the index of an instrument, where messages name that instead; "" where they do not."""
        return ""

    def read_poll(self, poll: Poll, answer: Any, symbol: str) -> Iterable[Derivative]:
        """Read the answer to one of `polls` (decoded JSON); `symbol`: native, of an index, or "" for all at once."""
        return ()

    def poll_of(self, url: str) -> tuple[Poll, str] | None:
        """Which poll a recorded request was, and of which native symbol ("" for all)."""
        asked = urlsplit(url)
        for poll in self.polls:
            symbol = placed(poll.path.partition(" ")[0], asked)
            if symbol is not None:
                return poll, symbol
        return None

    def native_in(self, word: str) -> str:
        """The instrument's id in what stands in the SYMBOL slot, where more stands there (a channel's name)."""
        return word

    def ask(self, symbol: str, request: int) -> Iterable[str]:
        """Text frames that ask for a `SocketSnapshot` of this native symbol."""
        raise NotImplementedError

    def symbol_in(self, kind: str) -> str:
        """Native symbol, where only the kind of a message tells it (`market.btcusdt.trade.detail`); else ""."""
        return ""

    def depth_in(self, kind: str) -> int:
        """Levels a side, where the kind of a message tells (`orderbook.50.BTCUSDT`); else 0."""
        return 0

    def depths_asked(self, message: dict[str, Any]) -> Mapping[str, int]:
        """Native symbol -> levels a side, read off a subscription in a recording or its ack."""
        return {}

    def snapshot_path(self, native: str) -> str:
        """Path and query of the REST snapshot."""
        assert self.snapshot is not None
        return self.snapshot.path.format(symbol=native)

    def snapshot_symbol(self, url: str) -> str:
        """Native symbol of a recorded snapshot request, "" if the url is none of this product's."""
        if self.snapshot is None or not self.snapshot.path:
            return ""
        return placed(self.snapshot.path, urlsplit(url)) or ""

    def snapshot_limit(self, url: str) -> int:
        """Levels a side that a snapshot request asked for; what we ask for where it does not say."""
        assert self.snapshot is not None
        said = parse_qs(urlsplit(url).query).get("limit", [""])[0]
        return int(said) if said.isdigit() else self.snapshot.limit

    lists_read: ClassVar[tuple[str, ...]] = ()  # further beginnings of paths whose answers recordings hold

    def instrument_paths(self) -> Sequence[str]:
        """REST paths whose answers list the instruments; behind a space the JSON to be POSTed to a path."""
        return ()

    def next_page(self, path: str, answer: Any) -> str:
        """The path of what follows an answer (decoded JSON) to `path`, where lists come in pages; "" at the end."""
        return ""

    def lists_instruments(self, url: str) -> bool:
        """Is a recorded request one for a list of instruments?"""
        path = urlsplit(url).path
        known = any(path.endswith(urlsplit(ours).path) for ours in self.instrument_paths())
        return known or path.startswith(self.lists_read or ("\0",))

    def instruments(self, answer: Any) -> Iterable[Instrument]:
        """Read one such answer (decoded JSON); rows of other products are left out."""
        return ()

    def volume_paths(self) -> Sequence[str]:
        """REST paths whose answers hold the volume of the last 24 hours; none where that is not known."""
        return ()

    def volumes(self, answer: Any) -> Iterable[tuple[str, Decimal]]:
        """Read one such answer (decoded JSON): native id and volume in quote units."""
        return ()

    def infer(self, native: str) -> Instrument:
        """What the id alone tells, for recordings without an instrument list."""
        raise NotImplementedError


def placed(template: str, asked: SplitResult) -> str | None:
    """What stands at {symbol} of a path in a request; "" where the path has no such place, None if it is another path."""
    ours = urlsplit(template)
    before, in_path, after = ours.path.partition("{symbol}")
    if in_path:
        found = re.search(re.escape(before) + r"([^/]+)" + re.escape(after) + r"\Z", asked.path)
        return found[1] if found else None
    if not asked.path.endswith(ours.path):
        return None
    key = next((name for name, value in parse_qs(ours.query).items() if value == ["{symbol}"]), None)
    return "" if key is None else parse_qs(asked.query).get(key, [None])[0]
