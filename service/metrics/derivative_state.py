"""What was last told of a derivative: prices, funding, open interest, who is long; each for as long as it holds."""

from __future__ import annotations

from typing import Any

from connectors.derivatives import RATIO_PERIOD

NAN = float("nan")
PRICES = ("mark", "index")
PLAIN = ("funding_rate", "funding_hours", "next_funding")
SHARES_HOLD = (
    3 * RATIO_PERIOD * 1_000_000_000
)  # ns from the time of their period on, however often they are told


class DerivativeState:
    """Numbers by name: `mark`, `index` (quote per base), `funding_rate` (a fraction per `funding_hours`, + longs pay),
    `next_funding` (ns), `open_interest` (base units, one side), `longs.POPULATION` (long over long plus short). Times
    are the book's event time in ns; that of a share is the venue's own, of the period it is of.
    """

    __slots__ = ("_numbers", "_until", "complete", "told_at")

    def __init__(self) -> None:
        self.complete = NAN
        self._numbers: dict[str, float] = {}
        self._until: dict[str, int] = {}
        self.told_at: dict[str, int] = {}

    def declare(self, complete: float, funding_hours: float) -> None:
        """`complete`: 1 where all liquidations are told, 0 for a sample, NaN for none; `funding_hours` until told."""
        self.complete = complete
        self._numbers["funding_hours"], self._until["funding_hours"] = funding_hours, 1 << 62

    def value(self, name: str, t: int) -> float:
        """The number that holds at t, NaN where none does."""
        return self._numbers[name] if t <= self._until.get(name, -1) else NAN

    def forget(self) -> None:
        """The feed is gone: nothing holds any more but the interval of funding."""
        for name in self.told_at:
            if name != "funding_hours":
                self._until[name] = -1

    def take(self, told: Any, instrument: Any, mid: float, t: int, lasts: int) -> None:
        """Take in a `DerivativeTicker` (native units) that came at t and holds for `lasts` ns."""
        times = float(instrument.multiplier)
        found = {name: getattr(told, name) / times for name in PRICES if getattr(told, name) is not None}
        found |= {name: float(getattr(told, name)) for name in PLAIN if getattr(told, name) is not None}
        for name, number in found.items():
            self._tell(name, number, t, lasts)
        for population, share in told.longs.items():
            at = min(told.t, t) if told.t else t
            if at >= self.told_at.get(f"longs.{population}", at):  # answers may come in another order
                self._tell(f"longs.{population}", share, at, SHARES_HOLD)
        if told.open_interest is not None:
            price = next(
                (one for one in (self.value("mark", t), self.value("index", t), mid) if one > 0), NAN
            )
            self._tell("open_interest", in_base(told, instrument, price), t, lasts)

    def _tell(self, name: str, number: float, t: int, lasts: int) -> None:
        self._numbers[name] = number
        self._until[name] = t + lasts
        self.told_at[name] = t


def in_base(told: Any, instrument: Any, price: float) -> float:
    """Open interest in base units at a price of one base; NaN where the contract size or the price is not known."""
    if told.open_interest_in == "base":
        return float(told.open_interest)
    if told.open_interest_in == "quote":
        return float(told.open_interest / price)
    if instrument.unit_size is None:
        return NAN
    units = told.open_interest * float(instrument.unit_size)
    return float(units / price) if instrument.inverse else float(units)
