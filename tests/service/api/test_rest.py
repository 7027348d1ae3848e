"""REST: what is said of each book, found by what people write."""

import pytest

from tests.support.asking import get
from tests.support.fake_engine import SECOND, T0


def names(path: str) -> list[str]:
    return [f"{row['venue']} {row['symbol']}" for row in get(path)["readings"]]


def test_a_reading_says_what_it_is_worth() -> None:
    reading = get("/readings/binance/BTC-USDT?metric=spread&metric=depth*")
    assert (reading["state"], reading["reason"], reading["proof"]) == ("live", "", "sequence")
    assert (reading["received"], reading["age_seconds"], reading["update_id"]) == (T0 - 2 * SECOND, 2.0, 7)
    assert reading["values"]["spread.ratio"] == 1e-5
    assert reading["values"]["spread.ticks"] is None
    assert reading["truncated"] == ["depth.base{band_bps=100,side=bid}"]
    assert "queue_imbalance" not in reading["values"]
    assert "depth_imbalance{levels=5}" in reading["values"]


def test_a_book_that_is_not_live_has_a_reason_and_no_values() -> None:
    reading = get("/readings/binance/BTC-USDT-PERP")
    assert (reading["state"], reading["reason"]) == ("stale", "silent for 5 s")
    assert set(reading["values"].values()) == {None}
    book = get("/books/binance/BTC-USDT-PERP")
    assert (book["state"], book["bids"], book["asks"]) == ("stale", None, None)
    never = get("/readings/kraken/BTC-USDT")
    assert (never["received"], never["event_time"], never["age_seconds"]) == (None, None, None)


def test_levels_are_the_venues_own_text() -> None:
    book = get("/books/binance/BTC-USDT?depth=1")
    assert (book["bids"], book["asks"]) == ([["100.0", "2.0"]], [["100.5", "1.0"]])


@pytest.mark.parametrize(
    ("asked", "symbol"),
    [
        ("binance/BTC-USDT", "BTC-USDT"),
        ("binance/btc-usdt", "BTC-USDT"),
        ("binance/BTC/USDT", "BTC-USDT"),
        ("binance/BTC%2FUSDT", "BTC-USDT"),
        ("binance/BTC/USDT:USDT", "BTC-USDT-PERP"),
        ("BINANCE/BTC%2FUSDT%3AUSDT", "BTC-USDT-PERP"),
        ("binance/BTCUSDT?market=perp", "BTC-USDT-PERP"),
        ("binance/BTC-USDT?market=perp", "BTC-USDT-PERP"),
        ("binance/ethusdt", "ETH-USDT"),
        ("okx/BTC-USD-PERP:BTC", "BTC-USD-PERP:BTC"),
        ("okx/BTC/USD:BTC", "BTC-USD-PERP:BTC"),
        ("okx/BTC-USD-SWAP", "BTC-USD-PERP:BTC"),
    ],
)
def test_a_symbol_may_be_written_in_any_form(asked: str, symbol: str) -> None:
    assert get(f"/readings/{asked}")["symbol"] == symbol
    assert get(f"/books/{asked}")["symbol"] == symbol


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("symbol=BTC-*&venue=binance", ["binance BTC-USDT", "binance BTC-USDT-PERP"]),
        ("symbol=*-USDT&venue=b*", ["binance BTC-USDT", "binance ETH-USDT"]),
        ("market=perp", ["binance BTC-USDT-PERP", "okx BTC-USD-PERP:BTC"]),
        ("venue=okx&venue=kraken", ["okx BTC-USD-PERP:BTC", "kraken BTC-USDT"]),
        ("symbol=ETH/USDT", ["binance ETH-USDT"]),
        ("symbol=eth-usdt&symbol=*:BTC", ["okx BTC-USD-PERP:BTC", "binance ETH-USDT"]),
        ("symbol=DOGE-*", []),
    ],
)
def test_filters_are_globs_and_repeat(query: str, found: list[str]) -> None:
    assert names(f"/readings?{query}") == found


def test_pages_follow_each_other() -> None:
    first = get("/readings?limit=2&symbol=BTC-*")
    second = get(f"/readings?limit=2&symbol=BTC-*&cursor={first['next_cursor']}")
    assert len(first["readings"]) == len(second["readings"]) == 2
    assert [row["venue"] for row in second["readings"]] == ["okx", "kraken"]
    assert get(f"/symbols?cursor={second['next_cursor'] or 5}")["next_cursor"] is None


def test_the_catalogue_says_unit_bounds_and_outputs() -> None:
    by_key = {metric["key"]: metric for metric in get("/metrics")["metrics"]}
    depth = by_key["depth"]
    assert depth["bounds"] == [0, None]
    assert {output["unit"] for output in depth["outputs"]} == {"base_units", "quote_units"}
    bid = next(output for output in depth["outputs"] if output["name"] == "depth.base{band_bps=10,side=bid}")
    assert bid["labels"] == {"band_bps": "10", "side": "bid"}
    assert bid["prometheus"] == "obi_depth_base_units"
