"""`signed_open_interest`: who opened positions aggressively."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, Unit
from .open_interest import OpenInterest

STEP = 300 * SECOND


def signed(change: float, delta: float) -> float:
    """What a step adds: the growth of open interest with the sign of the takers' volume; 0 where it shrank."""
    return change * ((delta > 0) - (delta < 0)) if change > 0 else 0.0


class SignedOpenInterest(Metric):
    """Sum over 5-minute steps of dOI * sign(taker buys - taker sells) where dOI > 0 (metrics.md 3.4); base units.

    A step at one of whose ends open interest is not known is left out; undefined unless the steps cover the window.
    """

    declaration = Declaration(
        key="signed_open_interest",
        unit=Unit.BASE,
        help="Open interest that was added while takers bought, less what was added while they sold.",
        formula="sum of dOI sign(volume delta) over 5 min steps with dOI > 0",
        source="metrics.md 3.4",
        sign="+ is positions opened by takers who bought",
        by={"window": (3600,)},
        group="derivatives",
        feed="derivative",
    )

    def prepare(self) -> None:
        self.spans = [round(window * SECOND) for window in self.param("window")]
        self.step = round(self.params.get("step", STEP / SECOND) * SECOND)
        self.history: OpenInterest = self.context.shared(OpenInterest)
        self.steps: deque[tuple[int, float]] = deque(maxlen=max(1, max(self.spans) // self.step))
        self.open = NAN
        self.delta = 0.0

    def stated(self, t: int) -> None:
        self.history.note(t)

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        if t % self.step:
            return 0
        level = self.history.level(t)
        delta = self.context.bought - self.context.sold
        if level == level and self.open == self.open:
            self.steps.append((t, signed(level - self.open, delta - self.delta)))
        self.open, self.delta = level, delta
        for k, span in enumerate(self.spans):
            inside = [value for at, value in self.steps if at > t - span]
            full = len(inside) * self.step >= span * self.context.books.least and bool(inside)
            self.cells[self.at + k] = sum(inside) if full else NAN
        return 0


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `oi` at the ends of the steps, `volume_delta` of each step (one fewer)."""
    levels = [float(one) for one in inputs["oi"]]
    deltas = [float(one) for one in inputs.get("volume_delta", inputs.get("delta", ()))]
    changes = [after - before for before, after in pairwise(levels)]
    return sum((signed(change, delta) for change, delta in zip(changes, deltas, strict=True)), 0.0)


ANSWERS = {"signed_open_interest": answer}
