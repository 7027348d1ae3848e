"""What a message changed in a book, level by level: net, in base units, and only where both sizes are known.

A `Changes` follows one book (`Book.follow`). The book notes each size that changes; `Book.settle` then says what
that was since the last time it was asked, as metrics.md 0.2 has it:

- one entry a level, however often the message named it; a level restated without change is none;
- an image is compared with the image before; a snapshot only sets the baseline, and so does the first book after a loss;
- a level that enters or leaves what is seen of the book is none: both ranges must hold it. A side that was cut to its
  depth or to the most levels kept is seen down to its worst level, one that a snapshot began down to the snapshot's end;
- a size that lost decimals, so that others fit, is none;
- what happened while the book was crossed is told with the message that ends it.
"""

from __future__ import annotations

import array

import cython
from cython.cimports.connectors.arrays import resized
from cython.cimports.libc.stdlib import free

NOWHERE = cython.declare(cython.longlong, 9_000_000_000_000_000_000)


@cython.final
@cython.cclass
class Changes:
    """After `settle`, `count` levels changed: `side[k]` (0 bid, 1 ask) at `price[k]` had `old[k]` and has `new[k]`.

    Sizes are base units, 0 where the level was or is not there; the order of levels says nothing. A price is the
    nearest double of the level's integer, the same one for the same price whatever decimals the book keeps, and the one
    that a print at this price carries: it may stand for the level in tables. `baseline` is true where there was nothing
    to compare with (then `count` is 0): whoever keeps something for each level starts anew, from the book itself.
    `total` counts changed levels since the start.
    """

    def __init__(self) -> None:
        self.baseline = True
        self.count = self.total = 0
        self.was_floor, self.was_ceiling = -NOWHERE, NOWHERE
        self._settled_room(32)
        self._log_room(64)

    def __dealloc__(self) -> None:
        free(self.key)
        free(self.before)
        free(self.after)
        free(self.which)
        free(self.rank)
        free(self.spare)
        free(self.ends)

    def rows(self) -> list[tuple[int, float, float, float]]:
        """The same as Python objects: (side, price, old, new)."""
        return [(self.side[k], self.price[k], self.old[k], self.new[k]) for k in range(self.count)]

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _log_room(self, room: cython.int) -> cython.int:
        self.key = cython.cast(cython.p_longlong, resized(self.key, room * 8))
        self.before = cython.cast(cython.p_longlong, resized(self.before, room * 8))
        self.after = cython.cast(cython.p_longlong, resized(self.after, room * 8))
        self.which = cython.cast(cython.p_schar, resized(self.which, room))
        self.rank = cython.cast(cython.p_int, resized(self.rank, room * 4))
        self.spare = cython.cast(cython.p_int, resized(self.spare, room * 4))
        self.ends = cython.cast(cython.p_int, resized(self.ends, room * 4))
        self.room = room
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _settled_room(self, room: cython.int) -> cython.int:
        self.side = array.array("b", bytes(room))
        self.price, self.old, self.new = (array.array("d", bytes(8 * room)) for _ in range(3))
        self.most = room
        return 0

    # -- what the book says ------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    def rebase(self) -> cython.void:
        """What comes next cannot be compared with what was."""
        self.based = False
        self.logged = 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def note(
        self, side: cython.int, key: cython.longlong, before: cython.longlong, after: cython.longlong
    ) -> cython.int:
        """A level (its key as in `Side`) got another size, in the book's integers."""
        if not self.based:
            return 0
        if self.logged == self.room:
            self._log_room(2 * self.room)
        self.which[self.logged] = side
        self.key[self.logged] = key
        self.before[self.logged] = before
        self.after[self.logged] = after
        self.logged += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def scale(self, price_factor: cython.longlong, size_factor: cython.longlong) -> cython.void:
        """The book keeps more decimals from now on."""
        k: cython.int
        if self.was_floor > -NOWHERE:
            self.was_floor *= price_factor
        if self.was_ceiling < NOWHERE:
            self.was_ceiling *= price_factor
        for k in range(self.logged):
            self.key[k] *= price_factor
            self.before[k] *= size_factor
            self.after[k] *= size_factor

    @cython.cfunc
    @cython.exceptval(check=False)
    def coarsen(self, factor: cython.longlong) -> cython.void:
        """The book keeps fewer decimals of sizes."""
        k: cython.int
        for k in range(self.logged):
            self.before[k] = rounded(self.before[k], factor)
            self.after[k] = rounded(self.after[k], factor)

    # -- what comes of it --------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def settle(
        self,
        fresh: cython.bint,
        floor: cython.longlong,
        ceiling: cython.longlong,
        price_unit: cython.double,
        up: cython.double,
        down: cython.double,
        inverse: cython.bint,
    ) -> cython.int:
        """A good state: find what changed since the last one. `fresh`: there is none to compare with."""
        k: cython.int
        n: cython.int = 0
        at: cython.int
        last: cython.int
        lowest: cython.longlong = floor if floor > self.was_floor else self.was_floor
        highest: cython.longlong = ceiling if ceiling < self.was_ceiling else self.was_ceiling
        price: cython.double
        self.was_floor = floor
        self.was_ceiling = ceiling
        self.count = 0
        self.baseline = fresh or not self.based
        if self.baseline:
            self.based = True
            self.logged = 0
            return 0
        if self.logged > self.most:
            self._settled_room(self.logged)
        if not self._is_plain():
            self._sort()
        k = 0
        while k < self.logged:
            at = last = self.rank[k]
            k += 1
            while (
                k < self.logged
                and self.key[self.rank[k]] == self.key[at]
                and self.which[self.rank[k]] == self.which[at]
            ):
                last = self.rank[k]  # the same level again
                k += 1
            if self.before[at] == self.after[last]:
                continue
            if self.which[at] == 0:
                if -self.key[at] < lowest:
                    continue
                price = -self.key[at] / price_unit
            else:
                if self.key[at] > highest:
                    continue
                price = self.key[at] / price_unit
            self.side[n] = self.which[at]
            self.price[n] = price
            self.old[n] = self.before[at] * up / down
            self.new[n] = self.after[last] * up / down
            if inverse:
                self.old[n] /= price
                self.new[n] /= price
            n += 1
        self.logged = 0
        self.count = n
        self.total += n
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _is_plain(self) -> cython.bint:
        """Does the log name no level twice, as far as can be seen at once? `rank` is then its own order."""
        k: cython.int
        turn: cython.int = 0
        way: cython.int
        sides: cython.int = 1
        for k in range(self.logged):
            self.rank[k] = k
        for k in range(1, self.logged):
            if self.which[k] != self.which[k - 1]:
                sides += 1
                if sides > 2:
                    return False
                turn = 0
                continue
            way = (self.key[k] > self.key[k - 1]) - (self.key[k] < self.key[k - 1])
            if way == 0 or way == -turn:
                return False
            turn = way
        return True

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _before(self, one: cython.int, other: cython.int) -> cython.bint:
        """Does entry `one` belong before `other`?"""
        if self.which[one] != self.which[other]:
            return self.which[one] < self.which[other]
        return self.key[one] < self.key[other]

    @cython.cfunc
    @cython.exceptval(check=False)
    def _sort(self) -> cython.void:
        """Put `rank` in order of side and key, entries of one level in order of time: runs that are there, merged.

        Messages and images come sorted one way or the other, so there are few runs.
        """
        k: cython.int
        end: cython.int
        runs: cython.int = 0
        start: cython.int = 0
        while start < self.logged:
            end = start + 1
            if end < self.logged and self._before(end, start):
                while end < self.logged and self._before(end, end - 1):
                    end += 1
                for k in range(start, end):
                    self.rank[k] = start + end - 1 - k
            else:
                while end < self.logged and not self._before(end, end - 1):
                    end += 1
                for k in range(start, end):
                    self.rank[k] = k
            self.ends[runs] = end
            runs += 1
            start = end
        while runs > 1:
            runs = self._merge(runs)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _merge(self, runs: cython.int) -> cython.int:
        """Merge each run with its neighbour; how many there are then."""
        k: cython.int
        out: cython.int = 0
        start: cython.int = 0
        left: cython.int
        right: cython.int
        middle: cython.int
        end: cython.int
        ranks: cython.p_int
        for k in range(0, runs, 2):
            middle = self.ends[k]
            end = self.ends[k + 1] if k + 1 < runs else middle
            left = start
            right = middle
            while start < end:
                if left < middle and (right == end or not self._before(self.rank[right], self.rank[left])):
                    self.spare[start] = self.rank[left]
                    left += 1
                else:
                    self.spare[start] = self.rank[right]
                    right += 1
                start += 1
            self.ends[out] = end
            out += 1
        ranks = self.rank
        self.rank = self.spare
        self.spare = ranks
        return out


@cython.cfunc
@cython.exceptval(check=False)
def rounded(size: cython.longlong, factor: cython.longlong) -> cython.longlong:
    """A size in coarser units, to the nearest; what is there stays above zero."""
    found: cython.longlong = size // factor + (size % factor >= factor // 2)
    return found if found > 0 or size == 0 else 1
