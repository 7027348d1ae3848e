"""`amihud`: how far the price goes for what is traded."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book
from connectors.errors import UsageError

from .bars import Bars
from .declare import NAN, Declaration, Metric, Unit

BARS = 60


def illiquidity(bars: Sequence[tuple[float, float]]) -> float:
    """Mean of |P_t / P_t-1 - 1| / volume over (close, quote volume); bars without volume are skipped."""
    found = [
        abs(close / before - 1) / volume
        for (before, _), (close, volume) in pairwise(bars)
        if volume > 0 and before > 0
    ]
    return sum(found) / len(found) if found else NAN


@cython.cclass
class Amihud(Metric):
    """Mean of |return| over traded quote volume of the last 60 bars of a minute (metrics.md 2.6).

    Bars without volume are skipped; undefined until the bars are full. Source: Amihud 2002.
    """

    declaration = Declaration(
        key="amihud",
        unit=Unit.RATIO,
        prometheus="obi_amihud_illiquidity_per_quote_unit",
        help="Mean of the absolute return over traded quote volume, one-minute bars of an hour.",
        formula="mean of |P_t/P_t-1 - 1| / quote volume",
        source="Amihud 2002; metrics.md 2.6",
        bounds=(0, None),
        group="trades",
        feed="trades",
    )
    bars: Any
    closed: Any
    dirty: cython.bint

    def prepare(self) -> None:
        self.closed = deque(maxlen=BARS + 1)
        self.bars = Bars(self._done)
        self.dirty = False

    def _done(self, close: float, base: float, quote: float) -> None:
        self.closed.append((close, quote))
        self.dirty = True

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
        self.bars.add(price, size, quote, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        self.bars.upto(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        if self.dirty:
            self.dirty = False
            full = len(self.closed) - 1 >= BARS * self.context.trades.least
            self.row[self.at] = illiquidity(list(self.closed)) if full else NAN
        return 0


def amihud(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `bars` of [close, quote volume]."""
    bars = inputs.get("bars")
    if not isinstance(bars, list) or any(not isinstance(bar, list) or len(bar) != 2 for bar in bars):
        raise UsageError("bars is a list of [close, quote volume]")
    return illiquidity([(float(close), float(volume)) for close, volume in bars])


ANSWERS = {"amihud": amihud}
