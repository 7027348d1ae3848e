"""`long_short_imbalance` of cases: how accounts are split between long and short (metrics.md 3.4).

No venue that is read tells it, so there is no series of it. Open interest itself cannot be imbalanced: each contract has
one long and one short.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def imbalance(longs: float, shorts: float) -> float | None:
    """(long - short) / (long + short); None where nobody holds anything."""
    return (longs - shorts) / (longs + shorts) if longs + shorts > 0 else None


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    """A case: `long` and `short`, or their `ratio` (long / short)."""
    given = {**params, **inputs}
    if "ratio" in given:
        return imbalance(float(given["ratio"]), 1.0)
    return imbalance(float(given["long"]), float(given["short"]))


ANSWERS = {"long_short_imbalance": answer}
