"""`liquidity_shock`: depth that vanished, or a spread that sprang open, against what was usual."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.book import Book

from .declare import NAN, Context, Declaration, Field, Metric, Unit
from .rolling import RollingRank, numbers
from .seconds import FEWEST, HOUR, Seconds, Usual

SIDES = ("bid", "ask")
SPREAD_WINDOW = 300  # samples
SPREAD_TIMES = 5.0
LASTING = 60  # seconds after which a shock is no longer news


class Shocks:
    """Depth within 10 bp of each side at full seconds against the hour before; the metrics that look at it share one.

    After `close(book, t)`, per side: `depth`, `median` and `z` of its logarithm against the samples before, `shocked`
    while z <= -4 and depth <= half the median; NaN where not known. `began`: sides whose shock began with this second.
    `since`: seconds since any shock began.
    """

    def __init__(self, context: Context, z: float = -4.0, drop: float = 0.5) -> None:
        self.context = context
        self.seconds: Seconds = context.shared(Seconds)
        self.limit, self.drop = z, drop
        self.usual = {side: Usual(HOUR) for side in SIDES}
        self.spreads = RollingRank(SPREAD_WINDOW)
        self.depth, self.median, self.z = (dict.fromkeys(SIDES, NAN) for _ in range(3))
        self.shocked = dict.fromkeys((*SIDES, "both"), False)
        self.began: list[str] = []
        self.spread = self.spread_median = NAN
        self.since = 1 << 40
        self.at = -1

    def close(self, book: Book, t: int) -> None:
        """A second ends at t."""
        if t == self.at:
            return
        self.at = t
        self.seconds.close(book, t)
        self.began = []
        self.since += 1
        for side, depth in zip(SIDES, (self.seconds.bid_depth, self.seconds.ask_depth), strict=True):
            self._see_depth(side, depth)
        self._see_spread(book)

    def _see_depth(self, side: str, depth: float) -> None:
        usual = self.usual[side]
        known = depth == depth and usual.count >= self._fewest()
        self.depth[side] = depth
        self.median[side] = usual.median() if known else NAN
        self.z[side] = usual.zscore(depth) if known else NAN
        if depth == depth:
            self._mark(side, is_shock(depth, self.median[side], self.z[side], self.limit, self.drop))
            usual.push(depth)

    def _see_spread(self, book: Book) -> None:
        bids, asks = book.best_levels()
        self.spread = (
            asks[0][0] - bids[0][0] if self.seconds.mid == self.seconds.mid and bids and asks else NAN
        )
        self.spread_median = self.spreads.quantile(0.5) if self.spreads.count >= self._fewest() else NAN
        if self.spread == self.spread:
            self._mark("both", self.spread >= SPREAD_TIMES * self.spread_median * (1 - 1e-9))
            self.spreads.push(self.spread)

    def _fewest(self) -> int:
        return FEWEST if self.context.books.least > 0 else 1

    def _mark(self, side: str, shocked: bool) -> None:
        if shocked and not self.shocked[side]:
            self.began.append(side)
            self.since = 0
        self.shocked[side] = shocked

    @property
    def recent(self) -> bool:
        """Did a shock begin within the last minute?"""
        return self.since < LASTING


def is_shock(depth: float, median: float, z: float, limit: float = -4.0, drop: float = 0.5) -> bool:
    """Is z at or below its limit, and depth at or below (1 - drop) of the median? Never where one of them is not known."""
    return z <= limit and depth <= (1 - drop) * median


class LiquidityShock(Metric):
    """z of ln D(10 bp) against the 3,600 seconds before, and how often it was a shock (metrics.md 3.3).

    A shock of kind depth: z <= -4 and D at most half its median; of kind spread: at least 5 times its 5-minute median. It
    counts when it begins. Undefined with fewer than 60 samples. What it remembers outlives a lost book.
    """

    declaration = Declaration(
        key="liquidity_shock",
        fields=(
            Field("z", Unit.ZSCORE, "obi_liquidity_shock_zscore"),
            Field(
                "depth_shocks",
                Unit.COUNT,
                "obi_liquidity_shocks_total",
                True,
                {"kind": ("depth",), "side": SIDES},
                "Times that depth within 10 bp fell off, or (kind spread) the spread sprang open.",
            ),
            Field(
                "spread_shocks",
                Unit.COUNT,
                "obi_liquidity_shocks_total",
                True,
                {"kind": ("spread",), "side": ("both",)},
                "Times that the spread sprang to five times its usual width.",
            ),
        ),
        help="How far the logarithm of depth within 10 bp lies from its hour before; very negative is a shock.",
        formula="z of ln D(10bp); shock if z <= -4 and D <= 0.5 median",
        source="metrics.md 3.3",
        sign="- is thinner than usual",
        by={"side": SIDES},
        group="risk",
        reaches=True,
    )

    def prepare(self) -> None:
        limit, drop = float(self.params.get("z", -4.0)), float(self.params.get("drop", 0.5))
        self.sides = self.param("side")
        self.shocks: Shocks = self.context.shared(Shocks, limit, drop)

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        shocks, count = self.shocks, len(self.sides)
        shocks.close(book, t)
        for k, side in enumerate(self.sides):
            z = shocks.z[side]
            self.cells[self.at + k] = z if z > float("-inf") else NAN
            self.cells[self.at + count + k] += side in shocks.began
        self.cells[self.at + 2 * count] += "both" in shocks.began
        for side in shocks.began:
            self.context.report("liquidity_shock", side, t, evidence(shocks, side))
        return 0

    def paused(self, t: int) -> int:
        for k in range(len(self.sides)):
            self.cells[self.at + k] = NAN
        return 0

    def told(self, asked: str = "") -> Any:
        found = [
            outcome(shocks.depth[side], shocks.median[side], shocks.z[side], shocks.limit, shocks.drop)
            for shocks in (self.shocks,)
            for side in self.sides
        ]
        return found[0] if len(found) == 1 else dict(zip(self.sides, found, strict=True))


def evidence(shocks: Shocks, side: str) -> dict[str, float]:
    """What a shock rests on, for whoever asks."""
    if side == "both":
        return {"spread": shocks.spread, "median_spread": shocks.spread_median}
    return {"depth": shocks.depth[side], "median_depth": shocks.median[side], "z": shocks.z[side]}


def outcome(depth: float, median: float, z: float, limit: float, drop: float) -> dict[str, Any]:
    """The result of a case: {z, change, shock}; all null where there is nothing to compare with."""
    known = median == median and depth == depth
    return {
        "z": z,
        "change": depth / median - 1 if known else NAN,
        "shock": is_shock(depth, median, z, limit, drop) if known else None,
    }


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A case: depth `x` against `history`; `z` and `drop` as in the rule."""
    history = numbers(inputs, "history", "series")
    usual = Usual(max(1, len(history)))
    for one in history:
        usual.push(one)
    x = float(inputs["x"])
    limit, drop = float(params.get("z", -4.0)), float(params.get("drop", 0.5))
    return outcome(x, usual.median(), usual.zscore(x), limit, drop)


ANSWERS = {"liquidity_shock": answer}
