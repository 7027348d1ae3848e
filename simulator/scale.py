"""Whole ticks and lots, and the decimal text a venue writes for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Scale:
    """One step of a price or of a size, such as ``Scale("0.10")``.

    Books count whole steps; only the wire needs text. The step is given as text, whose number of decimals is
    the number of decimals the venue writes.
    """

    step: str
    decimals: int = field(init=False)
    units: int = field(init=False)
    power: int = field(init=False)

    def __post_init__(self) -> None:
        decimals = len(self.step.partition(".")[2])
        object.__setattr__(self, "decimals", decimals)
        object.__setattr__(self, "power", 10**decimals)
        object.__setattr__(self, "units", int(Decimal(self.step).scaleb(decimals)))

    def fixed(self, steps: int) -> str:
        """The number with all decimals of the step: ``78857.0``."""
        units = steps * self.units
        if not self.decimals:
            return str(units)
        whole, rest = divmod(units, self.power)
        return f"{whole}.{rest:0{self.decimals}d}"

    def padded(self, steps: int, decimals: int) -> str:
        """The number with at least so many decimals: ``78857.00000000``."""
        text = self.fixed(steps) if self.decimals else f"{steps * self.units}."
        return text + "0" * (decimals - self.decimals)

    def plain(self, steps: int) -> str:
        """The number without trailing zeros: ``78857``."""
        text = self.fixed(steps)
        return text.rstrip("0").rstrip(".") if self.decimals else text

    def decimal(self, steps: int) -> Decimal:
        """The number itself."""
        return Decimal(steps * self.units).scaleb(-self.decimals)

    def steps(self, number: float) -> float:
        """How many steps a number has, not rounded."""
        return number * self.power / self.units
