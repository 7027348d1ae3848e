"""One suite over all venues' instruments: recorded lists, lists after the documents, and what an id alone tells."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from connectors import all_venues
from connectors.instruments import Instrument, Market
from tests.support import captures

LISTS = {
    ("bitstamp", "public"): "bitstamp/spot-v2-multi-20220105",
    ("gate", "spot"): "gateio/spot-v4-multiA-20210422",
    ("gate", "usdt"): "gateio/futures-v4-multiA-20230524",
    ("gemini", "v2"): "gemini/v2-multi-20210624",
    ("upbit", "spot"): "upbit/multi-20210417",
    ("binance", "spot"): "binance/spot-multi-20211012",
    ("binance", "usdm"): "binance/usdm-multi-20210722",
    ("binance", "coinm"): "binance/coinm-multi-20210722",
    ("binance_us", "spot"): "binance_us/spot-multi-20211012",
    ("okx", "public"): "okx/public-books-multi-20220513",
    ("kraken", "spot"): "kraken/spot-v1-book1000-multi-20210417",
    ("coinbase_exchange", "exchange"): "coinbase/exchange-level2-multiA-20210417",
}


def listed(key: tuple[str, str]) -> dict[str, Instrument]:
    """Instruments of a recorded list."""
    venue = all_venues()[key]()
    found: dict[str, Instrument] = {}
    with gzip.open(captures.beside(f"{LISTS[key]}.instruments.jsonl.gz"), "rt", encoding="utf-8") as file:
        for line in map(json.loads, file):
            found |= {one.native: one for one in venue.instruments(json.loads(line["msg"]))}
    return found


WANTED = {
    ("bitstamp", "public"): {"usdteur": ("USDT-EUR", Market.SPOT, "1", False, "0.00001", "0.00001")},
    ("gate", "spot"): {"OMG_USDT": ("OMG-USDT", Market.SPOT, "1", False, "0.001", "0.001")},
    ("gate", "usdt"): {"OMG_USDT": ("OMG-USDT-PERP", Market.PERP, "1", False, "0.0001", "1")},
    ("gemini", "v2"): {"FILUSD": ("FIL-USD", Market.SPOT, "1", False, "0.0001", "0.000001")},
    ("binance", "coinm"): {
        "BTCUSD_211231": ("BTC-USD-211231:BTC", Market.FUTURE, "100", True, "0.1", "1"),
        "ETCUSD_PERP": ("ETC-USD-PERP:ETC", Market.PERP, "10", True, "0.001", "1"),
    },
    ("binance", "usdm"): {"SUSHIUSDT": ("SUSHI-USDT-PERP", Market.PERP, "1", False, "0.0010", "1")},
    ("binance", "spot"): {"NKNUSDT": ("NKN-USDT", Market.SPOT, "1", False, "0.0001", "1")},
    ("okx", "public"): {
        "BTC-USDT": ("BTC-USDT", Market.SPOT, "1", False, "0.1", "0.00000001"),
        "BTC-USD-220527": ("BTC-USD-220527:BTC", Market.FUTURE, "100", True, "0.1", "1"),
        "UNI-USD-SWAP": ("UNI-USD-PERP:UNI", Market.PERP, "10", True, "0.001", "1"),
    },
    ("coinbase_exchange", "exchange"): {"NMR-EUR": ("NMR-EUR", Market.SPOT, "1", False, "0.0001", "0.001")},
    ("kraken", "spot"): {"BTC/CHF": ("BTC-CHF", Market.SPOT, "1", False, "0.1", "0.00000001")},
}


@pytest.mark.parametrize("key", LISTS, ids=" ".join)
def test_recorded_lists_of_instruments_are_read(key: tuple[str, str]) -> None:
    found = listed(key)
    assert found
    for native, (symbol, market, size, inverse, tick, lot) in WANTED.get(key, {}).items():
        one = found[native]
        got = (one.symbol, one.market, one.contract_size, one.inverse, one.tick, one.lot)
        assert got == (symbol, market, Decimal(size), inverse, Decimal(tick), Decimal(lot)), native
    for one in found.values():
        assert (one.venue, one.inferred) == (key[0], False)
        assert one.tick is None or one.tick > 0
        assert one.lot is None or one.lot > 0


@pytest.mark.parametrize("key", LISTS, ids=" ".join)
def test_what_an_id_alone_tells_agrees_with_the_list(key: tuple[str, str]) -> None:
    venue = all_venues()[key]()
    for native, one in listed(key).items():
        inferred = venue.infer(native)
        assert inferred.inferred
        assert (inferred.symbol, inferred.market, inferred.inverse) == (
            one.symbol,
            one.market,
            one.inverse,
        ), native
        assert inferred.contract_size in (None, one.contract_size)


ROWS: dict[tuple[str, str], tuple[Any, tuple[str, str, Market, str, bool, str, str]]] = {
    ("bybit", "linear"): (
        {
            "retCode": 0,
            "result": {
                "category": "linear",
                "list": [
                    {
                        "symbol": "BTC-26DEC25",
                        "contractType": "LinearFutures",
                        "status": "Trading",
                        "baseCoin": "BTC",
                        "quoteCoin": "USDC",
                        "settleCoin": "USDC",
                        "deliveryTime": "1766736000000",
                        "priceFilter": {"tickSize": "0.50"},
                        "lotSizeFilter": {"qtyStep": "0.001"},
                    }
                ],
            },
        },
        ("BTC-26DEC25", "BTC-USDC-251226", Market.FUTURE, "1", False, "0.50", "0.001"),
    ),
    ("bybit", "inverse"): (
        {
            "result": {
                "category": "inverse",
                "list": [
                    {
                        "symbol": "BTCUSD",
                        "contractType": "InversePerpetual",
                        "status": "Trading",
                        "baseCoin": "BTC",
                        "quoteCoin": "USD",
                        "settleCoin": "BTC",
                        "deliveryTime": "0",
                        "priceFilter": {"tickSize": "0.10"},
                        "lotSizeFilter": {"qtyStep": "1"},
                    }
                ],
            },
        },
        ("BTCUSD", "BTC-USD-PERP:BTC", Market.PERP, "1", True, "0.10", "1"),
    ),
    ("bybit", "spot"): (
        {
            "result": {
                "category": "spot",
                "list": [
                    {
                        "symbol": "BTCUSDT",
                        "status": "Trading",
                        "baseCoin": "BTC",
                        "quoteCoin": "USDT",
                        "priceFilter": {"tickSize": "0.1"},
                        "lotSizeFilter": {"basePrecision": "0.000001", "quotePrecision": "0.0000001"},
                    }
                ],
            },
        },
        ("BTCUSDT", "BTC-USDT", Market.SPOT, "1", False, "0.1", "0.000001"),
    ),
    ("okx", "public"): (
        {
            "code": "0",
            "data": [
                {
                    "instId": "BTC-USDT-SWAP",
                    "instType": "SWAP",
                    "baseCcy": "",
                    "quoteCcy": "",
                    "uly": "BTC-USDT",
                    "settleCcy": "USDT",
                    "ctType": "linear",
                    "ctVal": "0.01",
                    "ctMult": "1",
                    "ctValCcy": "BTC",
                    "tickSz": "0.1",
                    "lotSz": "0.01",
                    "state": "live",
                }
            ],
        },
        ("BTC-USDT-SWAP", "BTC-USDT-PERP", Market.PERP, "0.01", False, "0.1", "0.01"),
    ),
    ("bitstamp", "public"): (
        [
            {
                "name": "BTC/USD-PERP",
                "market_symbol": "btcusd-perp",
                "market_type": "PERPETUAL",
                "payoff_type": "Linear",
                "contract_size": "1.00000000",
                "underlying_asset": "BTC",
                "base_currency": "BTC",
                "base_decimals": 8,
                "counter_currency": "USD",
                "counter_decimals": 0,
                "trading": "Enabled",
            }
        ],
        ("btcusd-perp", "BTC-USD-PERP", Market.PERP, "1", False, "1", "0.00000001"),
    ),
    ("dydx", "perp"): (
        {
            "markets": {
                "BUFFI,RAYDIUM,8XS-USD": {
                    "clobPairId": "200",
                    "ticker": "BUFFI,RAYDIUM,8XS-USD",
                    "status": "ACTIVE",
                    "tickSize": "0.0001",
                    "stepSize": "10",
                }
            }
        },
        (
            "BUFFI,RAYDIUM,8XS-USD",
            "BUFFI,RAYDIUM,8XS-USD-PERP:USDC",
            Market.PERP,
            "1",
            False,
            "0.0001",
            "10",
        ),
    ),
    ("gate", "btc"): (
        [
            {
                "name": "BTC_USD",
                "type": "inverse",
                "quanto_multiplier": "0",
                "order_price_round": "0.1",
                "in_delisting": False,
            }
        ],
        ("BTC_USD", "BTC-USD-PERP:BTC", Market.PERP, "1", True, "0.1", "1"),
    ),
    ("bitget", "spot"): (
        {
            "code": "00000",
            "data": [
                {
                    "symbol": "BTCUSDT",
                    "baseCoin": "BTC",
                    "quoteCoin": "USDT",
                    "pricePrecision": "2",
                    "quantityPrecision": "6",
                    "status": "online",
                }
            ],
        },
        ("BTCUSDT", "BTC-USDT", Market.SPOT, "1", False, "0.01", "0.000001"),
    ),
    ("bitget", "usdt"): (
        {
            "code": "00000",
            "data": [
                {
                    "symbol": "BTCUSDT",
                    "baseCoin": "BTC",
                    "quoteCoin": "USDT",
                    "pricePlace": "1",
                    "priceEndStep": "5",
                    "volumePlace": "4",
                    "sizeMultiplier": "0.0001",
                    "symbolType": "perpetual",
                    "symbolStatus": "normal",
                }
            ],
        },
        ("BTCUSDT", "BTC-USDT-PERP", Market.PERP, "1", False, "0.5", "0.0001"),
    ),
    ("gemini", "public"): (
        [
            {
                "symbol": "BTCGUSDPERP",
                "base_currency": "BTC",
                "quote_currency": "GUSD",
                "tick_size": 0.0001,
                "quote_increment": 0.5,
                "min_order_size": "0.0001",
                "status": "open",
                "product_type": "swap",
                "contract_type": "linear",
            }
        ],
        ("btcgusdperp", "BTC-GUSD-PERP", Market.PERP, "1", False, "0.5", "0.0001"),
    ),
    ("coinbase", "advanced"): (
        {
            "products": [
                {
                    "product_id": "BTC-USD",
                    "product_type": "SPOT",
                    "base_currency_id": "BTC",
                    "quote_currency_id": "USD",
                    "price_increment": "0.01",
                    "quote_increment": "0.01",
                    "base_increment": "0.00000001",
                    "status": "online",
                    "trading_disabled": False,
                }
            ]
        },
        ("BTC-USD", "BTC-USD", Market.SPOT, "1", False, "0.01", "0.00000001"),
    ),
}


@pytest.mark.parametrize("key", ROWS, ids=" ".join)
def test_lists_of_instruments_after_the_documents_are_read(key: tuple[str, str]) -> None:
    answer, (native, symbol, market, size, inverse, tick, lot) = ROWS[key]
    (one,) = all_venues()[key]().instruments(answer)
    got = (one.native, one.symbol, one.market, one.contract_size, one.inverse, one.tick, one.lot, one.active)
    assert got == (native, symbol, market, Decimal(size), inverse, Decimal(tick), Decimal(lot), True)
    assert all_venues()[key]().infer(native).symbol == symbol


@pytest.mark.parametrize(
    ("key", "native", "symbol"),
    [
        (("binance", "spot"), "ETHUSDT", "ETH-USDT"),
        (("binance", "spot"), "BTCFDUSD", "BTC-FDUSD"),
        (("binance", "usdm"), "BTCUSDT_260925", "BTC-USDT-260925"),
        (("binance", "coinm"), "BTCUSD_261225", "BTC-USD-261225:BTC"),
        (("okx", "public"), "BTC-USD-SWAP", "BTC-USD-PERP:BTC"),
        (("okx", "public"), "BTC-USD-260327-92000-C", "BTC-USD-260327-92000-C:BTC"),
        (("bybit", "linear"), "BTCPERP", "BTC-USDC-PERP"),
        (("bybit", "linear"), "BTCUSDT-26DEC25", "BTC-USDT-251226"),
        (("bybit", "inverse"), "BTCUSD", "BTC-USD-PERP:BTC"),
        (("kraken", "spot"), "BTC/USD", "BTC-USD"),
        (("coinbase", "advanced"), "EURC-USDC", "EURC-USDC"),
    ],
)
def test_symbols_are_inferred_from_ids(key: tuple[str, str], native: str, symbol: str) -> None:
    assert all_venues()[key]().infer(native).symbol == symbol
