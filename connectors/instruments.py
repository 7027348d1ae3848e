"""Instruments: what a venue's id stands for, and how `BTC-USDT-PERP` is spelled and read.

Canonical symbols: `BTC-USDT` spot, `BTC-USDT-PERP`, `BTC-USDT-261225`, `BTC-USDT-261225-100000-C`; where the
settlement is not the quote it is appended (`BTC-USD-PERP:BTC`). The ccxt form (`BTC/USDT:USDT`) is read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .errors import UsageError


class Market(StrEnum):
    """Kind of instrument; the label `market`."""

    SPOT = "spot"
    PERP = "perp"
    FUTURE = "future"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument of one venue.

    `contract_size`: what one unit of native size is worth, in base, or in quote where `inverse`; None where it is
    not known, and then nothing in base units is. `tick` and `lot` are steps of price and native size.
    `inferred`: read off the id alone, without the venue's own list.
    """

    venue: str
    native: str
    symbol: str
    market: Market
    base: str
    quote: str
    settle: str
    contract_size: Decimal | None = Decimal(1)
    inverse: bool = False
    tick: Decimal | None = None
    lot: Decimal | None = None
    active: bool = True
    expiry: str = ""
    inferred: bool = False

    @property
    def price_places(self) -> int:
        """Decimals of the tick, 0 where it is not known (a book widens as needed)."""
        return places(self.tick)

    @property
    def size_places(self) -> int:
        """Decimals of the lot, 0 where it is not known."""
        return places(self.lot)

    def to_base(self, size: Decimal, price: Decimal) -> Decimal | None:
        """Native size at a price in base units; None where the contract size is not known."""
        if self.contract_size is None:
            return None
        return size * self.contract_size / price if self.inverse else size * self.contract_size


def places(step: Decimal | None) -> int:
    """How many decimals a step has: 0.010 -> 2."""
    if step is None or step <= 0:
        return 0
    return max(0, -int(step.normalize().as_tuple().exponent))


def canonical(
    base: str,
    quote: str,
    market: Market,
    *,
    settle: str = "",
    expiry: str = "",
    strike: str = "",
    right: str = "",
) -> str:
    """Spell a symbol. `expiry` is YYMMDD, `right` C or P."""
    parts = [base, quote]
    if market is Market.PERP:
        parts.append("PERP")
    elif market in (Market.FUTURE, Market.OPTION):
        parts.append(expiry)
    if market is Market.OPTION:
        parts += [strike, right]
    tail = f":{settle}" if settle and settle != quote and market is not Market.SPOT else ""
    return "-".join(parts) + tail


@dataclass(frozen=True, slots=True)
class Asked:
    """A symbol as the user asked for it, taken apart."""

    base: str
    quote: str
    market: Market
    settle: str
    expiry: str = ""
    strike: str = ""
    right: str = ""

    @property
    def symbol(self) -> str:
        return canonical(
            self.base,
            self.quote,
            self.market,
            settle=self.settle,
            expiry=self.expiry,
            strike=self.strike,
            right=self.right,
        )


_CANONICAL = re.compile(
    r"(?P<base>[^-/:\s]+)-(?P<quote>[^-/:\s]+)"
    r"(?:-(?:(?P<perp>PERP)|(?P<expiry>\d{6})(?:-(?P<strike>[\d.]+)-(?P<right>[CP]))?))?(?::(?P<settle>[^-/:\s]+))?"
)
_CCXT = re.compile(
    r"(?P<base>[^-/:\s]+)/(?P<quote>[^-/:\s]+)"
    r"(?::(?P<settle>[^-/:\s]+)(?:-(?P<expiry>\d{6})(?:-(?P<strike>[\d.]+)-(?P<right>[CP]))?)?)?"
)


def read_symbol(text: str) -> Asked | None:
    """Take a canonical or a ccxt symbol apart; None for anything else (a native id)."""
    if found := _CANONICAL.fullmatch(text):
        part = found.groupdict()
        market = _market(part["perp"] or "", part["expiry"] or "", part["right"] or "")
    elif found := _CCXT.fullmatch(text):
        part = found.groupdict()
        market = _market(
            "PERP" if part["settle"] and not part["expiry"] else "", part["expiry"] or "", part["right"] or ""
        )
    else:
        return None
    return Asked(
        part["base"],
        part["quote"],
        market,
        part["settle"] or part["quote"],
        part["expiry"] or "",
        part["strike"] or "",
        part["right"] or "",
    )


def _market(perp: str, expiry: str, right: str) -> Market:
    if right:
        return Market.OPTION
    if expiry:
        return Market.FUTURE
    return Market.PERP if perp else Market.SPOT


def resolve(text: str, known: list[Instrument]) -> Instrument:
    """The instrument a user means by a canonical, ccxt or native symbol.

    Raises UsageError with the nearest names where nothing, or more than one thing, fits.
    """
    asked = read_symbol(text)
    wanted = {text.upper(), asked.symbol.upper()} if asked else {text.upper()}
    fits = [one for one in known if one.symbol.upper() in wanted]
    fits = fits or [one for one in known if one.native.upper() == text.upper()]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise UsageError(
            f"{text} means {' or '.join(sorted(one.symbol for one in fits))}; write one of these"
        )
    raise UsageError(
        f"no instrument {text}; did you mean {', '.join(nearest(text, known)) or 'a symbol of this venue'}?"
    )


def nearest(text: str, known: list[Instrument], most: int = 3) -> list[str]:
    """Symbols that look like the one asked for."""
    from difflib import get_close_matches

    names = {one.symbol.upper(): one.symbol for one in known}
    names |= {one.native.upper(): one.symbol for one in known}
    return list(dict.fromkeys(names[name] for name in get_close_matches(text.upper(), names, most, 0.5)))
