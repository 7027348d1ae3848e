"""What keeps a session going and is rare: connecting, subscribing, pinging, noticing silence; over `resync.py`.

All of it is driven by `now`: `deadline()` says when `timer(now)` wants to be called at the latest. What is to be done is
appended to `actions`; the driver takes it from there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from .actions import Action, Close, Connect, Replace, Send
from .backoff import SECOND, Backoff
from .book import NOWHERE
from .derivative_feed import DerivativeFeed
from .events import Accepted, Answer, Leaving, Lost, Noted, Refused, Said, Unsubscribed, Welcomed
from .resync import REFUSED_FOR, Resync, timed
from .shape import Kind
from .sync import SYNCING, Pair
from .venue import OF_DERIVATIVES, Channel, Venue
from .wire import Scanner

if TYPE_CHECKING:
    from .session import Session

RENEW_AT = 0.96  # of the life that the venue gives a connection
WELCOME_WITHIN = 10 * SECOND

_decode = msgspec.json.Decoder().decode


class Keeper(Resync):
    """The slow side of one session. `state`: idle, connecting, open, silent, waiting (for the next try)."""

    def __init__(self, session: Session, venue: Venue, route: str, seed: str) -> None:
        super().__init__(session, venue, route, seed)
        self.backoff = Backoff(f"{venue.name} {venue.product} {route} {seed}")
        self.reason, self.since = "", 0
        self.opened_at = self.retry_at = 0
        self.reconnects = 0
        self.next_ping = NOWHERE
        self.welcome_by = NOWHERE
        self.leaving = False
        self.gone: set[str] = set()  # native ids of pairs that were let go
        self.on_change: list[Any] = []
        self.derivatives = DerivativeFeed(session, venue, self.count)

    def went_live(self) -> None:
        """Only what delivers starts the backoff over, a book by going live: who accepts and drops is not hammered."""
        self.backoff.reset()

    # -- life of the connection ------------------------------------------------------------------------------

    def prepare(self, pair: Pair) -> None:
        """Say what a pair of this connection carries, and how deep."""
        pair.carries_book = Channel.BOOK in self.channels
        pair.carries_trades = Channel.TRADES in self.channels
        pair.carries_derivatives = not OF_DERIVATIVES.isdisjoint(self.channels)
        pair.depth = self.venue.depth

    def start(self, now: int) -> None:
        """Ask for the connection."""
        self._become("connecting", "", now)
        self.actions.append(Connect(self.venue.address(self.route)))

    def opened(self, now: int) -> None:
        """The socket stands: subscribe to everything, within the venue's pace."""
        session = self.session
        self._become("open", "", now)
        self.opened_at = now
        session.last_received, session.sequence, session.silent = now, -1, False
        self.leaving = False
        self.outbox.clear()
        self.requests.clear()
        self.undoing.clear()
        self.refused.clear()
        session.channels.clear()
        self.next_ping = self.welcome_by = NOWHERE
        self.next_send = now + int(self.venue.limits.pause * SECOND)
        for pair in session.pairs.values():
            pair.subscribed = now
            if self.venue.first_trades_are_history:
                pair.trade_kind = b""
        if self.venue.welcomes:
            self.welcome_by = now + WELCOME_WITHIN
        else:
            self._begin(now)

    def _begin(self, now: int) -> None:
        """Subscribe to everything, and keep the connection awake from now on."""
        session, beat = self.session, self.venue.heartbeat
        self.welcome_by = NOWHERE
        self.next_ping = now + int(beat.every * SECOND) if beat.ping else NOWHERE
        for pair in session.pairs.values():
            self._await(pair, now)
        self._queue(self.venue.greeting(self.request + 1), [])
        natives = [pair.native for pair in session.pairs.values()]
        self._queue(self.venue.subscribe_market(self.channels, self.request + 1), natives)
        per_message = max(1, self.venue.limits.topics_per_message // len(self.channels))
        for at in range(0, len(natives), per_message):
            self._subscribe(natives[at : at + per_message])
        self.derivatives.begin(now)
        self._flush(now)

    def closed(self, reason: str, now: int) -> None:
        """The socket is gone, or never came to be: nothing is known any more; try again after a while."""
        for pair in self.session.pairs.values():
            pair.held.clear()
            pair.trades_since = pair.derivatives_since = 0
            if pair.carries_book:
                pair.lose(f"disconnected: {reason}" if pair.state == SYNCING else "disconnected", now)
            pair.step, pair.due = "", NOWHERE
        self.outbox.clear()
        self.derivatives.end()
        self.next_ping = NOWHERE
        self.reconnects += 1
        self.retry_at = now + self.backoff.after_failure()
        self._become("waiting", reason, now)

    def pinged(self, now: int) -> None:
        """The venue sent a PING frame: the connection lives."""
        self.session.last_received = now
        if self.session.silent:
            self.spoke_again(now)

    def spoke_again(self, now: int) -> None:
        """A frame after silence: what was withdrawn is good again, since nothing was missed on this socket."""
        self.session.silent = False
        self._become("open", "", now)
        for pair in self.session.pairs.values():
            pair.revive(now)

    def take_actions(self) -> list[Action]:
        """What is to be done, in order; they are handed out once."""
        taken, self.actions = self.actions, []
        return taken

    # -- time ------------------------------------------------------------------------------------------------

    def deadline(self) -> int:
        """When `timer` is due at the latest (ns)."""
        if self.state == "waiting":
            return self.retry_at
        if self.state not in ("open", "silent"):
            return NOWHERE
        first = min(self.next_ping, self.welcome_by, self._silence_at(), self._renewal_at())
        first = min(first, self.derivatives.next_due)
        if self.outbox:
            first = min(first, self.next_send)
        for pair in self.session.pairs.values():
            first = min(first, pair.due)
        return first

    def put_off(self, now: int) -> None:
        """A deadline that its timer left standing would fire for ever: count it and move on."""
        self.count("deadline left standing")
        self.next_ping = max(self.next_ping, now + SECOND)
        self.welcome_by = max(self.welcome_by, now + SECOND)
        self.next_send = max(self.next_send, now + SECOND)
        for pair in self.session.pairs.values():
            if pair.due <= now:
                pair.due = now + SECOND

    def timer(self, now: int) -> None:
        """Do what is due."""
        if self.state == "waiting":
            if now >= self.retry_at:
                self.start(now)
            return
        if self.state not in ("open", "silent"):
            return
        if now >= self.next_ping:
            self.next_ping = now + int(self.venue.heartbeat.every * SECOND)
            self._ping(now)
        if now >= self.welcome_by:
            self.welcome_by = NOWHERE
            self.actions.append(Close("no welcome"))
        self._flush(now)
        self.actions += self.derivatives.timer(now)
        if now >= self._silence_at():
            self._silence(now)
        if now >= self._renewal_at():
            self.leaving = True
            self.actions.append(Replace("end of the connection's life"))
        for pair in list(self.session.pairs.values()):
            if now >= pair.due:
                self._due(pair, now)

    def _ping(self, now: int) -> None:
        text = self.venue.heartbeat.ping
        if "{id}" in text:
            self.request += 1
            text = text.replace("{id}", str(self.request))
        self.actions.append(Send(timed(text, now)))

    def _silence_at(self) -> int:
        beats = 2 if self.session.silent else 1
        return int(self.session.last_received + int(self.venue.heartbeat.silent_after * SECOND) * beats)

    def _silence(self, now: int) -> None:
        if self.session.silent:
            self.session.last_received = now
            self.actions.append(Close("silent"))
            return
        self.session.silent = True
        self._become("silent", "no frame within the heartbeat", now)
        for pair in self.session.pairs.values():
            pair.withdraw(now)

    def _renewal_at(self) -> int:
        life = self.venue.limits.life
        return self.opened_at + int(life * RENEW_AT * SECOND) if life and not self.leaving else NOWHERE

    def _become(self, state: str, reason: str, now: int) -> None:
        self.state, self.reason, self.since = state, reason, now
        self.hurry(0)
        for callback in self.on_change:
            callback(self.session, now)

    # -- subscribing -----------------------------------------------------------------------------------------

    def control(self, frame: bytes, now: int) -> None:
        """A frame that is neither book nor trade: let the venue read it and act on what it says."""
        try:
            message = _decode(frame)
            if not isinstance(message, dict):
                self.count("control frame that is no object")
                return
            if self.session.discover is not None:
                self.note_depths(message)
            for one in self.venue.control(message):
                self._act(one, now)
        except Exception as failure:  # noqa: BLE001  # whatever a venue sends, only this frame is lost
            self.count(f"unreadable control frame: {type(failure).__name__}")

    def _act(self, said: Said, now: int) -> None:
        match said:
            case Accepted() if said.request in self.undoing:  # some call both an ack
                self._unsubscribed(said.request, said.symbol, now)
            case Accepted():
                self._accepted(said, now)
            case Welcomed():
                if self.welcome_by != NOWHERE:
                    self._begin(now)
            case Refused():
                self._refused(said, now)
            case Unsubscribed():
                named = self.session.forget_channel(said.number) if said.number else said.symbol
                self._unsubscribed(said.request, named, now)
            case Lost(symbol, why):
                for pair in self._named("", symbol):
                    pair.lose(why, now)
                    self.tend(pair, now)
            case Answer():
                self.actions.append(Send(said.text))
            case Leaving():
                self.count(f"notice: {said.why}")
                if not self.leaving:
                    self.leaving = True
                    self.actions.append(Replace(said.why))
            case Noted():
                self.count(said.what)

    def _accepted(self, said: Accepted, now: int) -> None:
        if said.number:
            kind = self.kind_of(said.channel.encode())
            self.session.name_channel(
                said.number, said.channel, said.symbol, Kind.IGNORED if kind is None else kind
            )
        for native in self.requests.get(said.request, ()) if said.only is not None else ():
            if native not in (said.only or ()):
                self._refused(Refused("left out of what the venue accepted", symbol=native), now)
        for pair in self._named(said.request, said.symbol):
            if said.depth:
                self.depths[pair.native] = said.depth
            if self.session.discover is None:
                self._begun(pair, now)

    def _begun(self, pair: Pair, now: int) -> None:
        """What a subscription brings beside the book is there from now on."""
        if pair.trades_since == 0 and pair.carries_trades:
            pair.trades_since = now
        if pair.derivatives_since == 0 and pair.carries_derivatives:
            pair.derivatives_since = now

    def _unsubscribed(self, request: str, symbol: str, now: int) -> None:
        for pair in self._named(request, symbol):
            if pair.step == "unsubscribing":
                self._again(pair, now)

    def _refused(self, said: Refused, now: int) -> None:
        if said.request in self.undoing:  # nothing stood that could be undone
            self._unsubscribed(said.request, said.symbol, now)
            return
        pairs = self.session.pairs.values()
        if said.symbol in self.gone and not self._named("", said.symbol):
            return  # what was let go does not stand on anybody else's account
        named = self._named("", said.symbol) or self._mentioned(said.why) or self._named(said.request, "")
        named = named or [pair for pair in pairs if not pair.loaded]
        self.count(f"refused: {said.why}")
        is_news = any(pair.step != "refused" for pair in named)
        for pair in named:
            pair.lose(f"refused: {said.why}", now)
            pair.step, pair.due = "refused", now + REFUSED_FOR
            self.hurry(pair.due)
        if self.venue.refuses_whole and is_news:
            asked = self._named(said.request, "") or [pair for pair in pairs if not pair.loaded]
            others = [pair.native for pair in asked if pair.step != "refused"]
            if others:
                self._subscribe(others)
                self._flush(now)

    def _mentioned(self, why: str) -> list[Pair]:
        """The pairs whose ids stand in what a venue says."""
        words = set(re.split(r"[\s,:;\"']+", why))
        return [pair for pair in self.session.pairs.values() if pair.native in words]

    def _named(self, request: str, symbol: str) -> list[Pair]:
        if symbol:
            pair = self.session.pairs.get(symbol.encode())
            return [pair] if pair is not None else []
        pairs = self.session.pairs
        return [
            pairs[native.encode()] for native in self.requests.get(request, ()) if native.encode() in pairs
        ]

    def sent(self, text: str) -> None:
        """A recorded frame of ours: it may tell the depth that was subscribed to."""
        try:
            message = _decode(text.encode())
        except msgspec.DecodeError:
            return
        if isinstance(message, dict):
            self.note_depths(message)

    def note_depths(self, message: dict[str, Any]) -> None:
        for native, depth in self.venue.depths_asked(message).items():
            self.depths[native] = depth
            if pair := self.session.pairs.get(native.encode()):
                pair.depth = depth

    def kind_of(self, word: bytes) -> int | None:
        """What the word in a frame's KIND slot means; None for one that only `Venue.control` can read."""
        text = word.decode("utf-8", "replace")
        for name, kind in self.venue.kinds.items():
            head, star, tail = name.partition("*")
            if name == text or (star and text.startswith(head) and text[len(head) :].endswith(tail)):
                return int(kind)
        return None

    def drop(self, pair: Pair, reason: str, now: int) -> None:
        """A pair leaves for good (it expired, or is no longer wanted); the others do not notice."""
        if pair.carries_book:
            pair.lose(reason, now)
        pair.step, pair.due = "", NOWHERE
        self.session.remove(pair)
        self.gone.add(pair.native)
        if self.state in ("open", "silent") and self.session.pairs:
            self._undo(pair, self.channels, now)

    # -- faults ----------------------------------------------------------------------------------------------

    def lose_all(self, reason: str, now: int) -> None:
        """Something was lost and nobody can say of whom: every book of the connection is suspect."""
        for pair in self.session.pairs.values():
            if not pair.carries_book:
                continue
            if pair.loaded:
                pair.count_gap()
            pair.lose(reason, now)
            if not pair.step or pair.step == "watch":
                self.tend(pair, now)

    def unreadable(self, pair: Pair | None, kind: int, unproven: bool, now: int) -> None:
        """A frame that is no JSON. A trade costs no book; a book's own sequence shows the loss at its next update."""
        self.count("malformed frame")
        if kind in (Kind.TRADE, Kind.HEARTBEAT, Kind.IGNORED):
            return
        if pair is not None:
            if pair.loaded and pair.joined:
                pair.count_gap()
                pair.lose("malformed", now)
                if not pair.step or pair.step == "watch":
                    self.tend(pair, now)
        elif unproven:
            self.lose_all("malformed", now)

    def repeated(self, scan: Scanner) -> None:
        """A frame that was there before: its books are told."""
        for record in range(scan.records):
            if scan.sides[record] and (pair := self.session.named(scan, record)) is not None:
                pair.count_dropped()
