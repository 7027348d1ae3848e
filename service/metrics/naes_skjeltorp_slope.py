"""`naes_skjeltorp_slope`: the elasticity of depth to price, averaged over the levels."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import fabs, log
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit
from .ladder import SIDES


@cython.cclass
class NaesSkjeltorpSlope(Metric):
    """(1/N) [v_1 / |p_1/m - 1| + sum_k (v_{k+1}/v_k - 1) / |p_{k+1}/p_k - 1|] over the best N levels of a side.

    v_k is the logarithm of the quote notional down to level k: the published form takes shares, but base units below 1
    would make the logarithm negative. `levels` (20) bounds N; a side that has fewer counts with those present.
    Source: Naes & Skjeltorp 2006 (metrics.md 1.4).
    """

    declaration = Declaration(
        key="naes_skjeltorp_slope",
        unit=Unit.COUNT,
        help="Mean elasticity of the logarithm of cumulative notional to price over the best levels of a side.",
        formula="(1/N) [v_1 / |p_1/m - 1| + sum_k (v_{k+1}/v_k - 1) / |p_{k+1}/p_k - 1|]",
        source="Naes & Skjeltorp 2006; metrics.md 1.4",
        reaches=True,
        by={"side": SIDES},
    )
    levels: cython.int
    is_bid: list

    def prepare(self) -> None:
        self.levels = int(self.params.get("levels", 20))
        if self.levels < 1:
            raise ValueError(f"levels {self.levels}: a number of levels is 1 or more")
        self.is_bid = [side == "bid" for side in self.param("side")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        at: cython.int = self.at
        for is_bid in self.is_bid:
            if is_bid:
                self.row[at] = (
                    self._slope(book.bid_price, book.bid_size, book.bid_count)
                    if book.bids_reach(self.levels)
                    else NAN
                )
            else:
                self.row[at] = (
                    self._slope(book.ask_price, book.ask_size, book.ask_count)
                    if book.asks_reach(self.levels)
                    else NAN
                )
            at += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _slope(self, price: cython.double[::1], size: cython.double[::1], count: cython.int) -> cython.double:
        k: cython.int
        levels: cython.int = count if count < self.levels else self.levels
        mid: cython.double = self.context.mid
        notional: cython.double
        before: cython.double
        v: cython.double
        slope: cython.double
        if levels == 0 or mid != mid:
            return NAN
        notional = price[0] * size[0]
        v = log(notional)
        slope = v / fabs(price[0] / mid - 1)
        for k in range(1, levels):
            before = v
            notional += price[k] * size[k]
            v = log(notional)
            if before == 0:
                return NAN
            slope += (v / before - 1) / fabs(price[k] / price[k - 1] - 1)
        return slope / levels
