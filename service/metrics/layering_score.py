"""`layering_score`: several large orders on one side, placed together and pulled together."""

from __future__ import annotations

from collections import deque
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.pulled_walls import PulledWalls
from cython.cimports.service.metrics.walls import Score, Wall, Walls, scored

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .pulled_walls import PulledWalls
from .spoof_score import EPISODE, SIDES
from .walls import LATE, Score, Wall, Walls

LAYERS = 3  # distinct prices, at the least
_WINDOW = cython.declare(cython.longlong, 60 * SECOND)
_LAYERS = cython.declare(cython.int, LAYERS)
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
    bids: PulledWalls
    asks: PulledWalls
    groups: list
    grouped: cython.longlong[2]
    number: cython.int[2]
    settled: list

    def prepare(self) -> None:
        sides = self.param("side")
        self.kappa = float(self.params.get("kappa", 2.0))
        levels = int(self.params.get("levels", 10))
        self.walls = self.context.shared(Walls, min(2.0, self.kappa), levels)
        self.drives = self.walls.claim(self)
        for k, side in enumerate(SIDES):
            self.places[k] = sides.index(side) if side in sides else -1
        self.bids, self.asks = PulledWalls(SECOND), PulledWalls(SECOND)
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
            bids: cython.int = 0
            asks: cython.int = 0
            for wall in self.walls.fresh:
                if wall.size >= self.kappa * wall.usual * (1 - 1e-12):
                    asks += wall.side
                    bids += 1 - wall.side
                    (self.asks if wall.side else self.bids).add(wall)
            if bids > 0:
                self._group(0, self.bids, t)
            if asks > 0:
                self._group(1, self.asks, t)
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
    def _group(self, side: cython.int, recent: PulledWalls, t: cython.longlong) -> cython.int:
        """Which of the walls that were pulled within this second were placed within one, too? Most prices win."""
        recent.expire(t)
        best: list = recent.largest(t, _LAYERS)
        wall: Wall
        if best:
            if self.groups[side] and not self._overlaps(self.number[side], best):
                self._count(side, t)
            if len(best) >= len(self.groups[side]):
                self.groups[side] = best
                self.grouped[side] = t
                self.number[side] += 1
                for wall in best:
                    wall.group = self.number[side]
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _overlaps(self, group: cython.int, walls: list) -> cython.bint:
        """Is one of these walls of that group?"""
        wall: Wall
        for wall in walls:
            if wall.group == group:
                return True
        return False

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
        for side in range(2):
            if self.groups[side] and t - self.grouped[side] > _OVER:
                self._count(side, t)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _count(self, side: cython.int, t: cython.longlong) -> cython.int:
        group: list = self.groups[side]
        found: Score = self._score(group)
        kept = self.settled[side]
        self.groups[side] = []
        (self.asks if side else self.bids).part_with(self.number[side])
        if found.value <= 0:
            return 0
        while kept and kept[len(kept) - 1][1] <= found.value:
            kept.pop()
        kept.append((self.grouped[side], found.value))
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
    first, placed = group[0], group[len(group) - 1]  # they stand in the order of their placing
    pulled = max(group, key=lambda wall: wall.pulled)
    return {
        "score": score.value,
        "components": score.components(),
        "prices": [wall.price for wall in group],
        "sizes": [wall.size for wall in group],
        "usual_size": sum(wall.usual for wall in group) / len(group),
        "placed": first.placed,
        "pulled": pulled.pulled,
        "traded": sum(wall.traded for wall in group),
        "taken": score.taken,
        "against": score.against,
        "imbalances": [first.before, placed.after, pulled.pulled_imbalance],
    }
