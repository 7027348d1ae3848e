"""`venue_depth_share`: which venues hold the depth, and how concentrated it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from service.formulas.concentration import hhi

from .declare import NAN, Across, Declaration, Field, Unit, number
from .scene import Scene


def depth_shares(scene: Scene, bps: object) -> dict[str, float]:
    """Venue -> its bid and ask quote depth within the band of its own mid, over the sum; {} where that is not known."""
    found = {part.name: scene.band(part.name, bps) for part in scene.parts}
    if not all(one.known for one in found.values()):
        return {}
    depth = {
        name: (one.bid_quote + one.ask_quote) * float(scene.by_name[name].rate) for name, one in found.items()
    }
    return shares_of(depth)


def shares_of(depth: Mapping[str, float]) -> dict[str, float]:
    """Each over the sum; {} where there is nothing to share."""
    total = sum(depth.values())
    return {name: one / total for name, one in depth.items()} if total > 0 else {}


class VenueDepthShare(Across):
    """A venue's quote depth within the band of its own mid over that of all; HHI is the sum of squares (metrics.md 4)."""

    declaration = Declaration(
        key="venue_depth_share",
        help="Share of the venue in the quote depth of all, within the band around each venue's own mid.",
        formula="(D_b(x) + D_a(x))_v / sum_u (D_b(x) + D_a(x))_u in quote; HHI = sum of share^2",
        source="metrics.md 4",
        group="across",
        unit=Unit.RATIO,
        bounds=(0, 1),
        by={"band_bps": (10, 100)},
        reaches=True,
        fields=(
            Field(
                "share", Unit.RATIO, "obi_venue_depth_share_ratio", by={"venue": (), "band_bps": (10, 100)}
            ),
            Field(
                "hhi",
                Unit.RATIO,
                "obi_depth_herfindahl_ratio",
                help="Sum of the squared shares: 1/n where depth is spread evenly, 1 where one venue has all.",
            ),
        ),
    )

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        bands = self.param("band_bps")
        shares = [depth_shares(scene, bps) for bps in bands]
        found = [one.get(name, NAN) for name in scene.names for one in shares]
        return found + [number(hhi(list(one.values()))) if one else NAN for one in shares]

    def beyond(self, scene: Scene) -> Collection[int]:
        bands = self.param("band_bps")
        unknown = [
            not all(scene.band(part.name, bps).known for part in scene.parts) and bool(scene.parts)
            for bps in bands
        ]
        taking = [name in scene.by_name for name in scene.names]
        flags = [one and takes for takes in taking for one in unknown] + unknown
        return [place for place, flag in enumerate(flags) if flag]


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    shares = shares_of({str(name): float(one) for name, one in inputs["depth"].items()})
    return {
        "share": shares or dict.fromkeys(inputs["depth"]),
        "hhi": hhi(list(shares.values())) if shares else None,
    }


ANSWERS = {"venue_depth_share": _answer}
