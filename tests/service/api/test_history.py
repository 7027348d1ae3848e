"""REST of the last minutes, on an engine and a ring that ran on a made-up clock."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel

from service.api import history_models as models
from service.api.app import create_app
from service.api.settings import ApiSettings
from service.recent.kept import SECOND
from service.recent.ring import Ring
from service.recent.settings import RecentSettings
from simulator.faults import Disconnect
from tests.support.asking import shared
from tests.support.fake_engine import VENUES
from tests.support.link import Link

ROOT = "/api/v1/history"
BOOK = "okx/BTC-USDT-PERP"
METRICS = ("queue_imbalance", "best_price", "ofi")


@cache
def scene() -> tuple[Link, Ring, TestClient]:
    """Ten seconds, a lost connection, ten seconds."""
    link = Link("okx", "public", levels=40, metrics=METRICS)
    ring = Ring(link.engine, RecentSettings())
    ring.begin(link.now)
    link.timeline.watch(ring)
    link.start()
    link.run(10)
    link.inject(Disconnect())
    link.run(10)
    app = create_app(link.engine, VENUES, ApiSettings(), lambda: link.now, recent=ring)
    return link, ring, TestClient(app, raise_server_exceptions=False)


def asked(path: str, model: type[BaseModel] | None = None, **query: Any) -> dict[str, Any]:
    answer = scene()[2].get(ROOT + path, params=query or None)
    assert answer.status_code == 200, answer.text
    if model is not None:
        model.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def refused(path: str, **query: Any) -> tuple[int, str]:
    answer = scene()[2].get(ROOT + path, params=query)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_what_is_kept_is_told() -> None:
    told = asked("", models.HistoryKept)
    assert [book["symbol"] for book in told["books"]] == ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP"]
    assert told["books"][0]["outputs"][:2] == ["best_price{side=bid}", "best_price{side=ask}"]
    assert told["bytes"] == sum(book["bytes"] for book in told["books"]) <= told["megabytes"] * 1e6


def test_readings_of_a_moment_are_what_the_series_have_then() -> None:
    series = asked(f"/series/{BOOK}", metric="queue_imbalance")
    for k in (4, series["live"].index(False)):  # the book is lost for a moment
        told = asked("/readings", models.HistoryReadings, at=series["times"][k], metric="queue_imbalance")
        row = next(one for one in told["readings"] if one["symbol"] == "BTC-USDT-PERP")
        assert row["values"] == {"queue_imbalance": series["values"]["queue_imbalance"][k]}
        assert (row["state"] == "live") == series["live"][k]
        assert bool(row["reason"]) != series["live"][k]
    assert asked("/readings", at=5)["readings"] == []
    assert len(asked("/readings", symbol="ETH-*")["readings"]) == 1


def test_a_series_ends_with_what_the_reading_says_and_has_a_gap() -> None:
    told = asked(f"/series/{BOOK}", models.HistorySeries, metric=["queue_imbalance", "ofi"])
    assert set(told["values"]) == {"queue_imbalance", *(f"ofi{{window={w}s}}" for w in (1, 10, 60))}
    values = told["values"]["queue_imbalance"]
    assert len(values) == len(told["times"]) == len(told["live"])
    assert [value is None for value in values] == [not live for live in told["live"]]
    assert None in values[5:-1]
    _link, ring, client = scene()
    ring.kept["okx", "perp", "BTC-USDT-PERP"].sample(told["times"][-1])
    reading = client.get(f"/api/v1/readings/{BOOK}?metric=queue_imbalance").json()["values"]
    last = asked(f"/series/{BOOK}", metric="queue_imbalance")["values"]["queue_imbalance"][-1]
    assert last == reading["queue_imbalance"]


def test_a_span_and_fewer_points() -> None:
    whole = asked(f"/series/{BOOK}", metric="queue_imbalance")["times"]
    part = asked(f"/series/{BOOK}?from={whole[3]}&to={whole[8]}")["times"]
    assert part == whole[3:9]
    thin = asked(f"/series/{BOOK}", points=5)
    assert len(thin["times"]) <= 5
    assert thin["step"] == thin["times"][1] - thin["times"][0] == 4 * SECOND
    assert asked(f"/series/{BOOK}?from=1&to=2")["times"] == []
    assert asked(f"/series/{BOOK}?from={whole[-1] + 9 * SECOND}")["times"] == []


def test_depth_begins_at_the_touch() -> None:
    told = asked(f"/levels/{BOOK}", models.HistoryLevels)
    assert (
        len({len(told[name]) for name in ("times", "bid", "ask", "bid_row", "ask_row", "bids", "asks")}) == 1
    )
    assert None in told["bids"]
    row = told["row"]
    for bid, ask, low, high, bids, asks in zip(
        *(told[name] for name in ("bid", "ask", "bid_row", "ask_row", "bids", "asks")), strict=True
    ):
        assert (bid is None) == (bids is None) == (asks is None)
        if bid is not None:
            assert low * row <= bid + 1e-9
            assert bid < (low + 1) * row
            assert high * row <= ask + 1e-9
            assert bids[0] > 0
            assert asks[0] > 0
    wide = asked(f"/levels/{BOOK}", row=3 * row)
    assert wide["row"] == pytest.approx(3 * row)
    assert len(wide["bids"][-1]) < len(told["bids"][-1])


def test_trades_are_columns_and_limited_to_the_newest() -> None:
    told = asked(f"/trades/{BOOK}", models.HistoryTrades)["trades"]
    assert set(told["side"]) <= {-1, 0, 1}
    assert len(told["t"]) == len(told["price"]) > 2
    last = asked(f"/trades/{BOOK}", limit=2)
    assert last["trades"]["t"] == told["t"][-2:]
    assert last["complete_from"] > asked(f"/trades/{BOOK}")["complete_from"]


def test_states_say_when_and_why() -> None:
    told = asked("/states", models.HistoryStates, symbol="BTC-USDT")
    (feed,) = told["feeds"]
    states = [span["state"] for span in feed["spans"]]
    assert states.count("live") == 2
    assert feed["spans"][-1]["to"] is None
    for before, after in zip(feed["spans"], feed["spans"][1:], strict=False):
        assert before["to"] == after["from"]
    assert all(span["reason"] for span in feed["spans"] if span["state"] != "live")
    assert asked("/states", venue="kraken")["feeds"] == []


@pytest.mark.parametrize(
    ("path", "query", "status", "name"),
    [
        ("/series/okx/NOPE", {}, 404, "unknown-symbol"),
        (f"/series/{BOOK}", {"metric": "no_such"}, 404, "unknown-metric"),
        ("/readings", {"metric": "no_such"}, 404, "unknown-metric"),
        (f"/series/{BOOK}", {"points": 0}, 422, "invalid-request"),
        (f"/levels/{BOOK}", {"row": -1}, 422, "invalid-request"),
        (f"/levels/{BOOK}", {"from": 9, "to": 3}, 422, "invalid-request"),
        (f"/trades/{BOOK}", {"limit": 0}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_answered(path: str, query: dict[str, Any], status: int, name: str) -> None:
    assert refused(path, **query) == (status, name)


def test_a_metric_that_runs_and_is_not_kept_says_so() -> None:
    link = Link("okx", "public", levels=40, metrics=("queue_imbalance", "ofi"))
    ring = Ring(link.engine, RecentSettings(outputs=["ofi"]))
    ring.begin(link.now)
    link.timeline.watch(ring)
    link.start()
    link.run(2)
    app = create_app(link.engine, VENUES, ApiSettings(), lambda: link.now, recent=ring)
    answer = TestClient(app).get(f"{ROOT}/series/{BOOK}?metric=queue_imbalance")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:steelyard:problem:not-kept")


def test_where_nothing_is_kept_it_says_so() -> None:
    answer = shared().get(f"{ROOT}/states")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:steelyard:problem:history-off")


@pytest.mark.parametrize(
    "model",
    [
        models.HistoryKept,
        models.HistorySeries,
        models.HistoryLevels,
        models.HistoryTrades,
        models.HistoryStates,
    ],
)
def test_examples_fit_their_models(model: type[BaseModel]) -> None:
    for example in model.model_json_schema()["examples"]:
        model.model_validate(example)
