"""`liquidity_gap`: the widest hole between neighbouring levels near the mid."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import fabs
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.ladder import Ladder

from connectors.book import Book

from .declare import NAN, Declaration, Metric
from .ladder import SIDES, Ladder


@cython.cclass
class LiquidityGap(Metric):
    """max |p_{i+1} - p_i| / m over levels i within the band that have a next level anywhere (metrics.md 1.4).

    NaN without such a pair, or where the level after the band's last is not known. The spread is no gap.
    """

    declaration = Declaration(
        key="liquidity_gap",
        help="Widest distance between neighbouring levels of a side that begins within the band, relative to the mid.",
        formula="max |p_{i+1} - p_i| / m over levels i within the band",
        source="metrics.md 1.4",
        reaches=True,
        bounds=(0, None),
        by={"band_bps": (25,), "side": SIDES},
    )
    ladders: list
    sides: list

    def prepare(self) -> None:
        self.ladders = [self.context.shared(Ladder, width) for width in self.param("band_bps")]
        self.sides = [SIDES.index(side) for side in self.param("side")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        ladder: Ladder
        s: cython.int
        k: cython.int
        at: cython.int = self.at
        widest: cython.double
        for ladder in self.ladders:
            ladder.bring(book)
            for s in self.sides:
                widest = NAN
                if ladder.defined and ladder.known[s] and (ladder.next_known[s] or ladder.count[s] == 0):
                    for k in range(1, ladder.count[s] + ladder.more[s]):
                        if not fabs(ladder.price[s][k] - ladder.price[s][k - 1]) <= widest:
                            widest = fabs(ladder.price[s][k] - ladder.price[s][k - 1])
                    if ladder.count[s] == 0:
                        widest = NAN
                self.row[at] = widest / ladder.mid
                at += 1
        return 0
