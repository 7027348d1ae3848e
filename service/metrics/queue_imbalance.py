"""`queue_imbalance`: which side of the touch is longer."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingState

from connectors.book import Book

from .declare import SECOND, Declaration, Metric
from .windows import RollingState

_SPAN = cython.declare(cython.longlong, 10 * SECOND)


@cython.cclass
class QueueImbalance(Metric):
    """(B_1 - A_1) / (B_1 + A_1) in [-1, 1]; +1 where only bids are. Source: Gould & Bonart 2016 (metrics.md 1.3)."""

    declaration = Declaration(
        key="queue_imbalance",
        help="Best bid size minus best ask size over their sum; +1 is all bids.",
        formula="(B_1 - A_1) / (B_1 + A_1)",
        top=True,
        source="Gould & Bonart 2016; metrics.md 1.3",
        sign="+ is more bids",
        bounds=(-1, 1),
        stats=True,
    )
    held: RollingState

    def prepare(self) -> None:
        self.held = RollingState(10 * SECOND, 1)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        bid: cython.double = book.bid_size[0] if book.bid_count > 0 else 0
        ask: cython.double = book.ask_size[0] if book.ask_count > 0 else 0
        value: cython.double = (bid - ask) / (bid + ask) if book.bid_count + book.ask_count > 0 else NAN
        self.row[self.at] = value
        self.held.value[0] = value
        self.held.push(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.held.value[0] = NAN
        self.held.push(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        enough: cython.bint = self.context.books.enough(_SPAN, t)
        if enough:
            self.held.summarise(t)
        self.row[self.at + 1] = self.held.twa[0] if enough else NAN
        self.row[self.at + 2] = self.held.least[0] if enough else NAN
        self.row[self.at + 3] = self.held.most[0] if enough else NAN
        return 0
