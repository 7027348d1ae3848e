"""What a ticker stands for: multiples of an asset, and which tickers of which venues are one asset.

Two venues may give one ticker to two coins (LUNA), and two tickers to one (Bitfinex trades USDT as UST). So tickers
of different venues are the same asset only where this file, or whoever makes an `Assets`, says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

# 1000SHIB, 1000000MOG, 1MBABYDOGE; SHIB1000. A single letter behind the number is a name (1000X), as is 1INCH.
LEADING = re.compile(r"(?P<times>10{3,}|1M)(?P<asset>[A-Z]{2}[A-Z0-9]*)")
TRAILING = re.compile(r"(?P<asset>[A-Z]{2}[A-Z0-9]*?)(?P<times>10{3,})")

# Tickers that every venue with a file here uses for the same asset.
EVERYWHERE = frozenset(
    (
        *("BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE", "LTC", "BCH", "LINK", "DOT", "AVAX", "TRX"),
        *("USDT", "USDC", "DAI", "USD", "EUR", "GBP", "JPY", "KRW", "BRL", "TRY", "AUD", "CHF", "CAD"),
    )
)
# Tickers that mean something else, or go by another name, on one venue.
SAID: Mapping[tuple[str, str], str] = {
    ("kraken", "XBT"): "BTC",
    ("kraken", "XDG"): "DOGE",
    ("bitfinex", "UST"): "USDT",
    ("bitfinex", "UDC"): "USDC",
}


def multiple(ticker: str, *spellings: re.Pattern[str]) -> tuple[str, Decimal]:
    """The asset and how much of it one of the ticker is, where a venue spells multiples so: 1000SHIB -> SHIB, 1000."""
    for spelling in spellings:
        if found := spelling.fullmatch(ticker):
            times = found["times"].replace("M", "000000")
            return found["asset"], Decimal(times)
    return ticker, Decimal(1)


class Assets:
    """Which tickers are one asset. `same` adds to what is known: asset -> (venue, ticker) of each of its names."""

    def __init__(self, same: Mapping[str, Iterable[tuple[str, str]]] | None = None) -> None:
        self._said = dict(SAID)
        for asset, names in (same or {}).items():
            self._said.update((name, asset) for name in names)

    def of(self, venue: str, ticker: str) -> str:
        """The asset; `venue:ticker` where nobody said what it is, so that it equals nothing else."""
        if (asset := self._said.get((venue, ticker))) is not None:
            return asset
        return ticker if ticker in EVERYWHERE else f"{venue}:{ticker}"
