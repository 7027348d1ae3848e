"""The instruments that are known: units and steps as people write them, filters, pages, and what is not watched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.instruments import Instrument, Market
from connectors.registry import Registry
from service.api import models
from service.api.symbols import symbol
from tests.support.asking import client, desk
from tests.support.fake_engine import SECOND, T0, FakeBook, FakeEngine

LISTED = [
    Instrument(
        "binance", "1000SHIBUSDT", "1000SHIB-USDT-PERP", Market.PERP, "SHIB", "USDT", "USDT",
        tick=Decimal("1E-7"), lot=Decimal("1E+2"), multiplier=Decimal(1000),
    ),
    Instrument(
        "binance", "BTCUSD_261225", "BTC-USD-261225:BTC", Market.FUTURE, "BTC", "USD", "BTC", Decimal("100.0"),
        inverse=True, active=False, expiry="261225", expires=T0 + SECOND,
    ),
    Instrument("binance", "OLDUSDT", "OLD-USDT", Market.SPOT, "OLD", "USDT", "USDT", None, expires=T0),
    Instrument("binance", "BTCUSDT", "BTC-USDT", Market.SPOT, "BTC", "USDT", "USDT"),  # it has a book
]  # fmt: skip


def listing() -> FakeEngine:
    made, registry = desk(), Registry()
    registry.learn("binance", "all", LISTED)
    made.registries.append(registry)
    return made


@pytest.fixture(scope="module")
def api() -> TestClient:
    return client(listing())


def ask(api: TestClient, query: str = "") -> Any:
    answer = api.get(f"/api/v1/symbols?{query}")
    assert answer.status_code == 200, answer.text
    assert models.Symbols.model_validate_json(answer.content).model_dump(mode="json") == answer.json()
    return answer.json()


def names(api: TestClient, query: str) -> list[str]:
    return [row["symbol"] for row in ask(api, query)["symbols"]]


def test_watched_ones_come_first_and_each_once(api: TestClient) -> None:
    rows = ask(api)["symbols"]
    assert [row["watched"] for row in rows] == [True] * 5 + [False] * 3
    assert [row["symbol"] for row in rows[5:]] == ["1000SHIB-USDT-PERP", "BTC-USD-261225:BTC", "OLD-USDT"]


def test_units_steps_and_status_are_told_as_people_write_them(api: TestClient) -> None:
    shib, future, old = ask(api, "watched=false")["symbols"]
    keys = ("base", "contract", "contract_size", "multiplier", "tick", "lot", "status", "expires", "listed")
    assert [shib[key] for key in keys] == [
        "SHIB", "linear", "1", "1000", "0.0000001", "100", "trading", None, True,
    ]  # fmt: skip
    assert [future[key] for key in keys] == [
        "BTC", "inverse", "100", "1", None, None, "halted", T0 + SECOND, True,
    ]  # fmt: skip
    assert (old["contract"], old["contract_size"], old["status"]) == ("spot", None, "expired")
    about_books = ("state", "reason", "proof", "received", "update_id", "depth", "capped", "counters")
    assert {shib[key] for key in about_books} == {None}


def test_a_book_says_how_it_fares(api: TestClient) -> None:
    (row,) = ask(api, "symbol=BTC-USDT-PERP&venue=binance")["symbols"]
    assert (row["state"], row["reason"], row["watched"]) == ("stale", "silent for 5 s", True)
    assert row["counters"]["gaps"] == 0
    book = FakeBook(resyncs_by_reason={"gap": 2})
    assert symbol(book.instrument, book, T0)["resyncs_by_reason"] == {"gap": 2}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("base=shib", ["1000SHIB-USDT-PERP"]),
        ("quote=USD", ["BTC-USD-PERP:BTC", "BTC-USD-261225:BTC"]),
        ("quote=USD&watched=true", ["BTC-USD-PERP:BTC"]),
        ("market=future&market=option", ["BTC-USD-261225:BTC"]),
        ("symbol=1000SHIBUSDT", ["1000SHIB-USDT-PERP"]),
        ("base=O*&base=E*", ["ETH-USDT", "OLD-USDT"]),
        ("venue=kraken&watched=false", []),
    ],
)
def test_filters(api: TestClient, query: str, found: list[str]) -> None:
    assert names(api, query) == found


def test_pages_hold_each_once_and_end(api: TestClient) -> None:
    found, cursor = [], ""
    while cursor is not None:
        answer = ask(api, f"limit=3&cursor={cursor}")
        found += [(row["venue"], row["symbol"]) for row in answer["symbols"]]
        cursor = answer["next_cursor"]
    assert len(found) == len(set(found)) == 8
