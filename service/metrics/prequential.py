"""Predictors that are judged before they learn: each outcome by coefficients from before its features (metrics.md 2.7)."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from .declare import NAN
from .logistic import auc, brier, calibration_error, fit

PAIRS, LEAST, SCORED = 5_000, 500, 2_000
FEWEST_IN_BIN = 30


class Newest:
    """The newest `size` rows, all where it is 0, in `numbers`; no longer in order of time once it is full."""

    def __init__(self, size: int, width: int = 1, code: str = "d") -> None:
        self.numbers: array[Any] = array(code)
        self._most, self._at = size * width, 0

    def push(self, row: Sequence[float]) -> None:
        """Take in a row; the oldest goes where it is full."""
        if not self._most or len(self.numbers) < self._most:
            self.numbers.extend(row)
            return
        for one in row:
            self.numbers[self._at] = one
            self._at += 1
        self._at %= self._most


class Prequential:
    """Logistic regression on the last 5,000 pairs and what its last 2,000 predictions were worth.

    `least` is the share of a window that has to be known: with 0, for a data set, all pairs count, from the second on;
    else coefficients and scores are there from 500 on. `coefficients`: b0, b1 …, NaN until then; given ones stay.
    """

    def __init__(self, features: int, least: float, given: Sequence[float] = ()) -> None:
        self.features, self.fixed = features, bool(given)
        self.coefficients = list(given) or [NAN] * (features + 1)
        self._few, self._judged, self._in_bin = (LEAST, LEAST, FEWEST_IN_BIN) if least > 0 else (2, 1, 1)
        self.x, self.y = (Newest(PAIRS if least > 0 else 0, width) for width in (features, 1))
        self._said, self._came = Newest(SCORED), Newest(SCORED)
        self._fresh = False

    @property
    def pairs(self) -> int:
        """How many the next fit rests on."""
        return len(self.y.numbers)

    def learn(self, row: Sequence[float], up: bool, said: float) -> None:
        """A pair: features and what came of them; `said` was predicted of them, NaN where nothing was."""
        if said == said and not self.fixed:
            self._said.push((said,))
            self._came.push((up,))
        self.x.push(row)
        self.y.push((up,))
        self._fresh = True

    def refit(self) -> bool:
        """Fit anew, where there are pairs enough; False: there was nothing new."""
        if self.fixed or not self._fresh:
            return False
        self._fresh = False
        if self.pairs >= self._few:
            self.coefficients = self.fitted()
        return True

    def fitted(self) -> list[float]:
        """Coefficients of one fit to all pairs there are."""
        return fit(self.x.numbers, self.y.numbers, self.features)

    def scores(self) -> tuple[float, float, float]:
        """Brier score, AUC and calibration error of the last predictions; NaN with too few."""
        said, came = self._said.numbers, self._came.numbers
        if len(said) < self._judged:
            return NAN, NAN, NAN
        return brier(said, came), auc(said, came), calibration_error(said, came, self._in_bin)
