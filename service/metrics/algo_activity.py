"""`algo_activity`: how long quotes live, the mark of machines that place and cancel."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.histogram import Histogram
from cython.cimports.service.metrics.prices import TimeByPrice

from connectors.book import Book

from .declare import Declaration, Field, Metric, Unit
from .histogram import Histogram
from .prices import TimeByPrice

LIFETIMES = (0.1, 0.5, 1.0, 5.0, 30.0)  # seconds
MOST = 200_000  # levels whose beginning is remembered
_MOST = cython.declare(cython.int, MOST)
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
    bids: TimeByPrice
    asks: TimeByPrice
    lived: Histogram

    def prepare(self) -> None:
        self.bids, self.asks = TimeByPrice(), TimeByPrice()  # when each level came
        self.lived = Histogram(LIFETIMES, self.cells, self.at)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        came: cython.longlong
        born: TimeByPrice
        if self.context.changes.baseline:
            self._forget()
        for k in range(self.context.changes.count):
            born = self.asks if self.context.changes.side[k] else self.bids
            if self.context.changes.new[k] == 0:
                came = born.pop(self.context.changes.price[k])
                if came >= 0:
                    self.lived.observe((t - came) / _SECOND)
            elif self.context.changes.old[k] == 0:
                if born.count >= _MOST:  # levels that left the view are never told of again
                    born.clear()
                born.put(self.context.changes.price[k], t)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _forget(self) -> cython.int:
        self.bids.clear()
        self.asks.clear()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        return self._forget()
