"""`stop_run`: a break of the last high or low on a burst of takers, most of which is taken back."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.book import Book

from .declare import Declaration, Metric, Unit
from .seconds import Seconds

LOOK_BACK = 900  # seconds
BREAK = 0.0005  # how far beyond the high or low
TAKEN_BACK = 0.5  # share of the excursion
WITHIN = 60  # seconds


@dataclass
class Run:
    """A break that may turn: when it began, the old high (low), how far it went."""

    since: int
    level: float
    extreme: float


class StopRun(Metric):
    """Counts breaks of the 15-minute high or low of the mid, by 5 bp or more, in a second in which takers of that direction
    took at least V99, of which half or more is taken back within 60 s (metrics.md 3.3). Direction `up` ran stops of shorts.

    On the 1 s grid. An episode tells the level, the extreme and the times.
    """

    declaration = Declaration(
        key="stop_run",
        prometheus="obi_stop_runs_total",
        counter=True,
        unit=Unit.COUNT,
        help="Breaks of the 15-minute high or low on a burst of takers that were mostly taken back within a minute.",
        formula="|m - extreme_15min| >= 5 bp, V_1s >= V99, then 50% taken back within 60 s",
        source="metrics.md 3.3",
        by={"direction": ("up", "down")},
        group="risk",
    )

    def prepare(self) -> None:
        self.directions = self.param("direction")
        self.seconds: Seconds = self.context.shared(Seconds)
        self.runs: dict[str, Run] = {}

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        seconds = self.seconds
        seconds.close(book, t)
        for k, direction in enumerate(self.directions):
            sign = 1 if direction == "up" else -1
            if (run := self.runs.get(direction)) is not None:
                if self._turned(run, sign, t):
                    self.cells[self.at + k] += 1
                    told = {
                        "level": run.level,
                        "extreme": run.extreme,
                        "back_at": seconds.mid,
                        "began": run.since,
                    }
                    self.context.report("stop_run", direction, t, told)
                    del self.runs[direction]
                elif t - run.since > WITHIN * 1_000_000_000:
                    del self.runs[direction]
            elif (level := self._broken(sign)) is not None:
                self.runs[direction] = Run(t, level, seconds.mid)
        return 0

    def _broken(self, sign: int) -> float | None:
        """The high (low) that this second broke on a burst; None where it did not."""
        taken = self.seconds.bought if sign > 0 else self.seconds.sold
        if not (taken >= self.seconds.burst and taken > 0):
            return None
        low, high = self.seconds.extremes(LOOK_BACK)
        level = high if sign > 0 else low
        return level if sign * (self.seconds.mid - level) >= BREAK * level else None

    def _turned(self, run: Run, sign: int, t: int) -> bool:
        """Follow the run; is at least half of it taken back?"""
        mid = self.seconds.mid
        if mid != mid:
            return False
        if sign * (mid - run.extreme) > 0:
            run.extreme = mid
        in_time = t - run.since <= WITHIN * 1_000_000_000
        return in_time and sign * (run.extreme - mid) >= TAKEN_BACK * sign * (run.extreme - run.level)

    def lost(self, t: int) -> int:
        self.runs.clear()
        return 0
