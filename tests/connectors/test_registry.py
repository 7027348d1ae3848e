"""The registry: canonical, ccxt and native symbols, what several mean, what nothing means, and which asset is which."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors import all_venues
from connectors.assets import LEADING, TRAILING, Assets, multiple
from connectors.errors import UsageError
from connectors.instruments import Instrument
from connectors.registry import Registry

BINANCE = {
    "spot": ("BTCUSDT", "ETHUSDT", "BTCUSDC", "1000SATSUSDT", "1INCHUSDT"),
    "usdm": ("BTCUSDT", "ETHUSDT", "1000SHIBUSDT", "BTCUSDT_260925", "BTCUSDT_261225"),
    "coinm": ("BTCUSD_PERP", "BTCUSD_261225"),
}
OKX = ("BTC-USDT", "BTC-USDT-SWAP", "BTC-USD-SWAP", "BTC-USD-261225", "LUNA-USDT")


def inferred(venue: str, product: str, *natives: str) -> list[Instrument]:
    translator = all_venues()[venue, product]()
    return [translator.infer(native) for native in natives]


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    for product, natives in BINANCE.items():
        made.learn("binance", product, inferred("binance", product, *natives))
    made.learn("okx", "public", inferred("okx", "public", *OKX))
    return made


@pytest.mark.parametrize(
    ("text", "product", "native"),
    [
        ("BTC-USDT", "spot", "BTCUSDT"),
        ("btc-usdt", "spot", "BTCUSDT"),
        ("BTC/USDT", "spot", "BTCUSDT"),
        ("BTC-USDT-PERP", "usdm", "BTCUSDT"),
        ("BTC/USDT:USDT", "usdm", "BTCUSDT"),
        ("BTC/USDT:USDT-261225", "usdm", "BTCUSDT_261225"),
        ("BTCUSDT_260925", "usdm", "BTCUSDT_260925"),
        ("BTC-USD-PERP:BTC", "coinm", "BTCUSD_PERP"),
        ("BTC/USD:BTC", "coinm", "BTCUSD_PERP"),
        ("BTC/USD:BTC-261225", "coinm", "BTCUSD_261225"),
        ("btcusd_perp", "coinm", "BTCUSD_PERP"),
        ("1000SHIB-USDT-PERP", "usdm", "1000SHIBUSDT"),
        ("1000SHIB/USDT:USDT", "usdm", "1000SHIBUSDT"),
    ],
)
def test_every_form_finds_its_instrument(registry: Registry, text: str, product: str, native: str) -> None:
    assert registry.resolve(text, "binance") == ("binance", product, native)


def test_what_means_several_names_the_choices(registry: Registry) -> None:
    with pytest.raises(UsageError, match=r"BTCUSDT means BTC-USDT or BTC-USDT-PERP; write one of these"):
        registry.resolve("BTCUSDT", "binance")
    with pytest.raises(UsageError, match=r"BTC-USDT means binance BTC-USDT or okx BTC-USDT; write one"):
        registry.resolve("BTC-USDT")


def test_two_ids_of_one_symbol_are_told_by_their_ids() -> None:
    import dataclasses

    registry = Registry()
    [one] = inferred("binance", "spot", "BTCUSDT")
    twin = dataclasses.replace(one, native="BTCUSDT2")
    registry.learn("binance", "spot", [one, twin])
    with pytest.raises(UsageError, match="BTC-USDT means BTCUSDT or BTCUSDT2; write one of these"):
        registry.resolve("BTC-USDT")
    assert registry.resolve("BTCUSDT2") == ("binance", "spot", "BTCUSDT2")
    registry.learn("binance", "spot", [one, dataclasses.replace(twin, active=False)])
    assert registry.resolve("BTC-USDT") == ("binance", "spot", "BTCUSDT")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("BTC-USTD", "BTC-USDT"),
        ("ETH-USDT-PREP", "ETH-USDT-PERP"),
        ("SHIB-USDT-PERP", r"1000SHIB-USDT-PERP \(1000 SHIB each\)"),
        ("SHIB/USDT:USDT", r"1000SHIB-USDT-PERP \(1000 SHIB each\)"),
        ("BTC-USDT-261226", "BTC-USDT-261225"),
    ],
)
def test_what_nothing_means_suggests_the_nearest(registry: Registry, text: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"no instrument {text} on binance; did you mean {near}"):
        registry.resolve(text, "binance")


def test_where_nothing_is_near_it_says_what_to_write(registry: Registry) -> None:
    with pytest.raises(UsageError, match="no instrument QQQQQ on okx; write a symbol that the venue lists"):
        registry.resolve("QQQQQ", "okx")


def test_a_list_replaces_the_one_before(registry: Registry) -> None:
    registry.learn("binance", "usdm", inferred("binance", "usdm", "BTCUSDT"))
    assert registry.get(("binance", "usdm", "ETHUSDT")) is None
    with pytest.raises(UsageError, match="no instrument ETH-USDT-PERP on binance; did you mean ETH-USDT"):
        registry.resolve("ETH-USDT-PERP", "binance")
    assert registry.resolve("ETH-USDT", "binance") == ("binance", "spot", "ETHUSDT")


@pytest.mark.parametrize(
    ("pattern", "natives"),
    [
        ("*-usdt-perp", ["BTCUSDT", "ETHUSDT", "1000SHIBUSDT"]),
        ("BTC-USDT-[0-9]*", ["BTCUSDT_260925", "BTCUSDT_261225"]),
        ("*-USDT", ["BTCUSDT", "ETHUSDT", "1000SATSUSDT", "1INCHUSDT"]),
        ("BTC-USD-*:BTC", ["BTCUSD_PERP", "BTCUSD_261225"]),
        ("*-GBP", []),
    ],
)
def test_patterns_are_over_canonical_symbols(registry: Registry, pattern: str, natives: list[str]) -> None:
    assert [native for _, _, native in registry.matching(pattern, "binance")] == natives


# -- multiples and assets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticker", "asset", "times"),
    [
        ("1000SHIB", "SHIB", "1000"),
        ("1000000MOG", "MOG", "1000000"),
        ("1MBABYDOGE", "BABYDOGE", "1000000"),
        ("1INCH", "1INCH", "1"),
        ("1000X", "1000X", "1"),
        ("100CAT", "100CAT", "1"),
        ("BTC", "BTC", "1"),
        ("SHIB1000", "SHIB1000", "1"),
    ],
)
def test_multiples_are_read_as_a_venue_spells_them(ticker: str, asset: str, times: str) -> None:
    assert multiple(ticker, LEADING) == (asset, Decimal(times))


def test_multiples_may_stand_behind() -> None:
    assert multiple("SHIB1000", LEADING, TRAILING) == ("SHIB", Decimal(1000))
    assert multiple("SHIB1000") == ("SHIB1000", Decimal(1))


@pytest.mark.parametrize(
    ("venue", "product", "native", "symbol", "base", "times"),
    [
        ("binance", "usdm", "1000SHIBUSDT", "1000SHIB-USDT-PERP", "SHIB", 1000),
        ("binance", "spot", "1000SATSUSDT", "1000SATS-USDT", "SATS", 1000),
        ("binance", "spot", "1INCHUSDT", "1INCH-USDT", "1INCH", 1),
        ("bybit", "linear", "SHIB1000USDT", "SHIB1000-USDT-PERP", "SHIB", 1000),
        ("bybit", "linear", "1000PEPEUSDT", "1000PEPE-USDT-PERP", "PEPE", 1000),
        ("okx", "public", "SHIB-USDT-SWAP", "SHIB-USDT-PERP", "SHIB", 1),
    ],
)
def test_venues_say_their_multiples(
    venue: str, product: str, native: str, symbol: str, base: str, times: int
) -> None:
    [one] = inferred(venue, product, native)
    assert (one.symbol, one.base, one.multiplier) == (symbol, base, Decimal(times))


def test_sizes_in_base_are_of_the_asset_itself() -> None:
    """The sheet: of 1000PEPEUSDT the base amount is the size times 1000."""
    [one] = inferred("binance", "usdm", "1000PEPEUSDT")
    assert one.to_base(Decimal(7), Decimal("0.01")) == 7000
    [okx] = inferred("okx", "public", "BTC-USDT-SWAP")
    assert okx.to_base(Decimal(7), Decimal(1)) is None


def test_the_same_ticker_is_the_same_asset_only_where_it_is_said(registry: Registry) -> None:
    def of(venue: str, text: str) -> Instrument:
        found = registry.get(registry.resolve(text, venue))
        assert found is not None
        return found

    assert registry.same_asset(of("binance", "BTC-USDT"), of("okx", "BTC-USDT-PERP"))
    registry.learn("binance", "spot", inferred("binance", "spot", "LUNAUSDT"))
    assert registry.asset(of("okx", "LUNA-USDT")) == "okx:LUNA"
    assert not registry.same_asset(of("binance", "LUNA-USDT"), of("okx", "LUNA-USDT"))
    registry.assets = Assets({"terra 2": [("binance", "LUNA"), ("okx", "LUNA")]})
    assert registry.same_asset(of("binance", "LUNA-USDT"), of("okx", "LUNA-USDT"))
    assert Assets().of("bitfinex", "UST") == "USDT" != Assets().of("binance", "UST")
