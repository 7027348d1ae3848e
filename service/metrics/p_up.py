"""`p_up`: how likely the next change of the mid is up, judged from the queues, and how well such judgements did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.logistic import probability

from connectors.book import Book

from .declare import NAN, Declaration, Field, Metric, Unit
from .logistic import auc, brier, probability
from .prequential import Prequential
from .rolling import numbers

TERMS = {"term": ("intercept", "queue_imbalance")}


@cython.cclass
class PUp(Metric):
    """1 / (1 + e^-(b0 + b1 I)), I the queue imbalance now (metrics.md 2.7).

    One pair (I, up?) per interval between two changes of the mid, I at one of its updates drawn with equal chance
    (reservoir, seeded): only the last one before the move would flatter the fit. Refitted every 60 s on the last 5,000;
    shown from 500 on. Each pair is scored with coefficients fitted before it. An interval with a loss, a crossed or
    one-sided book is no pair. Contemporaneous structure, costs not in it: no advice. Source: Gould & Bonart 2016.
    """

    declaration = Declaration(
        key="p_up",
        fields=(
            Field("", Unit.RATIO, "obi_p_up_ratio"),
            Field(
                "brier",
                Unit.COUNT,
                "obi_predictor_brier_score",
                help="Mean squared error of the last 2,000 predictions; 0.25 is no knowledge.",
            ),
            Field(
                "auc",
                Unit.RATIO,
                "obi_predictor_auc_ratio",
                help="Share of up-down pairs that the predictions put in order.",
            ),
            Field(
                "calibration_error",
                Unit.RATIO,
                "obi_predictor_calibration_error_ratio",
                help="Mean distance of predicted from observed over ten bins.",
            ),
            Field(
                "coefficient",
                Unit.COUNT,
                "obi_predictor_coefficient",
                by=TERMS,
                exported={"term": TERMS["term"][1:]},
                help="Coefficients.",
            ),
            Field("pairs", Unit.COUNT, "", help="Intervals that the fit rests on."),
        ),
        help="Probability that the next change of the mid is up.",
        formula="1 / (1 + exp(-(b0 + b1 I)))",
        source="Gould & Bonart 2016; metrics.md 2.7",
        fixed=("term",),
        top=True,
        group="flow",
    )
    b0: cython.double
    b1: cython.double
    mid: cython.double
    chosen: cython.double
    seen: cython.longlong
    random: cython.ulonglong
    bid: cython.double
    ask: cython.double
    bid_size: cython.double
    ask_size: cython.double
    lean: cython.double
    predictor: Any

    def prepare(self) -> None:
        names = ("b0", "b1")
        given = [float(self.params.get(name, 0)) for name in names] if self.params.keys() & set(names) else ()
        self.predictor = Prequential(1, self.context.books.least, given)
        self.b0, self.b1 = self.predictor.coefficients
        self.mid = self.chosen = self.lean = NAN
        self.bid = self.ask = self.bid_size = self.ask_size = NAN
        self.seen, self.random = 0, 0x9E3779B97F4A7C15

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        mid: cython.double = self.context.mid
        if mid != mid:
            self._forget()
            self.row[self.at] = NAN
            return 0
        if (
            book.bid_price[0] == self.bid
            and book.ask_price[0] == self.ask
            and book.bid_size[0] == self.bid_size
            and book.ask_size[0] == self.ask_size
        ):
            return 0
        self.bid = book.bid_price[0]
        self.ask = book.ask_price[0]
        self.bid_size = book.bid_size[0]
        self.ask_size = book.ask_size[0]
        self.lean = (self.bid_size - self.ask_size) / (self.bid_size + self.ask_size)
        if mid != self.mid:
            if self.mid == self.mid:
                self._paired(mid > self.mid)
            self.mid = mid
            self.seen = 0
        self.seen += 1
        if self._drawn() % cython.cast(cython.ulonglong, self.seen) == 0:
            self.chosen = self.lean
        self.row[self.at] = probability(self.b0 + self.b1 * self.lean)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _drawn(self) -> cython.ulonglong:
        """The next of a fixed row of random numbers (xorshift64*): a replay draws the same."""
        self.random ^= self.random >> 12
        self.random ^= self.random << 25
        self.random ^= self.random >> 27
        return (self.random * cython.cast(cython.ulonglong, 0x2545F4914F6CDD1D)) >> 20

    def _paired(self, up: bool) -> None:
        """The mid moved: an interval is over."""
        self.predictor.learn((self.chosen,), up, probability(self.b0 + self.b1 * self.chosen))

    def _forget(self) -> None:
        """The interval that is open is no pair."""
        self.mid = self.lean = NAN
        self.bid = self.ask = self.bid_size = self.ask_size = NAN

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self._forget()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        if self.context.is_turn(t, 60, 0) and self.predictor.refit():
            self.b0, self.b1 = self.predictor.coefficients
            self._judge()
        return 0

    def _judge(self) -> None:
        k: cython.int
        found = (*self.predictor.scores(), self.b0, self.b1, self.predictor.pairs)
        for k in range(6):
            self.row[self.at + 1 + k] = found[k]

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        self.row[self.at] = probability(self.b0 + self.b1 * self.lean)
        return 0

    def told(self, asked: str = "") -> Any:
        """The probability; of a whole data set how well I tells the next move, and b1 of one fit to all of it."""
        if asked != "queue_imbalance_predictor":
            return self.row[self.at]
        x, y = self.predictor.x.numbers, self.predictor.y.numbers
        b0, b1 = self.predictor.fitted()
        p = [probability(b0 + b1 * one) for one in x]
        return {"auc": auc(x, y), "b0": b0, "b1": b1, "brier": brier(p, y), "pairs": len(x)}


def predicted(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: `b0`, `b1` and one or many imbalances `i` (or `x`)."""
    given = next((inputs[name] for name in ("i", "I", "x", "imbalance") if name in inputs), None)
    b0, b1 = float(params.get("b0", 0)), float(params.get("b1", 0))
    if isinstance(given, list):
        return [probability(b0 + b1 * one) for one in numbers({"i": given}, "i")]
    return NAN if given is None else probability(b0 + b1 * float(given))


ANSWERS = {"p_up": predicted}
ALIASES = {"queue_imbalance_predictor": "p_up"}
