"""Metrics across venues, one a file, found by looking into this folder; `declare.py` says how to write one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from .declare import Across

Answer = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(__path__):
        yield importlib.import_module(f"{__name__}.{info.name}")


@cache
def answers() -> dict[str, Answer]:
    """Key -> what computes a case that feeds the statistical part directly, as of the metrics of one book."""
    found: dict[str, Answer] = {}
    for module in _modules():
        found |= getattr(module, "ANSWERS", {})
    return found


@cache
def across() -> dict[str, type[Across]]:
    """Key -> class of every metric across venues, by key."""
    found: dict[str, type[Across]] = {}
    for module in _modules():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Across) and value is not Across:
                found[value.declaration.key] = value
    return dict(sorted(found.items()))
