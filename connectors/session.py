"""One connection to a venue, without I/O: frames, answers and deadlines go in; books, trades and actions come out.

The path of a frame (`received` down to the pair) is compiled and makes no Python object for a level. What is rare
(connecting, acks, resyncs) is in `keeper.py`. Nothing that a venue sends raises out of a session.
"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.sync import Pair
from cython.cimports.connectors.wire import Scanner

from .errors import MalformedMessage
from .keeper import Keeper
from .shape import Kind, Slot
from .sync import Pair
from .wire import Scanner

_KIND = cython.declare(cython.int, int(Slot.KIND))
_ACTION = cython.declare(cython.int, int(Slot.ACTION))
_SYMBOL = cython.declare(cython.int, int(Slot.SYMBOL))
_LAST = cython.declare(cython.int, int(Slot.LAST))
_SEQUENCE = cython.declare(cython.int, int(Slot.SEQUENCE))
_PRICE = cython.declare(cython.int, int(Slot.PRICE))
_SIDE = cython.declare(cython.int, int(Slot.SIDE))
_EXCLUDE = cython.declare(cython.int, int(Slot.EXCLUDE))
_CONTROL = cython.declare(cython.int, int(Kind.CONTROL))
_BOOK = cython.declare(cython.int, int(Kind.BOOK))
_SNAPSHOT = cython.declare(cython.int, int(Kind.SNAPSHOT))
_DELTA = cython.declare(cython.int, int(Kind.DELTA))
_IMAGE = cython.declare(cython.int, int(Kind.IMAGE))
_TRADE = cython.declare(cython.int, int(Kind.TRADE))
_IGNORED = cython.declare(cython.int, int(Kind.IGNORED))
_SIZE = cython.declare(cython.int, int(Slot.SIZE))
_REPLY = cython.declare(cython.int, int(Slot.REPLY))
_WHOLE = cython.declare(cython.int, int(Slot.WHOLE))
MOST_ALIASES = 10_000
MOST_REPEATS = 8  # frames in succession with an old number; with one more the counter has started over
_LEVEL = cython.declare(cython.int, int(Kind.LEVEL))
_ROWS = cython.declare(cython.int, int(Kind.ROWS))
_CHECK = cython.declare(cython.int, int(Kind.CHECK))
_CHANNEL = cython.declare(cython.int, int(Slot.CHANNEL))
_DERIVATIVE = cython.declare(cython.int, int(Kind.DERIVATIVE))
_LIQUIDATION = cython.declare(cython.int, int(Slot.LIQUIDATION))


@cython.cclass
class Session:
    """One connection. The driver (or a replay) calls `keeper` for what is rare and `received` for each frame.

    `pairs` maps the id on the wire to its pair. With `discover` set, pairs are made for ids as they turn up.
    `channels` are what the venue's numbers stand for, where it gives numbers: number -> channel, its kind, symbol.
    """

    venue: object
    route = cython.declare(str, visibility="readonly")
    keeper = cython.declare(object, visibility="readonly")
    pairs = cython.declare(dict, visibility="readonly")
    discover = cython.declare(object, visibility="public")
    channels = cython.declare(dict, visibility="readonly")
    frames = cython.declare(cython.longlong, visibility="readonly")
    malformed = cython.declare(cython.longlong, visibility="readonly")
    last_received = cython.declare(cython.longlong, visibility="public")
    sequence = cython.declare(cython.longlong, visibility="public")
    behind: cython.int
    silent = cython.declare(cython.bint, visibility="public")
    last_frame = cython.declare(bytes, visibility="readonly")
    scan: Scanner
    last_pair: Pair
    last_kind_word: bytes
    last_kind: cython.int
    known: dict[bytes, int]
    aliases: dict[bytes, Pair]
    unnamed: cython.int
    ids_alone: cython.bint
    signed: cython.bint
    newest_first: cython.bint
    told: dict[bytes, bytes]
    unpack: object
    asks: cython.bint
    repeats: cython.bint
    plain: frozenset[bytes]
    bought: bytes
    sold: bytes
    off_book: frozenset[bytes]
    whole: tuple[bytes, ...]
    history: tuple[bytes, ...]
    level_bid: bytes
    any_off_book: cython.bint
    first_is_history: cython.bint
    numbers: cython.bint
    counts: cython.bint
    unproven: cython.bint
    marks_liquidations: cython.bint

    def __init__(self, venue: Any, route: str = "", seed: str = "") -> None:
        self.venue = venue
        self.route = route
        self.pairs = {}
        self.discover = None
        self.scan = Scanner(venue.layout)
        self.last_pair = None  # type: ignore[assignment]  # a C reference to a pair may be empty
        self.last_kind_word = b""
        self.known = {}
        self.aliases = {}
        self.unnamed = int(venue.kinds.get("", Kind.IGNORED))
        self.ids_alone = venue.ids_alone
        self.signed, self.newest_first = venue.signed_sizes, venue.newest_first
        self.told = {}  # word in the KIND slot -> the symbol that stands in it
        self.unpack = venue.unpack
        self.asks = venue.snapshot is not None and not venue.snapshot.path
        self.repeats = venue.trades_repeat
        self.plain = venue.plain
        self.bought, self.sold = venue.taker_bought.encode(), venue.taker_sold.encode()
        self.off_book = frozenset(word.encode() for word in venue.off_book)
        self.marks_liquidations = bool(venue.liquidated)
        self.any_off_book = "*" in venue.off_book
        self.level_bid = venue.level_bid.encode()
        self.first_is_history = venue.first_trades_are_history
        self.numbers = venue.numbers_channels
        self.channels = {}
        self.whole = tuple(word.encode() for word in venue.whole)
        self.history = tuple(word.encode() for word in venue.history)
        self.counts = venue.counts_connection
        self.unproven = (
            not venue.counts_connection and venue.checksum is None and venue.rule.detects == "nothing"
        )
        self.sequence = -1
        self.behind = 0
        self.frames = self.malformed = self.last_received = 0
        self.silent = False
        self.last_frame = b""
        self.keeper = Keeper(self, venue, route, seed)

    def add(self, pair: Pair) -> Pair:
        """Take a pair into this connection."""
        self.pairs[pair.wire] = pair
        return pair

    def remove(self, pair: Pair) -> None:
        """Let go of a pair; what still comes for it is of nobody."""
        self.pairs.pop(pair.wire, None)
        for word in [word for word, known in self.aliases.items() if known is pair]:
            del self.aliases[word]
        if self.last_pair is pair:
            self.last_pair = None  # type: ignore[assignment]  # a C reference to a pair may be empty

    def use_scan(self) -> Scanner:
        """The scanner of this connection, for held frames."""
        return self.scan

    @cython.ccall
    def received(self, frame: bytes, now: cython.longlong) -> cython.void:
        """A frame came in at `now` (ns). Nothing it holds can raise from here."""
        self.frames += 1
        self.last_received = now
        self.last_frame = frame
        if self.silent:
            self.keeper.spoke_again(now)
        if len(frame) < 16 and frame in self.plain:
            return
        if self.unpack is not None:
            frame = self._unpacked(frame, now)
            if not frame:
                return
        if not self.scan.scan(frame):
            self.malformed += 1
            self._unreadable(now)
            return
        if self.counts and not self._in_sequence(now):
            return
        kind: cython.int = self._kind()
        if kind == _CONTROL:
            self.keeper.control(frame, now)
        elif kind == _TRADE:
            self._trades(now)
        elif kind == _BOOK or kind == _DELTA or kind == _SNAPSHOT or kind == _IMAGE or kind == _ROWS:
            self._books(kind, frame, now)
        elif kind == _LEVEL:
            self.scan.take_level(self.scan.records - 1, self.level_bid)
            self._books(_DELTA, frame, now)
        elif kind == _CHECK:
            self._check(now)
        elif kind == _DERIVATIVE:
            word: bytes = self.last_kind_word
            self.keeper.derivatives.read(frame, word.decode(), self._symbol(0).decode(), now)

    def _unpacked(self, frame: bytes, now: int) -> bytes:
        """The JSON in a frame; b"", and the frame is lost, where it holds none."""
        try:
            return self.unpack(frame)  # type: ignore[operator,no-any-return]  # declared by the venue
        except MalformedMessage as failure:
            self.malformed += 1
            self.scan.scan(failure.part)
            self._unreadable(now)
            return b""

    @cython.cfunc
    def _kind(self) -> cython.int:
        """What this frame does, by the word in its KIND slot."""
        if self.scan.has(0, _REPLY):
            return _CONTROL
        if self.last_kind_word is not None and self.scan.equals(0, _KIND, self.last_kind_word):
            return self.last_kind
        word: bytes = self.scan.text(0, _KIND)
        if not word:
            if self.numbers and self.scan.has(0, _CHANNEL):
                return self._kind_of_channel()
            if not self.scan.has(0, _SYMBOL):
                return _CONTROL
            self.last_kind_word = b""
            self.last_kind = self.unnamed
            return self.last_kind
        found: Any = self.known.get(word)
        if found is None:
            found = self.keeper.kind_of(word)
            if found is None:
                return _CONTROL
            if len(self.known) > 10_000:
                self.known.clear()
            self.known[word] = found
        self.last_kind_word = word
        self.last_kind = found
        return self.last_kind

    @cython.cfunc
    def _kind_of_channel(self) -> cython.int:
        """What a frame that only names the number of a channel does."""
        found: Any = self.channels.get(self.scan.text(0, _CHANNEL))
        if found is None:  # of a subscription that has ended
            self.keeper.count("unknown channel")
            return _IGNORED
        self.last_kind_word = found[0]
        self.last_kind = found[1]
        return self.last_kind

    @cython.cfunc
    def _symbol(self, record: cython.int) -> bytes:
        """The id of the instrument that a record is about, empty if it does not say."""
        if self.numbers:
            channel: Any = self.channels.get(self.scan.text(record, _CHANNEL))
            return b"" if channel is None else channel[2]
        word: bytes = self.scan.text(record, _SYMBOL)
        if word or not self.scan.has(0, _KIND):
            return word
        kind: bytes = self.scan.text(0, _KIND)
        found: Any = self.told.get(kind)
        if found is None:  # it may stand in the word that says the kind
            found = self.venue.symbol_in(kind.decode("utf-8", "replace")).encode()  # type: ignore[attr-defined]
            if len(self.told) > 10_000:
                self.told.clear()
            self.told[kind] = found
        return found  # type: ignore[no-any-return]

    def named(self, scan: Scanner, record: int) -> Pair | None:
        """The pair that a record of this connection's scanner is about, if it is one of ours."""
        pair: Pair | None = self.pairs.get(self._symbol(record))
        return pair

    def name_channel(self, number: str, channel: str, symbol: str, kind: int) -> None:
        """The venue has given a subscription this number."""
        self.channels[number.encode()] = (channel.encode(), int(kind), symbol.encode())

    def forget_channel(self, number: str) -> str:
        """A subscription has ended; of which symbol it was."""
        found = self.channels.pop(number.encode(), None)
        return found[2].decode() if found is not None else ""

    def numbers_of(self, symbol: str, channels: Any) -> list[str]:
        """The numbers of a symbol's channels."""
        wanted = [(str(channel).encode(), symbol.encode()) for channel in channels]
        return [number.decode() for number, (name, _, its) in self.channels.items() if (name, its) in wanted]

    @cython.cfunc
    def _pair(self, record: cython.int) -> Pair:
        """The pair a record is about; None if it is not one of ours."""
        if self.last_pair is not None and self.scan.equals(record, _SYMBOL, self.last_pair.wire):
            return self.last_pair
        word: bytes = self._symbol(record)
        pair: Any = self.pairs.get(word) or self.aliases.get(word) or self._called(word)
        if pair is None:
            return None  # type: ignore[return-value]  # a C reference to a pair may be empty
        self.last_pair = pair
        return self.last_pair

    def _called(self, word: bytes) -> Any:
        """The pair that a word in the SYMBOL slot stands for and that is not its id itself, or is new."""
        text = word.decode("utf-8", "replace")
        native: str = self.keeper.venue.native_in(text)
        wire = native.encode()
        pair = self.pairs.get(wire)
        if pair is None:
            if self.discover is None or not native:
                self.keeper.count("symbol not subscribed")
                return None
            pair = self.discover(native)
            if pair is None:
                return None
            self.pairs[wire] = pair
        if wire != word and len(self.aliases) < MOST_ALIASES:
            self.aliases[word] = pair
        return pair

    @cython.cfunc
    def _books(self, kind: cython.int, frame: bytes, now: cython.longlong) -> cython.void:
        record: cython.int
        what: cython.int
        pair: Pair
        word: bytes
        for record in range(self.scan.records):
            if self.scan.sides[record] == 0 and not (self.ids_alone and self.scan.has(record, _LAST)):
                continue
            pair = self._pair(record)
            if pair is None:
                continue
            what = kind
            if kind == _BOOK:
                what = _DELTA
                for word in self.whole:
                    if self.scan.equals(record, _ACTION, word):
                        what = _SNAPSHOT
                if self.scan.has(record, _WHOLE):
                    what = _SNAPSHOT
            elif kind == _ROWS:
                what = _DELTA if self.scan.sides[record] & 4 else _SNAPSHOT
            if what == _SNAPSHOT and self.asks:
                self.keeper.fetched(pair.native, 200, frame, now)
                return  # the scanner has been at work on other frames
            if what == _SNAPSHOT or (what == _IMAGE and (pair.depth == 0 or self.discover is not None)):
                self.keeper.before_snapshot(pair, self.scan, record, self.last_kind_word)
            pair.update(self.scan, record, what, frame, now)
            if not pair.step:
                if pair.wants_snapshot:
                    self.keeper.tend(pair, now)
                elif self.discover is None:
                    self.keeper.watch(pair, now)

    @cython.cfunc
    def _check(self, now: cython.longlong) -> cython.void:
        """A checksum that came by itself."""
        pair: Pair = self._pair(0)
        if pair is not None:
            pair.check(self.scan, 0, now)
            if pair.wants_snapshot and not pair.step:
                self.keeper.tend(pair, now)

    @cython.cfunc
    def _trades(self, now: cython.longlong) -> cython.void:
        record: cython.int
        side: cython.int
        pair: Pair
        word: bytes
        at: cython.int
        before: cython.longlong
        for at in range(self.scan.records):
            record = self.scan.records - 1 - at if self.newest_first else at
            if not self.scan.has(record, _PRICE):
                continue
            for word in self.history:
                if self.scan.equals(record, _ACTION, word):
                    return
            pair = self._pair(record)
            if pair is None:
                continue
            if pair.trade_kind != self.last_kind_word and not self.keeper.takes_trades(
                pair, self.last_kind_word, now
            ):
                if self.first_is_history:  # one message, one symbol: all of it
                    return
                continue
            if self.repeats and 0 < self.scan.time(record) < pair.subscribed:
                self.keeper.count("print from before the subscription")
                continue
            if self.off_book and (
                self.scan.text(record, _EXCLUDE) in self.off_book
                or (self.any_off_book and self.scan.has(record, _EXCLUDE))
            ):
                self.keeper.count("off-book print")
                continue
            side = 0
            if self.scan.equals(record, _SIDE, self.bought):
                side = 1
            elif self.scan.equals(record, _SIDE, self.sold):
                side = -1
            elif self.signed:
                side = self.scan.magnitude(record, _SIZE)
            before = pair.trades
            pair.trade(self.scan, record, side, now)
            if self.marks_liquidations and pair.trades > before and self.scan.has(record, _LIQUIDATION):
                self._liquidations(pair, record, side, now)

    def _liquidations(self, pair: Pair, record: int, side: int, now: int) -> None:
        """The pair's last print closed a position by force: the taker's, the maker's on the other side, or both."""
        word = self.scan.text(record, _LIQUIDATION).decode("utf-8", "replace")
        for who in self.keeper.venue.liquidated.get(word, ()):
            pair.closed_by_force(side if who == "taker" else -side, now)

    @cython.cfunc
    def _in_sequence(self, now: cython.longlong) -> cython.bint:
        """The counter over all frames of the connection: a jump costs every book on it, a repetition nothing."""
        number: cython.longlong = self.scan.integer(0, _SEQUENCE, -1)
        before: cython.longlong = self.sequence
        if number < 0:
            return True
        if before >= 0 and number <= before and self.behind < MOST_REPEATS:
            self.behind += 1
            self.keeper.count("repeated frame")
            self.keeper.repeated(self.scan)
            return False
        self.sequence, self.behind = number, 0
        if before >= 0 and number != before + 1:
            self.keeper.lose_all("gap", now)
        return True

    def counts_anew(self, frame: bytes) -> bool:
        """Does this frame begin another connection, since the venue's counter over all frames starts again?"""
        if not self.counts or self.sequence < 0:
            return False
        try:
            frame = frame if self.unpack is None else self.unpack(frame)  # type: ignore[operator]
        except MalformedMessage:
            return False
        if not self.scan.scan(frame):
            return False
        return 0 <= self.scan.integer(0, _SEQUENCE, -1) < self.sequence

    @cython.cfunc
    def _unreadable(self, now: cython.longlong) -> cython.void:
        """Not one whole JSON object. It costs its book where the frame still tells which; the sequence shows the rest."""
        record: cython.int = self.scan.records - 1
        word: bytes = self._symbol(record) if record >= 0 else b""
        pair: Any = self.pairs.get(word) or self.aliases.get(word)
        kind: cython.int = (
            _CONTROL if self.unproven else _IGNORED
        )  # without its kind it may not be of a book at all
        if self.scan.has(0, _KIND) or (self.numbers and self.scan.has(0, _CHANNEL)):
            kind = self._kind()
            if kind == _CONTROL:  # a channel that is none of ours
                kind = _IGNORED
        self.keeper.unreadable(pair, kind, self.unproven, now)
