"""What a book did second by second, for the risk metrics that look at the same: mids, takers' volume, depth near the mid."""

from __future__ import annotations

from math import log

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Context
from cython.cimports.service.metrics.rolling import RollingMoments, RollingRank

from connectors.book import Book

from .bands import Bands
from .declare import Context, stored
from .rolling import RollingMoments, RollingRank

HOUR = 3600
MINUTES = 60  # returns that sigma rests on
FEWEST = 60  # samples of a baseline that is shown (metrics.md 1.6)
BURST = 0.99  # this quantile of a second's volume is an ordinary burst
BAND_BPS = 10
MIDS = 901  # this second and the 15 minutes before it
_NAN = cython.declare(cython.double, float("nan"))
_MIDS = cython.declare(cython.int, MIDS)
_MINUTE = cython.declare(cython.longlong, 60_000_000_000)


@cython.cclass
class Seconds:
    """One a book: every metric that reads it tells it of each full second, `close` counts it once.

    `mid` at the end of this second, NaN where there was none; `before(k)` is that of k seconds ago. `bought`, `sold`:
    base that takers took within it, NaN where the trade feed was not there; `burst` the 99% quantile of their sum over the
    hour before. `sigma` of the returns of the last 60 whole minutes, the ones before this second. `least`: share of a
    window that has to be known.
    """

    context: Context
    bands: Bands
    mids: cython.double[::1]
    head: cython.longlong
    volumes: RollingRank
    returns: RollingMoments
    at = cython.declare(cython.longlong, visibility="readonly")
    mid = cython.declare(cython.double, visibility="readonly")
    bought = cython.declare(cython.double, visibility="readonly")
    sold = cython.declare(cython.double, visibility="readonly")
    burst = cython.declare(cython.double, visibility="readonly")
    sigma = cython.declare(cython.double, visibility="readonly")
    bid_depth = cython.declare(cython.double, visibility="readonly")
    ask_depth = cython.declare(cython.double, visibility="readonly")
    all_bought: cython.double
    all_sold: cython.double

    def __init__(self, context: Context) -> None:
        self.context = context
        self.bands = context.bands((BAND_BPS,))
        self.mids = stored("d", [float("nan")] * MIDS)
        self.volumes, self.returns = RollingRank(HOUR), RollingMoments(MINUTES)
        self.at = -1
        self.head = 0
        self.mid = self.bought = self.sold = self.burst = self.sigma = float("nan")
        self.bid_depth = self.ask_depth = float("nan")
        self.all_bought = self.all_sold = 0.0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def close(self, book: Book, t: cython.longlong) -> cython.int:
        """A second ends at t and the book is as it was then."""
        if t == self.at:
            return 0
        self.at = t
        self._push_volume()
        self._push_mid(t)
        self.bid_depth = self.ask_depth = _NAN
        if self.mid == self.mid:
            self.bands.bring(book)
            if self.bands.bid_known[0]:
                self.bid_depth = self.bands.bid_base[0]
            if self.bands.ask_known[0]:
                self.ask_depth = self.bands.ask_base[0]
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _push_volume(self) -> cython.int:
        """The second that ended before goes into the hour; then this one."""
        if self.bought == self.bought:
            self.volumes.push(self.bought + self.sold)
        self.burst = _NAN
        if self.volumes.count > 0 and self.volumes.count >= HOUR * self.context.trades.least:
            self.burst = self.volumes.quantile(BURST)
        there: cython.bint = self.context.trades.since >= 0 or self.context.trades.least == 0
        self.bought = self.context.bought - self.all_bought if there else _NAN
        self.sold = self.context.sold - self.all_sold if there else _NAN
        self.all_bought = self.context.bought
        self.all_sold = self.context.sold
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _push_mid(self, t: cython.longlong) -> cython.int:
        minute: cython.double
        if (t - 1_000_000_000) % _MINUTE == 0:  # the second before ended a minute
            minute = self.before(0) / self.before(60) - 1
            if minute == minute:
                self.returns.push(minute)
        self.head += 1
        self.mid = self.context.mid
        self.mids[self.head % _MIDS] = self.mid
        self.sigma = _NAN
        if self.returns.count > 1 and self.returns.count >= MINUTES * self.context.books.least:
            self.sigma = self.returns.sigma()
        return 0

    @cython.ccall
    @cython.exceptval(check=False)
    def before(self, seconds: cython.int) -> cython.double:
        """The mid so many seconds before the last full one, up to 900; NaN where there was none."""
        return self.mids[(self.head - seconds) % _MIDS] if self.head >= seconds else _NAN

    def extremes(self, seconds: int) -> tuple[float, float]:
        """Least and most of the mids of so many seconds before this one; NaN where less than `least` of them is known."""
        known = [mid for k in range(1, seconds + 1) if (mid := self.before(k)) == mid]
        if not known or len(known) < seconds * self.context.books.least:
            return float("nan"), float("nan")
        return min(known), max(known)


class Usual:
    """What a positive number usually was: median and log z-score of the last `size` samples; ask first, push then."""

    def __init__(self, size: int) -> None:
        self.ranks, self.logs = RollingRank(size), RollingMoments(size)

    def push(self, x: float) -> None:
        """Take in a sample; one that is not above 0 has no logarithm and is left out."""
        if x > 0:
            self.ranks.push(x)
            self.logs.push(log(x))

    @property
    def count(self) -> int:
        return int(self.ranks.count)

    def median(self) -> float:
        """NaN without samples."""
        return float(self.ranks.quantile(0.5))

    def zscore(self, x: float) -> float:
        """Of ln x; minus infinity for what is gone, NaN where nothing deviated."""
        sigma = self.logs.sigma()
        if x <= 0:
            return float("-inf") if sigma > 0 else float("nan")
        return float(self.logs.zscore(log(x)))
