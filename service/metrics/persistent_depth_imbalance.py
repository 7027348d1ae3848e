"""`persistent_depth_imbalance`: which side has more that has stood for a while."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.standing import Standing

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric
from .standing import Standing

AGE = 3  # seconds


def standings(metric: Metric) -> list[Standing]:
    """What keeps the least sizes for each number of levels of a metric, and its `min_age` in seconds."""
    age, levels = float(metric.params.get("min_age", AGE)), metric.param("levels")
    if min(levels, default=1) < 1 or age < 0:
        raise ValueError(
            f"levels {levels}, min_age {age}: a number of levels is 1 or more, an age not below 0"
        )
    return [metric.context.shared(Standing, int(one), round(age * SECOND)) for one in levels]


@cython.cclass
class PersistentDepthImbalance(Metric):
    """Imbalance of the size that stood for tau without interruption at the best N levels, in [-1, 1].

    Of each of the best N prices the least size over [t - tau, t] counts: what could not be a flash of display. A level
    absent at any moment of it counts 0. NaN until tau after a sync, and where nothing stood (metrics.md 1.3).
    """

    declaration = Declaration(
        key="persistent_depth_imbalance",
        help="Bid minus ask size over their sum at the best levels, of what stood for 3 s; +1 is all bids.",
        formula="(P_b - P_a) / (P_b + P_a), P the sum over N levels of the least size in [t - tau, t]",
        source="metrics.md 1.3",
        sign="+ is more bids",
        reaches=True,
        changes=True,
        bounds=(-1, 1),
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
        at: cython.int = self.at
        for standing in self.kept:
            standing.bring(book, t)
            self.row[at] = NAN
            if standing.known and standing.bid + standing.ask > 0:
                self.row[at] = (standing.bid - standing.ask) / (standing.bid + standing.ask)
            at += 1
        return 0
