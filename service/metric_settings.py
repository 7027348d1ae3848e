"""Section `metrics` of the configuration: which metrics run for which books, with which parameters, and the user's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from .across import across
from .metrics import metrics
from .metrics.declare import Declaration
from .own_metrics import Own, load_folder
from .plans import Plans, Rule, matching

Globs = Annotated[list[str], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)]
MOST_VALUES = 50  # of one label: each is a value, often a window, of every book

load_once = cache(load_folder)


class SelectSettings(BaseModel):
    """A rule for some books; of several that fit, the later goes over the earlier."""

    model_config = ConfigDict(extra="forbid")

    venue: Globs = Field(
        [], description="Venues or globs; all where left out. `consolidated` are the groups."
    )
    market: Globs = Field([], description="spot, perp, future or globs.")
    symbol: Globs = Field([], description="Canonical symbols or globs, such as BTC-*.")
    only: Globs = Field([], description="Keys or globs of the metrics that run, in place of those above.")
    add: Globs = Field([], description="Keys or globs that run as well.")
    drop: Globs = Field([], description="Keys or globs that do not run.")
    params: dict[str, dict[str, Any]] = Field(
        {},
        description="Metric -> label or parameter -> values: {depth: {band_bps: [5, 10]}, ofi: {window: [1]}}.",
    )

    def rule(self) -> Rule:
        """As the plans take it."""
        return Rule(self.venue, self.market, self.symbol, self.only, self.add, self.drop, self.params)


class MetricSettings(BaseModel):
    """Which metrics run, and from how much of a window on they are shown."""

    model_config = ConfigDict(extra="forbid")

    folder: str = Field(
        "", description="Folder with metrics of your own (docs/own-metrics.md); empty for none."
    )
    only: list[str] = Field([], description="Keys or globs of the metrics that run; empty for all.")
    min_coverage: float = Field(
        0.8, ge=0, le=1, description="Covered share of a window from which it is shown."
    )
    select: list[SelectSettings] = Field([], description="Rules by venue, market and symbol.", max_length=200)

    @field_validator("only")
    @classmethod
    def _known(cls, only: list[str], info: ValidationInfo) -> list[str]:
        _check_keys("", only, _declared(info))
        return only

    @field_validator("select")
    @classmethod
    def _applicable(cls, select: list[SelectSettings], info: ValidationInfo) -> list[SelectSettings]:
        known = _declared(info)
        for number, rule in enumerate(select):
            for name in ("only", "add", "drop"):
                _check_keys(f"[{number}].{name}: ", getattr(rule, name), known)
            for key, given in rule.params.items():
                _check_keys(f"[{number}].params: ", [key], known)
                for label, values in given.items():
                    _check_values(f"[{number}].params.{key}.{label}", known[key], label, values)
        return select

    @property
    def own(self) -> Own:
        """The user's own metrics, and what of them was left out."""
        return load_once(self.folder)

    def plans(self) -> Plans:
        """Which book has which metrics."""
        known = metrics() | dict(self.own.kinds)
        return Plans(self.only, [one.rule() for one in self.select], known=known, others=list(across()))


def _declared(info: ValidationInfo) -> dict[str, Declaration]:
    """Every metric there is: built in, across venues, the user's own."""
    own = load_once(info.data.get("folder", "")).kinds
    found = {key: kind.declaration for key, kind in (metrics() | dict(own)).items()}
    return found | {key: kind.declaration for key, kind in across().items()}


def _check_keys(where: str, globs: Iterable[str], known: Mapping[str, object]) -> None:
    for glob in globs:
        if not matching(list(known), [glob]):
            near = difflib.get_close_matches(glob, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise ValueError(f"{where}no metric {glob!r}{hint}")


def _check_values(where: str, declaration: Declaration, label: str, values: Any) -> None:
    """Labels take lists of what they already hold, numbers or words; other parameters are the metric's own affair."""
    by = dict(declaration.by)
    for one in declaration.fields:
        by |= one.by or {}
    if label not in by:
        if isinstance(values, bool) or not isinstance(values, (int, float, str)):
            has = f" (its labels are {', '.join(by)})" if by else ""
            raise ValueError(
                f"{where}: {label} is no label of {declaration.key}{has}; a parameter is a number or a word"
            )
        return
    if label in declaration.fixed:
        raise ValueError(f"{where}: {declaration.key} has all values of {label}; it cannot be chosen")
    if not isinstance(values, list) or not 0 < len(values) <= MOST_VALUES:
        raise ValueError(f"{where}: give a list of 1 to {MOST_VALUES} values, such as {list(by[label])}")
    if len({str(value) for value in values}) < len(values):
        raise ValueError(f"{where}: a value stands in it twice")
    usual = list(by[label])
    words = bool(usual) and all(isinstance(one, str) for one in usual)
    for value in values:
        if words and value not in usual:
            raise ValueError(f"{where}: {value!r} is none of {', '.join(map(str, usual))}")
        if not words and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9
        ):
            raise ValueError(f"{where}: {value!r} is no number above 0")
        if (
            not words
            and all(isinstance(one, int) for one in usual)
            and label in ("levels", "level")
            and value != int(value)
        ):
            raise ValueError(f"{where}: {value!r} is no whole number")
