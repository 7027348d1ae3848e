"""`micro_price`: the mid that is expected after the next six mid changes."""

from __future__ import annotations

import array
from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import exp2, fabs
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.quote_chain import QuoteChain

from connectors.book import Book
from connectors.errors import UsageError

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .quote_chain import QuoteChain, observed

BUCKETS, SPREADS, ITERATIONS = 10, 4, 6
FEWEST = 50  # transitions out of a state that its adjustment rests on
HALF_LIFE = 6 * 3600 * SECOND
_REFIT = cython.declare(cython.longlong, 60 * SECOND)
_KEPT = cython.declare(cython.int, 2_000)  # events whose bias is averaged
_PENDING = cython.declare(cython.int, 1_024)  # events that wait for their sixth mid change


@cython.cclass
class Bias:
    """Mean of (mid after the next `changes` mid changes - P) in ticks over the last 2,000 events, by imbalance bucket."""

    changes: cython.int
    moves: cython.longlong
    head: cython.longlong
    tail: cython.longlong
    due: cython.longlong[::1]
    price: cython.double[::1]
    where: cython.int[::1]
    kept: cython.longlong
    error: cython.double[::1]
    bucket: cython.int[::1]

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.due, self.price = array.array("q", bytes(8 * _PENDING)), array.array("d", bytes(8 * _PENDING))
        self.where = array.array("i", bytes(4 * _PENDING))
        self.error, self.bucket = array.array("d", bytes(8 * _KEPT)), array.array("i", bytes(4 * _KEPT))

    @cython.cfunc
    @cython.exceptval(check=False)
    def expect(self, price: cython.double, bucket: cython.int) -> cython.void:
        """An event's prediction; it is let go where too many wait already."""
        at: cython.int
        if self.head - self.tail == _PENDING:
            return
        at = cython.cast(cython.int, self.head & (_PENDING - 1))
        self.due[at] = self.moves + self.changes
        self.price[at] = price
        self.where[at] = bucket
        self.head += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def move(self, mid: cython.double, tick: cython.double) -> cython.void:
        """The mid moved here: those who waited for this are compared."""
        at: cython.int
        slot: cython.int
        self.moves += 1
        while self.tail < self.head:
            at = cython.cast(cython.int, self.tail & (_PENDING - 1))
            if self.due[at] > self.moves:
                return
            slot = cython.cast(cython.int, self.kept % _KEPT)
            self.error[slot] = (mid - self.price[at]) / tick
            self.bucket[slot] = self.where[at]
            self.kept += 1
            self.tail += 1

    @cython.cfunc
    @cython.exceptval(check=False)
    def drop(self) -> cython.void:
        """What waits is not answered: the book was lost."""
        self.tail = self.head

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def write(self, row: cython.double[::1], at: cython.int, shown: cython.int) -> cython.int:
        """The mean of each of the first `shown` buckets; NaN where there is none."""
        k: cython.int
        count: cython.int[64]
        for k in range(shown):
            row[at + k] = 0
            count[k] = 0
        for k in range(_KEPT if self.kept > _KEPT else cython.cast(cython.int, self.kept)):
            if self.bucket[k] < shown:
                row[at + self.bucket[k]] += self.error[k]
                count[self.bucket[k]] += 1
        for k in range(shown):
            row[at + k] = row[at + k] / count[k] if count[k] > 0 else NAN
        return 0


@cython.cclass
class MicroPrice(Metric):
    """P = m + G(I, S): Stoikov's micro-price, calibrated from this book's own best quotes (metrics.md 1.2).

    Each change of the best prices and sizes is a transition between states (imbalance in 10 buckets, spread in ticks
    pooled at 4); none goes across a resync. Counts decay with a half-life of 6 h, G is solved for every 60 s. Where a
    state was left fewer than 50 times, or the tick is not known, P is the weighted mid and `fallback` 1.
    Range: normally within the best prices. `bias` is 0 where the model holds.
    Source: Stoikov 2018, sections 2 to 4.
    """

    declaration = Declaration(
        key="micro_price",
        fields=(
            Field("", Unit.PRICE, "obi_micro_price", help="Mid expected after the next six mid changes."),
            Field(
                "adjustment_ticks",
                Unit.TICKS,
                "obi_micro_price_adjustment_ticks",
                help="Micro-price minus mid in ticks; above 0 is above the mid.",
            ),
            Field(
                "fallback",
                Unit.COUNT,
                "obi_micro_price_fallback",
                help="1 where the weighted mid stands in for the micro-price, which rests on too few quotes.",
            ),
            Field(
                "bias_ticks",
                Unit.TICKS,
                "obi_micro_price_bias_ticks",
                by={"bucket": tuple(range(BUCKETS))},
                exported={"bucket": ()},
                help="Mid after six mid changes minus micro-price, mean by imbalance bucket; 0 if the model holds.",
            ),
        ),
        help="Mid expected after the next six mid changes.",
        formula="m + G(I, S), G = g + B g + ... + B^5 g, g = (1 - Q)^-1 r, B = (1 - Q)^-1 R",
        source="Stoikov 2018; metrics.md 1.2",
        sign="`adjustment_ticks`, `bias_ticks` + is above the mid",
        group="price",
        top=True,
    )
    chain: QuoteChain
    bias: Bias
    tick: cython.double
    fewest: cython.double
    state: cython.int
    bid: cython.double
    bid_size: cython.double
    ask: cython.double
    ask_size: cython.double
    fitted_at: cython.longlong
    shown: cython.int

    def prepare(self) -> None:
        if len(self.params.get("bucket", range(BUCKETS))) > 64:
            raise UsageError(f"bucket {self.params['bucket']}: 64 at most")
        buckets = int(self.params.get("imbalance_buckets", BUCKETS))
        iterations = int(self.params.get("iterations", ITERATIONS))
        self.chain = QuoteChain(buckets, int(self.params.get("spread_buckets", SPREADS)), iterations)
        self.bias = Bias(iterations)
        self.tick = self.context.tick
        self.fewest = FEWEST if self.context.books.least > 0 else 1
        self.shown = len(self.params.get("bucket", range(BUCKETS)))
        self.state = -1
        self.fitted_at = -1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        state: cython.int
        mid: cython.double
        jump: cython.double
        if book.bid_count == 0 or book.ask_count == 0 or not book.bid_size[0] + book.ask_size[0] > 0:
            self.state = -1
            self._show(NAN, 0, 0)
            return 0
        if (
            self.state >= 0
            and book.bid_price[0] == self.bid
            and book.bid_size[0] == self.bid_size
            and book.ask_price[0] == self.ask
            and book.ask_size[0] == self.ask_size
        ):
            return 0
        mid = (book.bid_price[0] + book.ask_price[0]) / 2
        if self.tick == self.tick:
            state = self.chain.state(
                book.bid_price[0], book.bid_size[0], book.ask_price[0], book.ask_size[0], self.tick
            )
            if self.state >= 0:
                jump = (mid - (self.bid + self.ask) / 2) / self.tick
                self.chain.count(self.state, state, jump)
                if fabs(jump) > 1e-6:
                    self.bias.move(mid, self.tick)
            self.state = state
        self.bid = book.bid_price[0]
        self.bid_size = book.bid_size[0]
        self.ask = book.ask_price[0]
        self.ask_size = book.ask_size[0]
        self._predict(mid)
        if self.row[self.at + 2] == 0:
            self.bias.expect(self.row[self.at], self.state % self.chain.buckets)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _predict(self, mid: cython.double) -> cython.void:
        weighted: cython.double = (self.ask * self.bid_size + self.bid * self.ask_size) / (
            self.bid_size + self.ask_size
        )
        if self.state >= 0 and self.chain.fitted and self.chain.visits[self.state] >= self.fewest:
            self._show(mid + self.chain.adjustment[self.state] * self.tick, mid, 0)
        else:
            self._show(weighted, mid, 1)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _show(self, price: cython.double, mid: cython.double, fallback: cython.int) -> cython.void:
        self.row[self.at] = self.context.micro = price
        self.row[self.at + 1] = (price - mid) / self.tick
        self.row[self.at + 2] = fallback if price == price else NAN

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.state = -1
        self.bias.drop()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        """Refit, once a minute."""
        if self.fitted_at < 0:
            self.fitted_at = t
        if t - self.fitted_at >= _REFIT:
            if not self.chain.fit():
                self.chain.fit(self.fewest)
            self.chain.decay(exp2((self.fitted_at - t) / cython.cast(cython.double, HALF_LIFE)))
            self.fitted_at = t
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        self.bias.write(self.row, self.at + 3, self.shown)
        return 0

    def told(self, asked: str = "") -> Any:
        """A case asks for the price alone, fitted to all that it played."""
        mid = self.context.mid
        if mid != mid or self.row[self.at] != self.row[self.at]:
            return None
        self.chain.fit()
        self._predict(mid)
        return self.row[self.at]


def adjustment(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, list[float] | None]:
    """The g and G of each state in price units, by spread, then by imbalance."""
    chain = observed(inputs["l1"], params)
    if not chain.fit():
        return {"g1": None, "adjustment": None}
    tick = float(params.get("tick_size", 1))
    return {"g1": [one * tick for one in chain.g], "adjustment": [one * tick for one in chain.adjustment]}


def price(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """The micro-price of the quote `state` after the quotes `l1`; the weighted mid where its state was never left."""
    bid, bid_size, ask, ask_size = map(float, inputs["state"])
    if bid >= ask:
        return NAN
    chain = observed(inputs["l1"], params)
    tick = float(params.get("tick_size", 1))
    state = chain.state(bid, bid_size, ask, ask_size, tick)
    if chain.visits[state] == 0 or not chain.fit():
        return (ask * bid_size + bid * ask_size) / (bid_size + ask_size)
    return (bid + ask) / 2 + chain.adjustment[state] * tick


ANSWERS = {"micro_price": price, "micro_price_adjustment": adjustment}
