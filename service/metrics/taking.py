"""What a market order of so much base would find in the book now: the share that is filled, what is paid, the last price."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book, Side

from connectors.book import NOWHERE, Book, Side

_NAN = cython.declare(cython.double, float("nan"))
_NOWHERE = cython.declare(cython.longlong, NOWHERE)
_REST = cython.declare(cython.double, 1e-12)  # of a size: what rounding leaves of it is nothing


@cython.cclass
class Taking:
    """After `take`: `filled` share of the order, NaN where the rest lies beyond what is proven of the book; `last` price.

    paid: price times size, in quote, of what was filled.
    """

    @cython.ccall
    @cython.exceptval(-1)
    def take(self, book: Book, buys: cython.bint, size: cython.double) -> cython.int:
        """Walk the asks (a buy) or the bids until `size` of base is taken."""
        position: cython.int
        k: cython.int
        at: cython.int
        side: Side = book.asks if buys else book.bids
        limit: cython.longlong = book.ask_ceiling if buys else -book.bid_floor
        left: cython.double = size
        worth: cython.double
        self.last = _NAN
        self.filled = _NAN
        self.paid = 0
        for position in range(side.blocks):
            at = side.order[position] * 32
            for k in range(at, at + side.fill[side.order[position]]):
                if left <= size * _REST:
                    break
                if side.keys[k] > limit:
                    return 0
                self.last = side.sign * side.keys[k] / side.price_unit
                worth = side._worth(k) * side.up / side.down  # noqa: SLF001  # C-level neighbours
                self.paid += self.last * (worth if worth < left else left)
                left -= worth
        if left <= size * _REST:
            self.filled = 1
        elif limit >= _NOWHERE:
            self.filled = (size - left) / size if left < size else 0
        return 0
