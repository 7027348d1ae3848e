"""Series that others push, as books that rules can look at: one a series, live while its last value is not too old."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..external.series import External, Key, Series
from ..metrics.declare import NAN, Output
from .awaited import EXTERNAL, pushed_output

STALE, LIVE = "stale", "live"


class PushedBook:
    """One series. It stands beside the book that its labels name; where they name none, it stands for itself."""

    members: Sequence[object] = ()

    def __init__(self, external: External, key: Key, clock: Callable[[], int]) -> None:
        self._external, self._key, self._clock = external, key, clock
        name, labels = key[0], dict(key[1])
        self.venue = labels.get("venue", EXTERNAL)
        self.market = labels.get("market", EXTERNAL)
        self.symbol = self.native = labels.get("symbol", name)
        self._fields: tuple[str, ...] = ()
        self._outputs: tuple[Output, ...] = ()

    @property
    def series(self) -> Series:
        return self._external.series[self._key]

    @property
    def outputs(self) -> Sequence[Output]:
        """One a field; the same object while the fields are the same."""
        fields = tuple(self.series.values)
        if fields != self._fields:
            self._fields = fields
            self._outputs = tuple(pushed_output(self._key[0], field) for field in fields)
        return self._outputs

    @property
    def state(self) -> str:
        return STALE if self._external.is_stale(self.series, self._clock()) else LIVE

    @property
    def reason(self) -> str:
        return "not pushed" if self.state == STALE else ""

    def values(self, now: int) -> list[float]:
        one = self.series
        found = [self._external.value(one, field, now) for field in one.values]
        return [NAN if value is None else value for value in found]

    def truncated(self, now: int) -> Sequence[str]:
        return ()


class PushedBooks:
    """The books of all series; `told` is called with that of each push."""

    def __init__(
        self, external: External, clock: Callable[[], int], told: Callable[[PushedBook], None]
    ) -> None:
        self._external, self._clock, self._told = external, clock, told
        self._books: dict[Key, PushedBook] = {}
        external.listeners.append(lambda series: told(self._book(series.key)))

    def books(self) -> list[PushedBook]:
        """One a series."""
        return [self._book(key) for key in list(self._external.series)]

    def _book(self, key: Key) -> PushedBook:
        if key not in self._books:
            self._books[key] = PushedBook(self._external, key, self._clock)
        return self._books[key]
