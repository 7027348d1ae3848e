"""`trade_sweeps`: takers who went through several prices at once."""

from __future__ import annotations

import cython
from cython.cimports.service.metrics.declare import Metric

from .declare import Declaration, Metric, Unit


@cython.cclass
class TradeSweeps(Metric):
    """Number of times that prints of one taker side and one timestamp had two prices or more (metrics.md 2.4)."""

    declaration = Declaration(
        key="trade_sweeps",
        unit=Unit.COUNT,
        help="Times that takers of a side printed at two prices or more with one timestamp.",
        formula="n of timestamps with prints at >= 2 prices",
        source="metrics.md 2.4",
        by={"side": ("buy", "sell")},
        counter=True,
        prometheus="obi_trade_sweeps_total",
        group="trades",
        feed="trades",
    )
    times: list
    prices: list
    told_of: list
    sides: dict

    def prepare(self) -> None:
        self.times, self.prices, self.told_of = [-1, -1], [0.0, 0.0], [True, True]
        self.sides = {(1 if side == "buy" else 0): k for k, side in enumerate(self.param("side"))}

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
        k: cython.int = 1 if side > 0 else 0
        if side == 0 or k not in self.sides:
            return 0
        if self.times[k] != t:
            self.times[k], self.prices[k], self.told_of[k] = t, price, False
        elif not self.told_of[k] and self.prices[k] != price:
            self.told_of[k] = True
            self.row[self.at + cython.cast(cython.int, self.sides[k])] += 1
        return 0
