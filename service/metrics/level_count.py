"""`level_count`: how many prices are populated near the mid."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.ladder import Ladder

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit
from .ladder import SIDES, Ladder


@cython.cclass
class LevelCount(Metric):
    """Populated levels within the band around the mid, edges inclusive; NaN without a mid (metrics.md 1.4)."""

    declaration = Declaration(
        key="level_count",
        unit=Unit.COUNT,
        prometheus="obi_levels",
        help="Populated levels within the band around the mid.",
        formula="number of levels with |p - m| / m <= x",
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
        at: cython.int = self.at
        for ladder in self.ladders:
            ladder.bring(book)
            for s in self.sides:
                self.row[at] = ladder.count[s] if ladder.defined and ladder.known[s] else NAN
                at += 1
        return 0
