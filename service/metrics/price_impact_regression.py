"""`price_impact_regression`: how far the mid goes for a unit of flow, and how much of its moves flow explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.level_flow import LevelFlow
from cython.cimports.service.metrics.rolling import RollingFit

from connectors.book import Book
from connectors.errors import UsageError
from connectors.sync import SNAPSHOT

from .declare import NAN, RESUMED, SECOND, Declaration, Field, Metric, Unit
from .level_flow import LEVELS, LevelFlow
from .rolling import RollingFit, numbers

_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_RESUMED = cython.declare(cython.int, RESUMED)
_SECOND = cython.declare(cython.longlong, SECOND)
REGRESSORS = ("ofi", "integrated_ofi", "signed_volume")
STEPS = {1: 300, 10: 180}
_ALL = {"regressor": REGRESSORS, "grid": tuple(STEPS)}
_BY_SIZE = {"regressor": ("ofi", "signed_volume"), "grid": tuple(STEPS)}


@cython.cclass
class Regression:
    """One regression: pairs of a step's flow and mid change, and the touch's depth in the same steps."""

    fit: RollingFit
    depth: RollingFit

    def __init__(self, steps: int) -> None:
        self.fit, self.depth = RollingFit(steps), RollingFit(steps)

    def add(self, x: float, dmid: float, depth: float, events: float) -> None:
        self.fit.push(x, dmid)
        self.depth.push(depth, events)

    def count(self) -> int:
        """Steps in the window."""
        return self.fit.count

    def average_depth(self) -> float:
        """Mean of (B_1 + A_1)/2 over the states after each message in the window."""
        k: cython.int
        depth: cython.double = 0
        events: cython.double = 0
        for k in range(self.depth.count):
            depth += self.depth.x[k]
            events += self.depth.y[k]
        return depth / events if events > 0 else NAN

    def result(self, tick: float, depth: float | None = None) -> dict[str, float]:
        """beta, alpha, r2, t, and c = beta AD / tick with the depth given or that of the steps."""
        self.fit.fit()
        depth = self.average_depth() if depth is None else depth
        c = self.fit.beta * depth / tick if tick > 0 else NAN
        return {"beta": self.fit.beta, "alpha": self.fit.alpha, "r2": self.fit.r2, "t": self.fit.t, "c": c}


@cython.cclass
class PriceImpactRegression(Metric):
    """Least squares with intercept of the mid's change on the flow of the same step of a grid (metrics.md 2.6).

    Steps of 1 s, the last 300, and of 10 s, the last 180; those with a resync or an undefined mid are left out. On
    `signed_volume` beta is Kyle's lambda. depth_product c = beta AD / tick: 1/2 in the stylised model.
    Sources: Cont, Kukanov & Stoikov 2014, sections 2 and 3; Kyle 1985.
    """

    declaration = Declaration(
        key="price_impact_regression",
        fields=(
            Field("beta", Unit.PRICE, "obi_price_impact_per_base_unit", by=_ALL),
            Field(
                "r2", Unit.RATIO, "obi_price_impact_r2_ratio", by=_ALL, help="Share of the mid's variance."
            ),
            Field(
                "depth_product",
                Unit.RATIO,
                "obi_price_impact_depth_product",
                by=_BY_SIZE,
                exported={"grid": ()},
                help="Slope times mean touch depth over the tick; one half in the stylised model.",
            ),
            Field("alpha", Unit.PRICE, "", by=_ALL, help="Intercept."),
            Field("t", Unit.RATIO, "", by=_ALL, help="Slope over its standard error."),
        ),
        help="Change of the mid for a unit of flow, by regression over a grid (integrated_ofi: for a unit of ratio).",
        formula="dm = alpha + beta x; R2 = 1 - SSR/SST; c = beta AD / tick",
        source="Cont, Kukanov & Stoikov 2014; Kyle 1985; metrics.md 2.6",
        sign="`beta` + is a mid that goes the way of the flow, `alpha` + is up",
        group="flow",
        exported={"grid": (10,), "regressor": ("ofi", "signed_volume")},
    )
    flow: LevelFlow
    driving: cython.bint
    grids: tuple
    regressors: tuple
    steps: dict
    tables: dict
    places: list
    mid: cython.double
    mids: dict
    open: dict
    volume: cython.double
    dirty: cython.bint
    disjoint: cython.bint
    begun: cython.bint
    fits: list

    def prepare(self) -> None:
        self.grids = tuple(int(one) for one in self.params.get("grid", STEPS))
        if min(self.grids, default=1) < 1:
            raise UsageError(f"grid {self.grids}: a step is a whole number of seconds")
        named = self.params.get("regressor", REGRESSORS)
        self.regressors = tuple(named)
        window = self.params.get("window")
        self.steps = {one: int(window) // one if window else STEPS.get(one, 180) for one in self.grids}
        self.tables = {
            (name, grid): Regression(self.steps[grid]) for name in self.regressors for grid in self.grids
        }
        by_size = named if "regressor" in self.params else ("ofi", "signed_volume")
        self.places = [
            (field, name, grid)
            for field in ("beta", "r2", "c", "alpha", "t")
            for name in (by_size if field == "c" else named)
            for grid in self.grids
        ]
        self.flow = self.context.shared(LevelFlow, LEVELS, 10 * SECOND)
        self.driving = self.flow.drives(self)
        self.disjoint = bool(self.params.get("disjoint", False))
        self.begun = not self.disjoint
        self.fits: list[Any] = []
        self.mids = dict.fromkeys(self.grids, NAN)
        self.open = {one: self._empty() for one in self.grids}
        self.volume = 0.0
        self.dirty = True

    def _empty(self) -> list[float]:
        """What a step adds up: flow, volume, depth and number of messages, integrated flow; then, is it whole."""
        return [0.0, 0.0, 0.0, 0.0, 1.0]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.disjoint and self.mids[self.grids[0]] != self.mids[self.grids[0]]:
            self.mids = dict.fromkeys(self.grids, self.context.mid)  # a data set's first row is its baseline
        return self.flow.update(book, kind == _SNAPSHOT, t) if self.driving and kind != _RESUMED else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.flow.lost()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
    ) -> cython.int:
        if size == size:
            self.volume += size * side
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if self.driving:
            self.flow.sample(t, whole)
        for grid in self.grids:
            one = self.open[grid]
            one[0] += self.flow.closed[0]
            one[1] += self.volume
            one[2] += self.flow.closed[self.flow.levels + 1]
            one[3] += self.flow.closed[self.flow.levels + 2]
            if not whole and self.begun:
                one[4] = 0.0
            if t // _SECOND % grid == 0:
                self._close(grid, t)
        self.volume = 0
        self.begun = True
        return 0

    def _close(self, grid: int, t: int) -> None:
        """A step of this grid ends at t."""
        mid: cython.double = self.context.mid
        one = self.open[grid]
        before: cython.double = self.mids[grid]
        self.mids[grid], self.open[grid] = mid, self._empty()
        if one[4] > 0 and mid == mid and before == before:
            trades = self.context.trades.since >= 0 or self.context.trades.least == 0
            for name in self.regressors:
                x = one[0]
                if name == "signed_volume":
                    x = one[1] if trades else NAN
                elif name == "integrated_ofi":
                    x = self._integrated(grid) if grid in STEPS else NAN
                if x == x:
                    self.tables[name, grid].add(x, mid - before, one[2], one[3])
            self.dirty = True
        if self.disjoint and t // _SECOND % (grid * self.steps[grid]) == 0:
            for name in self.regressors:
                self.fits.append(self.tables[name, grid].result(self.context.tick))
                self.tables[name, grid] = Regression(self.steps[grid])

    def _integrated(self, grid: int) -> float:
        return self.flow.integrated(self.flow.closed if grid == 1 else self.flow.closed_ten)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        k: cython.int
        if not self.dirty:
            return 0
        self.dirty = False
        least: cython.double = self.context.books.least
        found = {}
        for (name, grid), table in self.tables.items():
            full = table.count() >= max(3.0, least * self.steps[grid])
            found[name, grid] = table.result(self.context.tick) if full else {}
        for k in range(len(self.places)):
            field, name, grid = self.places[k]
            self.row[self.at + k] = found[name, grid].get(field, NAN)
        return 0

    @staticmethod
    def over_windows(params: dict[str, Any]) -> dict[str, Any]:
        """Means over windows of half an hour in steps of ten seconds, unless the case says otherwise."""
        grid = params.get("grid", 10)
        return {
            "disjoint": True,
            "grid": (int(grid[0] if isinstance(grid, list) else grid),),
            "window": int(params.get("window", 1800)),
            "regressor": (str(params.get("regressor", "ofi")),),
        }

    def results(self) -> dict[tuple[str, int], dict[str, float]]:
        """Each regression as it stands, whatever its number of steps."""
        found = {}
        for key, table in self.tables.items():
            found[key] = table.result(self.context.tick) | {"steps": table.count()}
        return found

    def told(self, asked: str = "") -> Any:
        """The first regression asked for; of disjoint windows the means of R2 and c."""
        if not self.disjoint:
            return self.tables[self.regressors[0], self.grids[0]].result(self.context.tick)
        told = {}
        for name, key in (("r2", "mean_r2"), ("c", "mean_c"), ("beta", "mean_beta")):
            values = [one[name] for one in self.fits if one[name] == one[name]]
            told[key] = sum(values) / len(values) if values else NAN
        return told | {"windows": len(self.fits)}


def regression(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: `x` and `dmid`, one a step; c with `avg_depth` and `tick_size`."""
    x, dmid = numbers(inputs, "x"), numbers(inputs, "dmid", "y")
    if len(x) != len(dmid):
        raise UsageError(f"{len(x)} values of x and {len(dmid)} of dmid")
    table = Regression(max(1, len(x)))
    for one, other in zip(x, dmid, strict=True):
        table.add(one, other, 0.0, 0.0)
    return table.result(float(params.get("tick_size", NAN)), float(params.get("avg_depth", NAN)))


ANSWERS = {"price_impact_regression": regression}
