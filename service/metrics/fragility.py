"""`fragility`: does an ordinary burst of takers move the price more than an ordinary minute?"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import fabs
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.taking import Taking

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit
from .seconds import Seconds
from .taking import Taking

_SIDES = ("buy", "sell")


@cython.cclass
class Fragility(Metric):
    """|p_last - m| / m of a market order of V99, over sigma; p_last is the last price it touches (metrics.md 3.3).

    V99: 99% quantile of what takers took within a second, last hour. sigma: of one-minute mid returns, last 60. Side `sell`
    is fragility downwards. Where the book cannot fill V99 it is undefined and `exhausted` is 1; where the rest lies beyond
    what is proven of the book, both are undefined.
    """

    declaration = Declaration(
        key="fragility",
        fields=(
            Field("ratio", Unit.RATIO, "obi_fragility_ratio"),
            Field(
                "exhausted",
                Unit.COUNT,
                "obi_fragility_exhausted",
                help="1 where the book cannot fill such a burst.",
            ),
        ),
        help="Displacement of the price by an ordinary burst of takers, in sigmas of one minute; above 1 is fragile.",
        formula="(|p_last - m| / m) / sigma_1min for a market order of V99",
        source="metrics.md 3.3",
        bounds=(0, None),
        by={"side": _SIDES},
        group="risk",
        reaches=True,
        lazy=True,
    )
    seconds: object
    sides: tuple
    volume: cython.double
    sigma: cython.double
    taking: Taking

    def prepare(self) -> None:
        self.sides = self.param("side")
        self.seconds = self.context.shared(Seconds)
        self.taking = Taking()
        self.volume = float(self.params.get("volume", NAN))
        self.sigma = float(self.params.get("sigma", NAN))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        self.seconds.close(book, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        count: cython.int = len(self.sides)
        volume: cython.double = self.volume if self.volume == self.volume else self.seconds.burst
        sigma: cython.double = self.sigma if self.sigma == self.sigma else self.seconds.sigma
        mid: cython.double = self.context.mid
        for k in range(count):
            self.row[self.at + k] = NAN
            self.row[self.at + count + k] = NAN
            if volume > 0 and mid == mid:
                self._walk(book, k, volume, sigma, mid, self.sides[k] == "buy")
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _walk(
        self,
        book: Book,
        k: cython.int,
        volume: cython.double,
        sigma: cython.double,
        mid: cython.double,
        buys: cython.bint,
    ) -> cython.int:
        """Write both outputs of a side."""
        self.taking.take(book, buys, volume)
        if self.taking.filled == 1:
            self.row[self.at + len(self.sides) + k] = 0
            if sigma > 0:
                self.row[self.at + k] = fabs(self.taking.last / mid - 1) / sigma
        elif self.taking.filled == self.taking.filled:
            self.row[self.at + len(self.sides) + k] = 1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        k: cython.int
        for k in range(2 * len(self.sides)):
            self.row[self.at + k] = NAN
        return 0

    def told(self, asked: str = "") -> Any:
        found = {side: self.row[self.at + k] for k, side in enumerate(self.sides)}
        return found if len(found) > 1 else found[self.sides[0]]
