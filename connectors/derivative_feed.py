"""Brings what a connection tells of derivatives to the pairs it is of, and asks by REST for what no socket tells.

One of these belongs to each session. Time is an argument; what is to be asked for goes to the session's actions. What
is told by REST holds for three rounds, what comes on a socket for as long as the connection does; shares of longs have a
period of their own, by which they age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from .actions import Action, Fetch
from .backoff import SECOND
from .book import NOWHERE
from .derivatives import Complete, Derivative, DerivativeTicker, Poll, Position
from .instruments import Market
from .sync import Pair
from .venue import OF_DERIVATIVES, Venue

if TYPE_CHECKING:
    from .session import Session

LASTS_ON_SOCKET = 300 * SECOND  # a channel that is pushed each minute at the least
ROUNDS = 3  # of a poll that may fail before what it told is withdrawn
ANSWER_WITHIN = 600 * SECOND  # the driver always answers, though it may have to wait for the weights
BEFORE = 10 * SECOND  # a liquidation older than its subscription by more is history

_decode = msgspec.json.Decoder().decode


class DerivativeFeed:
    """The derivative side of one session."""

    def __init__(self, session: Session, venue: Venue, count: Callable[[str], None]) -> None:
        self.session, self.venue, self.count = session, venue, count
        self.due: dict[tuple[Poll, str], int] = {}
        self.asked: dict[tuple[Poll, str], int] = {}
        self.next_due = NOWHERE
        self.by_index = type(venue).index_of is not Venue.index_of

    # -- what comes on the socket ----------------------------------------------------------------------------

    def read(self, frame: bytes, kind: str, symbol: str, now: int) -> None:
        """A frame of Kind.DERIVATIVE. What cannot be read is counted, and only that frame is lost."""
        self._read(lambda: self.venue.read_derivatives(_decode(frame), kind, symbol), LASTS_ON_SOCKET, now)

    def _read(self, read: Callable[[], Iterable[Derivative]], lasts: int, now: int) -> None:
        try:
            for one in read():
                self._tell(one, lasts, now)
        except Exception as failure:  # noqa: BLE001  # whatever a venue sends, only this message is lost
            self.count(f"unreadable derivative message: {type(failure).__name__}")

    def _tell(self, told: Derivative, lasts: int, now: int) -> None:
        pair = self.session.pairs.get(told.symbol.encode())
        if pair is not None and not pair.carries_book:
            self.session.keeper.went_live()  # where no book can, this shows that the connection serves
        if isinstance(told, DerivativeTicker):
            for one in self._of_index(told.symbol) if pair is None else (pair,):
                one.stated(told, lasts, now)
        elif pair is None:
            return  # feeds of a whole market tell of all its symbols
        elif 0 < told.t < pair.subscribed - BEFORE:
            self.count("liquidation from before the subscription")
        else:
            side = -1 if told.closed is Position.LONG else 1
            pair.liquidation(told.price, told.size, side, told.t or now, now)

    def _of_index(self, name: str) -> list[Pair]:
        """The pairs that are measured by an index of this name. Lists name hundreds of symbols that are not ours."""
        if not self.by_index:
            return []
        index_of = self.venue.index_of
        return [pair for pair in self.session.pairs.values() if index_of(pair.native) == name]

    # -- what has to be asked for ----------------------------------------------------------------------------

    def begin(self, now: int) -> None:
        """The connection stands: spread the questions over the first round."""
        self.due.clear()
        if OF_DERIVATIVES.isdisjoint(self.session.keeper.channels):
            return
        for poll in self.venue.polls:
            symbols = self._symbols(poll)
            for at, symbol in enumerate(symbols):
                self.due[poll, symbol] = now + self.every(poll) * at // len(symbols)
        self._next()

    def end(self) -> None:
        """The connection is gone; nothing is asked until it is back."""
        self.due.clear()
        self.next_due = NOWHERE

    def _symbols(self, poll: Poll) -> list[str]:
        if "{symbol}" not in poll.path:
            return [""]
        asked = [
            pair.native
            for pair in self.session.pairs.values()
            if not poll.perpetual or pair.instrument.market is Market.PERP
        ]
        return list(dict.fromkeys(map(self.venue.index_of, asked))) if poll.by_index else asked

    def every(self, poll: Poll) -> int:
        """Between two questions of one symbol (ns): as declared, longer where that would take a tenth of the weights."""
        weight = poll.weight * len(self._symbols(poll))
        return int(max(poll.every, weight * 600 / self.venue.limits.weight_per_minute) * SECOND)

    def _next(self) -> None:
        self.next_due = min(self.due.values(), default=NOWHERE)

    def timer(self, now: int) -> Iterator[Action]:
        """What is to be asked now; a question that is still open is not asked again."""
        if now < self.next_due:
            return
        for (poll, symbol), due in list(self.due.items()):
            if now < due:
                continue
            if symbol and symbol not in self._symbols(poll):
                del self.due[poll, symbol]
                continue
            self.due[poll, symbol] = max(due + self.every(poll), now + SECOND)
            if now - self.asked.get((poll, symbol), -ANSWER_WITHIN) >= ANSWER_WITHIN:
                self.asked[poll, symbol] = now
                path = poll.path.format(symbol=symbol) if symbol else poll.path
                yield Fetch((poll.path, symbol), path, poll.weight, spare=True)
        self._next()

    def answered(self, path: str, symbol: str, status: int, body: bytes, now: int) -> None:
        """The answer to one of the `polls`, whose path template is `path`."""
        poll = next((one for one in self.venue.polls if one.path == path), None)
        if poll is None:
            return
        self.asked.pop((poll, symbol), None)
        if status != 200:
            self.count(f"poll failed: http {status}")
            return
        self._read(
            lambda: self.venue.read_poll(poll, _decode(body), symbol), self.every(poll) * ROUNDS + BEFORE, now
        )


def tells_all(venue: Any) -> float:
    """1 where a venue tells of all liquidations, 0 of a sample; NaN where it tells of none."""
    declared = venue.derivatives
    if declared is None or declared.liquidations is Complete.NONE:
        return float("nan")
    return float(declared.liquidations is Complete.ALL)
