"""Every answer fits its model with nothing left over, and every example does."""

import json

import pytest
from pydantic import BaseModel

from service.api import models
from tests.support.asking import shared


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/v1/venues", models.Venues),
        ("/api/v1/metrics", models.Metrics),
        ("/api/v1/feeds", models.Feeds),
        ("/api/v1/symbols", models.Symbols),
        ("/api/v1/readings", models.Readings),
        ("/api/v1/readings/binance/BTC-USDT", models.OneReading),
        ("/api/v1/readings/kraken/BTC-USDT", models.OneReading),
        ("/api/v1/books/binance/BTC-USDT", models.OneBook),
        ("/api/v1/books/binance/BTC-USDT-PERP", models.OneBook),
        ("/livez", models.Live),
        ("/readyz", models.Readiness),
    ],
)
def test_every_answer_fits_its_model_with_nothing_left_over(path: str, model: type[BaseModel]) -> None:
    answer = shared().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    parsed = model.model_validate_json(answer.content)
    assert parsed.model_dump(mode="json") == answer.json()


@pytest.mark.parametrize(
    "model", [models.OneReading, models.OneBook, models.Symbol, models.Venue, models.Metric]
)
def test_examples_fit_their_models(model: type[BaseModel]) -> None:
    for example in model.model_json_schema()["examples"]:
        model.model_validate_json(json.dumps(example))
