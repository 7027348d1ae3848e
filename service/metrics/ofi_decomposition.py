"""`ofi_decomposition`: which part of OFI was placed, cancelled and traded."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .attribution import HORIZON, Attribution
from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .windows import RollingSums

_SECOND = cython.declare(cython.longlong, SECOND)


@cython.cclass
class OfiDecomposition(Metric):
    """OFI = OFI_add + OFI_cancel + OFI_trade: each transition at the touch by what made it (metrics.md 2.2, 2.3).

    The level that makes e_n on a side is the better of the two best prices, so its change, put down to placement,
    cancellation and trades, is the split. A trade that comes after its change moves what it explains from cancel to
    trade when it comes; the sum stays. Source: Sitaru, Calinescu & Cucuringu 2023.
    """

    declaration = Declaration(
        key="ofi_decomposition",
        fields=(
            Field("add", Unit.BASE, "obi_ofi_add_base_units", help="OFI that came from placed orders."),
            Field("cancel", Unit.BASE, "obi_ofi_cancel_base_units", help="OFI that came from cancellations."),
            Field("trade", Unit.BASE, "obi_ofi_trade_base_units", help="OFI that came from trades."),
        ),
        help="Order flow imbalance by what made it; + is buy pressure.",
        formula="OFI = OFI_add + OFI_cancel + OFI_trade",
        source="Sitaru, Calinescu & Cucuringu 2023; metrics.md 2.2",
        sign="+ is buy pressure",
        by={"window": (10,)},
        changes=True,
        group="flow",
    )
    flow: Attribution
    sums: RollingSums
    spans: cython.longlong[::1]
    windows: cython.int
    driving: cython.bint

    def prepare(self) -> None:
        self.flow = self.context.shared(
            Attribution, round(self.params.get("match_horizon", HORIZON / SECOND) * SECOND)
        )
        self.driving = self.flow.drives(self)
        spans = [round(window * SECOND) for window in self.param("window")]
        self.spans, self.windows = stored("q", spans), len(spans)
        self.sums = RollingSums(spans, 3)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _note(self, t: cython.longlong) -> cython.int:
        if self.flow.touch_added == 0 and self.flow.touch_cancelled == 0 and self.flow.touch_traded == 0:
            return 0
        self.sums.value[0] = self.flow.touch_added
        self.sums.value[1] = self.flow.touch_cancelled
        self.sums.value[2] = self.flow.touch_traded
        return self.sums.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.driving:
            self.flow.changed(self.context.changes, book, t)
        return self._note(t)

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
        return self._note(t)

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
        part: cython.int
        enough: cython.bint
        if self.driving:
            self.flow.settle(t - _SECOND)
        self.sums.expire(t)
        for k in range(self.windows):
            enough = self.context.books.enough(self.spans[k], t) and self.context.trades.enough(
                self.spans[k], t
            )
            for part in range(3):
                self.row[self.at + part * self.windows + k] = self.sums.total(k, part) if enough else NAN
        return 0
