"""`take: surge`: the increase of a counter against what it usually is on this very book."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.support.alerting import Bench, rule

COUNTER = "spoof_score.episodes{side=bid}"
SURGE = {
    "metric": "spoof_score.episodes",
    "labels": {"side": "bid"},
    "take": "surge",
    "window": "10s",
    "against": "40s",
    "above": 2.5,
}


def counted(bench: Bench, each_second: list[int], start: int = 0) -> int:
    """Let a counter rise by so much each second; where it is then."""
    for more in each_second:
        start += more
        bench.show({COUNTER: start})
        bench.pass_time(1)
    return start


def test_three_times_the_usual_is_one_and_the_usual_is_none() -> None:
    bench = Bench(rule(when=SURGE))
    at = counted(bench, [4] * 60)
    assert bench.happened == []
    at = counted(bench, [9] * 12, at)
    assert bench.happened == [], "not yet three times as many in ten seconds"
    counted(bench, [14] * 10, at)
    assert bench.happened == ["fired"]
    (news,) = bench.told
    assert 2.5 < news.alert.value < 3.2


def test_a_counter_that_stands_still_usually_counts_as_one() -> None:
    bench = Bench(rule(when=SURGE))
    at = counted(bench, [0] * 60)
    at = counted(bench, [1, 0, 1, 0], at)
    assert bench.happened == []
    counted(bench, [1], at)
    assert bench.happened == ["fired"]


def test_it_says_nothing_before_there_is_something_to_compare_with() -> None:
    bench = Bench(rule(when=SURGE))
    counted(bench, [0] * 5 + [50] * 13)
    assert bench.happened == []
    (alert,) = bench.watch.alerts.values()
    assert (alert.state.value, alert.reason) == ("unknown", "undefined")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"against": 0}, "go together"),
        ({"against": "15s"}, "twice the window"),
        ({"take": "increase"}, "go together"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(when=SURGE | change)
