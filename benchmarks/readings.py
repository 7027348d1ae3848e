"""The values that every candidate computes after each message, and a plain book to hold them against.

The peers bring a book but no metrics, so the formulas for them stand here, written the way a competent user
would write them: sums in the peer's own number type (for cryptofeed's decimals cheaper than converting 40
sizes to floats), a float only where a ratio is taken.
"""

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from benchmarks.frames import Stream, Touch

LEVELS = 20


class Reading(NamedTuple):
    """What is stored after a message."""

    bids: Sequence[Any]  # best 20, best first
    asks: Sequence[Any]
    queue_imbalance: float
    depth_imbalance_5: float
    depth_imbalance_10: float
    depth_imbalance_20: float
    weighted_mid_price: float
    ofi: float  # sum of every contribution since the snapshot

    def touch(self) -> Touch:
        (bid, bid_size), (ask, ask_size) = self.bids[0], self.asks[0]
        return Touch(*(Decimal(str(value)) for value in (bid, bid_size, ask, ask_size)))


def imbalance(bid: Any, ask: Any) -> float:
    return float(bid - ask) / float(bid + ask)


class Readings:
    """One book's values. `update` takes the best 20 (price, size) of both sides, best first."""

    __slots__ = ("_ask", "_ask_size", "_bid", "_bid_size", "_ofi", "latest")

    def __init__(self) -> None:
        self._bid: Any = None
        self._bid_size: Any = None
        self._ask: Any = None
        self._ask_size: Any = None
        self._ofi: Any = 0
        self.latest: Reading | None = None

    def update(self, bids: Sequence[Any], asks: Sequence[Any]) -> None:
        if not bids or not asks:
            self.latest = None
            return
        bid, bid_size = bids[0]
        ask, ask_size = asks[0]
        if self._bid is not None:
            if bid >= self._bid:
                self._ofi += bid_size
            if bid <= self._bid:
                self._ofi -= self._bid_size
            if ask <= self._ask:
                self._ofi -= ask_size
            if ask >= self._ask:
                self._ofi += self._ask_size
        self._bid, self._bid_size, self._ask, self._ask_size = bid, bid_size, ask, ask_size

        bid_sizes = [size for _, size in bids]
        ask_sizes = [size for _, size in asks]
        bid_5, ask_5 = sum(bid_sizes[:5]), sum(ask_sizes[:5])
        bid_10, ask_10 = bid_5 + sum(bid_sizes[5:10]), ask_5 + sum(ask_sizes[5:10])
        bid_20, ask_20 = bid_10 + sum(bid_sizes[10:20]), ask_10 + sum(ask_sizes[10:20])
        self.latest = Reading(
            bids,
            asks,
            imbalance(bid_size, ask_size),
            imbalance(bid_5, ask_5),
            imbalance(bid_10, ask_10),
            imbalance(bid_20, ask_20),
            float(ask * bid_size + bid * ask_size) / float(bid_size + ask_size),
            float(self._ofi),
        )


@dataclass(slots=True)
class Side:
    """Prices in ascending order with their sizes, exact and slow."""

    prices: list[Decimal]
    sizes: dict[Decimal, Decimal]

    @classmethod
    def of(cls, levels: list[list[str]]) -> "Side":
        sizes = {Decimal(price): Decimal(size) for price, size in levels}
        return cls(sorted(sizes), sizes)

    def apply(self, levels: list[list[str]]) -> None:
        for price_text, size_text in levels:
            price, size = Decimal(price_text), Decimal(size_text)
            if size and price not in self.sizes:
                self.prices.insert(bisect_left(self.prices, price), price)
            if size:
                self.sizes[price] = size
            elif self.sizes.pop(price, None) is not None:
                del self.prices[bisect_left(self.prices, price)]

    def best(self, *, highest: bool) -> list[tuple[Decimal, Decimal]]:
        prices = self.prices[: -LEVELS - 1 : -1] if highest else self.prices[:LEVELS]
        return [(price, self.sizes[price]) for price in prices]


def expected(stream: Stream, count: int) -> Reading:
    """The right reading after the first `count` frames."""
    snapshot = json.loads(stream.snapshot_text)
    bids, asks = Side.of(snapshot["bids"]), Side.of(snapshot["asks"])
    readings = Readings()
    readings.update(bids.best(highest=True), asks.best(highest=False))
    for frame in stream.frames[:count]:
        message = json.loads(frame)["data"]
        bids.apply(message["b"])
        asks.apply(message["a"])
        readings.update(bids.best(highest=True), asks.best(highest=False))
    if readings.latest is None:
        raise ValueError(f"{stream.name}: a side of the book is empty after {count} messages")
    return readings.latest


def differences(got: Reading | None, right: Reading) -> list[str]:
    """What is wrong with a candidate's reading; empty where nothing is."""
    if got is None:
        return ["no reading"]
    wrong = []
    if got.touch() != right.touch():
        wrong.append(f"best prices {got.touch()} instead of {right.touch()}")
    for side in ("bids", "asks"):
        levels, truth = getattr(got, side), getattr(right, side)
        if [(float(price), float(size)) for price, size in levels] != [
            (float(p), float(s)) for p, s in truth
        ]:
            wrong.append(f"best {LEVELS} {side}")
    for name in Reading._fields[2:]:
        value, truth = getattr(got, name), getattr(right, name)
        if abs(value - truth) > 1e-9 * max(1.0, abs(truth)):
            wrong.append(f"{name} {value!r} instead of {truth!r}")
    return wrong
