"""Binance's instrument answers carry tick, lot, contract size and status."""

import json

import pytest

from simulator.venues.binance import Binance
from tests.simulator.clients import T0


@pytest.mark.parametrize(
    ("path", "symbol", "tick", "lot", "status"),
    [
        ("/spot/api/v3", "BTCUSDT", "0.01000000", "0.00001000", "status"),
        ("/usdm/fapi/v1", "BTCUSDT", "0.10", "0.001", "status"),
        ("/coinm/dapi/v1", "BTCUSD_PERP", "0.1", "1", "contractStatus"),
    ],
)
def test_exchange_info(path: str, symbol: str, tick: str, lot: str, status: str) -> None:
    its = Binance(start=T0)
    info = json.loads(its.rest("GET", f"{path}/exchangeInfo", {}, T0).body)
    row = next(row for row in info["symbols"] if row["symbol"] == symbol)
    filters = {f["filterType"]: f for f in row["filters"]}
    assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == (tick, lot)
    assert row[status] == "TRADING"
    assert row.get("contractSize") == (100 if symbol == "BTCUSD_PERP" else None)


def test_open_interest_and_premium() -> None:
    its = Binance(start=T0)
    interest = json.loads(its.rest("GET", "/usdm/fapi/v1/openInterest", {"symbol": "BTCUSDT"}, T0).body)
    assert float(interest["openInterest"]) > 1000
    rows = json.loads(its.rest("GET", "/coinm/dapi/v1/premiumIndex", {}, T0).body)
    assert {row["symbol"] for row in rows} == {"BTCUSD_PERP", "ETHUSD_PERP"}
    assert json.loads(its.rest("GET", "/spot/api/v3/ping", {}, T0).body) == {}
