"""What clients say is read, or refused in words; nothing they can send raises anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.wishes import ChannelWish, RefusedError, Spec, Subscribe, opened, read, request_id

KEYS = st.sampled_from(["op", "id", "channels", "name", "key"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


def spec(**wish: Any) -> Spec:
    return ChannelWish(**wish).spec(10)


def test_wishes_for_the_same_bytes_share_a_channel() -> None:
    one = spec(name="readings", venue="*", symbol=["ETH-*", "BTC-*"], metrics="ofi")
    two = spec(
        name="readings", symbol=["BTC-*", "ETH-*", "BTC-*"], metrics=["ofi"], depth=7, min_interval_ms=100
    )
    assert one == two
    assert spec(name="books", metrics=["ofi"]) == spec(name="books", depth=10)
    assert spec(name="books", depth=5) != spec(name="books", depth=10)


def test_the_interval_has_a_floor_and_a_default() -> None:
    assert spec(name="readings", min_interval_ms=0).interval_milliseconds == 10
    assert spec(name="feeds").interval_milliseconds == 1000


def test_a_channel_is_echoed_as_it_is_understood() -> None:
    assert spec(name="readings", symbol="BTC-*", metrics=["b", "a"]).told() == {
        "name": "readings",
        "venue": "*",
        "market": "*",
        "symbol": "BTC-*",
        "metrics": ("a", "b"),
        "min_interval_ms": 100,
    }
    assert spec(name="feeds", venue=["okx", "gate"]).told() == {
        "name": "feeds",
        "venue": ("gate", "okx"),
        "min_interval_ms": 1000,
    }


def test_the_field_that_is_wrong_is_named() -> None:
    with pytest.raises(RefusedError, match=r"channels\.1\.min_interval_ms: .*less than or equal to 60000"):
        read(
            {"op": "subscribe", "channels": [{"name": "feeds"}, {"name": "feeds", "min_interval_ms": 10**9}]}
        )


def test_fields_that_are_not_known_are_ignored() -> None:
    wish = read({"op": "subscribe", "id": "a", "new": 1, "channels": [{"name": "trades", "new": 2}]})
    assert isinstance(wish, Subscribe)
    assert (wish.id, wish.channels[0].name) == ("a", "trades")


def refusal(said: str | bytes) -> str:
    """The code with which it is refused, "" if it is not."""
    try:
        message = opened(said, 10_000)
        assert isinstance(request_id(message), int | str | None)
        read(message)
    except RefusedError as refused:
        return refused.code
    return ""


@given(JSON)
def test_nothing_that_is_json_breaks_it(said: Any) -> None:
    assert refusal(json.dumps(said)) in {"", "invalid_request", "unknown_op"}


@given(st.binary(max_size=50))
def test_nothing_that_is_bytes_breaks_it(said: bytes) -> None:
    assert refusal(said) in {"invalid_json", "invalid_request", "unknown_op"}
