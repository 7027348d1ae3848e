"""The price that every venue circles around: a function of seed, asset and time, nothing else."""

from __future__ import annotations

import math
from random import Random

ORIGIN = {"BTC": 78_850.0, "ETH": 2_685.0, "SOL": 187.0}
OTHERS = 25.0
WAVES = 14
SHORTEST_NS = 2_000_000_000
SHORTEST_AMPLITUDE = 0.2e-4


class Latent:
    """Latent price of one asset in quote units.

    Waves from two seconds to some hours, each sqrt(2) higher than the one of half its period, so that the sum
    wanders like a random walk while any process at any time finds the same price.
    """

    def __init__(self, asset: str, seed: int) -> None:
        random = Random(f"latent/{seed}/{asset}")
        self.origin = ORIGIN.get(asset, OTHERS)
        self._waves = [
            (
                math.tau / (SHORTEST_NS * 2**k * random.uniform(0.8, 1.25)),
                random.uniform(0, math.tau),
                SHORTEST_AMPLITUDE * 2 ** (k / 2),
            )
            for k in range(WAVES)
        ]

    def at(self, now: int) -> float:
        """Price at a time in integer nanoseconds."""
        return self.origin * math.exp(sum(a * math.sin(now * w + phase) for w, phase, a in self._waves))
