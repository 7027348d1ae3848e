"""REST of surveillance and execution risk: filters, schemas, what is not followed, what is not live."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.surveillance import Episode, Episodes, ExecutionRisk
from tests.support.asking import client
from tests.support.fake_engine import SECOND, T0, FakeBook, FakeEngine


@pytest.fixture
def engine() -> FakeEngine:
    made = FakeEngine(
        FakeBook("binance", "spot", "BTC-USDT"), FakeBook("okx", "spot", "BTC-USDT", state="stale")
    )
    for venue, kind, t in (("binance", "spoof", T0), ("okx", "cascade", T0 + SECOND)):
        evidence = {"score": 0.8, "imbalances": [0.1, float("nan"), 0.2]}
        made.episodes.reporter((venue, "spot", "BTC-USDT"))(kind, "bid", t, evidence)
    return made


def episodes(engine: FakeEngine, query: str = "") -> list[dict[str, Any]]:
    answer = client(engine).get(f"/api/v1/surveillance/episodes{query}")
    assert answer.status_code == 200
    Episodes.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["episodes"]
    return found


def test_episodes_are_told_with_their_evidence(engine: FakeEngine) -> None:
    newest, oldest = episodes(engine)
    assert (newest["venue"], newest["kind"], newest["t"]) == ("okx", "cascade", T0 + SECOND)
    assert oldest["evidence"] == {"score": 0.8, "imbalances": [0.1, None, 0.2]}


@pytest.mark.parametrize(
    ("query", "venues"),
    [
        ("?venue=bin*", ["binance"]),
        ("?kind=cascade", ["okx"]),
        (f"?since={T0 + 1}", ["okx"]),
        ("?symbol=ETH-*", []),
        ("?limit=1", ["okx"]),
        ("?market=spot&kind=spoof&kind=cascade", ["okx", "binance"]),
    ],
)
def test_episodes_are_filtered(engine: FakeEngine, query: str, venues: list[str]) -> None:
    assert [one["venue"] for one in episodes(engine, query)] == venues


def test_an_unknown_kind_is_refused(engine: FakeEngine) -> None:
    assert client(engine).get("/api/v1/surveillance/episodes?kind=murder").status_code == 422


def test_the_example_fits_the_model() -> None:
    for example in Episode.model_json_schema()["examples"]:
        Episode.model_validate(example)


def test_parts_of_the_risk_of_an_order(engine: FakeEngine) -> None:
    answer = client(engine).get("/api/v1/risk/execution/binance/BTC-USDT?side=buy&notional=10000")
    assert answer.status_code == 200
    told = ExecutionRisk.model_validate_json(answer.content)
    assert (told.failure, told.fade, told.samples, told.state) == (0.25, None, 300, "live")
    stale = client(engine).get("/api/v1/risk/execution/okx/BTC-USDT?side=buy&notional=10000").json()
    assert (stale["failure"], stale["samples"], stale["state"]) == (None, None, "stale")


def test_sizes_that_are_not_followed_are_refused(engine: FakeEngine) -> None:
    answer = client(engine).get("/api/v1/risk/execution/binance/BTC-USDT?side=buy&notional=123")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:steelyard:problem:unknown-size")
    assert client(engine).get("/api/v1/risk/execution/binance/BTC-USDT?side=buy").status_code == 422
