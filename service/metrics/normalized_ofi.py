"""`normalized_ofi`: order flow imbalance of each level in units of the depth of the book."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.level_flow import LevelFlow

from connectors.book import Book
from connectors.sync import SNAPSHOT

from .declare import NAN, RESUMED, SECOND, Declaration, Metric
from .level_flow import LEVELS, LevelFlow

_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_RESUMED = cython.declare(cython.int, RESUMED)


@cython.cclass
class NormalizedOfi(Metric):
    """OFI^m / Q with one Q for all levels: the mean depth of M levels over the states of the window (metrics.md 2.2).

    Undefined without a message in the window. Source: Cont, Cucuringu & Zhang 2023, equations 1 and 2.
    """

    declaration = Declaration(
        key="normalized_ofi",
        help="Order flow imbalance at the m-th level over the mean depth of ten levels; + is buy pressure.",
        formula="OFI^m / Q, Q = mean over states and levels of (B_m + A_m)/2",
        source="Cont, Cucuringu & Zhang 2023, equations 1 and 2; metrics.md 2.2",
        sign="+ is buy pressure",
        by={"level": (1, 2, 3, 4, 5), "window": (10,)},
        exported={"level": (1,)},
        group="flow",
    )
    flow: LevelFlow
    driving: cython.bint
    span: cython.longlong
    shown: list

    def prepare(self) -> None:
        self.span = round(self.param("window")[0] * SECOND)
        self.shown = [int(level) - 1 for level in self.param("level")]
        levels = max(int(self.params.get("levels", LEVELS)), *self.shown, 0)
        if min(self.shown, default=0) < 0:
            raise ValueError(f"level {self.param('level')}: the best is 1")
        self.flow = self.context.shared(LevelFlow, levels, self.span)
        self.driving = self.flow.drives(self)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        return self.flow.update(book, kind == _SNAPSHOT, t) if self.driving and kind != _RESUMED else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.flow.lost()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        return self.flow.sample(t, whole) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        scale: cython.double
        self.flow.sums.expire(t)
        scale = self.flow.scale() if self.context.books.enough(self.span, t) else NAN
        for k in range(len(self.shown)):
            self.row[self.at + k] = self.flow.flow(self.shown[k]) / scale
        return 0
