"""Conventions of connectors as keys of `evaluate`: sizes in base units, who was the taker, which position was closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from connectors import all_venues
from connectors.derivatives import Position
from connectors.errors import UsageError
from connectors.instruments import Instrument, Market
from connectors.venue import Venue


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
    kinds, told = _spoken(params, "the side")
    word = told[0]
    if any(word == kind.taker_bought.lower() for kind in kinds):
        return "buy"
    return "sell" if any(word == kind.taker_sold.lower() for kind in kinds) else None


def liquidated_position(params: Mapping[str, Any]) -> str | None:
    """Long or short, from the fields with which a venue tells of a liquidation; None where they do not say.

    A venue whose prints are marked says it with the mark and the taker's side; without the mark the taker was closed.
    """
    kinds, told = _spoken(params, "the side of the liquidation")
    for kind in kinds:
        positions = {word.lower(): position for word, position in kind.positions.items()}
        marks = {word.lower(): who for word, who in kind.liquidated.items()}
        bought, sold = kind.taker_bought.lower(), kind.taker_sold.lower()
        for word in told:
            if found := positions.get(word) or positions.get(_sign(word)):
                return str(found)
        side = next((word for word in told if word in (bought, sold)), None)
        who = next((marks[word] for word in told if word in marks), ("taker",))
        if (
            marks and side is not None and len(who) == 1
        ):  # of a print that closed both there is no one position
            return str(Position.SHORT if (side == bought) == (who[0] == "taker") else Position.LONG)
    return None


def _spoken(params: Mapping[str, Any], what: str) -> tuple[list[type[Venue]], list[str]]:
    """The products of the venue that is named (those of `product` or `market`, if given), and the words that are told."""
    name = params.get("venue", "")
    kinds = [kind for (venue, _), kind in all_venues().items() if venue == name]
    if not kinds:
        raise UsageError(f"no venue {name!r}")
    asked = params.get("product", params.get("market"))  # where products of a venue differ in their words
    kinds = [kind for kind in kinds if asked in (kind.product, *kind.markets)] or kinds
    told = [str(value).lower() for key, value in params.items() if key not in ("venue", "market", "product")]
    if not told:
        raise UsageError(f"the field in which the venue tells {what} is missing")
    return kinds, told


def _sign(word: str) -> str:
    """+ or - of a signed amount, "" of what is no number."""
    try:
        amount = Decimal(word)
    except ArithmeticError:
        return ""
    return "+" if amount > 0 else "-" if amount < 0 else ""


CONVENTIONS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "normalize_size": normalize_size,
    "taker_side": taker_side,
    "liquidated_position": liquidated_position,
}
