"""`depth_ratio`: how many times the asks the bids are."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import log
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit, stored


@cython.cclass
class DepthRatio(Metric):
    """R = sum B_i / sum A_i over the best N levels, and ln R; undefined where either is 0 (metrics.md 1.4).

    depth_imbalance = tanh(ln(R) / 2).
    """

    declaration = Declaration(
        key="depth_ratio",
        fields=(
            Field("ratio", Unit.RATIO, help="Bid size over ask size within the best levels."),
            Field(
                "log",
                Unit.RATIO,
                "obi_depth_log_ratio",
                help="Logarithm of the depth ratio; above 0 is more bids.",
            ),
        ),
        help="Bid size over ask size within the best levels.",
        formula="R = B_n / A_n; ln R",
        top=True,
        source="metrics.md 1.4",
        sign="`log` + is more bids",
        reaches=True,
        by={"levels": (1, 5, 10, 20)},
        exported={"levels": (10,)},
    )
    levels: cython.int[::1]
    count: cython.int

    def prepare(self) -> None:
        if min(self.param("levels"), default=1) < 1:
            raise ValueError(f"levels {self.param('levels')}: a number of levels is 1 or more")
        self.levels = stored("i", self.param("levels"))
        self.count = len(self.param("levels"))

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
            if bid > 0 and ask > 0 and book.bids_reach(levels) and book.asks_reach(levels):
                self.row[self.at + k] = bid / ask
                self.row[self.at + self.count + k] = log(bid / ask)
            else:
                self.row[self.at + k] = NAN
                self.row[self.at + self.count + k] = NAN
        return 0
