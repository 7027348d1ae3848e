"""What a running service measures of itself beside its books: its event loop, its garbage collector, its messages' way."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.delays import WAITING, Delays

EVERY = 0.1  # seconds between two looks at the event loop
_SLOT = 10_000_000_000  # ns
_SLOTS = 6
GENERATIONS = 3  # of the garbage collector


class Worst:
    """The largest number of the last minute, give or take ten seconds: a reading that no scrape misses nor resets."""

    def __init__(self) -> None:
        self._slots = [(-_SLOTS, 0)] * _SLOTS

    def see(self, x: int, now: int) -> None:
        """This much, at this time (ns)."""
        slot = now // _SLOT
        at, most = self._slots[slot % _SLOTS]
        self._slots[slot % _SLOTS] = (slot, x if at != slot else max(most, x))

    def within(self, now: int) -> int | None:
        """The largest of the last minute; None where there was none."""
        return max((most for at, most in self._slots if at > now // _SLOT - _SLOTS), default=None)


class Pulse:
    """How late the event loop is, and how long the garbage collector holds everything up.

    `lag`: by how much a sleep of a tenth of a second was longer than that. `pauses`: by generation.
    """

    def __init__(self) -> None:
        self.lag = Delays(WAITING)
        self.pauses = [Delays(WAITING) for _ in range(GENERATIONS)]
        self._worst = Worst()
        self._begun = 0

    @property
    def worst_lag_seconds(self) -> float | None:
        """Of the last minute; None before the first look."""
        most = self._worst.within(time.perf_counter_ns())
        return None if most is None else most / 1e9

    async def run(self) -> None:
        """Look ten times a second, until cancelled."""
        gc.callbacks.append(self._collected)
        try:
            while True:
                due = time.perf_counter_ns() + round(EVERY * 1e9)
                await asyncio.sleep(EVERY)
                self.late(max(0, time.perf_counter_ns() - due), due)
        finally:
            gc.callbacks.remove(self._collected)

    def late(self, lag: int, now: int) -> None:
        """The loop came back so many nanoseconds late."""
        self.lag.observe(lag)
        self._worst.see(lag, now)

    def _collected(self, phase: str, info: Mapping[str, int]) -> None:
        """What `gc.callbacks` are told."""
        if phase == "start":
            self._begun = time.perf_counter_ns()
        elif self._begun:
            self.pauses[info["generation"]].observe(time.perf_counter_ns() - self._begun)


@dataclass(frozen=True, slots=True)
class Health:
    """What /metrics tells of the service beside what prometheus_client knows.

    `arrivals`, `handled`: by venue, from the venue's time of a message to ours, and from there until books, metrics and
    alerts knew of it. `pulse`: None where nobody looks at the loop.
    """

    arrivals: Mapping[str, Delays] = field(default_factory=dict)
    handled: Mapping[str, Delays] = field(default_factory=dict)
    pulse: Pulse | None = None

    @property
    def worst_lag_seconds(self) -> float | None:
        """The longest that the event loop was late within the last minute; None where it is not known."""
        return None if self.pulse is None else self.pulse.worst_lag_seconds
