"""How much may be asked of a venue's REST host: weights a minute, and the time it wants to be left alone."""

from __future__ import annotations

from collections.abc import Mapping

SECOND = 1_000_000_000
BANNED_FOR = 120 * SECOND  # where a venue bans without saying for how long


class Budget:
    """A bucket of request weights that refills over a minute; answers can empty it or close it for a while.

    Pure: `now` (ns) is an argument. One budget serves all products of a venue that share a pool.
    """

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self.left = per_minute
        self.at = 0
        self.closed_until = 0

    def _refill(self, now: int) -> None:
        if now > self.at:
            self.left = min(self.per_minute, self.left + (now - self.at) / SECOND * self.per_minute / 60)
            self.at = now

    def ready_at(self, weight: float, now: int, *, spare: bool = False) -> int:
        """When a request of this weight may go out at the earliest; a `spare` one leaves half of the bucket alone."""
        self._refill(now)
        kept = self.per_minute / 2 if spare else 0.0
        missing = min(weight + kept, self.per_minute) - self.left
        wait = int(missing / self.per_minute * 60 * SECOND) if missing > 0 else 0
        return max(now + wait, self.closed_until)

    def spend(self, weight: float, now: int) -> None:
        """A request goes out."""
        self._refill(now)
        self.left -= weight

    def answered(self, status: int, headers: Mapping[str, str], now: int) -> int:
        """Learn from an answer; nanoseconds that the venue asks to be left alone for, 0 if it does not."""
        used = headers.get("x-mbx-used-weight-1m", "")
        if used.isdigit():
            self._refill(now)
            self.left = min(self.left, self.per_minute - int(used))
        if status not in (403, 418, 429):
            return 0
        told = headers.get("retry-after", "")
        wait = int(float(told) * SECOND) if told.replace(".", "", 1).isdigit() else BANNED_FOR
        wait = max(wait, SECOND)
        self.closed_until = max(self.closed_until, now + wait)
        return wait
