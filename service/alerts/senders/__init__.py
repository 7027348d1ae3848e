"""Senders, one a file, found by looking into this folder; `sender.py` says what one is."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .sender import Sender


@cache
def kinds() -> dict[str, type[Sender]]:
    """Kind -> class of every sender there is."""
    found: dict[str, type[Sender]] = {}
    for info in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{info.name}")).values():
            if isinstance(value, type) and issubclass(value, Sender) and value.kind:
                found[value.kind] = value
    return dict(sorted(found.items()))
