"""`book_slope`: how fast size piles up with distance from the mid."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.ladder import Ladder

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit
from .ladder import SIDES, Ladder


@cython.cclass
class Slopes:
    """The slope of both sides within one band, for all who ask; NaN where no level is in it or it is not known."""

    ladder: Ladder
    seen: object
    version: cython.longlong
    bid = cython.declare(cython.double, visibility="readonly")
    ask = cython.declare(cython.double, visibility="readonly")
    defined = cython.declare(cython.bint, visibility="readonly")

    def __init__(self, context: object, width: object) -> None:
        self.ladder = context.shared(Ladder, width)
        self.seen, self.version = None, -1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def bring(self, book: Book) -> cython.int:
        if book is self.seen and book.version == self.version:
            return 0
        self.seen = book
        self.version = book.version
        self.ladder.bring(book)
        self.defined = self.ladder.defined
        self.bid = self._slope(0)
        self.ask = self._slope(1)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _slope(self, s: cython.int) -> cython.double:
        k: cython.int
        x: cython.double
        size: cython.double = 0
        xq: cython.double = 0
        xx: cython.double = 0
        if not (self.defined and self.ladder.known[s]) or self.ladder.count[s] == 0:
            return NAN
        for k in range(self.ladder.count[s]):
            x = self.ladder.price[s][k] / self.ladder.mid - 1
            size += self.ladder.size[s][k]
            xq += x * size
            xx += x * x
        return xq / xx if s == 1 else -xq / xx


@cython.cclass
class BookSlope(Metric):
    """Least squares through the origin of cumulative size on relative distance from the mid, levels within the band.

    sum(x_i Q_i) / sum(x_i^2) with x_i = |p_i - m| / m and Q_i the size down to level i: base units per 100% of price,
    more is deeper. Source: Naes & Skjeltorp 2006; Bechler & Ludkovski 2017 (metrics.md 1.4).
    """

    declaration = Declaration(
        key="book_slope",
        unit=Unit.BASE,
        help="Size per relative distance from the mid within the band, in base units per 100% of price.",
        formula="sum(x_i * Q_i) / sum(x_i^2), x_i = |p_i - m| / m, Q_i = size down to level i",
        source="Naes & Skjeltorp 2006; Bechler & Ludkovski 2017; metrics.md 1.4",
        reaches=True,
        bounds=(0, None),
        by={"band_bps": (25,), "side": SIDES},
    )
    slopes: list
    is_bid: list

    def prepare(self) -> None:
        self.slopes = [self.context.shared(Slopes, width) for width in self.param("band_bps")]
        self.is_bid = [side == "bid" for side in self.param("side")]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        slopes: Slopes
        at: cython.int = self.at
        for slopes in self.slopes:
            slopes.bring(book)
            for is_bid in self.is_bid:
                self.row[at] = slopes.bid if is_bid else slopes.ask
                at += 1
        return 0
