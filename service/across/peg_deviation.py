"""`peg_deviation`: how far a stablecoin trades from its peg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .declare import NAN, Across, Declaration, Output, Unit
from .scene import Scene

STABLE = frozenset({"USDT", "USDC", "DAI"})
PEG = "USD"


def peg_deviation(mid: float, peg: float = 1.0) -> float:
    """Mid over the peg, minus 1."""
    return mid / peg - 1


class PegDeviation(Across):
    """Consolidated mid of a stablecoin in USD, minus 1 (metrics.md 4). Only groups of a stablecoin against USD have it."""

    declaration = Declaration(
        key="peg_deviation",
        help="Mid of the stablecoin in USD, minus 1; below 0 it is worth less than it promises.",
        formula="m - 1",
        source="metrics.md 4",
        sign="+ is above the peg",
        group="across",
        unit=Unit.RATIO,
        by={"asset": ()},
    )

    def prepare(self) -> None:
        asset, quote = self.params.get("pair", ("", ""))
        self.asset = asset if asset in STABLE and quote == PEG else ""

    def outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        return self.declaration.outputs({"asset": (self.asset,) if self.asset else ()})

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        if not self.asset:
            return []
        return [peg_deviation(sum(scene.top) / (2 * scene.scale)) if scene.top is not None else NAN]


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    given = {**params, **inputs}
    mid = given.get("mid")
    return None if mid is None else peg_deviation(float(mid), float(given.get("peg", 1)))


ANSWERS = {"peg_deviation": _answer}
