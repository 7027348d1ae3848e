"""`execution_risk`: how likely an order of a size is not to get what the book shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import isnan
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.markouts import Markouts
from cython.cimports.service.metrics.taking import Taking

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Metric, stored
from .markouts import HORIZONS, Markouts
from .rolling import RollingRank, numbers
from .taking import Taking

SIDES = ("buy", "sell")
NOTIONALS = (10_000, 100_000)
WINDOW = 300  # samples of what an order would have been filled
HOUR = 3600  # samples of takers' volume
FADES = 300  # samples of whether the touch held
LATENCY = 0.1  # seconds
FRESH = 10  # seconds within which a fault of the feed counts
_LOW = cython.declare(cython.double, 0.05)


@cython.cclass
class ExecutionRisk(Metric):
    """1 - F5 (1 - fade) (1 - feed) for a taker order of notional X (metrics.md 3.5).

    F5: 5% quantile of the share that would have been filled at full seconds of the last 300. fade: share of seconds after
    which the touch, at its price or better, held less than min(X/m, what it showed) within 100 ms. feed: 1 if the book was
    stale, crossed or taken anew within 10 s. Undefined until 80% of the window is known.
    """

    declaration = Declaration(
        key="execution_risk",
        prometheus="obi_execution_failure_ratio",
        help="Chance that a taker order of this size is not filled as the book shows: thin book, fading touch, bad feed.",
        formula="1 - F5 (1 - fade) (1 - feed)",
        source="metrics.md 3.5",
        bounds=(0, 1),
        by={"side": SIDES, "notional": NOTIONALS},
        exported={"notional": NOTIONALS[1:]},
        group="risk",
        reaches=True,
    )
    sides: tuple
    notionals: tuple
    fills: list
    costs: list
    fades: list
    taken: cython.float[::1]
    seconds: cython.int
    marks: Markouts
    driving: cython.bint
    last_taken: cython.double[2]
    taking: Taking
    latency: cython.longlong
    watched: cython.longlong
    touch: cython.double[2]
    shown: cython.double[2]
    least: cython.double[2]
    fault: cython.longlong

    def prepare(self) -> None:
        self.sides, self.notionals = self.param("side"), tuple(float(one) for one in self.param("notional"))
        pairs = len(self.sides) * len(self.notionals)
        self.fills = [RollingRank(WINDOW) for _ in range(pairs)]
        self.costs = [RollingRank(WINDOW) for _ in range(pairs)]
        self.fades = [deque(maxlen=FADES) for _ in range(pairs)]
        self.taken = stored(
            "f", [NAN] * (2 * HOUR)
        )  # by takers who sold, then who bought; base a second, rings
        self.seconds = 0
        self.last_taken[0] = self.last_taken[1] = NAN
        self.marks = self.context.shared(Markouts, HORIZONS)
        self.driving = self.marks.drives(self)
        self.taking = Taking()
        self.latency = round(float(self.params.get("latency", LATENCY)) * SECOND)
        self.watched = self.fault = -1

    # -- each second: what would be filled, and what the touch shows -------------------------------------------

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        n: cython.int
        mid: cython.double = self.context.mid
        self._judge()
        if not isnan(mid):
            for n in range(len(self.fills)):
                self.taking.take(book, self._buys(n), self.notionals[n % len(self.notionals)] / mid)
                if not isnan(self.taking.filled):
                    self.fills[n].push(self.taking.filled)
                if self.taking.filled == 1:
                    self.costs[n].push(self._cost(n))
            self._watch(book, t)
        self._count_taken(whole)
        for n in range(len(self.fills)):
            self.row[self.at + n] = NAN if isnan(mid) else self._risk(n, t)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _cost(self, n: cython.int) -> cython.double:
        """What the whole order just taken costs against the mid, relative to it."""
        mid: cython.double = self.context.mid
        mean: cython.double = self.taking.paid / (self.notionals[n % len(self.notionals)] / mid)
        return (mean - mid) / mid if self._buys(n) else (mid - mean) / mid

    @cython.cfunc
    @cython.exceptval(-1)
    def _count_taken(self, whole: cython.bint) -> cython.int:
        """What takers sold and bought within the second; nothing where not all of it was seen."""
        known: cython.bint = whole and self.context.trades.since >= 0
        self.taken[self.seconds] = self.context.sold - self.last_taken[0] if known else NAN
        self.taken[HOUR + self.seconds] = self.context.bought - self.last_taken[1] if known else NAN
        self.seconds = (self.seconds + 1) % HOUR
        self.last_taken[0] = self.context.sold
        self.last_taken[1] = self.context.bought
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
        return self.marks.traded(price, size, side, t) if self.driving else 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _buys(self, n: cython.int) -> cython.bint:
        return self.sides[n // len(self.notionals)] == "buy"

    @cython.cfunc
    @cython.exceptval(check=False)
    def _watch(self, book: Book, t: cython.longlong) -> cython.void:
        """From t on, for the latency, see how little stands at the touch (0 bids, 1 asks) at its price or better."""
        self.watched = t
        self.touch[0] = book.bid_price[0]
        self.touch[1] = book.ask_price[0]
        self.shown[0] = self.least[0] = book.bid_size[0]
        self.shown[1] = self.least[1] = book.ask_size[0]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        held: cython.double
        if self.driving:
            self.marks.moved(self.context.mid, t)
        if self.watched < 0:
            return 0
        if t - self.watched > self.latency:
            return self._judge()
        held = 0
        for k in range(book.bid_count):
            if book.bid_price[k] < self.touch[0]:
                break
            held += book.bid_size[k]
        self.least[0] = min(self.least[0], held)
        held = 0
        for k in range(book.ask_count):
            if book.ask_price[k] > self.touch[1]:
                break
            held += book.ask_size[k]
        self.least[1] = min(self.least[1], held)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _judge(self) -> cython.int:
        """The latency is over: did the touch hold what such an order would have taken of it?"""
        n: cython.int
        k: cython.int
        mid: cython.double = (self.touch[0] + self.touch[1]) / 2
        if self.watched < 0:
            return 0
        self.watched = -1
        for n in range(len(self.fades)):
            k = 1 if self._buys(n) else 0  # a buyer takes asks
            wanted = min(self.notionals[n % len(self.notionals)] / mid, self.shown[k])
            self.fades[n].append(self.least[k] < wanted * (1 - 1e-12))
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def _risk(self, n: cython.int, t: cython.longlong) -> cython.double:
        fills: RollingRank = self.fills[n]
        fades = self.fades[n]
        enough: cython.double = WINDOW * self.context.books.least
        if fills.count == 0 or fills.count < enough or len(fades) < enough:
            return NAN
        fade: cython.double = sum(fades) / len(fades) if fades else 0.0
        return failure(fills.quantile(_LOW), fade, self._faulty(t))

    @cython.cfunc
    @cython.exceptval(check=False)
    def _faulty(self, t: cython.longlong) -> cython.bint:
        return self.fault >= 0 and t - self.fault <= FRESH * SECOND

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        n: cython.int
        self.fault = t
        self.watched = -1
        if self.driving:
            self.marks.moved(NAN, t)
        for n in range(len(self.fills)):
            self.row[self.at + n] = NAN
        return 0

    def profile(self, side: str, notional: float, horizon: int, t: int) -> dict[str, Any] | None:
        """The parts for one of the sizes that are followed, at event time t; None for any other.

        Of a taker order: filled share, cost, fade, fault of the feed. Of a resting order on the same side of the touch:
        the chance that takers reach it within `horizon` seconds, and what makers of that side kept after 5 s.
        """
        maker: cython.int = 0 if side == "buy" else 1
        if side not in self.sides or float(notional) not in self.notionals:
            return None
        n = self.sides.index(side) * len(self.notionals) + self.notionals.index(float(notional))
        fills, fades, costs = self.fills[n], self.fades[n], self.costs[n]
        book = self.context.book
        size = notional / self.context.mid
        self.taking.take(book, side == "buy", size)
        queue = float(book.bid_size[0] if maker == 0 else book.ask_size[0])
        self.marks.bring(t)
        enough = self.context.trades.enough(self.marks.span, t)
        return {
            "impact_cost": self._cost(n) if self.taking.filled == 1 else NAN,
            "impact_cost_p5": costs.quantile(0.05),
            "impact_cost_p95": costs.quantile(0.95),
            "queue_ahead": queue,
            "fill_probability": reached(self._taken(maker), horizon, queue + size),
            "realized_spread": self.marks.mean(1, maker, 0) if enough else NAN,
            "fill_ratio": self.taking.filled,
            "fill_ratio_p5": fills.quantile(0.05),
            "fill_ratio_p95": fills.quantile(0.95),
            "samples": fills.count,
            "fade": sum(fades) / len(fades) if fades else NAN,
            "feed": float(self._faulty(t)),
            "failure": self._risk(n, t),
        }

    def _taken(self, side: int) -> list[float]:
        """Takers' volume a second, oldest first."""
        ring = list(self.taken[side * HOUR : (side + 1) * HOUR])
        return ring[self.seconds :] + ring[: self.seconds]

    def told(self, asked: str = "") -> Any:
        if len(self.fills) == 1:
            return self.row[self.at]
        found = iter(range(len(self.fills)))
        return {
            side: {f"{one:g}": self.row[self.at + next(found)] for one in self.notionals}
            for side in self.sides
        }


def failure(filled: float, fade: float, feed: float) -> float:
    """1 - F5 (1 - fade) (1 - feed)."""
    return 1 - filled * (1 - fade) * (1 - feed)


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `fill_ratios` of 300 s (or `f5`), `fade`, `feed`."""
    low = float(inputs["f5"]) if "f5" in inputs else NAN
    if "fill_ratios" in inputs:
        ratios = numbers(inputs, "fill_ratios")
        ranks = RollingRank(max(1, len(ratios)))
        for one in ratios:
            ranks.push(one)
        low = ranks.quantile(0.05)
    return failure(low, float(inputs.get("fade", 0)), float(inputs.get("feed", 0)))


def reached(volumes: Sequence[float], length: int, needed: float) -> float:
    """Share of the windows of so many seconds in which takers' volume came to `needed`; NaN without such a window.

    Windows overlap; one with a second that is not known (NaN) does not count.
    """
    won = windows = known = 0
    sum = 0.0
    kept = list(volumes)
    for at, volume in enumerate(kept):
        known, sum = (known + 1, sum + volume) if volume == volume else (0, 0.0)
        if known > length:
            sum -= kept[at - length]
        if known >= length:
            windows += 1
            won += sum >= needed * (1 - 1e-12)
    return won / windows if windows else NAN


def fill_probability(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """Share of windows whose opposing taker volume reached `queue_ahead` and `size`; NaN without windows (3.5)."""
    given = {**params, **inputs}
    volumes = numbers(inputs, "opposing_volume", "x")
    needed = float(given.get("queue_ahead", 0)) + float(given.get("size", 0))
    return sum(volume >= needed for volume in volumes) / len(volumes) if volumes else NAN


ANSWERS = {"execution_risk": answer, "fill_probability": fill_probability}
