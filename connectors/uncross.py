"""Books that cross by design: of levels that overlap the older ones are hidden, and come back when the others go.

dYdX's indexer merges what one node has heard; a level may linger after its order is gone. Its documents tell clients to
take out the older of two levels that cross, and where both are of the same message, the smaller size from both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .book import plain

if TYPE_CHECKING:
    from .book import Book
    from .wire import Scanner

Level = tuple[int, int]  # side (0 bid, 1 ask), price as the book's integer


class Uncrossing:
    """What a raw book has and the book that is shown has not. `hidden` maps a level to its raw size."""

    def __init__(self) -> None:
        self.ages: dict[Level, int] = {}  # by the messages applied until it changed
        self.hidden: dict[Level, int] = {}
        self.count = 0
        self.places = (0, 0)

    def clear(self) -> None:
        """The book was cleared."""
        self.ages.clear()
        self.hidden.clear()

    def restore(self, book: Book) -> None:
        """Make the book raw again, before a message changes it."""
        self._scale(book)
        for (side, price), size in self.hidden.items():
            book.put(side, price, book.price_places, size, book.size_places, 0)
        self.hidden.clear()

    def note(self, book: Book, scan: Scanner, start: int, end: int) -> None:
        """These levels of the last scan were applied."""
        self._scale(book)
        self.count += 1
        for k in range(start, end):
            price = scan.price[k] * 10 ** (book.price_places - (scan.decimals[k] & 255))
            level = (int(scan.side[k]), price)
            if scan.size[k]:
                self.ages[level] = self.count
            else:
                self.ages.pop(level, None)

    def resolve(self, book: Book) -> None:
        """Hide levels until the book does not cross."""
        while book.crossed():
            bid, ask = (0, -book.bids.best()), (1, book.asks.best())
            bid_size, ask_size = book.bids.levels(1)[0][1], book.asks.levels(1)[0][1]
            older = self.ages.get(bid, 0) - self.ages.get(ask, 0)
            both = min(bid_size, ask_size)
            if older <= 0:
                self._hide(book, bid, bid_size, 0 if older < 0 else bid_size - both)
            if older >= 0:
                self._hide(book, ask, ask_size, 0 if older > 0 else ask_size - both)

    def raw(self, book: Book, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The levels as the venue sent them, like `Book.levels`."""
        sides: list[dict[int, int]] = [
            {key * side.sign: size for key, size, _ in side.levels(book.most)}
            for side in (book.bids, book.asks)
        ]
        for (which, price), size in self.hidden.items():
            sides[which][price] = size
        bids, asks = (
            [(plain(p, book.price_places), plain(n, book.size_places)) for p, n in levels[:depth]]
            for levels in (sorted(sides[0].items(), reverse=True), sorted(sides[1].items()))
        )
        return bids, asks

    def _hide(self, book: Book, level: Level, size: int, left: int) -> None:
        self.hidden.setdefault(level, size)
        side, price = level
        book.put(side, price, book.price_places, left, book.size_places, 0)

    def _scale(self, book: Book) -> None:
        """Follow the book when it keeps more decimals than before."""
        places = (book.price_places, book.size_places)
        if places != self.places:
            up, size_up = 10 ** (places[0] - self.places[0]), 10 ** (places[1] - self.places[1])
            self.ages = {(side, price * up): age for (side, price), age in self.ages.items()}
            self.hidden = {(side, price * up): size * size_up for (side, price), size in self.hidden.items()}
            self.places = places
