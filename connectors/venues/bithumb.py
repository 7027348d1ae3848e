"""Bithumb (Korea), spot, second generation: the protocol of Upbit with 15 rows and sizes of four decimals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from .upbit import Upbit


class Bithumb(Upbit):
    """Spot against KRW and BTC. Many images repeat the one before, since only deeper rows changed."""

    name, product = "bithumb", "spot"
    ws, rest = "wss://ws-api.bithumb.com/websocket/v1", "https://api.bithumb.com"
    recorded_at: ClassVar[tuple[str, ...]] = ("ws-api.bithumb.com/websocket/v1",)
    depth, depths = 15, (1, 5, 15)
    blind_spots = (
        "a lost message is not seen; the next one is the whole book again",
        "only the best 15 levels a side are sent",
        "sizes are rounded to four decimals: a level below 0.00005 is not there",
        "an unknown symbol stays silent",
    )

    def volume_paths(self) -> Sequence[str]:
        return ()  # tickers are given of markets that are named one by one
