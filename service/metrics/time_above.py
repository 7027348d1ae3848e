"""`time_above`: for how long the book has leaned to one side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored

_SECOND = cython.declare(cython.double, 1e9)
MEASURES = ("queue_imbalance", "depth_imbalance_10")
SIGNS = ("positive", "negative")
THRESHOLDS = (0.3, 0.5, 0.7)


@cython.cclass
class Beyond:
    """Time that a value which holds until the next one spent at or beyond each threshold, and its run of one sign.

    A threshold above 0 counts values at or above it, one below 0 those at or below. NaN is no value and never counts.
    """

    bounds: cython.double[::1]
    spent: cython.longlong[::1]
    count: cython.int
    levels: cython.int
    value: cython.double
    since: cython.longlong
    began: cython.longlong

    def __init__(self, thresholds: Any, levels: int = 1) -> None:
        """`levels`: those of the imbalance that it is fed with."""
        self.levels = levels
        self.bounds = stored("d", thresholds)
        self.spent = stored("q", [0] * len(self.bounds))
        self.count = len(self.bounds)
        self.value = NAN

    @cython.ccall
    @cython.exceptval(check=False)
    def hold(self, value: cython.double, t: cython.longlong) -> cython.void:
        """From t (ns) on it is this."""
        k: cython.int
        for k in range(self.count):
            if self._is_beyond(k):
                self.spent[k] += t - self.since
        if not self.value * value > 0:
            self.began = t
        self.value = value
        self.since = t

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _is_beyond(self, k: cython.int) -> cython.bint:
        bound: cython.double = self.bounds[k]
        return self.value >= bound if bound >= 0 else self.value <= bound

    @cython.ccall
    @cython.exceptval(check=False)
    def seconds(self, k: cython.int, t: cython.longlong) -> cython.double:
        """Time beyond threshold k until t."""
        spent: cython.longlong = self.spent[k]
        if self._is_beyond(k) and t > self.since:
            spent += t - self.since
        return spent / _SECOND

    @cython.ccall
    @cython.exceptval(check=False)
    def run(self, t: cython.longlong) -> cython.double:
        """Seconds since the value took its sign, with that sign; 0 where it is 0, NaN without a value."""
        if self.value > 0:
            return (t - self.began) / _SECOND
        if self.value < 0:
            return -(t - self.began) / _SECOND
        return self.value


@cython.cclass
class TimeAbove(Metric):
    """Seconds that an imbalance spent at or beyond a threshold, and for how long it has kept its sign (metrics.md 1.6).

    Of `queue_imbalance` and of `depth_imbalance` over 10 levels, values held until the next one; time without a value
    never counts. The counter's rate is the share of time beyond the threshold. A resync ends a run.
    """

    declaration = Declaration(
        key="time_above",
        fields=(
            Field(
                "beyond",
                Unit.SECONDS,
                "obi_imbalance_beyond_seconds_total",
                True,
                by={"metric": MEASURES, "sign": SIGNS, "threshold": THRESHOLDS},
                exported={"metric": ("queue_imbalance",), "threshold": (0.5,)},
                help="Time that the imbalance was at or beyond the threshold, on the side that sign says.",
            ),
            Field(
                "run",
                Unit.SECONDS,
                "obi_imbalance_run_seconds",
                by={"metric": MEASURES},
                help="Time for which the imbalance has kept its sign, with that sign; above 0 more bids.",
            ),
        ),
        help="For how long the book has leaned to one side.",
        formula="time with I >= threshold (positive), I <= -threshold (negative)",
        source="metrics.md 1.6",
        sign="`run` + is a lean to the bids",
        top=True,
    )
    measures: list
    width: cython.int

    def prepare(self) -> None:
        chosen = self.params.get("metric", MEASURES)
        bounds = [
            float(one) if sign == "positive" else -float(one)
            for sign in self.params.get("sign", SIGNS)
            for one in self.params.get("threshold", THRESHOLDS)
        ]
        self.measures = [Beyond(bounds, 1 if one == "queue_imbalance" else 10) for one in chosen]
        self.width = len(bounds)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        measure: Beyond
        bid: cython.double
        ask: cython.double
        for measure in self.measures:
            bid = book.bid_sum(measure.levels)
            ask = book.ask_sum(measure.levels)
            measure.hold((bid - ask) / (bid + ask) if bid + ask > 0 else NAN, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        measure: Beyond
        for measure in self.measures:
            measure.hold(NAN, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        measure: Beyond
        k: cython.int
        at: cython.int = self.at
        for measure in self.measures:
            for k in range(self.width):
                self.row[at] = measure.seconds(k, t)
                at += 1
        for measure in self.measures:
            self.row[at] = measure.run(t)
            at += 1
        return 0


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A `series` of [time, value or null] until `t_end`, against one `threshold`."""
    beyond = Beyond([float(params["threshold"])])
    end = params.get("t_end")
    t = 0
    for at, value in inputs["series"]:
        if end is not None and at > end:
            break
        t = int(at * SECOND)
        beyond.hold(NAN if value is None else float(value), t)
    return beyond.seconds(0, t if end is None else int(end * SECOND))


ANSWERS = {"time_above": answer}
