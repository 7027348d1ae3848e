"""Walls of one side that were pulled lately, and the largest group of them that was placed together, too."""

from __future__ import annotations

import cython
from cython.cimports.libc.string import memmove, memset
from cython.cimports.service.metrics.prices import mixed
from cython.cimports.service.metrics.walls import Wall

from .walls import Wall

MOST = 64  # walls that are compared: the last that were pulled
_MOST = cython.declare(cython.int, MOST)


@cython.cclass
class PulledWalls:
    """At most 64 walls that were pulled `within` ns of each other, in the order of their placing."""

    def __init__(self, within: int) -> None:
        self.within = within
        self.walls: list[Wall | None] = [None] * MOST
        for k in range(MOST):
            self.vacant[k] = k

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, wall: Wall) -> cython.int:
        """One more was pulled; where there are too many, those that were pulled first go.

        Where all came with the same message the new one is left out: a group of so many is told without it.
        """
        k: cython.int
        first: cython.longlong = wall.pulled
        place: cython.int
        if self.count == _MOST:
            for k in range(self.count):
                first = min(first, self.pulls[k].pulled)
            if first == wall.pulled:
                return 0
            self._keep_since(first + 1)
        place = self.vacant[self.count]
        k = self.count
        while k > 0 and self.pulls[k - 1].placed > wall.placed:
            k -= 1
        memmove(
            cython.address(self.pulls[k + 1]),
            cython.address(self.pulls[k]),
            (self.count - k) * cython.sizeof(self.pulls[0]),
        )
        self.walls[place] = wall
        self.pulls[k].placed = wall.placed
        self.pulls[k].pulled = wall.pulled
        self.pulls[k].price = wall.price
        self.pulls[k].home = cython.cast(cython.int, mixed(wall.price) >> 56)
        self.pulls[k].place = place
        self.count += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def expire(self, t: cython.longlong) -> cython.void:
        """Let go of those that were pulled too long before t."""
        self._keep_since(t - self.within)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _keep_since(self, t: cython.longlong) -> cython.void:
        """Let go of those that were pulled before t; their places are overwritten by those who come."""
        k: cython.int
        kept: cython.int = 0
        gone: cython.int = 0
        for k in range(self.count):
            if self.pulls[k].pulled >= t:
                self.pulls[kept] = self.pulls[k]
                kept += 1
            else:
                gone += 1
                self.vacant[self.count - gone] = self.pulls[k].place
        self.count = kept

    @cython.cfunc
    @cython.exceptval(-1)
    def part_with(self, group: cython.int) -> cython.int:
        """Let go of those that are of this group."""
        wall: Wall
        k: cython.int
        for k in range(self.count):
            wall = self.walls[self.pulls[k].place]
            if wall.group == group:
                self.pulls[k].pulled = -1
        self._keep_since(0)
        return 0

    @cython.cfunc
    def largest(self, t: cython.longlong, least: cython.int) -> list:
        """Of the groups placed `within` each other with a wall that was pulled at t, that with the most prices.

        In the order of their placing; [] if they are fewer than `least`.
        """
        first: cython.int
        k: cython.int
        end: cython.int = 0
        prices: cython.int = 0
        fresh: cython.int = 0
        most: cython.int = least - 1
        best_first: cython.int = 0
        best_end: cython.int = 0
        memset(self.walls_at, 0xFF, cython.sizeof(self.walls_at))  # -1: a free slot
        for first in range(self.count):  # walls first to end are those placed together from the first on
            if self.count - first <= most:
                break  # no more prices than walls
            while end < self.count and self.pulls[end].placed - self.pulls[first].placed <= self.within:
                k = self.slot[end] = self._slot(cython.address(self.pulls[end]))
                prices += self.walls_at[k] == 0
                self.walls_at[k] += 1
                fresh += self.pulls[end].pulled == t
                end += 1
            if fresh > 0 and prices > most:
                most = prices
                best_first = first
                best_end = end
            k = self.slot[first]
            self.walls_at[k] -= 1
            prices -= self.walls_at[k] == 0
            fresh -= self.pulls[first].pulled == t
        found: list = []
        for k in range(best_first, best_end):
            found.append(self.walls[self.pulls[k].place])  # noqa: PERF401  # k would be a Python number
        return found

    @cython.cfunc
    @cython.exceptval(check=False)
    def _slot(self, pull: cython.pointer(Pull)) -> cython.int:
        """The place of a wall's price in the table of this search; a new one where it has none."""
        k: cython.int = pull.home
        while self.walls_at[k] >= 0 and self.slot_price[k] != pull.price:
            k = (k + 1) & 255
        if self.walls_at[k] < 0:
            self.slot_price[k] = pull.price
            self.walls_at[k] = 0
        return k
