"""Which metrics run for which book: rules in order, parameters, outputs that differ, and clear errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from connectors.errors import UsageError
from service.across import across
from service.api.app import create_app
from service.api.settings import ApiSettings
from service.app import engine_of
from service.metrics import metrics
from service.plan import Plan
from service.plans import Plans, Rule
from service.settings import load
from tests.support.fake_engine import VENUES
from tests.support.street import A, B, Street

RULES = [
    Rule(symbols=["ETH-*"], drop=["depth*"]),
    Rule(venues=["okx"], only=["ofi", "queue_imbalance"], params={"ofi": {"window": [5]}}),
    Rule(venues=["okx"], symbols=["BTC-*"], add=["spread"], params={"ofi": {"window": [7]}}),
]


def keys(plans: Plans, venue: str, symbol: str) -> set[str]:
    return {declaration.key for declaration in plans.of(venue, "spot", symbol).declarations}


def test_later_rules_go_over_earlier_ones() -> None:
    plans = Plans(rules=RULES)
    assert keys(plans, "binance", "BTC-USDT") == set(metrics())
    assert keys(plans, "binance", "ETH-USDT") == {key for key in metrics() if not key.startswith("depth")}
    assert keys(plans, "okx", "ETH-USDT") == {"ofi", "queue_imbalance"}
    assert keys(plans, "okx", "BTC-USDT") == {"ofi", "queue_imbalance", "spread"}
    names = [output.name for output in plans.of("okx", "spot", "BTC-USDT").outputs]
    assert "ofi{window=7s}" in names
    assert "ofi{window=5s}" not in names


def test_books_for_which_the_same_runs_share_a_plan() -> None:
    plans = Plans(rules=RULES)
    assert plans.of("binance", "spot", "BTC-USDT") is plans.of("kraken", "spot", "BTC-USD")
    assert plans.of("okx", "spot", "ETH-USDT") is plans.of("okx", "perp", "ETH-USDT-PERP")
    assert Plans(base=Plan(["ofi"])).of("okx", "spot", "X").declarations[0].key == "ofi"


def configured(tmp_path: Path, text: str) -> Street:
    path = tmp_path / "steelyard.yaml"
    path.write_text(f"venues: {{}}\nmetrics:\n  min_coverage: 0\n  {text}\n")
    made = Street()
    settings = load(str(path))
    made.engine, consolidation = engine_of(settings)
    assert consolidation is not None
    made.across = consolidation
    return made


def test_readings_metrics_and_catalogue_show_of_each_book_its_own(tmp_path: Path) -> None:
    made = configured(
        tmp_path,
        "select: [{venue: a, only: [mid_price, ofi], params: {ofi: {window: [3]}}}, "
        "{venue: consolidated, drop: [lead_lag]}]",
    )
    made.open("a", book=A)
    made.open("b", book=B)
    client = TestClient(create_app(made.engine, VENUES, ApiSettings(), lambda: made.now))
    rows = {row["venue"]: row for row in client.get("/api/v1/readings").json()["readings"]}
    assert set(rows["a"]["values"]) == {"mid_price", "ofi{window=3s}", "ofi.up", "ofi.down"}
    assert "queue_imbalance" in rows["b"]["values"]
    assert "ofi{window=3s}" not in rows["b"]["values"]
    assert "arbitrage.edge{buy_venue=a,sell_venue=b}" in rows["consolidated"]["values"]
    assert not any(name.startswith("lead_lag") for name in rows["consolidated"]["values"])
    assert "mid_price" not in rows["consolidated"]["values"]
    scrape = client.get("/metrics").text
    assert 'obi_ofi_base_units{venue="a",market="spot",symbol="BTC-USDT",window="3s"} 0' in scrape
    assert 'obi_queue_imbalance_ratio{venue="b"' in scrape
    assert 'obi_queue_imbalance_ratio{venue="a"' not in scrape
    assert 'obi_mid_price{venue="consolidated",market="spot",symbol="BTC-USDT"} 100.15' in scrape
    assert 'obi_price_dislocation_ratio{venue="a",market="spot",symbol="BTC-USDT"}' in scrape
    assert scrape.count("# TYPE obi_mid_price gauge") == 1
    catalogue = {one["key"]: one for one in client.get("/api/v1/metrics").json()["metrics"]}
    assert set(catalogue) == {*metrics(), *across()} - {"lead_lag"}
    windows = {output["labels"].get("window") for output in catalogue["ofi"]["outputs"]}
    assert windows >= {"3s", "10s"}
    row = rows["consolidated"]
    assert [one["venue"] for one in row["members"]] == ["a", "b"]
    assert row["proof"] == "none"
    book = client.get("/api/v1/books/consolidated/BTC-USDT?depth=1").json()
    assert (book["bids"], book["asks"]) == ([["100.2", "3"]], [["100.1", "2"]])
    ready = client.get("/readyz").json()
    assert (ready["books"], ready["live"]) == (2, 2)


def test_a_metric_across_venues_can_be_asked_for_before_there_are_two(tmp_path: Path) -> None:
    made = configured(tmp_path, "only: []")
    made.open("a", book=A)
    client = TestClient(create_app(made.engine, VENUES, ApiSettings(), lambda: made.now))
    answer = client.get("/api/v1/readings?metric=arbitrage*&metric=price_dislocation%7Bvenue=a%7D")
    assert answer.json()["readings"][0]["values"] == {}
    assert client.get("/api/v1/readings?metric=arbitrach").status_code == 404


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("only: [ofy]", r"no metric 'ofy'; did you mean ofi\?"),
        ("select: [{of: [ofi]}]", r"select\.0\.of: unknown key"),
        ("select: [{drop: [tea*]}]", r"select: \[0\]\.drop: no metric 'tea\*'"),
        ("select: [{params: {tea: {n: [1]}}}]", "no metric 'tea'"),
        ("select: [{params: {ofi: {window: 5}}}]", r"params\.ofi\.window: give a list of 1 to 50 values"),
        ("select: [{params: {ofi: {window: [0]}}}]", "0 is no number above 0"),
        ("select: [{params: {ofi: {window: [1, 1]}}}]", "stands in it twice"),
        ("select: [{params: {ofi: {windows: [1]}}}]", "windows is no label of ofi"),
        ("select: [{params: {depth: {side: [left]}}}]", "'left' is none of bid, ask"),
        ("select: [{params: {depth_imbalance: {levels: [1.5]}}}]", "no whole number"),
        ("folder: 3", "folder"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(f"metrics: {{{text}}}\n")
    with pytest.raises(UsageError, match=told) as raised:
        load(str(path))
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fees: {'okx tea': 0.01}", "neither a venue nor"),
        ("fees: {okx: 2}", "less than 0.1"),
        ("groups: [{symbol: BTC-USD, members: {a: tea}}]", "no canonical symbol"),
        ("groups: [{symbol: BTC-USD, members: {a: BTC-USD}, fx: {b: 2}}]", "none of the members"),
        ("groups: [{symbol: BTC-USD, members: {a: BTC-USD}, fx: {a: kraken}}]", "kraken USDT-USD"),
        ("groups: [{symbol: B-U, members: {a: B-U}}, {symbol: B-U, members: {b: B-U}}]", "two groups"),
    ],
)
def test_what_is_wrong_with_groups_is_told(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(f"across: {{{text}}}\n")
    with pytest.raises(UsageError, match=told):
        load(str(path))
