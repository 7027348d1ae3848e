"""Panels that stand on more than one dashboard. Each call makes one anew: a dashboard numbers its own."""

from __future__ import annotations

from grafana_foundation_sdk.builders.stat import Panel

from .colours import rising
from .panels import count_stat
from .queries import book


def highest_stress() -> Panel:
    """The stress of the worst chosen book."""
    return count_stat(
        "Highest stress",
        "Signs of stress at once, of the worst chosen book, 0 to 3: a large move within a minute, a "
        "liquidity shock, toxic flow. Empty until a book can tell: that takes the toxicity of flow.",
        f"max({book('obi_stress_level')})",
        steps=rising(1, 2),
    )
