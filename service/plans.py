"""Which metrics run for which book, with which parameters: a base for all, and rules over it, the later over the earlier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .metrics import metrics
from .metrics.declare import Declaration, Metric, Output
from .plan import Plan

Params = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Rule:
    """For the books that fit (globs; empty fits all): `only` replaces what runs, `add` and `drop` change it (globs of keys).

    params: key -> label or parameter -> values, in place of the metric's own.
    """

    venues: Sequence[str] = ()
    markets: Sequence[str] = ()
    symbols: Sequence[str] = ()
    only: Sequence[str] = ()
    add: Sequence[str] = ()
    drop: Sequence[str] = ()
    params: Params = field(default_factory=dict)

    def fits(self, venue: str, market: str, symbol: str) -> bool:
        """Does it speak of this book?"""
        asked = ((self.venues, venue), (self.markets, market), (self.symbols, symbol))
        return all(not globs or any(fnmatchcase(name, glob) for glob in globs) for globs, name in asked)


def matching(known: Sequence[str], globs: Sequence[str]) -> list[str]:
    """The keys that one of the globs means, in the order in which they are known."""
    return [key for key in known if any(fnmatchcase(key, glob) for glob in globs)]


class Plans:
    """A plan for every book; books for which the same runs share one.

    only: keys or globs that run where no rule says otherwise, all where empty. known: key -> class, the built-in metrics
    if not given. others: keys that are chosen here but run elsewhere (across venues).
    """

    def __init__(
        self,
        only: Sequence[str] = (),
        rules: Sequence[Rule] = (),
        *,
        known: Mapping[str, type[Metric]] | None = None,
        others: Sequence[str] = (),
        base: Plan | None = None,
    ) -> None:
        self.known = dict(known if known is not None else metrics())
        self.only, self.rules, self.others = list(only), list(rules), list(others)
        self._made: dict[object, Plan] = {}
        self.base = base or self._plan(*self.chosen("", "", ""))
        if base is not None:
            self._made[None] = base
        self._fixed = base is not None

    def chosen(self, venue: str, market: str, symbol: str) -> tuple[list[str], dict[str, dict[str, Any]]]:
        """Keys that run for a book, and their parameters."""
        every = [*self.known, *self.others]
        keys = matching(every, self.only) if self.only else every
        params: dict[str, dict[str, Any]] = {}
        for rule in self.rules if venue else ():
            if not rule.fits(venue, market, symbol):
                continue
            wanted = set(matching(every, rule.only)) if rule.only else set(keys)
            wanted |= set(matching(every, rule.add))
            wanted -= set(matching(every, rule.drop))
            keys = [key for key in every if key in wanted]
            for key, given in rule.params.items():
                params[key] = params.get(key, {}) | dict(given)
        return keys, params

    def of(self, venue: str, market: str, symbol: str) -> Plan:
        """The plan of one book."""
        if self._fixed or not self.rules:
            return self.base
        return self._plan(*self.chosen(venue, market, symbol))

    def _plan(self, keys: Sequence[str], params: Params) -> Plan:
        runs = {key: params.get(key, {}) for key in keys if key in self.known}
        name = repr(sorted(runs.items(), key=lambda one: one[0]))
        if name not in self._made:
            self._made[name] = Plan(list(runs), runs, known=self.known)
        return self._made[name]

    @property
    def own(self) -> list[str]:
        """Keys of the user's own metrics."""
        return [key for key in self.known if key not in metrics()]

    @property
    def plans(self) -> list[Plan]:
        """All that were made so far, that of books without a rule first."""
        return list(dict.fromkeys([self.base, *self._made.values()]))

    @property
    def declarations(self) -> list[Declaration]:
        """What may run somewhere, whether a book has it yet or not."""
        if self._fixed:
            return self.base.declarations
        keys = set(self.chosen("", "", "")[0])
        for rule in self.rules:
            keys |= set(matching(list(self.known), [*rule.only, *rule.add]))
        return [kind.declaration for key, kind in self.known.items() if key in keys]


class Union:
    """The outputs of several plans and groups as one list, without doubles; made anew when one of them changed."""

    def __init__(self, sources: Callable[[], Sequence[Sequence[Output]]]) -> None:
        self._sources = sources
        self._seen: list[int] = []
        self._kept: list[Sequence[Output]] = []
        self._all: list[Output] = []

    def __call__(self) -> list[Output]:
        sources = self._sources()
        seen = [id(one) for one in sources]
        if seen != self._seen:
            found = {(output.name, output.prometheus): output for outputs in sources for output in outputs}
            self._seen, self._kept, self._all = seen, list(sources), list(found.values())
        return self._all
