"""Volumes of 24 hours in quote units: one answer after the documents for each product that ranks; ends of dated ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors import all_venues
from connectors.instruments import Market
from connectors.venues.kraken import RENAMED, spelt
from tests.support import captures

Key = tuple[str, str]
BINANCE = [{"symbol": "BTCUSDT", "volume": "2", "quoteVolume": "120000.5"}]
BYBIT = {"result": {"list": [{"symbol": "BTCUSD", "turnover24h": "2.5", "volume24h": "120000"}]}}
BITGET = {"data": [{"symbol": "BTCUSDT", "baseVolume": "13907.0386", "quoteVolume": "519127705.303"}]}
GATE = {"volume_24h": "900", "volume_24h_base": "2", "volume_24h_quote": "120000"}

# Answer -> native id and what was traded of it in 24 hours, in quote units.
ANSWERS: dict[Key, list[tuple[Any, dict[str, str]]]] = {
    ("binance", "spot"): [(BINANCE, {"BTCUSDT": "120000.5"})],
    ("binance", "usdm"): [(BINANCE, {"BTCUSDT": "120000.5"})],
    ("binance", "coinm"): [
        (
            [{"symbol": "BTCUSD_PERP", "volume": "1200", "baseVolume": "2", "weightedAvgPrice": "60000.0"}],
            {"BTCUSD_PERP": "120000"},
        )
    ],
    ("binance_us", "spot"): [(BINANCE, {"BTCUSDT": "120000.5"})],
    ("bitfinex", "public"): [
        (
            [
                ["tBTCUSD", 59999, 1, 60001, 1, -5, -0.01, 60000, 2.5, 61000, 59000],
                ["fUSD", 0.0001, 0.0002, 30, 9, 0.0003, 2, 9, 0, 0, 0.0002, 90000, 1, 0, None, None, 10],
            ],
            {"tBTCUSD": "150000"},
        )
    ],
    ("bitget", "spot"): [(BITGET, {"BTCUSDT": "519127705.303"})],
    ("bitget", "usdt"): [(BITGET, {"BTCUSDT": "519127705.303"})],
    ("bitstamp", "public"): [
        ([{"pair": "BTC/USD", "volume": "2", "vwap": "25681", "last": "26216"}], {"btcusd": "51362"})
    ],
    ("bybit", "inverse"): [(BYBIT, {"BTCUSD": "120000"})],
    ("bybit", "linear"): [(BYBIT, {"BTCUSD": "2.5"})],
    ("bybit", "spot"): [(BYBIT, {"BTCUSD": "2.5"})],
    ("coinbase", "advanced"): [
        (
            {
                "products": [
                    {
                        "product_id": "ETH-USD",
                        "volume_24h": "87329.9",
                        "approximate_quote_24h_volume": "390503641.25",
                    },
                    {"product_id": "NEW-USD", "volume_24h": "", "approximate_quote_24h_volume": ""},
                ]
            },
            {"ETH-USD": "390503641.25", "NEW-USD": "0"},
        )
    ],
    ("crypto_com", "market"): [
        (
            {"result": {"data": [{"i": "ETH_BTC", "a": "0.05", "v": "100", "vv": "300000"},
                                 {"i": "NEW_USD", "a": None, "v": "0", "vv": "0"}]}},
            {"ETH_BTC": "5", "NEW_USD": "0"},
        )
    ],
    ("deribit", "public"): [
        (
            {
                "result": [
                    {"instrument_name": "BTC-PERPETUAL", "volume": 2.0, "last": 60000.0, "mark_price": 60001.0},
                    {"instrument_name": "BTC_USDC", "volume": 2.0, "last": None, "mark_price": 60000.0},
                    {"instrument_name": "BTC-10MAR26-7750-C", "volume": 100.0, "last": 0.0205, "underlying_price": 7800.0},
                ]
            },
            {"BTC-PERPETUAL": "120000", "BTC_USDC": "120000", "BTC-10MAR26-7750-C": "780000"},
        )
    ],
    ("dydx", "perp"): [
        ({"markets": {"BTC-USD": {"ticker": "BTC-USD", "volume24H": "1292729.3605"}}}, {"BTC-USD": "1292729.3605"})
    ],
    ("gate", "spot"): [
        (
            [
                {"currency_pair": "KFC_USDT", "base_volume": "1219.05", "quote_volume": "8807.40"},
                {"currency_pair": "NEW_USDT", "base_volume": "nan", "quote_volume": "nan"},
            ],
            {"KFC_USDT": "8807.40", "NEW_USDT": "0"},
        )
    ],
    ("gate", "usdt"): [([{"contract": "BTC_USDT", **GATE}], {"BTC_USDT": "120000"})],
    ("gate", "btc"): [([{"contract": "BTC_USD", **GATE}], {"BTC_USD": "120000"})],
    ("htx", "spot"): [
        ({"data": [{"symbol": "hbcbtc", "amount": 1183.87, "vol": 0.0618599229}]}, {"hbcbtc": "0.0618599229"})
    ],
    ("htx", "linear"): [
        (
            {"ticks": [{"contract_code": "BTC-USDT", "amount": "2", "vol": "2000", "trade_turnover": "120000.5"}]},
            {"BTC-USDT": "120000.5"},
        )
    ],
    ("htx", "inverse"): [
        ({"ticks": [{"contract_code": "BTC-USD", "amount": "2", "vol": "1200", "close": "60000"}]}, {"BTC-USD": "120000"})
    ],
    ("hyperliquid", "public"): [
        (
            [{"universe": [{"name": "BTC"}, {"name": "kPEPE"}]}, [{"dayNtlVlm": "9450588.2"}, {"dayNtlVlm": "7.5"}]],
            {"BTC": "9450588.2", "kPEPE": "7.5"},
        ),
        (
            [
                {"tokens": [], "universe": [{"name": "PURR/USDC"}, {"name": "@1"}]},
                [{"coin": "PURR/USDC", "dayNtlVlm": "8906.0"}, {"coin": "@1", "dayNtlVlm": "0.0"}],
            ],
            {"PURR/USDC": "8906", "@1": "0"},
        ),
    ],
    ("kraken", "spot"): [
        (
            {
                "error": [],
                "result": {
                    "XXBTZUSD": {"v": ["1", "2"], "p": ["59000", "60000"]},
                    "AAVEEUR": {"v": ["1", "10"], "p": ["90", "100"]},
                    "WHATEVER": {"v": ["1", "10"], "p": ["90", "100"]},
                },
            },
            {"BTC/USD": "120000", "AAVE/EUR": "1000"},
        )
    ],
    ("kraken_futures", "futures"): [
        (
            {
                "tickers": [
                    {"symbol": "PI_XBTUSD", "vol24h": 120000, "last": 60000},
                    {"symbol": "pf_xbtusd", "vol24h": 2.5, "last": 60000},
                    {"symbol": "in_xbtusd", "last": 60000},
                ]
            },
            {"PI_XBTUSD": "120000", "PF_XBTUSD": "150000"},
        )
    ],
    ("kucoin", "spot"): [
        (
            {"data": {"tradeType": "SPOT", "list": [
                {"symbol": "BTC-USDT", "baseVolume": "1882.1", "quoteVolume": "207325626.822922498"},
                {"symbol": "NEW-USDT", "baseVolume": None, "quoteVolume": None},
            ]}},
            {"BTC-USDT": "207325626.822922498", "NEW-USDT": "0"},
        )
    ],
    ("kucoin", "futures"): [
        (
            {"data": {"tradeType": "FUTURES", "list": [
                {"symbol": "XBTUSDTM", "baseVolume": "9998.54", "quoteVolume": "659795309.25"},
                {"symbol": "XBTUSDM", "baseVolume": "120000", "quoteVolume": "2"},
            ]}},
            {"XBTUSDTM": "659795309.25"},
        )
    ],
    ("mexc", "spot"): [(BINANCE, {"BTCUSDT": "120000.5"})],
    ("mexc", "contract"): [
        (
            {
                "data": [
                    {"symbol": "ETH_USDT", "lastPrice": 3581.3, "volume24": 4045530, "amount24": 141331823.5755},
                    {"symbol": "BTC_USD", "lastPrice": 60000, "volume24": 1200, "amount24": 2},
                ]
            },
            {"ETH_USDT": "141331823.5755", "BTC_USD": "120000"},
        )
    ],
    ("okx", "public"): [
        (
            {
                "data": [
                    {"instType": "SPOT", "instId": "BTC-USDT", "last": "60000", "vol24h": "2", "volCcy24h": "120000"},
                    {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "last": "60000", "vol24h": "200", "volCcy24h": "2"},
                    {"instType": "FUTURES", "instId": "BTC-USD-261225", "last": "", "vol24h": "0", "volCcy24h": "0"},
                ]
            },
            {"BTC-USDT": "120000", "BTC-USDT-SWAP": "120000", "BTC-USD-261225": "0"},
        )
    ],
    ("upbit", "spot"): [
        (
            [{"market": "BTC-ETH", "acc_trade_price_24h": 289.58650166, "acc_trade_volume_24h": 9754.4}],
            {"BTC-ETH": "289.58650166"},
        )
    ],
}  # fmt: skip
# Volumes are told of one product a request, or not at all: there is no ranking of what the venue lists.
UNRANKED = {"bithumb", "coinbase_exchange", "gemini"}


@pytest.mark.parametrize("key", ANSWERS, ids=" ".join)
def test_volumes_are_in_quote_units(key: Key) -> None:
    for answer, wanted in ANSWERS[key]:
        found = dict(all_venues()[key]().volumes(answer))
        assert found == {native: Decimal(volume) for native, volume in wanted.items()}
        assert all(isinstance(volume, Decimal) for volume in found.values())


def test_every_product_that_ranks_has_an_example_and_every_venue_ranks_or_is_known_not_to() -> None:
    kinds = {key: kind for key, kind in all_venues().items() if not kind.superseded}
    assert {key for key, kind in kinds.items() if kind().volume_paths()} == set(ANSWERS)
    assert {name for name, _ in kinds} - {name for name, _ in ANSWERS} == UNRANKED


def test_kraken_writes_each_pair_as_its_own_list_says() -> None:
    (line,) = [
        line
        for line in captures.lines("kraken/spot-v1-book1000-multi-20210417.instruments")
        if line["url"].endswith("/AssetPairs")
    ]
    rows = {name: row["wsname"] for name, row in json.loads(line["msg"])["result"].items() if "wsname" in row}
    assert len(rows) > 250
    wrong = {
        name: spelt(name)
        for name, ours in rows.items()
        if spelt(name) != "/".join(RENAMED.get(part, part) for part in ours.split("/"))
    }
    assert wrong == {}


# -- ends ------------------------------------------------------------------------------------------------------------

DATED = {
    ("binance", "usdm"): "binance/usdm-multi-20210722",
    ("binance", "coinm"): "binance/coinm-multi-20210722",
    ("deribit", "public"): "deribit/v2-multi-20210722",
    ("htx", "linear"): "htx/coin-swap-multi-20220219",
    ("kraken_futures", "futures"): "kraken_futures/futures-v1-multi-20210722",
    ("okx", "public"): "okx/public-books-multi-20220513",
}
ROWS: dict[Key, dict[str, Any]] = {
    ("bybit", "linear"): {
        "symbol": "BTCUSDT-25DEC26", "contractType": "LinearFutures", "status": "Trading", "baseCoin": "BTC",
        "quoteCoin": "USDT", "deliveryTime": "1798185600000", "priceFilter": {"tickSize": "0.5"},
        "lotSizeFilter": {"qtyStep": "0.001"},
    },
    ("kucoin", "futures"): {
        "symbol": "XBTMZ26", "baseCurrency": "XBT", "quoteCurrency": "USD", "isInverse": True, "unitSize": "-1",
        "tickSize": "0.1", "lotSize": "1", "tradingStatus": "1", "contractType": "1", "expiryTime": 1798185600000,
    },
    ("crypto_com", "market"): {
        "symbol": "BTCUSD-261225", "inst_type": "FUTURE", "base_ccy": "BTC", "quote_ccy": "USD", "tradable": True,
        "qty_tick_size": "0.0001", "price_tick_size": "0.1", "expiry_timestamp_ms": 1798185600000,
    },
}  # fmt: skip


def answer_with(key: Key, row: dict[str, Any]) -> Any:
    """A list of one instrument."""
    return {
        "bybit": {"result": {"list": [row]}},
        "kucoin": {"data": {"tradeType": "FUTURES", "list": [row]}},
        "crypto_com": {"result": {"data": [row]}},
    }[key[0]]


@pytest.mark.parametrize("key", ROWS, ids=" ".join)
def test_lists_after_the_documents_say_when_a_dated_one_ends(key: Key) -> None:
    (one,) = all_venues()[key]().instruments(answer_with(key, ROWS[key]))
    assert (one.market, one.expiry, one.expires) == (Market.FUTURE, "261225", 1_798_185_600_000_000_000)


@pytest.mark.parametrize("key", DATED, ids=" ".join)
def test_recorded_lists_say_when_each_dated_one_ends_and_nothing_else_does(key: Key) -> None:
    venue, dated = all_venues()[key](), 0
    for line in captures.lines(f"{DATED[key]}.instruments"):
        for one in venue.instruments(json.loads(line["msg"])) if venue.lists_instruments(line["url"]) else ():
            assert bool(one.expires) == (one.market in (Market.FUTURE, Market.OPTION)), one.native
            if one.expires:
                dated += 1
                day = datetime.fromtimestamp(one.expires / 1e9, UTC)
                assert day.strftime("%y%m%d") == one.expiry, one.native
    assert dated or key == ("htx", "linear"), "HTX listed no dated one by then"


def test_every_product_with_dated_ones_says_when_they_end() -> None:
    dated = {key for key, kind in all_venues().items() if kind.markets & {Market.FUTURE, Market.OPTION}}
    bybits = {("bybit", "inverse")}  # the reader of the linear list
    assert dated == set(DATED) | set(ROWS) | bybits
