"""Walls: large orders that come away from the touch, and what became of those that are gone (metrics.md 3.1).

`spoof_score` and `layering_score` read the same walls; the first of them that is there drives them.
"""

from __future__ import annotations

from collections import deque

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp2, fabs
from cython.cimports.libc.string import memcpy
from cython.cimports.service.metrics.declare import Context, Metric
from cython.cimports.service.metrics.near_sizes import NearSizes

from connectors.book import Book

from .declare import NAN, SECOND, Context, Metric, stored
from .near_sizes import NearSizes

BAND = 0.005  # of the mid: where walls are looked for
PULLED = 0.8  # share of what came that has to go
MOST = 512  # walls that are followed at once
MARKS = 4096
LATE = 250_000_000  # ns a print may come after the book message it explains (metrics.md 2.3)
LONGEST = 30 * SECOND  # a wall that stands longer is an order
_HALF = cython.declare(cython.double, 5.0 * SECOND)  # life after which a wall counts half
_LEAST_LEAN = cython.declare(cython.double, 0.05)  # a change of imbalance below this says nothing
_SHARE = cython.declare(cython.double, 0.1)  # of the wall, that takers on its other side have to take
_PULLED = cython.declare(cython.double, PULLED)
_LATE = cython.declare(cython.longlong, LATE)
_LONGEST = cython.declare(cython.longlong, LONGEST)
_MOST = cython.declare(cython.int, MOST)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _mark(price: cython.double) -> cython.int:
    """A number below 4,096 that follows from the bits of a price."""
    bits: cython.ulonglong = 0
    memcpy(cython.address(bits), cython.address(price), cython.sizeof(price))
    return cython.cast(
        cython.int, ((bits ^ (bits >> 29)) * cython.cast(cython.ulonglong, 0x9E3779B97F4A7C15)) >> 52
    )


@cython.cclass
class Wall:
    """One increase of a level, and once it is `pulled`, what happened meanwhile. Sizes are base, times event time in ns.

    size: what came, usual: median of the other levels then, stood: the level after it, lost: what went, traded: at its
    price meanwhile. bought, sold: by takers since the start, at the placing; bought_then, sold_then at the pulling. before,
    after, pulled_imbalance: of the book around the placing, and after the pulling.
    """


@cython.cclass
class Walls:
    """Walls of at least `least` times the usual size. After `update`: `fresh` are those that were pulled in this message.

    `settling` are those pulled so lately that a print may still explain it; `changed` counts how often one did.
    """

    def __init__(self, context: Context, least: float, levels: int) -> None:
        self.context = context
        self.least, self.levels = least, levels
        self.fresh, self.settling = [], []
        self.at, self.order = {}, deque()  # those that stand by price, and in the order of their coming
        self.marked = stored("h", [0] * MARKS)  # how many stand at prices of each mark: most prices have none
        self.standing = 0
        self.bids, self.asks = NearSizes(0, BAND), NearSizes(1, BAND)
        self.mid = self.imbalance = NAN
        self.changed = 0
        self.driver = None

    @cython.ccall
    def claim(self, metric: Metric) -> cython.bint:
        """Is it this metric that tells of messages and prints? The first to ask."""
        if self.driver is None:
            self.driver = metric
        return self.driver is metric

    # -- what happens ------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def update(self, book: Book, t: cython.longlong) -> cython.int:
        """A message was applied; `context.changes` is what it changed."""
        k: cython.int
        imbalance: cython.double = self._leaning(book)
        if self.fresh:
            self.fresh = []
        self.settle(t)
        if self.context.changes.baseline:
            self.forget()
        for k in range(self.context.changes.count):
            self._see(book, k, t, imbalance)
        for k in range(self.context.changes.count):
            (self.asks if self.context.changes.side[k] else self.bids).put(
                self.context.changes.price[k], self.context.changes.new[k]
            )
        self.mid = self.context.mid
        self.imbalance = imbalance
        self.bids.follow(book, self.mid)
        self.asks.follow(book, self.mid)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _see(self, book: Book, k: cython.int, t: cython.longlong, imbalance: cython.double) -> cython.int:
        """One changed level: is it a wall, or one that is going?"""
        wall: Wall
        usual: cython.double
        side: cython.int = self.context.changes.side[k]
        price: cython.double = self.context.changes.price[k]
        size: cython.double = self.context.changes.new[k]
        came: cython.double = size - self.context.changes.old[k]
        if came <= 0:
            return self._shrunk(side, price, size, t, imbalance) if self.standing > 0 else 0
        if not fabs(price - self.mid) <= self.mid * BAND * (1 + 1e-12):
            return 0
        if side == 0:
            if book.bid_count == 0 or price >= book.bid_price[0]:
                return 0
            if came < self.least * self.bids.lowest_median() * (1 - 1e-12):
                return 0
            usual = self.bids.median_without(price)
        else:
            if book.ask_count == 0 or price <= book.ask_price[0]:
                return 0
            if came < self.least * self.asks.lowest_median() * (1 - 1e-12):
                return 0
            usual = self.asks.median_without(price)
        if not came >= self.least * usual * (1 - 1e-12):
            return 0
        wall = Wall()
        wall.side = side
        wall.price = price
        wall.size = came
        wall.usual = usual
        wall.stood = size
        wall.placed = t
        wall.before = self.imbalance
        wall.after = imbalance
        wall.bought = self.context.bought
        wall.sold = self.context.sold
        return self._stand(wall)

    @cython.cfunc
    @cython.exceptval(-1)
    def _stand(self, wall: Wall) -> cython.int:
        """Follow a wall; where there are too many, the oldest goes."""
        oldest: Wall
        while self.standing >= _MOST:
            oldest = self.order.popleft()
            if not oldest.gone:
                self._leave(oldest)
        self.order.append(wall)
        self.standing += 1
        self.marked[_mark(wall.price)] += 1
        same = self.at.get(wall.price)
        if same is None:
            self.at[wall.price] = [wall]
        else:
            same.append(wall)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _leave(self, wall: Wall) -> cython.int:
        """Follow a wall no more."""
        same: list = self.at[wall.price]
        wall.gone = True
        self.standing -= 1
        self.marked[_mark(wall.price)] -= 1
        if len(same) == 1:
            del self.at[wall.price]
        else:
            same.remove(wall)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _shrunk(
        self,
        side: cython.int,
        price: cython.double,
        size: cython.double,
        t: cython.longlong,
        imbalance: cython.double,
    ) -> cython.int:
        wall: Wall
        if self.marked[_mark(price)] == 0:
            return 0
        same = self.at.get(price)
        if same is None:
            return 0
        for wall in list(same):
            if wall.side != side or wall.stood - size < _PULLED * wall.size:
                continue
            self._leave(wall)
            if t - wall.placed > _LONGEST:
                continue
            wall.lost = wall.stood - size
            wall.pulled = t
            wall.pulled_imbalance = imbalance
            wall.bought_then = self.context.bought
            wall.sold_then = self.context.sold
            self.fresh.append(wall)
            self.settling.append(wall)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def traded(self, price: cython.double, size: cython.double, t: cython.longlong) -> cython.int:
        """A print: at the price of a wall it is part of it that was taken, not pulled."""
        wall: Wall
        self.settle(t)
        same = self.at.get(price) if self.standing > 0 else None
        if same is not None:
            for wall in same:
                wall.traded += size
        for wall in self.settling:
            if wall.price == price:
                wall.traded += size
                self.changed += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def settle(self, t: cython.longlong) -> cython.int:
        """Let go of what no print can explain any more, and of walls that have stood too long."""
        wall: Wall
        while self.settling:
            wall = self.settling[0]
            if t - wall.pulled <= _LATE:
                break
            del self.settling[0]
        while self.order:
            wall = self.order[0]
            if not wall.gone:
                if t - wall.placed <= _LONGEST:
                    break
                self._leave(wall)
            self.order.popleft()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def forget(self) -> cython.int:
        """What stands now cannot be compared with what stood before."""
        k: cython.int
        for k in range(MARKS):
            self.marked[k] = 0
        self.at, self.order = {}, deque()
        self.standing = 0
        self.bids.clear()
        self.asks.clear()
        self.mid = self.imbalance = NAN
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _leaning(self, book: Book) -> cython.double:
        """`depth_imbalance` of the best levels; NaN where it is not known."""
        bids: cython.double = book.bid_sum(self.levels)
        asks: cython.double = book.ask_sum(self.levels)
        return (bids - asks) / (bids + asks) if bids + asks > 0 else NAN


@cython.cclass
class Score:
    """The five components of metrics.md 3.1, each 0 to 1, and their geometric mean `value`.

    taken: what takers took in the direction that the wall suggests, against: the other way (base).
    """

    def components(self) -> dict[str, float]:
        """By name, as they are told."""
        return {
            "size": self.size,
            "cancelled": self.cancelled,
            "life": self.life,
            "opposite": self.opposite,
            "reversal": self.reversal,
        }


@cython.cfunc
def scored(
    side: cython.int,
    times: cython.double,
    usual: cython.double,
    size: cython.double,
    lost: cython.double,
    traded: cython.double,
    life: cython.longlong,
    bought: cython.double,
    sold: cython.double,
    before: cython.double,
    after: cython.double,
    end: cython.double,
) -> Score:
    """The score of a wall of `size` that stood for `life` ns; `times` is kappa, `before`, `after`, `end` are imbalances."""
    found: Score = Score()
    found.taken = bought if side == 0 else sold
    found.against = sold if side == 0 else bought
    found.size = min(1.0, size / (2 * times * usual)) if usual > 0 else 1.0
    found.cancelled = (lost - min(traded, lost)) / lost if lost > 0 else 0.0
    found.life = exp2(-life / _HALF)
    found.opposite = 0.0
    if found.taken > found.against:
        found.opposite = min(1.0, found.taken / (_SHARE * size))
        found.opposite *= (found.taken - found.against) / (found.taken + found.against)
    found.reversal = 0.0
    if fabs(after - before) >= _LEAST_LEAN:
        found.reversal = max(0.0, min(1.0, (after - end) / (after - before)))
    found.value = (found.size * found.cancelled * found.life * found.opposite * found.reversal) ** 0.2
    return found
