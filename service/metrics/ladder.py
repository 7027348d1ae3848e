"""The levels within a band around the mid, one by one, copied once for all metrics that look at their shape."""

from __future__ import annotations

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.connectors.book import Book
from cython.cimports.libc.stdlib import free
from cython.cimports.service.metrics.bands import Bands

from connectors.book import Book

from .bands import Bands

SIDES = ("bid", "ask")


@cython.cclass
class Ladder:
    """After `bring(book)`, of side s (0 bid, 1 ask): `count[s]` levels, best first, `size[s][k]` base at `price[s][k]`.

    `defined`: there is a mid, `mid`. `known[s]`: the band lies within what is proven of the book. `more[s]`: a level
    follows the band's last one, at index `count[s]`; `next_known[s]`: whether one does, and which, is proven too.
    """

    def __init__(self, context: object, width: object) -> None:
        """`width` in basis points."""
        self.bands = Bands((width,))
        self.version = -1
        self.seen = None
        self._grow(64)

    def __dealloc__(self) -> None:
        free(self.price[0])
        free(self.price[1])
        free(self.size[0])
        free(self.size[1])

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self, room: cython.int) -> cython.int:
        s: cython.int
        for s in range(2):
            self.price[s] = cython.cast(cython.p_double, resized(self.price[s], room * 8))
            self.size[s] = cython.cast(cython.p_double, resized(self.size[s], room * 8))
        self.room = room
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def bring(self, book: Book) -> cython.int:
        """Bring the levels up to date with the book; nothing to do where no message came since."""
        twice: cython.longlong
        low: cython.longlong
        high: cython.longlong
        if book is self.seen and book.version == self.version:
            return 0
        self.seen = book
        self.version = book.version
        self.defined = book.bids.count > 0 and book.asks.count > 0 and not book.crossed()
        if not self.defined:
            return 0
        twice = book.asks.best() - book.bids.best()  # a bid's key is the negative of its price
        self.mid = twice / (2 * book.asks.price_unit)
        low = self.bands.edge(twice, -self.bands.parts[0], True)
        high = self.bands.edge(twice, self.bands.parts[0], False)
        self.count[0] = book.bids.copied(-low, self.room, self.price[0], self.size[0])
        self.count[1] = book.asks.copied(high, self.room, self.price[1], self.size[1])
        if self.count[0] > self.room or self.count[1] > self.room:
            self._grow(2 * max(self.count[0], self.count[1]))
            book.bids.copied(-low, self.room, self.price[0], self.size[0])
            book.asks.copied(high, self.room, self.price[1], self.size[1])
        self.more[0] = book.bids.passed > -low
        self.more[1] = book.asks.passed > high
        self.count[0] -= self.more[0]
        self.count[1] -= self.more[1]
        self.known[0] = low >= book.bid_floor
        self.known[1] = high <= book.ask_ceiling
        self.next_known[0] = -book.bids.passed >= book.bid_floor if self.more[0] else not book.limits_bids()
        self.next_known[1] = book.asks.passed <= book.ask_ceiling if self.more[1] else not book.limits_asks()
        return 0
