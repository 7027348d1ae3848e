"""`imbalance_half_life`: how long an imbalance lasts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.rolling import RollingMoments

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit
from .rolling import RollingMoments, numbers

WINDOW = 300


def half_life(rho: float, step: float) -> float:
    """Seconds until a disturbance has halved where each step keeps `rho` of it; NaN unless 0 < rho < 1."""
    return step * math.log(0.5) / math.log(rho) if 0 < rho < 1 else NAN


@cython.cclass
class ImbalanceHalfLife(Metric):
    """Lag-1 autocorrelation of `queue_imbalance` on the last 300 seconds of the grid, and the half-life that follows.

    rho = sum_k>=2 (x_k - mean)(x_{k-1} - mean) / sum_k (x_k - mean)^2; half-life = ln(1/2) / ln(rho) seconds for
    0 < rho < 1, else NaN. Steps that a resync broke are left out; NaN before 300 are there (metrics.md 1.6).
    """

    declaration = Declaration(
        key="imbalance_half_life",
        fields=(
            Field(
                "rho",
                Unit.RATIO,
                "obi_imbalance_autocorrelation_ratio",
                help="Lag-1 autocorrelation of the queue imbalance at 1 s.",
            ),
            Field(
                "half_life",
                Unit.SECONDS,
                "obi_imbalance_half_life_seconds",
                help="Time after which half of a queue imbalance is gone.",
            ),
        ),
        help="How long the queue imbalance lasts.",
        formula="rho = sum (x_k - m)(x_{k-1} - m) / sum (x_k - m)^2; half-life = ln(1/2) / ln(rho)",
        source="metrics.md 1.6",
        sign="`rho` + is a lean that lasts",
    )
    samples: RollingMoments
    fewest: cython.int

    def prepare(self) -> None:
        self.samples = RollingMoments(int(self.params.get("samples", WINDOW)))
        self.fewest = self.samples.size if self.context.books.least > 0 else 2

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if whole and book.bid_count + book.ask_count > 0:
            self.samples.push((book.bid_sum(1) - book.ask_sum(1)) / (book.bid_sum(1) + book.ask_sum(1)))
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        rho: cython.double = self.samples.autocorrelation() if self.samples.count >= self.fewest else NAN
        self.row[self.at] = rho
        self.row[self.at + 1] = half_life(rho, 1.0)
        return 0


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, float]:
    """Samples `x` on a grid of `grid` seconds; those that are null are left out."""
    x = numbers({"x": [one for one in inputs["x"] if one is not None]}, "x")
    samples = RollingMoments(max(1, len(x)))
    for one in x:
        samples.push(one)
    rho = samples.autocorrelation()
    return {"rho": rho, "half_life": half_life(rho, float(params.get("grid", 1)))}


ANSWERS = {"imbalance_half_life": answer}
