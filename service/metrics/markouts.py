"""What became of prints: the mid they were made at, and the mid some seconds later, by the side of the taker.

`context.shared(Markouts, horizons, window)`; the first metric that asks drives it. Prints wait in a queue until their
horizons are over; sums are kept for each side. Source: Huang & Stoll 1996; metrics.md 2.6.
"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.service.metrics.windows import RollingSums

from .declare import SECOND, Context, stored
from .windows import RollingSums

HORIZONS = (1, 5, 30, 60)
WINDOW = 300
# Columns of a side after a horizon
REALIZED, IMPACT, VOLUME, PRINTS, LOSING = range(5)
COLUMNS = 5
_COLUMNS = cython.declare(cython.int, COLUMNS)
_NAN = cython.declare(cython.double, float("nan"))
FEWEST = 64  # prints there is room for at first


@cython.cclass
class Markouts:
    """Sums over the prints of the last `window` seconds: side 0 takers sold, side 1 takers bought.

    After `bring(t)`: `effective[side]` is the sum of size 2D(p - m)/m and `volume[side]` of size; `of(h, side, column)` are
    those of the prints whose horizon h is over: REALIZED size 2D(p - m_tau)/m, IMPACT size 2D(m_tau - m)/m, VOLUME size,
    PRINTS their number, LOSING those of them whose REALIZED is below zero. m is the mid of the last state strictly
    before the print, m_tau the one in force tau later; a print without a mid, then or now, does not count.
    """

    def __init__(
        self, context: Context, horizons: tuple[float, ...] = HORIZONS, window: float = WINDOW
    ) -> None:
        """Times in seconds."""
        count = len(horizons)
        self.context = context
        self.driver: Any = None
        self.spans, self.horizons = stored("q", [round(one * SECOND) for one in horizons]), count
        self.span = round(window * SECOND)
        self.width = (
            1 if window != WINDOW or context.trades.least == 0 else SECOND
        )  # steps that leave the window
        self.sums = RollingSums([self.span], 4)
        self.later = [RollingSums([self.span], 2 * COLUMNS) for _ in horizons]
        self.due = stored("q", [0] * count)
        self.effective, self.volume = stored("d", [0.0] * 2), stored("d", [0.0] * 2)
        self.matured = stored("d", [0.0] * (2 * COLUMNS * count))
        self.head = self.tail = 0
        self.last_mid = _NAN
        self.capacity = FEWEST
        self.prints = cython.cast(cython.p_double, calloc(5 * FEWEST, 8))

    def __dealloc__(self) -> None:
        free(self.prints)

    @cython.ccall
    def drives(self, metric: Any) -> cython.bint:
        """Is it this metric that hands on messages and prints? The first that asks is."""
        if self.driver is None:
            self.driver = metric
        return self.driver is metric

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def traded(
        self, price: cython.double, size: cython.double, side: cython.int, t: cython.longlong
    ) -> cython.int:
        """A print: size in base, side +1 where the taker bought."""
        print: cython.p_double
        column: cython.int = 2 if side > 0 else 0
        mid: cython.double = self.context.mid_before(t)
        self._mature(t)
        if side == 0 or not size > 0 or not mid > 0:
            return 0
        if self.head - self.tail == self.capacity:
            self._grow()
        self._times()[self.head & (self.capacity - 1)] = t
        print = self._print(self.head)
        print[0] = side
        print[1] = price
        print[2] = size
        print[3] = mid
        self.head += 1
        self.sums.value[0] = self.sums.value[1] = self.sums.value[2] = self.sums.value[3] = 0
        self.sums.value[column] = size * 2 * side * (price - mid) / mid
        self.sums.value[column + 1] = size
        return self.sums.gather(t // self.width * self.width)

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _print(self, n: cython.longlong) -> cython.p_double:
        """Side, price, size and mid of the n-th print since the start, which still waits."""
        return self.prints + self.capacity + 4 * (n & (self.capacity - 1))

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _times(self) -> cython.p_longlong:
        """Times of the prints that wait: they stand before the rest."""
        return cython.cast(cython.p_longlong, self.prints)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def moved(self, mid: cython.double, t: cython.longlong) -> cython.int:
        """From t on this is the mid; NaN: there is none."""
        self._mature(t)
        self.last_mid = mid
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _mature(self, t: cython.longlong) -> cython.int:
        """Prints whose horizon ended before t: the mid that was in force until now is theirs."""
        h: cython.int
        oldest: cython.longlong = self.head
        for h in range(self.horizons):
            while (
                self.due[h] < self.head
                and self._times()[self.due[h] & (self.capacity - 1)] + self.spans[h] < t
            ):
                self._matured(h, self.due[h])
                self.due[h] += 1
            if self.due[h] < oldest:
                oldest = self.due[h]
        self.tail = oldest
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _matured(self, h: cython.int, n: cython.longlong) -> cython.int:
        k: cython.int
        sums: RollingSums = self.later[h]
        if not self.last_mid > 0:
            return 0
        for k in range(2 * _COLUMNS):
            sums.value[k] = 0
        self._judge(n, sums.value)
        return sums.gather(self._times()[n & (self.capacity - 1)] // self.width * self.width)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _judge(self, n: cython.longlong, into: cython.p_double) -> cython.void:
        """Add what became of the n-th print, by the mid now in force, to the columns of its side."""
        print: cython.p_double = self._print(n)
        unit: cython.double = 2 * print[0] / print[3] * print[2]
        kept: cython.double = unit * (print[1] - self.last_mid)
        at: cython.int = _COLUMNS if print[0] > 0 else 0
        into[at] += kept
        into[at + 1] += unit * (self.last_mid - print[3])
        into[at + 2] += print[2]
        into[at + 3] += 1
        into[at + 4] += kept < 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def bring(self, t: cython.longlong) -> cython.int:
        """Sums as of t. What is due by now counts, but stays: a message of this very time may still come."""
        h: cython.int
        k: cython.int
        n: cython.longlong
        sums: RollingSums
        self.sums.expire(t)
        for k in range(2):
            self.effective[k] = self.sums.total(0, 2 * k)
            self.volume[k] = self.sums.total(0, 2 * k + 1)
        for h in range(self.horizons):
            sums = self.later[h]
            sums.expire(t)
            for k in range(2 * _COLUMNS):
                self.matured[2 * _COLUMNS * h + k] = sums.total(0, k)
            n = self.due[h]
            while n < self.head and self.last_mid > 0:
                k = cython.cast(cython.int, n & (self.capacity - 1))
                if self._times()[k] + self.spans[h] > t:
                    break
                if self._times()[k] > t - self.span:
                    self._judge(n, cython.address(self.matured[2 * _COLUMNS * h]))
                n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def of(self, h: cython.int, side: cython.int, column: cython.int) -> cython.double:
        """A column after horizon h of takers' side 0 or 1, or of both (-1), as of `bring`."""
        at: cython.int = 2 * _COLUMNS * h + column
        if side >= 0:
            return self.matured[at + side * _COLUMNS]
        return self.matured[at] + self.matured[at + _COLUMNS]

    @cython.cfunc
    @cython.exceptval(check=False)
    def mean(self, h: cython.int, side: cython.int, column: cython.int) -> cython.double:
        """REALIZED or IMPACT by volume, LOSING by number of prints; NaN without any."""
        weight: cython.double = self.of(h, side, 3 if column == 4 else 2)
        return self.of(h, side, column) / weight if weight > 0 else _NAN

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        n: cython.longlong
        k: cython.int
        new: cython.longlong = 2 * self.capacity
        room: cython.p_double = cython.cast(cython.p_double, calloc(5 * new, 8))
        if room == cython.NULL:
            raise MemoryError
        for n in range(self.tail, self.head):
            cython.cast(cython.p_longlong, room)[n & (new - 1)] = self._times()[n & (self.capacity - 1)]
            for k in range(4):
                room[new + 4 * (n & (new - 1)) + k] = self._print(n)[k]
        free(self.prints)
        self.prints = room
        self.capacity = new
        return 0
