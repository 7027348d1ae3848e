"""Pushed series: what is taken and refused, within bounds, on a made-up clock."""

from __future__ import annotations

from typing import Any

import pytest

from service.external.series import External, RefusedError
from service.external.settings import ExternalSettings

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND


def external(**settings: Any) -> External:
    return External(ExternalSettings(**settings))


def pushed(made: External, name: str, now: int = NOW, **body: Any) -> dict[str, float]:
    return made.take(made.read(name, body, now), now).values


def test_a_number_a_vector_and_two_sides() -> None:
    made = external()
    assert pushed(made, "netflow", value=1.5) == {"": 1.5}
    assert pushed(made, "votes", values=[3, 1]) == {"total": 4, "hhi": 0.625, "gini": 0.25}
    assert pushed(made, "shares", values={"x": 1, "y": -1}) == {"total": 0}
    assert pushed(made, "flow", plus=3, minus=1) == {"imb": 0.5}


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("Net", {"value": 1}, "small letters"),
        ("a" * 61, {"value": 1}, "small letters"),
        ("x", [1], "the body is an object"),
        ("x", {}, "give one of"),
        ("x", {"value": 1, "plus": 1}, "give one of"),
        ("x", {"plus": 1}, "give one of"),
        ("x", {"value": "1"}, "no finite number"),
        ("x", {"value": True}, "no finite number"),
        ("x", {"value": float("nan")}, "no finite number"),
        ("x", {"value": 1, "tea": 1}, "'tea' is none of"),
        ("x", {"value": 1, "t": NOW + 61 * SECOND}, "not in the future"),
        ("x", {"value": 1, "t": 1.5}, "nanoseconds"),
        ("x", {"value": 1, "help": 3}, "help"),
        ("x", {"value": 1, "labels": {"asset": "BTC"}}, "labels is an object of"),
        ("x", {"value": 1, "labels": {"venue": 'a"b'}}, "the label venue"),
        ("x", {"values": []}, "1 to 3 numbers"),
        ("x", {"values": [1, 2, 3, 4]}, "1 to 3 numbers"),
        ("x", {"plus": 0, "minus": 0}, "not defined"),
    ],
)
def test_what_is_wrong_is_named(name: str, body: Any, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as refused:
        external(most_values=3).read(name, body, NOW)
    assert refused.value.status == 422


def test_their_number_is_bounded_and_an_older_value_is_refused() -> None:
    made = external(most_series=2)
    pushed(made, "a", value=1)
    pushed(made, "a", value=1, labels={"venue": "okx"})
    with pytest.raises(RefusedError, match="2 series are kept") as full:
        pushed(made, "b", value=1)
    assert full.value.status == 409
    with pytest.raises(RefusedError, match="newer value"):
        pushed(made, "a", value=1, t=NOW - 1)
    assert pushed(made, "a", value=2, t=NOW) == {"": 2}


def test_the_rate_is_bounded_and_says_when_there_is_room() -> None:
    made = external(per_second=2)
    for _ in range(4):
        made.admit(NOW)
    with pytest.raises(RefusedError) as refused:
        made.admit(NOW)
    assert (refused.value.status, refused.value.retry_seconds) == (429, 0.5)
    made.admit(NOW + SECOND // 2)
    with pytest.raises(RefusedError):
        made.admit(NOW + SECOND // 2)


def test_what_is_too_old_has_no_value_and_keeps_its_age() -> None:
    made = external(stale_after_seconds=10)
    pushed(made, "a", value=1)
    (one,) = made.series.values()
    assert made.row(one, NOW + 10 * SECOND)["values"] == {"value": 1}
    later = made.row(one, NOW + 11 * SECOND)
    assert (later["values"], later["age_seconds"], later["stale"]) == ({"value": None}, 11, True)
