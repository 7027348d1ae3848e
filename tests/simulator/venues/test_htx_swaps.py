"""HTX's notification sockets and what its REST answers tell of swaps, against the fact sheet."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from simulator.connection import Connection
from simulator.frames import Close
from simulator.venues.htx import Htx
from tests.simulator.clients import MS, NS, T0

FUNDING = "public.BTC-USDT.funding_rate"
FORCED = "public.BTC-USDT.liquidation_orders"


def frames(its: Htx, connection: Connection, seconds: float, *, pongs: bool = True) -> list[dict[str, Any]]:
    """What left, unpacked; pings get their time back as it came."""
    found: list[dict[str, Any]] = []
    end = its.now + int(seconds * NS)
    while its.now < end:
        its.advance(its.now + 100 * MS)
        for what in connection.frames_to_send(its.now):
            if isinstance(what, Close):
                return [*found, {"closed": what.code}]
            assert isinstance(what, bytes)
            found.append(json.loads(gzip.decompress(what)))
            if pongs and found[-1]["op"] == "ping":
                connection.receive(json.dumps({"op": "pong", "ts": found[-1]["ts"]}), its.now)
    return found


def asked(its: Htx, path: str, **query: str) -> Any:
    return json.loads(its.rest("GET", path, query, its.now).body)["data"]


def test_funding_comes_each_minute_and_liquidations_as_they_happen() -> None:
    its = Htx(seed=3, start=T0, rate=4.0)
    socket = its.connect("/linear-swap-notification", T0)
    for number, topic in enumerate((FUNDING, FORCED)):
        socket.receive(json.dumps({"op": "sub", "cid": str(number), "topic": topic}), T0)
    said = frames(its, socket, 61)
    assert [(one["cid"], one["err-code"]) for one in said[:2]] == [("0", 0), ("1", 0)]
    rates = [one for one in said if one.get("topic") == FUNDING and one["op"] == "notify"]
    assert len(rates) == 1
    assert int(rates[0]["data"][0]["settlement_time"]) * MS > its.now
    closed = [row for one in said if one["op"] == "notify" and one["topic"] == FORCED for row in one["data"]]
    assert closed
    for row in closed:
        assert row["amount"] == pytest.approx(row["volume"] * 0.001)
        assert row["trade_turnover"] == pytest.approx(row["amount"] * row["price"])
    socket.receive(json.dumps({"op": "unsub", "cid": "7", "topic": FUNDING}), its.now)
    assert not [one for one in frames(its, socket, 61) if one["op"] == "notify" and one["topic"] == FUNDING]


def test_what_is_unknown_or_asked_for_twice_is_refused() -> None:
    its = Htx(seed=3, start=T0, rate=1.0)
    socket = its.connect("/swap-notification", T0)
    for topic in (
        "public.BTC-USDT.funding_rate",
        "public.BTC-USD.funding_rate",
        "public.BTC-USD.funding_rate",
    ):
        socket.receive(json.dumps({"op": "sub", "cid": "1", "topic": topic}), T0)
    assert [one["err-code"] for one in frames(its, socket, 1)] == [2011, 0, 2014]


def test_a_ping_that_does_not_come_back_as_it_was_ends_the_socket() -> None:
    its = Htx(seed=3, start=T0, rate=1.0)
    socket = its.connect("/linear-swap-notification", T0)
    said = frames(its, socket, 40, pongs=False)
    assert isinstance(said[0]["ts"], str)
    assert said[-2:] == [{"op": "close", "err-msg": "Bye"}, {"closed": None}]
    socket = its.connect("/linear-swap-notification", its.now)
    assert [one["op"] for one in frames(its, socket, 40)] == ["ping"] * 8


def test_rest_tells_prices_and_the_open_interest_of_both_sides() -> None:
    its = Htx(seed=3, start=T0, rate=1.0)
    market = its.markets["linear", "BTC-USDT"]
    rows = {row["contract_code"]: row for row in asked(its, "/linear-swap-api/v1/swap_open_interest")}
    assert set(rows) == {"BTC-USDT", "ETH-USDT"}
    assert rows["BTC-USDT"]["value"] == pytest.approx(800e6, rel=0.04)
    (row,) = asked(its, "/swap-api/v1/swap_open_interest")
    assert row["volume"] * 100 == pytest.approx(800e6, rel=0.04)
    index = asked(its, "/linear-swap-api/v1/swap_index")[0]["index_price"]
    path = "/index/market/history/linear_swap_mark_price_kline"
    (minute,) = asked(its, path, contract_code="BTC-USDT", period="1min", size="1")
    assert float(minute["close"]) == pytest.approx(market.price(), rel=1e-3)
    assert index == pytest.approx(market.price(), rel=1e-3)
    assert asked(its, "/linear-swap-api/v1/swap_contract_info")[0]["settlement_period"] == "8"
