"""Formulas that need no book: options chains, pools, concentrations (metrics.md 5). Pure functions of numbers."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any


@cache
def answers() -> dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]]:
    """Key -> what computes a case of it: (params, inputs) -> value. A module states them as `ANSWERS`."""
    found: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {}
    for info in pkgutil.iter_modules(__path__):
        found |= getattr(importlib.import_module(f"{__name__}.{info.name}"), "ANSWERS", {})
    return found
