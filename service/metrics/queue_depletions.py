"""`queue_depletions`: best levels that went, and by what."""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .attribution import HORIZON, Attribution
from .declare import SECOND, Declaration, Metric, Unit

_SECOND = cython.declare(cython.longlong, SECOND)
CAUSES = ("traded", "cancelled")


@cython.cclass
class QueueDepletions(Metric):
    """How often the best level vanished and left a worse price, by side and cause since the start.

    `traded` where at least half of its last size was traded, else `cancelled` (metrics.md 2.3).
    """

    declaration = Declaration(
        key="queue_depletions",
        unit=Unit.COUNT,
        help="Times that the best level vanished and the best price worsened, by what took most of it.",
        formula="traded if at least half of the last size was traded, else cancelled",
        fixed=("side", "cause"),
        source="metrics.md 2.3",
        by={"side": ("bid", "ask"), "cause": CAUSES},
        counter=True,
        prometheus="obi_queue_depletions_total",
        changes=True,
        group="flow",
    )
    flow: Attribution
    driving: cython.bint
    read_at: cython.longlong

    def prepare(self) -> None:
        self.flow = self.context.shared(
            Attribution, round(self.params.get("match_horizon", HORIZON / SECOND) * SECOND)
        )
        self.driving = self.flow.drives(self)
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
        self.read_at = t
        if self.driving:
            self.flow.settle(t - _SECOND)
        for k in range(4):
            self.row[self.at + k] = self.flow.depleted[k]
        return 0

    def told(self, asked: str = "") -> Any:
        """By side and cause, as if no trade came later."""
        self.flow.finish(self.read_at)
        sides = self.params.get("side", ("bid", "ask"))
        counts = {
            side: {cause: self.flow.depleted[2 * s + c] for c, cause in enumerate(CAUSES)}
            for s, side in enumerate(("bid", "ask"))
            if side in sides
        }
        return counts if len(counts) > 1 else counts[sides[0]]
