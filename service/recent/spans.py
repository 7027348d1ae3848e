"""Which state something was in, from when to when, and why: bounded."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MOST = 256  # spans of one book or connection; the oldest go


class Span(NamedTuple):
    """`end` is None for what still holds; both times in ns."""

    start: int
    end: int | None
    state: str
    reason: str


class Spans:
    """The states of one thing in the order of time."""

    def __init__(self) -> None:
        self._begun: deque[tuple[int, str, str]] = deque(maxlen=MOST)
        self._ended: int | None = None

    def note(self, t: int, state: str, reason: str) -> None:
        """It is so from t on; nothing happens where it was so before."""
        if self._begun and self._begun[-1][1:] == (state, reason):
            return
        if self._begun and t <= self._begun[-1][0]:
            self._begun[-1] = (self._begun[-1][0], state, reason)
            return
        self._begun.append((t, state, reason))

    def end(self, t: int) -> None:
        """It is no more."""
        self._ended = t

    @property
    def ended(self) -> int | None:
        """When it came to its end, None while it is there."""
        return self._ended

    def between(self, first: int, last: int) -> list[Span]:
        """The spans that touch this time, not cut."""
        ends = [t for t, _, _ in self._begun][1:]
        found = []
        for (start, state, reason), end in zip(self._begun, [*ends, self._ended], strict=True):
            if start <= last and (end is None or end > first):
                found.append(Span(start, end, state, reason))
        return found
