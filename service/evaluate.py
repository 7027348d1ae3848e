"""`steelyard evaluate`: cases in the format of metrics.md 9.5, computed by the classes that run live."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.errors import UsageError

from . import across as venues
from . import datasets, formulas
from . import metrics as books
from .across import across
from .cases import SECOND, Bench, CaseError, nanoseconds
from .conventions import CONVENTIONS
from .metrics import aliases, metrics
from .plan import Plan
from .venue_cases import evaluate_across

EVERYTHING = 10**6  # seconds: a window that holds any data set
READING = (
    "t_eval",
    "now",
    "stale_after",
    "tick_size",
    "feed_levels",
)  # parameters of the reading, not of the metric
WORDS = {"signed_trades": "signed_volume"}  # what cases of data sets call a value (metrics.md 9.5)


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
            yield {"id": name, "value": _computed(case, path.parent)}
        except UsageError as failure:
            yield {"id": name, "error": str(failure)}
        except (KeyError, TypeError, ValueError, ArithmeticError) as failure:
            yield {"id": name, "error": f"{type(failure).__name__}: {failure}"}


def _computed(case: Any, folder: Path) -> Any:
    if not isinstance(case, dict) or "metric" not in case:
        raise CaseError("a case is an object with id, metric, params, and events or inputs")
    metric, params, events = case["metric"], case.get("params") or {}, case.get("events") or []
    inputs = case.get("inputs")
    if not isinstance(params, dict) or not isinstance(events, list) or not isinstance(inputs, dict | None):
        raise CaseError("params and inputs are objects and events a list")
    if metric in CONVENTIONS:
        return CONVENTIONS[metric](params)
    if "dataset" in case:
        return of_dataset(metric, params, case, folder)
    if inputs is not None or (metric in answers() and not events and metric not in metrics()):
        return answered(metric, params, inputs or {})
    if metric in across() and (events or metric not in answers()):
        return defined(evaluate_across(metric, params, events))
    return evaluate(metric, params, events)


def of_dataset(metric: str, params: Mapping[str, Any], case: Mapping[str, Any], folder: Path) -> Any:
    """The value after the rows of a case's files. A flow is of all of them unless the case gives a window."""
    key = aliases().get(metric, metric)
    if key not in metrics():
        raise CaseError(
            f"no metric {metric!r} of a data set; known are {', '.join([*metrics(), *aliases()])}"
        )
    own = {name: value for name, value in params.items() if name not in datasets.OPTIONS or name == "levels"}
    own = {name: WORDS.get(str(value), value) for name, value in own.items()}
    if "window" in _labels(key) and "window" not in own:
        own["window"] = EVERYTHING
    windows = metrics()[key].over_windows(own)
    bench = Bench(key, arguments(key, own) | windows, own)
    last = 0
    for image in datasets.images(case, folder, from_zero=bool(windows)):
        bench.image(*image)
        last = image[0]
    end = datasets.until(case) if windows else None
    if windows and end is None:
        end = Decimal(-(-last // SECOND))  # the second that the last row is in is over
    values = bench.values({"t_eval": end} | own if end is not None else own)
    told = bench.told(key, metric)
    return shaped(key, own, bench.plan, values) if told is NotImplemented else defined(told)


def answers() -> dict[str, books.Answer]:
    """Of all metrics that can be fed directly: of one book, across venues, and formulas."""
    return books.answers() | venues.answers() | formulas.answers()


def answered(metric: str, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """The statistical part of a metric, fed directly; None where undefined."""
    if metric not in answers():
        raise CaseError(f"{metric!r} takes no inputs; those that do are {', '.join(sorted(answers()))}")
    for name in ("bars", "l1", "series", "trades", "train", "x", "dmid"):
        if name in inputs and not isinstance(inputs[name], list | int | float | Decimal):
            raise CaseError(f"{name} is a list, not {inputs[name]!r}")
    return defined(answers()[metric](params, inputs))


def defined(value: Any) -> Any:
    """NaN as None, all the way down."""
    if isinstance(value, dict):
        return {key: defined(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [defined(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def evaluate(metric: str, params: Mapping[str, Any], events: Sequence[Any]) -> Any:
    """The value of one metric after those events of a case that had happened by `t_eval`; None where undefined."""
    asked, metric = metric, aliases().get(metric, metric)
    if metric not in metrics():
        others = answers().keys() | aliases().keys() | across().keys()
        known = [*metrics(), *CONVENTIONS, *sorted(others - metrics().keys())]
        raise CaseError(f"no metric {metric!r}; known are {', '.join(known)}")
    for name, value in params.items():
        if isinstance(value, list) and name not in _labels(metric):
            return [evaluate(asked, {**params, name: one}, events) for one in value]
    until = nanoseconds(params["t_eval"]) if params.get("t_eval") is not None else None
    bench = Bench(metric, arguments(metric, params), params)
    for event in events:
        if until is not None and isinstance(event, dict) and nanoseconds(event.get("t", 0)) > until:
            break
        bench.play(event)
    values = bench.values(params)
    told = bench.told(metric, asked)
    return shaped(metric, params, bench.plan, values) if told is NotImplemented else defined(told)


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
        if "level" in labels and name == "levels":  # those from the best down to this one
            given["level"] = tuple(range(1, int(value) + 1))
            given["levels"] = int(value)
        elif name in labels:
            chosen = tuple(
                WORDS.get(str(one), one) for one in (value if isinstance(value, list) else [value])
            )
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
    counters = all(output.counter for output in plan.outputs)  # else they stand beside what is asked for
    many = ("level" in _labels(metric) and "levels" in params) or any(
        isinstance(value, list) for value in params.values()
    )
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
