"""`cvd`: cumulative volume delta of the day."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit

_DAY = cython.declare(cython.longlong, 86_400 * SECOND)
_SLACK = cython.declare(cython.longlong, SECOND)


@cython.cclass
class Cvd(Metric):
    """Running sum of V_buy - V_sell since 00:00 UTC, in base units (metrics.md 2.4).

    A lost book does not touch it. `incomplete` is 1 where the trade feed was not there for the whole day so far.
    """

    declaration = Declaration(
        key="cvd",
        fields=(
            Field("", Unit.BASE, ""),
            Field(
                "incomplete",
                Unit.COUNT,
                "",
                help="1 where trades of this day were missed, 0 where none were.",
            ),
        ),
        help="Base volume that takers bought minus what they sold since 00:00 UTC.",
        formula="sum of V_buy - V_sell since 00:00 UTC",
        source="metrics.md 2.4",
        sign="+ is more bought by takers",
        group="trades",
        feed="trades",
    )
    day: cython.longlong
    total: cython.double
    rest: cython.double

    def prepare(self) -> None:
        self.day, self.total, self.rest = -1, 0.0, 0.0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _turn(self, t: cython.longlong) -> cython.void:
        if t // _DAY != self.day:
            self.day = t // _DAY
            self.total = 0
            self.rest = 0

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
        before: cython.double
        self._turn(t)
        before = self.total
        self.total += size * side + self.rest
        self.rest += size * side - (self.total - before)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        since: cython.longlong = self.context.trades.since
        total: cython.double = self.total + self.rest if t // _DAY == self.day else 0.0
        self.row[self.at] = total if since >= 0 or self.context.trades.least == 0 else NAN
        self.row[self.at + 1] = 1.0 if since < 0 or since > t // _DAY * _DAY + _SLACK else 0.0
        return 0
