"""Depth within bands around the mid: D_b(x) and D_a(x) of metrics.md 0.1, edges inclusive and exact."""

from __future__ import annotations

import array
from decimal import Decimal

import cython

from connectors.book import NOWHERE, Book

_NOWHERE = cython.declare(cython.longlong, NOWHERE)
_WHOLE = cython.declare(cython.longlong, 100_000_000)  # a basis point is 10,000 of these parts
_SAFE = cython.declare(cython.longlong, 40_000_000_000)  # times twice _WHOLE still fits 63 bits


@cython.cclass
class Bands:
    """Base and quote depth of both sides within each width (bps), after `bring(book)`.

    `defined`: there is a mid. `bid_known[k]`, `ask_known[k]`: the band lies within what is proven of the book.
    """

    def __init__(self, widths: tuple[object, ...]) -> None:
        self.widths, self.count = widths, len(widths)
        self.parts = array.array("q", [int(Decimal(str(width)) * 10_000) for width in widths])
        self.bid_base, self.bid_quote = (array.array("d", bytes(8 * len(widths))) for _ in range(2))
        self.ask_base, self.ask_quote = (array.array("d", bytes(8 * len(widths))) for _ in range(2))
        self.bid_known, self.ask_known = (array.array("b", bytes(len(widths))) for _ in range(2))
        self.version = -1
        self.seen = None

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def bring(self, book: Book) -> cython.int:
        """Bring the sums up to date with the book; nothing to do where no message came since."""
        k: cython.int
        wider: cython.bint
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
        for k in range(self.count):
            low = self.edge(twice, -self.parts[k], True)
            high = self.edge(twice, self.parts[k], False)
            self.bid_known[k] = low >= book.bid_floor
            self.ask_known[k] = high <= book.ask_ceiling
            wider = k > 0 and self.parts[k] >= self.parts[k - 1]
            book.bids.sum_to(-low, wider)
            self.bid_base[k] = book.bids.base
            self.bid_quote[k] = book.bids.quote
            book.asks.sum_to(high, wider)
            self.ask_base[k] = book.asks.base
            self.ask_quote[k] = book.asks.quote
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def edge(self, twice_mid: cython.longlong, part: cython.longlong, up: cython.bint) -> cython.longlong:
        """Mid * (1 + part/_WHOLE) as an integer price, rounded up or down: p >= edge (or <=) exactly as in 0.7."""
        product: cython.longlong
        edge: cython.longlong
        if 0 < twice_mid < _SAFE:
            product = twice_mid * (_WHOLE + part)
            edge = product // (2 * _WHOLE)
            return edge + 1 if up and edge * 2 * _WHOLE != product else edge
        exact: object = int(twice_mid) * (100_000_000 + int(part))
        return -(-exact // 200_000_000) if up else exact // 200_000_000
