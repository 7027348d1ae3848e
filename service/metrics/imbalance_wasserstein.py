"""`imbalance_wasserstein`: how far the imbalance of the last minute lies from that of the last hour, as distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import fabs
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.rolling import RollingRank

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric
from .rolling import RollingRank, numbers

MINUTE, HOUR = 60, 3600
_MINUTE = cython.declare(cython.longlong, MINUTE * SECOND)


@cython.cclass
class ImbalanceWasserstein(Metric):
    """Integral of |F - G| over `depth_imbalance` (10 levels) at full seconds: of the last 60 s and of the last hour.

    Undefined while less than 80% of the minute is known, or less than two minutes in all (metrics.md 3.2).
    Source: monitoring distance of Tao, Day, Ling & Drapeau 2020.
    """

    declaration = Declaration(
        key="imbalance_wasserstein",
        help="Distance between the distributions of depth imbalance of the last minute and of the last hour.",
        formula="integral of |F(x) - G(x)| dx",
        source="metrics.md 3.2; Tao, Day, Ling & Drapeau 2020",
        bounds=(0, 2),
        group="surveillance",
        reaches=True,
    )
    short: RollingRank
    long: RollingRank
    levels: cython.int

    def prepare(self) -> None:
        self.short, self.long = RollingRank(MINUTE), RollingRank(HOUR)
        self.levels = int(self.params.get("levels", 10))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        bids: cython.double = book.bid_sum(self.levels)
        asks: cython.double = book.ask_sum(self.levels)
        waived: cython.bint = self.context.books.least == 0
        self.row[self.at] = NAN
        if self.context.mid != self.context.mid or not bids + asks > 0:
            return 0
        self.short.push((bids - asks) / (bids + asks))
        self.long.push((bids - asks) / (bids + asks))
        if waived or (self.context.books.enough(_MINUTE, t) and self.long.count >= 2 * MINUTE):
            self.row[self.at] = distance(self.short, self.long)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.row[self.at] = NAN
        return 0


@cython.cfunc
@cython.exceptval(check=False)
def distance(one: RollingRank, other: RollingRank) -> cython.double:
    """Area between the two empirical distribution functions; NaN where one has no sample."""
    i: cython.int = 0
    j: cython.int = 0
    area: cython.double = 0
    ours: cython.bint
    x: cython.double
    last: cython.double
    if one.count == 0 or other.count == 0:
        return float("nan")
    last = min(one.ordered[0], other.ordered[0])
    while i < one.count or j < other.count:
        ours = j == other.count or (i < one.count and one.ordered[i] <= other.ordered[j])
        x = one.ordered[i] if ours else other.ordered[j]
        area += (x - last) * fabs(
            i / cython.cast(cython.double, one.count) - j / cython.cast(cython.double, other.count)
        )
        last = x
        while i < one.count and one.ordered[i] <= x:
            i += 1
        while j < other.count and other.ordered[j] <= x:
            j += 1
    return area


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: the samples `x` and `y`."""
    ranks = []
    for name, more in (("x", "a"), ("y", "b")):
        given = numbers(inputs, name, more)
        samples = RollingRank(max(1, len(given)))
        for value in given:
            samples.push(value)
        ranks.append(samples)
    return distance(ranks[0], ranks[1])


ANSWERS = {"wasserstein": answer, "imbalance_wasserstein": answer}
