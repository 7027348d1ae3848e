"""How a venue numbers its events: per instrument without holes, or for a whole engine with jumps."""

from __future__ import annotations

from random import Random
from typing import Protocol


class Counter(Protocol):
    """Gives every batch of changes its numbers."""

    last: int

    def take(self, changes: int) -> tuple[int, int]:
        """Numbers of the first and the last change of a batch."""


class Contiguous:
    """One number a change, none left out (Binance spot)."""

    def __init__(self, first: int) -> None:
        self.last = first

    def take(self, changes: int) -> tuple[int, int]:
        first = self.last + 1
        self.last += changes
        return first, self.last


class EngineWide:
    """One counter that other instruments use too, so that it jumps (Binance futures, Bybit ``seq``)."""

    def __init__(self, first: int, random: Random) -> None:
        self.last = first
        self._random = random

    def take(self, changes: int) -> tuple[int, int]:
        first = self.last + self._random.randint(2, 400)
        self.last = first + changes - 1 + self._random.randint(0, 30 * changes)
        return first, self.last
