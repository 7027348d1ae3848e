"""What a market order of each notional would cost now: both sides of the book walked once for all who ask."""

from __future__ import annotations

import array

import cython
from cython.cimports.connectors.book import Book

from connectors.book import Book
from connectors.errors import UsageError

_NAN = cython.declare(cython.double, float("nan"))


@cython.cclass
class Costs:
    """After `bring(book)`: `buy[k]`, `sell[k]` relative to the mid m for Q = notional/m of base (metrics.md 1.5).

    buy = (P - m)/m, sell = (m - P)/m with P the mean price of Q; `buy_fill`, `sell_fill` the share of Q that the book
    holds, `buy_price`, `sell_price` the mean price of that share. A cost is NaN where the book cannot fill Q; all three
    are NaN without a mid, or where the rest of Q lies beyond what is proven of the book.
    """

    def __init__(self, context: object, notionals: tuple[object, ...]) -> None:
        if not all(float(str(one)) > 0 for one in notionals):
            raise UsageError(f"notional {notionals}: an amount of quote is above 0")
        self.count = len(notionals)
        self.notionals = array.array("d", [float(str(one)) for one in notionals])
        self.buy, self.sell, self.buy_fill, self.sell_fill, self.buy_price, self.sell_price = (
            array.array("d", bytes(8 * len(notionals))) for _ in range(6)
        )
        self.version = -1
        self.seen = None

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def bring(self, book: Book) -> cython.int:
        """Bring all up to date with the book; nothing to do where no message came since."""
        k: cython.int
        mid: cython.double = _NAN
        size: cython.double
        if book is self.seen and book.version == self.version:
            return 0
        self.seen = book
        self.version = book.version
        if book.bids.count > 0 and book.asks.count > 0 and not book.crossed():
            mid = (book.asks.best() - book.bids.best()) / (2 * book.asks.price_unit)
        for k in range(self.count):
            self.buy[k] = self.buy_fill[k] = self.buy_price[k] = _NAN
            self.sell[k] = self.sell_fill[k] = self.sell_price[k] = _NAN
            if mid != mid:
                continue
            size = self.notionals[k] / mid
            book.asks.take(size, book.ask_ceiling)
            if self.is_known(book.asks.base, size, book.limits_asks()):
                self.buy_fill[k] = self.share
                self.buy_price[k] = book.asks.quote / book.asks.base
                if self.share == 1:
                    self.buy[k] = (self.buy_price[k] - mid) / mid
            book.bids.take(size, -book.bid_floor)
            if self.is_known(book.bids.base, size, book.limits_bids()):
                self.sell_fill[k] = self.share
                self.sell_price[k] = book.bids.quote / book.bids.base
                if self.share == 1:
                    self.sell[k] = (mid - self.sell_price[k]) / mid
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def is_known(self, base: cython.double, size: cython.double, limited: cython.bint) -> cython.bint:
        """Put the filled share of an order into `share`; false where the rest would go beyond a view that ends."""
        self.share = 1.0 if size - base <= size * 1e-12 else base / size
        return base > 0 and (self.share == 1 or not limited)
