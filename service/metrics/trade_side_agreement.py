"""`trade_side_agreement`: does the declared taker side fit the book?"""

from __future__ import annotations

import cython
from cython.cimports.service.metrics.declare import Metric

from .declare import NAN, Declaration, Metric, stored

_KEPT = cython.declare(cython.int, 1000)
LEAST = 20  # prints outside the mid before the share says anything
_LEAST = cython.declare(cython.int, LEAST)


@cython.cclass
class TradeSideAgreement(Metric):
    """Share of the last 1,000 prints outside the mid of the book just before whose side agrees with it.

    A print above the mid should be a taker's buy. A right mapping gives more than 0.95, an inverted one less than 0.05
    (metrics.md 0.5).
    """

    declaration = Declaration(
        key="trade_side_agreement",
        help="Share of the last 1,000 prints outside the mid whose declared taker side agrees with the book.",
        formula="agreeing / printed outside the mid",
        source="metrics.md 0.5",
        bounds=(0, 1),
        group="health",
        feed="health",
    )
    agreed: cython.schar[::1]
    count: cython.longlong
    good: cython.int

    def prepare(self) -> None:
        self.agreed = stored("b", bytes(1000))
        self.count = self.good = 0

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
        mid: cython.double = self.context.mid
        at: cython.int = self.count % _KEPT
        right: cython.schar
        if side == 0 or mid != mid or price == mid:
            return 0
        right = (price > mid) == (side > 0)
        self.good += right - (self.agreed[at] if self.count >= _KEPT else 0)
        self.agreed[at] = right
        self.count += 1
        seen: cython.longlong = self.count if self.count < _KEPT else _KEPT
        self.context.agreement = self.good / cython.cast(cython.double, seen) if seen >= _LEAST else NAN
        self.row[self.at] = self.context.agreement
        return 0
