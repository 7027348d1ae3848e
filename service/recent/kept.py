"""What is kept of one book: a sample a second in fixed arrays, and its prints."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from math import floor, isfinite, log10
from typing import Any

import numpy as np

from .fold import ROWS, encode, fold
from .prints import Prints
from .settings import MOST_OUTPUTS

SECOND = 1_000_000_000
PART_OF_PRICE = 5e-5  # a row is about half a basis point high: ROWS of them a side are 25 to 60
FORCED = 1000  # liquidations kept
_STEPS = (1.0, 2.0, 5.0, 10.0)


def wanted(outputs: Sequence[Any], globs: Sequence[str]) -> list[int]:
    """Places of the outputs that are kept: those that a glob means, statistics only where it says so."""
    asked = tuple(globs)
    found = [
        place
        for place, output in enumerate(outputs)
        if _fits(output.name, dict(output.labels).get("stat", "last") == "last", asked)
    ]
    return found[:MOST_OUTPUTS]


@lru_cache(8192)  # books of one plan have the same names
def _fits(name: str, plain: bool, globs: tuple[str, ...]) -> bool:
    head = name.partition("{")[0]
    return any(
        (plain or "stat=" in glob) and (fnmatchcase(name, glob) or fnmatchcase(head, glob)) for glob in globs
    )


def row_height(price: float, tick: float) -> float:
    """Height of a row in price: 1, 2 or 5 times a power of ten of ticks (of one where there is none), near PART_OF_PRICE."""
    unit = tick if tick > 0 and isfinite(tick) else 1.0
    ticks = price * PART_OF_PRICE / unit
    power = 10.0 ** floor(log10(ticks))
    nice = min(_STEPS, key=lambda one: abs(log10(one * power / ticks))) * power
    return unit * (max(1.0, nice) if unit == tick else nice)


def size_of(seconds: int, outputs: int) -> int:
    """Bytes that a book may come to hold."""
    return seconds * (8 * outputs + 4 * ROWS + 6 * 8) + Prints.MOST_BYTES


class Kept:
    """Samples of one book, one a second, in rings of `seconds` places.

    A sample of time t stands at place t // SECOND % seconds; `stamp` tells whose it is, so that what was not written is
    not read. values: NaN where undefined; live: whether the book was. bids, asks: codes (fold.py) of ROWS rows of height
    `step`, from `bid_row` down and `ask_row` up; touch: best bid and ask price, NaN while not live.
    """

    def __init__(self, book: Any, seconds: int, globs: Sequence[str], since: int) -> None:
        self.book, self.seconds, self.globs, self.since = book, seconds, globs, since
        self.names: list[str] = []
        self.places: list[int] = []
        self.columns: list[int] = []
        self.outputs: Sequence[Any] = ()
        self.values = np.zeros((seconds, 0))
        self.stamp = np.zeros(seconds, np.int64)
        self.live = np.zeros(seconds, np.bool_)
        self.bids, self.asks = (np.zeros((seconds, ROWS), np.uint16) for _ in range(2))
        self.bid_row, self.ask_row = (np.zeros(seconds, np.int64) for _ in range(2))
        self.step = np.zeros(seconds)
        self.touch = np.zeros((seconds, 2))
        self.prints = Prints(seconds * SECOND)
        self.forced: deque[tuple[int, float, float, float, int]] = deque(maxlen=FORCED)
        self.height = 0.0  # of the rows of the last sample
        self._bid_sums, self._ask_sums = np.zeros(ROWS), np.zeros(ROWS)
        self._lay_out()

    def _lay_out(self) -> None:
        """The book has these outputs now; what was kept under a name stays under it."""
        self.outputs = self.book.outputs
        self.places, self.columns = [], []
        for place in wanted(self.outputs, self.globs):
            name = self.outputs[place].name
            if name not in self.names:
                if len(self.names) == MOST_OUTPUTS:
                    continue
                self.names.append(name)
            self.places.append(place)
            self.columns.append(self.names.index(name))
        wider = np.full((self.seconds, len(self.names)), np.nan)
        wider[:, : self.values.shape[1]] = self.values
        self.values = wider

    @property
    def size(self) -> int:
        """Bytes accounted for it."""
        return size_of(self.seconds, len(self.names))

    def sample(self, t: int) -> None:
        """Keep the book as it is at our time t."""
        if self.book.outputs is not self.outputs:
            self._lay_out()
        at = t // SECOND % self.seconds
        self.stamp[at] = t
        self.values[at] = np.nan
        live = self.live[at] = self.book.state == "live"
        if not live:
            self.touch[at] = np.nan
            self.step[at] = 0
            return
        values = self.book.values(t)
        self.values[at, self.columns] = [values[place] for place in self.places]
        self._fold(at)

    def _fold(self, at: int) -> None:
        """Write the rows of depth; none (step 0) where a side is empty."""
        books = parts(self.book)
        touches = [touch(book, unit) for book, unit in books]
        bid = max((one[0] for one in touches), default=np.nan)
        ask = min((one[1] for one in touches), default=np.nan)
        self.touch[at] = bid, ask
        self.step[at] = 0
        if not (bid > 0 and isfinite(ask)):
            return
        ticks = self.book.context.tick if not self.book.members else np.nan
        step = self.height = row_height((bid + ask) / 2, ticks)
        bid_row, ask_row = floor(bid / step + 1e-9), floor(ask / step + 1e-9)
        self._bid_sums[:] = self._ask_sums[:] = 0
        for book, unit in books:
            per_row = step / unit
            if abs(per_row - round(per_row)) < 1e-6 * per_row:
                per_row = float(round(per_row))
            fold(book, per_row, bid_row, ask_row, self._bid_sums, self._ask_sums)
        encode(self._bid_sums, self.bids[at])
        encode(self._ask_sums, self.asks[at])
        self.step[at], self.bid_row[at], self.ask_row[at] = step, bid_row, ask_row

    def between(self, first: int, last: int) -> Any:
        """Places of the samples with first <= t <= last, oldest first."""
        at = np.nonzero((self.stamp >= max(1, first)) & (self.stamp <= last))[0]
        return at[np.argsort(self.stamp[at])]


def parts(book: Any) -> list[tuple[Any, float]]:
    """The order books that a book is made of, each with the price of one of its price integers."""
    if book.members:
        return [(part.book, float(part.unit)) for part in book.scene().agreed]
    own = book.context.book
    return [(own, 1 / (10.0**own.price_places * own.multiplier))]


def touch(book: Any, unit: float) -> tuple[float, float]:
    """Best bid and ask as prices; NaN where a side is empty."""
    bid = -book.bids.best() * unit if book.bids.count else np.nan
    ask = book.asks.best() * unit if book.asks.count else np.nan
    return bid, ask
