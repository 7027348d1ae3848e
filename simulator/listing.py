"""What a simulated venue lists: one instrument with its scales and its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .scale import Scale


@dataclass(frozen=True, slots=True)
class Listing:
    """One instrument, named as the venue names it.

    ``contract`` is the worth of size 1: in base units, or in quote units where ``inverse``.
    ``basis_bps`` keeps a future off the spot price. ``levels`` is the depth of the true book, a side.
    ``facts`` are further fields that the venue's own instrument answer shows.
    """

    native: str
    product: str
    base: str
    quote: str
    tick: Scale
    lot: Scale
    contract: float = 1.0
    inverse: bool = False
    basis_bps: float = 0.0
    levels: int = 800
    facts: Mapping[str, str] = field(default_factory=dict)

    def lot_notional(self, price: float) -> float:
        """Worth of one lot in quote units at a price."""
        size = float(self.lot.step) * self.contract
        return size if self.inverse else size * price
