"""`mean_venue_imbalance`: the mean of the venues' own imbalances, each counting the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .declare import NAN, Across, Declaration, Unit
from .scene import Scene


class MeanVenueImbalance(Across):
    """Unweighted mean of the venues' own `band_imbalance` (metrics.md 4).

    Where it is far from `consolidated_imbalance`, one big book drives that number.
    """

    declaration = Declaration(
        key="mean_venue_imbalance",
        help="Mean of the venues' own band imbalances, each counting the same; +1 is all bids.",
        formula="mean over venues of (D_b(x) - D_a(x)) / (D_b(x) + D_a(x))",
        source="metrics.md 4",
        sign="+ is more bids",
        group="across",
        unit=Unit.RATIO,
        bounds=(-1, 1),
        by={"band_bps": (5, 10, 25, 50, 100)},
        reaches=True,
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        return [self._mean(scene, bps) for bps in self.param("band_bps")]

    def beyond(self, scene: Scene) -> Collection[int]:
        return [
            place
            for place, bps in enumerate(self.param("band_bps"))
            if not all(scene.band(part.name, bps).known for part in scene.parts)
        ]

    def _mean(self, scene: Scene, bps: object) -> float:
        found = [scene.band(part.name, bps) for part in scene.parts]
        values = [one.imbalance for one in found if one.imbalance is not None]
        return sum(values) / len(values) if values and all(one.known for one in found) else NAN
