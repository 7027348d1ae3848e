"""`round_trip_cost`: what buying and at once selling again would cost."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.costs import Costs
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .costs import Costs
from .declare import Declaration, Metric
from .impact_cost import EXPORTED, NOTIONALS


@cython.cclass
class RoundTripCost(Metric):
    """c_buy + c_sell for one quantity Q = notional / mid: the Xetra Liquidity Measure, which is 10^4 times it in bp.

    At least s/m, and equal to it while Q fits the touch on both sides. `fee` (0) is the taker's, paid twice.
    NaN unless both sides can fill Q. Source: Deutsche Boerse, Xetra Liquidity Measure (metrics.md 1.5).
    """

    declaration = Declaration(
        key="round_trip_cost",
        help="Cost of buying and selling the same quantity at once, relative to the mid.",
        formula="c_buy + c_sell (+ 2 fee)",
        source="Deutsche Boerse, Xetra Liquidity Measure; metrics.md 1.5",
        reaches=True,
        by={"notional": NOTIONALS},
        exported={"notional": EXPORTED},
    )
    costs: Costs
    fees: cython.double

    def prepare(self) -> None:
        self.costs = self.context.shared(Costs, self.param("notional"))
        self.fees = 2 * float(self.params.get("fee", 0))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        self.costs.bring(book)
        for k in range(self.costs.count):
            self.row[self.at + k] = self.costs.buy[k] + self.costs.sell[k] + self.fees
        return 0
