"""`mid_price`: halfway between the best bid and the best ask."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import Declaration, Metric, Unit


@cython.cclass
class MidPrice(Metric):
    """m = (a_1 + b_1) / 2; undefined unless both sides exist (metrics.md 1.1)."""

    declaration = Declaration(
        key="mid_price",
        unit=Unit.PRICE,
        help="Halfway between the best bid and the best ask.",
        formula="m = (a_1 + b_1) / 2",
        top=True,
        source="metrics.md 1.1",
        group="price",
        bounds=(0, None),
        prometheus="obi_mid_price",
    )

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        both: cython.bint = book.bid_count > 0 and book.ask_count > 0
        self.row[self.at] = (book.ask_price[0] + book.bid_price[0]) / 2 if both else NAN
        return 0
