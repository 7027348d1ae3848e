"""Metrics, one a file, found by looking into this folder; `declare.py` says how to write one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from .declare import Declaration, Metric

# The order in which metrics stand in readings and tables.
GROUPS = ("price", "book", "flow", "trades", "risk", "surveillance", "derivatives", "health")


Answer = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(__path__):
        yield importlib.import_module(f"{__name__}.{info.name}")


@cache
def metrics() -> dict[str, type[Metric]]:
    """Key -> class of every metric there is, by group, then by key."""
    found: dict[str, type[Metric]] = {}
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Metric) and value is not Metric:
                found[value.declaration.key] = value
    return dict(sorted(found.items(), key=lambda one: (GROUPS.index(one[1].declaration.group), one[0])))


def declarations() -> list[Declaration]:
    """What all metrics say about themselves."""
    return [kind.declaration for kind in metrics().values()]


@cache
def answers() -> dict[str, Answer]:
    """Key -> what computes a case that feeds the statistical part directly: (params, inputs) -> value (metrics.md 9.5).

    A module states them as `ANSWERS`, beside the class that uses the same parts live.
    """
    found: dict[str, Answer] = {}
    for module in _modules():
        found |= getattr(module, "ANSWERS", {})
    return found


@cache
def aliases() -> dict[str, str]:
    """Key of a case -> key of the metric that answers it by `told`: what a module states as `ALIASES`."""
    found: dict[str, str] = {}
    for module in _modules():
        found |= getattr(module, "ALIASES", {})
    return found
