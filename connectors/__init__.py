"""Connectors: everything that knows a venue, and nothing that knows the service.

A venue (`venues/NAME.py`) states facts and translates. A session (`session.py`) is one connection: it turns frames
into books and trades, and says what it wants done (`actions.py`). A driver (`driver.py`) does it: it alone has the
clock and the network. Replaying a recording is the same session fed by `replay`, with nobody doing what it asks.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from . import venues as _folder
from .ccxt_venue import PREFIX, ccxt_venue
from .errors import UsageError
from .venue import Venue


@cache
def all_venues() -> dict[tuple[str, str], type[Venue]]:
    """(name, product) -> class, for every venue file there is."""
    found: dict[tuple[str, str], type[Venue]] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(_folder.__path__)):
        for value in vars(importlib.import_module(f"{_folder.__name__}.{module}")).values():
            if isinstance(value, type) and issubclass(value, Venue) and "product" in vars(value):
                found[value.name, value.product] = value
    return found


def venue_class(name: str, product: str) -> type[Venue] | None:
    """The class of one product, of ccxt's exchanges as well; None where there is none."""
    if name.startswith(PREFIX):
        return ccxt_venue(name)
    return all_venues().get((name, product))


def products(name: str) -> list[type[Venue]]:
    """The products of a venue that can be connected to; UsageError with the known names where there is none."""
    if name.startswith(PREFIX):
        return [ccxt_venue(name)]
    known = all_venues()
    found = [value for (venue, _), value in known.items() if venue == name and not value.superseded]
    if not found:
        raise UsageError(f"no venue {name!r}; known are {', '.join(sorted({venue for venue, _ in known}))}")
    return found
