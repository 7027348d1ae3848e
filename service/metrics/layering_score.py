"""`layering_score`: several large orders on one side, placed together and pulled together."""

from __future__ import annotations

from collections import deque
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.string import memcpy
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.walls import Score, Wall, Walls, scored

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .spoof_score import EPISODE, SIDES
from .walls import LATE, Score, Wall, Walls

LAYERS = 3  # distinct prices, at the least
MOST = 64  # pulled walls of a side that are compared
SLOTS = 256  # of the table that counts walls by price
_WINDOW = cython.declare(cython.longlong, 60 * SECOND)
_TOGETHER = cython.declare(cython.longlong, SECOND)
_OVER = cython.declare(cython.longlong, SECOND + LATE)
_EPISODE = cython.declare(cython.double, EPISODE)


@cython.cclass
class LayeringScore(Metric):
    """Most of the last 60 s of the spoof components on the sums of a group of walls, times min(1, levels / 3).

    A group: walls (kappa = 2) at three or more prices of a side, placed within 1 s of each other and pulled within 1 s of
    each other. M is the mean of their usual sizes, the life runs from the first placing to the last pulling, takers are
    those in between (metrics.md 3.2). 0 without a group, as far as the book is seen.
    """

    declaration = Declaration(
        key="layering_score",
        fields=(
            Field("score", Unit.RATIO, "obi_layering_score_ratio"),
            Field(
                "episodes",
                Unit.COUNT,
                "obi_layering_episodes_total",
                True,
                help="Groups that scored 0.6 or more.",
            ),
        ),
        help="Pattern of large orders at three prices or more, placed together and pulled together; no proof of intent.",
        formula="(c1 c2 c3 c4 c5)^(1/5) of the summed sizes, times min(1, levels / 3)",
        source="metrics.md 3.2",
        bounds=(0, 1),
        by={"side": SIDES},
        group="surveillance",
        changes=True,
    )
    walls: Walls
    drives: cython.bint
    kappa: cython.double
    places: cython.int[2]
    recent: list
    groups: list
    settled: list
    placed: cython.longlong[65]
    price: cython.double[65]
    fresh: cython.int[65]
    slot_price: cython.double[256]
    walls_at: cython.int[256]

    def prepare(self) -> None:
        sides = self.param("side")
        self.kappa = float(self.params.get("kappa", 2.0))
        levels = int(self.params.get("levels", 10))
        self.walls = self.context.shared(Walls, min(2.0, self.kappa), levels)
        self.drives = self.walls.claim(self)
        for k, side in enumerate(SIDES):
            self.places[k] = sides.index(side) if side in sides else -1
        self.recent = [[], []]
        self.groups = [[], []]  # of each side the walls that are together now, [] without
        self.settled = [deque(), deque()]  # (pulled, score) of each side, falling

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        wall: Wall
        if self.drives:
            self.walls.update(book, t)
        self._settle(t)
        if self.walls.fresh:
            for wall in self.walls.fresh:
                if wall.size >= self.kappa * wall.usual * (1 - 1e-12):
                    self.recent[wall.side].append(wall)
            self._group(0, t)
            self._group(1, t)
        return 0

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
        self._settle(t)
        if self.drives:
            self.walls.traded(price, size, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        self._settle(t)
        for kept in self.settled:
            while kept and kept[0][0] <= t - _WINDOW:
                kept.popleft()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _group(self, side: cython.int, t: cython.longlong) -> cython.int:
        """Which of the walls that were pulled within this second were placed within one, too? Most prices win."""
        wall: Wall
        recent: list = self.recent[side]
        while recent:
            wall = recent[0]
            if t - wall.pulled <= _TOGETHER and len(recent) <= MOST:
                break
            del recent[0]
        if len(recent) < LAYERS:
            return 0
        wall = recent[len(recent) - 1]
        if wall.pulled != t:  # nothing of this message
            return 0
        best: list = self._largest(recent, t)
        if best:
            if self.groups[side] and not self._overlap(self.groups[side], best):
                self._count(side, t)
            if len(best) >= len(self.groups[side]):
                self.groups[side] = best
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _overlap(self, one: list, other: list) -> cython.bint:
        """Do two groups share a wall?"""
        wall: Wall
        for wall in one:
            wall.counted = True
        found: cython.bint = False
        for wall in other:
            found = found or wall.counted
        for wall in one:
            wall.counted = False
        return found

    @cython.cfunc
    def _largest(self, recent: list, t: cython.longlong) -> list:
        """Of the groups with a wall that was pulled at t, that with the most prices; [] if they are fewer than three."""
        wall: Wall
        k: cython.int
        first: cython.int
        end: cython.int = 0
        count: cython.int = cython.cast(cython.int, len(recent))
        prices: cython.int = 0
        fresh: cython.int = 0
        most: cython.int = LAYERS - 1
        best_first: cython.int = -1
        best_end: cython.int = -1
        for k in range(SLOTS):
            self.walls_at[k] = -1
        for k in range(count):
            wall = recent[k]
            self._insert(k, wall.placed, wall.price, wall.pulled == t)
        for first in range(count):  # walls first to end are those placed within a second from the first
            while end < count and self.placed[end] - self.placed[first] <= _TOGETHER:
                k = self._slot(self.price[end])
                prices += self.walls_at[k] == 0
                self.walls_at[k] += 1
                fresh += self.fresh[end]
                end += 1
            if fresh > 0 and prices > most:
                most = prices
                best_first = first
                best_end = end
            k = self._slot(self.price[first])
            self.walls_at[k] -= 1
            prices -= self.walls_at[k] == 0
            fresh -= self.fresh[first]
        if best_first < 0:
            return []
        together: list = []
        for wall in recent:  # typed: in a comprehension each time would become a Python number
            if self.placed[best_first] <= wall.placed <= self.placed[best_end - 1]:
                together.append(wall)  # noqa: PERF401
        return together

    @cython.cfunc
    @cython.exceptval(check=False)
    def _insert(
        self, count: cython.int, placed: cython.longlong, price: cython.double, fresh: cython.bint
    ) -> cython.void:
        """Add a wall to those in the order of their placing."""
        k: cython.int = count
        while k > 0 and self.placed[k - 1] > placed:
            self.placed[k] = self.placed[k - 1]
            self.price[k] = self.price[k - 1]
            self.fresh[k] = self.fresh[k - 1]
            k -= 1
        self.placed[k] = placed
        self.price[k] = price
        self.fresh[k] = fresh

    @cython.cfunc
    @cython.exceptval(check=False)
    def _slot(self, price: cython.double) -> cython.int:
        """The place of a price in the table of this search; a new one where it has none."""
        bits: cython.ulonglong = 0
        memcpy(cython.address(bits), cython.address(price), cython.sizeof(price))
        bits = (bits ^ (bits >> 29)) * cython.cast(cython.ulonglong, 0x9E3779B97F4A7C15)
        k: cython.int = cython.cast(cython.int, bits >> 56)
        while self.walls_at[k] >= 0 and self.slot_price[k] != price:
            k = (k + 1) & 255
        if self.walls_at[k] < 0:
            self.slot_price[k] = price
            self.walls_at[k] = 0
        return k

    @cython.cfunc
    def _score(self, group: list) -> Score:
        wall: Wall
        found: Score
        first: Wall = group[0]
        placed: Wall = group[0]
        pulled: Wall = group[0]
        size: cython.double = 0
        usual: cython.double = 0
        lost: cython.double = 0
        traded: cython.double = 0
        for wall in group:
            size += wall.size
            usual += wall.usual / len(group)
            lost += wall.lost
            traded += min(wall.traded, wall.lost)
            if wall.placed < first.placed:
                first = wall
            if wall.placed >= placed.placed:
                placed = wall
            if wall.pulled >= pulled.pulled:
                pulled = wall
        found = scored(
            first.side,
            self.kappa,
            usual,
            size,
            lost,
            traded,
            pulled.pulled - first.placed,
            pulled.bought_then - first.bought,
            pulled.sold_then - first.sold,
            first.before,
            placed.after,
            pulled.pulled_imbalance,
        )
        found.value *= min(1.0, len({one.price for one in group}) / LAYERS)
        return found

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, t: cython.longlong) -> cython.int:
        """A group that can neither grow nor be explained by a print any more is counted as it is."""
        side: cython.int
        wall: Wall
        for side in range(2):
            if self.groups[side]:
                wall = self.groups[side][len(self.groups[side]) - 1]
                if t - wall.pulled > _OVER:
                    self._count(side, t)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _count(self, side: cython.int, t: cython.longlong) -> cython.int:
        group: list = self.groups[side]
        found: Score = self._score(group)
        kept = self.settled[side]
        last: Wall = group[len(group) - 1]
        self.groups[side] = []
        for last in group:
            last.counted = True
        apart: list = []
        for last in self.recent[side]:
            if not last.counted:
                apart.append(last)  # noqa: PERF401
        self.recent[side] = apart
        last = group[len(group) - 1]
        if found.value <= 0:
            return 0
        while kept and kept[len(kept) - 1][1] <= found.value:
            kept.pop()
        kept.append((last.pulled, found.value))
        if found.value >= _EPISODE:
            if self.places[side] >= 0:
                self.row[self.at + len(self.param("side")) + self.places[side]] += 1
            self.context.report("layering", SIDES[side], t, evidence(group, found))
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        if self.drives:
            self.walls.forget()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        side: cython.int
        for side in range(2):
            if self.places[side] >= 0:
                self.row[self.at + self.places[side]] = self._most(side, t)
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def _most(self, side: cython.int, t: cython.longlong) -> cython.double:
        most: cython.double = 0
        if self.context.mid != self.context.mid:
            return NAN
        if not (self.context.books.enough(_WINDOW, t) and self.context.trades.enough(_WINDOW, t)):
            return NAN
        for pulled, value in self.settled[side]:
            if pulled > t - _WINDOW:
                most = value
                break
        if self.groups[side]:
            most = max(most, self._score(self.groups[side]).value)
        return most

    def told(self, asked: str = "") -> Any:
        return max(self.row[self.at + k] for k in range(len(self.param("side"))))


def evidence(group: list[Wall], score: Score) -> dict[str, Any]:
    """What an episode rests on; times are ns, sizes base."""
    last = group[len(group) - 1]
    return {
        "score": score.value,
        "components": score.components(),
        "prices": [wall.price for wall in group],
        "sizes": [wall.size for wall in group],
        "usual_size": sum(wall.usual for wall in group) / len(group),
        "placed": min(wall.placed for wall in group),
        "pulled": max(wall.pulled for wall in group),
        "traded": sum(wall.traded for wall in group),
        "taken": score.taken,
        "against": score.against,
        "imbalances": [group[0].before, last.after, last.pulled_imbalance],
    }
