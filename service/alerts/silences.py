"""Silences: matchers, until when, who, and why. A silenced alert is evaluated and kept, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

FIELDS = ("alert", "severity", "venue", "market", "symbol", "product")
MOST = 1000


@dataclass(frozen=True, slots=True)
class Silence:
    """`matchers`: field -> glob; all of them have to fit. Times in ns; it holds from `starts` up to `until`."""

    id: str
    matchers: Mapping[str, str]
    starts: int
    until: int
    who: str
    why: str

    def covers(self, labels: Mapping[str, str], now: int) -> bool:
        """Does it silence an alert with these labels now?"""
        return self.starts <= now < self.until and all(
            fnmatchcase(labels.get(name, ""), glob) for name, glob in self.matchers.items()
        )


class Silences:
    """All that hold or will hold; those that are over are let go, and `over` is told their ids."""

    def __init__(
        self, known: Iterable[Silence] = (), over: Callable[[str], None] = lambda over: None
    ) -> None:
        self.held = {one.id: one for one in known}
        self._over = over

    def put(self, silence: Silence) -> None:
        self.held[silence.id] = silence

    def end(self, id: str) -> Silence | None:
        """Let one go; None if it is not there."""
        return self.held.pop(id, None)

    def of(self, labels: Mapping[str, str], now: int) -> str:
        """Id of the first silence that covers these labels; "" if none does."""
        for one in self.held.values():
            if one.covers(labels, now):
                return one.id
        return ""

    def expire(self, now: int) -> None:
        """Let go of those that are over."""
        for one in [one for one in self.held.values() if one.until <= now]:
            del self.held[one.id]
            self._over(one.id)
