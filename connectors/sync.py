"""One pair of a venue: from held updates over a snapshot to a live book, and back when something does not fit.

`Pair` owns the book and everything that proves it: the rule, the checksum, the last id. It says what happened to its
`Listener`, and to its session through `wants_snapshot`. It neither asks a clock nor does any I/O.
"""

from __future__ import annotations

from typing import Any

import cython

from .book import NOWHERE, Book
from .delays import Delays
from .instruments import Instrument
from .rules import Rule
from .shape import Kind, Slot
from .uncross import Uncrossing
from .wire import Scanner

SYNCING, LIVE, STALE, CROSSED, LOST = range(5)
STATES = ("syncing", "live", "stale", "crossed", "lost")
_SYNCING = cython.declare(cython.int, SYNCING)
_LIVE = cython.declare(cython.int, LIVE)
_STALE = cython.declare(cython.int, STALE)
_CROSSED = cython.declare(cython.int, CROSSED)
_LOST = cython.declare(cython.int, LOST)

DELTA, SNAPSHOT, REPLACE = range(3)  # what `Listener.book_changed` is told, in the words of metrics.md 0.2
_DELTA = cython.declare(cython.int, DELTA)
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_REPLACE = cython.declare(cython.int, REPLACE)

_KIND_SNAPSHOT = cython.declare(cython.int, int(Kind.SNAPSHOT))
_KIND_DELTA = cython.declare(cython.int, int(Kind.DELTA))
_KIND_IMAGE = cython.declare(cython.int, int(Kind.IMAGE))
_FIRST = cython.declare(cython.int, int(Slot.FIRST))
_LAST = cython.declare(cython.int, int(Slot.LAST))
_PREVIOUS = cython.declare(cython.int, int(Slot.PREVIOUS))
_CHECKSUM = cython.declare(cython.int, int(Slot.CHECKSUM))
_PRICE = cython.declare(cython.int, int(Slot.PRICE))
_SIZE = cython.declare(cython.int, int(Slot.SIZE))
_NOWHERE = cython.declare(cython.longlong, NOWHERE)

# What rules answer.
_SKIP = cython.declare(cython.int, 1)
_GAP = cython.declare(cython.int, 2)
_RESET = cython.declare(cython.int, 3)

QUIET = 60_000_000_000  # ns; a book without an update for so long should equal any image of it
UNSUBSCRIBING = "unsubscribing"  # the step of a pair whose subscription ends, to be made anew
MOST_HELD = 20_000  # updates kept while a snapshot is on its way
LINGERING = 60_000_000_000  # ns; a book that crosses by design is wrong after that
_CROSSED_FOR = cython.declare(
    cython.longlong, 1_000_000_000
)  # ns; metrics.md 0.2: longer than that is a fault
LATE = cython.declare(cython.longlong, 60_000_000_000)  # ns; an image older by more tells of a clock set back
_CROSSED_RUN = cython.declare(cython.int, 3)


@cython.cclass
class Listener:
    """Who wants to know what happens to a pair. Times are ns; `t` is the venue's, `now` ours."""

    @cython.ccall
    @cython.exceptval(-1)
    def book_changed(
        self, pair: Pair, kind: cython.int, t: cython.longlong, now: cython.longlong
    ) -> cython.int:
        """A message was applied and the book is proven; `kind` is DELTA, SNAPSHOT or REPLACE."""
        return 0

    @cython.ccall
    @cython.exceptval(-1)
    def traded(
        self,
        pair: Pair,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
        now: cython.longlong,
    ) -> cython.int:
        """A print: price in quote per base, size in base (NaN: contract size unknown), side +1 taker bought."""
        return 0

    @cython.ccall
    @cython.exceptval(-1)
    def state_changed(self, pair: Pair, now: cython.longlong) -> cython.int:
        """`pair.state` or `pair.reason` changed."""
        return 0

    @cython.ccall
    @cython.exceptval(-1)
    def step_due(self, pair: Pair, t: cython.longlong) -> cython.int:
        """A message of time t > `pair.grid_due` is about to change the book: the last look at it as it was."""
        return 0

    @cython.ccall
    @cython.exceptval(-1)
    def leaving(self, pair: Pair, now: cython.longlong) -> cython.int:
        """The book is about to be forgotten: the last look at it as it was."""
        return 0

    def liquidated(
        self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int
    ) -> None:
        """A position was closed by force: price in quote per base, size in base, side +1 where a short was closed."""

    def stated(self, pair: Pair, told: Any, lasts: int, now: int) -> None:
        """A `DerivativeTicker` of the pair, in native prices and sizes; it holds for `lasts` ns at most."""


@cython.cclass
class Pair:
    """One instrument on one connection.

    `loaded`: the book holds a snapshot; `joined`: an update has followed it, so the two are known to fit.
    `depth`: levels a side that the venue sends, 0 for all; what is beyond is cut, unless the venue removes it itself.
    `held` are frames with updates that wait for a snapshot; `ignored` updates came while one was awaited on the socket.
    `differences` counts levels in which an image did not equal the book it was compared with.
    """

    def __init__(self, venue: Any, instrument: Instrument, most_levels: int = 50_000) -> None:
        self.venue = venue
        self.instrument = instrument
        self.native = instrument.native
        self.wire = instrument.native.encode()
        self.listener = Listener()
        self.arrivals: Delays | None = None  # where it is counted how late messages come in
        self.rule: Rule = venue.rule
        self.checksum = venue.checksum
        self.trade_number = int(venue.trade_number)
        self.unnumbered = venue.rule.detects == "nothing" and not venue.counts_connection
        self.last_frame = b""
        self.book = Book(
            instrument.price_places, instrument.size_places, venue.checksum is not None, most_levels
        )
        self.uncrossing: Any = Uncrossing() if venue.uncrosses else None
        size = instrument.unit_size
        self.book.set_contract(
            float("nan") if size is None else float(size), instrument.inverse, float(instrument.multiplier)
        )
        self.state, self.reason = SYNCING, "not_connected"
        self.depth = 0
        self.carries_book = self.carries_trades = True
        self.loaded = self.joined = False
        self.update_id = self.trade_id = -1
        self.event_time = self.received = self.heard = self.image_time = 0
        self.updates = self.dropped = self.ignored = self.gaps = self.resyncs = 0
        self.crossed_count = self.differences = self.checksums_ok = self.checksums_failed = 0
        self.trades = self.taker_buy = self.taker_sell = self.liquidations = 0
        self.carries_derivatives, self.derivatives_since = False, 0
        self.marks_liquidations = bool(venue.liquidated)
        self.last_print = (0.0, 0.0, 0.0, 0)
        self.trade_gaps = self.excluded = self.dropped_trades = 0
        self.crossed_since = self.crossed_run = self.subscribed = self.trades_since = 0
        self.compared = self.collecting = self.fresh_image = self.of_images = False
        self.trade_kind = b""
        self.held: list[tuple[bytes, int]] = []
        self.resyncs_by_reason: dict[str, int] = {}
        self.wants_snapshot = False
        self.due = self.grid_due = NOWHERE
        self.step = ""
        self.backoff: Any = None

    # -- books -----------------------------------------------------------------------------------------------

    @cython.ccall
    @cython.exceptval(-1)
    def update(
        self, scan: Scanner, record: cython.int, kind: cython.int, frame: bytes, now: cython.longlong
    ) -> cython.int:
        """A record with levels. `kind` is SNAPSHOT, IMAGE or DELTA of shape.Kind."""
        self.heard = self.received
        self.received = now
        if not self.loaded and self.step == UNSUBSCRIBING:
            self.ignored += 1  # of a subscription that is about to end
            return 0
        if self.unnumbered and kind != _KIND_SNAPSHOT:  # nothing but its letters tells a repeated message
            if frame == self.last_frame:
                self.dropped += 1
                return 0
            self.last_frame = frame
        if scan.broken[record]:
            if self.state != _SYNCING:
                self.gaps += 1
            return self.lose("malformed", now)
        if kind == _KIND_SNAPSHOT:
            return self.replace(scan, record, now, _SNAPSHOT, self.venue.snapshot_levels)
        if kind == _KIND_IMAGE:
            self.of_images = True
            if self.loaded and self._is_late(scan.time(record)):
                self.dropped += 1
                return 0
            return self.replace(scan, record, now, _REPLACE, 1 if self.venue.images_unproven else 0)
        if self.loaded:
            return self._numbered(scan, record, frame, now)
        if self.rule.begins(scan.integer(record, _PREVIOUS, -1)):
            return self.replace(scan, record, now, _SNAPSHOT, 0)
        if self.venue.snapshot_by_rest:
            self._hold(frame, record)
        elif self.rule.whole(scan.integer(record, _FIRST, -1), scan.integer(record, _LAST, -1)):
            return self.replace(scan, record, now, _SNAPSHOT, 0)
        else:
            self.ignored += 1
        return 0

    @cython.cfunc
    def _is_late(self, t: cython.longlong) -> cython.bint:
        """Is an image of this time older than the one that is shown?"""
        return 0 < t < self.event_time and self.event_time - t < LATE

    @cython.ccall
    @cython.exceptval(-1)
    def check(self, scan: Scanner, record: cython.int, now: cython.longlong) -> cython.int:
        """A checksum of the book as it is now, in a message of its own."""
        if self.loaded and self.checksum is not None and not self._sum_is_right(scan, record):
            self.checksums_failed += 1
            return self.lose("checksum", now)
        return 0

    @property
    def proof(self) -> str:
        """What proves this book: as the venue declares; in a recording its checksum or its images may stand in."""
        if self.of_images and not self.venue.images_unproven:
            return "image"
        if self.venue.proof == "sequence" and self.checksums_ok > 0 and self.update_id < 0:
            return "checksum"
        return str(self.venue.proof)

    def _hold(self, frame: bytes, record: int) -> None:
        self.held.append((frame, record))
        if len(self.held) > MOST_HELD:
            del self.held[: MOST_HELD // 2]
        if not self.wants_snapshot:
            self.wants_snapshot = True

    @cython.cfunc
    @cython.exceptval(-1)
    def _numbered(self, scan: Scanner, record: cython.int, frame: bytes, now: cython.longlong) -> cython.int:
        """Ask the rule whether the update fits; apply it, leave it, or give the book up."""
        first: cython.longlong = scan.integer(record, _FIRST, -1)
        last: cython.longlong = scan.integer(record, _LAST, -1)
        previous: cython.longlong = scan.integer(record, _PREVIOUS, -1)
        t: cython.longlong = scan.time(record)
        verdict: cython.int
        if self.joined:
            verdict = self.rule.follow(self.update_id, first, last, previous, t <= self.event_time)
        else:
            verdict = self.rule.join(self.update_id, first, last, previous)
        if verdict == _SKIP:
            self.dropped += 1
            return 0
        if verdict == _RESET:
            return self.replace(scan, record, now, _SNAPSHOT, 0)
        if verdict == _GAP:
            if self.joined:
                self.gaps += 1
                self.lose("gap", now)
            else:
                self._forget("snapshot_too_old", now)
            if self.venue.snapshot_by_rest:
                self._hold(frame, record)
            return 0
        if self.collecting:
            self.held.append((frame, record))
        return self._apply(scan, record, last, t, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _apply(
        self,
        scan: Scanner,
        record: cython.int,
        last: cython.longlong,
        t: cython.longlong,
        now: cython.longlong,
    ) -> cython.int:
        if t > self.grid_due:
            self.listener.step_due(self, t)
        if self.uncrossing is not None:
            self.uncrossing.restore(self.book)
        if self.book.apply(scan, scan.level_from[record], scan.level_to[record]) != 0:
            self.gaps += 1
            return self.lose("off_scale", now)
        self.joined = True
        self.updates += 1
        self.update_id = last
        return self._settled(scan, record, _DELTA, t, now)

    @cython.ccall
    @cython.exceptval(-1)
    def replace(
        self, scan: Scanner, record: cython.int, now: cython.longlong, kind: cython.int, limit: cython.int
    ) -> cython.int:
        """Take a whole book. `limit` is the number of levels a side that was asked for, 0 if all were."""
        t: cython.longlong = scan.time(record)
        if self.compared and self.loaded:
            self._compare(scan, record, now)
        self.received = now
        if t > self.grid_due and self.loaded:
            self.listener.step_due(self, t)
        if kind == _SNAPSHOT:
            self.book.rebase()
        self.book.clear()
        if self.uncrossing is not None:
            self.uncrossing.clear()
        if scan.broken[record]:
            self.gaps += 1
            return self.lose("malformed", now)
        if self.book.apply(scan, scan.level_from[record], scan.level_to[record]) != 0:
            self.gaps += 1
            return self.lose("off_scale", now)
        if limit > 0:
            if self.book.bids.count >= limit:
                self.book.bid_floor = -self.book.bids.worst()
            if self.book.asks.count >= limit:
                self.book.ask_ceiling = self.book.asks.worst()
        if kind == _REPLACE:
            self.updates += 1
        self.update_id = scan.integer(record, _LAST, -1)
        self.image_time = now
        self.loaded = True
        self.wants_snapshot = False
        self.joined = kind == _REPLACE or not self.venue.snapshot_by_rest
        if not self.joined:
            self.due = now + self.venue.quiet_join_after
            self.step = "join"
            self._set(_SYNCING if self.state == _SYNCING else _LOST, "joining", now)
            return 0
        self._rest()
        return self._settled(scan, record, kind, t, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _settled(
        self, scan: Scanner, record: cython.int, kind: cython.int, t: cython.longlong, now: cython.longlong
    ) -> cython.int:
        """A message is in the book: cut it to its window, check it, and tell the listener."""
        if t <= 0:
            t = self.event_time if self.event_time > 0 else now
        elif self.arrivals is not None and self.state == _LIVE and kind != _SNAPSHOT:
            self.arrivals.observe(now - t)
        if t > self.event_time:
            self.event_time = t
        if self.depth > 0 and self.venue.keeps_window:
            self._bound()
        elif self.depth > 0:
            self.book.truncate(self.depth)
            self.book.bid_floor = -self.book.bids.worst() if self.book.bids.count >= self.depth else -_NOWHERE
            self.book.ask_ceiling = self.book.asks.worst() if self.book.asks.count >= self.depth else _NOWHERE
        if self.checksum is not None and not self._sum_is_right(scan, record):
            self.checksums_failed += 1
            return self.lose("checksum", now)
        if self.uncrossing is not None and self._lingers(scan, record, now):
            return self.lose("crossed", now)
        if self.book.crossed():
            if kind == _SNAPSHOT:
                self.fresh_image = True  # the next good state is the first, not the end of a transition
            return self._found_crossed(now)
        self.crossed_run = 0
        if self.uncrossing is None:
            self.crossed_since = 0
        if self.fresh_image:
            kind = _SNAPSHOT
            self.fresh_image = False
        if self.state != _LIVE:
            self._went_live(now)
        return self.listener.book_changed(self, kind, self.event_time, now)

    def _bound(self) -> None:
        """The venue itself removes what leaves its window: nothing is cut, and nothing beyond `depth` levels is claimed.

        A side that was full and no longer is stays known to its end alone: what enters there may come a message later.
        """
        book: Book = self.book
        if book.bids.count >= self.depth or book.bid_floor > -_NOWHERE:
            book.bid_floor = -book.bids.last_of(self.depth)
        if book.asks.count >= self.depth or book.ask_ceiling < _NOWHERE:
            book.ask_ceiling = book.asks.last_of(self.depth)

    def _lingers(self, scan: Scanner, record: int, now: int) -> bool:
        """Show the book without what crosses; does the raw one cross for longer than its venue explains?"""
        self.uncrossing.note(self.book, scan, scan.level_from[record], scan.level_to[record])
        self.uncrossing.resolve(self.book)
        if not self.uncrossing.hidden:
            self.crossed_since = 0
            return False
        if self.crossed_since == 0:
            self.crossed_since = now
        return now - self.crossed_since > LINGERING

    def raw_levels(self, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The best levels as the venue sent them, also where they cross by design; like `Book.levels`."""
        if self.uncrossing is None:
            return self.book.levels(depth)
        bids, asks = self.uncrossing.raw(self.book, depth)
        return bids, asks

    def _sum_is_right(self, scan: Scanner, record: int) -> bool:
        missing: int = -(1 << 62)
        sent = scan.integer(record, _CHECKSUM, missing)
        if sent == missing or self.checksum.absent(sent):
            return True
        if self.checksum.of(self.book) != sent:
            return False
        self.checksums_ok += 1
        return True

    def _found_crossed(self, now: int) -> int:
        """Values vanish at once; when it lasts longer than a second and three messages, the book is given up."""
        self.crossed_count += 1
        self.crossed_run += 1
        if self.crossed_since == 0:
            self.crossed_since = now
        if now - self.crossed_since > _CROSSED_FOR and self.crossed_run >= _CROSSED_RUN:
            return self.lose("crossed", now)
        self._set(_CROSSED, "crossed", now)
        return 0

    def _rest(self) -> None:
        """Nothing more is to be done for this pair, unless it is between two subscriptions."""
        if self.step != UNSUBSCRIBING:
            self.step = ""
            self.due = NOWHERE

    def _went_live(self, now: int) -> None:
        self._rest()
        if self.backoff is not None:
            self.backoff.reset()
        self._set(_LIVE, "", now)

    def _compare(self, scan: Scanner, record: int, now: int) -> None:
        """An image of a book that we hold: what differs is counted; of a book that stood still nothing may."""
        self.compared = False
        image = Book(self.book.price_places, self.book.size_places, most=self.book.most)
        image.apply(scan, scan.level_from[record], scan.level_to[record])
        different = differing(self.book, image, self.depth or 50)
        self.differences += different
        if different and now - self.heard > QUIET:
            self.lose("image", now)

    def agrees(self, scan: Scanner, levels: int) -> bool:
        """Does an image just scanned show the best `levels` as this book does?"""
        image = Book(self.book.price_places, self.book.size_places)
        image.apply(scan, scan.level_from[0], scan.level_to[0])
        return differing(self.book, image, levels) == 0

    def renewed(self, other: Pair, now: int) -> bool:
        """Take over the book of another pair that has come to the same update from a newer snapshot."""
        if not other.joined or other.update_id != self.update_id or other.state != LIVE:
            return False
        self.differences += differing(self.book, other.book, 50)
        self.book = other.book
        self.image_time = now
        self.listener.book_changed(self, SNAPSHOT, self.event_time, now)
        return True

    def take_quiet_snapshot(self, now: int) -> None:
        """No update came after the snapshot though the stream was open before it: nothing changed, it stands."""
        if not self.loaded or self.joined:
            return
        self.joined = False
        if self.event_time == 0:
            self.event_time = now
        if self.book.crossed():
            self._found_crossed(now)
            return
        self._went_live(now)
        self.listener.book_changed(self, SNAPSHOT, self.event_time, now)

    def join(self, scan: Scanner, kinds: Any, now: int) -> None:
        """Run the held updates through the book that a snapshot has just filled."""
        held, self.held = self.held, []
        if held and self.rule.overlaps:
            scan.scan(held[0][0])
            if scan.integer(held[0][1], _LAST, -1) > self.update_id:
                self._forget("snapshot_too_old", now)
                self.held = held
                return
        for frame, record in held:
            scan.scan(frame)
            self.update(scan, record, int(Kind.DELTA), frame, now)
        if self.joined and self.state == SYNCING:
            self._set(LIVE, "", now)

    # -- trades ----------------------------------------------------------------------------------------------

    @cython.ccall
    @cython.exceptval(-1)
    def trade(self, scan: Scanner, record: cython.int, side: cython.int, now: cython.longlong) -> cython.int:
        """A print; `side` is +1 where the taker bought, -1 where it sold, 0 where the venue does not say."""
        number: cython.longlong = scan.integer(record, self.trade_number, -1)
        t: cython.longlong
        price: cython.double
        unit: cython.double
        if number >= 0:
            if 0 <= number <= self.trade_id:
                self.dropped_trades += 1
                return 0
            if self.venue.trade_ids_contiguous and self.trade_id >= 0 and number != self.trade_id + 1:
                self.trade_gaps += 1
                self.trades_since = 0
            self.trade_id = number
        if not scan.number(record, _PRICE):
            self.excluded += 1
            return 0
        price = scan.mantissa / (self.book.power(scan.places) * self.book.multiplier)
        sign: cython.int = scan.magnitude(record, _SIZE)
        if sign == 0 or (sign < 0 and not self.venue.signed_sizes) or price <= 0:
            self.excluded += 1
            return 0
        unit = scan.mantissa / self.book.power(scan.places) * self.book.contract_size
        self.trades += 1
        if side > 0:
            self.taker_buy += 1
        elif side < 0:
            self.taker_sell += 1
        if self.trades_since == 0:
            self.trades_since = now
        t = scan.time(record)
        if t <= 0:
            t = self.event_time if self.event_time > 0 else now
        base: cython.double = unit / price if self.book.inverse else unit
        quote: cython.double = unit if self.book.inverse else unit * price
        if self.marks_liquidations:
            self.last_print = (price, base, quote, t)
        return self.listener.traded(self, price, base, quote, side, t, now)

    # -- derivatives -----------------------------------------------------------------------------------------

    def closed_by_force(self, side: int, now: int) -> None:
        """The last print was a liquidation; `side` +1 where it was a forced purchase (a short closed), else -1."""
        price, base, quote, t = self.last_print
        self.liquidations += 1
        self.listener.liquidated(self, price, base, quote, side, t, now)

    def liquidation(self, price: float, size: float, side: int, t: int, now: int) -> None:
        """A liquidation at a native price and size; `side` +1 where it was a forced purchase, else -1."""
        price = price / self.book.multiplier
        unit = size * self.book.contract_size
        if not (price > 0 and size > 0):
            return
        if self.derivatives_since == 0:
            self.derivatives_since = now
        self.liquidations += 1
        base, quote = (unit / price, unit) if self.book.inverse else (unit, unit * price)
        self.listener.liquidated(self, price, base, quote, side, t, now)

    def stated(self, told: Any, lasts: int, now: int) -> None:
        """A `DerivativeTicker` came; what it says holds for `lasts` ns at most."""
        if self.derivatives_since == 0:
            self.derivatives_since = now
        self.listener.stated(self, told, lasts, now)

    def count_gap(self) -> None:
        """A loss that was seen outside of this pair (on its connection, in a broken frame)."""
        self.gaps += 1

    def count_dropped(self) -> None:
        """A repeated message that was seen outside of this pair."""
        self.dropped += 1

    # -- trust -----------------------------------------------------------------------------------------------

    @cython.ccall
    @cython.exceptval(-1)
    def lose(self, reason: str, now: cython.longlong) -> cython.int:
        """The book is no longer known: forget it, say why, and ask for a new one."""
        if self.state != _SYNCING or self.loaded:
            self.resyncs += 1
            self.resyncs_by_reason[reason] = self.resyncs_by_reason.get(reason, 0) + 1
        self._forget(reason, now)
        return 0

    def _forget(self, reason: str, now: int) -> None:
        if self.loaded:
            self.listener.leaving(self, now)
        self.book.rebase()
        self.book.clear()
        if self.uncrossing is not None:
            self.uncrossing.clear()
        self.loaded = False
        self.joined = False
        self.update_id = -1
        self.crossed_run = 0
        self.crossed_since = 0
        self.compared = False
        self.collecting = False
        self.last_frame = b""
        self.held.clear()
        self.wants_snapshot = True
        self._rest()
        self._set(self.state if self.state in (SYNCING, LOST) else LOST, reason, now)

    def withdraw(self, now: int) -> None:
        """The connection went silent: the book stays as it is, its values are withdrawn; so is what it told beside."""
        self.derivatives_since = 0
        if self.state == LIVE or self.state == CROSSED:
            self._set(STALE, "silent", now)

    def revive(self, now: int) -> None:
        """The connection spoke again and nothing was missed."""
        if self.state == STALE:
            self._set(CROSSED if self.book.crossed() else LIVE, "", now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _set(self, state: cython.int, reason: str, now: cython.longlong) -> cython.int:
        if self.state == state and self.reason == reason:
            return 0
        self.state = state
        self.reason = reason
        return self.listener.state_changed(self, now)


def differing(ours: Book, image: Book, levels: int) -> int:
    """How many of the best levels differ between two books, whatever decimals each keeps."""
    count = 0
    for mine, theirs in zip(ours.levels(levels), image.levels(levels), strict=True):
        count += len(set(mine) ^ set(theirs))
    return count
