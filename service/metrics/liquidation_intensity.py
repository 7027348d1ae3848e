"""`liquidation_intensity`: how fast positions are closed by force, the newest counting most."""

from __future__ import annotations

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, Unit

LN2 = 0.6931471805599453


class LiquidationIntensity(Metric):
    """(ln 2 / h) sum of quote * 2^(-(t - t_i) / h) over the liquidations of a position, h = 30 s (metrics.md 3.4)."""

    declaration = Declaration(
        key="liquidation_intensity",
        unit=Unit.QUOTE_PER_SECOND,
        help="Worth closed by force a second, by position, weighted so that one half-life (30 s) ago counts half.",
        formula="(ln 2 / h) sum quote_i 2^(-(t - t_i) / h)",
        source="metrics.md 3.4",
        bounds=(0, None),
        by={"position": ("long", "short")},
        group="derivatives",
        feed="liquidations",
    )

    def prepare(self) -> None:
        self.half_life = self.params.get("half_life", 30.0) * SECOND
        self.closed = [-1 if one == "long" else 1 for one in self.param("position")]
        self.sums = [0.0] * len(self.closed)
        self.last = 0

    def liquidated(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        left = self._left(t)
        self.sums = [
            one * left + (quote if side == closed else 0.0)
            for one, closed in zip(self.sums, self.closed, strict=True)
        ]
        self.last = max(t, self.last)

    def _left(self, t: int) -> float:
        """What is left at t of what was there at `last`."""
        return float(2.0 ** (-(t - self.last) / self.half_life)) if t > self.last > 0 else 1.0

    def refresh(self, book: Book, t: int) -> int:
        context = self.context
        if context.derivative.complete != context.derivative.complete and not self.last:
            return 0  # the venue tells of none
        known = context.liquidations.since >= 0 or context.liquidations.least == 0
        unit = self._left(t) * LN2 / (self.half_life / SECOND)
        for k, one in enumerate(self.sums):
            self.cells[self.at + k] = unit * one if known else NAN
        return 0
