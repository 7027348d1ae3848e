"""`steelyard evaluate`: cases in the format of metrics.md 9.5, computed by the classes that run live."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.errors import UsageError

from .cases import Bench, CaseError, nanoseconds
from .conventions import CONVENTIONS
from .metrics import metrics
from .plan import Plan

READING = (
    "t_eval",
    "now",
    "stale_after",
    "tick_size",
    "feed_levels",
)  # parameters of the reading, not of the metric


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
        except UsageError as failure:
            yield {"id": name, "error": str(failure)}
        except (KeyError, TypeError, ValueError, ArithmeticError) as failure:
            yield {"id": name, "error": f"{type(failure).__name__}: {failure}"}


def _computed(case: Any) -> Any:
    if not isinstance(case, dict) or "metric" not in case:
        raise CaseError("a case is an object with id, metric, params, and events or inputs")
    params, events = case.get("params") or {}, case.get("events") or []
    if not isinstance(params, dict) or not isinstance(events, list):
        raise CaseError("params is an object and events a list")
    return evaluate(case["metric"], params, events)


def evaluate(metric: str, params: Mapping[str, Any], events: Sequence[Any]) -> Any:
    """The value of one metric after those events of a case that had happened by `t_eval`; None where undefined."""
    if metric in CONVENTIONS:
        return CONVENTIONS[metric](params)
    if metric not in metrics():
        raise CaseError(f"no metric {metric!r}; known are {', '.join([*metrics(), *CONVENTIONS])}")
    for name, value in params.items():
        if isinstance(value, list) and name not in _labels(metric):
            return [evaluate(metric, {**params, name: one}, events) for one in value]
    until = nanoseconds(params["t_eval"]) if params.get("t_eval") is not None else None
    bench = Bench(metric, arguments(metric, params), params)
    for event in events:
        if until is not None and isinstance(event, dict) and nanoseconds(event.get("t", 0)) > until:
            break
        bench.play(event)
    return shaped(metric, params, bench.plan, bench.values(params))


def _labels(metric: str) -> dict[str, Sequence[object]]:
    """The labels of a metric's outputs with their default values."""
    declaration = metrics()[metric].declaration
    found = dict(declaration.by)
    for one in declaration.fields:
        found |= one.by or {}
    return found


def arguments(metric: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A case's parameters as those of the metric's class: single label values become one-element tuples."""
    labels = _labels(metric)
    given: dict[str, Any] = {}
    for name, value in params.items():
        if metric == "mlofi" and name == "levels":
            given["level"] = tuple(range(1, int(value) + 1))
        elif name in labels:
            chosen = tuple(value) if isinstance(value, list) else (value,)
            if all(isinstance(one, str) for one in labels[name]):
                for one in chosen:
                    if one not in labels[name]:
                        raise CaseError(f"{name} {one!r} is none of {', '.join(map(str, labels[name]))}")
            given[name] = tuple(float(one) if isinstance(one, Decimal) else one for one in chosen)
        elif name not in READING:
            given[name] = float(value) if isinstance(value, Decimal) else value
    return given


def shaped(metric: str, params: Mapping[str, Any], plan: Plan, values: list[float | None]) -> Any:
    """Outputs as the result of a case: a number, a list, or an object with the keys of metrics.md 9.5."""
    stat = params.get("stat", "last")
    counters = metric in ("trade_volume", "book_messages")
    many = metric == "mlofi" or any(isinstance(value, list) for value in params.values())
    by_side = "side" in _labels(metric) and "side" not in params
    found: dict[str, Any] = {}
    for output, value in zip(plan.outputs, values, strict=True):
        labels = dict(output.labels)
        if labels.get("stat", stat) != stat or output.counter is not counters:
            continue
        field = output.field
        if output.key != metric:
            field = {"volume_delta": "delta"}.get(output.key, field)
        if many:
            found.setdefault(field, []).append(value)
        elif by_side:
            found.setdefault(field, {}).setdefault(labels.get("side", ""), value)
        else:
            found.setdefault(field, value)
    if metric == "cvd":
        del found["incomplete"]
    return found[""] if list(found) == [""] else found
