"""`spoof_score`: a large order away from the touch that is pulled once takers on its other side have come."""

from __future__ import annotations

from collections import deque
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.walls import Score, Wall, Walls, scored

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .walls import LATE, Score, Wall, Walls

SIDES = ("bid", "ask")
EPISODE = 0.6  # the score from which on it is one
_WINDOW = cython.declare(cython.longlong, 60 * SECOND)
_LATE = cython.declare(cython.longlong, LATE)
_EPISODE = cython.declare(cython.double, EPISODE)


@cython.cclass
class SpoofScore(Metric):
    """Most of the last 60 s, per side of the wall, of (c1 c2 c3 c4 c5)^(1/5) (metrics.md 3.1).

    c1 = min(1, A / 2 kappa M), c2 the share that was cancelled and not traded, c3 = 2^(-life / 5 s), c4 takers on the other
    side, c5 how far the imbalance turned back. 0 without a wall, as far as the book is seen. It proves no intent: a fifth of
    harmless large orders that are cancelled score as high. An episode is counted once no late print can explain it.
    Source: after Lee, Eom & Park 2013; Cartea, Jaimungal & Wang 2020.
    """

    declaration = Declaration(
        key="spoof_score",
        fields=(
            Field("score", Unit.RATIO, "obi_spoof_score_ratio"),
            Field(
                "episodes",
                Unit.COUNT,
                "obi_spoof_episodes_total",
                True,
                help="Walls that scored 0.6 or more.",
            ),
        ),
        help="Pattern of a large order that was pulled after takers came on its other side; no proof of intent.",
        formula="(c1 c2 c3 c4 c5)^(1/5): size, cancelled share, life, opposite takers, reversal of the imbalance",
        source="metrics.md 3.1; Lee, Eom & Park 2013",
        bounds=(0, 1),
        by={"side": SIDES},
        group="surveillance",
        changes=True,
    )
    walls: Walls
    drives: cython.bint
    kappa: cython.double
    places: cython.int[2]
    pending: list
    settled: list

    def prepare(self) -> None:
        sides = self.param("side")
        self.kappa = float(self.params.get("kappa", 5.0))
        levels = int(self.params.get("levels", 10))
        self.walls = self.context.shared(Walls, min(2.0, self.kappa), levels)
        self.drives = self.walls.claim(self)
        for k, side in enumerate(SIDES):
            self.places[k] = sides.index(side) if side in sides else -1
        self.pending = []
        self.settled = [deque(), deque()]  # (pulled, score) of each side, falling

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        wall: Wall
        if self.drives:
            self.walls.update(book, t)
        if self.pending:
            self._settle(t)
        if self.walls.fresh:
            for wall in self.walls.fresh:
                if wall.size >= self.kappa * wall.usual * (1 - 1e-12) and self._score(wall).value > 0:
                    self.pending.append(wall)
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
        if self.pending:
            self._settle(t)
        if self.drives:
            self.walls.traded(price, size, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if self.pending:
            self._settle(t)
        for kept in self.settled:
            while kept and kept[0][0] <= t - _WINDOW:
                kept.popleft()
        return 0

    @cython.cfunc
    def _score(self, wall: Wall) -> Score:
        return scored(
            wall.side,
            self.kappa,
            wall.usual,
            wall.size,
            wall.lost,
            wall.traded,
            wall.pulled - wall.placed,
            wall.bought_then - wall.bought,
            wall.sold_then - wall.sold,
            wall.before,
            wall.after,
            wall.pulled_imbalance,
        )

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, t: cython.longlong) -> cython.int:
        """What no print can explain any more is counted as it is."""
        wall: Wall
        found: Score
        while self.pending:
            wall = self.pending[0]
            if t - wall.pulled <= _LATE:
                break
            del self.pending[0]
            found = self._score(wall)
            kept = self.settled[wall.side]
            while kept and kept[len(kept) - 1][1] <= found.value:
                kept.pop()
            kept.append((wall.pulled, found.value))
            if found.value >= _EPISODE:
                if self.places[wall.side] >= 0:
                    self.row[self.at + len(self.param("side")) + self.places[wall.side]] += 1
                self.context.report("spoof", SIDES[wall.side], t, evidence(wall, found))
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
    @cython.exceptval(check=False)
    def _known(self, t: cython.longlong) -> cython.bint:
        """Is there a mid, and were book and trades there for most of the last minute?"""
        return (
            self.context.mid == self.context.mid
            and self.context.books.enough(_WINDOW, t)
            and self.context.trades.enough(_WINDOW, t)
        )

    @cython.cfunc
    @cython.exceptval(-2)
    def _most(self, side: cython.int, t: cython.longlong) -> cython.double:
        wall: Wall
        most: cython.double = 0
        if not self._known(t):
            return NAN
        for pulled, value in self.settled[side]:
            if pulled > t - _WINDOW:
                most = value
                break
        for wall in self.pending:
            if wall.side == side:
                most = max(most, self._score(wall).value)
        return most

    def told(self, asked: str = "") -> Any:
        found = [self.row[self.at + k] for k in range(len(self.param("side")))]
        return max(found)


def evidence(wall: Wall, score: Score) -> dict[str, Any]:
    """What an episode rests on; times are ns, sizes base."""
    return {
        "score": score.value,
        "components": score.components(),
        "price": wall.price,
        "size": wall.size,
        "usual_size": wall.usual,
        "placed": wall.placed,
        "pulled": wall.pulled,
        "traded": wall.traded,
        "taken": score.taken,
        "against": score.against,
        "imbalances": [wall.before, wall.after, wall.pulled_imbalance],
    }
