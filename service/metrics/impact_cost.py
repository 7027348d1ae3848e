"""`impact_cost`: what a market order would pay beyond the mid, now."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.costs import Costs
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .costs import Costs
from .declare import Declaration, Field, Metric, Unit

NOTIONALS = (1_000, 10_000, 50_000, 100_000, 500_000, 1_000_000)
EXPORTED = (10_000, 100_000, 1_000_000)


@cython.cclass
class ImpactCost(Metric):
    """Cost of buying and of selling Q = notional / mid of base by walking the book, relative to the mid; without fees.

    c_buy = (P - m)/m, c_sell = (m - P)/m with P the mean price; at least half the spread. Where the book cannot fill
    Q the cost is NaN, and `fill_ratio` says how much it holds; where the rest lies beyond a limited view, nothing is
    known. Source: Irvine, Benston & Kandel 2000 (metrics.md 1.5).
    """

    declaration = Declaration(
        key="impact_cost",
        fields=(
            Field("ratio", Unit.RATIO, help="Mean price of a market order against the mid, relative to it."),
            Field(
                "fill_ratio",
                Unit.RATIO,
                "obi_fill_ratio",
                help="Share of a market order that the book could fill.",
                exported={"notional": (1_000_000,)},
            ),
            Field("avg_price", Unit.PRICE, "", help="Mean price of what the book could fill."),
        ),
        help="Cost of a market order against the mid, relative to it.",
        formula="c_buy = (P - m) / m, c_sell = (m - P) / m for Q = X / m",
        source="Irvine, Benston & Kandel 2000; metrics.md 1.5",
        reaches=True,
        by={"side": ("buy", "sell"), "notional": NOTIONALS},
        exported={"notional": EXPORTED},
        bounds=(0, None),
    )
    costs: Costs
    is_buy: list

    def prepare(self) -> None:
        self.costs = self.context.shared(Costs, self.param("notional"))
        self.is_buy = [side == "buy" for side in self.param("side")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        at: cython.int = self.at
        outputs: cython.int = self.costs.count * len(self.is_buy)
        self.costs.bring(book)
        for is_buy in self.is_buy:
            for k in range(self.costs.count):
                if is_buy:
                    self.row[at] = self.costs.buy[k]
                    self.row[at + outputs] = self.costs.buy_fill[k]
                    self.row[at + 2 * outputs] = self.costs.buy_price[k]
                else:
                    self.row[at] = self.costs.sell[k]
                    self.row[at + outputs] = self.costs.sell_fill[k]
                    self.row[at + 2 * outputs] = self.costs.sell_price[k]
                at += 1
        return 0
