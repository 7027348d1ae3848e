"""`vpin`: how one-sided the flow is, by volume and not by time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from math import erf, sqrt
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book
from connectors.errors import UsageError

from .bars import Bars
from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .rolling import RollingMoments

BUCKETS = 50
BARS = 200  # whose price changes give the deviation of bulk classification
DAY = 86_400 * SECOND
MONTH = 30 * DAY
_DAY = cython.declare(cython.longlong, DAY)
FIRST = 3_600 * SECOND  # a day's volume is judged from no less
CLASSIFICATIONS = {"classification": ("taker", "bvc")}


class Buckets:
    """Buckets of `volume`; `done` counts those that are full. `vpin`, `signed`: of the last `count`, NaN before."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError(f"buckets {count}: at least one")
        self.shares: deque[float] = deque(maxlen=count)
        self.count, self.done = count, 0
        self.bought = self.filled = 0.0

    def add(self, size: float, bought: float, volume: float) -> int:
        """Size of which a share was bought goes into buckets of this volume; how many became full."""
        before = self.done
        while size > 0 and volume > 0:
            room = volume - self.filled
            if size < room * (1 - 1e-12):
                self.filled += size
                self.bought += size * bought
                break
            part = max(room, 0.0)
            self.bought += part * bought
            self.shares.append(max(-1.0, min(1.0, 2 * self.bought / volume - 1)))
            self.done += 1
            size -= part
            self.bought = self.filled = 0.0
            if size < volume * 1e-12:
                break
        return self.done - before

    @property
    def vpin(self) -> float:
        return sum(map(abs, self.shares)) / self.count if len(self.shares) == self.count else NAN

    @property
    def signed(self) -> float:
        return sum(self.shares) / self.count if len(self.shares) == self.count else NAN


class Bulk:
    """The share of a bar that was bought: Phi(change / deviation of the changes), the first bar one half."""

    def __init__(self, sigma: float | None = None) -> None:
        """`sigma` None: that of the last 200 changes, the one asked about among them."""
        self.sigma, self.moments = sigma, RollingMoments(BARS)
        self.last: float | None = None

    def share(self, close: float) -> float:
        last, self.last = self.last, close
        if last is None:
            return 0.5
        self.moments.push(close - last)
        sigma = self.moments.sigma() if self.sigma is None else self.sigma
        if sigma > 0:
            return 0.5 * (1 + erf((close - last) / sigma / sqrt(2)))
        return 0.5 if close == last else float(close > last)


class Rank:
    """The rank of a value among those of the last 30 days, its own among them: the share that is below or equal."""

    def __init__(self) -> None:
        self.times: deque[tuple[int, float]] = deque()
        self.ordered: list[float] = []

    def of(self, value: float, t: int) -> float:
        self.times.append((t, value))
        insort(self.ordered, value)
        while t - self.times[0][0] > MONTH:
            del self.ordered[bisect_left(self.ordered, self.times.popleft()[1])]
        below = bisect_left(self.ordered, value)
        equal = 0
        while below + equal < len(self.ordered) and self.ordered[below + equal] == value:
            equal += 1
        return (below + equal) / len(self.ordered)


class DayVolume:
    """Trailing volume of a day; it changes at 00:00 UTC. The first day's is judged from what was seen, an hour at least."""

    def __init__(self) -> None:
        self.day = self.since = 0
        self.seen = self.volume = 0.0

    def add(self, size: float, t: int) -> float:
        """The day's volume in force at t, 0 where none is known."""
        if self.since == 0:
            self.since, self.day = t, t // DAY
        if t // DAY != self.day:
            end = (self.day + 1) * DAY
            if t // DAY - self.day > 1:
                self.volume = 0.0  # a whole day without a print
            elif end - self.since >= FIRST:
                self.volume = self.seen * DAY / (end - self.since)
            self.day, self.since, self.seen = t // DAY, t // DAY * DAY, 0.0
        elif self.volume == 0 and t - self.since >= FIRST:
            self.volume = self.seen * DAY / (t - self.since)
        self.seen += size
        return self.volume


@cython.cclass
class Vpin(Metric):
    """Sum of |V_buy - V_sell| over the last 50 full buckets of volume V, over 50 V (metrics.md 2.5).

    V is a fiftieth of the trailing day's volume and changes only at 00:00 UTC; on the first day it is judged from the
    first hour. Prints are split at the edges of buckets; the open bucket never counts. `taker`: by the venue's side;
    `bvc`: by bulk classification of minute bars, for comparison. A state of flow, not a signal: its level depends on V.
    Sources: Easley, Lopez de Prado & O'Hara 2012; Andersen & Bondarenko 2014 on what it is worth.
    """

    declaration = Declaration(
        key="vpin",
        fields=(
            Field("", Unit.RATIO, "obi_vpin_ratio"),
            Field(
                "signed",
                Unit.RATIO,
                "obi_vpin_signed_ratio",
                exported={"classification": ("taker",)},
                help="The same without absolute values; + is buy pressure.",
            ),
            Field(
                "percentile",
                Unit.RATIO,
                "obi_vpin_percentile_ratio",
                help="Share of the values of the last 30 days at or below the current one.",
            ),
            Field("buckets", Unit.COUNT, "", help="Full buckets so far."),
            Field("bucket_volume", Unit.BASE, "", by={}, help="Volume of a bucket."),
        ),
        help="Imbalance of taker volume in the last 50 buckets of equal volume, by how the side is told.",
        formula="sum |V_buy - V_sell| / (n V)",
        source="Easley, Lopez de Prado & O'Hara 2012; metrics.md 2.5",
        sign="`signed` + is more bought by takers",
        by=CLASSIFICATIONS,
        group="trades",
        feed="trades",
    )
    volume: cython.double
    given: cython.double
    kinds: tuple
    buckets: list
    ranks: list
    percentiles: list
    bars: Any
    bulk: Any
    day: Any
    count: int
    dirty: cython.bint

    def prepare(self) -> None:
        self.kinds = self.param("classification")
        self.given = float(self.params.get("bucket_volume", 0))
        self.count = int(self.params.get("buckets", BUCKETS))
        self.buckets = [Buckets(self.count) for _ in self.kinds]
        self.ranks = [Rank() for _ in self.kinds]
        self.percentiles = [NAN for _ in self.kinds]
        self.bars, self.day = Bars(self._bar), DayVolume()
        sigma = self.params.get("sigma")
        self.bulk = Bulk(None if sigma is None else float(sigma))
        self.volume = self.given
        self.dirty = True

    def _fill(self, k: int, size: float, bought: float, t: int) -> None:
        one = self.buckets[k]
        if one.add(size, bought, self.volume):
            if one.vpin == one.vpin:
                self.percentiles[k] = self.ranks[k].of(one.vpin, t)
                if self.kinds[k] == "taker":
                    self.context.toxicity = self.percentiles[k]
            self.dirty = True

    def _bar(self, close: float, base: float, quote: float) -> None:
        if base > 0:
            self._fill(self.kinds.index("bvc"), base, self.bulk.share(close), self.bars.end)
        else:
            self.bulk.share(close)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        volume: cython.double
        if not size > 0:
            return 0
        if self.given <= 0:
            volume = self.day.add(size, t) / BUCKETS
            if volume != self.volume:
                self.volume = volume
                self.dirty = True
        if "taker" in self.kinds and side != 0:
            self._fill(self.kinds.index("taker"), size, 1.0 if side > 0 else 0.0, t)
        if "bvc" in self.kinds:
            self.bars.add(price, size, quote, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if "bvc" in self.kinds:
            self.bars.upto(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        n: cython.int = len(self.kinds)
        if not self.dirty:
            return 0
        self.dirty = False
        for k in range(n):
            self.row[self.at + k] = self.buckets[k].vpin
            self.row[self.at + n + k] = self.buckets[k].signed
            self.row[self.at + 2 * n + k] = self.percentiles[k]
            self.row[self.at + 3 * n + k] = self.buckets[k].done
        self.row[self.at + 4 * n] = self.volume if self.volume > 0 else NAN
        return 0

    def told(self, asked: str = "") -> Any:
        """By taker side, unless the case asks for the other."""
        one = self.buckets[0]
        if asked == "vpin_bvc":
            return self.buckets[self.kinds.index("bvc")].vpin
        return {"vpin": one.vpin, "signed": one.signed, "buckets": one.done}


def bulk(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case of `vpin_bvc`: `bars` of [close, volume]."""
    bars = inputs.get("bars")
    if not isinstance(bars, list) or any(not isinstance(bar, list) or len(bar) != 2 for bar in bars):
        raise UsageError("bars is a list of [close, volume]")
    sigma = params.get("sigma")
    shares = Bulk(None if sigma is None else float(sigma))
    buckets = Buckets(int(params.get("buckets", BUCKETS)))
    for close, volume in bars:
        buckets.add(float(volume), shares.share(float(close)), float(params["bucket_volume"]))
    return buckets.vpin


ANSWERS = {"vpin_bvc": bulk}
ALIASES = {"vpin_bvc": "vpin"}
