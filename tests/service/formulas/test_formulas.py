"""Options chains, pools and concentrations: worked numbers, identities, and what is not defined."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.formulas.amm import amm, concentrated_amounts, divergence_loss, pool_imbalance, swap_output
from service.formulas.concentration import gini, hhi, imb
from service.formulas.gamma_exposure import (
    black76_gamma,
    flip_spot,
    gamma_exposure,
    strike_profile,
    unsigned_exposure,
)
from service.formulas.put_call_imbalance import by_expiry, put_call_imbalance

CHAIN = [
    {
        "type": "call",
        "strike": 100_000,
        "t_years": 0.25,
        "iv": 0.5,
        "oi": 100,
        "volume": 3,
        "expiry": "261225",
    },
    {"type": "put", "strike": 90_000, "t_years": 0.25, "iv": 0.5, "oi": 60, "volume": 1, "expiry": "270326"},
]
positive = st.floats(0.01, 1e6)


def test_calls_against_puts() -> None:
    assert put_call_imbalance(300, 200) == {"ratio": pytest.approx(2 / 3), "imbalance": 0.2}
    assert put_call_imbalance(0, 5) == {"ratio": None, "imbalance": -1}
    assert put_call_imbalance(0, 0) == {"ratio": None, "imbalance": None}


def test_a_chain_by_expiry_and_in_all() -> None:
    found = by_expiry(CHAIN)
    assert set(found) == {"total", "261225", "270326"}
    assert found["total"]["imbalance"] == 0.25
    assert found["270326"] == {"ratio": None, "imbalance": -1}
    assert by_expiry(CHAIN, "volume")["total"] == {"ratio": pytest.approx(1 / 3), "imbalance": 0.5}
    with pytest.raises(ValueError, match="a call or a put"):
        by_expiry([{"type": "swap"}])


def test_gamma_is_the_change_of_delta() -> None:
    def delta(forward: float) -> float:
        d1 = math.log(forward / 90) / (0.6 * math.sqrt(0.5)) + 0.6 * math.sqrt(0.5) / 2
        return (1 + math.erf(d1 / math.sqrt(2))) / 2

    slope = (delta(100 + 1e-4) - delta(100 - 1e-4)) / 2e-4
    assert black76_gamma(100, 90, 0.5, 0.6) == pytest.approx(slope, rel=1e-6)
    assert black76_gamma(100, 90, 0, 0.6) == 0


def test_gamma_exposure_and_its_parts() -> None:
    assert gamma_exposure(CHAIN, 100_000) == pytest.approx(75867.85105191167)
    assert gamma_exposure(CHAIN, 100_000, {"call": -1, "put": 1}) == pytest.approx(-75867.85105191167)
    profile = strike_profile(CHAIN, 100_000)
    assert list(profile) == [90_000, 100_000]
    assert sum(profile.values()) == pytest.approx(75867.85105191167)
    assert sum(map(abs, profile.values())) == pytest.approx(unsigned_exposure(CHAIN, 100_000))
    flip = flip_spot(CHAIN, 100_000)
    assert flip is not None
    assert gamma_exposure(CHAIN, flip) == pytest.approx(0, abs=1e-3)
    assert flip_spot(CHAIN[:1], 100_000) is None


@given(x=positive, y=positive, move=st.floats(0.001, 0.5))
def test_a_pool_moved_by_d_stands_at_the_new_price(x: float, y: float, move: float) -> None:
    found = amm(x, y, y / x, move)
    assert found["imbalance"] == pytest.approx(0, abs=1e-9)
    quote_in, base_out = found["quote_in_up"], found["base_out_up"]
    assert quote_in is not None
    assert base_out is not None
    assert (y + quote_in) / (x - base_out) == pytest.approx(y / x * (1 + move))
    assert (y + quote_in) * (x - base_out) == pytest.approx(x * y)
    base_in, quote_out = found["base_in_down"], found["quote_out_down"]
    assert base_in is not None
    assert quote_out is not None
    assert swap_output(x, y, base_in) == pytest.approx(quote_out)


def test_what_a_pool_cannot_say() -> None:
    assert amm(0, 10)["spot"] is None
    assert amm(1, 10)["imbalance"] is None
    assert amm(1, 10, 10, 1.0)["base_in_down"] is None
    assert swap_output(0, 10, 1) is None
    assert swap_output(100, 10_000, 10, 0.003) == pytest.approx(10_000 * 9.97 / 109.97)


@given(ratio=st.floats(0.01, 100))
def test_divergence_never_gains_and_is_the_same_both_ways(ratio: float) -> None:
    loss = divergence_loss(ratio)
    assert loss is not None
    assert loss <= 1e-15
    assert loss == pytest.approx(divergence_loss(1 / ratio), abs=1e-12)
    assert divergence_loss(1) == 0


def test_a_range_of_liquidity_gives_within_its_edges_alone() -> None:
    found = concentrated_amounts(10, 100, 144, 64, 121)
    assert found == {"dx": pytest.approx(10 * (1 / 10 - 1 / 11)), "dy": pytest.approx(10)}
    assert concentrated_amounts(10, 130, 150, 64, 121) == {"dx": 0, "dy": 0}
    back = concentrated_amounts(10, 144, 100, 64, 121)
    assert back == {"dx": pytest.approx(-found["dx"]), "dy": pytest.approx(-10)}
    with pytest.raises(ValueError, match="above 0"):
        concentrated_amounts(1, 0, 1)


def test_pools_of_many_assets() -> None:
    assert pool_imbalance([50, 30, 20], [0.5, 0.3, 0.2]) == pytest.approx(0, abs=1e-12)
    assert pool_imbalance([80, 20]) == pytest.approx(0.3)
    assert pool_imbalance([0, 0]) is None
    with pytest.raises(ValueError, match="2 assets, but 1 targets"):
        pool_imbalance([1, 2], [1])


def test_concentrations() -> None:
    assert imb(3, 1) == 0.5
    assert imb(0, 0) is None
    assert hhi([1, 1, 1, 1]) == 0.25
    assert gini([1, 1, 1, 1]) == 0
    assert gini([0, 0, 0, 4]) == pytest.approx(0.75)
    assert hhi([]) is gini([]) is None
    assert hhi([1, -1]) is gini([-1, 2]) is None


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=12))
def test_gini_is_the_mean_difference_over_twice_the_mean(values: list[float]) -> None:
    n, total = len(values), sum(values)
    found = gini(values)
    if total <= 0:
        assert found is None
        return
    wanted = sum(abs(one - other) for one in values for other in values) / (2 * n * total)
    assert found == pytest.approx(wanted, abs=1e-9)
