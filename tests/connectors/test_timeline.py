"""Deadlines fire in the order of time, before any later input."""

from __future__ import annotations

from typing import Any, cast

from connectors.book import NOWHERE
from connectors.session import Session
from connectors.timeline import Timeline


class FakeKeeper:
    """Wants to be woken at some times, and notes when it was."""

    def __init__(self, name: str, log: list[tuple[str, int]], *due: int) -> None:
        self.name, self.log, self.due = name, log, list(due)
        self.hurry: Any = None
        self.stuck = False

    def deadline(self) -> int:
        return self.due[0] if self.due else NOWHERE

    def timer(self, now: int) -> None:
        self.log.append((self.name, now))
        if not self.stuck:
            self.due.pop(0)

    def put_off(self, now: int) -> None:
        self.log.append((self.name + " put off", now))
        self.due[0] = now + 10


class FakeSession:
    def __init__(self, keeper: FakeKeeper) -> None:
        self.keeper = keeper


def made(*keepers: FakeKeeper) -> tuple[Timeline, list[str]]:
    fired: list[str] = []
    timeline = Timeline(lambda session: fired.append(cast("Any", session).keeper.name))
    for keeper in keepers:
        timeline.add(cast("Session", FakeSession(keeper)))
    return timeline, fired


def test_sessions_fire_in_the_order_of_time_each_with_its_own() -> None:
    log: list[tuple[str, int]] = []
    timeline, fired = made(FakeKeeper("a", log, 5, 9, 30), FakeKeeper("b", log, 7, 9))
    timeline.advance(4)
    assert (log, timeline.next_due) == ([], 5)
    timeline.advance(9)
    assert log == [("a", 5), ("b", 7), ("a", 9), ("b", 9)]
    assert fired == ["a", "b", "a", "b"]
    assert timeline.next_due == 30


def test_a_watcher_sees_all_that_was_due_by_its_time() -> None:
    log: list[tuple[str, int]] = []
    timeline, _ = made(FakeKeeper("a", log, 10, 11))
    timeline.watch(FakeKeeper("rows", log, 10, 20))
    timeline.advance(10)
    assert log == [("a", 10)]  # more may come in at 10
    timeline.advance(11)
    assert log == [("a", 10), ("rows", 10), ("a", 11)]
    timeline.advance(25)
    assert log[-1] == ("rows", 20)


def test_whoever_hurries_is_heard() -> None:
    log: list[tuple[str, int]] = []
    keeper = FakeKeeper("a", log, 100)
    timeline, _ = made(keeper)
    timeline.advance(1)
    assert timeline.next_due == 100
    keeper.due[:0] = [3]
    keeper.hurry(3)
    timeline.advance(5)
    assert log == [("a", 3)]


def test_a_deadline_that_stands_is_put_off() -> None:
    """A fault of ours must not spin for ever."""
    log: list[tuple[str, int]] = []
    keeper = FakeKeeper("a", log, 5)
    keeper.stuck = True
    timeline, _ = made(keeper)
    timeline.advance(14)
    assert log == [("a", 5), ("a put off", 5)]


def test_a_session_that_is_over_is_not_woken() -> None:
    log: list[tuple[str, int]] = []
    keeper = FakeKeeper("a", log, 5)
    timeline, _ = made(keeper)
    timeline.remove(timeline.sessions[0])
    timeline.advance(50)
    assert log == []
