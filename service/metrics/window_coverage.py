"""`window_coverage`: how much of each window the feeds were there for."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import SECOND, Declaration, Metric


@cython.cclass
class WindowCoverage(Metric):
    """Share of the window during which the feed was synced; below 0.8 its window values are not shown (0.4)."""

    declaration = Declaration(
        key="window_coverage",
        help="Share of the window during which the feed was there; below 0.8 values of that window are not shown.",
        formula="covered time / W",
        fixed=("feed", "window"),
        source="metrics.md 0.4",
        bounds=(0, 1),
        by={"feed": ("book", "trades"), "window": (1, 10, 60)},
        exported={"window": (10, 60)},
        group="health",
        feed="health",
        lazy=True,
        prometheus="obi_window_coverage_ratio",
    )
    spans: list

    def prepare(self) -> None:
        self.spans = [round(window * SECOND) for window in self.param("window")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        count: cython.int = len(self.spans)
        for k in range(count):
            self.row[self.at + k] = self.context.books.share(self.spans[k], t)
            self.row[self.at + count + k] = self.context.trades.share(self.spans[k], t)
        return 0
