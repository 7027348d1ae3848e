"""The books of a group that can be believed at one moment, and what several metrics need of them, found once.

Prices of different books meet as integers: a price is its book's key times a whole weight over one common scale, so
that equal prices are equal and band edges are inclusive (metrics.md 0.7). `rate` is what a price of the member is
multiplied with (`fx` of metrics.md 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from math import lcm
from statistics import median
from typing import NamedTuple, Protocol

from connectors.book import Book

PAR = Fraction(1)
OUTLIER = 0.01  # of the median of the others: beyond it a mid is not believed (metrics.md 4)
WHOLE = 100_000_000  # a basis point is 10,000 of these parts
DEEP = (20, 200, 2_000, 50_000)  # levels that are looked at, in steps, to walk a book


class Depth:
    """Base and quote within a band, both sides, and whether the band lies within what is proven."""

    __slots__ = ("ask", "ask_quote", "bid", "bid_quote", "known")

    def __init__(self, book: Book, low: int, high: int) -> None:
        """low, high: keys of the band's edges, inclusive, in the book's own integers."""
        book.bids.sum_to(-low)
        book.asks.sum_to(high)
        self.bid, self.ask = book.bids.base, book.asks.base
        self.bid_quote, self.ask_quote = book.bids.quote, book.asks.quote
        self.known = low >= book.bid_floor and high <= book.ask_ceiling

    @property
    def imbalance(self) -> float | None:
        """Imb of the base sizes; None where there are none."""
        return (self.bid - self.ask) / (self.bid + self.ask) if self.bid + self.ask > 0 else None


class Best(NamedTuple):
    """A touch."""

    bid: float
    bid_size: float
    ask: float
    ask_size: float


class Part:
    """One book that takes part: two-sided, uncrossed, live. `fee` is its taker fee, `rate` its currency's worth.

    It speaks of the book as it is when it is made, and is made anew when that changes.
    """

    def __init__(self, name: str, book: Book, fee: float = 0.0, rate: Fraction = PAR) -> None:
        self.name, self.book, self.fee, self.rate = name, book, fee, rate
        self.bid_key, self.ask_key = -int(book.bids.best()), int(book.asks.best())
        self.unit = _unit(book.price_places, book.multiplier) * rate  # converted price of one price key

    @cached_property
    def mid(self) -> float:
        """Converted."""
        return float((self.bid_key + self.ask_key) * self.unit / 2)

    @cached_property
    def best(self) -> Best:
        """Its touch, prices converted, sizes in base."""
        book, unit = self.book, self.unit
        book.bids.sum_to(-self.bid_key)
        book.asks.sum_to(self.ask_key)
        return Best(float(self.bid_key * unit), book.bids.base, float(self.ask_key * unit), book.asks.base)

    def band(self, bps: object) -> Depth:
        """Depth within so many basis points of its own mid."""
        return self.within(self.bid_key + self.ask_key, 2, bps)

    def within(self, mid: int, weight: int, bps: object) -> Depth:
        """Depth within so many basis points of mid/weight, a price in the book's keys."""
        part = _parts(bps)
        low = -(-mid * (WHOLE - part) // (weight * WHOLE))
        high = mid * (WHOLE + part) // (weight * WHOLE)
        return Depth(self.book, _held(low), _held(high))

    def ladder(self, bids: bool, most: int) -> list[tuple[float, float]]:
        """(converted price, base size) of the best `most` levels of a side, best first, as far as they are proven."""
        book, rate = self.book, float(self.rate)
        last = -book.bid_floor if bids else book.ask_ceiling
        scale = 10**book.price_places * book.multiplier
        lot = book.contract_size / 10**book.size_places
        found = []
        for key, size, _ in (book.bids if bids else book.asks).levels(most):
            if key > last:
                break
            price = abs(key) / scale
            found.append((price * rate, size * lot / price if book.inverse else size * lot))
        return found

    def ends(self, bids: bool) -> bool:
        """Is the last level of the side the last there is (and not the last that is known)?"""
        return self.book.bid_floor <= -_FAR if bids else self.book.ask_ceiling >= _FAR


_FAR = 1 << 62


@cache
def _parts(bps: object) -> int:
    """Basis points in parts of WHOLE."""
    return round(Fraction(str(bps)) * 10_000)


@cache
def _unit(places: int, multiplier: float) -> Fraction:
    """Price of one price key in the book's own currency."""
    return Fraction(1, 10**places) / Fraction(multiplier)


def _held(key: int) -> int:
    """A key that fits the book's integers."""
    return max(-_FAR, min(_FAR, key))


class Member(Protocol):
    """A book of the group, believed or not, as far as its feed's health goes."""

    @property
    def name(self) -> str: ...
    @property
    def live(self) -> bool: ...
    @property
    def faults(self) -> int: ...
    @property
    def stale_after(self) -> float: ...

    def silent_seconds(self, now: int) -> float | None: ...
    def funding(self, now: int) -> float: ...


class Scene:
    """All that take part at one moment, in the order of the group's members."""

    def __init__(
        self,
        parts: Sequence[Part],
        names: Sequence[str] = (),
        members: Sequence[Member] = (),
        flows: Mapping[str, float] | None = None,
        *,
        comparable: bool = True,
    ) -> None:
        """names: all members', those too that take no part. flows: sum of the order flow of those that count it.

        comparable: whether their prices are of one thing; where not, there is nothing for them to agree on.
        """
        self.comparable = comparable
        self.parts, self.members = list(parts), list(members)
        self.names = list(names) or [part.name for part in parts]
        self.by_name = {part.name: part for part in self.parts}
        self.flows = dict(flows or {})
        self._bands: dict[tuple[str, str], Depth] = {}

    def band(self, name: str, bps: object) -> Depth:
        """A member's depth around its own mid, found once."""
        key = (name, str(bps))
        if key not in self._bands:
            self._bands[key] = self.by_name[name].band(bps)
        return self._bands[key]

    @cached_property
    def mids(self) -> dict[str, float]:
        """Converted mid of each that takes part."""
        return {part.name: part.mid for part in self.parts}

    @cached_property
    def outliers(self) -> list[str]:
        """Members that consolidated prices leave out."""
        return outliers(self.mids) if self.comparable else []

    @cached_property
    def agreed(self) -> list[Part]:
        """Those that take part and are no outliers."""
        return [part for part in self.parts if self.comparable and part.name not in self.outliers]

    @cached_property
    def scale(self) -> int:
        """What converted prices are whole multiples of, as one over this."""
        return lcm(*(part.unit.denominator for part in self.agreed))

    @cached_property
    def weights(self) -> dict[str, int]:
        """Converted price of one key, in units of 1/scale."""
        return {part.name: int(part.unit * self.scale) for part in self.agreed}

    @cached_property
    def top(self) -> tuple[int, int] | None:
        """Best bid and best ask over all that agree, in units of 1/scale; None where nobody takes part."""
        if not self.agreed:
            return None
        bids = (part.bid_key * self.weights[part.name] for part in self.agreed)
        asks = (part.ask_key * self.weights[part.name] for part in self.agreed)
        return max(bids), min(asks)

    def around(self, part: Part, bps: object) -> Depth:
        """A member's depth within a band around the consolidated mid."""
        assert self.top is not None
        return part.within(sum(self.top), 2 * self.weights[part.name], bps)


def outliers(mids: Mapping[str, float]) -> list[str]:
    """Which mids are more than 100 bp from the median of the others, given three or more (metrics.md 4).

    The farthest first, and what is left is judged anew: beside one mad venue of three the two others would each be
    far from a median that rests on it.
    """
    left, out = dict(mids), []
    while len(left) >= 3:
        name, far = max(
            ((one, abs(dislocation(left, one) or 0.0)) for one in left), key=lambda found: found[1]
        )
        if far <= OUTLIER + 1e-12:  # 101 over 100 is 1.0000000000000009% in binary
            break
        out.append(name)
        del left[name]
    return out


def dislocation(mids: Mapping[str, float], name: str) -> float | None:
    """A mid over the median of the others, minus 1; None where there are no others."""
    others = [mid for one, mid in mids.items() if one != name]
    return mids[name] / median(others) - 1 if others and median(others) != 0 else None
