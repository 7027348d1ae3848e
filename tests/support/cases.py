"""Made-up cases for the metrics: streams of book messages and prints as hypothesis draws them, and their parameters."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from service.evaluate import run

TICK = Decimal("0.05")
PRICES = [Decimal("98.00") + k * TICK for k in range(80)]
SIZES = [Decimal(text) for text in ("1", "2", "3", "5", "0.5", "12", "40", "0.001", "7.25")]

sizes = st.sampled_from(SIZES)
times = st.sampled_from([Decimal(text) for text in ("0", "0", "0.1", "0.25", "0.5", "1", "1", "2", "7")])


@st.composite
def ladders(draw: st.DrawFn, *, deletes: bool = False, crossed: bool = True) -> dict[str, Any]:
    """Bids and asks around a middle; rarely crossed, sometimes with a side that is empty."""
    middle = draw(st.integers(20, 60))
    overlap = draw(st.sampled_from([0, 0, 0, 0, 0, 0, 0, 3])) if crossed else 0
    size = st.one_of(sizes, st.just(Decimal(0))) if deletes else sizes
    most = 4 if deletes else 8
    below = st.integers(max(0, middle - 12), middle - 1 + overlap)
    above = st.integers(middle, min(79, middle + 12))
    return {
        "bids": [[PRICES[k], draw(size)] for k in draw(st.lists(below, max_size=most, unique=True))],
        "asks": [[PRICES[k], draw(size)] for k in draw(st.lists(above, max_size=most, unique=True))],
    }


@st.composite
def deltas(draw: st.DrawFn) -> dict[str, Any]:
    """Changes near the middle, removals among them."""
    size = st.one_of(sizes, st.just(Decimal(0)), st.just(Decimal(0)))
    below, above = st.integers(28, 40), st.integers(39, 52)
    return {
        "bids": [[PRICES[k], draw(size)] for k in draw(st.lists(below, max_size=4))],
        "asks": [[PRICES[k], draw(size)] for k in draw(st.lists(above, max_size=4))],
    }


@st.composite
def trades(draw: st.DrawFn) -> dict[str, Any]:
    side = draw(st.sampled_from(["buy", "sell", "buy", "sell", "unknown"]))
    return {"price": PRICES[draw(st.integers(35, 45))], "size": draw(sizes), "side": side}


@st.composite
def streams(
    draw: st.DrawFn, *, most: int = 25, whole: Sequence[str] = ("snapshot",), faults: bool = True
) -> list[dict[str, Any]]:
    """Events in the order of time. They begin with a whole book, as feeds do."""
    t = Decimal(0)
    middle = st.integers(36, 42)
    events: list[dict[str, Any]] = []
    kinds = ["delta"] * 8 + ["trade"] * 4 + [*whole, "heartbeat"] + (["gap"] if faults else [])
    for n in range(draw(st.integers(1, most))):
        t += draw(times)
        kind = whole[0] if n == 0 else draw(st.sampled_from(kinds))
        event: dict[str, Any] = {"t": t, "type": kind}
        if kind in ("snapshot", "replace"):
            event |= draw(ladders()) if draw(st.booleans()) else near(draw(middle))
        elif kind == "delta":
            event |= draw(deltas())
        elif kind == "trade":
            event |= draw(trades())
        events.append(event)
    return events


def near(middle: int) -> dict[str, Any]:
    """A full book around a middle."""
    return {
        "bids": [[PRICES[middle - 1 - k], SIZES[(k * 5 + middle) % len(SIZES)]] for k in range(7)],
        "asks": [[PRICES[middle + k], SIZES[(k * 7 + middle) % len(SIZES)]] for k in range(7)],
    }


def end(events: Sequence[dict[str, Any]]) -> Decimal:
    return max(Decimal(str(event["t"])) for event in events)


def results(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `evaluate` says to these cases, written to a file and read back as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.json"
        path.write_text(written(list(cases)))
        return list(run(path))


def written(value: Any) -> str:
    """JSON with decimals as they are, not as floats."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)
