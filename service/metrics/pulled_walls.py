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
        self.walls = []

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, wall: Wall) -> cython.int:
        """One more was pulled; where there are too many, those that were pulled first go.

        Where all came with the same message the new one is left out: a group of so many is told without it.
        """
        k: cython.int
        first: cython.longlong = wall.pulled
        if self.count == _MOST:
            for k in range(self.count):
                first = min(first, self.pulled[k])
            if first == wall.pulled:
                return 0
            self._keep_since(first + 1)
        k = self.count
        while k > 0 and self.placed[k - 1] > wall.placed:
            k -= 1
        self.walls.insert(k, wall)
        memmove(cython.address(self.placed[k + 1]), cython.address(self.placed[k]), (self.count - k) * 8)
        memmove(cython.address(self.pulled[k + 1]), cython.address(self.pulled[k]), (self.count - k) * 8)
        memmove(cython.address(self.price[k + 1]), cython.address(self.price[k]), (self.count - k) * 8)
        memmove(cython.address(self.home[k + 1]), cython.address(self.home[k]), self.count - k)
        self.placed[k] = wall.placed
        self.pulled[k] = wall.pulled
        self.price[k] = wall.price
        self.home[k] = cython.cast(cython.uchar, mixed(wall.price) >> 56)
        self.count += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def expire(self, t: cython.longlong) -> cython.int:
        """Let go of those that were pulled too long before t."""
        return self._keep_since(t - self.within)

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep_since(self, t: cython.longlong) -> cython.int:
        """Let go of those that were pulled before t."""
        k: cython.int
        kept: cython.int = 0
        for k in range(self.count):
            if self.pulled[k] >= t:
                if kept < k:
                    self._keep(k, kept)
                kept += 1
        if kept < self.count:
            self.count = kept
            del self.walls[kept:]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def part_with(self, group: cython.int) -> cython.int:
        """Let go of those that are of this group."""
        wall: Wall
        k: cython.int
        kept: cython.int = 0
        for k in range(self.count):
            wall = self.walls[k]
            if wall.group != group:
                if kept < k:
                    self._keep(k, kept)
                kept += 1
        self.count = kept
        del self.walls[kept:]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep(self, k: cython.int, to: cython.int) -> cython.int:
        """The wall at one place stands at another, too."""
        self.walls[to] = self.walls[k]
        self.placed[to] = self.placed[k]
        self.pulled[to] = self.pulled[k]
        self.price[to] = self.price[k]
        self.home[to] = self.home[k]
        return 0

    @cython.cfunc
    def largest(self, t: cython.longlong, least: cython.int) -> list:
        """Of the groups placed `within` each other with a wall that was pulled at t, that with the most prices.

        [] if they are fewer than `least`.
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
            while end < self.count and self.placed[end] - self.placed[first] <= self.within:
                k = self.slot[end] = self._slot(end)
                prices += self.walls_at[k] == 0
                self.walls_at[k] += 1
                fresh += self.pulled[end] == t
                end += 1
            if fresh > 0 and prices > most:
                most = prices
                best_first = first
                best_end = end
            k = self.slot[first]
            self.walls_at[k] -= 1
            prices -= self.walls_at[k] == 0
            fresh -= self.pulled[first] == t
        return self.walls[best_first:best_end]

    @cython.cfunc
    @cython.exceptval(check=False)
    def _slot(self, wall: cython.int) -> cython.int:
        """The place of a wall's price in the table of this search; a new one where it has none."""
        price: cython.double = self.price[wall]
        k: cython.int = self.home[wall]
        while self.walls_at[k] >= 0 and self.slot_price[k] != price:
            k = (k + 1) & 255
        if self.walls_at[k] < 0:
            self.slot_price[k] = price
            self.walls_at[k] = 0
        return k
