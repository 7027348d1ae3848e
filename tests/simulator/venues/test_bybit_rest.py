"""Bybit's REST answers."""

import json
from typing import Any

from simulator.venues.bybit import Bybit
from tests.simulator.clients import T0, run


def test_instruments() -> None:
    its = Bybit(start=T0)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for category in ("spot", "linear", "inverse"):
        body = json.loads(its.rest("GET", "/v5/market/instruments-info", {"category": category}, T0).body)
        assert body["retCode"] == 0
        assert ("nextPageCursor" in body["result"]) == (category != "spot")
        rows |= {(category, row["symbol"]): row for row in body["result"]["list"]}
    assert rows["spot", "BTCUSDT"]["lotSizeFilter"]["basePrecision"] == "0.000001"
    assert rows["linear", "BTCUSDT"]["lotSizeFilter"]["qtyStep"] == "0.001"
    assert (rows["inverse", "BTCUSD"]["settleCoin"], rows["inverse", "BTCUSD"]["contractType"]) == (
        "BTC",
        "InversePerpetual",
    )


def test_book_is_that_of_depth_1000() -> None:
    its = Bybit(start=T0)
    c = its.connect("/v5/public/linear", T0)
    c.receive('{"op":"subscribe","args":["orderbook.1000.BTCUSDT"]}', T0)
    last = json.loads(run(its, c, 2)[-1])["data"]["u"]
    query = {"category": "linear", "symbol": "BTCUSDT", "limit": "1000"}
    result = json.loads(its.rest("GET", "/v5/market/orderbook", query, its.now).body)["result"]
    assert (result["u"], len(result["b"])) == (last, 1000)
    bad = json.loads(
        its.rest("GET", "/v5/market/orderbook", {"category": "linear", "symbol": "X"}, its.now).body
    )
    assert bad["retCode"] == 10001
