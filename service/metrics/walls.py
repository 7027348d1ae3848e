"""Walls: large orders that come away from the touch, and what became of those that are gone (metrics.md 3.1).

`spoof_score` and `layering_score` read the same walls; the first of them that is there drives them.
"""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp2, fabs
from cython.cimports.libc.string import memset
from cython.cimports.service.metrics.declare import Context, Metric
from cython.cimports.service.metrics.near_sizes import NearSizes
from cython.cimports.service.metrics.prices import mixed

from connectors.book import Book

from .declare import NAN, SECOND, Context, Metric
from .near_sizes import NearSizes

BAND = 0.005  # of the mid: where walls are looked for
PULLED = 0.8  # share of what came that has to go
MOST = 512  # walls that are followed at once
SLOTS = 1024  # of the table of walls by price
LATE = 250_000_000  # ns a print may come after the book message it explains (metrics.md 2.3)
LONGEST = 30 * SECOND  # a wall that stands longer is an order
_HALF = cython.declare(cython.double, 5.0 * SECOND)  # life after which a wall counts half
_LEAST_LEAN = cython.declare(cython.double, 0.05)  # a change of imbalance below this says nothing
_SHARE = cython.declare(cython.double, 0.1)  # of the wall, that takers on its other side have to take
_BAND = cython.declare(
    cython.double, BAND * (1 + 1e-12)
)  # inclusive: what a double loses must not drop a level
_PULLED = cython.declare(cython.double, PULLED)
_LATE = cython.declare(cython.longlong, LATE)
_LONGEST = cython.declare(cython.longlong, LONGEST)
_MOST = cython.declare(cython.int, MOST)


@cython.freelist(64)
@cython.cclass
class Wall:
    """One increase of a level, and once it is `pulled`, what happened meanwhile. Sizes are base, times event time in ns.

    size: what came, usual: median of the other levels then, stood: the level after it, lost: what went, traded: at its
    price meanwhile. bought, sold: by takers since the start, at the placing; bought_then, sold_then at the pulling. before,
    after, pulled_imbalance: of the book around the placing, and after the pulling. While it stands it has a `place`,
    and links to those of the one that came before, `older`, and after, `newer`; -1 is none.
    group: see `LayeringScore`.
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
        self.places: list[Wall | None] = []  # of those that stand
        memset(self.slots, 0xFF, cython.sizeof(self.slots))  # -1: no wall
        self.oldest = self.newest = -1
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
        came: cython.double
        imbalance: cython.double = self._leaning(book)
        if self.fresh:
            self.fresh = []
        self.settle(t)
        if self.context.changes.baseline:
            self.forget()
        self.bar[0] = self.least * self.bids.lowest_median() * (1 - 1e-12)
        self.bar[1] = self.least * self.asks.lowest_median() * (1 - 1e-12)
        for k in range(self.context.changes.count):
            came = self.context.changes.new[k] - self.context.changes.old[k]
            if came > 0:
                if came >= self.bar[self.context.changes.side[k]]:
                    self._grown(book, k, came, t, imbalance)
            elif self.standing > 0:
                self._shrunk(k, t, imbalance)
        for k in range(self.context.changes.count):
            (self.asks if self.context.changes.side[k] else self.bids).put(
                self.context.changes.price[k], self.context.changes.old[k], self.context.changes.new[k]
            )
        self.mid = self.context.mid
        self.imbalance = imbalance
        self.bids.follow(book, self.mid)
        self.asks.follow(book, self.mid)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _grown(
        self, book: Book, k: cython.int, came: cython.double, t: cython.longlong, imbalance: cython.double
    ) -> cython.int:
        """A level got so much more: is it a wall?"""
        usual: cython.double
        side: cython.int = self.context.changes.side[k]
        price: cython.double = self.context.changes.price[k]
        old: cython.double = self.context.changes.old[k]
        if not fabs(price - self.mid) <= self.mid * _BAND:
            return 0
        if side == 0:
            if book.bid_count == 0 or price >= book.bid_price[0]:
                return 0
            usual = self.bids.median_without(old)
        else:
            if book.ask_count == 0 or price <= book.ask_price[0]:
                return 0
            usual = self.asks.median_without(old)
        if not came >= self.least * usual * (1 - 1e-12):
            return 0
        return self._stand(side, price, came, usual, self.context.changes.new[k], t, imbalance)

    @cython.cfunc
    @cython.exceptval(-1)
    def _stand(
        self,
        side: cython.int,
        price: cython.double,
        came: cython.double,
        usual: cython.double,
        size: cython.double,
        t: cython.longlong,
        imbalance: cython.double,
    ) -> cython.int:
        """Follow a new wall; where there are too many, the oldest goes."""
        wall: Wall = Wall()
        slot: cython.int = _slot(price)
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
        if self.standing == _MOST:
            self._leave(self._at(self.oldest))
        if self.vacancies > 0:
            self.vacancies -= 1
            wall.place = self.vacant[self.vacancies]
            self.places[wall.place] = wall
        else:
            wall.place = cython.cast(cython.int, len(self.places))
            self.places.append(wall)
        self.price[wall.place] = price
        self.gone_below[wall.place] = size - _PULLED * came * (1 - 1e-9)
        self.next[wall.place] = self.slots[slot]
        self.slots[slot] = wall.place
        wall.older = self.newest
        wall.newer = -1
        if self.newest < 0:
            self.oldest = wall.place
        else:
            self._at(self.newest).newer = wall.place
        self.newest = wall.place
        self.standing += 1
        return 0

    @cython.cfunc
    @cython.inline
    def _at(self, place: cython.int) -> Wall:
        return cython.cast(Wall, self.places[place])

    @cython.cfunc
    @cython.exceptval(-1)
    def _leave(self, wall: Wall) -> cython.int:
        """Follow a wall no more."""
        slot: cython.int = _slot(wall.price)
        place: cython.int = self.slots[slot]
        if place == wall.place:
            self.slots[slot] = self.next[place]
        else:
            while self.next[place] != wall.place:
                place = self.next[place]
            self.next[place] = self.next[wall.place]
        if wall.older < 0:
            self.oldest = wall.newer
        else:
            self._at(wall.older).newer = wall.newer
        if wall.newer < 0:
            self.newest = wall.older
        else:
            self._at(wall.newer).older = wall.older
        self.places[wall.place] = None
        self.vacant[self.vacancies] = wall.place
        self.vacancies += 1
        self.standing -= 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _shrunk(self, k: cython.int, t: cython.longlong, imbalance: cython.double) -> cython.int:
        """A level lost some of its size: the walls that were part of it may be gone."""
        wall: Wall
        side: cython.int = self.context.changes.side[k]
        price: cython.double = self.context.changes.price[k]
        size: cython.double = self.context.changes.new[k]
        at: cython.int
        place: cython.int = self.slots[_slot(price)]
        while place >= 0:
            at = place
            place = self.next[at]
            if self.price[at] != price or size > self.gone_below[at]:
                continue
            wall = self._at(at)
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
        place: cython.int = self.slots[_slot(price)]
        while place >= 0:
            if self.price[place] == price:
                wall = self._at(place)
                wall.traded += size
            place = self.next[place]
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
        while self.standing > 0 and t - self._at(self.oldest).placed > _LONGEST:
            self._leave(self._at(self.oldest))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def forget(self) -> cython.int:
        """What stands now cannot be compared with what stood before."""
        while self.standing > 0:
            self._leave(self._at(self.oldest))
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


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _slot(price: cython.double) -> cython.int:
    """Where the walls at a price stand in the table."""
    return cython.cast(cython.int, mixed(price) >> 54)


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
