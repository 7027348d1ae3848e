"""The metrics once more, slowly: exact fractions, whole books, no state that is carried on. Tests compare with this.

Written after the formulas alone. A case's events are played from the start for each answer; nothing is shared with
the product, so that one misreading cannot hide in both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

SECOND = 1_000_000_000
DAY = 86_400 * SECOND

Event = Mapping[str, Any]
Level = tuple[Fraction, Fraction]
INFINITE = Fraction(10) ** 30  # stands for a price that no level reaches
NOTHING: Level = (INFINITE, Fraction(0))


def exact(number: Any) -> Fraction:
    return Fraction(Decimal(str(number)))


def ns(seconds: Any) -> int:
    return int(Decimal(str(seconds)) * SECOND)


@dataclass
class Good:
    """A book that is synced and not crossed; levels best first."""

    bids: list[Level]
    asks: list[Level]

    @property
    def mid(self) -> Fraction | None:
        return (self.bids[0][0] + self.asks[0][0]) / 2 if self.bids and self.asks else None

    def bid(self, n: int) -> Level:
        """The n-th best bid from 0; a missing one stands at minus infinity with size 0."""
        return self.bids[n] if n < len(self.bids) else (-INFINITE, Fraction(0))

    def ask(self, n: int) -> Level:
        return self.asks[n] if n < len(self.asks) else NOTHING


@dataclass
class Story:
    """All that the events of a case say."""

    now: Good | None = None
    steps: list[tuple[int, Good, Good]] = field(default_factory=list)  # transitions: time, before, after
    trades: list[tuple[int, Fraction, Fraction, int]] = field(
        default_factory=list
    )  # time, price, size, taker side
    heard: int = 0
    t: int = 0
    messages: int = 0


def told(events: Sequence[Event], until: int | None = None) -> Story:
    """Play events up to and with a time."""
    story = Story()
    bids: dict[Fraction, Fraction] = {}
    asks: dict[Fraction, Fraction] = {}
    synced = False
    base: Good | None = None  # what the next good state is compared with
    crossed_since: int | None = None
    crossed = 0
    last_price, last_side = None, 0
    for event in events:
        t = max(story.t, ns(event.get("t", 0)))
        if until is not None and t > until:
            break
        story.t = t
        kind = event["type"]
        if kind == "gap":
            synced, base, story.now = False, None, None
            continue
        story.heard = t
        if kind == "trade":
            price, size = exact(event["price"]), exact(event["size"])
            side = {"buy": 1, "sell": -1}.get(event.get("side") or "", 0)
            if side == 0:
                mid = story.now.mid if story.now else None
                if mid is not None and price != mid:
                    side = 1 if price > mid else -1
                elif last_price is not None:
                    side = 1 if price > last_price else -1 if price < last_price else last_side
            last_price, last_side = price, side
            story.trades.append((t, price, size, side))
            continue
        if kind not in ("snapshot", "delta", "replace"):
            continue
        if kind == "delta" and not synced:
            continue
        if kind != "delta":
            bids.clear()
            asks.clear()
        for levels, rows in ((bids, event.get("bids") or ()), (asks, event.get("asks") or ())):
            for row in rows:
                price, size = exact(row[0]), exact(row[1])
                levels.pop(price, None)
                if size > 0:
                    levels[price] = size
        good = Good(sorted(bids.items(), reverse=True), sorted(asks.items()))
        if kind == "snapshot" or not synced:
            base = None
        synced = True
        if good.bids and good.asks and good.bids[0][0] >= good.asks[0][0]:
            story.now = None
            crossed += 1
            crossed_since = t if crossed_since is None else crossed_since
            if t - crossed_since > SECOND and crossed >= 3:
                synced, base, crossed, crossed_since = False, None, 0, None
            continue
        crossed, crossed_since = 0, None
        if base is not None:
            story.steps.append((t, base, good))
        story.messages += 1
        story.now = base = good
    return story


def imb(u: Any, v: Any) -> Any:
    return None if u + v == 0 else (u - v) / (u + v)


def transition(before: tuple[Level, Level], after: tuple[Level, Level]) -> Fraction:
    """e_n of Cont, Kukanov & Stoikov: the table of 2.1, case by case."""
    (b, size_b), (a, size_a) = before
    (b2, size_b2), (a2, size_a2) = after
    total = size_b2 - size_b if b2 == b else size_b2 if b2 > b else -size_b
    return total + (size_a - size_a2 if a2 == a else size_a if a2 > a else -size_a2)


def flow(story: Story, level: int, start: int, end: int) -> Fraction:
    return sum(
        (
            transition((before.bid(level), before.ask(level)), (after.bid(level), after.ask(level)))
            for t, before, after in story.steps
            if start < t <= end
        ),
        Fraction(0),
    )


def within(book: Good, bps: Any) -> tuple[list[Level], list[Level]] | None:
    """Levels whose price lies in the band, edges and all; None without a mid."""
    mid, x = book.mid, exact(bps)
    if mid is None:
        return None
    low, high = mid * (1 - x / 10_000), mid * (1 + x / 10_000)
    return [one for one in book.bids if one[0] >= low], [one for one in book.asks if one[0] <= high]


def size_of(levels: Sequence[Level]) -> Fraction:
    return sum((size for _, size in levels), Fraction(0))


def worth_of(levels: Sequence[Level]) -> Fraction:
    return sum((price * size for price, size in levels), Fraction(0))


# -- one function a metric: (params, story) -> fractions, None or a dictionary of them -------------------------------


def best(params: Mapping[str, Any], story: Story, part: int) -> Any:
    levels = (story.now.bids if params["side"] == "bid" else story.now.asks) if story.now else []
    return levels[0][part] if levels else None


def spread(params: Mapping[str, Any], story: Story) -> Any:
    if story.now is None or story.now.mid is None:
        return {"price": None, "ratio": None, "ticks": None}
    s = story.now.asks[0][0] - story.now.bids[0][0]
    tick = exact(params["tick_size"]) if "tick_size" in params else None
    return {"price": s, "ratio": s / story.now.mid, "ticks": s / tick if tick else None}


def weighted_mid(params: Mapping[str, Any], story: Story) -> Any:
    if story.now is None or story.now.mid is None:
        return None
    (b, size_b), (a, size_a) = story.now.bids[0], story.now.asks[0]
    return (a * size_b + b * size_a) / (size_a + size_b)


def depth_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    n = params.get("levels", 1)
    return None if story.now is None else imb(size_of(story.now.bids[:n]), size_of(story.now.asks[:n]))


def band_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    found = within(story.now, params["band_bps"]) if story.now else None
    return None if found is None else imb(size_of(found[0]), size_of(found[1]))


def depth(params: Mapping[str, Any], story: Story) -> Any:
    found = within(story.now, params["band_bps"]) if story.now else None
    if found is None:
        return {"base": None, "quote": None}
    levels = found[0 if params["side"] == "bid" else 1]
    return {"base": size_of(levels), "quote": worth_of(levels)}


def depth_ratio(params: Mapping[str, Any], story: Story) -> Any:
    n = params["levels"]
    bids, asks = (
        (size_of(story.now.bids[:n]), size_of(story.now.asks[:n]))
        if story.now
        else (Fraction(0), Fraction(0))
    )
    if bids == 0 or asks == 0:
        return {"ratio": None, "log": None}
    return {"ratio": bids / asks, "log": math.log(bids) - math.log(asks)}


def weighted_depth_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    if story.now is None:
        return None
    if params["weighting"] == "level_exp":
        decay, n = float(params.get("decay", 0.5)), params.get("levels", 20)
        sides = [
            math.fsum(math.exp(-decay * i) * float(size) for i, (_, size) in enumerate(levels[:n]))
            for levels in (story.now.bids, story.now.asks)
        ]
        return imb(*sides)
    found, mid = within(story.now, params.get("max_bps", 100)), story.now.mid
    if found is None or mid is None:
        return None
    scale = float(params.get("scale_bps", 10))
    sides = [
        math.fsum(math.exp(-float(abs(p - mid) / mid * 10_000) / scale) * float(q) for p, q in levels)
        for levels in found
    ]
    return imb(*sides)


def mlofi(params: Mapping[str, Any], story: Story) -> Any:
    if story.now is None:
        return [None] * params["levels"]
    start = ns(params["t_eval"]) - ns(params["window"])
    return [flow(story, level, start, ns(params["t_eval"])) for level in range(params["levels"])]


def traded(params: Mapping[str, Any], story: Story) -> tuple[Fraction, Fraction, int, int]:
    """Base volume of taker buys and sells in the window, and numbers of prints."""
    end = ns(params["t_eval"])
    inside = [(size, side) for t, _, size, side in story.trades if end - ns(params["window"]) < t <= end]
    buys, sells = [size for size, side in inside if side > 0], [size for size, side in inside if side < 0]
    return sum(buys, Fraction(0)), sum(sells, Fraction(0)), len(buys), len(sells)


def trade_flow_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    bought, sold, buys, sells = traded(params, story)
    count = None if buys + sells == 0 else Fraction(buys - sells, buys + sells)
    return {"ratio": imb(bought, sold), "delta": bought - sold, "count_ratio": count}


def volume_delta(params: Mapping[str, Any], story: Story) -> Any:
    bought, sold, _, _ = traded(params, story)
    return bought - sold


def cvd(params: Mapping[str, Any], story: Story) -> Any:
    now = ns(params.get("t_eval", 0)) if "t_eval" in params else story.t
    return sum((size * side for t, _, size, side in story.trades if t // DAY == now // DAY), Fraction(0))


def trade_intensity(params: Mapping[str, Any], story: Story) -> Any:
    half, end = float(params.get("half_life", 10)), ns(params["t_eval"])
    side = 1 if params["side"] == "buy" else -1
    ages = [(end - t) / SECOND for t, _, _, taker in story.trades if taker == side]
    return math.log(2) / half * math.fsum(2 ** (-age / half) for age in ages)


PLAIN = {
    "best_price": lambda params, story: best(params, story, 0),
    "best_size": lambda params, story: best(params, story, 1),
    "spread": spread,
    "mid_price": lambda params, story: story.now.mid if story.now else None,
    "weighted_mid_price": weighted_mid,
    "queue_imbalance": lambda params, story: depth_imbalance({"levels": 1}, story),
    "depth_imbalance": depth_imbalance,
    "band_imbalance": band_imbalance,
    "weighted_depth_imbalance": weighted_depth_imbalance,
    "depth": depth,
    "depth_ratio": depth_ratio,
    "ofi": lambda params, story: mlofi({**params, "levels": 1}, story)[0],
    "mlofi": mlofi,
    "trade_flow_imbalance": trade_flow_imbalance,
    "volume_delta": volume_delta,
    "cvd": cvd,
    "trade_intensity": trade_intensity,
}
TRADES = ("trade_flow_imbalance", "volume_delta", "cvd", "trade_intensity")
BOOK = tuple(key for key in PLAIN if key not in TRADES)


def answer(metric: str, params: Mapping[str, Any], events: Sequence[Event]) -> Any:
    """What a case should give."""
    listed = next((name for name, value in params.items() if isinstance(value, list)), None)
    if listed is not None:
        answers = [answer(metric, {**params, listed: value}, events) for value in params[listed]]
        if answers and isinstance(answers[0], dict):
            return {key: [one[key] for one in answers] for key in answers[0]}
        return answers
    story = told(events, ns(params["t_eval"]) if "t_eval" in params else None)
    if "now" in params and "stale_after" in params and metric in BOOK:
        if ns(params["now"]) - story.heard > ns(params["stale_after"]):
            story.now = None
    return plain(PLAIN[metric](params, story))


def plain(value: Any) -> Any:
    """Fractions as floats, all the way down."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if value is None else float(value)


def same(found: Any, wanted: Any, tolerance: Any = 1e-9) -> bool:
    """Are two answers equal? A dictionary is compared on the wanted keys; a number to an absolute or 1e-9 relative."""
    if wanted is None or found is None:
        return found is wanted
    if isinstance(wanted, dict):
        if set(wanted) == {"range"}:
            return bool(wanted["range"][0] <= found <= wanted["range"][1])
        each = tolerance if isinstance(tolerance, dict) else dict.fromkeys(wanted, tolerance)
        return isinstance(found, dict) and all(
            same(found.get(key), one, each.get(key, 1e-9)) for key, one in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(map(same, found, wanted, [tolerance] * len(wanted)))
        )
    if isinstance(wanted, (str, bool)):
        return bool(found == wanted)
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=tolerance)
