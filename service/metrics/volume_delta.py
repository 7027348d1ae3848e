"""`volume_delta`: how much more takers bought than sold."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, Unit, stored
from .windows import RollingSums


@cython.cclass
class VolumeDelta(Metric):
    """V_buy - V_sell in base units within the window; 0 without trades (metrics.md 2.4)."""

    declaration = Declaration(
        key="volume_delta",
        unit=Unit.BASE,
        help="Base volume that takers bought minus what they sold within the window; + is buy pressure.",
        formula="V_buy - V_sell",
        source="metrics.md 2.4",
        sign="+ is more bought by takers",
        by={"window": (1, 10, 60)},
        exported={"window": (10, 60)},  # the counters of volume have the rest
        group="trades",
        feed="trades",
    )
    sums: RollingSums
    spans: cython.longlong[::1]
    windows: cython.int

    def prepare(self) -> None:
        spans = [round(window * SECOND) for window in self.param("window")]
        self.spans, self.windows = stored("q", spans), len(spans)
        self.sums = RollingSums(spans, 1)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        self.sums.value[0] = size * side
        return self.sums.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        self.sums.expire(t)
        for k in range(self.windows):
            self.row[self.at + k] = (
                self.sums.total(k, 0) if self.context.trades.enough(self.spans[k], t) else NAN
            )
        return 0
