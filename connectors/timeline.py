"""One order of events for many sessions: deadlines fire at their own time, before any input that comes later.

Live and replay go through this alike, so a replay of a recording fires the same timers with the same `now`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .book import NOWHERE
from .session import Session


class Timeline:
    """Sessions and whoever else wants to be woken (`every`), in the order of time."""

    def __init__(self, fired: Callable[[Session], None] = lambda session: None) -> None:
        """`fired` is called after a session's timer ran, to take its actions."""
        self.sessions: list[Session] = []
        self.fired = fired
        self.next_due = 0
        self._watchers: list[Any] = []

    def add(self, session: Session) -> None:
        """Take a session in; it may ask for earlier deadlines from now on."""
        self.sessions.append(session)
        session.keeper.hurry = self.hurry
        self.next_due = 0

    def remove(self, session: Session) -> None:
        """The session is over."""
        self.sessions.remove(session)

    def watch(self, watcher: Any) -> None:
        """`watcher.deadline()` and `watcher.timer(due)`, which sees everything up to and with `due` done.

        A watcher that has a `hurry` gets the one to call when its deadline comes nearer.
        """
        self._watchers.append(watcher)
        if hasattr(watcher, "hurry"):
            watcher.hurry = self.hurry
        self.next_due = 0

    def hurry(self, due: int) -> None:
        """Somebody has a deadline that may be earlier than all known."""
        if due < self.next_due:
            self.next_due = due

    def advance(self, now: int) -> None:
        """Fire all that is due before `now`; sessions also what is due at `now`."""
        while self.next_due <= now:
            self._fire(now)

    def _fire(self, now: int) -> None:
        first: Any = None
        due = NOWHERE
        for session in self.sessions:
            at = session.keeper.deadline()
            if at < due:
                first, due = session, at
        watcher = None
        for one in self._watchers:
            at = one.deadline() + 1  # behind everything that happens at that very time
            if at < due or (at == due and watcher is None):
                watcher, due = one, at
        if due > now:
            self.next_due = due
            return
        if watcher is not None:
            watcher.timer(due - 1)
            return
        first.keeper.timer(due)
        if first.keeper.deadline() <= due:
            first.keeper.put_off(due)
        self.fired(first)
