"""`limit_flow`: what was placed, cancelled and traded away at the levels of the book."""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .attribution import ACTIONS, HORIZON, ZONES, Attribution
from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .fleeting import STEP
from .windows import RollingSums

_SECOND = cython.declare(cython.longlong, SECOND)
_STEP = cython.declare(cython.longlong, STEP)


@cython.cclass
class LimitFlow(Metric):
    """At each level that changed: nu = dq + V, V traded there since its last change; nu > 0 was added, < 0 cancelled.

    `attribution.py` says how trades find the changes they explain, `match_horizon` seconds (0.25) before or after. Zones
    only label the counters: touch is the best price, near within 10 bp of the mid, deep within 100 bp. The ratios are of
    all levels, over 60 s. Sources: metrics.md 2.3; Bechler & Ludkovski 2017.
    """

    declaration = Declaration(
        key="limit_flow",
        fields=(
            Field(
                "volume",
                Unit.BASE,
                "obi_limit_volume_base_units_total",
                True,
                {"side": ("bid", "ask"), "action": ACTIONS, "zone": ZONES},
                "Size placed, cancelled and traded away, by distance to the mid; touch, within 10 bp, within 100 bp.",
                exported={"zone": ("near",)},
            ),
            Field(
                "unmatched",
                Unit.BASE,
                "obi_trade_unmatched_base_units_total",
                True,
                {},
                "Traded volume that no level of the book gave.",
            ),
            Field(
                "cancel_to_add",
                Unit.RATIO,
                "obi_cancel_to_add_ratio",
                False,
                {"side": ("bid", "ask")},
                "Cancelled over placed size in 60 s.",
            ),
            Field(
                "order_to_trade",
                Unit.RATIO,
                "obi_order_to_trade_ratio",
                False,
                {},
                "Level changes over trades in 60 s.",
            ),
            Field(
                "net_limit_flow_imbalance",
                Unit.RATIO,
                "obi_net_limit_flow_imbalance_ratio",
                False,
                {"window": (60,)},
                "Net placement of bids minus that of asks over all that was placed and cancelled; + is buy pressure.",
            ),
        ),
        help="What was placed in the book, cancelled, and traded away.",
        formula="nu = dq + V: added if > 0, cancelled if < 0; [(A_b-C_b)-(A_a-C_a)]/(A_b+C_b+A_a+C_a)",
        fixed=("side", "action", "zone"),
        source="metrics.md 2.3; Bechler & Ludkovski 2017",
        sign="`net_limit_flow_imbalance` + is bids that gain",
        changes=True,
        group="flow",
    )
    flow: Attribution
    rates: RollingSums
    driving: cython.bint
    span: cython.longlong
    read_at: cython.longlong

    def prepare(self) -> None:
        horizon = round(self.params.get("match_horizon", HORIZON / SECOND) * SECOND)
        window = self.params.get("window", (60,))[0]
        self.span = round(window * SECOND)
        given = (
            (1, self.span) if "window" in self.params else ()
        )  # asked for: exact to the ns, at more memory
        self.flow = self.context.shared(Attribution, horizon, *given)
        self.driving = self.flow.drives(self)
        self.rates = RollingSums([60 * SECOND], 2)
        self.read_at = 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.driving:
            self.flow.changed(self.context.changes, book, t)
        if self.context.changes.count > 0:
            self.rates.value[0] = self.context.changes.count
            self.rates.value[1] = 0
            self.rates.gather(t // _STEP * _STEP)
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
        self.rates.value[0] = 0
        self.rates.value[1] = 1
        return self.rates.gather(t // _STEP * _STEP)

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
        enough: cython.bint = self.context.books.enough(self.span, t) and self.context.trades.enough(
            self.span, t
        )
        self.read_at = t
        if self.driving:
            self.flow.settle(t - _SECOND)  # a print that is late itself still finds its cancellation
        for k in range(18):
            self.row[self.at + k] = self.flow.zoned[k]
        self.row[self.at + 18] = self.flow.unmatched
        self.flow.sums.expire(t)
        for k in range(2):
            self.row[self.at + 19 + k] = self._cancel_to_add(3 * k, 3 * k) if enough else NAN
        self.rates.expire(t)
        self.row[self.at + 21] = (
            self.rates.total(0, 0) / self.rates.total(0, 1)
            if enough and self.rates.total(0, 1) > 0.5
            else NAN
        )
        self.row[self.at + 22] = self._net() if enough else NAN
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _cancel_to_add(self, one: cython.int, other: cython.int) -> cython.double:
        """Cancelled over added; `one` and `other` are the columns at which the sides begin."""
        adds: cython.double = self.flow.sums.total(0, one)
        cancels: cython.double = self.flow.sums.total(0, one + 1)
        if other != one:
            adds += self.flow.sums.total(0, other)
            cancels += self.flow.sums.total(0, other + 1)
        return cancels / adds if adds > 0 else NAN

    @cython.cfunc
    @cython.exceptval(check=False)
    def _net(self) -> cython.double:
        bid_add: cython.double = self.flow.sums.total(0, 0)
        bid_cancel: cython.double = self.flow.sums.total(0, 1)
        ask_add: cython.double = self.flow.sums.total(0, 3)
        ask_cancel: cython.double = self.flow.sums.total(0, 4)
        all: cython.double = bid_add + bid_cancel + ask_add + ask_cancel
        return ((bid_add - bid_cancel) - (ask_add - ask_cancel)) / all if all > 0 else NAN

    def told(self, asked: str = "") -> Any:
        """Everything since the start, or since t - W where a window is given, of every level; as if no trade came later."""
        self.flow.finish(self.read_at)
        within = "window" in self.params
        self.flow.sums.expire(self.read_at)
        amounts = [self.flow.sums.total(0, k) if within else self.flow.total[k] for k in range(6)]
        found = {
            f"{name}_{side}": amounts[3 * s + a]
            for a, name in enumerate(ACTIONS)
            for s, side in enumerate(("bid", "ask"))
        }
        adds, cancels = amounts[0] + amounts[3], amounts[1] + amounts[4]
        net = (amounts[0] - amounts[1]) - (amounts[3] - amounts[4])
        found |= {
            "unmatched": self.flow.unmatched,
            "order_to_trade": self.row[self.at + 21],
            "cancel_to_add": cancels / adds if adds > 0 else None,
            "net_limit_flow_imbalance": net / (adds + cancels) if adds + cancels > 0 else None,
        }
        return found.get(asked, found)


ALIASES = {
    "cancel_to_add": "limit_flow",
    "net_limit_flow_imbalance": "limit_flow",
    "order_to_trade": "limit_flow",
}
