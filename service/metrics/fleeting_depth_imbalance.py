"""`fleeting_depth_imbalance`: how much of the imbalance is display that has not stood yet."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.standing import Standing

from connectors.book import Book

from .declare import NAN, Declaration, Metric
from .persistent_depth_imbalance import standings
from .standing import Standing


@cython.cclass
class FleetingDepthImbalance(Metric):
    """depth_imbalance - persistent_depth_imbalance at the best N levels, in [-2, 2].

    Large: the book leans to a side by size that has not stood for tau. NaN where the persistent part is (metrics.md 1.3).
    """

    declaration = Declaration(
        key="fleeting_depth_imbalance",
        help="Imbalance of the best levels minus that of what stood for 3 s; far from 0 the display is fresh.",
        formula="depth_imbalance_N - persistent_depth_imbalance_N",
        source="metrics.md 1.3",
        sign="+ is more of the young size among the bids",
        reaches=True,
        changes=True,
        bounds=(-2, 2),
        by={"levels": (10,)},
    )
    kept: list

    def prepare(self) -> None:
        self.kept = standings(self)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        standing: Standing
        for standing in self.kept:
            standing.note(book, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        standing: Standing
        for standing in self.kept:
            standing.lost()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        standing: Standing
        bid: cython.double
        ask: cython.double
        at: cython.int = self.at
        for standing in self.kept:
            standing.bring(book, t)
            bid = book.bid_sum(standing.levels)
            ask = book.ask_sum(standing.levels)
            self.row[at] = NAN
            if standing.known and standing.bid + standing.ask > 0:
                self.row[at] = (bid - ask) / (bid + ask) - (standing.bid - standing.ask) / (
                    standing.bid + standing.ask
                )
            at += 1
        return 0
