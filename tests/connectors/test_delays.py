"""Durations in buckets: bounds, borders, what is below zero and beyond the last."""

from bisect import bisect_left
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.delays import NETWORK, SECOND, WAITING, WORK, Delays, steps


def test_bounds_grow_by_two_to_two_and_a_half() -> None:
    assert steps(0.001, 0.1) == (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
    for bounds in (NETWORK, WORK, WAITING):
        assert all(1.99 < b / a < 2.51 for a, b in pairwise(bounds))


@given(st.lists(st.integers(-(10**10), 10**11)))
def test_counts_are_those_of_a_plain_search(durations: list[int]) -> None:
    delays = Delays(NETWORK)
    for one in durations:
        delays.observe(one)
    limits = [round(bound * SECOND) for bound in NETWORK]
    places = [bisect_left(limits, one) for one in durations]
    assert delays.cumulative() == [sum(place <= k for place in places) for k in range(len(limits) + 1)]
    assert delays.total == sum(durations)
