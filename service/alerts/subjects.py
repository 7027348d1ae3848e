"""What alerts are about: a rule on one book, a quorum of books, a connection, a venue. Each keeps its own alert."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .alert import Alert
from .conditions import TRUNCATED, UNDEFINED_VALUE, Part, Verdict
from .guards import Guards
from .rules import Rule

Owner = Callable[[Rule, dict[str, str]], Alert]
LIVE = "live"


class Book(Protocol):
    """A book as rules see it, or a consolidated one (`members`). Some also have `numbers`, their row as it stands, for
    guards alone: only `values` is to be believed."""

    @property
    def venue(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def native(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def outputs(self) -> Sequence[Any]: ...
    @property
    def members(self) -> Sequence[Any]: ...
    def values(self, now: int) -> Sequence[float]: ...
    def truncated(self, now: int) -> Sequence[str]: ...


class Group:
    """A quorum's books of one symbol: how many venues' books hold, and whether those that cannot be told matter."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.verdicts: dict[Book, Verdict] = {}

    def verdict(self) -> Verdict:
        """Holds at `quorum` venues; unknown where those that cannot be told could still make them."""
        need = self.alert.rule.quorum
        holding = {book.venue: found for book, found in self.verdicts.items() if found.holds}
        unknown = {
            book.venue for book, found in self.verdicts.items() if found.holds is None
        } - holding.keys()
        self.alert.count, self.alert.books = len(holding), ", ".join(sorted(holding))
        if len(holding) >= need:
            strongest = max(holding.values(), key=lambda found: found.beyond)
            reason = f"not told: {', '.join(sorted(unknown))}" if unknown else ""
            return strongest._replace(reason=reason)
        if len(holding) + len(unknown) >= need:
            return Verdict(None, reason=f"{len(holding)} hold, not told: {', '.join(sorted(unknown))}")
        return Verdict(False)


class Entry:
    """One rule on one book. `part` is None for a rule about the book's state."""

    def __init__(self, rule: Rule, part: Part | None, alert: Alert | None, group: Group | None) -> None:
        self.rule, self.part, self.group = rule, part, group
        self.leaves = part.leaves() if part is not None else []
        self._alert = alert

    @property
    def alert(self) -> Alert:
        found = self.group.alert if self.group is not None else self._alert
        assert found is not None
        return found

    def judge(self, book: Book, values: Sequence[float] | None, now: int) -> Verdict:
        """What the rule finds; `values` None: the book is not live, and nothing is read from it."""
        if self.part is None:
            return Verdict(values is None, reason=told(book) if values is None else "")
        found = self._found(self.part, book, values, now)
        if found.holds is None and found.reason == UNDEFINED_VALUE:
            found = found._replace(reason=self._undefined(book, found.output, now))
        if self.group is not None:
            self.group.verdicts[book] = found
            return self.group.verdict()
        return found

    def _found(self, part: Part, book: Book, values: Sequence[float] | None, now: int) -> Verdict:
        if values is None:
            return Verdict(None, reason=f"not live: {told(book)}")
        return part.evaluate(values, now, active=self.alert.active)

    def _undefined(self, book: Book, output: str, now: int) -> str:
        """Undefined, or beyond what is proven? Asked once, as the answer costs a reading of the whole book."""
        if self.alert.reason in (UNDEFINED_VALUE, TRUNCATED):
            return self.alert.reason
        return TRUNCATED if output in book.truncated(now) else UNDEFINED_VALUE


def told(book: Book) -> str:
    """A book's state with its reason."""
    return f"{book.state} ({book.reason})" if book.reason else book.state


class Watched:
    """A book with the rules that look at it, and the guards that stand before them."""

    def __init__(self, book: Book, entries: list[Entry]) -> None:
        self.book, self.entries = book, entries
        self.outputs = book.outputs  # of a consolidated book they change as venues come and go
        self.state = ""
        windowed = [entry for entry in entries if any(leaf.windows for leaf in entry.leaves)]
        self.averaging = [one for one in windowed if any(not leaf.at_once for leaf in one.leaves)]
        self.comparing = [one for one in windowed if one not in self.averaging]
        self.owners: list[tuple[Entry, int]] = []  # per guard: its entry
        guarded: list[int] = []
        row = None if book.members else getattr(book, "numbers", None)
        for entry in entries:
            for leaf in entry.leaves:
                if leaf.at_once and row is not None:
                    leaf.guards = list(range(len(guarded), len(guarded) + len(leaf.places)))
                    guarded += leaf.places
                    self.owners += [(entry, place) for place in leaf.places]
        self.guards = Guards(array("d", [0.0]) if row is None else row, guarded)

    def arm(self, entry: Entry, values: Sequence[float], now: int) -> None:
        """Have the guards of one rule watch from what was just found."""
        for leaf in entry.leaves:
            if leaf.guards:
                leaf.arm(self.guards, values, now, active=entry.alert.active)

    def mute(self) -> None:
        """Nothing is to be read from a book that is not live."""
        for k in range(len(self.owners)):
            self.guards.mute(k)
