"""`consolidated_bbo`: the best bid and ask over all venues of a group."""

from __future__ import annotations

from collections.abc import Sequence

from .declare import NAN, Across, Declaration, Field, Unit
from .scene import Scene

_SIDES = {"side": ("bid", "ask")}


class ConsolidatedBbo(Across):
    """Best bid and ask over the venues; sizes add at equal converted prices (metrics.md 4).

    The mid is their average even where they cross: across venues that is legal, and is the arbitrage signal.
    """

    declaration = Declaration(
        key="consolidated_bbo",
        help="Best bid and ask over all venues of the group that agree within 100 bp.",
        formula="max b_v, sum of the sizes there; min a_v, sum of the sizes there; (bid + ask)/2",
        source="metrics.md 4",
        group="across",
        unit=Unit.PRICE,
        fields=(
            Field("price", Unit.PRICE, "obi_best_price", by=_SIDES, help="Best price over all venues."),
            Field(
                "size",
                Unit.BASE,
                "obi_best_size_base_units",
                by=_SIDES,
                help="Size at the best price, over all venues.",
            ),
            Field(
                "mid", Unit.PRICE, "obi_mid_price", help="Average of best bid and best ask over all venues."
            ),
            Field(
                "outlier",
                Unit.COUNT,
                "obi_consolidated_outlier",
                by={"venue": ()},
                help="1 where the venue's mid is more than 100 bp from the median of the others and is left out.",
            ),
        ),
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        flags = [float(name in scene.outliers) if name in scene.by_name else NAN for name in scene.names]
        if scene.top is None:
            return [*[NAN] * 5, *flags]
        bid, ask = scene.top
        return [bid / scene.scale, ask / scene.scale, *_sizes(scene), (bid + ask) / (2 * scene.scale), *flags]


def _sizes(scene: Scene) -> tuple[float, float]:
    assert scene.top is not None
    found = [0.0, 0.0]
    for part in scene.agreed:
        weight = scene.weights[part.name]
        best = part.best
        found[0] += best.bid_size if part.bid_key * weight == scene.top[0] else 0.0
        found[1] += best.ask_size if part.ask_key * weight == scene.top[1] else 0.0
    return found[0], found[1]
