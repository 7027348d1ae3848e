"""Finding books by what a user writes: canonical, ccxt or native symbols, and globs such as `BTC-*`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import translate
from typing import Protocol

from connectors.instruments import read_symbol

from .ports import Book, Engine, Output
from .problems import ProblemError

Test = Callable[[str], bool]
_GLOB = re.compile(r"[*?\[]")


def is_glob(text: str) -> bool:
    """Does this stand for more than one name?"""
    return _GLOB.search(text) is not None


def one_of(patterns: Sequence[str]) -> Test:
    """A test of a name against globs, whatever its case. No patterns, or one that is `*`: everything fits."""
    if not patterns or "*" in patterns:
        return lambda name: True
    search = re.compile("|".join(translate(pattern) for pattern in patterns), re.IGNORECASE).match
    return lambda name: search(name) is not None


def spellings(symbol: str, market: str = "") -> frozenset[str]:
    """Names in capitals under which a book may be known that was asked for as `symbol`."""
    names = {symbol}
    if asked := read_symbol(symbol):
        names.add(asked.symbol)
        if market == "perp" and asked.market == "spot":
            names.add(f"{asked.symbol}-PERP")
    return frozenset(name.upper() for name in names)


class Named(Protocol):
    """What a selection looks at."""

    @property
    def venue(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def native(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Which books: each a list of globs of which one has to fit; an empty list fits all."""

    venues: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()

    def venue_test(self) -> Test:
        """A test of a venue's id alone."""
        return one_of(self.venues)

    def test(self) -> Callable[[Named], bool]:
        """A test of one book or instrument; symbols without a wildcard are read in any form, native ids too."""
        venue, market = self.venue_test(), one_of(self.markets)
        globs = [text for text in self.symbols if is_glob(text)]
        symbol = one_of(globs) if globs or not self.symbols else lambda name: False
        exact = frozenset().union(*(spellings(text) for text in self.symbols if not is_glob(text)))

        def fits(book: Named) -> bool:
            return (
                venue(book.venue)
                and market(book.market)
                and (symbol(book.symbol) or book.symbol.upper() in exact or book.native.upper() in exact)
            )

        return fits


def select_outputs(outputs: Sequence[Output], patterns: Sequence[str]) -> list[int]:
    """Places of the outputs whose key, `key.field` or whole name fits one of the globs; all without globs."""
    fits = one_of(patterns)
    return [
        place
        for place, output in enumerate(outputs)
        if fits(output.key) or fits(f"{output.key}.{output.field}") or fits(output.name)
    ]


def check_metrics(engine: Engine, patterns: Sequence[str]) -> str:
    """What is wrong with these metric globs: a sentence that names the first without a match, or "".

    A metric may be declared and have no output yet: across venues there is none before two have come.
    """
    declared = {declaration.key for declaration in engine.declarations}
    later = {declaration.key for declaration in engine.declarations if declaration.group == "across"}
    for pattern in patterns:
        known = any(map(one_of((pattern,)), declared)) or pattern.partition("{")[0].partition(".")[0] in later
        if not known and not select_outputs(engine.outputs, (pattern,)):
            near = nearest(pattern, declared)
            return f"no metric is called {pattern}" + (f"; did you mean {', '.join(near)}?" if near else "")
    return ""


def nearest(text: str, names: Iterable[str], most: int = 3) -> list[str]:
    """Names that look like this one, best first, whatever their case."""
    by_capitals = {name.upper(): name for name in names}
    return [by_capitals[name] for name in get_close_matches(text.upper(), sorted(by_capitals), most, 0.5)]


def find(engine: Engine, venue: str, symbol: str, market: str = "") -> Book:
    """The one book that is meant; raises ProblemError 404 with near names, or 409 where several fit."""
    here = [book for book in engine.books.values() if book.venue == venue.lower()]
    if not here:
        raise _no_venue(engine, venue)
    names = spellings(symbol, market)
    in_market = [book for book in here if not market or book.market == market]
    fits = [book for book in in_market if book.symbol.upper() in names]
    fits = fits or [book for book in in_market if book.native.upper() in names]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise _ambiguous(venue, symbol, fits)
    raise _no_symbol(venue, symbol, here)


def _no_venue(engine: Engine, venue: str) -> ProblemError:
    venues = sorted({book.venue for book in engine.books.values()})
    near = nearest(venue, venues) or venues[:5]
    said = f"; did you mean {', '.join(near)}?" if near else "; no book has been asked for yet"
    return ProblemError(
        404, "unknown-venue", f"no book of a venue {venue} is kept here{said}", suggestions=near
    )


def _no_symbol(venue: str, symbol: str, here: Sequence[Book]) -> ProblemError:
    names = {book.symbol: book.symbol for book in here} | {book.native: book.symbol for book in here}
    near = list(dict.fromkeys(names[name] for name in nearest(symbol, names)))
    said = f"; did you mean {', '.join(near)}?" if near else f"; /api/v1/symbols?venue={venue} lists what is"
    return ProblemError(404, "unknown-symbol", f"{venue} has no book {symbol} here{said}", suggestions=near)


def _ambiguous(venue: str, symbol: str, fits: Sequence[Book]) -> ProblemError:
    names = sorted(book.symbol for book in fits)
    detail = f"{symbol} means {' or '.join(names)} on {venue}; write one of these, or say which market"
    return ProblemError(409, "ambiguous-symbol", detail, suggestions=names)
