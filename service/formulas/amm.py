"""`amm`: pools of automated market makers (metrics.md 5). x is the reserve of base, y that of quote."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .concentration import imb


def amm(x: float, y: float, ref_price: float | None = None, move: float = 0.01) -> dict[str, float | None]:
    """A constant-product pool against a reference price, and its depth to a relative price move d.

    spot y/x; imbalance (x P - y)/(x P + y), + where the pool is cheap in base; quote_in_up y(sqrt(1 + d) - 1) lifts
    the price by d and takes base_out_up; base_in_down x(1/sqrt(1 - d) - 1) pushes it down and takes quote_out_down.
    None where it cannot be said: an empty pool, no reference, a fall of 100% or more.
    """
    filled = x > 0 and y > 0
    up, down = math.sqrt(1 + move) if move > -1 else None, math.sqrt(1 - move) if move < 1 else None
    return {
        "spot": y / x if filled else None,
        "imbalance": imb(x * ref_price, y) if ref_price is not None and filled else None,
        "quote_in_up": y * (up - 1) if filled and up is not None else None,
        "base_out_up": x * (1 - 1 / up) if filled and up else None,
        "base_in_down": x * (1 / down - 1) if filled and down else None,
        "quote_out_down": y * (1 - down) if filled and down is not None else None,
    }


def swap_output(x: float, y: float, amount: float, fee: float = 0.0) -> float | None:
    """Quote that comes out for `amount` base in (or base for quote, with x and y exchanged); `fee` is a fraction."""
    paid = amount * (1 - fee)
    return y * paid / (x + paid) if x > 0 and y > 0 and amount >= 0 else None


def divergence_loss(ratio: float) -> float | None:
    """2 sqrt(r)/(1 + r) - 1: what a share of the pool lost against holding, at price ratio r; 0 or below."""
    return 2 * math.sqrt(ratio) / (1 + ratio) - 1 if ratio >= 0 else None


def concentrated_amounts(
    liquidity: float, price: float, new_price: float, low: float = 0.0, high: float = math.inf
) -> dict[str, float]:
    """What goes through one range [low, high] of liquidity L as the price goes from P to P'.

    dy = L(sqrt(P') - sqrt(P)) quote in, dx = L(1/sqrt(P) - 1/sqrt(P')) base out, both negative where the price falls;
    prices are held within the range. Source: Uniswap v3 whitepaper, 6.2. ValueError unless prices are above 0.
    """
    if price <= 0 or new_price <= 0:
        raise ValueError("prices of a pool are above 0")
    before, after = (math.sqrt(min(max(one, low), high)) for one in (price, new_price))
    return {"dx": liquidity * (1 / before - 1 / after), "dy": liquidity * (after - before)}


def pool_imbalance(values: Sequence[float], targets: Sequence[float] | None = None) -> float | None:
    """0.5 * sum |w_k - target_k| of an n-asset pool, w the shares by value; targets equal where not given.

    0 is on target, 1 the farthest; None for an empty pool. ValueError where the numbers of assets differ.
    """
    total = sum(values)
    if total <= 0:
        return None
    wanted = list(targets) if targets is not None else [1.0] * len(values)
    if len(wanted) != len(values):
        raise ValueError(f"{len(values)} assets, but {len(wanted)} targets")
    whole = sum(wanted)
    if whole <= 0:
        return None
    return sum(abs(value / total - part / whole) for value, part in zip(values, wanted, strict=True)) / 2


def _amm(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    given = {**params, **inputs}
    reference, move = given.get("ref_price"), given.get("move")
    return amm(
        float(given["x"]),
        float(given["y"]),
        None if reference is None else float(reference),
        0.01 if move is None else float(move),
    )


def _swap(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    given = {name: float(value) for name, value in {**params, **inputs}.items()}
    amount = given["dx"] if "dx" in given else given["amount"]
    return swap_output(given["x"], given["y"], amount, given.get("fee", given.get("f", 0.0)))


def _loss(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    given = {**params, **inputs}
    return divergence_loss(float(given["r"] if "r" in given else given["ratio"]))


def _range(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    given = {name: float(value) for name, value in {**params, **inputs}.items()}
    liquidity = given["L"] if "L" in given else given["liquidity"]
    edges = given.get("low", 0.0), given.get("high", math.inf)
    return concentrated_amounts(liquidity, given["price"], given["new_price"], *edges)


def _pool(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    given = {**params, **inputs}
    values = given["values"] if "values" in given else given["weights"]
    targets = given.get("targets")
    return pool_imbalance([*map(float, values)], None if targets is None else [*map(float, targets)])


ANSWERS = {
    "amm": _amm,
    "swap_output": _swap,
    "divergence_loss": _loss,
    "concentrated_amounts": _range,
    "pool_imbalance": _pool,
}
