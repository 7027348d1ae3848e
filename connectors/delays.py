"""How long things take: durations counted in buckets, in plain integers, cheap enough for the path of a message."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import cython

SECOND = 1_000_000_000


def steps(least: float, most: float) -> tuple[float, ...]:
    """Bounds in seconds that grow by 2 to 2.5 from one to the next: 1, 2.5 and 5 of each power of ten from `least` on."""
    found: list[float] = []
    k = -9
    while 10.0**k <= most:
        found += [x for one in ("1", "2.5", "5") if least <= (x := float(f"{one}e{k}")) <= most]
        k += 1
    return tuple(found)


NETWORK = steps(0.001, 10.0)  # from a venue to here
WORK = steps(0.000_005, 0.1)  # what is done with one message
WAITING = steps(0.000_1, 5.0)  # behind other work on the event loop


@cython.cclass
class Delays:
    """Counts of durations up to each bound (`bounds` in seconds, rising), and their sum (`total`, ns).

    A duration below zero, as clocks that disagree make it, counts in the first bucket.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.limits = array("q", [round(bound * SECOND) for bound in bounds])
        self.counts = array("q", [0] * (len(bounds) + 1))
        self.size = len(bounds)
        self.total = 0

    @cython.ccall
    @cython.exceptval(check=False)
    def observe(self, duration: cython.longlong) -> cython.void:
        """One more, so many nanoseconds long."""
        k: cython.int = 0
        while k < self.size and duration > self.limits[k]:
            k += 1
        self.counts[k] += 1
        self.total += duration

    def cumulative(self) -> list[int]:
        """How many were at most as long as each bound; in the end, how many there were."""
        found, count = [], 0
        for k in range(self.size + 1):
            count += self.counts[k]
            found.append(count)
        return found
