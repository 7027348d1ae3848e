"""`contagion`: do the venues of a group, or the symbols of a basket, move together?

Mean correlation, and how much one factor takes of all.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .declare import NAN, Across, Declaration, Field, Output, Unit
from .scene import Scene

WINDOW = 300  # seconds, one sample each
COVERED = 0.8  # share of them that a member must have to take part
LEAST = 30  # common samples below which nothing is said
EVERY = 60  # seconds
METRICS = ("band_imbalance", "normalized_ofi", "mid_return")
BAND_BPS = 10

Row = dict[str, float]
Matrix = NDArray[np.float64]
NOTHING = (NAN, NAN, NAN)


def correlation_matrix(series: Sequence[Sequence[float]] | Matrix) -> Matrix | None:
    """Pearson correlations of equally long series; None where one of them never changes, or there are fewer than two."""
    if len(series) < 2 or len({len(one) for one in series}) > 1 or len(series[0]) < 2:
        return None
    away, length = _centred(series)
    if not length.all():
        return None
    unit: Matrix = away / length[:, None]
    return unit @ unit.T


def _centred(series: Sequence[Sequence[float]] | Matrix) -> tuple[Matrix, Matrix]:
    """Each series less its mean, and its length; 0 where it never changes but for rounding."""
    rows = np.asarray(series, dtype=float)
    mean = rows.mean(axis=1, keepdims=True)
    away = rows - mean
    length = np.sqrt((away * away).sum(axis=1))
    least = 1e-12 * np.maximum(1.0, np.abs(mean[:, 0])) * math.sqrt(rows.shape[1])
    return away, np.where(length > least, length, 0.0)


def contagion(series: Sequence[Sequence[float]] | Matrix) -> dict[str, float] | None:
    """`mean_corr` of the off-diagonal correlations, `absorption` largest eigenvalue over n: 1/n (apart) to 1 (as one).

    None where the correlations are not defined. Source: Kritzman, Li, Page & Rigobon 2011 (absorption ratio).
    """
    matrix = correlation_matrix(series)
    if matrix is None:
        return None
    n = len(matrix)
    return {
        "mean_corr": float(matrix.sum() - matrix.trace()) / (n * (n - 1)),
        "absorption": float(np.linalg.eigvalsh(matrix)[-1]) / n,
    }


class Contagion(Across):
    """Correlations over the venues, or the symbols of a basket, of what each does in a second (metrics.md 4).

    Of `band_imbalance` (10 bp, averaged over the second), `normalized_ofi` (order flow over the average touch size) and
    `mid_return`, over 300 s, every 60 s. Who is live, has 80% of the seconds and did not stand still takes part; a second
    counts where all that take part have it. Undefined with fewer than two. What is of a basket has `over="symbols"`.
    """

    over_symbols = True
    defaults: ClassVar[Mapping[str, Any]] = {"over": ""}  # what the outputs of a basket have as a label

    declaration = Declaration(
        key="contagion",
        help="Mean correlation, between venues or a basket's symbols, of what happens within a second, over 300 s.",
        formula="mean_{i != j} corr(x_i, x_j); lambda_max / n",
        source="Kritzman, Li, Page & Rigobon 2011; metrics.md 4",
        sign="+ is moving together",
        group="across",
        unit=Unit.RATIO,
        by={"metric": METRICS},
        fields=(
            Field("mean_corr", Unit.RATIO, "obi_contagion_correlation_ratio"),
            Field(
                "absorption",
                Unit.RATIO,
                "obi_contagion_absorption_ratio",
                help="Share of the largest eigenvalue of the correlation matrix: 1/n where they go apart, 1 where as one.",
            ),
            Field(
                "taking_part",
                Unit.COUNT,
                "",
                help="How many venues or symbols the correlations are between (n).",
            ),
        ),
    )

    def outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        over = self.param("over")
        by = {**self.declaration.by, **({"over": (over,)} if over else {})}
        return replace(self.declaration, by=by).outputs({"metric": self.param("metric")})

    def prepare(self) -> None:
        self.samples: dict[str, deque[Row]] = {name: deque(maxlen=WINDOW) for name in self.param("metric")}
        self.found = dict.fromkeys(self.param("metric"), NOTHING)
        self._sums: dict[str, list[float]] = {}
        self._mids: Row = {}
        self._flows: Row = {}
        self._ticks = 0

    def step(self, scene: Scene, now: int) -> None:
        for part in scene.parts:
            side = scene.band(part.name, BAND_BPS)
            if side.known and side.imbalance is not None:
                sums = self._sums.setdefault(part.name, [0.0, 0.0])
                sums[0] += side.imbalance
                sums[1] += 1

    def tick(self, scene: Scene, now: int) -> None:
        self.step(scene, now)
        seconds = {
            "band_imbalance": {name: total / count for name, (total, count) in self._sums.items()},
            "normalized_ofi": self._flow(scene),
            "mid_return": self._returns(scene),
        }
        self._sums.clear()
        for name, kept in self.samples.items():
            kept.append({one: value for one, value in seconds[name].items() if one in scene.by_name})
        self._ticks += 1
        if self._ticks % EVERY == 0:
            self.found = {name: self._computed(kept, scene) for name, kept in self.samples.items()}

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        if len(scene.parts) < 2:
            return [NAN] * (3 * len(self.found))
        return [self.found[name][k] for k in (0, 1, 2) for name in self.param("metric")]

    def _returns(self, scene: Scene) -> Row:
        before, self._mids = self._mids, dict(scene.mids)
        return {
            name: math.log(mid / before[name]) for name, mid in self._mids.items() if before.get(name, 0) > 0
        }

    def _flow(self, scene: Scene) -> Row:
        """Order flow since the last second over the mean size at the touch; only of books whose OFI is on."""
        found = {}
        before, self._flows = self._flows, dict(scene.flows)
        for name, flow in self._flows.items():
            best = scene.by_name[name].best
            size = (best.bid_size + best.ask_size) / 2
            if name in before and size > 0:
                found[name] = (flow - before[name]) / size
        return found

    @staticmethod
    def _computed(kept: Sequence[Row], scene: Scene) -> tuple[float, float, float]:
        counts = Counter(name for row in kept for name in row)
        taking = [name for name in scene.by_name if counts[name] >= COVERED * len(kept)]
        rows = [row for row in kept if all(name in row for name in taking)]
        if len(taking) < 2 or len(rows) < LEAST:
            return NOTHING
        series = np.array([[row[name] for row in rows] for name in taking])
        series = series[_centred(series)[1] > 0]
        found = contagion(series)
        return (found["mean_corr"], found["absorption"], len(series)) if found else NOTHING


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    found = contagion([[float(value) for value in one] for one in inputs["series"]])
    return found or {"mean_corr": None, "absorption": None}


ANSWERS = {"contagion": _answer}
