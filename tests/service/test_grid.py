"""The grid: which samples metrics get, driven by messages, prints and reading, and which of them are whole."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.book import Book
from service import plan as planning
from service.cases import EPOCH
from service.metrics.declare import Declaration, Metric
from tests.support.cases import near
from tests.support.desk import Desk

SECOND = 1_000_000_000
Samples = list[tuple[float, bool, float]]


class Watcher(Metric):
    """Writes down what it is shown: second, whole, best bid size."""

    declaration = Declaration(key="watcher", help="A.", formula="x", source="a test")

    def prepare(self) -> None:
        self.seen: Samples = []

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        bids = book.best_levels()[0]
        self.seen.append(((t - EPOCH) / SECOND, bool(whole), bids[0][1] if bids else 0.0))
        return 0


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(planning, "metrics", lambda: {"watcher": Watcher})
    return Desk(["watcher"])


def size(t: float, bids: float) -> dict[str, Any]:
    return {"t": t, "type": "delta", "bids": [[near(40)["bids"][0][0], bids]], "asks": []}


def seen(desk: Desk) -> Samples:
    found: Samples = desk.readings.metric("watcher").seen
    return found


def start(t: float = 0) -> dict[str, Any]:
    return {"t": t, "type": "snapshot", **near(40)}


def test_a_second_is_shown_as_it_ended_before_the_message_that_comes_after_it(desk: Desk) -> None:
    desk.play(start(), size(0.4, 3), size(1, 4), size(2.5, 5), size(2.6, 6))
    assert seen(desk) == [(0, False, near(40)["bids"][0][1]), (1, True, 4), (2, True, 4)]


def test_prints_drive_it_and_reading_drives_it_a_second_late(desk: Desk) -> None:
    desk.play(start(0.5), {"t": 2.2, "type": "trade", "price": 100, "size": 1, "side": "buy"})
    assert [t for t, _, _ in seen(desk)] == [1, 2]
    desk.values(int(1.8 * SECOND))
    assert [t for t, _, _ in seen(desk)] == [1, 2]
    desk.values(int(1.9 * SECOND))
    assert [t for t, _, _ in seen(desk)] == [1, 2, 3]
    desk.readings.settle(desk.now + int(1.8 * SECOND) + EPOCH)
    assert [t for t, _, _ in seen(desk)] == [1, 2, 3, 4]


def test_a_step_with_a_resync_or_a_bad_end_is_not_whole(desk: Desk) -> None:
    desk.play(start(), size(1.5, 3), {"t": 2.1, "type": "gap"}, start(2.2), size(4.5, 3))
    assert [whole for _, whole, _ in seen(desk)] == [False, True, True, False, True]  # 0, 1, 2, 3, 4
    desk.play({"t": 4.7, "type": "gap"}, start(6.2), size(8.5, 4))
    assert [(t, whole) for t, whole, _ in seen(desk)][5:] == [(5, False), (6, False), (7, False), (8, True)]


def test_a_moment_crossed_inside_a_step_leaves_it_whole_and_one_at_its_end_does_not(desk: Desk) -> None:
    crossing = {"t": 1.2, "type": "delta", "bids": [[near(40)["asks"][0][0], 1]], "asks": []}
    back = {"t": 1.4, "type": "delta", "bids": [[near(40)["asks"][0][0], 0]], "asks": []}
    desk.play(start(), crossing, back, size(2.5, 3), crossing | {"t": 2.8}, back | {"t": 3.3}, size(5.1, 8))
    assert [whole for _, whole, _ in seen(desk)] == [False, True, True, False, False, True]


@pytest.mark.parametrize("watched", [False, True])
def test_seconds_of_a_silence_are_not_whole_whoever_reads_meanwhile(desk: Desk, watched: bool) -> None:
    desk.play(start(), size(1.5, 3))
    desk.pair.withdraw(2_600_000_000 + EPOCH)
    for t in (3.5, 4.5):
        desk.play({"t": t, "type": "heartbeat"})
        if watched:
            desk.values()
    desk.pair.revive(4_600_000_000 + EPOCH)
    assert desk.readings.context.books.share(4 * SECOND, 4_600_000_000 + EPOCH) == pytest.approx(0.5)
    desk.play(size(7.5, 4))
    assert [(t, whole) for t, whole, _ in seen(desk)] == [
        *((0, False), (1, True), (2, True)),
        *((3, False), (4, False), (5, False), (6, True), (7, True)),
    ]


def test_the_seconds_before_a_loss_are_shown_as_they_were(desk: Desk) -> None:
    desk.play(start(), size(0.5, 3), {"t": 3.1, "type": "gap"}, start(4.5))
    assert seen(desk)[1:4] == [(k, True, 3) for k in (1, 2, 3)]
    assert [(t, whole) for t, whole, _ in seen(desk)[4:]] == [(4, False)]


def test_a_long_silence_is_filled_with_two_hours_and_no_more(desk: Desk) -> None:
    desk.play(start(), size(100_000, 3))
    times = [t for t, _, _ in seen(desk)]
    assert times[0] == 100_000 - 7200
    assert len(times) == 7200
    assert times[-1] == 99_999


def test_who_wants_no_samples_pays_nothing() -> None:
    desk = Desk(["queue_imbalance"]).play(start(), size(5, 3))
    assert desk.pair.grid_due > 1 << 62
