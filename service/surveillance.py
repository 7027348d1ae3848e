"""Episodes of surveillance: what the detectors found, with the evidence. Bounded, filled by metrics, read by REST."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

KINDS = ("spoof", "layering", "quote_stuffing", "liquidity_shock", "stop_run", "cascade")
KEPT = 500  # episodes a book; the oldest go first

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Episode:
    """One finding: `t` is the event time (ns) at which it was complete, `evidence` what it rests on. Nothing is proven."""

    venue: str
    market: str
    symbol: str
    kind: str
    side: str
    t: int
    evidence: Mapping[str, Any]


class Episodes:
    """The last episodes of each book."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._found: dict[Key, deque[Episode]] = {}

    def reporter(self, key: Key) -> Callable[[str, str, int, Mapping[str, Any]], None]:
        """Where the metrics of a book (venue, market, symbol) tell what they found."""

        def report(kind: str, side: str, t: int, evidence: Mapping[str, Any]) -> None:
            kept = self._found.setdefault(key, deque(maxlen=self._kept))
            kept.append(Episode(*key, kind, side, t, dict(evidence)))

        return report

    def forget(self, key: Key) -> None:
        """The book is no longer kept."""
        self._found.pop(key, None)

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))

    def select(
        self,
        fits: Callable[[Episode], bool] = lambda one: True,
        *,
        kinds: Sequence[str] = (),
        since: int = 0,
        limit: int = 1000,
    ) -> list[Episode]:
        """The newest episodes that fit, newest first: of these kinds (none: all), at or after `since` (ns)."""
        ours = (reversed(kept) for kept in self._found.values())
        newest: Iterator[Episode] = merge(*ours, key=lambda one: -one.t)
        found = (one for one in newest if one.t >= since and (not kinds or one.kind in kinds) and fits(one))
        return list(islice(found, limit))
