"""`fleeting_volume_ratio`: how much of what is placed is cancelled within seconds."""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.fleeting import Fleeting

from connectors.book import Book

from .attribution import HORIZON, Attribution
from .declare import NAN, SECOND, Declaration, Metric
from .fleeting import Fleeting

_SECOND = cython.declare(cython.longlong, SECOND)
_SPAN = cython.declare(cython.longlong, 60 * SECOND)


@cython.cclass
class FleetingVolumeRatio(Metric):
    """Share of added size that was cancelled, not traded, at its price within h; last in, first out.

    Over the 60 s of additions that have been watched for the longest horizon. Undefined without additions.
    Source: Hasbrouck & Saar 2009 (metrics.md 2.3).
    """

    declaration = Declaration(
        key="fleeting_volume_ratio",
        help="Share of placed size that was cancelled at its price within the horizon.",
        formula="cancelled within h / added",
        source="Hasbrouck & Saar 2009; metrics.md 2.3",
        bounds=(0, 1),
        by={"horizon": (1, 2)},
        changes=True,
        group="flow",
    )
    flow: Attribution
    fleeting: Fleeting
    driving: cython.bint
    read_at: cython.longlong

    def prepare(self) -> None:
        self.flow = self.context.shared(
            Attribution, round(self.params.get("match_horizon", HORIZON / SECOND) * SECOND)
        )
        self.driving = self.flow.drives(self)
        self.fleeting = Fleeting([round(one * SECOND) for one in self.param("horizon")])
        self.flow.follow_fleeting(self.fleeting)
        self.read_at = 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.driving:
            self.flow.changed(self.context.changes, book, t)
        return 0

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
        if self.driving:
            self.flow.traded(price, size, side, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        if self.driving:
            self.flow.settle(t)
            self.flow.drop()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        enough: cython.bint = self.context.books.enough(_SPAN, t) and self.context.trades.enough(_SPAN, t)
        self.read_at = t
        if self.driving:
            self.flow.settle(t - _SECOND)
        for k in range(self.fleeting.count):
            self.row[self.at + k] = self.fleeting.share(k, t) if enough else NAN
        return 0

    def told(self, asked: str = "") -> Any:
        """Of all that was ever added, as if nothing more came."""
        self.flow.finish(self.read_at)
        found = self.fleeting.whole()
        return found if len(found) > 1 else found[0]
