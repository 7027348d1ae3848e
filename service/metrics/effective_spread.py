"""`effective_spread`: what takers paid around the mid, and what of it makers kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.markouts import Markouts

from connectors.book import Book
from connectors.errors import UsageError

from .declare import NAN, Declaration, Field, Metric, Unit
from .markouts import HORIZONS, WINDOW, Markouts

_BY = {"horizon": HORIZONS}


@cython.cclass
class EffectiveSpread(Metric):
    """ES = 2D(p - m)/m, RS = 2D(p - m_tau)/m, PI = 2D(m_tau - m)/m, D = +1 where the taker bought (metrics.md 2.6).

    m is the mid of the last state strictly before the print, m_tau the one in force tau later. Weighted by volume over the
    prints of 300 s; RS and PI over those that were made tau earlier, so that ES = RS + PI for each print. A print
    without a mid, then or now, does not count. RS < 0: makers lost. Source: Huang & Stoll 1996.
    """

    declaration = Declaration(
        key="effective_spread",
        fields=(
            Field("effective", Unit.RATIO, "obi_effective_spread_ratio", by={}),
            Field(
                "realized",
                Unit.RATIO,
                "obi_realized_spread_ratio",
                by=_BY,
                help="What makers kept of it after the horizon; below 0 they lost.",
            ),
            Field(
                "impact",
                Unit.RATIO,
                "obi_trade_impact_ratio",
                by=_BY,
                help="How far the mid went the taker's way within the horizon.",
            ),
        ),
        help="Twice the distance of prints from the mid just before them, over the mid, weighted by volume.",
        formula="ES = 2D(p-m)/m = RS + PI, RS = 2D(p-m_tau)/m, PI = 2D(m_tau-m)/m",
        source="Huang & Stoll 1996; metrics.md 2.6",
        sign="`realized` - is a loss of the makers, `impact` + is a mid that went the taker's way",
        exported={"horizon": (5, 30)},
        group="trades",
        feed="trades",
    )
    marks: Markouts
    driving: cython.bint

    def prepare(self) -> None:
        horizons = tuple(self.params.get("horizon", HORIZONS))
        self.marks = self.context.shared(Markouts, horizons, self.params.get("window", WINDOW))
        self.driving = self.marks.drives(self)

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
        return self.marks.traded(price, size, side, t) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        return self.marks.moved(self.context.mid, t) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        return self.marks.moved(NAN, t) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        h: cython.int
        volume: cython.double
        enough: cython.bint = self.context.trades.enough(self.marks.span, t)
        self.marks.bring(t)
        volume = self.marks.volume[0] + self.marks.volume[1]
        self.row[self.at] = (
            (self.marks.effective[0] + self.marks.effective[1]) / volume if enough and volume > 0 else NAN
        )
        for h in range(self.marks.horizons):
            self.row[self.at + 1 + h] = self.marks.mean(h, -1, 0) if enough else NAN
            self.row[self.at + 1 + self.marks.horizons + h] = self.marks.mean(h, -1, 1) if enough else NAN
        return 0


def effective(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: `trades` with side, price, size, mid and mid_later."""
    trades = inputs.get("trades")
    if not isinstance(trades, list):
        raise UsageError("trades is a list of {side, price, size, mid, mid_later}")
    sums = [0.0, 0.0, 0.0]
    matured = volume = 0.0
    for one in trades:
        price, size, mid = float(one["price"]), float(one["size"]), float(one["mid"])
        unit = 2 * {"buy": 1, "sell": -1}[one["side"]] / mid * size
        sums[0] += unit * (price - mid)
        volume += size
        if one.get("mid_later") is not None:
            later = float(one["mid_later"])
            sums[1] += unit * (price - later)
            sums[2] += unit * (later - mid)
            matured += size
    return {
        "effective": sums[0] / volume if volume > 0 else NAN,
        "realized": sums[1] / matured if matured > 0 else NAN,
        "impact": sums[2] / matured if matured > 0 else NAN,
    }


ANSWERS = {"effective_spread": effective}
