"""How a metric across venues declares itself, once; as those of one book do, it goes everywhere from there.

To add one: a file in this folder with an `Across` subclass. Its `declaration` is that of any metric, with labels of
`VENUES` (or pairs of them) left for the group's members. `values` gives one number an output, in the order of
`outputs`; NaN is "nothing to say". What it keeps over time it notes in `step` (every 100 ms in which a book changed)
and `tick` (every second): `values` may be asked at any time, and asking must change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any, ClassVar

from service.metrics.declare import NAN, SECOND, Declaration, Field, Output, Unit

if TYPE_CHECKING:
    from .scene import Scene

__all__ = ["NAN", "SECOND", "Across", "Declaration", "Field", "Output", "Unit", "in_pairs", "number"]

VENUES = "venue"  # the label whose values are the members of a group


class Across:
    """One metric of one group of books. `params` replace default label values and what `defaults` names."""

    declaration: ClassVar[Declaration]
    defaults: ClassVar[Mapping[str, Any]] = {}
    over_symbols: ClassVar[bool] = False  # it also makes sense between the symbols of a basket (basket.py)

    def __init__(self, **params: Any) -> None:
        self.params = params
        self.prepare()

    def prepare(self) -> None:
        """Make what is kept."""

    def param(self, name: str) -> Any:
        """The values of a label, or another parameter."""
        if name in self.params:
            return self.params[name]
        return self.declaration.by[name] if name in self.declaration.by else self.defaults[name]

    def outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        """What comes out for these members, in order."""
        return self.declaration.outputs({**self.params, VENUES: names})

    def step(self, scene: Scene, now: int) -> None:
        """A book of the group changed within the last 100 ms."""

    def tick(self, scene: Scene, now: int) -> None:
        """A second went by."""

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        """One number an output."""
        raise NotImplementedError

    def beyond(self, scene: Scene) -> Collection[int]:
        """Places among its outputs that are undefined since they reach beyond what is proven of a book."""
        return ()

    def exported(self, values: Sequence[float]) -> Collection[int] | None:
        """Places among its outputs that /metrics shows, where that is not all of them."""
        return None


def in_pairs(
    declaration: Declaration, names: Sequence[str], labels: tuple[str, str], *, ordered: bool
) -> tuple[Output, ...]:
    """Outputs for each pair of members: for each pair, each field. `ordered`: both (a, b) and (b, a)."""
    pairs = permutations(names, 2) if ordered else combinations(sorted(names), 2)
    found: list[Output] = []
    for one, other in pairs:
        found += declaration.outputs({labels[0]: (one,), labels[1]: (other,)})
    return tuple(found)


def number(value: float | None) -> float:
    """None as NaN."""
    return NAN if value is None else value
