"""Metrics, one a file, found by looking into this folder; `declare.py` says how to write one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .declare import Declaration, Metric

# The order in which metrics stand in readings and tables.
GROUPS = ("price", "book", "flow", "trades", "health")


@cache
def metrics() -> dict[str, type[Metric]]:
    """Key -> class of every metric there is, by group, then by key."""
    found: dict[str, type[Metric]] = {}
    for info in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values():
            if isinstance(value, type) and issubclass(value, Metric) and value is not Metric:
                found[value.declaration.key] = value
    return dict(sorted(found.items(), key=lambda one: (GROUPS.index(one[1].declaration.group), one[0])))


def declarations() -> list[Declaration]:
    """What all metrics say about themselves."""
    return [kind.declaration for kind in metrics().values()]
