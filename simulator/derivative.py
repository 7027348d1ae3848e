"""What a simulated derivative has beside its book: mark, index, funding, open interest, forced closures.

Functions of a market and a time (integer ns) alone; each venue writes them in its own words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .market import Market, Trade

HOUR_NS = 3600 * 1_000_000_000
WORTH = 400_000_000.0  # of one side of the open interest, in quote units
ONE_IN = 25  # prints is a forced closure


def mark(market: Market) -> float:
    """Mark price in quote units: here the middle of the touch."""
    return market.price()


def index(market: Market, now: int) -> float:
    """Price of the underlying in quote units: what all venues circle around."""
    listing = market.listing
    return market.fair(now) * float(listing.tick.decimal(1)) / (1 + listing.basis_bps * 1e-4)


def funding_rate(market: Market, now: int) -> float:
    """What longs pay shorts at the next settlement, as a fraction: a share of the premium."""
    return round((mark(market) / index(market, now) - 1) / 8, 8)


def next_funding(now: int, hours: int = 8) -> int:
    """When funding is settled next (ns)."""
    return (now // (hours * HOUR_NS) + 1) * hours * HOUR_NS


def open_interest(market: Market, now: int) -> int:
    """One side of the open interest in lots; it swings by some percent within the hour."""
    swing = 1 + 0.03 * math.sin(now % HOUR_NS / HOUR_NS * math.tau)
    return round(WORTH * swing / market.listing.lot_notional(market.price()))


def forced(trades: Iterable[Trade]) -> list[Trade]:
    """The prints that closed a position by force: the taker sold for a long, bought for a short."""
    return [trade for trade in trades if trade.id % ONE_IN == 0]
