"""`funding_dispersion`: how differently venues price the same position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .declare import NAN, Across, Declaration, Unit
from .scene import Scene


def dispersion(rates: Sequence[float]) -> float:
    """Most minus least of the rates that are known; NaN with fewer than two."""
    known = [rate for rate in rates if rate == rate]
    return max(known) - min(known) if len(known) > 1 else NAN


class FundingDispersion(Across):
    """Most minus least funding per 8 hours over the venues that tell it, whatever their books' state (metrics.md 3.4)."""

    declaration = Declaration(
        key="funding_dispersion",
        help="Highest less lowest funding rate per 8 hours over the venues.",
        formula="max - min of rate * 8 / interval hours",
        source="metrics.md 3.4",
        group="across",
        unit=Unit.RATIO,
        bounds=(0, None),
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        return [dispersion([member.funding(now) for member in scene.members])]


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `rates` per 8 hours, a list or by venue; with `interval_hours` (one or by venue) rates as they are told."""
    rates, hours = inputs["rates"], inputs.get("interval_hours", 8)
    named = rates if isinstance(rates, dict) else dict(enumerate(rates))
    every = hours if isinstance(hours, dict) else dict.fromkeys(named, hours)
    return dispersion(
        [float(rate) * 8 / float(every[name]) for name, rate in named.items() if rate is not None]
    )


ANSWERS = {"funding_dispersion": answer}
