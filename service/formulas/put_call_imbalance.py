"""`put_call_imbalance`: calls against puts of an options chain (metrics.md 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .concentration import imb

BASES = {"volume": "volume", "open_interest": "oi"}  # basis -> field of an option of a chain


def put_call_imbalance(calls: float, puts: float) -> dict[str, float | None]:
    """`ratio` puts over calls (None without calls), `imbalance` (calls - puts)/(calls + puts): + is more calls."""
    return {"ratio": puts / calls if calls != 0 else None, "imbalance": imb(calls, puts)}


def by_expiry(
    chain: Iterable[Mapping[str, Any]], basis: str = "open_interest"
) -> dict[str, dict[str, float | None]]:
    """The same of each expiry of a chain, and of all as `total`.

    chain: options with `type` (call or put), `expiry` ("" where it is not told) and `volume` or `oi` in base units;
    one that is not known counts nothing. Raises KeyError for an unknown basis, ValueError for an unknown type.
    """
    field = BASES[basis]
    sums: dict[str, dict[str, float]] = {"total": {"call": 0.0, "put": 0.0}}
    for option in chain:
        if option["type"] not in ("call", "put"):
            raise ValueError(f"an option is a call or a put, not {option['type']!r}")
        for expiry in dict.fromkeys(("total", str(option.get("expiry", "")))):
            one = sums.setdefault(expiry, {"call": 0.0, "put": 0.0})
            one[option["type"]] += float(option.get(field) or 0.0)
    return {expiry: put_call_imbalance(one["call"], one["put"]) for expiry, one in sums.items() if expiry}


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    given = {**params, **inputs}
    if "chain" not in given:
        return put_call_imbalance(float(given["calls"]), float(given["puts"]))
    found = by_expiry(given["chain"], str(given.get("basis", "open_interest")))
    return found[str(given.get("expiry", "total"))]


ANSWERS = {"put_call_imbalance": _answer}
