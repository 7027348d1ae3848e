"""`maker_profile`: what an average order at the touch earned, lost and met with, on each side."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN
from cython.cimports.service.metrics.attribution import Attribution
from cython.cimports.service.metrics.declare import Metric
from cython.cimports.service.metrics.markouts import Markouts
from cython.cimports.service.metrics.windows import RollingSums

from connectors.book import Book

from .attribution import HORIZON, Attribution
from .declare import SECOND, Declaration, Field, Metric, Unit, stored
from .markouts import HORIZONS, Markouts
from .windows import RollingSums

SIDES = ("bid", "ask")
SHOWN = (1, 5, 30)  # seconds after a fill
MINUTE = 60  # samples of the number of depletions
_SECOND = cython.declare(cython.longlong, SECOND)
_MINUTE = cython.declare(cython.int, MINUTE)


@cython.cclass
class MakerProfile(Metric):
    """Per side of the touch: spread captured and kept, adverse selection, losing fills, life of a quote, depletions.

    A maker on the bid is filled by takers who sell. Over 300 s: captured is ES of those prints, kept RS and adverse PI
    after 1, 5 and 30 s, weighted by volume; losing the share of prints with RS after 5 s below zero; quote_lifetime the
    mean time that a price stayed the best of its side. depletions are of the last minute; edge is the distance of the
    micro-price (where `micro_price` does not run: the weighted mid) from the mid in favour of the side, over the mid. No
    inventories are visible: it is the average of all who stand there. Sources: metrics.md 3.6; Huang & Stoll 1996.
    """

    declaration = Declaration(
        key="maker_profile",
        fields=(
            Field("captured", Unit.RATIO, "obi_maker_spread_captured_ratio", exported={"side": ()}),
            Field(
                "kept",
                Unit.RATIO,
                "obi_maker_spread_kept_ratio",
                by={"side": SIDES, "horizon": SHOWN},
                exported={"horizon": (5,)},
                help="What of it was left after the horizon; below 0 the makers of this side lost.",
            ),
            Field(
                "adverse",
                Unit.RATIO,
                "obi_maker_adverse_selection_ratio",
                by={"side": SIDES, "horizon": SHOWN},
                exported={"side": ()},
                help="How far the mid went against the makers of this side within the horizon.",
            ),
            Field(
                "losing",
                Unit.RATIO,
                "obi_maker_losing_fills_ratio",
                exported={"side": ()},
                help="Share of fills of this side that had lost money after 5 s.",
            ),
            Field(
                "quote_lifetime",
                Unit.SECONDS,
                "obi_maker_quote_lifetime_seconds",
                exported={"side": ()},
                help="Mean time that a price stayed the best of its side.",
            ),
            Field(
                "depletions",
                Unit.COUNT,
                "obi_maker_depletions_per_minute",
                exported={"side": ()},
                help="Times in the last minute that the best level of the side vanished and left a worse price.",
            ),
            Field(
                "edge",
                Unit.RATIO,
                "obi_maker_edge_ratio",
                exported={"side": ()},
                help="Distance of the micro-price from the mid in favour of this side, over the mid.",
            ),
        ),
        help="Twice the distance from the mid at which the makers of this side were filled, over the mid.",
        formula="ES, RS_tau, PI_tau per side; share(RS_5s < 0); mean life of a best price; (micro - m) / m",
        fixed=("side", "horizon"),
        source="metrics.md 3.6; Huang & Stoll 1996",
        sign="`kept` - is a loss of the makers, `edge` + is a micro-price in their favour",
        by={"side": SIDES},
        group="risk",
        changes=True,
    )
    marks: Markouts
    driving_marks: cython.bint
    flow: Attribution
    driving_flow: cython.bint
    lives: RollingSums
    best: cython.double[2]
    since: cython.longlong[2]
    counts: cython.double[::1]
    samples: cython.longlong

    def prepare(self) -> None:
        self.marks = self.context.shared(Markouts, HORIZONS)
        self.driving_marks = self.marks.drives(self)
        self.flow = self.context.shared(Attribution, HORIZON)
        self.driving_flow = self.flow.drives(self)
        self.lives = RollingSums([self.marks.span], 4)  # of each side: seconds, number
        self.counts = stored("d", [NAN] * (2 * MINUTE))
        self.samples = 0
        self._forget()

    @cython.cfunc
    @cython.exceptval(check=False)
    def _forget(self) -> cython.void:
        self.best[0] = self.best[1] = NAN

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        if self.driving_flow:
            self.flow.changed(self.context.changes, book, t)
        if self.driving_marks:
            self.marks.moved(self.context.mid, t)
        if book.moved or self.best[0] != self.best[0]:
            self._touch(0, book.bid_price[0] if book.bid_count > 0 else NAN, t)
            self._touch(1, book.ask_price[0] if book.ask_count > 0 else NAN, t)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _touch(self, side: cython.int, price: cython.double, t: cython.longlong) -> cython.int:
        """The best price of a side; where it is another one, the life of the one before is over."""
        if price == self.best[side]:
            return 0
        if self.best[side] == self.best[side]:
            self.lives.value[0] = self.lives.value[1] = self.lives.value[2] = self.lives.value[3] = 0
            self.lives.value[2 * side] = (t - self.since[side]) / cython.cast(cython.double, _SECOND)
            self.lives.value[2 * side + 1] = 1
            self.lives.gather(t // _SECOND * _SECOND)
        self.best[side] = price
        self.since[side] = t
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
        if self.driving_marks:
            self.marks.traded(price, size, side, t)
        if self.driving_flow:
            self.flow.traded(price, size, side, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        self._forget()
        self.row[self.at + 18] = self.row[self.at + 19] = NAN
        return self.marks.moved(NAN, t) if self.driving_marks else 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        self._forget()
        self.samples = 0
        if self.driving_flow:
            self.flow.settle(t)
            self.flow.drop()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def sample(self, book: Book, t: cython.longlong, whole: cython.bint) -> cython.int:
        """Depletions so far, once a second: a minute's are a difference."""
        side: cython.int
        at: cython.int = cython.cast(cython.int, self.samples % _MINUTE)
        if not whole:
            self.samples = 0
            at = 0
        for side in range(2):
            now: cython.double = self.flow.depleted[2 * side] + self.flow.depleted[2 * side + 1]
            self.row[self.at + 18 + side] = (
                now - self.counts[2 * at + side] if self.samples >= _MINUTE else NAN
            )
            self.counts[2 * at + side] = now
        self.samples += 1
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def refresh(self, book: Book, t: cython.longlong) -> cython.int:
        side: cython.int
        h: cython.int
        taker: cython.int
        volume: cython.double
        lives: cython.double
        enough: cython.bint = self.context.trades.enough(self.marks.span, t)
        known: cython.bint = self.context.books.enough(self.marks.span, t)
        if self.driving_flow:
            self.flow.settle(t - _SECOND)
        self.marks.bring(t)
        self.lives.expire(t)
        for side in range(2):
            taker = side  # bids are hit by takers who sell: side 0 of markouts, asks by those who buy
            volume = self.marks.volume[taker]
            self.row[self.at + side] = self.marks.effective[taker] / volume if enough and volume > 0 else NAN
            for h in range(3):
                self.row[self.at + 2 + 3 * side + h] = self.marks.mean(h, taker, 0) if enough else NAN
                self.row[self.at + 8 + 3 * side + h] = self.marks.mean(h, taker, 1) if enough else NAN
            self.row[self.at + 14 + side] = self.marks.mean(1, taker, 4) if enough else NAN
            lives = self.lives.total(0, 2 * side + 1)
            self.row[self.at + 16 + side] = (
                self.lives.total(0, 2 * side) / lives if known and lives > 0.5 else NAN
            )
            self.row[self.at + 20 + side] = (1 - 2 * side) * self._lean(book)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _lean(self, book: Book) -> cython.double:
        """Distance of the micro-price from the mid, over the mid; above zero upwards."""
        price: cython.double = self.context.micro
        if price != price and book.bid_count > 0 and book.ask_count > 0:
            price = (book.ask_price[0] * book.bid_size[0] + book.bid_price[0] * book.ask_size[0]) / (
                book.bid_size[0] + book.ask_size[0]
            )
        return (price - self.context.mid) / self.context.mid
