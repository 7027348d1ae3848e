"""`depth_imbalance`: which side has more within the best N levels."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingState

from connectors.book import Book

from .declare import SECOND, Declaration, Metric, stored
from .windows import RollingState

_SPAN = cython.declare(cython.longlong, 10 * SECOND)


@cython.cclass
class DepthImbalance(Metric):
    """(sum B_i - sum A_i) / (sum B_i + sum A_i) over the best N populated levels, in [-1, 1].

    Where a side has fewer levels those present count; where it has fewer than are proven, nothing is known.
    Source: Cartea, Donnelly & Jaimungal 2018 (metrics.md 1.3).
    """

    declaration = Declaration(
        key="depth_imbalance",
        help="Bid minus ask size over their sum within the best levels; +1 is all bids.",
        formula="(B_n - A_n) / (B_n + A_n)",
        top=True,
        source="Cartea, Donnelly & Jaimungal 2018; metrics.md 1.3",
        sign="+ is more bids",
        reaches=True,
        bounds=(-1, 1),
        by={"levels": (1, 5, 10, 20)},
        exported={"levels": (5, 10), "stat": ("last", "twa")},  # of one level it is the queue imbalance
        stats=True,
    )
    held: RollingState
    levels: cython.int[::1]
    count: cython.int

    def prepare(self) -> None:
        if min(self.param("levels"), default=1) < 1:
            raise ValueError(f"levels {self.param('levels')}: a number of levels is 1 or more")
        self.levels = stored("i", self.param("levels"))
        self.count = len(self.param("levels"))
        self.held = RollingState(10 * SECOND, self.count)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        levels: cython.int
        n: cython.int
        bids: cython.int = 0
        asks: cython.int = 0
        bid: cython.double = 0
        ask: cython.double = 0
        value: cython.double
        for k in range(self.count):
            levels = self.levels[k]
            if levels < bids or levels < asks:
                bids = asks = 0
                bid = ask = 0
            for n in range(bids, min(levels, book.bid_count)):  # each sum goes on where the one before ended
                bid += book.bid_size[n]
            for n in range(asks, min(levels, book.ask_count)):
                ask += book.ask_size[n]
            bids = min(levels, book.bid_count)
            asks = min(levels, book.ask_count)
            value = NAN
            if book.bid_count + book.ask_count > 0 and book.bids_reach(levels) and book.asks_reach(levels):
                value = (bid - ask) / (bid + ask)
            self.held.value[k] = value
            self.row[self.at + 4 * k] = value
        self.held.push(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        k: cython.int
        for k in range(self.count):
            self.held.value[k] = NAN
        self.held.push(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        enough: cython.bint = self.context.books.enough(_SPAN, t)
        if enough:
            self.held.summarise(t)
        for k in range(self.count):
            self.row[self.at + 4 * k + 1] = self.held.twa[k] if enough else NAN
            self.row[self.at + 4 * k + 2] = self.held.least[k] if enough else NAN
            self.row[self.at + 4 * k + 3] = self.held.most[k] if enough else NAN
        return 0
