"""What is to be watched on a venue: by name, by pattern, by volume; and what a new list changes about it. No I/O.

`Chooser` is asked again whenever a list came in and whenever an instrument's time is over. It says what is to be taken
up and what is to be let go; whatever is neither stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .book import NOWHERE
from .errors import UsageError
from .instruments import Instrument, Market, read_symbol
from .registry import Key, Registry

MISSING_LISTS = (
    2  # lists in succession that leave an instrument out before it is let go: a list may be cut short
)
_GLOB = re.compile(r"[*?\[]")
_DATE = re.compile(r"(\d|\[\d)")


def is_pattern(text: str) -> bool:
    """Does this stand for more than one instrument?"""
    return _GLOB.search(text) is not None


def fault_of(pattern: str) -> str:
    """What is wrong with a pattern, and the cure; "" if nothing is."""
    if "/" in pattern:
        return f"patterns are over canonical symbols, which have no slash: write *-USDT-PERP, not {pattern!r}"
    if pattern.count("[") != pattern.count("]"):
        return f"a bracket of {pattern!r} is not closed: write [0-9], or leave it out"
    if " " in pattern or not pattern:
        return f"a symbol has no space: {pattern!r}"
    return ""


def fault_of_top(pattern: str) -> str:
    """What is wrong with a pattern of which the most traded are wanted; volumes compare only in one quote."""
    if fault := fault_of(pattern):
        return fault
    parts = pattern.partition(":")[0].split("-")
    if len(parts) < 2 or not parts[1] or is_pattern(parts[1]):
        return (
            f"volumes compare only in one quote: spell it out, as in *-USDT or *-USDT-PERP (got {pattern!r})"
        )
    return ""


def markets_of(text: str) -> frozenset[Market]:
    """The kinds of instruments that a name or a pattern can mean."""
    if not is_pattern(text):
        asked = read_symbol(text)
        return frozenset(Market) if asked is None else frozenset({asked.market})
    parts = text.upper().partition(":")[0].split("-")
    last = parts[-1]
    if len(parts) == 1:
        return frozenset(Market)
    if last == "PERP":
        return frozenset({Market.PERP})
    if last in ("C", "P", "[CP]"):
        return frozenset({Market.OPTION})
    if len(parts) == 2:
        return frozenset(Market) if "*" in last else frozenset({Market.SPOT})
    if _DATE.match(last) or set(last) == {"?"}:
        return frozenset({Market.FUTURE, Market.OPTION} if "*" in last else {Market.FUTURE})
    return frozenset(Market) - {Market.SPOT}


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user asks for: names, patterns, and of some patterns the so many with the largest volume."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    top: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, symbols: Sequence[str], top: Mapping[str, int]) -> Selection:
        return cls(
            tuple(text for text in symbols if not is_pattern(text)),
            tuple(text for text in symbols if is_pattern(text)),
            dict(top),
        )

    @property
    def texts(self) -> tuple[str, ...]:
        return (*self.names, *self.patterns, *self.top)

    def may_be_among(self, markets: Iterable[Market]) -> bool:
        """Can anything that is asked for be of these kinds?"""
        kinds = frozenset(markets)
        return any(markets_of(text) & kinds for text in self.texts)

    def ranks(self, markets: Iterable[Market]) -> bool:
        """Are volumes of these kinds needed?"""
        kinds = frozenset(markets)
        return any(markets_of(text) & kinds for text in self.top)


@dataclass(slots=True)
class Change:
    """What is to be done: take up, let go (with the reason), and tell the user of what means nothing."""

    new: list[tuple[Key, Instrument]] = field(default_factory=list)
    gone: list[tuple[Key, Instrument, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


class Chooser:
    """Applies one venue's selection to list after list. `held` is what is watched now."""

    def __init__(self, venue: str, selection: Selection) -> None:
        self.venue, self.selection = venue, selection
        self.held: dict[Key, Instrument] = {}
        self._missing: dict[Key, int] = {}
        self._meant: dict[str, Key] = {}
        self._told: dict[str, str] = {}

    @property
    def wants_lists(self) -> bool:
        """Can a later list change anything? A name that was found stays what it is, unless its end is not known."""
        wanted = self.selection
        endless = any(one.expiry and not one.expires for one in self.held.values())
        return bool(wanted.patterns or wanted.top or endless or len(self._meant) < len(wanted.names))

    def next_expiry(self) -> int:
        """When the first of what is held expires (ns)."""
        return min((one.expires for one in self.held.values() if one.expires), default=NOWHERE)

    def expire(self, now: int) -> Change:
        """Let go of what is over."""
        change = Change()
        for key, one in list(self.held.items()):
            if one.is_over(now):
                del self.held[key]
                change.gone.append((key, one, "expired"))
        return change

    def choose(self, registry: Registry, volumes: Mapping[Key, Decimal], now: int) -> Change:
        """What new lists change. `volumes`: of the last 24 hours, in quote units."""
        change = self.expire(now)
        wanted: dict[Key, None] = {}
        for name in self.selection.names:
            if (key := self._named(name, registry, now, change)) is not None:
                wanted[key] = None
        for pattern in self.selection.patterns:
            fits = self._fitting(pattern, registry, now)
            wanted |= dict.fromkeys(fits)
            self._tell(change, pattern, "" if fits else "no instrument fits the pattern now")
        for pattern, most in self.selection.top.items():
            fits = [key for key in self._fitting(pattern, registry, now) if volumes.get(key, 0) > 0]
            wanted |= dict.fromkeys(largest(fits, volumes, self.held, most))
            told = f"only {len(fits)} of {most} instruments fit and have a volume" if len(fits) < most else ""
            self._tell(change, pattern, told)
        for key, one in list(self.held.items()):
            if key in wanted:
                self._missing.pop(key, None)
                continue
            listed = registry.get(key) is not None
            self._missing[key] = 0 if listed else self._missing.get(key, 0) + 1
            if listed or self._missing[key] >= MISSING_LISTS:
                del self.held[key]
                del self._missing[key]
                why = "no longer among those with the largest volume" if listed else "no longer listed"
                change.gone.append((key, one, why))
        for key in wanted:
            found = registry.get(key)
            if key not in self.held and found is not None:
                self.held[key] = found
                change.new.append((key, found))
        return change

    def _named(self, name: str, registry: Registry, now: int, change: Change) -> Key | None:
        """What a name means. It goes on meaning what it meant, though a later list hold another like it."""
        key = self._meant.get(name)
        if key is None:
            try:
                key = registry.resolve(name, self.venue)
            except UsageError as failure:
                self._tell(change, name, str(failure))
                return None
            self._meant[name] = key
        one = registry.get(key)
        if one is None:
            return None
        if one.is_over(now):
            self._tell(change, name, f"{one.symbol} has expired; name a later one, or a pattern")
            return None
        return key

    def _fitting(self, pattern: str, registry: Registry, now: int) -> list[Key]:
        """What fits and trades. What is held already may pause: it is let go when it is over or no longer listed."""
        return [
            key
            for key in registry.matching(pattern, self.venue)
            if (one := registry.get(key)) is not None and not one.is_over(now)
            if one.active or key in self.held
        ]

    def _tell(self, change: Change, name: str, why: str) -> None:
        """Tell the user once, not with every list."""
        if why and self._told.get(name) != why:
            change.faults.append((name, why))
        self._told[name] = why


def largest(
    fits: Sequence[Key], volumes: Mapping[Key, Decimal], held: Mapping[Key, Instrument], most: int
) -> list[Key]:
    """The `most` with the largest volume, largest first.

    One that is held stays while it is among the first one and a half times as many, so that two of nearly the same
    volume do not take turns.
    """
    ranked = sorted(fits, key=lambda key: (-volumes[key], key))
    staying = [key for key in ranked[: most + (most + 1) // 2] if key in held][:most]
    others = [key for key in ranked if key not in staying]
    chosen = {*staying, *others[: most - len(staying)]}
    return [key for key in ranked if key in chosen]
