"""`algo_activity`: how long quotes live, the mark of machines that place and cancel."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import Declaration, Field, Metric, Unit
from .histogram import Histogram

LIFETIMES = (0.1, 0.5, 1.0, 5.0, 30.0)  # seconds
MOST = 200_000  # levels whose beginning is remembered
_SECOND = cython.declare(cython.double, 1e9)


@cython.cclass
class AlgoActivity(Metric):
    """Histogram of the time from a level's coming to its going, of levels that were seen to come (metrics.md 3.2).

    A level that leaves the view is not gone, and after a resync ages begin anew. The rate of changes and the share of
    fleeting volume are `book_messages` and `fleeting_volume_ratio`.
    """

    declaration = Declaration(
        key="algo_activity",
        fields=(
            Field(
                "lifetimes",
                Unit.SECONDS,
                "obi_level_lifetime_seconds",
                True,
                buckets=LIFETIMES,
                exported={"le": ("+Inf",)},
                help="Time from a level's coming to its going.",
            ),
        ),
        help="How long the levels of the book live.",
        formula="t(gone) - t(came)",
        source="metrics.md 3.2",
        group="surveillance",
        changes=True,
    )
    born: list
    lived: object

    def prepare(self) -> None:
        self.born = [{}, {}]  # price -> time, of bids and of asks
        self.lived = Histogram(LIFETIMES, self.cells, self.at)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        born: dict
        if self.context.changes.baseline:
            self._forget()
        for k in range(self.context.changes.count):
            born = self.born[self.context.changes.side[k]]
            if self.context.changes.new[k] == 0:
                came = born.pop(self.context.changes.price[k], None)
                if came is not None:
                    self.lived.observe((t - came) / _SECOND)
            elif self.context.changes.old[k] == 0:
                if len(born) >= MOST:  # levels that left the view are never told of again
                    born.clear()
                born[self.context.changes.price[k]] = t
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _forget(self) -> cython.int:
        self.born = [{}, {}]
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        return self._forget()
