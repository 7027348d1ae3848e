"""`steelyard evaluate`: cases in the format of metrics.md 9.5, computed by the classes that run live.

The events of a case become frames of a made-up venue and go through a session, its pair and the engine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, ClassVar

import orjson

from connectors import all_venues
from connectors.errors import UsageError
from connectors.instruments import Instrument, Market
from connectors.rules import Unnumbered
from connectors.session import Session
from connectors.shape import ASKS, BIDS, KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind
from connectors.sync import Pair
from connectors.venue import Channel, Venue

from .engine import Engine, Readings
from .metrics import metrics
from .plan import Plan

NATIVE = "CASE-QUOTE"
SECOND = 1_000_000_000


class CaseVenue(Venue):
    """The venue of all cases: snapshots, deltas, images and trades with times and texts as given."""

    name, product = "case", "case"
    layout = {
        "kind": KIND,
        "symbol": SYMBOL,
        "t": TIME,
        "bids": BIDS,
        "asks": ASKS,
        "price": PRICE,
        "size": SIZE,
        "side": SIDE,
    }
    kinds = {"snapshot": Kind.SNAPSHOT, "delta": Kind.DELTA, "replace": Kind.IMAGE, "trade": Kind.TRADE}
    taker_bought, taker_sold = "buy", "sell"
    rule = Unnumbered()
    proof: ClassVar[str] = "none"

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> tuple[str, ...]:
        """Nobody to subscribe to."""
        return ()


class CaseError(UsageError):
    """A case that cannot be computed; the text says why."""


def run(path: Path) -> Iterator[dict[str, Any]]:
    """One result a case: its id and its value, or its id and an error."""
    try:
        cases = json.loads(path.read_text(), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as failure:
        told = f"{path}: cannot be read as JSON ({failure}); give a list of cases"
        raise UsageError(told) from failure
    if isinstance(cases, dict):
        cases = cases.get("cases", [cases])
    if not isinstance(cases, list):
        raise UsageError(f"{path}: holds no list of cases")
    for number, case in enumerate(cases):
        name = case.get("id", number) if isinstance(case, dict) else number
        try:
            yield {"id": name, "value": _computed(case)}
        except CaseError as failure:
            yield {"id": name, "error": str(failure)}
        except (KeyError, TypeError, ValueError, ArithmeticError) as failure:
            yield {"id": name, "error": f"{type(failure).__name__}: {failure}"}


def _computed(case: Any) -> Any:
    if not isinstance(case, dict) or "metric" not in case:
        raise CaseError("a case is an object with id, metric, params, and events or inputs")
    return evaluate(case["metric"], case.get("params") or {}, case.get("events") or [], case)


def evaluate(
    metric: str, params: Mapping[str, Any], events: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
) -> Any:
    """The value of one metric after the events of a case; None where it is undefined."""
    if metric in CONVENTIONS:
        return CONVENTIONS[metric](params)
    if metric not in metrics():
        raise CaseError(f"no metric {metric!r}; known are {', '.join([*metrics(), *CONVENTIONS])}")
    given = arguments(metric, params)
    bench = Bench(metric, given, params)
    for event in events:
        bench.play(event)
    return shaped(metric, params, bench.plan, bench.values(params))


def arguments(metric: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A case's parameters as those of the metric's class: single label values become one-element tuples."""
    declared = set(metrics()[metric].declaration.by)
    declared |= {label for one in metrics()[metric].declaration.fields for label in (one.by or {})}
    given: dict[str, Any] = {}
    for name, value in params.items():
        if metric == "mlofi" and name == "levels":
            given["level"] = tuple(range(1, int(value) + 1))
        elif name in declared:
            values = tuple(value) if isinstance(value, list) else (value,)
            given[name] = tuple(float(one) if isinstance(one, Decimal) else one for one in values)
        elif name not in ("t_eval", "now", "stale_after", "tick_size"):
            given[name] = float(value) if isinstance(value, Decimal) else value
    return given


class Bench:
    """One book with one metric, fed by the events of a case."""

    def __init__(self, metric: str, given: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        venue = CaseVenue("ws://case", "http://case")
        tick = Decimal(str(params["tick_size"])) if "tick_size" in params else None
        instrument = Instrument("case", NATIVE, NATIVE, Market.SPOT, "CASE", "QUOTE", "QUOTE", tick=tick)
        keys = [metric, *COMPANIONS.get(metric, ())]
        self.plan = Plan(keys, dict.fromkeys(keys, given))
        self.engine = Engine(self.plan, min_coverage=0.0)
        self.session = Session(venue)
        self.pair = self.session.add(Pair(venue, instrument))
        deepest = max([20, *(int(one) for name in ("levels", "level") for one in _listed(given.get(name)))])
        self.pair.book.keep_top(deepest)
        self.readings: Readings = self.engine.attach(self.pair)
        self.session.keeper.opened(0)
        self.now = 0
        self.received = 0

    def play(self, event: Mapping[str, Any]) -> None:
        """Feed one event."""
        kind = event["type"]
        self.now = max(self.now, nanoseconds(event.get("t", 0)))
        if kind == "gap":
            self.pair.lose("gap", self.now)
            return
        self.received = self.now
        if kind == "heartbeat" or kind == "liquidation":
            return
        if kind not in CaseVenue.kinds:
            raise CaseError(
                f"no event type {kind!r}; known are {', '.join(CaseVenue.kinds)}, gap, heartbeat, liquidation"
            )
        frame: dict[str, Any] = {"kind": kind, "symbol": NATIVE, "t": str(self.now + EPOCH)}
        if kind == "trade":
            frame |= {
                "price": text(event["price"]),
                "size": text(event["size"]),
                "side": event.get("side", ""),
            }
        else:
            frame |= {
                side: [[text(part) for part in row[:2]] for row in event.get(side) or ()]
                for side in ("bids", "asks")
            }
        self.session.received(orjson.dumps(frame), self.now + EPOCH)

    def values(self, params: Mapping[str, Any]) -> list[float | None]:
        """All outputs of the metric, at `t_eval` or `now` if given, else after the last event."""
        at = params.get("t_eval", params.get("now"))
        now = self.now if at is None else max(nanoseconds(at), 0)
        if "now" in params and "stale_after" in params:
            if nanoseconds(params["now"]) - self.received > nanoseconds(params["stale_after"]):
                self.pair.withdraw(nanoseconds(params["now"]) + EPOCH)
        found = self.readings.standing(now + EPOCH)
        return [None if value != value else value for value in found]


EPOCH = 1_500_000_000 * SECOND  # case times start at 0, which as a venue's time would mean "not told"


COMPANIONS = {"trade_flow_imbalance": ("volume_delta",)}  # their results stand together in 9.5


def shaped(metric: str, params: Mapping[str, Any], plan: Plan, values: list[float | None]) -> Any:
    """Outputs as the result of a case: a number, a list, or an object with the keys of metrics.md 9.5."""
    stat = params.get("stat", "last")
    counters = metric in ("trade_volume", "book_messages")
    many = metric == "mlofi" or any(isinstance(value, list) for value in params.values())
    found: dict[str, list[float | None]] = {}
    for output, value in zip(plan.outputs, values, strict=True):
        if dict(output.labels).get("stat", stat) != stat or output.counter is not counters:
            continue
        field = (
            {"volume_delta": "delta"}.get(output.key, output.field) if output.key != metric else output.field
        )
        found.setdefault(field, []).append(value)
    if metric == "cvd":
        del found["incomplete"]
    shapes = {name: values if many else values[0] for name, values in found.items()}
    return shapes[""] if list(shapes) == [""] else shapes


def text(number: Any) -> str:
    """A number of a case as a venue would write it."""
    try:
        return format(Decimal(str(number)), "f")
    except InvalidOperation as failure:
        raise CaseError(f"{number!r} is not a number") from failure


def nanoseconds(seconds: Any) -> int:
    """Decimal seconds as integer nanoseconds."""
    return int(Decimal(str(seconds)) * SECOND)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (tuple, list)) else [value]


# -- conventions of connectors: keys that exist only for cases ---------------------------------------------------


def normalize_size(params: Mapping[str, Any]) -> float | None:
    """Native size in base units: `contract` spot, linear or inverse, with `contract_size` and `price`."""
    kind = params.get("contract", "spot")
    if kind not in ("spot", "linear", "inverse"):
        raise CaseError(f"contract {kind!r} is none of spot, linear, inverse")
    size = params.get("contract_size", 1)
    market = Market.SPOT if kind == "spot" else Market.PERP
    one = Instrument(
        "case",
        NATIVE,
        NATIVE,
        market,
        "CASE",
        "QUOTE",
        "QUOTE",
        contract_size=None if size is None else Decimal(str(size)),
        inverse=kind == "inverse",
    )
    base = one.to_base(Decimal(str(params["size"])), Decimal(str(params.get("price", 1))))
    return None if base is None else float(base)


def taker_side(params: Mapping[str, Any]) -> str | None:
    """Buy or sell, from the field with which a venue tells it (`m`, `S`, `side` …)."""
    name = params.get("venue", "")
    kinds = [kind for (venue, _), kind in all_venues().items() if venue == name]
    if not kinds:
        raise CaseError(f"no venue {name!r}")
    told = next((value for key, value in params.items() if key not in ("venue", "market", "product")), None)
    word = str(told).lower() if isinstance(told, bool) else str(told)
    kind = kinds[0]
    if word.lower() == kind.taker_bought.lower():
        return "buy"
    return "sell" if word.lower() == kind.taker_sold.lower() else None


CONVENTIONS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "normalize_size": normalize_size,
    "taker_side": taker_side,
}
