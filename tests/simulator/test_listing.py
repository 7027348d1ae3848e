"""Worth of a lot."""

import pytest

from simulator.listing import Listing
from simulator.scale import Scale


def test_linear_and_inverse_worth() -> None:
    linear = Listing("A", "swap", "BTC", "USDT", Scale("0.1"), Scale("0.01"), contract=0.01)
    inverse = Listing("B", "coinm", "BTC", "USD", Scale("0.1"), Scale("1"), contract=100, inverse=True)
    assert linear.lot_notional(50_000) == pytest.approx(5)
    assert inverse.lot_notional(50_000) == 100
