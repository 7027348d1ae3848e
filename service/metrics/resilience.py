"""`resilience`: how fast depth and spread come back after a shock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.libc.math import NAN, exp2
from cython.cimports.service.metrics.bands import Bands
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book
from connectors.errors import UsageError

from .bands import Bands
from .declare import SECOND, Declaration, Field, Metric, Unit, stored
from .histogram import DURATIONS, Histogram

_SECOND = cython.declare(cython.double, 1e9)
_LONGEST = cython.declare(cython.longlong, 300 * SECOND)
ENDED, CENSORED = 1, 2
_ENDED = cython.declare(cython.int, ENDED)
_CENSORED = cython.declare(cython.int, CENSORED)
KINDS = ("depth", "bid", "ask", "spread")
COUNTED = ("depth", "spread")  # the kinds with histograms
FALL, RISE = 0.5, 1.0  # theta of depth and of spread
HALF_LIFE = 60.0  # s, of the baseline


@cython.cclass
class Episodes:
    """Episodes of one measure L: a fall to (1 - theta) of its baseline and below, or with `rises` a rise to (1 + theta).

    The baseline is an average with a half-life, frozen while an episode lasts. After the episode `half_life` is the time
    from the worst value to the first at or beyond half-way back to the baseline, `exceedance` that from the start to the
    last return inside the threshold, both in seconds.
    """

    theta: cython.double
    rises: cython.bint
    fixed: cython.bint
    rate: cython.double
    baseline = cython.declare(cython.double, visibility="readonly")
    held: cython.double
    since: cython.longlong
    running = cython.declare(cython.bint, visibility="readonly")
    began: cython.longlong
    worst: cython.double
    worst_at: cython.longlong
    half_at: cython.longlong
    inside_at: cython.longlong
    half_life = cython.declare(cython.double, visibility="readonly")
    exceedance = cython.declare(cython.double, visibility="readonly")

    def __init__(
        self, theta: float, rises: bool, half_life: float = HALF_LIFE, baseline: float = NAN
    ) -> None:
        """`half_life` in seconds; a `baseline` that is given stays as it is."""
        if theta <= 0 or half_life <= 0:
            raise UsageError(f"theta {theta}, half_life {half_life}: both are above 0")
        self.theta, self.rises, self.rate = theta, rises, 1 / (half_life * 1e9)
        self.baseline, self.fixed = baseline, baseline == baseline
        self.held = NAN

    @cython.ccall
    @cython.exceptval(check=False)
    def step(self, x: cython.double, t: cython.longlong) -> cython.int:
        """The measure from t (ns) on, NaN where it has no value. 1: an episode ended, 2: one went on for too long."""
        if self.running and t - self.began > _LONGEST:
            self.running = False
            if not self.fixed:
                self.baseline = x  # what lasts for so long is no shock: the measure has a new level
            self._hold(x, t)
            return _CENSORED
        if x != x:
            self._hold(x, t)
            return 0
        if not self.running:
            if self.baseline != self.baseline:
                self.baseline = x
            elif not self.fixed and self.held == self.held:
                self.baseline += (1 - exp2((self.since - t) * self.rate)) * (self.held - self.baseline)
            self._hold(x, t)
            if not self._is_outside(x):
                return 0
            self.running = True
            self.began = self.worst_at = t
            self.worst = x
            self.half_at = self.inside_at = -1
            return 0
        self._hold(x, t)
        if x > self.worst if self.rises else x < self.worst:
            self.worst = x
            self.worst_at = t
            self.half_at = -1
        elif self.half_at < 0 and self._is_half_back(x):
            self.half_at = t
        if self._is_outside(x):
            self.inside_at = -1
        elif self.inside_at < 0:
            self.inside_at = t
        if self.half_at < 0 or self.inside_at < 0:
            return 0
        self.running = False
        self.half_life = (self.half_at - self.worst_at) / _SECOND
        self.exceedance = (self.inside_at - self.began) / _SECOND
        return _ENDED

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _hold(self, x: cython.double, t: cython.longlong) -> cython.void:
        self.held = x
        self.since = t

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _is_outside(self, x: cython.double) -> cython.bint:
        if self.rises:
            return x >= (1 + self.theta) * self.baseline
        return x <= (1 - self.theta) * self.baseline

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _is_half_back(self, x: cython.double) -> cython.bint:
        middle: cython.double = self.worst + (self.baseline - self.worst) / 2
        return x <= middle if self.rises else x >= middle

    @cython.ccall
    @cython.exceptval(check=False)
    def drop(self) -> cython.bint:
        """The book is gone: whether an episode that was running is lost with it. The baseline stays."""
        ran: cython.bint = self.running
        self.running = False
        self.held = NAN
        return ran


@cython.cclass
class Resilience(Metric):
    """Time to recover of L = D_b(10bp) + D_a(10bp), of each side alone, and of the spread (metrics.md 1.6).

    An episode starts at the first update with L <= (1 - 0.5) of its baseline (the spread: >= twice), an average with a
    half-life of 60 s that is frozen while it lasts. It ends when L is back inside and has recovered half of the way from
    its worst; one that is not over after 300 s, or when the book is lost, is counted as censored. After 300 s the
    present value is the new baseline. `theta` and `half_life` replace the settings of all kinds.
    Sources: Danielsson, Panayi, Peters & Zigrand 2018; Degryse et al. 2005.
    """

    declaration = Declaration(
        key="resilience",
        fields=(
            Field(
                "half_life",
                Unit.SECONDS,
                "obi_resilience_last_half_life_seconds",
                by={"kind": KINDS},
                exported={"kind": COUNTED},
                help="Time from the worst moment of the last shock until half of it was recovered.",
            ),
            Field(
                "exceedance",
                Unit.SECONDS,
                "obi_threshold_last_exceedance_seconds",
                by={"kind": KINDS},
                exported={"kind": COUNTED},
                help="Time that the last shock stayed beyond its threshold.",
            ),
            Field(
                "censored",
                Unit.COUNT,
                "obi_resilience_censored_total",
                True,
                by={"kind": COUNTED},
                help="Shocks that were not over after 300 s or when the book was lost.",
            ),
            Field(
                "half_lives",
                Unit.SECONDS,
                "obi_resilience_half_life_seconds",
                True,
                by={"kind": COUNTED},
                buckets=DURATIONS,
                exported={"kind": ("depth",)},
                help="Time from the worst moment of a shock until half of it was recovered.",
            ),
            Field(
                "exceedances",
                Unit.SECONDS,
                "obi_threshold_exceedance_seconds",
                True,
                by={"kind": COUNTED},
                buckets=DURATIONS,
                exported={"le": ("+Inf",)},
                help="Time that a shock stayed beyond its threshold.",
            ),
        ),
        help="How fast depth and spread come back after a shock.",
        formula="from the worst L to the first at or beyond L_worst + (mean - L_worst) / 2",
        source="Danielsson, Panayi, Peters & Zigrand 2018; Degryse et al. 2005; metrics.md 1.6",
    )
    bands: Bands
    kinds: list
    measured: list
    count: cython.int
    codes: cython.int[::1]
    censored: dict
    half_lives: dict
    exceedances: dict

    def prepare(self) -> None:
        self.bands = self.context.bands((self.params.get("band_bps", 10),))
        self.kinds = list(self.params.get("kind", KINDS))
        self.count = len(self.kinds)
        self.codes = stored("i", [KINDS.index(kind) for kind in self.kinds])
        half_life = float(self.params.get("half_life", HALF_LIFE))
        self.measured = []
        for kind in self.kinds:
            theta = float(self.params.get("theta", RISE if kind == "spread" else FALL))
            self.measured.append(Episodes(theta, kind == "spread", half_life))
        counted = list(self.params.get("kind", COUNTED))
        self.censored = {kind: self.at + 2 * self.count + k for k, kind in enumerate(counted)}
        at = self.at + 2 * self.count + len(counted)
        self.half_lives, self.exceedances = {}, {}
        for kept in (self.half_lives, self.exceedances):
            for kind in counted:
                kept[kind] = Histogram(DURATIONS, self.row, at)
                at += kept[kind].size

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        k: cython.int
        what: cython.int
        x: cython.double
        bid: cython.double = NAN
        ask: cython.double = NAN
        self.bands.bring(book)
        if self.bands.defined:
            bid = self.bands.bid_base[0] if self.bands.bid_known[0] else NAN
            ask = self.bands.ask_base[0] if self.bands.ask_known[0] else NAN
        for k in range(self.count):
            what = self.codes[k]
            if what == 0:
                x = bid + ask
            elif what == 1:
                x = bid
            elif what == 2:
                x = ask
            else:
                x = book.ask_price[0] - book.bid_price[0] if self.bands.defined else NAN
            self._step(k, x, t)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _step(self, k: cython.int, x: cython.double, t: cython.longlong) -> cython.int:
        episodes: Episodes = self.measured[k]
        what: cython.int = episodes.step(x, t)
        if what == _CENSORED:
            self._censor(k)
        elif what == _ENDED:
            self.row[self.at + k] = episodes.half_life
            self.row[self.at + self.count + k] = episodes.exceedance
            if self.kinds[k] in self.half_lives:
                self.half_lives[self.kinds[k]].observe(episodes.half_life)
                self.exceedances[self.kinds[k]].observe(episodes.exceedance)
        return 0

    def _censor(self, k: int) -> None:
        if self.kinds[k] in self.censored:
            self.row[self.censored[self.kinds[k]]] += 1

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def paused(self, t: cython.longlong) -> cython.int:
        k: cython.int
        for k in range(self.count):
            self._step(k, NAN, t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def lost(self, t: cython.longlong) -> cython.int:
        episodes: Episodes
        k: cython.int
        for k in range(self.count):
            episodes = self.measured[k]
            if episodes.drop():
                self._censor(k)
        return 0


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[dict[str, float]]:
    """The episodes of a `series` of [time, value or null] against a `baseline`, or its average where none is given."""
    rises = params.get("kind") == "spread"
    episodes = Episodes(
        float(params.get("theta", RISE if rises else FALL)),
        rises,
        float(params.get("half_life", HALF_LIFE)),
        float(params["baseline"]) if "baseline" in params else NAN,
    )
    found = []
    for at, value in inputs["series"]:
        if episodes.step(NAN if value is None else float(value), int(at * SECOND)) == ENDED:
            found.append({"half_life": episodes.half_life, "exceedance": episodes.exceedance})
    return found


ANSWERS = {"resilience": answer}
