"""`impact_cost_imbalance`: which way a market order is dearer."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.costs import Costs
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .costs import Costs
from .declare import Declaration, Metric
from .impact_cost import NOTIONALS


@cython.cclass
class ImpactCostImbalance(Metric):
    """(c_buy - c_sell) / (c_buy + c_sell) in [-1, 1]; above 0 buying is dearer, so bids are deeper: buy pressure.

    NaN unless both sides can fill the quantity (metrics.md 1.5).
    """

    declaration = Declaration(
        key="impact_cost_imbalance",
        help="Cost of buying minus that of selling over their sum; above 0 buying is dearer.",
        formula="(c_buy - c_sell) / (c_buy + c_sell)",
        source="metrics.md 1.5",
        sign="+ is buying dearer than selling: bids deeper",
        reaches=True,
        bounds=(-1, 1),
        by={"notional": NOTIONALS},
        exported={"notional": (100_000,)},
    )
    costs: Costs

    def prepare(self) -> None:
        self.costs = self.context.shared(Costs, self.param("notional"))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        buy: cython.double
        sell: cython.double
        self.costs.bring(book)
        for k in range(self.costs.count):
            buy = self.costs.buy[k]
            sell = self.costs.sell[k]
            self.row[self.at + k] = (buy - sell) / (buy + sell)
        return 0
