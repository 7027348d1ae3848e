"""`trade_flow_imbalance`: who traded more, takers who bought or takers who sold."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .windows import RollingSums


@cython.cclass
class TradeFlowImbalance(Metric):
    """(V_buy - V_sell) / (V_buy + V_sell) in base, and the same of numbers of prints; undefined without trades.

    Source: metrics.md 2.4.
    """

    declaration = Declaration(
        key="trade_flow_imbalance",
        fields=(
            Field("ratio", Unit.RATIO, "obi_trade_flow_imbalance_ratio"),
            Field(
                "count_ratio",
                Unit.RATIO,
                "obi_trade_flow_imbalance_count_ratio",
                help="The same of numbers of prints.",
                exported={"window": (10,)},
            ),
        ),
        help="Taker buys minus taker sells over their sum within the window; +1 is all buying.",
        formula="(V_buy - V_sell) / (V_buy + V_sell)",
        source="metrics.md 2.4",
        sign="+ is more bought by takers",
        bounds=(-1, 1),
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
        self.sums = RollingSums(spans, 4)

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
        self.sums.value[0] = size if side > 0 else 0
        self.sums.value[1] = size if side < 0 else 0
        self.sums.value[2] = side > 0
        self.sums.value[3] = side < 0
        return self.sums.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        enough: cython.bint
        buys: cython.double
        sells: cython.double
        self.sums.expire(t)
        for k in range(self.windows):
            enough = (
                self.context.trades.enough(self.spans[k], t)
                and self.sums.total(k, 2) + self.sums.total(k, 3) > 0
            )
            buys = self.sums.total(k, 0)
            sells = self.sums.total(k, 1)
            self.row[self.at + k] = (buys - sells) / (buys + sells) if enough and buys + sells > 0 else NAN
            buys = self.sums.total(k, 2)
            sells = self.sums.total(k, 3)
            self.row[self.at + self.windows + k] = (buys - sells) / (buys + sells) if enough else NAN
        return 0
