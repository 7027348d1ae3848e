"""Bithumb, second generation: Upbit's protocol with 15 rows, times in microseconds, sizes of four decimals, repetitions.

Source: the fact sheet bithumb.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..feeds import Delta, Feed
from ..listing import Listing
from ..scale import Scale
from .upbit import WON, Upbit


class Bithumb(Upbit):
    """One socket for all codes."""

    name = "bithumb"
    rows = 15
    unit = 1000
    real_hosts: ClassVar = {"spot": {"ws": "wss://ws-api.bithumb.com", "rest": "https://api.bithumb.com"}}
    catalogue: ClassVar[Sequence[Listing]] = (
        Listing(
            "KRW-BTC", "spot", "BTC", "KRW", Scale("1000"), Scale("0.0001"), basis_bps=WON + 4000, levels=420
        ),
        Listing(
            "KRW-ETH", "spot", "ETH", "KRW", Scale("1000"), Scale("0.0001"), basis_bps=WON + 4000, levels=420
        ),
    )

    def publish(self, feed: Feed, delta: Delta, now: int) -> None:
        super().publish(feed, delta, now)
        if not delta:  # only deeper rows changed: the same rows again, with a new time
            for connection in list(feed.subscribers):
                self.send_book(connection, feed, "REALTIME", now)
