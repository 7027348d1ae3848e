"""`roll_spread`: the spread that the bounce of trade prices tells of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit, stored
from .rolling import numbers

LAST = 300
_LAST = cython.declare(cython.int, LAST)


@cython.cfunc
@cython.exceptval(check=False)
def _roll(prices: cython.double[::1], count: cython.int, first: cython.int) -> cython.double:
    """2 sqrt(-covariance of successive changes) of `count` prices in a ring from `first` on; NaN where it is >= 0."""
    k: cython.int
    n: cython.int = count - 2  # pairs of neighbouring changes
    size: cython.int = prices.shape[0]
    x: cython.double
    y: cython.double
    mean_x: cython.double = 0
    mean_y: cython.double = 0
    sum: cython.double = 0
    if n < 2:
        return NAN
    mean_x = (prices[(first + n) % size] - prices[first % size]) / n
    mean_y = (prices[(first + n + 1) % size] - prices[(first + 1) % size]) / n
    for k in range(n):
        x = prices[(first + k + 1) % size] - prices[(first + k) % size]
        y = prices[(first + k + 2) % size] - prices[(first + k + 1) % size]
        sum += (x - mean_x) * (y - mean_y)
    return 2 * math.sqrt(-sum / (n - 1)) if sum < 0 else NAN


@cython.cclass
class RollSpread(Metric):
    """2 sqrt(-gamma), gamma the sample covariance of successive changes of the last 300 trade prices (metrics.md 2.6).

    Each series of changes has its own mean, and the divisor is n - 1. Undefined where gamma >= 0. Source: Roll 1984.
    """

    declaration = Declaration(
        key="roll_spread",
        unit=Unit.PRICE,
        help="Spread implied by the bounce of the last 300 trade prices.",
        formula="2 sqrt(-cov(dP_t, dP_t-1))",
        source="Roll 1984; metrics.md 2.6",
        bounds=(0, None),
        group="trades",
        feed="trades",
    )
    prices: cython.double[::1]
    count: cython.longlong
    seen: cython.longlong

    def prepare(self) -> None:
        self.prices = stored("d", [0.0] * LAST)
        self.count, self.seen = 0, -1

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
        self.prices[self.count % _LAST] = price
        self.count += 1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        known: cython.int
        if self.count == self.seen:
            return 0
        self.seen = self.count
        known = cython.cast(cython.int, self.count) if self.count < _LAST else _LAST
        self.row[self.at] = NAN
        if known >= _LAST * self.context.trades.least:
            first: cython.int = cython.cast(cython.int, (self.count - known) % _LAST)
            self.row[self.at] = _roll(self.prices, known, first)
        return 0


def roll(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `prices` of successive trades."""
    prices = stored("d", numbers(inputs, "prices", "series"))
    return _roll(prices, len(prices), 0) if len(prices) else NAN


ANSWERS = {"roll_spread": roll}
