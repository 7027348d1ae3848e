"""Checksums that venues send with their books: from the best levels, letter for letter as written, to a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from zlib import crc32

if TYPE_CHECKING:
    from .book import Book


class Checksum(Protocol):
    """How a venue sums up its book. `levels` is how far down it sees."""

    levels: int

    def of(self, book: Book) -> int:
        """The sum that the venue would send for this book."""
        ...

    def absent(self, sent: int) -> bool:
        """Does this value mean that the venue sent no checksum?"""
        ...


class DigitsCrc32:
    """Kraken v2: best 10 asks, then best 10 bids; price and quantity without point and leading zeros; unsigned."""

    levels = 10

    def of(self, book: Book) -> int:
        bids, asks = book.written(self.levels)
        digits = [text.replace(".", "").lstrip("0") for level in (*asks, *bids) for text in level]
        return crc32("".join(digits).encode())

    def absent(self, sent: int) -> bool:
        return False


class PairedCrc32:
    """OKX until 2026-06: best 25 ranks as bid:size:ask:size joined by colons, raw text; signed. 0 means none."""

    levels = 25

    def of(self, book: Book) -> int:
        bids, asks = book.written(self.levels)
        words: list[str] = []
        for rank in range(max(len(bids), len(asks))):
            for side in (bids, asks):
                words += side[rank] if rank < len(side) else ()
        unsigned = crc32(":".join(words).encode())
        return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned

    def absent(self, sent: int) -> bool:
        return sent == 0


class SignedCrc32:
    """Bitfinex: best 25 ranks as bid:size:ask:-size joined by colons, numbers as JavaScript writes them; signed."""

    levels = 25

    def of(self, book: Book) -> int:
        bids, asks = book.written(self.levels)
        words: list[str] = []
        for rank in range(max(len(bids), len(asks))):
            for side, sign in ((bids, ""), (asks, "-")):
                if rank < len(side):
                    price, size = side[rank]
                    words += (price.replace("E", "e"), sign + size.replace("E", "e"))
        unsigned = crc32(":".join(words).encode())
        return unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned

    def absent(self, sent: int) -> bool:
        return False
