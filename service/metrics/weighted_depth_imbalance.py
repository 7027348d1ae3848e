"""`weighted_depth_imbalance`: imbalance in which levels count less the farther they are."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .bands import Bands
from .declare import NAN, Declaration, Metric


@cython.cclass
class WeightedDepthImbalance(Metric):
    """sum w (B - A) / sum w (B + A) in [-1, 1].

    level_exp: w_i = exp(-decay (i - 1)) over the best `levels`. distance_exp: w = exp(-d / scale_bps), d the distance
    from the mid in bps, up to `max_bps`. Sources: Lipton, Pesavento & Sotiropoulos 2013; metrics.md 1.3.
    """

    declaration = Declaration(
        key="weighted_depth_imbalance",
        help="Imbalance of sizes that count less the farther they stand; +1 is all bids.",
        formula="sum w (B - A) / sum w (B + A)",
        source="Lipton, Pesavento & Sotiropoulos 2013; metrics.md 1.3",
        sign="+ is more bids",
        reaches=True,
        bounds=(-1, 1),
        by={"weighting": ("level_exp", "distance_exp")},
        lazy=True,
    )
    levels: cython.int
    decay: cython.double
    scale: cython.double
    widest: Bands
    most: cython.double
    by_level: cython.int
    by_distance: cython.int

    def prepare(self) -> None:
        weightings = self.param("weighting")
        self.by_level = weightings.index("level_exp") if "level_exp" in weightings else -1
        self.by_distance = weightings.index("distance_exp") if "distance_exp" in weightings else -1
        self.levels = self.params.get("levels", 20)
        if self.levels < 1:
            raise ValueError(f"levels {self.levels}: a number of levels is 1 or more")
        self.decay = self.params.get("decay", 0.5)
        self.scale = self.params.get("scale_bps", 10.0) / 1e4
        self.most = self.params.get("max_bps", 100.0)
        self.widest = Bands((self.params.get("max_bps", 100),))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        if self.by_level >= 0:
            self.row[self.at + self.by_level] = self._level(book)
        if self.by_distance >= 0:
            self.row[self.at + self.by_distance] = self._distance(book)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _level(self, book: Book) -> cython.double:
        k: cython.int
        weight: cython.double = 1.0
        step: cython.double = exp(-self.decay)
        bid: cython.double = 0
        ask: cython.double = 0
        if not (book.bids_reach(self.levels) and book.asks_reach(self.levels)):
            return NAN
        for k in range(self.levels):
            if k < book.bid_count:
                bid += weight * book.bid_size[k]
            if k < book.ask_count:
                ask += weight * book.ask_size[k]
            weight *= step
        return (bid - ask) / (bid + ask) if book.bid_count + book.ask_count > 0 else NAN

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _distance(self, book: Book) -> cython.double:
        low: cython.longlong
        high: cython.longlong
        mid: cython.double
        bid: cython.double
        ask: cython.double
        twice: cython.longlong
        if book.bid_count == 0 or book.ask_count == 0:
            return NAN
        twice = book.asks.best() - book.bids.best()
        low = self.widest.edge(twice, -self.widest.parts[0], True)
        high = self.widest.edge(twice, self.widest.parts[0], False)
        if low < book.bid_floor or high > book.ask_ceiling:
            return NAN
        mid = (book.bid_price[0] + book.ask_price[0]) / 2
        bid = book.bids.decayed(mid, mid * self.scale, -low)
        ask = book.asks.decayed(mid, mid * self.scale, high)
        return (bid - ask) / (bid + ask) if bid + ask > 0 else NAN
