"""The true book: both sides at full depth, in whole ticks and lots."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .listing import Listing

Side = Literal["bid", "ask"]
Level = tuple[int, int]
SIDES: tuple[Side, Side] = ("bid", "ask")


class Ladder:
    """One side. Keys are ticks, negated for bids, so that the best level is always the first."""

    __slots__ = ("keys", "sign", "sizes")

    def __init__(self, side: Side) -> None:
        self.sign = -1 if side == "bid" else 1
        self.keys: list[int] = []
        self.sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def put(self, tick: int, lots: int) -> None:
        """Set a level's total size; 0 removes it."""
        key = tick * self.sign
        if lots > 0:
            if tick not in self.sizes:
                insort(self.keys, key)
            self.sizes[tick] = lots
        elif self.sizes.pop(tick, None) is not None:
            del self.keys[bisect_left(self.keys, key)]

    def best(self) -> int | None:
        """Tick of the best level."""
        return self.keys[0] * self.sign if self.keys else None

    def tick(self, rank: int) -> int:
        """Tick of the level with this rank; the best has rank 0."""
        return self.keys[rank] * self.sign

    def top(self, depth: int) -> dict[int, int]:
        """Size by tick of the best levels, best first."""
        sizes, sign = self.sizes, self.sign
        return {(tick := key * sign): sizes[tick] for key in self.keys[:depth]}


class Book:
    """Both sides of one instrument."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = Ladder("bid")
        self.asks = Ladder("ask")

    def side(self, side: Side) -> Ladder:
        """The ladder of a side."""
        return self.bids if side == "bid" else self.asks

    def top(self, depth: int) -> tuple[list[Level], list[Level]]:
        """Best bids and asks as (tick, lots), best first."""
        return list(self.bids.top(depth).items()), list(self.asks.top(depth).items())


@dataclass(slots=True)
class TrueBook:
    """What a client should hold: (price, size) in the venue's native units, best first."""

    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]

    @classmethod
    def of(cls, listing: Listing, bids: Iterable[Level], asks: Iterable[Level]) -> TrueBook:
        """From levels that already stand best first."""
        price, size = listing.tick.decimal, listing.lot.decimal
        return cls([(price(t), size(n)) for t, n in bids], [(price(t), size(n)) for t, n in asks])

    @classmethod
    def of_sizes(cls, listing: Listing, bids: Mapping[int, int], asks: Mapping[int, int]) -> TrueBook:
        """From sizes by tick in any order."""
        return cls.of(listing, sorted(bids.items(), reverse=True), sorted(asks.items()))
