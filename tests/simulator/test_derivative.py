"""What simulated derivatives have beside their books."""

from __future__ import annotations

from random import Random

import pytest

from simulator import derivative
from simulator.counters import Contiguous
from simulator.latent import Latent
from simulator.listing import Listing
from simulator.market import Market
from simulator.scale import Scale

T0 = 1_790_000_000 * 1_000_000_000


def market_of(**more: object) -> Market:
    listing = Listing("BTC-X", "x", "BTC", "USDT", Scale("0.1"), Scale("1"), **more)  # type: ignore[arg-type]
    counter = Contiguous(Random(1).randrange(10**9))
    return Market(listing, counter, seed="s", latent=Latent("BTC", 1), rate=10.0, start=T0)


def test_the_mark_stands_off_the_index_by_the_basis_and_funding_follows() -> None:
    market = market_of(contract=0.001, basis_bps=-20.0)
    premium = derivative.mark(market) / derivative.index(market, T0) - 1
    assert premium == pytest.approx(-20e-4, abs=2e-4)
    assert derivative.funding_rate(market, T0) == pytest.approx(premium / 8, abs=1e-8)


def test_funding_is_settled_on_the_grid() -> None:
    assert derivative.next_funding(T0) % (8 * derivative.HOUR_NS) == 0
    assert 0 < derivative.next_funding(T0) - T0 <= 8 * derivative.HOUR_NS
    assert derivative.next_funding(T0, 1) - T0 <= derivative.HOUR_NS


@pytest.mark.parametrize("more", [{"contract": 0.001}, {"contract": 100.0, "inverse": True}])
def test_open_interest_is_worth_the_same_whatever_the_contract(more: dict[str, object]) -> None:
    market = market_of(**more)
    lots = derivative.open_interest(market, T0)
    assert lots * market.listing.lot_notional(market.price()) == pytest.approx(derivative.WORTH, rel=0.04)
    assert derivative.open_interest(market, T0 + derivative.HOUR_NS // 3) != lots


def test_longs_change_with_the_period_and_by_who_is_counted() -> None:
    market, start = market_of(contract=0.001), derivative.period(T0)
    shares = [derivative.longs(market, start + k, "accounts") for k in (0, derivative.PERIOD_NS - 1)]
    assert shares[0] == shares[1] != derivative.longs(market, start + derivative.PERIOD_NS, "accounts")
    assert derivative.longs(market, T0, "top_positions") < derivative.longs(market, T0, "accounts")
    ratio = derivative.long_short_ratio(market, T0, "accounts")
    assert ratio / (1 + ratio) == pytest.approx(shares[0], abs=1e-4)


def test_some_prints_are_forced() -> None:
    market = market_of(contract=0.001)
    trades = []
    for step in range(1, 1500):
        trades += market.step(T0 + step * 100_000_000).trades
    found = derivative.forced(trades)
    assert 0 < len(found) < len(trades) / 10
    assert {trade.taker for trade in found} == {"buy", "sell"}
