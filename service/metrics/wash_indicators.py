"""`wash_indicators`: what sizes, pairs and traces of prints look like, next to what free trade makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import fabs, floor
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .attribution import HORIZON, Attribution
from .declare import NAN, SECOND, Declaration, Field, Metric, Unit, stored
from .rolling import numbers

MOST = 10_000  # prints
BLOCK = 100  # prints between two looks at what met no level of the book
FEWEST = 1_000  # before anything is said
ROUND_POWER = 2  # 10^k lots are a round size
BENFORD = [log10(1 + 1 / digit) for digit in range(1, 10)]
_MOST = cython.declare(cython.int, MOST)
_BLOCK = cython.declare(cython.int, BLOCK)
_BLOCKS = cython.declare(cython.int, MOST // BLOCK)
_SECOND = cython.declare(cython.longlong, SECOND)
_PAIRED_WITHIN = cython.declare(cython.longlong, SECOND)


@cython.cclass
class WashIndicators(Metric):
    """Four indicators over the last 10,000 prints; there is no composite (metrics.md 3.2).

    benford: mean absolute deviation of the shares of first digits (of sizes in lots) from log10(1 + 1/d). round: share of
    sizes that are multiples of 100 lots. mirror: share of volume in pairs of equal size and opposite side, at most 1 s and
    1 tick apart, each print in one pair. unmatched: share of volume that no level of the book gave (2.3), in steps of 100
    prints. The first two need the lot, the third the tick; undefined below 1,000 prints.
    Source: after Cong, Li, Tang & Yang 2023.
    """

    declaration = Declaration(
        key="wash_indicators",
        fields=(
            Field("benford", Unit.RATIO, "obi_trade_size_benford_ratio"),
            Field(
                "round",
                Unit.RATIO,
                "obi_trade_round_size_ratio",
                help="Share of the last 10,000 prints whose size is a multiple of 100 lots.",
            ),
            Field(
                "mirror",
                Unit.RATIO,
                "obi_trade_mirror_ratio",
                help="Share of volume in pairs of one size and opposite sides within 1 s and 1 tick.",
            ),
            Field(
                "unmatched",
                Unit.RATIO,
                "obi_trade_unmatched_ratio",
                help="Share of the volume of the last 10,000 prints that met no depletion of the book.",
            ),
        ),
        help="Mean absolute deviation of the first digits of trade sizes from Benford's law, last 10,000 prints.",
        formula="mean |share(d) - log10(1 + 1/d)|; share of multiples of 100 lots; paired, unmatched volume / volume",
        source="metrics.md 3.2; Cong, Li, Tang & Yang 2023",
        bounds=(0, 1),
        group="surveillance",
        feed="trades",
        changes=True,
    )
    flow: Attribution
    driving: cython.bint
    all_volume: cython.double
    began_volume: cython.double
    began_unmatched: cython.double
    whole: cython.bint
    volumes: cython.double[::1]
    unmatched: cython.double[::1]
    blocks: cython.longlong
    digit: cython.schar[::1]
    is_round: cython.schar[::1]
    paired: cython.schar[::1]
    side: cython.schar[::1]
    size: cython.double[::1]
    price: cython.double[::1]
    time: cython.longlong[::1]
    head: cython.longlong
    said: cython.longlong
    digits: cython.int[10]
    rounds: cython.int
    volume: cython.double
    mirrored: cython.double
    fewest: cython.int
    lot: cython.double
    tick: cython.double

    def prepare(self) -> None:
        self.digit, self.is_round, self.paired, self.side = (stored("b", bytes(MOST)) for _ in range(4))
        self.size, self.price = (stored("d", [0.0] * MOST) for _ in range(2))
        self.time = stored("q", [0] * MOST)
        self.head = self.said = 0
        self.rounds = 0
        self.volume = self.mirrored = 0.0
        self.fewest = FEWEST if self.context.trades.least > 0 else 1
        self.lot = float(self.params.get("lot_size", self.context.lot))
        self.tick = self.context.tick
        self.flow = self.context.shared(Attribution, HORIZON)
        self.driving = self.flow.drives(self)
        self.all_volume = self.began_volume = self.began_unmatched = 0.0
        self.whole = False
        self.blocks = 0
        self.volumes, self.unmatched = (stored("d", [0.0] * (MOST // BLOCK + 1)) for _ in range(2))

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        return self.flow.changed(self.context.changes, book, t) if self.driving else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self.whole = False
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self.whole = False
        if self.driving:
            self.flow.settle(t)
            self.flow.drop()
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
        at: cython.int = cython.cast(cython.int, self.head % _MOST)
        lots: cython.double
        if self.driving:
            self.flow.traded(price, size, side, t)
        self.all_volume += size
        if self.head >= _MOST:
            self.digits[self.digit[at]] -= 1
            self.rounds -= self.is_round[at]
            self.volume -= self.size[at]
            self.mirrored -= self.size[at] * self.paired[at]
        lots = floor((quote if self.context.book.inverse else size) / self.lot + 0.5) if self.lot > 0 else 0
        self.digit[at] = first_digit(lots)
        self.is_round[at] = lots > 0 and lots % 10**ROUND_POWER == 0
        self.digits[self.digit[at]] += 1
        self.rounds += self.is_round[at]
        self.paired[at] = False
        self.side[at] = side
        self.size[at] = size
        self.price[at] = price
        self.time[at] = t
        self.volume += size
        self.head += 1
        self._pair(at)
        if self.head % _BLOCK == 0:
            self._note(t)
        if self.head % _MOST == 0:
            self._sum()
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _sum(self) -> cython.void:
        """Running sums anew from the ring, so that no rounding is left in them."""
        k: cython.int
        self.volume = 0
        self.mirrored = 0
        for k in range(_MOST):
            self.volume += self.size[k]
            self.mirrored += self.size[k] * self.paired[k]

    @cython.cfunc
    @cython.exceptval(-1)
    def _note(self, t: cython.longlong) -> cython.int:
        """A block of prints is full. It counts where there was a book all the while."""
        at: cython.int = cython.cast(cython.int, self.blocks % (_BLOCKS + 1))
        to: cython.int = cython.cast(cython.int, (self.blocks + 1) % (_BLOCKS + 1))
        if self.driving:
            self.flow.settle(t - _SECOND)
        if self.whole:
            self.volumes[to] = self.volumes[at] + self.all_volume - self.began_volume
            self.unmatched[to] = self.unmatched[at] + self.flow.unmatched - self.began_unmatched
            self.blocks += 1
        self.began_volume = self.all_volume
        self.began_unmatched = self.flow.unmatched
        self.whole = self.context.mid == self.context.mid
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _unmatched(self) -> cython.double:
        """Share over the blocks of the window."""
        first: cython.longlong = self.blocks - _BLOCKS if self.blocks > _BLOCKS else 0
        one: cython.int = cython.cast(cython.int, first % (_BLOCKS + 1))
        two: cython.int = cython.cast(cython.int, self.blocks % (_BLOCKS + 1))
        volume: cython.double = self.volumes[two] - self.volumes[one]
        share: cython.double = (self.unmatched[two] - self.unmatched[one]) / volume if volume > 0 else NAN
        return min(1.0, share) if share == share else share

    @cython.cfunc
    @cython.exceptval(-1)
    def _pair(self, at: cython.int) -> cython.int:
        """The newest print that mirrors this one and has no partner yet becomes its partner."""
        n: cython.longlong = self.head - 2
        other: cython.int
        while n >= 0 and n > self.head - 1 - _MOST:
            other = cython.cast(cython.int, n % _MOST)
            if self.time[at] - self.time[other] > _PAIRED_WITHIN:
                break
            if (
                self.side[other] == -self.side[at] != 0
                and not self.paired[other]
                and fabs(self.size[other] - self.size[at]) <= 1e-12 * self.size[at]
                and fabs(self.price[other] - self.price[at]) <= self.tick * (1 + 1e-9)
            ):
                self.paired[at] = self.paired[other] = True
                self.mirrored += self.size[at] + self.size[other]
                break
            n -= 1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        if self.head >= self.fewest and self.head != self.said:
            self.said = self.head
            self._tell()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _tell(self) -> cython.int:
        count: cython.int = cython.cast(cython.int, min(self.head, _MOST))
        if self.lot > 0:
            self.row[self.at] = deviation([self.digits[k] for k in range(1, 10)])
            self.row[self.at + 1] = self.rounds / cython.cast(cython.double, count)
        if self.tick > 0:
            self.row[self.at + 2] = (
                max(0.0, min(1.0, self.mirrored / self.volume)) if self.volume > 0 else NAN
            )
        self.row[self.at + 3] = self._unmatched()
        return 0


@cython.cfunc
@cython.exceptval(check=False)
def first_digit(lots: cython.double) -> cython.int:
    """1 to 9; 0 of what is less than one lot."""
    while lots >= 10:
        lots = floor(lots / 10)
    return cython.cast(cython.int, lots)


def deviation(digits: list[int]) -> float:
    """Mean absolute deviation of the shares of the digits 1 to 9 from Benford's; NaN without any."""
    total = sum(digits)
    if total == 0:
        return NAN
    return sum(abs(count / total - share) for count, share in zip(digits, BENFORD, strict=True)) / 9


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, float]:
    """A case: `sizes` in lots, or in units of `lot_size`."""
    lot = float(params.get("lot_size", 1))
    lots = [round(size / lot) for size in numbers(inputs, "sizes", "x")]
    digits = [0] * 10
    for one in lots:
        digits[first_digit(float(one))] += 1
    rounds = sum(one > 0 and one % 10**ROUND_POWER == 0 for one in lots)
    return {"benford": deviation(digits[1:]), "round": rounds / len(lots) if lots else NAN}


ANSWERS = {"wash_indicators": answer}
