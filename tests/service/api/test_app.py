"""The whole: its schema, its origins, its /metrics."""

import json
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.settings import ApiSettings
from tests.support.asking import client, desk, shared
from tests.support.fake_engine import T0, VENUES


def test_openapi_is_whole_and_the_same_each_time() -> None:
    first, second = (client().get("/openapi.json").content for _ in range(2))
    assert first == second
    schema = json.loads(first)
    operations = [one for path in schema["paths"].values() for one in path.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) == 34
    for operation in operations:
        for status, response in operation["responses"].items():
            assert status[0] == "2" or list(response["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in first.decode()
    for name in ("OneReading", "OneBook", "Symbol", "Venue", "Metric", "Feed", "Problem"):
        assert schema["components"]["schemas"][name]["examples"]


def test_other_origins_only_where_they_are_allowed() -> None:
    origin = {"Origin": "https://desk.example"}
    assert "access-control-allow-origin" not in client().get("/api/v1/venues", headers=origin).headers
    allowed = client(allowed_origins=["https://desk.example"]).get("/api/v1/venues", headers=origin)
    assert allowed.headers["access-control-allow-origin"] == "https://desk.example"


def test_metrics_are_plain_text_of_books_and_of_the_service() -> None:
    shared().get("/metrics")
    answer = shared().get("/metrics")  # which tells what the one before cost
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for name in (
        "obi_queue_imbalance_ratio{",
        "obi_build_info{",
        "process_cpu_seconds_total",
        "obi_scrape_seconds",
    ):
        assert f"\n{name}" in answer.text


@pytest.mark.parametrize("every", [False, True])
def test_the_configuration_chooses_whether_every_series_leaves(every: bool) -> None:
    engine = desk()
    outputs = [replace(output, extra=output.key == "spread") for output in engine.outputs]
    engine.outputs = outputs
    for book in engine.books.values():
        book.outputs = outputs
    app = create_app(engine, VENUES, ApiSettings(every_series=every), lambda: T0)
    text = TestClient(app).get("/metrics").text
    assert ("obi_spread_ratio{" in text) == every
    assert "obi_queue_imbalance_ratio{" in text
