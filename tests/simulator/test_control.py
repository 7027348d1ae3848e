"""What the control endpoint understands."""

import pytest

from simulator.control import command, status, truth
from simulator.venues.kraken import Kraken
from tests.simulator.clients import NS, T0


def test_orders() -> None:
    its = Kraken(start=T0)
    command(its, {"fault": "drop", "symbol": "BTC/USD", "count": 3}, T0)
    command(its, {"episode": "shock", "symbol": "BTC/USD", "seconds": 5}, T0)
    found = status(its, T0)
    assert found["faults"] == [{"fault": "Drop", "count": 3}]
    assert found["episodes"] == {"spot/BTC/USD": "shock", "spot/ETH/USD": "calm"}
    command(its, {"fault": "clear"}, T0)
    assert status(its, T0)["faults"] == []


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"fault": "nothing"},
        {"fault": "drop", "x": 1},
        {"episode": "nothing"},
        {"episode": "calm", "symbol": "X"},
        {"episode": "calm", "x": 1},
    ],
)
def test_bad_orders(order: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"fault|episode|market"):
        command(Kraken(start=T0), order, T0)


def test_truth() -> None:
    its = Kraken(start=T0)
    found = truth(its, "BTC/USD", None, 2, T0 + NS)
    assert len(found["bids"]) == 2
    assert found["bids"][0][0].count(".") == 1
    with pytest.raises(ValueError, match="no market"):
        truth(its, "X", "spot", None, T0)
