"""Sequence rules: how an update joins a snapshot and how it follows the update before. Numbers in, verdict out.

A rule holds no state, so one instance serves every book of a venue. Ids that a venue does not send are -1.
`older` says that the message is not newer than the one applied last, by the venue's own time: an id that went
back on a newer message is a sequence that was broken or restarted, never a repetition.
"""

from __future__ import annotations

import cython

APPLY, SKIP, GAP, RESET = 0, 1, 2, 3  # RESET: the message starts a new book, whatever it calls itself
_APPLY = cython.declare(cython.int, APPLY)
_SKIP = cython.declare(cython.int, SKIP)
_GAP = cython.declare(cython.int, GAP)
_RESET = cython.declare(cython.int, RESET)


@cython.cclass
class Rule:
    """What a venue's update ids promise. The base class knows no ids: every update is applied.

    `overlaps`: a snapshot by REST stands only where the oldest of the held updates is not newer than it, since
    nothing else shows that no update is missing between the two.
    """

    scope = "symbol"
    detects = "nothing"
    overlaps = False

    @cython.ccall
    def whole(self, first: cython.longlong, last: cython.longlong) -> cython.bint:
        """Do an update's ids say that it is a whole book?"""
        return False

    @cython.ccall
    def join(
        self, image: cython.longlong, first: cython.longlong, last: cython.longlong, previous: cython.longlong
    ) -> cython.int:
        """May this update be the first after a snapshot with id `image`? GAP: the snapshot is too old.

        Where the venue documents no step of its own for it, the snapshot is an update like any other.
        """
        return self.follow(image, first, last, previous, True)

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        """May this update follow the one with id `at`?"""
        return _APPLY

    @cython.ccall
    def begins(self, previous: cython.longlong) -> cython.bint:
        """Does a change that names this id before it start a book from nothing?"""
        return False


@cython.cclass
class Unnumbered(Rule):
    """No ids at all (Kraken, Coinbase Exchange): a loss shows in a checksum or not at all."""


@cython.cclass
class Stamped(Rule):
    """`last` is a time that only grows (Bitstamp's microtimestamp): what is older is known, a loss is not seen."""

    overlaps = True

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if last < 0:
            return _GAP
        return _APPLY if last > at else _SKIP


@cython.cclass
class Overlapping(Rule):
    """`first` of the next is `last` of this, or lower; a whole book has `first` = `last` (Gemini)."""

    detects = "sequence gap"

    @cython.ccall
    def whole(self, first: cython.longlong, last: cython.longlong) -> cython.bint:
        return 0 <= first == last

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if last < 0 or first < 0:
            return _GAP
        if last <= at:
            return _SKIP if older else _GAP
        if first == last:
            return _RESET
        return _APPLY if first <= at else _GAP


@cython.cclass
class Contiguous(Rule):
    """`first` of the next is `last` of this plus one (Binance spot, steps 3 and 4 of its documented procedure)."""

    detects = "sequence gap"

    @cython.ccall
    def join(
        self, image: cython.longlong, first: cython.longlong, last: cython.longlong, previous: cython.longlong
    ) -> cython.int:
        if last < 0 or first < 0:
            return _GAP
        if image < 0:  # a listing so new that its snapshot is empty
            return _APPLY
        if last <= image:
            return _SKIP
        return _APPLY if first <= image + 1 else _GAP

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if last < 0 or first < 0:
            return _GAP
        if last <= at:
            return _SKIP if older else _GAP
        return _APPLY if first <= at + 1 else _GAP


@cython.cclass
class Consecutive(Contiguous):
    """`Contiguous` where a message may carry one id, which grows by one (HTX swaps, MEXC futures)."""

    @cython.ccall
    def join(
        self, image: cython.longlong, first: cython.longlong, last: cython.longlong, previous: cython.longlong
    ) -> cython.int:
        return Contiguous.join(self, image, last if first < 0 else first, last, previous)

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        return Contiguous.follow(self, at, last if first < 0 else first, last, previous, older)


@cython.cclass
class Linked(Rule):
    """`previous` of the next is `last` of this; ids jump (Binance futures, steps 3 to 5).

    Joining: the snapshot's id lies in [first, last], or `previous` is the snapshot's id.
    """

    detects = "sequence gap"

    @cython.ccall
    def join(
        self, image: cython.longlong, first: cython.longlong, last: cython.longlong, previous: cython.longlong
    ) -> cython.int:
        if last < 0 or first < 0:
            return _GAP
        if image < 0:  # a listing so new that its snapshot is empty
            return _APPLY
        if last < image:
            return _SKIP
        return _APPLY if first <= image or previous == image else _GAP

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if previous == at and last >= at:
            return _APPLY
        if 0 <= last <= at and older:
            return _SKIP
        return _GAP


@cython.cclass
class Stepping(Rule):
    """`last` grows by one from message to message, and that is all (Kraken Futures)."""

    detects = "sequence gap"

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if last == at + 1 and last >= 0:
            return _APPLY
        return _SKIP if 0 <= last <= at and older else _GAP


@cython.cclass
class Chained(Rule):
    """`previous` of the next is `last` of this, ids only rise; 0 before a change is the empty book (Deribit)."""

    detects = "sequence gap"

    @cython.ccall
    def begins(self, previous: cython.longlong) -> cython.bint:
        return previous == 0

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if previous == at and last > at:
            return _APPLY
        if 0 <= last <= at and older:
            return _SKIP
        return _RESET if previous == 0 and last > 0 else _GAP


@cython.cclass
class Resetting(Rule):
    """`previous` of the next is `last` of this, and `last` may legally fall back (OKX, steps 2 to 5).

    Recordings from before the ids were sent have none in any message: then only the checksum speaks.
    """

    detects = "sequence gap"

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if previous == at and (last >= 0 or at < 0):
            return _APPLY
        if 0 <= last <= at and older:
            return _SKIP
        return _GAP


@cython.cclass
class Counted(Rule):
    """`last` grows by one from message to message; 1 means the venue started over with a whole book (Bybit)."""

    detects = "sequence gap"

    @cython.ccall
    def follow(
        self,
        at: cython.longlong,
        first: cython.longlong,
        last: cython.longlong,
        previous: cython.longlong,
        older: cython.bint,
    ) -> cython.int:
        if last == at + 1:
            return _APPLY
        if last == 1:
            return _RESET
        if 0 <= last <= at and older:
            return _SKIP
        return _GAP
