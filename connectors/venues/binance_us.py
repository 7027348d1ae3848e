"""Binance.US: Binance spot on hosts of its own."""

from __future__ import annotations

from typing import ClassVar

from ..venue import RestSnapshot
from .binance import Spot


class BinanceUs(Spot):
    """The same protocol as Binance spot; the REST pool is smaller, so the snapshot is."""

    name = "binance_us"
    product = "spot"
    quotes: ClassVar[tuple[str, ...]] = ("USDT", "USDC", "BUSD", "DAI", "BTC", "ETH", "BNB", "USD")
    ws, rest = "wss://stream.binance.us:9443", "https://api.binance.us"
    recorded_at: ClassVar[tuple[str, ...]] = ("stream.binance.us",)
    snapshot = RestSnapshot("/api/v3/depth?symbol={symbol}&limit=1000", limit=1000, weight=50)
