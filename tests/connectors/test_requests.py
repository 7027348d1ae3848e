"""How much may be asked of a venue: weights that refill, and the time that it wants to be left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.requests import BANNED_FOR, SECOND, Budget

T0 = 1_790_000_000 * SECOND


def full(per_minute: float) -> Budget:
    budget = Budget(per_minute)
    budget.ready_at(0, T0)
    return budget


def test_a_full_bucket_gives_at_once_and_then_by_and_by() -> None:
    budget = full(60)
    for _ in range(60):
        assert budget.ready_at(1, T0) == T0
        budget.spend(1, T0)
    assert budget.ready_at(1, T0) == T0 + SECOND
    assert budget.ready_at(30, T0) == T0 + 30 * SECOND
    assert budget.ready_at(1, T0 + SECOND) == T0 + SECOND


def test_what_is_heavier_than_the_bucket_goes_out_when_it_is_full() -> None:
    budget = full(10)
    assert budget.ready_at(250, T0) == T0
    budget.spend(250, T0)
    assert budget.ready_at(1, T0) > T0 + 1_400 * SECOND


def test_what_the_venue_says_was_used_counts() -> None:
    budget = full(1200)
    budget.answered(200, {"x-mbx-used-weight-1m": "1190"}, T0)
    assert budget.ready_at(10, T0) == T0
    assert budget.ready_at(20, T0) > T0
    budget.answered(200, {"x-mbx-used-weight-1m": "5"}, T0)
    assert budget.left == 10  # it never gives back


def test_a_venue_that_wants_to_be_left_alone_is() -> None:
    budget = full(1200)
    assert budget.answered(429, {"retry-after": "7"}, T0) == 7 * SECOND
    assert budget.ready_at(1, T0) == T0 + 7 * SECOND
    assert budget.answered(418, {"retry-after": "90"}, T0) == 90 * SECOND
    assert budget.answered(429, {"retry-after": "1"}, T0) == SECOND
    assert budget.ready_at(1, T0) == T0 + 90 * SECOND  # the longest stands
    assert budget.ready_at(1, T0 + 91 * SECOND) == T0 + 91 * SECOND


def test_an_answer_without_a_time_is_a_ban_of_two_minutes() -> None:
    for status in (403, 418, 429):
        budget = full(1200)
        assert budget.answered(status, {}, T0) == BANNED_FOR
        assert budget.answered(status, {"retry-after": "Wed, 21 Oct 2026"}, T0) == BANNED_FOR
        assert budget.ready_at(1, T0) == T0 + BANNED_FOR
    assert full(1200).answered(500, {"retry-after": "9"}, T0) == 0
    assert full(1200).answered(429, {"retry-after": "0"}, T0) == SECOND


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3 * SECOND)), max_size=60))
def test_no_minute_sees_more_than_twice_the_weight(asked: list[tuple[int, int]]) -> None:
    """A bucket lets a full one through at once and refills beside; never more."""
    budget, now, spent = full(100), T0, []
    for weight, wait in asked:
        now = max(now + wait, budget.ready_at(weight, now + wait))
        budget.spend(weight, now)
        spent.append((now, weight))
    for start, _ in spent:
        assert sum(weight for at, weight in spent if start <= at < start + 60 * SECOND) <= 201
