"""`liquidation_imbalance`: which side was closed by force, in quote worth."""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .windows import RollingSums

POSITIONS = ("long", "short")


@cython.cclass
class LiquidationImbalance(Metric):
    """(short - long) / (short + long) of what was liquidated within the window; undefined without liquidations.

    Closing a short is forced buying, so + is buy pressure. Where the venue tells a sample only (`feed_complete` 0), worths
    are lower bounds. Source: metrics.md 3.4.
    """

    declaration = Declaration(
        key="liquidation_imbalance",
        fields=(
            Field("ratio", Unit.RATIO, "obi_liquidation_imbalance_ratio"),
            Field(
                "long_quote",
                Unit.QUOTE,
                "",
                help="Worth of the long positions closed by force in the window.",
            ),
            Field(
                "short_quote",
                Unit.QUOTE,
                "",
                help="Worth of the short positions closed by force in the window.",
            ),
            Field(
                "total",
                Unit.QUOTE,
                "obi_liquidation_quote_units_total",
                True,
                {"position": POSITIONS},
                "Worth of the positions closed by force since the start.",
            ),
            Field(
                "feed_complete",
                Unit.COUNT,
                "obi_liquidation_feed_complete",
                by={},
                help="1 where the venue tells of all liquidations, 0 where it tells of a sample.",
            ),
        ),
        help="Worth of shorts minus that of longs closed by force over their sum; + is forced buying.",
        formula="(Q_short - Q_long) / (Q_short + Q_long)",
        source="metrics.md 3.4",
        sign="`ratio` + is shorts closed by force: forced buying",
        bounds=(-1, None),
        by={"window": (60, 300)},
        group="derivatives",
        feed="liquidations",
    )

    sums: RollingSums
    spans: cython.longlong[::1]
    windows: cython.int
    total_at: cython.int
    heard: cython.bint
    positions: list

    def prepare(self) -> None:
        spans = [round(window * SECOND) for window in self.param("window")]
        self.spans, self.windows = stored("q", spans), len(spans)
        self.sums = RollingSums(spans, 2)
        self.total_at = self.at + 3 * self.windows
        self.positions = [-1 if one == "long" else 1 for one in self.params.get("position", POSITIONS)]
        self.heard = False

    def liquidated(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        k: cython.int
        self.heard = True
        self.sums.value[0] = quote if side < 0 else 0
        self.sums.value[1] = quote if side > 0 else 0
        self.sums.expire(t)
        self.sums.push(t)
        for k in range(len(self.positions)):
            if side == self.positions[k]:
                self.row[self.total_at + k] += quote

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        longs: cython.double
        shorts: cython.double
        complete: cython.double = self.context.derivative.complete
        self.row[self.total_at + len(self.positions)] = complete
        if complete != complete and not self.heard:  # the venue tells of none
            return 0
        self.sums.expire(t)
        for k in range(self.windows):
            longs = shorts = NAN
            if self.context.liquidations.enough(self.spans[k], t):
                longs = self.sums.total(k, 0)
                shorts = self.sums.total(k, 1)
            self.row[self.at + k] = (shorts - longs) / (shorts + longs) if longs + shorts > 0 else NAN
            self.row[self.at + self.windows + k] = longs
            self.row[self.at + 2 * self.windows + k] = shorts
        return 0

    def told(self, asked: str = "") -> Any:
        names = ("ratio", "long_quote", "short_quote")
        return {name: self.row[self.at + n * self.windows] for n, name in enumerate(names)}
