"""`p_up_horizon`: how likely the mid stands higher some seconds from now, judged from the book and what flowed."""

from __future__ import annotations

from collections.abc import Mapping
from math import isclose
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.level_flow import LevelFlow
from cython.cimports.service.metrics.logistic import probability
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book
from connectors.errors import UsageError
from connectors.sync import SNAPSHOT

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .level_flow import LEVELS, LevelFlow
from .logistic import auc, brier, probability
from .prequential import PAIRS, Newest, Prequential
from .rolling import numbers
from .windows import RollingSums

HORIZONS = (1, 5)
FEATURES = ("queue_imbalance", "depth_imbalance_10", "normalized_ofi_10s", "trade_flow_imbalance_10s")
TERMS = ("intercept", *FEATURES)
COEFFICIENTS = tuple(f"b{k}" for k in range(len(TERMS)))
ROUNDING = 1e-15  # of a mid: two pairs of prices with one mid may differ by so much
STEPS = 10  # of a second: the window of order flow and of trades
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_SECOND = cython.declare(cython.longlong, SECOND)
_SPAN = cython.declare(cython.longlong, STEPS * SECOND)
_STEPS = cython.declare(cython.int, STEPS)
_LEVELS = cython.declare(cython.int, LEVELS)
_BY = {"horizon": HORIZONS}
_ASKED = {"horizon": ()}  # its series leave only where every one is asked for


class Ahead:
    """One horizon: its predictor, what it said in the seconds whose outcome is awaited, and in how many the mid changed."""

    def __init__(self, seconds: int, predictor: Prequential, whole: bool) -> None:
        self.seconds, self.predictor = seconds, predictor
        self.said = [NAN] * (seconds + 1)
        self.moved = Newest(0 if whole else PAIRS, code="b")

    def judge(self, second: int, row: Any, before: float, after: float) -> None:
        """`row` and the mid `before` were known at `second`, the mid `after` is that of a horizon later."""
        moved = not isclose(before, after, rel_tol=ROUNDING)
        self.moved.push((moved,))
        if moved:
            self.predictor.learn(row, after > before, self.said[second % len(self.said)])

    def results(self) -> list[float]:
        """In the order of the metric's fields: scores, coefficients, share that changed, pairs."""
        seen, pairs = self.moved.numbers, self.predictor.pairs
        moved = sum(seen) / len(seen) if seen else NAN
        return [*self.predictor.scores(), *self.predictor.coefficients, moved, pairs]


@cython.cclass
class PUpHorizon(Metric):
    """P(mid higher after the horizon | it changes) = 1 / (1 + e^-(b0 + b x)), x the four features now (metrics.md 2.7).

    One pair a second of the grid: the features then, and the mid a horizon later against the mid then, 1 where it is
    higher. Where it is the same there is no pair, neither for the fit nor for the scores: the probability is that of a rise
    among rises and falls, and `moved` is the share of seconds after which it changed. x: `queue_imbalance`,
    `depth_imbalance` of 10 levels, `normalized_ofi` of the touch and `trade_flow_imbalance` of 10 s, as those metrics
    define them; where one is undefined (no print in 10 s) there is neither pair nor prediction. Nor is there a pair across a
    resync, a snapshot, a crossed, stale or one-sided book. Refitted every 60 s on the last 5,000 pairs, each horizon in a
    second of its own; shown from 500 on; each pair is scored with coefficients fitted before its features were known.
    Pairs of longer horizons overlap, so they tell less than their number. Costs are not in it: no advice.
    """

    declaration = Declaration(
        key="p_up_horizon",
        fields=(
            Field("", Unit.RATIO, "obi_p_up_horizon_ratio"),
            Field(
                "brier",
                Unit.COUNT,
                "obi_p_up_horizon_brier_score",
                exported=_ASKED,
                help="Mean squared error of the last 2,000 predictions after which the mid changed; 0.25 is no knowledge.",
            ),
            Field(
                "auc",
                Unit.RATIO,
                "obi_p_up_horizon_auc_ratio",
                exported=_ASKED,
                help="Share of up-down pairs that the predictions put in order.",
            ),
            Field(
                "calibration_error",
                Unit.RATIO,
                "obi_p_up_horizon_calibration_error_ratio",
                exported=_ASKED,
                help="Mean distance of predicted from observed over ten bins.",
            ),
            Field(
                "coefficient",
                Unit.COUNT,
                "obi_p_up_horizon_coefficient",
                by=_BY | {"term": TERMS},
                exported=_ASKED,
                help="Coefficients, each for one of its feature's own units.",
            ),
            Field(
                "moved",
                Unit.RATIO,
                "obi_p_up_horizon_moved_ratio",
                exported=_ASKED,
                help="Share of the last 5,000 seconds looked at after which the mid had changed.",
            ),
            Field("pairs", Unit.COUNT, "", help="Seconds that the fit rests on."),
        ),
        help="Probability that the mid stands higher after the horizon than now, given that it does not stand the same: "
        "seconds after which it does are no pair, and `moved` is the share of the others.",
        formula="P(m_h > m | m_h != m) = 1 / (1 + exp(-(b0 + b1 I + b2 DI_10 + b3 OFI_10s/Q + b4 TFI_10s)))",
        source="Gould & Bonart 2016; metrics.md 2.7",
        by=_BY,
        fixed=("term",),
        group="flow",
    )
    flow: LevelFlow
    driving: cython.bint
    prints: RollingSums
    bought: cython.double
    sold: cython.double
    since: cython.longlong
    closed_at: cython.longlong
    steps: cython.double[::1]
    x: cython.double[::1]
    slots: cython.int
    times: cython.longlong[::1]
    mids: cython.double[::1]
    rows: cython.double[::1]
    horizons: cython.int
    b: cython.double[::1]
    ahead = cython.declare(list, visibility="readonly")

    def prepare(self) -> None:
        seconds = [round(one) for one in self.param("horizon")]
        if seconds != list(self.param("horizon")) or min(seconds, default=1) < 1 or max(seconds) > 3600:
            raise UsageError(
                f"horizon {self.param('horizon')}: whole seconds from 1 to 3600, one at least, are asked for"
            )
        least = self.context.books.least
        named = self.params.keys() & set(COEFFICIENTS)
        given = [float(self.params.get(name, 0)) for name in COEFFICIENTS] if named else ()
        self.ahead = [
            Ahead(one, Prequential(len(FEATURES), least, given), whole=least == 0) for one in seconds
        ]
        self.horizons = len(seconds)
        self.b = stored("d", [b for one in self.ahead for b in one.predictor.coefficients])
        self.flow = self.context.shared(LevelFlow, LEVELS, STEPS * SECOND)
        self.driving = self.flow.drives(self)
        self.prints = RollingSums([STEPS * SECOND], 2)
        self.bought = self.sold = 0.0
        self.since = self.closed_at = -1
        self.steps = stored("d", [0.0] * (5 * STEPS))
        self.x = stored("d", [NAN] * len(FEATURES))
        self.slots = max(seconds) + 1
        self.times, self.mids = stored("q", [-1] * self.slots), stored("d", [NAN] * self.slots)
        self.rows = stored("d", [NAN] * (len(FEATURES) * self.slots))

    # -- what comes in: `since` is the time from which the book has been good and two-sided without a break, or -1 -----

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.context.mid != self.context.mid:
            self.since = -1
        elif self.since < 0 or kind == _SNAPSHOT:
            self.since = t
        return self.flow.update(book, kind == _SNAPSHOT, t) if self.driving else 0

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
        self.prints.value[0] = size if side > 0 else 0
        self.prints.value[1] = size if side < 0 else 0
        self.bought += self.prints.value[0]
        self.sold += self.prints.value[1]
        return self.prints.push(t)

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.since = -1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.flow.lost()
        return 0

    # -- once a second -------------------------------------------------------------------------------------------------

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        good: cython.bint = 0 <= self.since <= t
        slot: cython.int = cython.cast(cython.int, t // _SECOND % self.slots)
        h: cython.int
        if self.driving:
            self.flow.sample(t, whole)
        self._close(t)
        if good:
            self._learn(t)
        self.times[slot] = -1
        if good and self._sampled(book, t):
            self._await(t, slot)
        for h in range(self.horizons):
            if self.context.is_turn(
                t, 60, (h + 1) * 60 // (self.horizons + 1)
            ):  # when no other predictor is fitted
                self._refit(h)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _close(self, t: cython.longlong) -> cython.void:
        """The second that ends at t becomes one of the ten; after a leap of the grid there is none before it."""
        k: cython.int
        at: cython.int = 5 * cython.cast(cython.int, t // _SECOND % _STEPS)
        if t != self.closed_at + _SECOND:
            for k in range(5 * _STEPS):
                self.steps[k] = 0
        self.closed_at = t
        self.steps[at] = self.flow.closed[0]
        self.steps[at + 1] = self.flow.closed[_LEVELS]
        self.steps[at + 2] = self.flow.closed[_LEVELS + 2]
        self.steps[at + 3] = self.bought
        self.steps[at + 4] = self.sold
        self.bought = self.sold = 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _sampled(self, book: Book, t: cython.longlong) -> cython.bint:
        """Features at the full second t, from whole seconds: that somebody reads the running windows must not show."""
        k: cython.int
        j: cython.int
        sums: cython.double[5]
        for j in range(5):
            sums[j] = 0
            for k in range(_STEPS):
                sums[j] += self.steps[5 * k + j]
        return self._know(book, sums[0], sums[1] / sums[2] if sums[2] > 0.5 else NAN, sums[3], sums[4], t)

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _know(
        self,
        book: Book,
        ofi: cython.double,
        scale: cython.double,
        bought: cython.double,
        sold: cython.double,
        t: cython.longlong,
    ) -> cython.bint:
        """Fill `x` from the book and from what flowed in the last ten seconds; False where one of it is undefined."""
        bids: cython.double = book.bid_sum(_LEVELS)
        asks: cython.double = book.ask_sum(_LEVELS)
        if not (bids + asks > 0 and scale > 0 and bought + sold > 0):
            return False
        if not (self.context.books.enough(_SPAN, t) and self.context.trades.enough(_SPAN, t)):
            return False
        self.x[0] = (book.bid_size[0] - book.ask_size[0]) / (book.bid_size[0] + book.ask_size[0])
        self.x[1] = (bids - asks) / (bids + asks)
        self.x[2] = ofi / scale
        self.x[3] = (bought - sold) / (bought + sold)
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _predicted(self, h: cython.int) -> cython.double:
        """What horizon h makes of `x`."""
        k: cython.int
        at: cython.int = 5 * h
        z: cython.double = self.b[at]
        for k in range(4):
            z += self.b[at + 1 + k] * self.x[k]
        return probability(z)

    def _await(self, t: int, slot: int) -> None:
        """What is known at t and is said of it waits for what comes."""
        k: cython.int
        self.times[slot] = t
        self.mids[slot] = self.context.mid
        for k in range(4):
            self.rows[4 * slot + k] = self.x[k]
        for k in range(self.horizons):
            ahead = self.ahead[k]
            ahead.said[t // SECOND % len(ahead.said)] = self._predicted(k)

    def _learn(self, t: int) -> None:
        """What was known a horizon ago has come out, if the book has been good ever since."""
        for ahead in self.ahead:
            then = t - ahead.seconds * SECOND
            slot = then // SECOND % self.slots
            if then >= self.since and self.times[slot] == then:
                row = [self.rows[4 * slot + k] for k in range(4)]
                ahead.judge(then // SECOND, row, self.mids[slot], self.context.mid)

    def _refit(self, h: int) -> None:
        k: cython.int
        ahead = self.ahead[h]
        if not ahead.predictor.refit():
            return
        for k in range(5):
            self.b[5 * h + k] = ahead.predictor.coefficients[k]
        found = ahead.results()
        n: cython.int = self.horizons
        for k in range(3):
            self.row[self.at + (1 + k) * n + h] = found[k]
        for k in range(5):
            self.row[self.at + 4 * n + 5 * h + k] = found[3 + k]
        self.row[self.at + 9 * n + h] = found[8]
        self.row[self.at + 10 * n + h] = found[9]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        h: cython.int
        known: cython.bint = self.since >= 0
        if known:
            self.flow.sums.expire(t)
            self.prints.expire(t)
            known = self._know(
                book,
                self.flow.flow(0),
                self.flow.scale(),
                self.prints.total(0, 0),
                self.prints.total(0, 1),
                t,
            )
        for h in range(self.horizons):
            self.row[self.at + h] = self._predicted(h) if known else NAN
        return 0

    def told(self, asked: str = "") -> Any:
        """The probabilities; of a whole data set how well the features tell the first horizon, by one fit to all of it."""
        if asked != "p_up_horizon_predictor":
            found = [self.row[self.at + h] for h in range(self.horizons)]
            return found if self.horizons > 1 else found[0]
        predictor = self.ahead[0].predictor
        x, y, b = predictor.x.numbers, predictor.y.numbers, predictor.fitted()
        p = [_logistic(b, x[4 * k : 4 * k + 4]) for k in range(len(y))]
        moved = self.ahead[0].results()[8]
        told = {"auc": auc(p, y), "brier": brier(p, y), "moved": moved, "pairs": len(y)}
        return told | dict(zip(COEFFICIENTS, b, strict=True))


def _logistic(b: Any, x: Any) -> float:
    return float(probability(b[0] + sum(one * by for one, by in zip(x, b[1:], strict=True))))


def predicted(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: `b0` to `b4`, and of each feature by its name one or many values, as many of each."""
    lacking = [name for name in FEATURES if name not in inputs]
    if lacking:
        raise UsageError(f"the inputs lack {', '.join(lacking)}")
    b = [float(params.get(name, 0)) for name in COEFFICIENTS]
    if not any(isinstance(inputs[name], list) for name in FEATURES):
        return _logistic(b, [float(inputs[name]) for name in FEATURES])
    columns = [numbers(inputs, name) for name in FEATURES]
    if len({len(one) for one in columns}) > 1:
        raise UsageError(
            f"{', '.join(str(len(one)) for one in columns)} values of the features; give as many of each"
        )
    return [_logistic(b, row) for row in zip(*columns, strict=True)]


ANSWERS = {"p_up_horizon": predicted}
ALIASES = {"p_up_horizon_predictor": "p_up_horizon"}
