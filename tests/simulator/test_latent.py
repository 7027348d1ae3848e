"""The latent price is a function of seed, asset and time."""

from simulator.latent import Latent
from tests.simulator.clients import NS, T0


def test_same_everywhere_and_smooth() -> None:
    one, same, other = Latent("BTC", 1), Latent("BTC", 1), Latent("BTC", 2)
    assert one.at(T0) == same.at(T0) != other.at(T0)
    moves = [abs(one.at(T0 + (k + 1) * NS) / one.at(T0 + k * NS) - 1) for k in range(600)]
    assert 0 < max(moves) < 5e-4
    assert abs(one.at(T0) / one.origin - 1) < 0.02
