"""How unequal a few numbers are: `imb`, `hhi`, `gini`. Helpers for pushed series (metrics.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def imb(plus: float, minus: float) -> float | None:
    """(plus - minus) / (plus + minus), in [-1, 1] for numbers of one sign; None where their sum is 0."""
    return (plus - minus) / (plus + minus) if plus + minus != 0 else None


def hhi(values: Sequence[float]) -> float | None:
    """Herfindahl-Hirschman index: sum of the squared shares, 1/n (all equal) to 1 (one has all).

    None where nothing is shared out or a number is negative: a share of such a sum means nothing.
    """
    total = sum(values)
    if total <= 0 or min(values) < 0:
        return None
    return sum((value / total) ** 2 for value in values)


def gini(values: Sequence[float]) -> float | None:
    """Gini coefficient: mean absolute difference of all pairs over twice the mean, 0 (equal) to (n - 1)/n.

    Computed from the sorted numbers, sum of (2k - n - 1) x_k over n times their sum; None as for `hhi`.
    """
    total, n = sum(values), len(values)
    if total <= 0 or min(values) < 0:
        return None
    return sum((2 * k - n - 1) * value for k, value in enumerate(sorted(values), 1)) / (n * total)


def _of_values(formula: Callable[[Sequence[float]], float | None]) -> Callable[..., float | None]:
    def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
        given = {**params, **inputs}
        found: Any = given["values"] if "values" in given else given["weights"]
        return formula([float(one) for one in (found.values() if isinstance(found, Mapping) else found)])

    return answer


def _imb(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    """imb(u, v), or imb(outflow, inflow): coins that leave venues are less to sell."""
    given = {**params, **inputs}
    if "values" in given:
        first, second = given["values"]
        return imb(float(first), float(second))
    plus, minus = ("outflow", "inflow") if "outflow" in given else ("u", "v")
    return imb(float(given[plus]), float(given[minus]))


ANSWERS = {"imb": _imb, "hhi": _of_values(hhi), "gini": _of_values(gini)}
