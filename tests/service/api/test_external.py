"""Pushing over HTTP: with a token, within bounds, read back by REST, /metrics and the stream."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.external import ExternalList, ExternalPast, Pushed
from service.api.settings import ApiSettings
from service.external.settings import ExternalSettings
from service.external.store import Store
from tests.support.fake_engine import SECOND, T0, VENUES, FakeBook, FakeEngine

TOKEN, KEY = "a token", "a key"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Desk:
    def __init__(self, api: ApiSettings | None = None, **settings: Any) -> None:
        given = {"tokens": (hashed(TOKEN),)} | settings
        self.store = Store(None, ExternalSettings(**given))
        self.now = T0
        engine = FakeEngine(FakeBook())
        self.app = create_app(engine, VENUES, api or ApiSettings(), lambda: self.now, external=self.store)
        self.client = TestClient(self.app)

    def push(self, name: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        given = HEADERS if headers is None else headers
        return self.client.post(f"/api/v1/external/{name}", content=orjson.dumps(body), headers=given)


def test_a_push_is_read_back_with_its_age() -> None:
    desk = Desk()
    answer = desk.push("netflow", {"value": -3.5, "labels": {"symbol": "BTC-USDT"}, "help": "coins in"})
    assert answer.status_code == 200
    Pushed.model_validate(answer.json())
    desk.now += 5 * SECOND
    desk.push("netflow", {"value": 2, "labels": {"symbol": "BTC-USDT"}})
    desk.now += 2 * SECOND
    everything = desk.client.get("/api/v1/external").json()
    (row,) = ExternalList.model_validate(everything).external
    assert (row.values, row.age_seconds, row.help) == ({"value": 2}, 2, "coins in")
    past = desk.client.get("/api/v1/external/netflow").json()
    assert [point.values["value"] for point in ExternalPast.model_validate(past).points] == [-3.5, 2]
    text = desk.client.get("/metrics").text
    assert 'obi_external_value{name="netflow",symbol="BTC-USDT",field="value"} 2.0' in text
    assert 'obi_external_age_seconds{name="netflow",symbol="BTC-USDT"} 2.0' in text


def test_too_old_is_absent_from_metrics_and_its_age_stays() -> None:
    desk = Desk(stale_after_seconds=10)
    desk.push("netflow", {"value": 1})
    desk.now += 11 * SECOND
    text = desk.client.get("/metrics").text
    assert "obi_external_value{" not in text
    assert 'obi_external_age_seconds{name="netflow"} 11.0' in text


def test_without_a_token_nobody_pushes() -> None:
    desk = Desk()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-External-Token": "wrong"}):
        answer = desk.push("netflow", {"value": 1}, headers)
        assert answer.status_code == 401
        assert answer.json()["type"] == "urn:steelyard:problem:token-needed"
    assert Desk(tokens=()).push("netflow", {"value": 1}).json()["type"].endswith("external-off")
    assert desk.push("netflow", {"value": 1}, {"X-External-Token": TOKEN}).status_code == 200


def test_where_keys_are_needed_a_push_needs_both_and_reading_a_key() -> None:
    desk = Desk(ApiSettings(api_keys=(hashed(KEY),), require_keys=True))
    assert desk.push("netflow", {"value": 1}).status_code == 401
    key = {"Authorization": f"Bearer {KEY}"}
    assert desk.push("netflow", {"value": 1}, key).status_code == 401
    assert desk.push("netflow", {"value": 1}, key | {"X-External-Token": TOKEN}).status_code == 200
    assert desk.client.get("/api/v1/external").status_code == 401
    assert desk.client.get("/api/v1/external", headers=key).status_code == 200


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("Net", {"value": 1}, 422),
        ("netflow", {"value": "x"}, 422),
        ("netflow", {"value": 1, "help": "x" * 201}, 422),
        ("netflow", {"value": 1, "help": "x" * 300}, 413),
    ],
)
def test_what_is_wrong_is_a_problem(name: str, body: Any, status: int) -> None:
    desk = Desk(most_bytes=256)
    answer = desk.push(name, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert desk.client.get("/api/v1/external").json()["external"] == []


def test_no_json_and_too_many() -> None:
    desk = Desk(per_second=1)
    answer = desk.client.post("/api/v1/external/a", content=b"{", headers=HEADERS)
    assert answer.status_code == 422
    assert desk.push("a", {"value": 1}).status_code == 200
    late = desk.push("a", {"value": 1})
    assert (late.status_code, late.headers["retry-after"]) == (429, "2")


def test_a_name_that_several_have_needs_its_labels() -> None:
    desk = Desk()
    for venue in ("okx", "kraken"):
        desk.push("netflow", {"value": 1, "labels": {"venue": venue}})
    assert desk.client.get("/api/v1/external/netflow").status_code == 409
    assert desk.client.get("/api/v1/external/netflow?venue=okx").json()["series"]["labels"] == {
        "venue": "okx"
    }
    assert desk.client.get("/api/v1/external/tea").status_code == 404


def test_the_stream_tells_each_push() -> None:
    desk = Desk()
    with desk.client as client, client.websocket_connect("/api/v1/stream") as socket:
        socket.send_json(
            {"op": "subscribe", "id": 1, "channels": [{"name": "external", "min_interval_ms": 0}]}
        )
        assert socket.receive_json()["type"] == "subscribed"
        assert socket.receive_json()["external"] == []
        client.post("/api/v1/external/netflow", json={"value": 4}, headers=HEADERS)
        told = socket.receive_json()
        assert told["type"] == "update"
        assert told["external"][0]["values"] == {"value": 4}
