"""Baskets: books of different assets that are looked at together, each as one more book of venue `consolidated`.

The linear books of one venue in one quote currency, spot or perpetual, make a basket by themselves as soon as there are
three (of two, one factor always has half at least), called `binance:ALL-USDT-PERP`; others the user names
(`across.baskets`). A basket has no price and no levels of its own: what runs for it are the metrics that say
`over_symbols`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.assets import Assets
from connectors.instruments import Instrument, Market, canonical

from .group import Group
from .settings import MOST_IN_BASKET

EVERYTHING = "ALL"
LEAST = 3  # books that make a basket which nobody named


class Basket(Group):
    """A group whose members are of different assets: nothing is said of their prices together, and it has no levels."""

    over = "symbols"


def basket_of(one: Instrument, assets: Assets) -> tuple[str, str] | None:
    """Market and name of the basket that an instrument is of by itself; None for dated, inverse and options."""
    if one.inverse or one.market not in (Market.SPOT, Market.PERP):
        return None
    quote, settle = (assets.of(one.venue, ticker) for ticker in (one.quote, one.settle))
    return str(one.market), f"{one.venue}:{canonical(EVERYTHING, quote, one.market, settle=settle)}"


def has_room(there: Sequence[Any], one: Instrument) -> bool:
    """May it join these members? Not beyond the most, and not where its asset is there (1000SHIB beside SHIB)."""
    bases = {member.readings.instrument.base for member in there}
    return len(there) < MOST_IN_BASKET and one.base not in bases
