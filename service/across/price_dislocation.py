"""`price_dislocation`: how far each venue's price is from that of the others, and all of them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .declare import Across, Declaration, Field, Unit, number
from .scene import Scene, dislocation


def dislocations(mids: Mapping[str, float]) -> dict[str, float | None]:
    """Venue -> m_v over the median of the others' mids, minus 1; None without others."""
    return {name: dislocation(mids, name) for name in mids}


def dispersion(mids: Mapping[str, float]) -> float | None:
    """Highest over lowest mid, minus 1; None for fewer than two. Source: Makarov & Schoar 2020, arbitrage index."""
    if len(mids) < 2 or min(mids.values()) <= 0:
        return None
    return max(mids.values()) / min(mids.values()) - 1


class PriceDislocation(Across):
    """m_v / median of the other venues' mids - 1, outliers among them; max/min - 1 over all (metrics.md 4)."""

    declaration = Declaration(
        key="price_dislocation",
        help="The venue's mid over the median of the others', minus 1; + is dearer there.",
        formula="m_v / median_{u != v} m_u - 1; max m / min m - 1",
        source="Makarov & Schoar 2020; metrics.md 4",
        sign="+ is dearer than elsewhere",
        group="across",
        unit=Unit.RATIO,
        fields=(
            Field("", Unit.RATIO, "obi_price_dislocation_ratio", by={"venue": ()}),
            Field(
                "dispersion",
                Unit.RATIO,
                "obi_price_dispersion_ratio",
                by={},
                help="Highest mid of the venues over the lowest, minus 1.",
            ),
        ),
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        found = dislocations(scene.mids)
        return [*(number(found.get(name)) for name in scene.names), number(dispersion(scene.mids))]


def _mids(inputs: Mapping[str, Any]) -> dict[str, float]:
    """Of the venues that have one."""
    return {str(name): float(mid) for name, mid in inputs["mids"].items() if mid is not None}


ANSWERS = {
    "price_dislocation": lambda params, inputs: dislocations(_mids(inputs)),
    "price_dispersion": lambda params, inputs: dispersion(_mids(inputs)),
}
