"""Metrics across venues, one a file, found by looking into this folder; `declare.py` says how to write one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .declare import Across


@cache
def across() -> dict[str, type[Across]]:
    """Key -> class of every metric across venues, by key."""
    found: dict[str, type[Across]] = {}
    for info in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values():
            if isinstance(value, type) and issubclass(value, Across) and value is not Across:
                found[value.declaration.key] = value
    return dict(sorted(found.items()))
