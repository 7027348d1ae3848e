"""`stress_level`: how many signs of stress a market shows at once."""

from __future__ import annotations

from connectors.book import Book

from .declare import NAN, Declaration, Metric, Unit
from .liquidity_shock import Shocks
from .seconds import Seconds

SIGMAS = 6.0
TOXIC = 0.95


class StressLevel(Metric):
    """Number of: |r_60s| >= 6 sigma, a liquidity shock in the last 60 s, VPIN percentile >= 0.95 (metrics.md 3.3).

    sigma is that of the last 60 one-minute returns. A part that is not known is left out; with fewer than two there is no
    level.
    """

    declaration = Declaration(
        key="stress_level",
        unit=Unit.COUNT,
        help="Signs of stress at once, 0 to 3: a large move within a minute, a liquidity shock, toxic flow.",
        formula="[|r_60s| >= 6 sigma] + [shock in the last 60 s] + [VPIN percentile >= 0.95]",
        source="metrics.md 3.3",
        bounds=(0, 3),
        group="risk",
    )

    def prepare(self) -> None:
        self.shocks: Shocks = self.context.shared(Shocks, -4.0, 0.5)
        self.seconds: Seconds = self.context.shared(Seconds)

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        self.shocks.close(book, t)
        parts = [
            above(abs(self.seconds.mid / self.seconds.before(60) - 1), SIGMAS * self.seconds.sigma),
            float(self.shocks.recent) if self.shocks.usual["bid"].count >= 60 else NAN,
            above(self.context.toxicity, TOXIC),
        ]
        known = [part for part in parts if part == part]
        self.cells[self.at] = sum(known) if len(known) >= 2 and self.seconds.mid == self.seconds.mid else NAN
        return 0

    def paused(self, t: int) -> int:
        self.cells[self.at] = NAN
        return 0


def above(x: float, limit: float) -> float:
    """1 where x reaches the limit, 0 where not, NaN where one of them is not known."""
    return float(x >= limit) if x == x and limit == limit else NAN
