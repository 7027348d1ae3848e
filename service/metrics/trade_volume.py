"""`trade_volume`: lossless counters of what was traded, for rates over any range."""

from __future__ import annotations

import cython
from cython.cimports.service.metrics.declare import Metric

from .declare import Declaration, Field, Metric, Unit

SIDES = {"side": ("buy", "sell")}


@cython.cclass
class TradeVolume(Metric):
    """Base volume, quote volume and number of prints by taker side since the start (metrics.md 0.6)."""

    declaration = Declaration(
        key="trade_volume",
        fields=(
            Field(
                "base",
                Unit.BASE,
                "obi_trade_volume_base_units_total",
                True,
                SIDES,
                "Base volume by taker side.",
            ),
            Field(
                "quote",
                Unit.QUOTE,
                "obi_trade_volume_quote_units_total",
                True,
                SIDES,
                "Quote volume by taker side.",
            ),
            Field("count", Unit.COUNT, "obi_trades_total", True, SIDES, "Prints by taker side."),
        ),
        help="What was traded since the start, by taker side.",
        formula="sum V, sum p V, n",
        fixed=("side",),
        source="metrics.md 0.6",
        group="trades",
        feed="trades",
    )

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
        at: cython.int = self.at + (0 if side > 0 else 1)
        if side != 0:
            if size == size:
                self.row[at] += size
                self.row[at + 2] += quote
            self.row[at + 4] += 1
        return 0
