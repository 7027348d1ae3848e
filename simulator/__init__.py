"""The venues' side of the wire: simulated exchanges that speak as the real ones do.

A market (``market.py``) is a true book at full depth, moved by a seeded order flow around a latent price that
all venues share. A venue (``venues/NAME.py``) lets clients connect, subscribe and ask over REST, and shows
them its markets in the frames, numbers, checksums and rhythms of its fact sheet. Faults (``faults.py``) make
it misbehave on command. All of that is pure: time is an argument, nothing is opened or awaited, equal seeds
give equal frames. Only ``server.py`` has sockets and a clock. Nothing here is shared with the connectors, so
that one misreading of a venue cannot hide on both sides.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from .venue import SimulatedVenue


def all_venues() -> dict[str, type[SimulatedVenue]]:
    """Every simulated venue by name, found by looking into ``simulator/venues/``."""
    found: dict[str, type[SimulatedVenue]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "venues")]):
        if module.name.startswith("_"):
            continue
        members = vars(importlib.import_module(f"{__name__}.venues.{module.name}"))
        for member in members.values():
            its_own = isinstance(member, type) and member.__module__.endswith(f".{module.name}")
            if its_own and issubclass(member, SimulatedVenue):
                found[member.name] = member
    return found
