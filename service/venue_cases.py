"""Cases in which several venues meet: events with a `venue`, through a session each, into one group of books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import UsageError

from .across.consolidation import Consolidation
from .across.declare import Across
from .across.group import CONSOLIDATED, Group
from .across.lead_lag import path_lags, told_lead_lag
from .across.settings import AcrossSettings, GroupSettings
from .cases import EPOCH, NATIVE, Bench, CaseError, nanoseconds, number
from .engine import Engine
from .plan import Plan

BANDS = ("consolidated_imbalance", "mean_venue_imbalance")


def evaluate_across(key: str, params: Mapping[str, Any], events: Sequence[Any]) -> Any:
    """The value of one metric across venues after the events of a case; None where undefined."""
    bands = params.get("band_bps")
    if isinstance(bands, list):
        return [evaluate_across(key, {**params, "band_bps": one}, events) for one in bands]
    until = nanoseconds(params["t_eval"]) if params.get("t_eval") is not None else None
    names = list(dict.fromkeys(_venue(event) for event in events))
    if not names:
        raise CaseError(f"{key} needs events of venues, or inputs")
    engine, group = _grouped(key, params, names)
    benches = {name: Bench(key, {}, {}, venue_name=name, engine=engine) for name in names}
    for event in events:
        if until is None or nanoseconds(event.get("t", 0)) <= until:
            benches[_venue(event)].play(event)
    for bench in benches.values():
        bench.fall_silent(params)
    at = params.get("t_eval", params.get("now"))
    now = max(bench.now for bench in benches.values()) if at is None else nanoseconds(at)
    return _shaped(key, params, group(), now + EPOCH)


def _venue(event: Any) -> str:
    if not isinstance(event, Mapping):
        raise CaseError(f"an event is an object with t and type, not {event!r}")
    return str(event.get("venue", "case"))


def _grouped(key: str, params: Mapping[str, Any], names: Sequence[str]) -> tuple[Engine, Any]:
    """An engine whose books of these venues are one group with one metric; what gives the group once they are in."""
    fees, fx = params.get("fees") or {}, params.get("fx") or {}
    bands = params.get("band_bps")
    given = {} if bands is None else {key: {"band_bps": (float(number(bands)),)}}
    try:
        settings = AcrossSettings(
            taker_fee=float(params.get("fee", 0)),
            fees={str(name): float(fee) for name, fee in fees.items()},
            groups=[
                GroupSettings(
                    symbol=NATIVE,
                    members=dict.fromkeys(names, NATIVE),
                    fx={str(name): float(rate) for name, rate in fx.items() if name in names},
                )
            ],
        )
    except ValueError as failure:
        raise UsageError(" ".join(str(failure).split())) from failure
    engine = Engine(Plan([]), min_coverage=0.0)
    Consolidation(engine, settings, lambda venue, market, symbol: ([key], given))
    return engine, lambda: engine.books[CONSOLIDATED, "spot", NATIVE]


def _shaped(key: str, params: Mapping[str, Any], group: Group, now: int) -> Any:
    values: dict[str, float | None] = {
        output.name: None if value != value else value
        for output, value in zip(group.outputs, group.values(now), strict=True)
    }
    names = [one.name for one in group.books]
    (metric,) = group.metrics
    if key in BANDS:
        return next(iter(values.values()))
    if key == "consolidated_bbo":
        sides = {
            f"{side}{end}": values[f"{key}.{field}{{side={side}}}"]
            for side in ("bid", "ask")
            for field, end in (("price", ""), ("size", "_size"))
        }
        return sides | {"mid": values[f"{key}.mid"]}
    if key == "venue_depth_share":
        return _share(values, names)
    if key == "price_dislocation":
        return {name: values[f"{key}{{venue={name}}}"] for name in names}
    if key == "arbitrage":
        return _best_pair(values)
    if key == "lead_lag":
        return _lead_lag(metric, params, names)
    if key == "venue_risk":
        return {name: values[f"{key}.score{{venue={name}}}"] for name in names}
    raise CaseError(f"{key} is computed from inputs")


def _share(values: Mapping[str, float | None], names: Sequence[str]) -> dict[str, Any]:
    first = list(values.values())
    bands = len(first) // (len(names) + 1)
    shares = dict(zip(names, first[: len(names) * bands : bands], strict=True))
    return {"share": shares, "hhi": first[len(names) * bands]}


def _best_pair(values: Mapping[str, float | None]) -> dict[str, Any]:
    """The pair of the largest edge, the first of several."""
    edges = {
        name: edge for name, edge in values.items() if name.startswith("arbitrage.edge") and edge is not None
    }
    if not edges:
        return dict.fromkeys(("buy", "sell", "edge", "qty", "profit"))
    best = max(edges, key=lambda name: edges[name])
    labels = best.partition("{")[2].rstrip("}")
    buy, sell = (part.partition("=")[2] for part in labels.split(","))
    return {
        "buy": buy,
        "sell": sell,
        "edge": edges[best],
        "qty": values[f"arbitrage.quantity{{{labels}}}"],
        "profit": values[f"arbitrage.profit{{{labels}}}"],
    }


def _lead_lag(metric: Across, params: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Of the first two venues, in the order in which they came."""
    if len(names) < 2:
        raise CaseError("lead_lag compares two venues")
    traces = getattr(metric, "traces")  # noqa: B009  # only lead_lag has them
    paths = [traces[name].since(0, exchange=params.get("clock") == "exchange") for name in names[:2]]
    return told_lead_lag(paths[0], paths[1], path_lags(params))
