"""Bars of prints: for each minute of event time its last price and what was traded in it."""

from __future__ import annotations

from collections.abc import Callable

from .declare import SECOND


class Bars:
    """Hands each bar that is over to `done(close, base, quote)`; one without a print keeps the price and has no volume.

    Nothing before the first print. `upto(t)` closes what ended at or before t; a longer silence than `most` bars is one.
    """

    def __init__(
        self, done: Callable[[float, float, float], None], length: int = 60 * SECOND, most: int = 300
    ):
        self.done, self.length, self.most = done, length, most
        self.end = 0
        self.close = self.base = self.quote = 0.0

    def upto(self, t: int) -> None:
        if self.end == 0 or t < self.end:
            return
        if t - self.end > self.most * self.length:
            self._over()
            self.end = t // self.length * self.length - (self.most - 1) * self.length
        while self.end <= t:
            self._over()

    def _over(self) -> None:
        self.done(self.close, self.base, self.quote)
        self.base = self.quote = 0.0
        self.end += self.length

    def add(self, price: float, base: float, quote: float, t: int) -> None:
        """A print at t, which is never before the last; what comes at the full minute belongs to the next bar."""
        if self.end == 0:
            self.end = t // self.length * self.length + self.length
        self.upto(t)
        self.close = price
        if base == base:
            self.base += base
            self.quote += quote
