"""The grid of one book: at each full second of event time, the metrics that want it are shown the book as it was then.

Messages, prints and changes of state drive it, each before it is applied; reading drives it a second late, so that a
message that is late itself still finds its place. So a live run and its replay see the same samples.
"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import NOWHERE, Book

from .metrics.declare import Metric

STEP = 1_000_000_000  # ns of event time
_STEP = cython.declare(cython.longlong, STEP)
_MOST = cython.declare(
    cython.longlong, 7200
)  # samples that a silence is filled with: the longest window, twice


@cython.cclass
class Grid:
    """`at`: the first full second that is still open, NOWHERE where no metric wants any.

    `good`: the book is live. `broken`: a resync since the last sample. A step that holds one is not whole.
    """

    def __init__(self, metrics: list[Any]) -> None:
        self.metrics = metrics
        self.at = -1 if metrics else NOWHERE
        self.good = self.was_good = self.broken = False

    @cython.cfunc
    @cython.exceptval(-1)
    def step(self, book: Book, t: cython.longlong) -> cython.int:
        """Close all seconds before t. What comes at a full second still belongs to the one that ends there."""
        metric: Metric
        whole: cython.bint
        if t <= self.at or t <= 0:
            return 0
        if self.at < 0:
            self.at = (t + _STEP - 1) // _STEP * _STEP
        if t - self.at > _MOST * _STEP:
            self.at = (t // _STEP - _MOST) * _STEP
            self.broken = True
        while self.at < t:
            whole = self.good and self.was_good and not self.broken
            for metric in self.metrics:
                metric.sample(book, self.at, whole)
            self.was_good = self.good
            self.broken = False
            self.at += _STEP
        return 0
