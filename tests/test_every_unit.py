"""Units: for each derivative product worked examples, from native size at a price to base and quote, through a print.

`contract` is what the venue's list says of the instrument, where sizes are contracts; how the lists are read is tested
in `test_every_instrument.py`. A product with derivatives and without an example here fails.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal

import pytest

from connectors import all_venues
from connectors.instruments import Market
from connectors.session import Session
from connectors.sync import Pair
from connectors.venue import Channel
from tests.test_every_venue import WIRES, Prints

Key = tuple[str, str]


@dataclass(frozen=True)
class Example:
    """`size` units of a native size at a price are so much of the base and worth so much of the quote."""

    key: Key
    native: str
    size: str
    price: str
    base: str
    quote: str
    contract: str = ""
    inverse: bool = False


EXAMPLES = (
    # Contracts of so many USD: worth in quote first, divided by the price in base.
    Example(
        ("binance", "coinm"), "BCHUSD_PERP", "24", "427.84", "0.560957367", "240", contract="10", inverse=True
    ),
    Example(("binance", "coinm"), "BTCUSD_PERP", "5", "50000", "0.01", "500", contract="100", inverse=True),
    Example(("bybit", "inverse"), "BTCUSD", "25000", "50000", "0.5", "25000", inverse=True),
    Example(("deribit", "public"), "BTC-PERPETUAL", "1000", "50000", "0.02", "1000", inverse=True),
    Example(("gate", "btc"), "BTC_USD", "25", "80000", "0.0003125", "25", inverse=True),
    Example(("htx", "inverse"), "BTC-USD", "6", "50000", "0.012", "600", contract="100", inverse=True),
    Example(
        ("htx", "inverse"), "ATOM-USD", "6", "26.5841", "2.256988199713", "60", contract="10", inverse=True
    ),
    Example(
        ("kraken_futures", "futures"), "PI_XBTUSD", "4787", "2004.85", "2.387709803727", "4787", inverse=True
    ),
    Example(("kraken_futures", "futures"), "FI_XBTUSD_260925", "100", "50000", "0.002", "100", inverse=True),
    Example(("kucoin", "futures"), "XBTUSDM", "500", "50000", "0.01", "500", contract="1", inverse=True),
    Example(("mexc", "contract"), "BTC_USD", "5", "50000", "0.01", "500", contract="100", inverse=True),
    Example(("okx", "public"), "BTC-USD-SWAP", "7", "50000", "0.014", "700", contract="100", inverse=True),
    # Contracts of so much of the base.
    Example(("gate", "usdt"), "BTC_USDT", "25", "78850.5", "0.0025", "197.12625", contract="0.0001"),
    Example(("gate", "usdt"), "CHR_USDT", "25", "0.2", "250", "50", contract="10"),
    Example(("htx", "linear"), "BTC-USDT", "2", "19425", "0.002", "38.85", contract="0.001"),
    Example(("kucoin", "futures"), "XBTUSDTM", "1", "39615", "0.001", "39.615", contract="0.001"),
    Example(("mexc", "contract"), "BTC_USDT", "55", "115309.8", "0.0055", "634.2039", contract="0.0001"),
    Example(("okx", "public"), "BTC-USDT-SWAP", "7", "60000", "0.07", "4200", contract="0.01"),
    Example(("okx", "public"), "BTC-USD-260327-92000-C", "5", "0.01", "0.05", "0.0005", contract="0.01"),
    # The base itself.
    Example(("binance", "usdm"), "BTCUSDT", "0.014", "50000", "0.014", "700"),
    Example(("binance", "usdm"), "1000PEPEUSDT", "3", "0.01", "3000", "0.03"),
    Example(("bitfinex", "public"), "tBTCF0:USTF0", "2", "50000", "2", "100000"),
    Example(("bitget", "usdt"), "BTCUSDT", "0.0783", "76598.9", "0.0783", "5997.69387"),
    Example(("bitstamp", "public"), "btcusd-perp", "0.25", "60000", "0.25", "15000"),
    Example(("bybit", "linear"), "BTCUSDT", "0.5", "50000", "0.5", "25000"),
    Example(("crypto_com", "market"), "BTCUSD-PERP", "0.0001", "51327.5", "0.0001", "5.13275"),
    Example(("deribit", "public"), "SOL_USDC-PERPETUAL", "3", "150", "3", "450"),
    Example(("deribit", "public"), "BTC-27DEC26-100000-C", "0.5", "0.01", "0.5", "0.005"),
    Example(("dydx", "perp"), "BTC-USD", "0.25", "60000", "0.25", "15000"),
    Example(("gemini", "public"), "btcgusdperp", "0.25", "60000", "0.25", "15000"),
    Example(("hyperliquid", "public"), "BTC", "2", "50000", "2", "100000"),
    Example(("kraken_futures", "futures"), "PF_XBTUSD", "0.25", "50000", "0.25", "12500"),
)
LINEAR_AND_INVERSE = {
    "okx public",
    "deribit public",
    "kraken_futures futures",
    "kucoin futures",
    "mexc contract",
}


@pytest.mark.parametrize("one", EXAMPLES, ids=lambda one: f"{one.key[0]} {one.native}")
def test_a_native_size_becomes_base_and_quote(one: Example) -> None:
    venue, wire = all_venues()[one.key](), WIRES[one.key]()
    instrument = venue.infer(one.native)
    if one.contract:
        assert instrument.contract_size is None, "the id alone does not tell"
        instrument = dataclasses.replace(instrument, contract_size=Decimal(one.contract))
    assert instrument.market is not Market.SPOT
    assert instrument.inverse is one.inverse
    size, price = Decimal(one.size), Decimal(one.price)
    base = instrument.to_base(size, price)
    assert base == pytest.approx(Decimal(one.base), rel=Decimal("1e-9"))

    wire.native = one.native
    session = Session(venue, next(name for name in venue.routes if Channel.TRADES in venue.channels(name)))
    pair = session.add(Pair(venue, instrument))
    pair.listener = prints = Prints()
    session.keeper.prepare(pair)
    session.keeper.opened(1)
    for frame in [*wire.greeting(), wire.fill(one.price, one.size, "buy")]:
        for part in frame.split("\n"):
            session.received(wire.packed(part), 2)
    ((at, in_base, in_quote, side),) = prints.found
    assert at == pytest.approx(float(price / instrument.multiplier))
    assert side == 1
    assert [in_base, in_quote] == pytest.approx([float(one.base), float(one.quote)], rel=1e-9)


def test_every_product_with_derivatives_has_an_example_of_each_kind_of_contract() -> None:
    kinds = {
        key for key, kind in all_venues().items() if kind.markets - {Market.SPOT} and not kind.superseded
    }
    assert kinds == {one.key for one in EXAMPLES}
    both = {key for key in kinds if {one.inverse for one in EXAMPLES if one.key == key} == {True, False}}
    assert {" ".join(key) for key in both} == LINEAR_AND_INVERSE
