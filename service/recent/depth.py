"""What is kept of a book's depth, as columns of rows of one height."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from .fold import ROWS, sizes_of_codes
from .kept import Kept


class Column(NamedTuple):
    """Depth at one time: sizes from the best bid's row down and the best ask's row up, NaN where not proven."""

    bid_row: int
    ask_row: int
    bids: list[float]
    asks: list[float]


@cache
def _sizes() -> Any:
    return _rounded(sizes_of_codes())


def common_row(kept: Kept, at: Any, least: float) -> float:
    """Height of row that all these samples can be shown in: a whole multiple of the latest one's, at least `least`."""
    steps = kept.step[at]
    steps = steps[steps > 0]
    if len(steps) == 0:
        return 0.0
    own = float(steps.max())
    return own * max(1, ceil(least / own - 1e-9))


def columns(kept: Kept, at: Any, row: float) -> Iterator[Column | None]:
    """One column a place, in rows of this height; None where there is no depth."""
    for place in at:
        step = float(kept.step[place])
        if step <= 0 or row <= 0:
            yield None
            continue
        bid_row, bids = _side(kept.bids[place], int(kept.bid_row[place]), -1, step, row)
        ask_row, asks = _side(kept.asks[place], int(kept.ask_row[place]), 1, step, row)
        yield Column(bid_row, ask_row, bids, asks)


def _side(codes: Any, first: int, sign: int, step: float, row: float) -> tuple[int, list[float]]:
    """The first row and the sizes outward from it."""
    sizes = _sizes()[codes]
    if abs(row - step) < 1e-9 * row:
        return first, _told(sizes)
    wide = np.floor((first + sign * np.arange(ROWS) + 0.5) * (step / row)).astype(np.int64)
    start = int(wide[0])
    places = sign * (wide - start)
    sums = np.bincount(places, weights=sizes)
    whole = np.bincount(places) >= round(row / step)
    whole[0] = True  # the touch stands in it: there is nothing nearer
    sums[~whole] = np.nan  # the last row is not there as a whole
    return start, _told(_rounded(sums))


def _told(sizes: Any) -> list[float]:
    """As numbers, without the end of which nothing is known."""
    known = np.nonzero(~np.isnan(sizes))[0]
    found: list[float] = sizes[: int(known[-1]) + 1 if len(known) else 0].tolist()
    return found


def _rounded(sizes: Any) -> Any:
    """To four digits, which is what is kept."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(sizes)) - 3)
        found = np.where(sizes > 0, np.round(sizes / unit) * unit, sizes)
    # A product such as 1234 * 0.001 has a tail of digits; nine decimals of what is left are enough for none to show.
    return np.where(sizes > 1e-5, np.round(found, 9), found)
