"""`quote_stuffing`: level sizes that change far more often than they did, without trades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit
from .rolling import RollingMoments, numbers

WINDOW = 300  # samples of a second
FEWEST = 60
LEAST_SIGMA = 1.0
FLAG_Z, FLAG_CHANGES, FLAG_TRADES, FLAG_CANCELS = 10.0, 50.0, 0.02, (0.4, 0.6)


@cython.cclass
class QuoteStuffing(Metric):
    """Level changes a second, z against the 300 s before, with sigma at least 1 (metrics.md 3.2).

    An episode begins where z >= 10 with at least 50 changes, of which prints are at most 2%, and sizes that fell are 40 to
    60%. Changes are counted, not messages, as conflated feeds hide those. Undefined with fewer than 60 whole seconds.
    Source: after Egginton, Van Ness & Van Ness 2016.
    """

    declaration = Declaration(
        key="quote_stuffing",
        fields=(
            Field("z", Unit.ZSCORE, "obi_quote_stuffing_zscore"),
            Field(
                "episodes",
                Unit.COUNT,
                "obi_quote_stuffing_episodes_total",
                True,
                help="Times that sizes began to change so fast, about as often down as up, with hardly a trade.",
            ),
        ),
        help="How far the number of level changes within a second lies above that of the five minutes before.",
        formula="(n - mean) / max(sigma, 1)",
        source="metrics.md 3.2; Egginton, Van Ness & Van Ness 2016",
        sign="+ is more changes than usual",
        group="surveillance",
        changes=True,
    )
    usual: RollingMoments
    total: cython.longlong
    falls: cython.longlong
    prints: cython.longlong
    flagged: cython.bint

    def prepare(self) -> None:
        self.usual = RollingMoments(WINDOW)
        self.total = self.falls = self.prints = 0
        self.flagged = False

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        for k in range(self.context.changes.count):
            self.falls += self.context.changes.new[k] < self.context.changes.old[k]
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        changes: cython.longlong = self.context.changes.total - self.total
        falls: cython.longlong = self.falls
        prints: cython.longlong = self.context.prints - self.prints
        self.total = self.context.changes.total
        self.prints = self.context.prints
        self.falls = 0
        self.row[self.at] = NAN
        if not whole:
            return 0
        fewest: cython.int = FEWEST if self.context.books.least > 0 else 1
        if self.usual.count >= fewest:
            self.row[self.at] = floored(self.usual, changes)
        self._flag(changes, falls, prints, t)
        self.usual.push(changes)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _flag(
        self, changes: cython.longlong, falls: cython.longlong, prints: cython.longlong, t: cython.longlong
    ) -> cython.int:
        flagged: cython.bint = is_stuffed(self.row[self.at], changes, falls, prints)
        if flagged and not self.flagged:
            self.row[self.at + 1] += 1
            told = {"z": self.row[self.at], "changes": changes, "falls": falls, "trades": prints}
            self.context.report("quote_stuffing", "both", t, told | {"usual": self.usual.mean()})
        self.flagged = flagged
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.row[self.at] = NAN
        return 0

    def told(self, asked: str = "") -> Any:
        return self.row[self.at]


def floored(usual: RollingMoments, changes: float) -> float:
    """The z-score of a number of changes with sigma at least 1."""
    return (changes - usual.mean()) / max(usual.sigma(), LEAST_SIGMA)


def is_stuffed(z: float, changes: float, falls: float, prints: float) -> bool:
    """Many changes, hardly a trade, about as many down as up? Never where z is not known."""
    low, high = FLAG_CANCELS
    return (
        z >= FLAG_Z
        and changes >= FLAG_CHANGES
        and prints <= FLAG_TRADES * changes
        and low * changes <= falls <= high * changes
    )


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: changes a second `x` against `history`; with `cancels` (and `trades`) an object that tells the flag, too."""
    history = numbers(inputs, "history", "series")
    usual = RollingMoments(max(1, len(history)))
    for one in history:
        usual.push(one)
    x = float(inputs["x"])
    z = floored(usual, x) if history else NAN
    if "cancels" not in inputs:
        return z
    return {"z": z, "flag": is_stuffed(z, x, float(inputs["cancels"]), float(inputs.get("trades", 0)))}


ANSWERS = {"quote_stuffing": answer}
