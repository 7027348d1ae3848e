"""`trade_intensity`: how many prints a second, the newest counting most."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp2
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, Unit

_LN2 = cython.declare(cython.double, 0.6931471805599453)


@cython.cclass
class TradeIntensity(Metric):
    """(ln 2 / h) sum of 2^(-(t - t_i) / h) over the prints of a side, h = 10 s (metrics.md 2.4)."""

    declaration = Declaration(
        key="trade_intensity",
        unit=Unit.PER_SECOND,
        help="Prints a second by taker side, weighted so that one half-life (10 s) ago counts half.",
        formula="(ln 2 / h) sum 2^(-(t - t_i) / h)",
        source="metrics.md 2.4",
        bounds=(0, None),
        by={"side": ("buy", "sell")},
        group="trades",
        feed="trades",
    )
    half_life: cython.double
    buys: cython.double
    sells: cython.double
    last: cython.longlong
    buy_at: cython.int
    sell_at: cython.int

    def prepare(self) -> None:
        sides = self.param("side")
        self.buy_at = sides.index("buy") if "buy" in sides else -1
        self.sell_at = sides.index("sell") if "sell" in sides else -1
        self.half_life = self.params.get("half_life", 10.0) * SECOND
        self.buys = self.sells = 0.0
        self.last = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _fade(self, t: cython.longlong) -> cython.void:
        left: cython.double
        if t > self.last:
            left = exp2(-(t - self.last) / self.half_life) if self.last > 0 else 0
            self.buys *= left
            self.sells *= left
            self.last = t

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
        self._fade(t)
        if side > 0:
            self.buys += 1
        elif side < 0:
            self.sells += 1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        left: cython.double = exp2(-(t - self.last) / self.half_life) if t > self.last > 0 else 1.0
        unit: cython.double = (
            left * _LN2 / (self.half_life / 1e9)
        )  # reading changes nothing: a replay reads at other times
        known: cython.bint = self.context.trades.since >= 0 or self.context.trades.least == 0
        if self.buy_at >= 0:
            self.row[self.at + self.buy_at] = unit * self.buys if known else NAN
        if self.sell_at >= 0:
            self.row[self.at + self.sell_at] = unit * self.sells if known else NAN
        return 0
