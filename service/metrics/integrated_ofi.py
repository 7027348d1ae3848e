"""`integrated_ofi`: the flow of ten levels as one number, weighted as they move together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.level_flow import LevelFlow

from connectors.book import Book
from connectors.errors import UsageError
from connectors.sync import SNAPSHOT

from .declare import NAN, RESUMED, SECOND, Declaration, Field, Metric, Unit
from .level_flow import LEVELS, LevelFlow, first_component

_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_RESUMED = cython.declare(cython.int, RESUMED)


@cython.cclass
class IntegratedOfi(Metric):
    """w.ofi / |w|_1 of the normalised flow; w is the first eigenvector of its covariance on past data.

    Rows of 10 s over the last 30 minutes, at least 60, refitted every 60 s; equal weights, `fitted` 0, until then.
    Source: Cont, Cucuringu & Zhang 2023, equations 3 and 4 (metrics.md 2.2).
    """

    declaration = Declaration(
        key="integrated_ofi",
        fields=(
            Field("", Unit.RATIO),
            Field(
                "explained",
                Unit.RATIO,
                "obi_integrated_ofi_explained_ratio",
                by={},
                help="Share of variance of the first component.",
            ),
            Field("fitted", Unit.COUNT, "", by={}, help="1 where the weights are fitted, 0 where equal."),
            Field("weight", Unit.RATIO, "", by={"level": tuple(range(1, LEVELS + 1))}, help="Weights."),
        ),
        help="First component of the normalised order flow of ten levels; + is buy pressure.",
        formula="w . ofi / |w|_1, w: first eigenvector of the covariance of ofi",
        source="Cont, Cucuringu & Zhang 2023, equations 3 and 4; metrics.md 2.2",
        sign="+ is buy pressure",
        by={"window": (10,)},
        group="flow",
    )
    flow: LevelFlow
    driving: cython.bint
    span: cython.longlong
    levels: cython.int

    def prepare(self) -> None:
        self.span = round(self.param("window")[0] * SECOND)
        self.levels = LEVELS
        self.flow = self.context.shared(LevelFlow, LEVELS, self.span)
        self.driving = self.flow.drives(self)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        return self.flow.update(book, kind == _SNAPSHOT, t) if self.driving and kind != _RESUMED else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.flow.lost()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        return self.flow.sample(t, whole) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        sum: cython.double = 0
        scale: cython.double
        self.flow.sums.expire(t)
        scale = self.flow.scale() if self.context.books.enough(self.span, t) else NAN
        for k in range(self.levels):
            sum += self.flow.weights[k] * self.flow.flow(k)
            self.row[self.at + 3 + k] = self.flow.weights[k] if scale == scale else NAN
        self.row[self.at] = sum / scale
        self.row[self.at + 1] = self.flow.explained
        self.row[self.at + 2] = self.flow.fitted if scale == scale else NAN
        return 0

    def told(self, asked: str = "") -> Any:
        """Weights, the first component's share, and the value."""
        weights = [self.flow.weights[k] for k in range(LEVELS)]
        return {"weights": weights, "explained": self.row[self.at + 1], "value": self.row[self.at]}


def integrated(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: weights from `train` rows, applied to `ofi`, one number a level."""
    rows = [[float(one) for one in row] for row in inputs.get("train", [])]
    ofi = [float(one) for one in inputs.get("ofi", [])]
    if len({len(row) for row in rows} | {len(ofi)} - {0}) > 1:
        raise UsageError("the rows of train and ofi have one number a level")
    found = first_component(rows) if len(rows) > 1 else None
    if found is None:  # as until the first fit
        count = len(ofi) or (len(rows[0]) if rows else 0)
        found = [1 / count] * count, NAN
    weights, explained = found
    value = sum(w * x for w, x in zip(weights, ofi, strict=True)) if ofi else NAN
    return {"weights": weights, "explained": explained, "value": value}


ANSWERS = {"integrated_ofi": integrated}
