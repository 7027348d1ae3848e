"""Event numbers."""

from random import Random

from simulator.counters import Contiguous, EngineWide


def test_contiguous_has_no_holes() -> None:
    counter = Contiguous(10)
    assert [counter.take(2), counter.take(1)] == [(11, 12), (13, 13)]


def test_engine_wide_jumps_and_grows() -> None:
    counter, last = EngineWide(10, Random(1)), 10
    for changes in (1, 5, 2):
        first, end = counter.take(changes)
        assert first > last + 1
        assert end >= first + changes - 1
        last = end
