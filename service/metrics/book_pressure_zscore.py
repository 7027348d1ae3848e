"""`book_pressure_zscore`: how unusual the lean of the depth near the mid is."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.rolling import RollingMoments

from connectors.book import Book

from .bands import Bands
from .declare import NAN, Declaration, Metric, Unit
from .rolling import RollingMoments

FEWEST = 60
WINDOW = 3_600


@cython.cclass
class BookPressureZscore(Metric):
    """z of D_b(x) - D_a(x), x = 25 bps, on the grid of 1 s against the 3,600 samples before; the current one is left out.

    Population deviation; NaN below 60 samples, without deviation, and where the step or the band is not whole
    (metrics.md 1.6). `samples` is the length of the baseline, `band_bps` the width.
    """

    declaration = Declaration(
        key="book_pressure_zscore",
        unit=Unit.COUNT,
        help="Deviations of bid minus ask depth within 25 bps from its mean over the last hour; above 0 more bids.",
        formula="(x - mean) / sigma, x = D_b(25 bp) - D_a(25 bp), over the 3,600 seconds before",
        source="metrics.md 1.6",
        sign="+ is bids deeper than usual, against asks",
        reaches=True,
    )
    bands: Bands
    baseline: RollingMoments
    fewest: cython.int

    def prepare(self) -> None:
        self.bands = self.context.bands((self.params.get("band_bps", 25),))
        self.baseline = RollingMoments(int(self.params.get("samples", WINDOW)))
        self.fewest = FEWEST if self.context.books.least > 0 else 1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        x: cython.double
        self.row[self.at] = NAN
        if not whole:
            return 0
        self.bands.bring(book)
        if self.bands.defined and self.bands.bid_known[0] and self.bands.ask_known[0]:
            x = self.bands.bid_base[0] - self.bands.ask_base[0]
            if self.baseline.count >= self.fewest:
                self.row[self.at] = self.baseline.zscore(x)
            self.baseline.push(x)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.row[self.at] = NAN
        return 0
