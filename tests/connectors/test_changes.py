"""What a message changed: against books compared whole, over random streams; and each rule of metrics.md 0.2 by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.book import NOWHERE, Book
from connectors.changes import Changes
from tests.support.cases import streams
from tests.support.desk import Desk
from tests.support.plain_metrics import Good, told

Event = dict[str, Any]
Row = tuple[int, float, float, float]


def watch(feed_levels: int = 0) -> tuple[Desk, Changes]:
    """A book whose changes somebody wants to know."""
    desk = Desk(["book_messages"])
    desk.pair.depth = feed_levels
    return desk, desk.readings.context.changes


def rows(changes: Changes) -> list[Row]:
    return sorted(changes.rows())


def compared(before: Good, after: Good) -> list[Row]:
    """Two books, level by level."""
    found: list[Row] = []
    for side, old, new in (
        (0, dict(before.bids), dict(after.bids)),
        (1, dict(before.asks), dict(after.asks)),
    ):
        for price in old.keys() | new.keys():
            was, now = old.get(price, Fraction(0)), new.get(price, Fraction(0))
            if was != now:
                found.append((side, float(price), float(was), float(now)))
    return sorted(found)


def book(t: float, bids: Any, asks: Any, kind: str = "delta") -> Event:
    sides = {
        name: [[Decimal(str(x)) for x in row] for row in part]
        for name, part in (("bids", bids), ("asks", asks))
    }
    return {"t": t, "type": kind, **sides}


BIDS, ASKS = [[100, 5], [99, 3], [98, 8]], [[101, 2], [102, 6], [103, 4]]


@given(events=streams(most=30, whole=("snapshot", "replace")))
def test_each_message_tells_how_its_book_differs_from_the_last_good_one(events: list[Event]) -> None:
    books = [event for event in events if "bids" in event]
    assume(len(set(map(str, books))) == len(books))  # one that comes twice may be a repetition
    desk, changes = watch()
    total, applied = 0, 0
    for n, event in enumerate(events, 1):
        desk.play(event)
        if desk.readings.applied == applied:
            continue
        applied = desk.readings.applied
        steps = told(events[:n]).steps
        fresh = len(steps) == len(told(events[: n - 1]).steps)
        assert changes.baseline == fresh
        assert rows(changes) == ([] if fresh else compared(*steps[-1][1:])), event
        total += changes.count
    assert changes.total == total == desk.values()["book_messages.changes"]


@given(data=st.data())
def test_of_a_limited_feed_only_what_both_views_hold_is_compared(data: st.DataObject) -> None:
    """Images of the best three of a whole book: entering and leaving the view is no change."""
    sizes = st.integers(0, 3)
    whole: list[dict[int, int]] = [{}, {}]
    desk, changes = watch(3)
    views: list[list[list[tuple[int, int]]]] = []
    for t in range(8):
        for side, (low, high) in enumerate(((80, 100), (101, 121))):
            for price in data.draw(st.lists(st.integers(low, high), max_size=6)):
                whole[side][price] = data.draw(sizes)
        view = [
            sorted((level for level in side.items() if level[1]), reverse=number == 0)[:3]
            for number, side in enumerate(whole)
        ]
        views.append(view)
        desk.play(book(t, view[0], view[1], "snapshot" if t == 0 else "replace"))
        if t == 0:
            continue
        wanted: list[Row] = []
        for side, sign in ((0, -1), (1, 1)):
            old, new = views[-2][side], view[side]
            limits = [sign * part[-1][0] for part in (old, new) if len(part) == 3]
            for price in {p for p, _ in (*old, *new)}:
                was, now = dict(old).get(price, 0), dict(new).get(price, 0)
                if was != now and all(sign * price <= limit for limit in limits):
                    wanted.append((side, float(price), float(was), float(now)))
        assert rows(changes) == sorted(wanted)


def test_a_level_named_twice_counts_once_and_a_restated_one_not_at_all() -> None:
    desk, changes = watch()
    desk.play(book(0, BIDS, ASKS, "snapshot"))
    assert (changes.baseline, changes.count) == (True, 0)
    desk.play(book(1, [[100, 7], [100, 5], [99, 3]], [[101, 9], [102, 6], [101, 1]]))
    assert (changes.baseline, rows(changes)) == (False, [(1, 101.0, 2.0, 1.0)])
    desk.play(book(2, [[99, 0], [55, 0], [99, 4]], []))
    assert rows(changes) == [(0, 99.0, 3.0, 4.0)], "gone and back inside one message: only what is left of it"
    desk.play(book(3, [], []))
    assert rows(changes) == []


def test_a_snapshot_and_a_resync_tell_nothing() -> None:
    desk, changes = watch()
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[100, 6]], []), book(2, BIDS[1:], ASKS, "snapshot"))
    assert (changes.baseline, changes.count) == (True, 0)
    desk.play({"t": 3, "type": "gap"}, book(4, [[100, 6]], []), book(5, BIDS, ASKS[1:], "replace"))
    assert (changes.baseline, changes.count) == (True, 0)
    desk.play(book(6, [], [[102, 0]]))
    assert (changes.baseline, rows(changes)) == (False, [(1, 102.0, 6.0, 0.0)])


def test_a_crossed_moment_is_told_with_what_ends_it() -> None:
    desk, changes = watch()
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[101, 1], [99, 4]], []))
    desk.play(book(2, [[101, 0]], [[102, 5]]))
    assert rows(changes) == [(0, 99.0, 3.0, 4.0), (1, 102.0, 6.0, 5.0)]
    desk.play(book(3, [[105, 1]], []), book(4, [*BIDS, [97, 1]], ASKS, "replace"))
    assert rows(changes) == [(0, 97.0, 0.0, 1.0), (0, 99.0, 4.0, 3.0), (1, 102.0, 5.0, 6.0)]
    desk.play(book(5, [[105, 1]], ASKS, "snapshot"), book(6, [[105, 0], [90, 1]], []))
    assert (changes.baseline, changes.count) == (True, 0), "the first good state after a crossed snapshot"


def test_silence_is_no_change_and_is_not_told_again() -> None:
    desk, changes = watch()
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[100, 6]], []))
    assert changes.count == 1
    desk.pair.withdraw(desk.now + 10)
    desk.pair.revive(desk.now + 20)
    assert changes.count == 0
    desk.play(book(2, [[100, 7]], []))
    assert rows(changes) == [(0, 100.0, 6.0, 7.0)]


def test_more_decimals_change_neither_prices_nor_sizes() -> None:
    desk, changes = watch()
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[99.875, 1.5]], []))
    assert rows(changes) == [(0, 99.875, 0.0, 1.5)]
    desk.play(book(2, [[100, 5]], [[101, 2.25], [102, 6]]))
    assert rows(changes) == [(1, 101.0, 2.0, 2.25)]


def test_a_window_cut_by_the_client_gains_and_loses_nothing() -> None:
    desk, changes = watch(3)
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[100.5, 1]], []))
    assert rows(changes) == [(0, 100.5, 0.0, 1.0)], "98 left the view"
    desk.play(book(2, [[100.5, 0], [98, 8]], []))
    assert rows(changes) == [(0, 100.5, 1.0, 0.0)], "and is back"
    desk.play(book(3, [[98, 0]], []))
    assert rows(changes) == [(0, 98.0, 8.0, 0.0)], "with two bids left the view has no floor"


def test_a_window_kept_by_the_venue_is_not_cut_and_nothing_beyond_it_is_claimed() -> None:
    """The venue removes what leaves its best three: a message late perhaps, and what enters may be late as well."""
    desk, changes = watch(3)
    pair = desk.pair
    pair.venue.keeps_window = True
    desk.play(book(0, BIDS, [*ASKS[:2]], "snapshot"), book(1, [[100.5, 1], [99.5, 2]], []))
    assert pair.book.levels(9)[0] == [("100.5", "1"), ("100", "5"), ("99.5", "2"), ("99", "3"), ("98", "8")]
    assert (pair.book.bid_floor, pair.book.ask_ceiling) == (9950, NOWHERE), "two asks are all asks there are"
    assert rows(changes) == [(0, 99.5, 0.0, 2.0), (0, 100.5, 0.0, 1.0)]
    desk.play(book(2, [[98, 0], [99, 0]], []))
    assert rows(changes) == [], "they left the window, nobody cancelled them"
    desk.play(book(3, [[100.5, 0], [99.5, 0]], []))
    assert pair.book.bid_floor == 10000, "bids below may be on their way"
    desk.play(book(4, [[99, 3], [98, 8]], [[103, 4]]))
    assert rows(changes) == [(1, 103.0, 0.0, 4.0)]
    assert (pair.book.bid_floor, pair.book.ask_ceiling) == (9800, 10300)
    desk.play(book(5, BIDS[:2], ASKS[:2], "snapshot"))
    assert (pair.book.bid_floor, pair.book.ask_ceiling) == (-NOWHERE, NOWHERE), "a whole book that is smaller"


def test_below_a_snapshots_end_nothing_is_known() -> None:
    """A snapshot of the best levels, then updates at any price: what was there before cannot be said."""
    log, one = Changes(), Book()
    one.follow(log)
    for price in (100, 99, 98):
        one.put(0, price, 0, 5, 0, 0)
    one.bid_floor = 98
    one.settle(True)
    for price, size in ((97, 4), (99, 1)):
        one.put(0, price, 0, size, 0, 0)
    one.settle(False)
    assert log.rows() == [(0, 99.0, 5.0, 1.0)]


def test_levels_beyond_the_most_kept_are_no_cancels() -> None:
    log, one = Changes(), Book(most=3)
    one.follow(log)
    for price in (101, 102, 103):
        one.put(1, price, 0, 5, 0, 0)
    one.settle(True)
    one.put(1, 100, 0, 1, 0, 0)
    one._cap()
    one.settle(False)
    assert one.capped
    assert log.rows() == [(1, 100.0, 0.0, 1.0)]


def test_sizes_that_lose_decimals_did_not_change() -> None:
    log, one = Changes(), Book()
    one.follow(log)
    dust = 3307_9982700421942
    one.put(0, 100, 0, dust, 13, 0)
    one.put(0, 99, 0, 1, 16, 0)
    one.settle(True)
    one.put(0, 99, 0, 2, 16, 0)
    one.put(0, 98, 0, 5993289_85, 2, 0)
    one.settle(False)
    assert one.size_places < 16
    assert [row[1] for row in log.rows()] == [98.0]


@pytest.mark.parametrize(
    ("contract", "inverse", "old", "new"), [(0.01, False, 0.05, 0.07), (100.0, True, 5.0, 7.0)]
)
def test_sizes_are_base_units(contract: float, inverse: bool, old: float, new: float) -> None:
    log, one = Changes(), Book()
    one.set_contract(contract, inverse)
    one.put(0, 100, 0, 5, 0, 0)
    one.follow(log)
    one.settle(False)
    assert log.baseline, "whoever joins has nothing to compare with"
    one.put(0, 100, 0, 7, 0, 0)
    one.settle(False)
    ((side, price, *sizes),) = log.rows()
    assert (side, price) == (0, 100.0)
    assert sizes == pytest.approx([old, new])


def test_whom_nobody_follows_notes_nothing() -> None:
    desk = Desk(["spread", "depth_imbalance"])
    desk.play(book(0, BIDS, ASKS, "snapshot"), book(1, [[100, 6]], []))
    assert desk.pair.book.log is None
    assert desk.readings.context.changes.total == 0
