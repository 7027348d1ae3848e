"""The best quotes as a Markov chain: what Stoikov's micro-price is calibrated from (metrics.md 1.2).

A state is the bucket of I = B/(B + A) and the spread in ticks, pooled at the top: `spread * imbalance_buckets + bucket`.
"""

from __future__ import annotations

import array
from typing import Any

import cython
import numpy as np
from cython.cimports.libc.math import fabs, floor

from connectors.errors import UsageError

_SAME = cython.declare(cython.double, 1e-6)  # ticks; nearer mids are one, whatever rounding made of them
_FARTHEST = cython.declare(cython.double, 10.0)  # ticks; jumps are clipped there
_UNBOUNDED = 1e6  # ticks; a solution beyond is that of a system without one


@cython.cclass
class QuoteChain:
    """Counts transitions between states and, with each, its mirror image; `fit` finds the adjustment of each state.

    With N_x transitions from x: Q_xy the share to y without a mid change, R_xy that with one, r_x the mean of the mid
    change. g = (1 - Q)^-1 r is the mean of the next mid change, G = g + B g + ... + B^(iterations-1) g with
    B = (1 - Q)^-1 R that of the next `iterations` changes together; both in ticks, + is up.
    Source: Stoikov 2018, sections 2 to 4.
    """

    def __init__(self, buckets: int, spreads: int, iterations: int) -> None:
        if buckets < 1 or spreads < 1 or iterations < 1:
            raise UsageError(
                f"imbalance_buckets {buckets}, spread_buckets {spreads}, iterations {iterations}: all are 1 or more"
            )
        self.buckets, self.spreads, self.iterations = buckets, spreads, iterations
        self.states = buckets * spreads
        self.still, self.moved = (array.array("d", bytes(8 * self.states**2)) for _ in range(2))
        self.jumps, self.visits = (array.array("d", bytes(8 * self.states)) for _ in range(2))
        self.g, self.adjustment = (array.array("d", bytes(8 * self.states)) for _ in range(2))
        self.fitted = False

    @cython.ccall
    @cython.exceptval(check=False)
    def state(
        self,
        bid: cython.double,
        bid_size: cython.double,
        ask: cython.double,
        ask_size: cython.double,
        tick: cython.double,
    ) -> cython.int:
        """The state of a quote."""
        bucket: cython.int = cython.cast(
            cython.int, floor(self.buckets * bid_size / (bid_size + ask_size) + 1e-12)
        )
        ticks: cython.double = floor((ask - bid) / tick + 0.5)
        spread: cython.int = self.spreads
        if ticks < self.spreads:
            spread = cython.cast(cython.int, ticks)
        if bucket >= self.buckets:
            bucket = self.buckets - 1
        if spread < 1:
            spread = 1
        return (spread - 1) * self.buckets + bucket

    @cython.ccall
    @cython.exceptval(check=False)
    def mirror(self, state: cython.int) -> cython.int:
        """The state with bids and asks exchanged."""
        bucket: cython.int = state % self.buckets
        return state - bucket + self.buckets - 1 - bucket

    @cython.ccall
    @cython.exceptval(check=False)
    def count(self, one: cython.int, other: cython.int, jump: cython.double) -> cython.void:
        """A transition whose mid moved by `jump` ticks, and its mirror image."""
        self._add(one, other, jump)
        self._add(self.mirror(one), self.mirror(other), -jump)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _add(self, one: cython.int, other: cython.int, jump: cython.double) -> cython.void:
        self.visits[one] += 1
        if fabs(jump) < _SAME:
            self.still[one * self.states + other] += 1
            return
        self.moved[one * self.states + other] += 1
        if jump > _FARTHEST:
            jump = _FARTHEST
        elif jump < -_FARTHEST:
            jump = -_FARTHEST
        self.jumps[one] += jump

    @cython.ccall
    @cython.exceptval(check=False)
    def decay(self, factor: cython.double) -> cython.void:
        """Let what was counted weigh less."""
        k: cython.int
        for k in range(self.states * self.states):
            self.still[k] *= factor
            self.moved[k] *= factor
        for k in range(self.states):
            self.jumps[k] *= factor
            self.visits[k] *= factor

    def fit(self, fewest: float = 0) -> bool:
        """Solve for `g` and `adjustment`; false, and nothing changed, where the quotes of some states never move on.

        States that were left fewer than `fewest` times count as ends.
        """
        visits = np.asarray(self.visits)
        share = np.where(visits >= max(fewest, 1e-300), 1 / np.maximum(visits, 1e-300), 0.0)
        still = np.asarray(self.still).reshape(self.states, self.states) * share[:, None]
        moved = np.asarray(self.moved).reshape(self.states, self.states) * share[:, None]
        try:
            solved = np.linalg.solve(
                np.eye(self.states) - still, np.column_stack((np.asarray(self.jumps) * share, moved))
            )
        except np.linalg.LinAlgError:
            return False
        if not np.all(np.isfinite(solved)) or np.max(np.abs(solved)) > _UNBOUNDED:
            return False
        term = total = solved[:, 0]
        for _ in range(self.iterations - 1):
            term = solved[:, 1:] @ term
            total = total + term
        self.g = array.array("d", solved[:, 0].tolist())
        self.adjustment = array.array("d", total.tolist())
        self.fitted = True
        return True


def observed(rows: Any, params: Any) -> QuoteChain:
    """A chain of a case's `l1` rows [bid, bid size, ask, ask size]: each after the first is a transition."""
    chain = QuoteChain(
        int(params.get("imbalance_buckets", 10)),
        int(params.get("spread_buckets", 4)),
        int(params.get("iterations", 6)),
    )
    tick = float(params.get("tick_size", 1))
    last = None
    for row in rows:
        bid, bid_size, ask, ask_size = map(float, row)
        now = chain.state(bid, bid_size, ask, ask_size, tick), (bid + ask) / 2
        if last is not None:
            chain.count(last[0], now[0], (now[1] - last[1]) / tick)
        last = now
    return chain
