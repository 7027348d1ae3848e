"""What was told of open interest and of the price beside it, for as long as the longest window looks back."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from .declare import NAN, SECOND, Context

LONGEST = 900 * SECOND
MOST = 10_000  # values that are kept


class OpenInterest:
    """Open interest (base units, one side) of one book over time; the metrics that read it share one.

    The price beside it is the mid, where there is none the mark. `note` is told of news as often as anybody likes.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.times: deque[int] = deque(maxlen=MOST)
        self.held: deque[tuple[float, float]] = deque(maxlen=MOST)

    def note(self, t: int) -> None:
        """Take in what is told now, if it is of open interest and new."""
        told = self.context.derivative
        at = told.told_at.get("open_interest", -1)
        if at < 0 or (self.times and at <= self.times[-1]):
            return
        level = told.value("open_interest", t)
        if level == level:
            price = self.context.mid if self.context.mid == self.context.mid else told.value("mark", t)
            self.times.append(at)
            self.held.append((level, price))
        while len(self.times) > 1 and self.times[1] <= t - LONGEST:
            self.times.popleft()
            self.held.popleft()

    def level(self, t: int) -> float:
        """The open interest that holds at t; NaN where none does."""
        return self.context.derivative.value("open_interest", t)

    def before(self, span: int, t: int) -> tuple[float, float]:
        """Open interest and price that held at t - span; NaN where nothing was told by then."""
        place = bisect_right(self.times, t - span)
        return self.held[place - 1] if place else (NAN, NAN)

    def change(self, span: int, t: int) -> float:
        """OI(t) / OI(t - span) - 1; NaN where one of them is not known."""
        then, _ = self.before(span, t)
        return self.level(t) / then - 1 if then > 0 else NAN


def quadrant(price_change: float, change: float) -> float:
    """1 longs open (+,+), 2 shorts cover (+,-), 3 longs close (-,-), 4 shorts open (-,+); NaN where one stands still."""
    if price_change > 0:
        return 1.0 if change > 0 else 2.0 if change < 0 else NAN
    if price_change < 0:
        return 3.0 if change < 0 else 4.0 if change > 0 else NAN
    return NAN
