"""How the pairs of a connection get their books, get them back, and are looked after while they are live.

Asks for snapshots by REST or by subscribing anew, with a backoff a pair; probes the quiet, compares the unproven with an
image, renews a snapshot before the price leaves its range. Time is an argument; what is to be done goes to `actions`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .actions import SNAPSHOT, Action, Fetch, Send
from .backoff import SECOND, Backoff
from .book import NOWHERE, Book
from .sync import CROSSED, LIVE, LOST, STALE, Pair
from .venue import Channel, Venue
from .wire import Scanner

if TYPE_CHECKING:
    from .session import Session

AFTER_FIRST_UPDATE = (
    300_000_000  # ns; a snapshot asked for a little after the first update joins at the first try
)
WITHOUT_UPDATE = 2 * SECOND  # a quiet pair gets its snapshot this long after subscribing
ANSWER_WITHIN = 20 * SECOND  # a snapshot, by REST or on the socket
ASKED_WITHIN = 10 * SECOND  # a snapshot that is asked for on the socket
UNSUBSCRIBE_WITHIN = 2 * SECOND
REFUSED_FOR = 60 * SECOND
QUIET_FOR = 90 * SECOND  # a pair without an update on a lively connection is probed
WATCH = 5 * SECOND
MOST_REQUESTS = 500  # whose acks are waited for
PROBED = 100  # levels a side of a probe by REST
EXPLAIN_WITHIN = 5 * SECOND  # an update that was on its way when a probe disagreed
RENEW_AFTER = 20 * SECOND  # between two snapshots of a book that leaves its proven range


class Resync:
    """The pairs' side of a session's upkeep; `keeper.py` adds the connection's."""

    def __init__(self, session: Session, venue: Venue, route: str, seed: str) -> None:
        self.session, self.venue, self.route, self.seed = session, venue, route, seed
        self.channels = venue.channels(route)
        self.actions: list[Action] = []
        self.counts: Counter[str] = Counter()
        self.hurry: Callable[[int], None] = lambda due: None
        self.state = "idle"
        self.outbox: deque[str] = deque()
        self.next_send = 0
        self.requests: dict[str, tuple[str, ...]] = {}
        self.request = 0
        self.depths: dict[str, int] = {}
        self.probed: dict[str, int] = {}
        self.suspects: dict[str, int] = {}
        self.undoing: set[str] = set()  # requests that unsubscribe
        self.refused: set[str] = set()  # native ids of which nothing stands, trades included
        self._image = Scanner(dict(venue.snapshot.layout)) if venue.snapshot else None

    def count(self, what: str) -> None:
        """Count something by its name; names beyond a hundred are lumped together."""
        self.counts[what if what in self.counts or len(self.counts) < 100 else "other"] += 1

    def went_live(self) -> None:
        """A book of this connection went live: only that starts its backoff over."""
        raise NotImplementedError

    # -- sending ---------------------------------------------------------------------------------------------

    def _subscribe(self, natives: list[str]) -> None:
        self._queue(self.venue.subscribe(natives, self.channels, self.request + 1), natives)

    def _queue(self, texts: Iterable[str], natives: list[str]) -> None:
        for text in texts:
            self.request += 1
            self.requests[str(self.request)] = tuple(natives)
            if len(self.requests) > MOST_REQUESTS:
                oldest = next(iter(self.requests))
                del self.requests[oldest]
                self.undoing.discard(oldest)
            self.outbox.append(text)

    def _flush(self, now: int) -> None:
        """Send what the venue's pace allows."""
        pace = int(SECOND / self.venue.limits.messages_per_second)
        while self.outbox and now >= self.next_send:
            self.actions.append(Send(timed(self.outbox.popleft(), now)))
            self.next_send = max(self.next_send, now) + pace
        if self.outbox:
            self.hurry(self.next_send)

    # -- pairs -----------------------------------------------------------------------------------------------

    def before_snapshot(self, pair: Pair, scan: Scanner, record: int, kind: bytes) -> None:
        """How many levels a side this book has: as subscribed, as the topic says, else by the snapshot's size."""
        if not self.venue.depth or (pair.depth and self.session.discover is None):
            return
        depth = self.venue.depth_in(kind.decode()) or self.depths.get(pair.native, 0)
        if not depth:
            found = list(scan.side[scan.level_from[record] : scan.level_to[record]])
            most = max(found.count(0), found.count(1))
            depth = next((size for size in self.venue.depths if size >= most), self.venue.depths[-1])
            depth = max(depth, pair.depth)
        pair.depth = depth

    def takes_trades(self, pair: Pair, kind: bytes, now: int) -> bool:
        """One kind of trade messages a pair: single fills and aggregates of the same fills would count twice."""
        if pair.trade_kind == b"":
            pair.trade_kind = kind
            return not self.venue.first_trades_are_history
        return bool(pair.trade_kind == kind)

    def _await(self, pair: Pair, now: int) -> None:
        """A subscription is on its way: by when something has to have come."""
        if not pair.carries_book:
            return
        if self.venue.snapshot_by_rest:
            pair.step, pair.due = "fetch", now + WITHOUT_UPDATE + self._lag()
        else:
            pair.step, pair.due = "await", now + ANSWER_WITHIN
        self.hurry(pair.due)

    def tend(self, pair: Pair, now: int) -> None:
        """A pair needs a snapshot: when to ask for it."""
        if pair.backoff is None:
            pair.backoff = Backoff(f"{pair.native} {self.seed}", first=0.25)
        if self.venue.snapshot_by_rest:
            wait = AFTER_FIRST_UPDATE + self._lag()
            if pair.state == LOST or pair.reason == "snapshot_too_old":
                wait += pair.backoff.after_failure()
            pair.step, pair.due = "fetch", now + wait
        else:
            pair.step, pair.due = (
                "resubscribe",
                now + (pair.backoff.after_failure() if pair.backoff.failures else 0),
            )
            if pair.backoff.failures == 0:
                pair.backoff.failures = 1
                if self.session.discover is None and self.state == "open":
                    self._due(pair, now)
        self.hurry(0)

    def _due(self, pair: Pair, now: int) -> None:
        pair.due = NOWHERE
        match pair.step:
            case "fetch":
                self._fetch(pair, now)
            case "fetching":
                self._failed(pair, "snapshot_timeout", now)
            case "join":
                pair.step = ""
                pair.take_quiet_snapshot(now)
                self._live(pair, now)
                if self.session.discover is None:
                    self.watch(pair, now)  # its stream may be dead, not quiet
            case "resubscribe":
                self._unsubscribe(pair, now)
            case "refused":
                self.refused.add(pair.native)
                self._unsubscribe(pair, now)
            case "unsubscribing":
                self._again(pair, now)
            case "await":
                pair.step = ""
                pair.wants_snapshot = True
                if pair.state != LOST:
                    pair.lose("no_snapshot", now)
                self.tend(pair, now)
            case "watch":
                self._watch(pair, now)
            case "probing" | "renewing":
                pair.collecting = False
                pair.held.clear()
                self.watch(pair, now)
            case "suspect":
                self._suspect(pair, now)
        self.hurry(pair.due)

    def _unsubscribe(self, pair: Pair, now: int) -> None:
        """First half of subscribing anew to a book; its trades go on, unless they were refused with it."""
        pair.step, pair.due = "unsubscribing", now + UNSUBSCRIBE_WITHIN
        if self.venue.resubscribes_all:
            pair.trades_since = 0
        self._undo(pair, self._lost(pair), now)

    def _undo(self, pair: Pair, channels: tuple[Channel, ...], now: int) -> None:
        """Unsubscribe from channels of a pair."""
        before = self.request
        if self.venue.numbers_channels:
            numbers = self.session.numbers_of(pair.native, channels)
            self._queue(self.venue.unsubscribe_numbers(numbers, before + 1), [pair.native])
        else:
            self._queue(self.venue.unsubscribe([pair.native], channels, before + 1), [pair.native])
        self.undoing.update(str(number) for number in range(before + 1, self.request + 1))
        self._flush(now)

    def _again(self, pair: Pair, now: int) -> None:
        """Second half."""
        self._await(pair, now)
        natives, channels = [pair.native], self._lost(pair)
        if self.venue.subscribes_whole:
            natives, channels = [one.native for one in self.session.pairs.values()], self.channels
        self._queue(self.venue.subscribe(natives, channels, self.request + 1), natives)
        self.refused.discard(pair.native)
        self._flush(now)

    def _lost(self, pair: Pair) -> tuple[Channel, ...]:
        """The channels that are subscribed to anew."""
        return (
            self.channels if pair.native in self.refused or self.venue.resubscribes_all else (Channel.BOOK,)
        )

    def _lag(self) -> int:
        """How long (ns) to let updates come before a snapshot is asked for, which may be older than they are."""
        return int(self.venue.snapshot.lag * SECOND) if self.venue.snapshot else 0

    def _fetch(self, pair: Pair, now: int, not_before: int = 0) -> None:
        assert self.venue.snapshot is not None
        pair.step, pair.due = "fetching", max(now, not_before) + ANSWER_WITHIN * 3
        if not self.venue.snapshot.path:
            self._ask(pair, now)
            return
        path = self.venue.snapshot_path(pair.native)
        weight = self.venue.snapshot.weight
        self.actions.append(Fetch((SNAPSHOT, pair.native), path, weight, max(now, not_before)))

    def _ask(self, pair: Pair, now: int) -> None:
        """Ask for the whole book on the socket; no answer at all is seen sooner than by REST."""
        pair.due = min(pair.due, now + ASKED_WITHIN)
        self._queue(self.venue.ask(pair.native, self.request + 1), [pair.native])
        self._flush(now)

    def _failed(self, pair: Pair, reason: str, now: int, wait: int = 0) -> None:
        if pair.backoff is None:
            pair.backoff = Backoff(f"{pair.native} {self.seed}", first=0.25)
        self.count(f"snapshot failed: {reason}")
        pair.step, pair.due = "fetch", now + max(wait, pair.backoff.after_failure())
        self.hurry(pair.due)

    def fetched(
        self, native: str, status: int, body: bytes, now: int, *, limit: int = 0, wait: int = 0
    ) -> None:
        """The answer to a snapshot request; `wait` ns is what the venue asks us to leave it alone for."""
        pair = self.session.pairs.get(native.encode())
        if pair is None or self._image is None or self.venue.snapshot is None:
            return
        if pair.state in (LIVE, CROSSED, STALE):
            self._image_of_live(pair, status, body, now, limit or self.venue.snapshot.limit)
            return
        if status != 200:
            if status in (400, 404):
                pair.lose(f"refused: {body[:120].decode('utf-8', 'replace')}", now)
                wait = REFUSED_FOR
            self._failed(pair, f"http {status}", now, wait)
            return
        if not self._image.scan(body) or self._image.sides[0] != 3:
            self._failed(pair, "unreadable", now)
            return
        pair.replace(self._image, 0, now, 1, limit or self.venue.snapshot.limit)
        self.hurry(pair.due)
        pair.join(self.session.use_scan(), self.venue.kinds, now)
        if pair.wants_snapshot and not pair.step:
            self.tend(pair, now)
        self._live(pair, now)

    def _image_of_live(self, pair: Pair, status: int, body: bytes, now: int, limit: int) -> None:
        """An image of a book that is there: of a probe, of a renewal, or not asked for."""
        assert self._image is not None
        asked = pair.step
        if asked not in ("probing", "renewing"):
            self.count("snapshot not needed")
        elif status != 200 or not self._image.scan(body) or self._image.sides[0] != 3:
            self.count(f"image failed: http {status}")
            pair.collecting = False
            pair.held.clear()
            self.watch(pair, now)
        elif asked == "probing":
            self._judge(pair, now)
        else:
            self._renewed(pair, now, limit)

    def _live(self, pair: Pair, now: int) -> None:
        if pair.state == LIVE:
            self.went_live()

    # -- looking after what is live --------------------------------------------------------------------------

    def watch(self, pair: Pair, now: int) -> None:
        """From now on look at this pair every few seconds."""
        if pair.state == LIVE:
            self.went_live()
        pair.step, pair.due = "watch", now + WATCH
        self.hurry(pair.due)

    def _watch(self, pair: Pair, now: int) -> None:
        """A quiet pair is probed, an unproven one compared with an image, one that left its snapshot renewed."""
        if self.venue.quiet_loses_after and now - pair.received >= int(self.venue.quiet_loses_after * SECOND):
            pair.lose("quiet", now)
            self.tend(pair, now)
        elif pair.state != LIVE:
            self.watch(pair, now)
        elif self._leaves_its_range(pair) and now - pair.image_time > RENEW_AFTER:
            self._renew(pair, now)
        elif self.venue.snapshot_levels and near_the_edge(pair.book) and now - pair.image_time > RENEW_AFTER:
            self._probe(pair, now)
        elif self.venue.rule.overlaps and self._image_is_due(pair, now):
            self._renew(pair, now)  # an image that lags is compared with the book after the same update
        elif now - max(pair.received, self.probed.get(pair.native, 0)) >= QUIET_FOR or self._image_is_due(
            pair, now
        ):
            self._probe(pair, now)
        else:
            self.watch(pair, now)

    def _leaves_its_range(self, pair: Pair) -> bool:
        """A book that holds what its last snapshot reached; one with a window of levels moves it along."""
        return self.venue.snapshot_by_rest and not self.venue.depth and near_the_edge(pair.book)

    def _image_is_due(self, pair: Pair, now: int) -> bool:
        every = int(self.venue.image_every * SECOND)
        return every > 0 and now - max(pair.image_time, self.probed.get(pair.native, 0)) >= every

    def _probe(self, pair: Pair, now: int) -> None:
        """Ask for an image: by REST, or by subscribing anew."""
        self.probed[pair.native] = now
        self.count("probe")
        if self.venue.snapshot is not None and not self.venue.snapshot.path:
            pair.step, pair.due = "probing", now + ASKED_WITHIN
            self._ask(pair, now)
        elif self.venue.snapshot is not None:
            path = self.venue.snapshot_path(pair.native).replace(
                f"limit={self.venue.snapshot.limit}", f"limit={PROBED}"
            )
            self.actions.append(Fetch((SNAPSHOT, pair.native), path, self.venue.snapshot.probe_weight, now))
            pair.step, pair.due = "probing", now + ANSWER_WITHIN * 3
        else:
            pair.compared = True
            self._unsubscribe(pair, now)

    def _judge(self, pair: Pair, now: int) -> None:
        """The image of a probe is in the scanner: it agrees, or an update has to explain soon why not."""
        assert self._image is not None
        if pair.agrees(self._image, PROBED // 2):
            self.watch(pair, now)
        else:
            self.suspects[pair.native] = now
            pair.step, pair.due = "suspect", now + EXPLAIN_WITHIN
            self.hurry(pair.due)

    def _suspect(self, pair: Pair, now: int) -> None:
        if pair.received > self.suspects.pop(pair.native, 0):
            self.watch(pair, now)
            return
        pair.lose("quiet", now)
        if self.venue.snapshot_by_rest:
            self._unsubscribe(pair, now)  # an image alone would stand beside a stream that is dead
        else:
            self.tend(pair, now)

    def _renew(self, pair: Pair, now: int) -> None:
        """Fetch a new snapshot for a live book, and keep the updates that come meanwhile."""
        pair.held.clear()
        pair.collecting = True
        self._fetch(pair, now, now + self._lag())
        pair.step = "renewing"

    def _renewed(self, pair: Pair, now: int, limit: int) -> None:
        """Bring the new snapshot to where the live book is, in a pair of its own, and take its book over."""
        assert self._image is not None
        if not pair.held and self.venue.rule.overlaps:  # it stood still while the image was made
            pair.collecting = False
            self.probed[pair.native] = now
            self._judge(pair, now)
            return
        fresh = Pair(self.venue, pair.instrument, pair.book.most)
        fresh.replace(self._image, 0, now, 1, limit)
        fresh.held = list(pair.held)
        fresh.join(self.session.use_scan(), self.venue.kinds, now)
        taken = pair.renewed(fresh, now)
        self.count("snapshot renewed" if taken else "snapshot did not join")
        pair.collecting = False
        pair.held.clear()
        self.watch(pair, now if taken else now + RENEW_AFTER)


def timed(text: str, now: int) -> str:
    """A frame of ours with the time at which it is sent, where the venue wants it."""
    return text.replace("$SECONDS", str(now // SECOND))


def near_the_edge(book: Book) -> bool:
    """Has the touch come within a quarter of the way to the end of what the last snapshot proved?"""
    low, high = book.bid_floor, book.ask_ceiling
    if not book.bids.count or not book.asks.count or low <= -NOWHERE or high >= NOWHERE:
        bid_out = low > -NOWHERE and -book.bids.best() <= low
        return bool(bid_out or (high < NOWHERE and book.asks.best() >= high))
    reach = (high - low) // 8
    return bool(-book.bids.best() - low < reach or high - book.asks.best() < reach)
