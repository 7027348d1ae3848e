"""The committed dashboards as tests read them: panels, queries, variables; and PromQL taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
from promql_parser import AggregateExpr, Call, Expr, Matcher, MatchOp, VectorSelector

FILES = sorted((Path(__file__).parents[2] / "grafana/dashboards").glob("*.json"))
VARIABLES = ("job", "instance", "venue", "market", "symbol")
STANDS_FOR = {"$__rate_interval": "10s", "$__interval": "5s", "$__range": "60s"} | {
    f"${name}": ".+" for name in VARIABLES
}
# What Prometheus adds to what it scrapes.
ADDED = {"job", "instance"}


@dataclass(frozen=True)
class Panel:
    """A panel that shows something, and the row that it is in."""

    board: str
    row: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.board}: {self.row}: {self.data['title']}"

    @property
    def targets(self) -> list[dict[str, Any]]:
        return list(self.data["targets"])

    @property
    def instant(self) -> bool:
        """Asked once, at the end of the time range?"""
        return bool(self.targets[0]["instant"])


def load(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def panels_of(data: dict[str, Any]) -> Iterator[Panel]:
    """All panels but rows, in their order."""
    row = ""
    for one in data["panels"]:
        if one["type"] == "row":
            row = one["title"]
            yield from (Panel(data["uid"], row, inner) for inner in one["panels"])
        else:
            yield Panel(data["uid"], row, one)


def all_panels() -> list[Panel]:
    return [panel for file in FILES for panel in panels_of(load(file))]


def plain(query: str) -> str:
    """A query without variables: all places, the intervals of a quick test."""
    for name in sorted(STANDS_FOR, key=len, reverse=True):
        query = query.replace(name, STANDS_FOR[name])
    assert "$" not in query, query
    return query


def parts(expr: Expr) -> list[Expr]:
    """An expression and all that it is made of."""
    found: list[Expr] = []
    promql_parser.walk(expr, found.append)
    return found


def selectors(query: str) -> list[VectorSelector]:
    return [one for one in parts(promql_parser.parse(plain(query))) if isinstance(one, VectorSelector)]


def matches(matcher: Matcher, labels: dict[str, str]) -> bool:
    """Does a series with these labels fit? Labels that Prometheus adds always do."""
    if matcher.name in ADDED:
        return True
    value = labels.get(matcher.name, "")
    if matcher.op in (MatchOp.Equal, MatchOp.NotEqual):
        return bool((value == matcher.value) == (matcher.op == MatchOp.Equal))
    return bool((re.fullmatch(matcher.value, value) is not None) == (matcher.op == MatchOp.Re))


def faults(query: str, shown: dict[str, list[dict[str, str]]]) -> list[str]:
    """What a query names that is not there: series, labels' values, labels to sum by."""
    found: list[str] = []
    expr = promql_parser.parse(plain(query))
    for selector in selectors(query):
        name = selector.name or ""
        series = shown.get(name)
        if series is None:
            found.append(f"no series {name}")
            continue
        for matcher in selector.matchers.matchers:
            said = matcher.value.split("|") if matcher.op == MatchOp.Re else [matcher.value]
            for value in said:
                one = Matcher(matcher.op, matcher.name, value)
                if not any(matches(one, labels) for labels in series):
                    found.append(f"no {name} with {one}")
        if not any(all(matches(one, labels) for one in selector.matchers.matchers) for labels in series):
            found.append(f"no {name} with {selector.matchers}")
    for part in parts(expr):
        if isinstance(part, AggregateExpr) and part.modifier is not None:
            inner = [one for one in parts(part.expr) if isinstance(one, VectorSelector)]
            known = ADDED | {
                key for one in inner for labels in shown.get(one.name or "", []) for key in labels
            }
            found += [f"no label {key} to sum by" for key in set(part.modifier.labels) - known]
    return found


def legend_labels(legend: str) -> set[str]:
    return set(re.findall(r"\{\{(\w+)\}\}", legend))


def is_counter_call(one: Call) -> bool:
    return one.func.name in ("rate", "irate", "increase")
