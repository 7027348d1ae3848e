"""`effective_spread`: what takers paid around the mid, and what of it makers kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book
from connectors.errors import UsageError

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .windows import RollingSums

_SPAN = cython.declare(cython.longlong, 300 * SECOND)
HORIZONS = {"horizon": (1, 5, 30, 60)}


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
                by=HORIZONS,
                help="What makers kept of it after the horizon; below 0 they lost.",
            ),
            Field(
                "impact",
                Unit.RATIO,
                "obi_trade_impact_ratio",
                by=HORIZONS,
                help="How far the mid went the taker's way within the horizon.",
            ),
        ),
        help="Twice the distance of prints from the mid just before them, over the mid, weighted by volume.",
        formula="ES = 2D(p-m)/m = RS + PI, RS = 2D(p-m_tau)/m, PI = 2D(m_tau-m)/m",
        source="Huang & Stoll 1996; metrics.md 2.6",
        exported={"horizon": (5, 30)},
        group="trades",
        feed="trades",
    )
    sums: RollingSums
    later: list
    spans: cython.longlong[::1]
    horizons: cython.int
    span: cython.longlong
    width: cython.longlong
    # prints that wait for their mids, oldest first; `due` is the first that waits for a horizon
    capacity: cython.longlong
    head: cython.longlong
    tail: cython.longlong
    due: cython.longlong[::1]
    times: cython.p_longlong
    signs: cython.p_double
    prices: cython.p_double
    sizes: cython.p_double
    mids: cython.p_double
    last_mid: cython.double

    def prepare(self) -> None:
        horizons = self.params.get("horizon", HORIZONS["horizon"])
        self.spans, self.horizons = stored("q", [round(one * SECOND) for one in horizons]), len(horizons)
        self.span = round(self.params.get("window", 300) * SECOND)
        self.width = 1 if "window" in self.params or self.context.trades.least == 0 else SECOND // 10
        self.sums = RollingSums([self.span], 2)
        self.later = [RollingSums([self.span], 3) for _ in horizons]
        self.due = stored("q", [0] * len(horizons))
        self.head = self.tail = 0
        self.capacity = 64
        self.times = cython.cast(cython.p_longlong, calloc(64, 8))
        self.signs = cython.cast(cython.p_double, calloc(64, 8))
        self.prices = cython.cast(cython.p_double, calloc(64, 8))
        self.sizes = cython.cast(cython.p_double, calloc(64, 8))
        self.mids = cython.cast(cython.p_double, calloc(64, 8))
        self.last_mid = NAN

    def __dealloc__(self) -> None:
        free(self.times)
        free(self.signs)
        free(self.prices)
        free(self.sizes)
        free(self.mids)

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
        k: cython.longlong
        mid: cython.double = self.context.mid_before(t)
        self._mature(t)
        if side == 0 or not size > 0 or not mid > 0:
            return 0
        if self.head - self.tail == self.capacity:
            self._grow()
        k = self.head & (self.capacity - 1)
        self.times[k] = t
        self.signs[k] = side
        self.prices[k] = price
        self.sizes[k] = size
        self.mids[k] = mid
        self.head += 1
        self.sums.value[0] = size * 2 * side * (price - mid) / mid
        self.sums.value[1] = size
        return self.sums.gather(t // self.width * self.width)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        self._mature(t)
        self.last_mid = self.context.mid
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self._mature(t)
        self.last_mid = NAN
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _mature(self, t: cython.longlong) -> cython.int:
        """Prints whose horizon ended before t: the mid that was in force until now is theirs."""
        h: cython.int
        oldest: cython.longlong = self.head
        for h in range(self.horizons):
            while (
                self.due[h] < self.head and self.times[self.due[h] & (self.capacity - 1)] + self.spans[h] < t
            ):
                self._matured(h, self.due[h] & (self.capacity - 1))
                self.due[h] += 1
            if self.due[h] < oldest:
                oldest = self.due[h]
        self.tail = oldest
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _matured(self, h: cython.int, k: cython.longlong) -> cython.int:
        sums: RollingSums = self.later[h]
        unit: cython.double = 2 * self.signs[k] / self.mids[k] * self.sizes[k]
        if not self.last_mid > 0:
            return 0
        sums.value[0] = unit * (self.prices[k] - self.last_mid)
        sums.value[1] = unit * (self.last_mid - self.mids[k])
        sums.value[2] = self.sizes[k]
        return sums.gather(self.times[k] // self.width * self.width)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        h: cython.int
        n: cython.longlong
        k: cython.longlong
        unit: cython.double
        realized: cython.double
        impact: cython.double
        volume: cython.double
        sums: RollingSums
        enough: cython.bint = self.context.trades.enough(self.span, t)
        self.sums.expire(t)
        volume = self.sums.total(0, 1)
        self.row[self.at] = self.sums.total(0, 0) / volume if enough and volume > 0 else NAN
        for h in range(self.horizons):
            sums = self.later[h]
            sums.expire(t)
            realized = sums.total(0, 0)
            impact = sums.total(0, 1)
            volume = sums.total(0, 2)
            n = self.due[
                h
            ]  # what is due by now counts, but stays: a message of this very time may still come
            while n < self.head and self.last_mid > 0:
                k = n & (self.capacity - 1)
                if self.times[k] + self.spans[h] > t:
                    break
                if self.times[k] > t - self.span:
                    unit = 2 * self.signs[k] / self.mids[k] * self.sizes[k]
                    realized += unit * (self.prices[k] - self.last_mid)
                    impact += unit * (self.last_mid - self.mids[k])
                    volume += self.sizes[k]
                n += 1
            self.row[self.at + 1 + h] = realized / volume if enough and volume > 0 else NAN
            self.row[self.at + 1 + self.horizons + h] = impact / volume if enough and volume > 0 else NAN
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        n: cython.longlong
        k: cython.longlong
        to: cython.longlong
        new: cython.longlong = 2 * self.capacity
        times: cython.p_longlong = cython.cast(cython.p_longlong, calloc(new, 8))
        signs: cython.p_double = cython.cast(cython.p_double, calloc(new, 8))
        prices: cython.p_double = cython.cast(cython.p_double, calloc(new, 8))
        sizes: cython.p_double = cython.cast(cython.p_double, calloc(new, 8))
        mids: cython.p_double = cython.cast(cython.p_double, calloc(new, 8))
        for n in range(self.tail, self.head):
            k = n & (self.capacity - 1)
            to = n & (new - 1)
            times[to] = self.times[k]
            signs[to] = self.signs[k]
            prices[to] = self.prices[k]
            sizes[to] = self.sizes[k]
            mids[to] = self.mids[k]
        free(self.times)
        free(self.signs)
        free(self.prices)
        free(self.sizes)
        free(self.mids)
        self.times = times
        self.signs = signs
        self.prices = prices
        self.sizes = sizes
        self.mids = mids
        self.capacity = new
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
