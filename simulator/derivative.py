"""What a simulated derivative has beside its book: mark, index, funding, open interest, longs, forced closures.

Functions of a market and a time (integer ns) alone; each venue writes them in its own words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .market import Market, Trade

HOUR_NS = 3600 * 1_000_000_000
WORTH = 400_000_000.0  # of one side of the open interest, in quote units
ONE_IN = 25  # prints is a forced closure
PERIOD_NS = 300 * 1_000_000_000  # of the ratios of longs to shorts
LEANS = {
    "accounts": 0.12,
    "top_accounts": 0.05,
    "top_positions": -0.04,
}  # many small longs face a few large shorts


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


def period(now: int) -> int:
    """The start of the running 5 minutes (ns): the time that ratios of longs to shorts are told with."""
    return now // PERIOD_NS * PERIOD_NS


def longs(market: Market, now: int, population: str) -> float:
    """Long over long plus short in the running 5 minutes, to four places; it swings within three hours."""
    turn = period(now) / PERIOD_NS / 36 + len(market.listing.base) / 7
    return round(0.5 + LEANS[population] + 0.08 * math.sin(turn * math.tau), 4)


def long_short_ratio(market: Market, now: int, population: str) -> float:
    """The same as longs over shorts, as most venues tell it."""
    share = longs(market, now, population)
    return round(share / (1 - share), 4)


def forced(trades: Iterable[Trade]) -> list[Trade]:
    """The prints that closed a position by force: the taker sold for a long, bought for a short."""
    return [trade for trade in trades if trade.id % ONE_IN == 0]
