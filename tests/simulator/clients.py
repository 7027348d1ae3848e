"""A small book and what drives a connection in memory, for tests that follow the fact sheets' rules."""

from __future__ import annotations

import json
import zlib
from decimal import Decimal
from typing import Any

from simulator.book import TrueBook
from simulator.connection import Connection
from simulator.venue import SimulatedVenue

T0 = 1_790_000_000_000_000_000
MS = 1_000_000
NS = 1_000_000_000
Level = tuple[Decimal, Decimal]


class SideBook:
    """Prices and sizes, absolute sizes, 0 deletes."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}

    def replace(self, bids: list[Any], asks: list[Any]) -> None:
        self.bids.clear()
        self.asks.clear()
        self.apply(bids, asks)

    def apply(self, bids: list[Any], asks: list[Any]) -> None:
        for side, rows in ((self.bids, bids), (self.asks, asks)):
            for price, size, *_ in rows:
                if Decimal(size):
                    side[Decimal(price)] = Decimal(size)
                else:
                    side.pop(Decimal(price), None)

    def truncate(self, depth: int) -> None:
        for side, reverse in ((self.bids, True), (self.asks, False)):
            for price in sorted(side, reverse=reverse)[depth:]:
                del side[price]

    def equals(self, book: TrueBook, depth: int | None = None) -> bool:
        bids = sorted(self.bids.items(), reverse=True)[:depth]
        asks = sorted(self.asks.items())[:depth]
        return bids == book.bids[:depth] and asks == book.asks[:depth]


def run(venue: SimulatedVenue, connection: Connection, seconds: float, step_ms: int = 10) -> list[str]:
    """Let time pass; the texts that left, PONGs given."""
    start, texts = venue.now, drain(connection, venue.now)
    for k in range(1, int(seconds * 1000 / step_ms) + 1):
        now = start + k * step_ms * MS
        venue.advance(now)
        texts += drain(connection, now)
    return texts


def drain(connection: Connection, now: int) -> list[str]:
    """The texts that leave now; PINGs are answered."""
    texts = []
    for frame in connection.frames_to_send(now):
        if isinstance(frame, str):
            texts.append(frame)
        elif hasattr(frame, "payload"):
            connection.pong(frame.payload, now)
    return texts


def loads(text: str) -> dict[str, Any]:
    """JSON with numbers as their text."""
    found = json.loads(text, parse_float=str, parse_int=str)
    assert isinstance(found, dict)
    return found


def kraken_crc(asks: list[tuple[str, str]], bids: list[tuple[str, str]]) -> int:
    """The fact sheet's rule, on texts."""
    text = ""
    for side in (asks[:10], bids[:10]):
        for price, size in side:
            text += price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")
    return zlib.crc32(text.encode())
