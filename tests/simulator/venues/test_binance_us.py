"""Binance.US: spot rules on paths without a prefix."""

import json

from simulator.venues.binance_us import BinanceUs
from tests.simulator.clients import T0, SideBook, run


def test_spot_rules_and_its_own_limit() -> None:
    its = BinanceUs(seed=1, start=T0)
    c = its.connect("/ws/btcusdt@depth@100ms", T0)
    run(its, c, 1)
    answer = its.rest("GET", "/api/v3/depth", {"symbol": "BTCUSDT", "limit": "1000"}, its.now)
    shot, book = json.loads(answer.body), SideBook()
    book.replace(shot["bids"], shot["asks"])
    for event in map(json.loads, run(its, c, 3)):
        if event["u"] > shot["lastUpdateId"]:
            book.apply(event["b"], event["a"])
    assert book.equals(c.true_book("BTCUSDT"))
    info = json.loads(its.rest("GET", "/api/v3/exchangeInfo", {}, its.now).body)
    assert info["rateLimits"][0]["limit"] == 1200
    assert its.hosts(81) == {"spot": {"ws": "ws://127.0.0.1:81", "rest": "http://127.0.0.1:81"}}
