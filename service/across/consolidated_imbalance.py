"""`consolidated_imbalance`: which side has more near the mid, over all venues of a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .declare import NAN, Across, Declaration, Unit
from .scene import Scene


class ConsolidatedImbalance(Across):
    """imb of the merged depth within the band around the consolidated mid (metrics.md 4).

    With one common mid it is the depth-weighted mean of the venues' own imbalances.
    """

    declaration = Declaration(
        key="consolidated_imbalance",
        help="Bid minus ask size over their sum within the band around the consolidated mid; +1 is all bids.",
        formula="(sum_v D_b - sum_v D_a) / (sum_v D_b + sum_v D_a)",
        source="metrics.md 4",
        sign="+ is more bids",
        group="across",
        unit=Unit.RATIO,
        bounds=(-1, 1),
        by={"band_bps": (5, 10, 25, 50, 100)},
        reaches=True,
        prometheus="obi_band_imbalance_ratio",
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        return [self._imbalance(scene, bps) for bps in self.param("band_bps")]

    def beyond(self, scene: Scene) -> Collection[int]:
        if scene.top is None:
            return ()
        return [
            place
            for place, bps in enumerate(self.param("band_bps"))
            if not all(scene.around(part, bps).known for part in scene.agreed)
        ]

    def _imbalance(self, scene: Scene, bps: object) -> float:
        if scene.top is None:
            return NAN
        found = [scene.around(part, bps) for part in scene.agreed]
        bid, ask = sum(one.bid for one in found), sum(one.ask for one in found)
        return (bid - ask) / (bid + ask) if bid + ask > 0 and all(one.known for one in found) else NAN
