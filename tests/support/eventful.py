"""An hour and a quarter of a made-up market in which each metric has something to say, whole, mirrored and scaled.

Prices are whole ticks around `CENTRE`, sizes whole lots, both powers of two of a unit: what is multiplied by a power of
two stays exact in binary. `CENTRE` is chosen so that no edge of a band (5, 10, 25, 50, 100 bp) comes near a half tick,
wherever the mid is within `REACH` ticks of it: mirrored, the same levels lie in the same bands, though bands in ticks
are a thousandth wider above the centre than below it. The stream begins and ends with the mid at the centre.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

Event = dict[str, Any]
CENTRE = 20_325
REACH, WALK = 20, 10  # how far the mid ever goes, in ticks; how far in ordinary times, in half ticks
TICK, LOT = Decimal("0.5"), Decimal("0.125")
QUIET, END = (
    3600,
    4560,
)  # seconds: an hour of little flow, from which the day's volume is judged, then a lively quarter
SIDES = ("bids", "asks")
OTHER = {"bids": "asks", "asks": "bids", "buy": "sell", "sell": "buy", "long": "short", "short": "long"}
LONGS = {"accounts": 0.625, "top_accounts": 0.5625, "top_positions": 0.25}
NEAR = range(10)
FAR = tuple(range(10, 190, 7))  # ticks behind the touch


@dataclass
class Crowd:
    """The book in ticks and lots, and what was said of it. `bids`, `asks`: tick -> lots."""

    drawn: random.Random
    said: list[Event] = field(default_factory=list)
    sides: dict[str, dict[int, int]] = field(default_factory=dict)
    t: int = 0  # ms

    def best(self, side: str) -> int:
        return max(self.sides[side]) if side == "bids" else min(self.sides[side])

    @property
    def lean(self) -> int:
        """Twice the distance of the mid from the centre, in ticks."""
        return self.best("bids") + self.best("asks") - 2 * CENTRE

    @staticmethod
    def size(side: str, lots: float) -> int:
        """Bids of 12, 23 ..., asks of 10, 21 ... lots: so no share of bids is a multiple of a tenth, where buckets end."""
        least = 12 if side == "bids" else 10
        return max(0, (int(lots) - least) // 11) * 11 + least if lots > 0 else 0

    def image(self, kind: str = "snapshot", away: int = 0) -> None:
        """A fresh book around the centre moved by some ticks."""
        first = {"bids": CENTRE - 1 + away, "asks": CENTRE + 1 + away}
        for side, sign in (("bids", -1), ("asks", 1)):
            self.sides[side] = {
                first[side] + sign * k: self.size(side, self.drawn.randint(10, 40)) for k in (*NEAR, *FAR)
            }
        self.say(kind, **{side: list(self.sides[side].items()) for side in SIDES})

    def say(self, kind: str, **more: Any) -> None:
        self.said.append({"t": self.t, "type": kind, **more})

    def change(self, *changes: tuple[str, int, int]) -> None:
        """Sizes that levels have from now on: one message. What would cross is left out."""
        rows: dict[str, list[tuple[int, int]]] = {"bids": [], "asks": []}
        for side, tick, wanted in changes:
            levels, lots = self.sides[side], self.size(side, wanted)
            if lots and ((tick >= self.best("asks")) if side == "bids" else (tick <= self.best("bids"))):
                continue
            if not lots and (len(levels) < 20 or abs(tick - CENTRE) >= REACH - 2):
                continue
            if levels.get(tick, 0) != lots:
                levels.pop(tick, None)
                if lots:
                    levels[tick] = lots
                rows[side].append((tick, lots))
        if rows["bids"] or rows["asks"]:
            self.say("delta", **rows)

    def take(self, taker: str, lots: int, told: str = "") -> None:
        """A taker's order: prints at the prices it reaches, then the message that removes what it met."""
        side = "asks" if taker == "buy" else "bids"
        gone = []
        for tick in sorted(self.sides[side], reverse=side == "bids"):
            stood = self.sides[side][tick]
            left = stood - (lots + 10) // 11 * 11
            left = left if left > 9 else 0
            self.say("trade", price=tick, size=stood - left, side=told or taker)
            gone.append((side, tick, left))
            lots -= stood
            if lots <= 0:
                break
        self.t += 2
        self.change(*gone)

    def behind(self, side: str, k: int) -> int:
        """The tick k behind the best of a side; below 0: in front of it."""
        return self.best(side) + (-k if side == "bids" else k)


def ordinary(crowd: Crowd, takers: float, largest: int) -> None:
    """One message of an ordinary moment: a level changes, comes or goes; with a chance, a taker."""
    drawn = crowd.drawn
    side = drawn.choice(SIDES)
    pull = -1 if (crowd.lean > 0) == (side == "bids") else 1  # back to the centre
    far = drawn.random() < min(0.9, abs(crowd.lean) / 10)
    chance = drawn.random()
    gap = crowd.best("asks") - crowd.best("bids")
    if gap > 1 and (chance < 0.3 or gap > 4) and not (far and pull < 0):
        crowd.change((side, crowd.behind(side, -1), drawn.randint(5, 40)))
    elif chance < 0.5 and not (far and pull > 0) and abs(crowd.lean) < WALK:
        crowd.change((side, crowd.best(side), 0))
    elif chance < 0.6:
        tick = crowd.behind(side, drawn.choice(NEAR[1:]))
        crowd.change((side, tick, 0 if tick in crowd.sides[side] else drawn.randint(10, 40)))
    else:
        tick = crowd.behind(side, drawn.choice((0, 0, 0, *NEAR, *FAR[::4])))
        if drawn.random() < 0.5 or tick in crowd.sides[side]:
            crowd.change(
                (side, tick, drawn.randint(3, 45) if drawn.random() < 0.8 else drawn.randint(80, 400))
            )
    if drawn.random() < takers:
        taker = "sell" if drawn.random() < 0.5 + crowd.lean / WALK else "buy"
        crowd.take(taker, drawn.randint(1, largest), "unknown" if drawn.random() < 0.05 else "")
        while drawn.random() < 0.4:  # flow that feeds itself
            crowd.t += drawn.randint(1, 60)
            crowd.take(taker, drawn.randint(1, largest))


def until(crowd: Crowd, second: float, pace: tuple[int, int], takers: float, largest: int) -> None:
    """Ordinary moments up to a second, so many ms apart."""
    while crowd.t < second * 1000:
        ordinary(crowd, takers, largest)
        crowd.t += crowd.drawn.randint(*pace)


def wall(crowd: Crowd, side: str, *behind: int) -> None:
    """Walls that stand for 2 s while takers go where they point, and are pulled: a spoof, or layers."""
    ticks = [crowd.behind(side, k) for k in behind]
    before = [crowd.sides[side].get(tick, 0) for tick in ticks]
    crowd.change(*((side, tick, lots + 400) for tick, lots in zip(ticks, before, strict=True)))
    for _ in range(4):
        crowd.t += 450
        lots = crowd.sides[OTHER[side]][crowd.best(OTHER[side])]
        crowd.take("buy" if side == "bids" else "sell", max(1, lots - 1))
        crowd.change((OTHER[side], crowd.best(OTHER[side]), 40))
    crowd.t += 300
    crowd.change(*((side, tick, lots) for tick, lots in zip(ticks, before, strict=True)))
    crowd.t += 1000


def stuff(crowd: Crowd, side: str) -> None:
    """A level that comes and goes a hundred times in two seconds."""
    for k in range(200):
        crowd.change((side, crowd.behind(side, 3), 20 + k % 2 * 9))
        crowd.t += 10


def vanish(crowd: Crowd, *sides: str) -> None:
    """Nine tenths of a side, or of both, go away for three seconds, and come back."""
    levels = [(side, tick, lots) for side in sides for tick, lots in crowd.sides[side].items()]
    crowd.change(*((side, tick, max(1, lots // 10)) for side, tick, lots in levels))
    crowd.t += 3000
    crowd.change(*levels)
    crowd.t += 1000


def widen(crowd: Crowd) -> None:
    """The spread springs open for three seconds."""
    gone = [(side, tick) for side in SIDES for tick in [crowd.behind(side, k) for k in range(15)]]
    lots = [(side, tick, crowd.sides[side].get(tick, 0)) for side, tick in gone]
    crowd.change(*((side, tick, 0) for side, tick in gone))
    crowd.t += 3000
    crowd.change(*lots)
    crowd.t += 1000


def run_stops(crowd: Crowd, taker: str) -> None:
    """A burst of takers carries the mid 15 ticks beyond where it was for long, and half a minute later it is back."""
    crowd.t = crowd.t // 1000 * 1000 + 1100
    side = "asks" if taker == "buy" else "bids"
    steps = 0
    while abs(crowd.lean) < 2 * REACH - 8 or (crowd.lean > 0) != (taker == "buy"):
        crowd.say("trade", price=crowd.best(side), size=200, side=taker)
        crowd.change((side, crowd.best(side), 0))
        crowd.change((OTHER[side], crowd.behind(OTHER[side], -1), 15))
        crowd.t += 20
        steps += 1
    crowd.t += 12_000
    for _ in range(steps):
        crowd.change((OTHER[side], crowd.best(OTHER[side]), 0))
        crowd.change((side, crowd.behind(side, -1), 15))
        crowd.t += 200


def squeeze(crowd: Crowd, position: str) -> None:
    """Positions are closed by force, more than a tenth of what takers trade, while open interest falls."""
    for k in range(4):
        size = 1000 + 50 * k if position == "long" else 400
        crowd.say("liquidation", price=crowd.best("bids"), size=size, position=position)
        crowd.t += 250
    crowd.say("derivative", open_interest=780_000)
    crowd.t += 1000


def state(crowd: Crowd, second: int) -> None:
    """What a venue tells of the contract."""
    drawn = crowd.drawn
    oi = 800_000 + drawn.randint(-4000, 4000) + second * 4
    crowd.say(
        "derivative",
        mark=CENTRE + drawn.randint(-2, 2),
        index=CENTRE + 7 + drawn.randint(-2, 2),
        funding_rate=Decimal("0.0001"),
        funding_hours=8,
        open_interest=oi,
        longs=LONGS,
    )


@cache
def market() -> tuple[Event, ...]:
    """All that happens, prices in ticks, sizes in lots, times in ms."""
    crowd = Crowd(random.Random(11))
    crowd.image()
    for second in range(0, QUIET, 60):
        crowd.take("sell" if second % 120 else "buy", 11)
        until(crowd, second + 60, (1400, 2600), 0, 0)
        state(crowd, second)
    crowd.say("gap")
    crowd.t += 400
    crowd.image(away=2)
    for second in range(QUIET, END - 360, 20):
        until(crowd, second, (120, 380), 0.4, 30)
        if second % 60 == 0:
            state(crowd, second)
    staged: list[Any] = [
        *((stuff, side) for side in SIDES),
        (run_stops, "buy"),
        (run_stops, "sell"),
        (vanish, *SIDES),
        (widen,),
        *((wall, side, 3) for side in SIDES),
        *((wall, side, 2, 4, 6) for side in SIDES),
        *((squeeze, position) for position in ("long", "short")),
        *((vanish, side) for side in SIDES),
    ]
    crowd.image("replace", away=2)
    state(crowd, END - 360)
    for n, (stage, *given) in enumerate(staged):
        until(crowd, END - 350 + 22 * n if n < 6 else END - 58 + 6 * (n - 6), (120, 380), 0.4, 30)
        stage(crowd, *given)
    until(crowd, END - 2, (120, 380), 0.4, 30)
    state(crowd, END)
    home(crowd)
    for side in ("buy", "sell"):  # as who trades with himself does
        crowd.say("trade", price=CENTRE, size=33, side=side)
        crowd.t += 300
    crowd.say("trade", price=CENTRE + 1, size=7, side="buy")
    return tuple(crowd.said)


def home(crowd: Crowd) -> None:
    """The touch goes back to one tick on each side of the centre."""
    first = {"bids": CENTRE - 1, "asks": CENTRE + 1}
    beyond = [("bids", tick, 0) for tick in crowd.sides["bids"] if tick > first["bids"]]
    beyond += [("asks", tick, 0) for tick in crowd.sides["asks"] if tick < first["asks"]]
    crowd.t += 200
    crowd.change(*beyond)
    crowd.change(
        ("bids", first["bids"], 90),
        ("asks", first["asks"], 14),
        *(("bids", CENTRE - k, 60) for k in NEAR[2:]),
    )


def events(*, mirror: bool = False, prices: int = 1, sizes: float = 1) -> Iterator[Event]:
    """The market as events of a case; mirrored at the centre, with prices and sizes that are so many times as large."""

    def price(ticks: int) -> Decimal:
        return (2 * CENTRE - ticks if mirror else ticks) * TICK * prices

    def side(name: str) -> str:
        return OTHER.get(name, name) if mirror else name

    lot = LOT * Decimal(sizes)
    for one in market():
        told: Event = {"t": Decimal(one["t"]) / 1000, "type": one["type"]}
        for name in SIDES:
            if name in one:  # the third number is that of orders
                told[side(name)] = [[price(p), q * lot, 1 + q % 5] for p, q in one[name]]
        for name in ("price", "mark", "index"):
            if name in one:
                told[name] = price(one[name])
        for name in ("size", "open_interest"):
            if name in one:
                told[name] = one[name] * lot
        for name in ("side", "position"):
            if name in one:
                told[name] = side(one[name])
        if "funding_rate" in one:
            told["funding_rate"] = -one["funding_rate"] if mirror else one["funding_rate"]
            told["funding_hours"] = one["funding_hours"]
            told["longs"] = {of: 1 - part if mirror else part for of, part in one["longs"].items()}
        yield told
