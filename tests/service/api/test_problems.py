"""Every error is a problem as RFC 9457 has it."""

import pytest
from structlog.testing import capture_logs

from service.api import models
from tests.support.asking import client, desk, shared


@pytest.mark.parametrize(
    ("path", "status", "name", "suggestions"),
    [
        ("/api/v1/readings/binance/BTC-USTD", 404, "unknown-symbol", ["BTC-USDT"]),
        ("/api/v1/books/binanse/BTC-USDT", 404, "unknown-venue", ["binance"]),
        ("/api/v1/readings/binance/BTCUSDT", 409, "ambiguous-symbol", ["BTC-USDT", "BTC-USDT-PERP"]),
        ("/api/v1/readings?metric=queue_imbalanse", 404, "unknown-metric", None),
        ("/api/v1/books/binance/BTC-USDT?depth=0", 422, "invalid-request", None),
        ("/api/v1/readings?cursor=-1", 422, "invalid-request", None),
    ],
)
def test_errors_are_problems(path: str, status: int, name: str, suggestions: list[str] | None) -> None:
    answer = shared().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told = models.Problem.model_validate_json(answer.content)
    assert (told.status, told.type) == (status, f"urn:steelyard:problem:{name}")
    assert told.instance == path.partition("?")[0]
    if suggestions is not None:
        assert told.suggestions[: len(suggestions)] == suggestions


def test_unknown_paths_and_methods_are_problems_too() -> None:
    answer = shared().get("/api/v2/readings")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    answer = shared().post("/api/v1/readings")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert answer.headers["allow"] == "GET"


def test_a_bug_is_a_problem_that_tells_no_secrets() -> None:
    broken = desk()
    next(iter(broken.books.values())).values = None  # type: ignore[assignment,method-assign]
    with capture_logs() as logged:
        answer = client(broken).get("/api/v1/readings")
    assert [(line["event"], line["path"]) for line in logged] == [("request failed", "/api/v1/readings")]
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "NoneType" not in answer.text
