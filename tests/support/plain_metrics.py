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
    return number if isinstance(number, Fraction) else Fraction(Decimal(str(number)))


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
    held: list[tuple[int, Good]] = field(default_factory=list)  # good states since the last baseline
    heard: int = 0
    t: int = 0
    messages: int = 0
    synced: bool = False


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
            story.synced = False
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
        synced = story.synced = True
        if good.bids and good.asks and good.bids[0][0] >= good.asks[0][0]:
            story.now = None
            crossed += 1
            crossed_since = t if crossed_since is None else crossed_since
            if t - crossed_since > SECOND and crossed >= 3:
                synced, base, crossed, crossed_since = False, None, 0, None
                story.synced = False
            continue
        crossed, crossed_since = 0, None
        if base is None:
            story.held.clear()
        else:
            story.steps.append((t, base, good))
        story.held.append((t, good))
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


def slope(levels: Sequence[Level], mid: Fraction) -> Fraction | None:
    if not levels:
        return None
    x = [abs(price - mid) / mid for price, _ in levels]
    depth = [size_of(levels[: k + 1]) for k in range(len(levels))]
    return sum((a * b for a, b in zip(x, depth, strict=True)), Fraction(0)) / sum(
        (a * a for a in x), Fraction(0)
    )


def book_slope(params: Mapping[str, Any], story: Story) -> Any:
    found = within(story.now, params["band_bps"]) if story.now else None
    if found is None or story.now is None or story.now.mid is None:
        return None
    return slope(found[0 if params["side"] == "bid" else 1], story.now.mid)


def slope_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    bid, ask = (book_slope({**params, "side": side}, story) for side in ("bid", "ask"))
    return None if bid is None or ask is None else imb(bid, ask)


def depth_concentration(params: Mapping[str, Any], story: Story) -> Any:
    whole = depth(params, story)["base"]
    half = depth({**params, "band_bps": exact(params["band_bps"]) / 2}, story)["base"]
    return half / whole if whole else None


def liquidity_gap(params: Mapping[str, Any], story: Story) -> Any:
    found = within(story.now, params["band_bps"]) if story.now else None
    if found is None or story.now is None or story.now.mid is None:
        return None
    number = 0 if params["side"] == "bid" else 1
    every = (story.now.bids, story.now.asks)[number]
    gaps = [abs(one[0] - other[0]) for one, other in zip(found[number], every[1:], strict=False)]
    return max(gaps) / story.now.mid if gaps else None


def level_count(params: Mapping[str, Any], story: Story) -> Any:
    found = within(story.now, params["band_bps"]) if story.now else None
    return None if found is None else len(found[0 if params["side"] == "bid" else 1])


def naes_skjeltorp_slope(params: Mapping[str, Any], story: Story) -> Any:
    if story.now is None or story.now.mid is None:
        return None
    levels = (story.now.bids if params["side"] == "bid" else story.now.asks)[: params.get("levels", 20)]
    v = [math.log(worth_of(levels[: k + 1])) for k in range(len(levels))]
    if 0 in v[:-1]:
        return None
    parts = [v[0] / abs(float(levels[0][0] / story.now.mid - 1))]
    parts += [
        (v[k + 1] / v[k] - 1) / abs(float(levels[k + 1][0] / levels[k][0] - 1))
        for k in range(len(levels) - 1)
    ]
    return math.fsum(parts) / len(levels)


def impact_cost(params: Mapping[str, Any], story: Story) -> Any:
    found: dict[str, Any] = dict.fromkeys(("fill_ratio", "avg_price", "ratio"))
    if story.now is None or story.now.mid is None:
        return found
    mid, sign = story.now.mid, 1 if params["side"] == "buy" else -1
    wanted = left = exact(params["notional"]) / mid
    paid = Fraction(0)
    for price, size in story.now.asks if sign > 0 else story.now.bids:
        taken = min(left, size)
        left -= taken
        paid += taken * price
    mean = paid / (wanted - left)
    found |= {"fill_ratio": (wanted - left) / wanted, "avg_price": mean}
    return found if left else found | {"ratio": sign * (mean - mid) / mid}


def both_costs(params: Mapping[str, Any], story: Story) -> tuple[Any, Any] | None:
    buy, sell = (impact_cost({**params, "side": side}, story)["ratio"] for side in ("buy", "sell"))
    return None if buy is None or sell is None else (buy, sell)


def round_trip_cost(params: Mapping[str, Any], story: Story) -> Any:
    costs = both_costs(params, story)
    return None if costs is None else sum(costs) + 2 * exact(params.get("fee", 0))


def impact_cost_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    costs = both_costs(params, story)
    return None if costs is None else imb(*costs)


def persistent_depth_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    """Whole books over the last seconds, each of the best prices looked up in all of them."""
    now = ns(params["t_eval"]) if "t_eval" in params else story.t
    start = now - ns(params.get("min_age", 3))
    if story.now is None or story.held[0][0] > start:
        return None
    ends = [t for t, _ in story.held[1:]]
    books = [book for (_, book), end in zip(story.held, [*ends, now + 1], strict=True) if end > start]
    sides = []
    for name in ("bids", "asks"):
        each = [dict(getattr(book, name)) for book in books]
        best = getattr(story.now, name)[: params.get("levels", 10)]
        sides.append(
            sum((min(one.get(price, Fraction(0)) for one in each) for price, _ in best), Fraction(0))
        )
    return imb(*sides)


def fleeting_depth_imbalance(params: Mapping[str, Any], story: Story) -> Any:
    stood = persistent_depth_imbalance(params, story)
    whole = depth_imbalance({"levels": params.get("levels", 10)}, story)
    return None if stood is None else whole - stood


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
    "book_slope": book_slope,
    "slope_imbalance": slope_imbalance,
    "depth_concentration": depth_concentration,
    "liquidity_gap": liquidity_gap,
    "level_count": level_count,
    "naes_skjeltorp_slope": naes_skjeltorp_slope,
    "impact_cost": impact_cost,
    "round_trip_cost": round_trip_cost,
    "impact_cost_imbalance": impact_cost_imbalance,
    "persistent_depth_imbalance": persistent_depth_imbalance,
    "fleeting_depth_imbalance": fleeting_depth_imbalance,
    "ofi": lambda params, story: mlofi({**params, "levels": 1}, story)[0],
    "mlofi": mlofi,
    "trade_flow_imbalance": trade_flow_imbalance,
    "volume_delta": volume_delta,
    "cvd": cvd,
    "trade_intensity": trade_intensity,
}
TRADES = ("trade_flow_imbalance", "volume_delta", "cvd", "trade_intensity")
AGED = ("persistent_depth_imbalance", "fleeting_depth_imbalance")  # they look at the time before, too
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
