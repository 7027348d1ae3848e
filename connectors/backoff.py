"""How long to wait before the next try: doubling, capped, with jitter; starts over only when told that it worked."""

from __future__ import annotations

import random

SECOND = 1_000_000_000


class Backoff:
    """`after_failure()` gives the wait in ns; `reset()` is for success alone (a book went live, not a connect)."""

    def __init__(self, seed: str, first: float = 0.5, most: float = 60.0) -> None:
        """`first` and `most` in seconds. The seed makes the jitter the same in a replay."""
        self._random = random.Random(seed)
        self.first, self.most = first, most
        self.failures = 0

    def after_failure(self) -> int:
        """Nanoseconds to wait: between half and all of first * 2**failures, at most `most` seconds."""
        full = min(self.most, self.first * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return int(full * (0.5 + self._random.random() / 2) * SECOND)

    def reset(self) -> None:
        """It worked: the next failure waits shortly again."""
        self.failures = 0
