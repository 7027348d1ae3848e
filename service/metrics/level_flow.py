"""Order flow of the best M levels, once for all metrics of a book that scale or combine it (metrics.md 2.2).

`context.shared(LevelFlow, M, window)`; the first metric that asks drives it. A step of the grid is an array: the flow of
each level, then the sums of the mean depth of all levels and of the touch after each message, then their number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .declare import SECOND, Context, stored
from .windows import RollingSums

LEVELS = 10
WINDOW = 10 * SECOND
ROWS = 180  # of 10 s: half an hour
FEWEST = 60
_INFINITE = cython.declare(cython.double, float("inf"))
_NAN = cython.declare(cython.double, float("nan"))
_TEN = cython.declare(cython.longlong, 10 * SECOND)


def first_component(rows: Sequence[Sequence[float]]) -> tuple[list[float], float] | None:
    """First eigenvector of the rows' covariance with absolute weights that sum to 1 and a sum above zero; its share.

    None where nothing varies. Source: Cont, Cucuringu & Zhang 2023, equations 3 and 4.
    """
    import numpy as np

    covariance = np.atleast_2d(np.cov(np.asarray(rows, dtype=float), rowvar=False))
    values, vectors = np.linalg.eigh(covariance)
    if not np.isfinite(values).all() or values.sum() <= 0:
        return None
    first = vectors[:, len(values) - 1]  # they come in ascending order
    first = first / np.abs(first).sum()
    if first.sum() < 0 or (first.sum() == 0 and first[np.argmax(np.abs(first))] < 0):
        first = -first
    return [float(one) for one in first], float(values.max() / values.sum())


@cython.cclass
class LevelFlow:
    """Flow at levels 1 to M by the rule of `ofi`, over a window and by steps of the grid, and its first component.

    weights: of the integrated flow, equal until `fitted`; `explained` is the first component's share of the variance.
    closed, closed_ten: the last full second and the last full ten; `closed_whole`, `ten_whole`: without a resync;
    `ten_full`: the last sample ended ten seconds.
    """

    def __init__(self, context: Context, levels: int = LEVELS, window: int = WINDOW) -> None:
        self.context, self.levels = context, levels
        self.driver: Any = None
        self.bid, self.ask = (stored("d", [0.0] * levels) for _ in range(2))
        self.bid_size, self.ask_size = (stored("d", [0.0] * levels) for _ in range(2))
        self.ready = self.fitted = False
        self.depth = 0.0
        self.explained = float("nan")
        self.sums = RollingSums([window], levels + 2)
        self.weights = stored("d", [1 / levels] * levels)
        self.step, self.closed, self.ten, self.closed_ten = (
            stored("d", [0.0] * (levels + 3)) for _ in range(4)
        )
        self.closed_whole = self.ten_whole = self.ten_full = False
        self.rows: Any = deque(maxlen=ROWS)

    @cython.ccall
    def drives(self, metric: Any) -> cython.bint:
        """Is it this metric that hands on messages and samples? The first that asks is."""
        if self.driver is None:
            self.driver = metric
        return self.driver is metric

    def lost(self) -> None:
        """The next state is the first."""
        self.ready = False

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, fresh: cython.bint, t: cython.longlong) -> cython.int:
        """A good state; `fresh`: it is not to be compared with the one before."""
        k: cython.int
        price: cython.double
        size: cython.double
        e: cython.double
        depth: cython.double = 0
        counts: cython.bint = self.ready and not fresh
        if counts and not book.moved:
            for k in range(self.levels):
                self.sums.value[k] = 0
        else:
            for k in range(self.levels):
                price = book.bid_price[k] if k < book.bid_count else -_INFINITE
                size = book.bid_size[k] if k < book.bid_count else 0
                depth += size
                e = 0
                if price >= self.bid[k]:
                    e += size
                if price <= self.bid[k]:
                    e -= self.bid_size[k]
                self.bid[k] = price
                self.bid_size[k] = size
                price = book.ask_price[k] if k < book.ask_count else _INFINITE
                size = book.ask_size[k] if k < book.ask_count else 0
                depth += size
                if price <= self.ask[k]:
                    e -= size
                if price >= self.ask[k]:
                    e += self.ask_size[k]
                self.ask[k] = price
                self.ask_size[k] = size
                self.sums.value[k] = e
                if counts:
                    self.step[k] += e
            self.depth = depth / 2 / self.levels
        self.ready = True
        if not counts:
            return 0
        self.sums.value[self.levels] = self.depth
        self.sums.value[self.levels + 1] = 1
        self.step[self.levels] += self.depth
        self.step[self.levels + 1] += (self.bid_size[0] + self.ask_size[0]) / 2
        self.step[self.levels + 2] += 1
        return self.sums.push(t)

    @cython.cfunc
    @cython.exceptval(check=False)
    def flow(self, level: cython.int) -> cython.double:
        """OFI of a level (from 0) over the window, as of the last `sums.expire`."""
        return self.sums.total(0, level)

    @cython.cfunc
    @cython.exceptval(check=False)
    def scale(self) -> cython.double:
        """Q: mean depth of a level over the states of the window; NaN without any."""
        count: cython.double = self.sums.total(0, self.levels + 1)
        depth: cython.double = self.sums.total(0, self.levels)
        return depth / count if count > 0.5 and depth > 0 else _NAN

    @cython.cfunc
    @cython.exceptval(check=False)
    def integrated(self, step: cython.double[::1]) -> cython.double:
        """Weighted normalised flow of a step; NaN without a message in it."""
        k: cython.int
        sum: cython.double = 0
        if not step[self.levels] > 0:
            return _NAN
        for k in range(self.levels):
            sum += self.weights[k] * step[k]
        return sum / (step[self.levels] / step[self.levels + 2])

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def sample(self, t: cython.longlong, whole: cython.bint) -> cython.int:
        """A second ends at t: close the step; every ten the longer one, every sixty the weights, on what is past."""
        k: cython.int
        self.ten_whole = whole and (self.ten_whole or self.ten_full)
        if self.ten_full:
            for k in range(self.levels + 3):
                self.ten[k] = 0
        for k in range(self.levels + 3):
            self.closed[k] = self.step[k]
            self.ten[k] += self.step[k]
            self.step[k] = 0
        self.closed_whole = whole
        self.ten_full = t % _TEN == 0
        if self.ten_full:
            for k in range(self.levels + 3):
                self.closed_ten[k] = self.ten[k]
            if self.ten_whole and self.ten[self.levels] > 0:
                scale = self.ten[self.levels] / self.ten[self.levels + 2]
                self.rows.append([self.ten[k] / scale for k in range(self.levels)])
            if self.context.is_turn(t // 10, 6, 0):  # this ends a step of 10 s
                self._refit()
        return 0

    def _refit(self) -> None:
        k: cython.int
        if len(self.rows) < (FEWEST if self.context.books.least > 0 else 2):
            return
        found = first_component(self.rows)
        if found is not None:
            for k in range(self.levels):
                self.weights[k] = found[0][k]
            self.explained = found[1]
            self.fitted = True
