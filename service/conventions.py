"""Conventions of connectors as keys of `evaluate`: what a size is in base units, and who was the taker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors import all_venues
from connectors.errors import UsageError
from connectors.instruments import Instrument, Market


def normalize_size(params: Mapping[str, Any]) -> float | None:
    """Native size in base units: `contract` spot, linear or inverse, with `contract_size` and `price`.

    None where the contract size is not known. An inverse contract is worth quote, so it needs a price.
    """
    kind = params.get("contract", "spot")
    if kind not in ("spot", "linear", "inverse"):
        raise UsageError(f"contract {kind!r} is none of spot, linear, inverse")
    for name in ("size", "price") if kind == "inverse" else ("size",):
        if name not in params:
            raise UsageError(f"a {kind} size needs {name}")
    contract_size = params.get("contract_size", 1)
    instrument = Instrument(
        "case",
        "CASE-QUOTE",
        "CASE-QUOTE",
        Market.SPOT if kind == "spot" else Market.PERP,
        "CASE",
        "QUOTE",
        "QUOTE",
        contract_size=None if contract_size is None else Decimal(str(contract_size)),
        inverse=kind == "inverse",
    )
    base = instrument.to_base(Decimal(str(params["size"])), Decimal(str(params.get("price", 1))))
    return None if base is None else float(base)


def taker_side(params: Mapping[str, Any]) -> str | None:
    """Buy or sell, from the field with which a venue tells it (`m`, `S`, `side` …); None where it says neither."""
    name = params.get("venue", "")
    kinds = [kind for (venue, _), kind in all_venues().items() if venue == name]
    if not kinds:
        raise UsageError(f"no venue {name!r}")
    asked = params.get("product", params.get("market"))  # where products of a venue differ in their words
    kinds = [kind for kind in kinds if asked in (kind.product, *kind.markets)] or kinds
    told = [value for key, value in params.items() if key not in ("venue", "market", "product")]
    if not told:
        raise UsageError("the field in which the venue tells the side is missing")
    word = str(told[0]).lower()
    if any(word == kind.taker_bought.lower() for kind in kinds):
        return "buy"
    return "sell" if any(word == kind.taker_sold.lower() for kind in kinds) else None


CONVENTIONS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "normalize_size": normalize_size,
    "taker_side": taker_side,
}
