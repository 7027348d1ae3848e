"""The instruments that are known, watched ones first: what a venue's list says of each, and how its book fares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.instruments import Instrument, Market

from .lookup import Selection, one_of
from .ports import Book, Engine
from .readings import identity

AT_ONCE = 2_000  # instruments looked at before others get their turn: venues list tens of thousands
Known = tuple[Instrument, Book | None]
_TRUST = ("state", "reason", "proof", "event_time", "received", "update_id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which instruments: by venue, market and symbol, by globs of base and quote, and by whether they are watched."""

    selection: Selection = field(default_factory=Selection)
    bases: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    watched: bool | None = None

    def test(self) -> Callable[[Known], bool]:
        """A test of one instrument."""
        selected, base, quote = self.selection.test(), one_of(self.bases), one_of(self.quotes)

        def fits(known: Known) -> bool:
            one, book = known
            return (
                (self.watched is None or self.watched == (book is not None))
                and base(one.base)
                and quote(one.quote)
                and selected(one)
            )

        return fits


def known(engine: Engine) -> Iterator[Known]:
    """All instruments once: those with a book, then what else the venues list."""
    for book in list(engine.books.values()):
        if not book.members:  # a consolidated book is of no instrument of its own
            yield book.instrument, book
    for registry in list(engine.registries):
        for _, one in list(registry.all()):
            if (one.venue, str(one.market), one.symbol) not in engine.books:
                yield one, None


async def page(engine: Engine, wanted: Wanted, limit: int, cursor: str) -> tuple[list[Known], str | None]:
    """One page of what fits, and the cursor of the next. A list that is fetched anew meanwhile may move the pages."""
    start, fits = int(cursor or 0), wanted.test()
    found: list[Known] = []
    for place, one in enumerate(known(engine)):
        if place % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        if place >= start and fits(one):
            if len(found) == limit:
                return found, str(place)
            found.append(one)
    return found, None


def symbol(one: Instrument, book: Book | None, now: int) -> dict[str, Any]:
    """An instrument, with the state and the counts of its book; these are null where it has none."""
    trust = dict.fromkeys(_TRUST) if book is None else identity(book)
    return {
        "venue": one.venue,
        "market": str(one.market),
        "symbol": one.symbol,
        "native": one.native,
        "base": one.base,
        "quote": one.quote,
        "settle": one.settle,
        "contract": "spot" if one.market is Market.SPOT else "inverse" if one.inverse else "linear",
        "contract_size": _text(one.contract_size),
        "multiplier": _text(one.multiplier),
        "tick": _text(one.tick),
        "lot": _text(one.lot),
        "status": "expired" if one.is_over(now) else "trading" if one.active else "halted",
        "expires": one.expires or None,
        "listed": not one.inferred,
        "watched": book is not None,
        **{name: trust[name] for name in _TRUST},
        "depth": None if book is None else book.depth,
        "capped": None if book is None else book.capped,
        "counters": None if book is None else dict(book.counters),
        "resyncs_by_reason": None if book is None else dict(book.resyncs_by_reason),
    }


def _text(number: Decimal | None) -> str | None:
    """A number as a person writes it, without an exponent or zeros at the end."""
    return None if number is None else f"{number.normalize():f}"
