"""`arbitrage`: what buying at one venue and selling at another would bring after fees, and for how long already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

from .declare import NAN, SECOND, Across, Declaration, Field, Output, Unit, in_pairs
from .scene import DEEP, Part, Scene

_LABELS = ("buy_venue", "sell_venue")
_BY = dict.fromkeys(_LABELS, ())
_FIELDS = 4
Ladder = list[tuple[float, float]]


class Walk(NamedTuple):
    """What a pair of books gives: quantity in base, profit in quote. NaN where it goes on beyond what is known."""

    quantity: float
    profit: float


def walk(buy: Part, sell: Part) -> Walk:
    """Quantity and profit of walking both books for as long as the next slice still pays."""
    for most in DEEP:
        asks, bids = buy.ladder(False, most), sell.ladder(True, most)
        found, spent = _walked(asks, bids, 1 + buy.fee, 1 - sell.fee)
        if not any(len(side) >= most for side in (asks, bids) if side is spent):
            break
    if (spent is asks and not buy.ends(False)) or (spent is bids and not sell.ends(True)):
        return Walk(NAN, NAN)
    return found


def _walked(asks: Ladder, bids: Ladder, paid: float, got: float) -> tuple[Walk, Ladder | None]:
    """The walk, and the side that came to its end while it still paid, if one did."""
    i = j = 0
    left_ask = left_bid = quantity = profit = 0.0
    while i < len(asks) and j < len(bids):
        gain = bids[j][0] * got - asks[i][0] * paid
        if gain <= 0:
            return Walk(quantity, profit), None
        left_ask, left_bid = left_ask or asks[i][1], left_bid or bids[j][1]
        slice_ = min(left_ask, left_bid)
        quantity += slice_
        profit += slice_ * gain
        left_ask -= slice_
        left_bid -= slice_
        i += left_ask <= 0
        j += left_bid <= 0
    return Walk(quantity, profit), asks if i == len(asks) else bids


class Arbitrage(Across):
    """Edge of each ordered pair of venues after taker fees, with quantity, profit and run length (metrics.md 4).

    Only the best pair is exported; where its edge is not positive, quantity and profit are 0. Transfers, halted
    withdrawals and stale books are not priced: a long run is a warning, not income.
    """

    declaration = Declaration(
        key="arbitrage",
        help="Gain of buying at one venue and selling at the other after taker fees, over what is paid.",
        formula="[b_j(1 - f_j) - a_i(1 + f_i)] / [a_i(1 + f_i)]",
        source="metrics.md 4",
        sign="+ is what is left after fees",
        group="across",
        unit=Unit.RATIO,
        fields=(
            Field("edge", Unit.RATIO, "obi_arbitrage_edge_ratio", by=_BY),
            Field(
                "quantity",
                Unit.BASE,
                "obi_arbitrage_quantity_base_units",
                by=_BY,
                help="Base that could be bought at one venue and sold at the other while each slice still pays.",
            ),
            Field(
                "profit",
                Unit.QUOTE,
                "obi_arbitrage_profit_quote_units",
                by=_BY,
                help="What that quantity would bring after taker fees.",
            ),
            Field(
                "run",
                Unit.SECONDS,
                "obi_arbitrage_run_seconds",
                by=_BY,
                help="Since when the edge has been above 0 (looked at every 100 ms); 0 while it is not.",
            ),
        ),
    )

    def prepare(self) -> None:
        self.began: dict[tuple[str, str], int] = {}

    def outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        return in_pairs(self.declaration, names, _LABELS, ordered=True)

    def step(self, scene: Scene, now: int) -> None:
        paying = {pair for pair, edge in self._edges(scene) if edge > 0}
        self.began = {pair: self.began.get(pair, now) for pair in paying}

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        edges = dict(self._edges(scene))
        found: list[float] = []
        for buy, sell in permutations(scene.names, 2):
            edge = edges.get((buy, sell), NAN)
            if edge != edge:
                found += [NAN] * _FIELDS
                continue
            taken = walk(scene.by_name[buy], scene.by_name[sell]) if edge > 0 else Walk(0.0, 0.0)
            began = self.began.get((buy, sell)) if edge > 0 else None
            found += [edge, *taken, max(0, now - began) / SECOND if began is not None else 0.0]
        return found

    def exported(self, values: Sequence[float]) -> Collection[int]:
        edges = {at: values[at] for at in range(0, len(values), _FIELDS) if values[at] == values[at]}
        if not edges:
            return ()
        best = max(edges, key=lambda at: edges[at])
        return range(best, best + _FIELDS)

    def _edges(self, scene: Scene) -> Iterator[tuple[tuple[str, str], float]]:
        best = {part.name: part.best for part in scene.parts}
        for buy, sell in permutations(scene.parts, 2):
            cost = best[buy.name].ask * (1 + buy.fee)
            if cost > 0:
                yield (buy.name, sell.name), (best[sell.name].bid * (1 - sell.fee) - cost) / cost
