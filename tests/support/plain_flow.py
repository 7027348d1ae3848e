"""The flow metrics once more, slowly and from the events alone; tests compare the product with this.

As in plain_metrics.py, nothing is shared with the product: books are dictionaries, sums are exact fractions, and each
answer is computed from the start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.support.plain_metrics import Event, Good, exact, ns, told, transition

ZERO = Fraction(0)


def sides(book: Good) -> list[dict[Fraction, Fraction]]:
    return [dict(book.bids), dict(book.asks)]


def booked(events: Sequence[Event], end: int, horizon: int) -> tuple[list[list[Any]], Fraction]:
    """Bookings [kind, side, price, size, t] as of `end`, and what stayed unmatched.

    Prints and transitions in the order of events; a gap or a snapshot drops the prints that wait.
    """
    bookings: list[list[Any]] = []
    waiting: list[list[Any]] = []  # side, price, left, t
    unmatched = ZERO
    barrier = 0  # bookings before it are of a book that was lost
    known = False  # was there a good state since the last loss?
    seen: list[Event] = []

    def give_up(t: int) -> Fraction:
        late = [one for one in waiting if t - one[3] > horizon]
        waiting[:] = [one for one in waiting if t - one[3] <= horizon]
        return sum((one[2] for one in late), ZERO)

    for event in events:
        t = max(ns(event["t"]), told(seen).t)
        if t > end:
            break
        steps = len(told(seen).steps)
        seen.append(event)
        story = told(seen)
        unmatched += give_up(t)
        known = story.synced and (known or story.now is not None)
        whole = event["type"] in ("snapshot", "replace")
        if not story.synced or (whole and story.now is not None and len(story.steps) == steps):
            waiting.clear()
            barrier = len(bookings)
        if event["type"] == "trade":
            _, price, size, taker = story.trades[-1]
            if taker == 0 or not known:  # of a book that is not known nothing is explained
                continue
            side = 0 if taker < 0 else 1
            for one in bookings[barrier:]:
                if one[0] == "cancel" and one[1:3] == [side, price] and t - one[4] <= horizon and size > 0:
                    part = min(size, one[3])
                    one[3] -= part
                    size -= part
                    bookings.append(["traded", side, price, part, one[4]])
            if size > 0:
                waiting.append([side, price, size, t])
        elif len(story.steps) > steps:
            _, before, after = story.steps[-1]
            for side, (old, new) in enumerate(zip(sides(before), sides(after), strict=True)):
                for price in sorted(old.keys() | new.keys()):
                    dq = new.get(price, ZERO) - old.get(price, ZERO)
                    if dq == 0:
                        continue
                    taken = sum((one[2] for one in waiting if one[:2] == [side, price]), ZERO)
                    waiting[:] = [one for one in waiting if one[:2] != [side, price]]
                    if taken:
                        bookings.append(["traded", side, price, taken, t])
                    if dq + taken > 0:
                        bookings.append(["add", side, price, dq + taken, t])
                    elif dq + taken < 0:
                        bookings.append(["cancel", side, price, -(dq + taken), t])
    return bookings, unmatched + give_up(end)


def limit_flow(params: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    end = ns(params["t_eval"])
    bookings, unmatched = booked(events, end, ns(params.get("match_horizon", 0.25)))
    start = end - ns(params["window"]) if "window" in params else -1
    amounts = {
        f"{kind}_{name}": sum(
            (one[3] for one in bookings if one[0] == kind and one[1] == side and start < one[4] <= end), ZERO
        )
        for kind in ("add", "cancel", "traded")
        for side, name in enumerate(("bid", "ask"))
    }
    adds, cancels = (amounts[f"{kind}_bid"] + amounts[f"{kind}_ask"] for kind in ("add", "cancel"))
    net = amounts["add_bid"] - amounts["cancel_bid"] - amounts["add_ask"] + amounts["cancel_ask"]
    found: dict[str, Any] = dict(amounts)
    found["unmatched"] = unmatched
    found["cancel_to_add"] = cancels / adds if adds else None
    found["net_limit_flow_imbalance"] = net / (adds + cancels) if adds + cancels else None
    return {key: None if value is None else float(value) for key, value in found.items()}


def normalized_ofi(params: Mapping[str, Any], events: Sequence[Event]) -> list[float | None]:
    end, levels = ns(params["t_eval"]), int(params["levels"])
    start = end - ns(params["window"])
    story = told(events, end)
    steps = [(before, after) for t, before, after in story.steps if start < t <= end]
    depth = sum((after.bid(m)[1] + after.ask(m)[1] for _, after in steps for m in range(levels)), ZERO) / 2
    if story.now is None or not steps or depth == 0:
        return [None] * levels
    q = depth / levels / len(steps)
    flows = [
        sum((transition((b.bid(m), b.ask(m)), (a.bid(m), a.ask(m))) for b, a in steps), ZERO)
        for m in range(levels)
    ]
    return [float(one / q) for one in flows]


def generalized_ofi(params: Mapping[str, Any], events: Sequence[Event]) -> float | None:
    end = ns(params["t_eval"])
    story = told(events, end)
    if story.now is None:
        return None
    total = ZERO
    for t, before, after in story.steps:
        if end - ns(params["window"]) < t <= end:
            low, high = after.bid(0)[0], after.ask(0)[0]
            was_low, was_high = before.bid(0)[0], before.ask(0)[0]
            if low == was_low:
                total += after.bid(0)[1] - before.bid(0)[1]
            total += sum((q for p, q in after.bids if p > was_low), ZERO)
            total -= sum((q for p, q in before.bids if p > low), ZERO)
            if high == was_high:
                total -= after.ask(0)[1] - before.ask(0)[1]
            total -= sum((q for p, q in after.asks if p < was_high), ZERO)
            total += sum((q for p, q in before.asks if p < high), ZERO)
    return float(total)


def vpin(params: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    volume, count = exact(params["bucket_volume"]), int(params["buckets"])
    buckets: list[Fraction] = []
    net = filled = ZERO
    for _, _, size, side in told(events).trades:
        left = size if side else ZERO
        while left > 0:
            part = min(left, volume - filled)
            net, filled, left = net + part * side, filled + part, left - part
            if filled == volume:
                buckets.append(net / volume)
                net = filled = ZERO
    last = buckets[-count:] if len(buckets) >= count else []
    return {
        "vpin": float(sum(map(abs, last)) / count) if last else None,
        "signed": float(sum(last) / count) if last else None,
        "buckets": len(buckets),
    }


def fleeting(params: Mapping[str, Any], events: Sequence[Event]) -> float | None:
    """Last in, first out; for feeds without trades."""
    bookings, _ = booked(events, ns(params["t_eval"]), 0)
    stacks: dict[tuple[int, Fraction], list[list[Any]]] = {}
    gone = ZERO
    for kind, side, price, size, t in bookings:
        stack = stacks.setdefault((side, price), [])
        if kind == "add":
            stack.append([size, t])
        left = size if kind == "cancel" else ZERO
        while left > 0 and stack:
            part = min(left, stack[-1][0])
            if t - stack[-1][1] <= ns(params["horizon"]):
                gone += part
            left -= part
            stack[-1][0] -= part
            if stack[-1][0] == 0:
                stack.pop()
    adds = sum((one[3] for one in bookings if one[0] == "add"), ZERO)
    return float(gone / adds) if adds else None


def effective_spread(params: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    """Mids by time: the state strictly before a print, and the one in force the horizon later."""
    end, horizon = ns(params["t_eval"]), ns(params["horizon"])
    changes: list[tuple[int, Fraction | None]] = []
    for n in range(1, len(events) + 1):
        story = told(events[:n], end)
        changes.append((story.t, story.now.mid if story.now else None))
    mids = dict(changes)  # the last word of each time

    def at(t: int, strictly: bool) -> Fraction | None:
        known = [one for one in mids if (one < t if strictly else one <= t)]
        return mids[max(known)] if known else None

    sums = {"effective": [ZERO, ZERO], "realized": [ZERO, ZERO], "impact": [ZERO, ZERO]}
    for t, price, size, side in told(events, end).trades:
        mid = at(t, True)
        if side == 0 or mid is None or t <= end - ns(params.get("window", 300)):
            continue
        unit = 2 * side * size / mid
        later = at(t + horizon, False) if t + horizon <= end else None
        parts = {"effective": price - mid}
        if later is not None:
            parts |= {"realized": price - later, "impact": later - mid}
        for key, distance in parts.items():
            sums[key][0] += unit * distance
            sums[key][1] += size
    return {key: float(top / volume) if volume else None for key, (top, volume) in sums.items()}
