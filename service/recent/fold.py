"""A book near its touch, folded into rows of equal height, and sizes as 16-bit numbers on a logarithmic scale.

Row r holds the prices from r * step up to, not including, (r + 1) * step. The sums come from the blocks of the book
(`Side.sum_to`), so that a row costs the same whether one level stands in it or a hundred.
"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import ceil, log2

from connectors.book import Book

ROWS = 80  # a side
UNKNOWN = 65_535  # beyond what the venue has proven; 0 is nothing there
PARTS = 655  # an octave: neighbours differ by 0.11 %, so a size is kept to 0.06 %
OCTAVES = 50  # below one unit of base; as many above
_UNKNOWN = cython.declare(cython.int, UNKNOWN)
_PARTS = cython.declare(cython.double, PARTS)
_OCTAVES = cython.declare(cython.double, OCTAVES)
_NAN = cython.declare(cython.double, float("nan"))
_FAR = cython.declare(cython.double, float(1 << 62))


def fold(
    book: Book,
    per_row: cython.double,
    bid_row: cython.longlong,
    ask_row: cython.longlong,
    bid_sums: Any,
    ask_sums: Any,
) -> None:
    """Add base sizes: bid_sums[k] of row `bid_row - k`, ask_sums[k] of `ask_row + k`; NaN where a row is not proven whole.

    bid_sums, ask_sums: float64. per_row: price integers of the book in one row. What stands before the first row counts
    to it.
    """
    bids: cython.double[::1] = bid_sums
    asks: cython.double[::1] = ask_sums
    k: cython.Py_ssize_t
    edge: cython.double
    before: cython.double = 0
    for k in range(bids.shape[0]):
        edge = ceil((bid_row - k) * per_row - 1e-6)
        if not -_FAR < edge < _FAR or edge < book.bid_floor:
            bids[k] = _NAN
            continue
        book.bids.sum_to(-cython.cast(cython.longlong, edge), k > 0)
        bids[k] += book.bids.base - before
        before = book.bids.base
    before = 0
    for k in range(asks.shape[0]):
        edge = ceil((ask_row + k + 1) * per_row - 1e-6) - 1
        if not -_FAR < edge < _FAR or edge > book.ask_ceiling:
            asks[k] = _NAN
            continue
        book.asks.sum_to(cython.cast(cython.longlong, edge), k > 0)
        asks[k] += book.asks.base - before
        before = book.asks.base


def encode(given: Any, codes: Any) -> None:
    """Sizes (float64) as numbers of 16 bits (uint16): 0 nothing, UNKNOWN for NaN, else the logarithm."""
    sizes: cython.double[::1] = given
    out: cython.ushort[::1] = codes
    k: cython.Py_ssize_t
    size: cython.double
    code: cython.double
    for k in range(sizes.shape[0]):
        size = sizes[k]
        if size != size:
            out[k] = _UNKNOWN
        elif size <= 0:
            out[k] = 0
        else:
            code = 1.5 + (log2(size) + _OCTAVES) * _PARTS
            if code < 1:
                code = 1
            elif code > _UNKNOWN - 1:
                code = _UNKNOWN - 1
            out[k] = cython.cast(cython.ushort, code)


def sizes_of_codes() -> Any:
    """Size by code, float64: NaN for UNKNOWN."""
    import numpy as np

    found = 2.0 ** ((np.arange(65_536) - 1) / PARTS - OCTAVES)
    found[0], found[UNKNOWN] = 0.0, np.nan
    return found
