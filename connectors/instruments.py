"""Instruments: what a venue's id stands for, and how `BTC-USDT-PERP` is spelled and read.

Canonical symbols: `BTC-USDT` spot, `BTC-USDT-PERP`, `BTC-USDT-261225`, `BTC-USDT-261225-100000-C`; where the
settlement is not the quote it is appended (`BTC-USD-PERP:BTC`). The ccxt form (`BTC/USDT:USDT`) is read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Market(StrEnum):
    """Kind of instrument; the label `market`."""

    SPOT = "spot"
    PERP = "perp"
    FUTURE = "future"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument of one venue.

    `multiplier`: how much of the base the venue's price is for, where it lists a multiple of the asset: 1000 for
    `1000SHIB`, whose base is SHIB. The symbol keeps the multiple (`1000SHIB-USDT-PERP`), and so do native prices and
    sizes in books; in numbers (metrics, trades) a price is for one SHIB and a size counts single SHIB.
    `contract_size`: what one unit of native size is, in what the price is for (here thousands of SHIB), or in quote
    where `inverse`; None where it is not known, and then nothing in base units is.
    `tick` and `lot` are steps of native price and size. `active`: it trades, by the venue's list. `expiry` is the
    date in the symbol, `expires` the moment of it (ns), 0 where there is none or it is not known.
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
    multiplier: Decimal = Decimal(1)
    expires: int = 0

    @property
    def price_places(self) -> int:
        """Decimals of the tick, 0 where it is not known (a book widens as needed)."""
        return places(self.tick)

    @property
    def size_places(self) -> int:
        """Decimals of the lot, 0 where it is not known."""
        return places(self.lot)

    @property
    def unit_size(self) -> Decimal | None:
        """One unit of native size in base units, or in quote units where inverse; None where it is not known."""
        if self.contract_size is None or self.inverse:
            return self.contract_size
        return self.contract_size * self.multiplier

    def to_base(self, size: Decimal, price: Decimal) -> Decimal | None:
        """Native size at a native price in base units; None where the contract size is not known."""
        if (unit := self.unit_size) is None:
            return None
        return size * unit * self.multiplier / price if self.inverse else size * unit

    def is_over(self, now: int) -> bool:
        """Has it expired at `now` (ns)?"""
        return 0 < self.expires <= now


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
