"""Who took what from the book: changes of levels put down to placement, cancellation and trades (metrics.md 2.3).

One `Attribution` a book, shared by the metrics that read it: `context.shared(Attribution, horizon)`. The first metric
that asks for it drives it. A level that changed by dq, with V traded at its price since it last changed, gained
dq + V by placement or, where that is negative, lost it by cancellation. Feeds are not synchronous: for `horizon` a trade
may come after the change that it explains and then claims the cancellation that was booked. Bookings are final, and
counted, when they are older than that. Lower bounds: what came and went inside one message is not seen.
"""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.connectors.book import Book
from cython.cimports.connectors.changes import Changes
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.service.metrics.fleeting import Fleeting
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book
from connectors.changes import Changes

from .declare import SECOND, Context, stored
from .fleeting import STEP, WINDOW, Fleeting
from .windows import RollingSums

HORIZON = SECOND // 4
ADD, CANCEL, TRADE = range(3)
ACTIONS = ("add", "cancel", "traded")
ZONES = ("touch", "near", "deep")
TRADED, CANCELLED = range(2)  # causes of a depletion
WINDOW = 60  # seconds over which rates are taken
STEP = (
    SECOND // 10
)  # window sums of the live service move in these steps, or memory would grow with the changes
_ADD = cython.declare(cython.int, ADD)
_CANCEL = cython.declare(cython.int, CANCEL)
_TRADE = cython.declare(cython.int, TRADE)
_INFINITE = cython.declare(cython.double, float("inf"))
_NAN = cython.declare(cython.double, float("nan"))
_NOISE = cython.declare(cython.double, 1e-9)  # share of a change that is rounding of binary fractions
_MOST_WAITING = cython.declare(cython.int, 1024)


@cython.cclass
class Attribution:
    """Placement, cancellation and trades of one book; what is final stands in sums since the start.

    total[3 side + action]: of every level. zoned[(3 side + action) * 3 + zone]: zone of the level before the message:
    touch (the best price or better), near (within 10 bp of the mid), deep (within 100 bp). depleted[2 side + cause]: best
    levels that went and left a worse price. unmatched: traded volume that no level gave, within the horizon.
    touch_added, _cancelled, _traded: of the last message, or of the last print, what they add to the parts of OFI.
    sums: as total, within the window.
    """

    def __init__(
        self, context: Context, horizon: int = HORIZON, width: int = STEP, window: int = WINDOW * SECOND
    ):
        """All in ns. Sums over the window move in steps of `width`."""
        self.horizon, self.width = horizon, width
        self.driver: Any = None
        self.fleeting: Any = None
        self.bid, self.ask, self.mid = -_INFINITE, _INFINITE, _NAN
        self.head = self.tail = 0
        self.capacity = 64
        self.times = cython.cast(cython.p_longlong, calloc(64, 8))
        self.prices = cython.cast(cython.p_double, calloc(64, 8))
        self.sizes = cython.cast(cython.p_double, calloc(64, 8))
        self.claimed = cython.cast(cython.p_double, calloc(64, 8))
        self.whole = cython.cast(cython.p_double, calloc(64, 8))
        self.sides = cython.cast(cython.p_schar, calloc(64, 1))
        self.kinds = cython.cast(cython.p_schar, calloc(64, 1))
        self.zones = cython.cast(cython.p_schar, calloc(64, 1))
        self.touches = cython.cast(cython.p_schar, calloc(64, 1))
        self.waiting, self.known = 0, False
        self.wait_times = stored("q", bytes(1024))
        self.wait_prices, self.wait_sizes = (stored("d", bytes(1024)) for _ in range(2))
        self.wait_sides = stored("b", bytes(1024))
        self.low, self.high = _INFINITE, -_INFINITE
        self.total, self.zoned = stored("d", bytes(6)), stored("d", bytes(18))
        self.depleted = stored("d", bytes(4))
        self.unmatched = self.touch_added = self.touch_cancelled = self.touch_traded = 0.0
        self.sums = RollingSums([window], 6)

    def __dealloc__(self) -> None:
        free(self.times)
        free(self.prices)
        free(self.sizes)
        free(self.claimed)
        free(self.whole)
        free(self.sides)
        free(self.kinds)
        free(self.zones)
        free(self.touches)

    def follow_fleeting(self, fleeting: Fleeting) -> None:
        """Tell this one what is added and cancelled, once it is final."""
        self.fleeting = fleeting

    @cython.ccall
    def drives(self, metric: Any) -> cython.bint:
        """Is it this metric that hands on messages and prints? The first that asks is."""
        if self.driver is None:
            self.driver = metric
        return self.driver is metric

    # -- what happens --------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def changed(self, changes: Changes, book: Book, t: cython.longlong) -> cython.int:
        """A message was applied; these are the levels that it changed."""
        k: cython.int
        side: cython.int
        zone: cython.int
        touch: cython.bint
        price: cython.double
        dq: cython.double
        taken: cython.double
        gained: cython.double
        best: cython.double
        self.settle(t)
        self.touch_added = self.touch_cancelled = self.touch_traded = 0
        if changes.baseline:
            self.drop()
            self.known = True
            self._remember(book)
            return 0
        for k in range(changes.count):
            side = changes.side[k]
            price = changes.price[k]
            dq = changes.new[k] - changes.old[k]
            taken = self._take(side, price) if self.waiting > 0 and self.low <= price <= self.high else 0.0
            gained = dq + taken
            if taken > 0 and -_NOISE * taken < gained < _NOISE * taken:
                gained = 0
            zone = self._zone(side, price)
            if side == 0:
                best = book.bid_price[0] if book.bid_count > 0 else -_INFINITE
                touch = price == (best if best > self.bid else self.bid)
            else:
                best = book.ask_price[0] if book.ask_count > 0 else _INFINITE
                touch = price == (best if best < self.ask else self.ask)
            if taken > 0:
                self._book(side, _TRADE, price, taken, 0, zone, touch, t)
            if gained > 0:
                self._book(side, _ADD, price, gained, 0, zone, touch, t)
            gone: cython.bint = touch and changes.new[k] == 0
            if gained < 0:
                self._book(side, _CANCEL, price, -gained, changes.old[k] if gone else 0, zone, touch, t)
            elif gone:
                self.depleted[2 * side] += 1
        self._remember(book)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _book(
        self,
        side: cython.int,
        kind: cython.int,
        price: cython.double,
        size: cython.double,
        whole: cython.double,
        zone: cython.int,
        touch: cython.bint,
        t: cython.longlong,
    ) -> cython.int:
        """Note what is final after the horizon. `whole`: size of a best level that went, else 0."""
        k: cython.longlong
        sign: cython.int = 1 if side == 0 else -1
        if self.head - self.tail == self.capacity:
            self._grow()
        k = self.head & (self.capacity - 1)
        self.times[k] = t
        self.prices[k] = price
        self.sizes[k] = size
        self.claimed[k] = 0
        self.whole[k] = whole
        self.sides[k] = side
        self.kinds[k] = kind
        self.zones[k] = zone
        self.touches[k] = touch
        self.head += 1
        if touch and kind == _ADD:
            self.touch_added += sign * size
        elif touch and kind == _CANCEL:
            self.touch_cancelled -= sign * size
        elif touch:
            self.touch_traded -= sign * size
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def traded(
        self, price: cython.double, size: cython.double, side: cython.int, t: cython.longlong
    ) -> cython.int:
        """A print; `side` is the taker's, +1 bought. It claims what was booked as cancelled, or waits."""
        n: cython.longlong
        k: cython.longlong
        part: cython.double
        maker: cython.int = 1 if side > 0 else 0
        self.settle(t)
        self.touch_added = self.touch_cancelled = self.touch_traded = 0
        if side == 0 or not size > 0 or not self.known:  # of a book that is not known nothing is explained
            return 0
        for n in range(self.tail, self.head):
            k = n & (self.capacity - 1)
            if self.prices[k] == price and self.sides[k] == maker and self.kinds[k] == _CANCEL:
                part = self.sizes[k] if self.sizes[k] < size else size
                if size - part < _NOISE * size:
                    part = size
                if part <= 0:
                    continue
                self.sizes[k] -= part
                self.claimed[k] += part
                if self.sizes[k] < _NOISE * part:
                    self.sizes[k] = 0
                size -= part
                if self.touches[k]:
                    self.touch_cancelled += part if maker == 0 else -part
                    self.touch_traded -= part if maker == 0 else -part
                if size <= 0:
                    return 0
        if self.waiting == _MOST_WAITING:  # a burst that no level answers: the oldest has waited long enough
            self.unmatched += self.wait_sizes[0]
            self._drop_first()
        self.wait_times[self.waiting] = t
        self.wait_prices[self.waiting] = price
        self.wait_sizes[self.waiting] = size
        self.wait_sides[self.waiting] = maker
        self.waiting += 1
        self.low = price if price < self.low else self.low
        self.high = price if price > self.high else self.high
        return 0

    def _drop_first(self) -> None:
        k: cython.int
        for k in range(1, self.waiting):
            self.wait_times[k - 1] = self.wait_times[k]
            self.wait_prices[k - 1] = self.wait_prices[k]
            self.wait_sizes[k - 1] = self.wait_sizes[k]
            self.wait_sides[k - 1] = self.wait_sides[k]
        self.waiting -= 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def _take(self, side: cython.int, price: cython.double) -> cython.double:
        """What was traded at this level since it last changed; used up with this."""
        k: cython.int
        found: cython.double = 0
        for k in range(self.waiting):
            if self.wait_prices[k] == price and self.wait_sides[k] == side:
                found += self.wait_sizes[k]
                self.wait_sizes[k] = 0
        return found

    @cython.cfunc
    @cython.exceptval(check=False)
    def _zone(self, side: cython.int, price: cython.double) -> cython.int:
        """0 touch, 1 near, 2 deep, 3 beyond, by the book before the message."""
        far: cython.double
        if price >= self.bid if side == 0 else price <= self.ask:
            return 0
        far = (self.mid - price if side == 0 else price - self.mid) / self.mid * 10_000
        return 1 if far <= 10.000000001 else 2 if far <= 100.000000001 else 3

    @cython.cfunc
    @cython.exceptval(check=False)
    def _remember(self, book: Book) -> cython.int:
        self.bid = book.bid_price[0] if book.bid_count > 0 else -_INFINITE
        self.ask = book.ask_price[0] if book.ask_count > 0 else _INFINITE
        self.mid = (self.bid + self.ask) / 2 if book.bid_count > 0 and book.ask_count > 0 else _NAN
        return 0

    # -- what becomes final --------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def settle(self, t: cython.longlong) -> cython.int:
        """Make final what is older than the horizon at t, and give up on the trades that waited for longer."""
        k: cython.int
        kept: cython.int = 0
        while self.tail < self.head and t - self.times[self.tail & (self.capacity - 1)] > self.horizon:
            self._final()
        self._gather()
        if self.waiting > 0 and (t - self.wait_times[0] > self.horizon or self.wait_sizes[0] <= 0):
            self.low = _INFINITE
            self.high = -_INFINITE
            for k in range(self.waiting):
                if t - self.wait_times[k] > self.horizon:
                    self.unmatched += self.wait_sizes[k]
                elif self.wait_sizes[k] > 0:
                    self.wait_times[kept] = self.wait_times[k]
                    self.wait_prices[kept] = self.wait_prices[k]
                    self.wait_sizes[kept] = self.wait_sizes[k]
                    self.wait_sides[kept] = self.wait_sides[k]
                    self.low = self.wait_prices[k] if self.wait_prices[k] < self.low else self.low
                    self.high = self.wait_prices[k] if self.wait_prices[k] > self.high else self.high
                    kept += 1
            self.waiting = kept
        if self.fleeting is not None:
            self.fleeting.expire(t - self.horizon)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def drop(self) -> cython.int:
        """The book was lost or replaced: what was booked stands, trades that wait will find no change of theirs."""
        while self.tail < self.head:
            self._final()
        self._gather()
        if self.fleeting is not None:
            self.fleeting.flush()
        self.waiting = 0
        self.known = False
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def finish(self, t: cython.longlong) -> cython.int:
        """Nothing more can come: book it all, as of t."""
        self.settle(t)
        while self.tail < self.head:
            self._final()
        self._gather()
        if self.fleeting is not None:
            self.fleeting.flush()
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _final(self) -> cython.int:
        k: cython.longlong = self.tail & (self.capacity - 1)
        side: cython.int = self.sides[k]
        zone: cython.int = self.zones[k]
        at: cython.int = 3 * side + self.kinds[k]
        if not 0 <= self.times[k] - self.step < self.width:
            self._gather()
            self.step = self.times[k] // self.width * self.width
        self.total[at] += self.sizes[k]
        self.total[3 * side + _TRADE] += self.claimed[k]
        if zone < 3:
            self.zoned[3 * at + zone] += self.sizes[k]
            self.zoned[3 * (3 * side + _TRADE) + zone] += self.claimed[k]
        if self.whole[k] > 0:
            self.depleted[2 * side + (1 if self.whole[k] - self.sizes[k] < self.sizes[k] else 0)] += 1
        self.sums.value[at] += self.sizes[k]
        self.sums.value[3 * side + _TRADE] += self.claimed[k]
        self.gathering = True
        if self.kinds[k] != _TRADE and self.sizes[k] > 0:
            if self.fleeting is not None:
                if self.kinds[k] == _ADD:
                    self.fleeting.added(side, self.prices[k], self.sizes[k], self.times[k])
                else:
                    self.fleeting.cancelled(side, self.prices[k], self.sizes[k], self.times[k])
        self.tail += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _gather(self) -> cython.int:
        """Enter what became final within this step into the sums of the window."""
        column: cython.int
        if self.gathering:
            self.gathering = False
            self.sums.gather(self.step)
            for column in range(6):
                self.sums.value[column] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _grow(self) -> cython.int:
        n: cython.longlong
        k: cython.longlong
        to: cython.longlong
        old: cython.longlong = self.capacity
        new: cython.longlong = 2 * old
        self.times = cython.cast(cython.p_longlong, resized(self.times, new * 8))
        self.prices = cython.cast(cython.p_double, resized(self.prices, new * 8))
        self.sizes = cython.cast(cython.p_double, resized(self.sizes, new * 8))
        self.claimed = cython.cast(cython.p_double, resized(self.claimed, new * 8))
        self.whole = cython.cast(cython.p_double, resized(self.whole, new * 8))
        self.sides = cython.cast(cython.p_schar, resized(self.sides, new))
        self.kinds = cython.cast(cython.p_schar, resized(self.kinds, new))
        self.zones = cython.cast(cython.p_schar, resized(self.zones, new))
        self.touches = cython.cast(cython.p_schar, resized(self.touches, new))
        for n in range(self.tail, self.head):  # as in fleeting.py
            k = n & (old - 1)
            to = n & (new - 1)
            if k != to:
                self.times[to] = self.times[k]
                self.prices[to] = self.prices[k]
                self.sizes[to] = self.sizes[k]
                self.claimed[to] = self.claimed[k]
                self.whole[to] = self.whole[k]
                self.sides[to] = self.sides[k]
                self.kinds[to] = self.kinds[k]
                self.zones[to] = self.zones[k]
                self.touches[to] = self.touches[k]
        self.capacity = new
        return 0
