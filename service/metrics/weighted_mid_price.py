"""`weighted_mid_price`: the mid, pulled towards the side that has less."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit


@cython.cclass
class WeightedMidPrice(Metric):
    """(a_1 B_1 + b_1 A_1) / (B_1 + A_1) = m + (s/2) queue_imbalance: each price takes the other side's size.

    Source: Gatheral & Oomen 2009; Stoikov 2018 calls it the weighted mid (metrics.md 1.1).
    """

    declaration = Declaration(
        key="weighted_mid_price",
        unit=Unit.PRICE,
        help="Mid weighted with the opposite side's best size; a heavy bid pulls it towards the ask.",
        formula="(a_1 B_1 + b_1 A_1) / (B_1 + A_1)",
        top=True,
        source="Gatheral & Oomen 2009; metrics.md 1.1",
        group="price",
        bounds=(0, None),
        prometheus="obi_weighted_mid_price",
    )

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        bid: cython.double
        ask: cython.double
        if book.bid_count == 0 or book.ask_count == 0:
            self.row[self.at] = NAN
            return 0
        bid = book.bid_size[0]
        ask = book.ask_size[0]
        self.row[self.at] = (book.ask_price[0] * bid + book.bid_price[0] * ask) / (bid + ask)
        return 0
