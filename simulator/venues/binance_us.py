"""Binance.US: the spot rules of Binance on a host of its own, with smaller books.

Source: the fact sheet binance-spot (captured feeds of 2021 and 2026 have the same shapes) and the instrument
answer captured from Binance.US, whose weight limit is 1200 a minute.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from ..listing import Listing
from ..scale import Scale
from ._binance_rest import SPOT
from .binance import Binance


class BinanceUs(Binance):
    """Spot only, without a product prefix in its paths."""

    name = "binance_us"
    rules: ClassVar = {"spot": dataclasses.replace(SPOT, weight_limit=1200)}
    prefixes: ClassVar = {"spot": ""}
    real_hosts: ClassVar = {"spot": {"ws": "wss://stream.binance.us:9443", "rest": "https://api.binance.us"}}
    catalogue = (
        Listing("BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.00001"), basis_bps=0.5, levels=500),
        Listing("ETHUSDT", "spot", "ETH", "USDT", Scale("0.01"), Scale("0.0001"), basis_bps=0.5, levels=500),
        Listing("SOLUSDT", "spot", "SOL", "USDT", Scale("0.01"), Scale("0.001"), basis_bps=0.5, levels=400),
    )
