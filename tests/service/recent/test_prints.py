"""Prints of a second, side and row are one; the ring grows to its bound, and says what it lost."""

from __future__ import annotations

import pytest

from service.recent.prints import MOST, Prints

SECOND = 1_000_000_000
EVER = 1 << 62


def test_prints_of_one_second_side_and_row_are_merged() -> None:
    prints = Prints(900 * SECOND)
    prints.add(SECOND + 1, 100.0, 1.0, 1, 7)
    prints.add(SECOND + 9, 101.0, 3.0, 1, 7)
    prints.add(SECOND + 9, 100.0, 1.0, -1, 7)
    prints.add(SECOND + 9, 100.0, 1.0, 1, 8)
    prints.add(2 * SECOND, 100.0, 1.0, 1, 7)
    rows = prints.between(0, EVER)
    assert rows["count"].tolist() == [2, 1, 1, 1]
    assert rows["side"].tolist() == [1, -1, 1, 1]
    assert rows["size"].tolist() == [4.0, 1.0, 1.0, 1.0]
    assert rows["price"][0] == pytest.approx(100.75)
    assert rows["t"].tolist() == [SECOND + 9, SECOND + 9, SECOND + 9, 2 * SECOND]
    assert len(prints.between(0, 2 * SECOND - 1)) == 3


def test_it_grows_to_its_bound_and_says_what_it_lost() -> None:
    prints = Prints(900 * SECOND)
    for k in range(MOST + 10):
        prints.add(SECOND + k, 100.0, 1.0, 1, k)
    rows = prints.between(0, EVER)
    assert len(rows) == len(prints.rows) == MOST
    assert rows["t"].tolist() == [SECOND + k for k in range(10, MOST + 10)]
    assert prints.lost_before == SECOND + 10
    prints.add(SECOND + MOST + 10, 200.0, 1.0, 1, MOST + 9)  # its row is open still
    assert prints.between(0, EVER)["count"][-1] == 2


def test_what_is_older_than_the_window_makes_room() -> None:
    prints = Prints(10 * SECOND)
    for k in range(500):
        prints.add((k + 1) * SECOND, 100.0, 1.0, 0, k)
    assert len(prints.rows) < 500
    assert prints.lost_before == 0
    assert len(prints.between(490 * SECOND, EVER)) == 11
