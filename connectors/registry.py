"""The registry: all instruments that venues list, found by canonical, ccxt or native symbol, or by pattern. No I/O.

A product's list replaces the one before it (`learn`), so the registry knows what is listed now and nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from .assets import Assets
from .errors import UsageError
from .instruments import Instrument, read_symbol

Key = tuple[str, str, str]  # venue, product, native id


class Registry:
    """Instruments of venues' products; `assets` says which tickers of different venues are the same."""

    def __init__(self, assets: Assets | None = None) -> None:
        self.assets = assets or Assets()
        self._listed: dict[tuple[str, str], dict[str, Instrument]] = {}
        self._names: dict[str, list[Key]] | None = None  # canonical symbol in capitals -> who has it
        self._natives: dict[str, list[Key]] = {}

    def learn(self, venue: str, product: str, found: Iterable[Instrument]) -> None:
        """Take a product's list in place of the one before."""
        self._listed[venue, product] = {one.native: one for one in found}
        self._names = None

    def get(self, key: Key) -> Instrument | None:
        """An instrument by its key; None if it is not listed (any more)."""
        venue, product, native = key
        return self._listed.get((venue, product), {}).get(native)

    def all(self, venue: str = "") -> Iterator[tuple[Key, Instrument]]:
        """All that is listed, or all of one venue."""
        for (its, product), found in self._listed.items():
            if not venue or its == venue:
                for native, one in found.items():
                    yield (its, product, native), one

    def matching(self, pattern: str, venue: str = "") -> list[Key]:
        """Instruments whose canonical symbol fits a glob, whatever its case."""
        capitals = pattern.upper()
        return [key for key, one in self.all(venue) if fnmatchcase(one.symbol.upper(), capitals)]

    def resolve(self, text: str, venue: str = "") -> Key:
        """The one instrument that is meant by a canonical, ccxt or native symbol; canonical goes before native.

        Where several fit, one that trades is meant rather than those that do not. Raises UsageError: with the choices
        where several are left, with the nearest names where nothing fits.
        """
        self._index()
        assert self._names is not None
        asked = read_symbol(text)
        spelled = dict.fromkeys((text.upper(), asked.symbol.upper() if asked else text.upper()))
        for index, names in ((self._names, spelled), (self._natives, (text.upper(),))):
            fits = [key for name in names for key in index.get(name, ()) if not venue or key[0] == venue]
            if fits:
                return self._only(text, fits)
        near = self.nearest(text, venue)
        cure = f"did you mean {' or '.join(near)}?" if near else "write a symbol that the venue lists"
        raise UsageError(f"no instrument {text}{f' on {venue}' if venue else ''}; {cure}")

    def _only(self, text: str, fits: list[Key]) -> Key:
        listed = {key: one for key in fits if (one := self.get(key)) is not None}
        trading = [key for key, one in listed.items() if one.active]
        fits = trading or list(listed)
        if len(fits) == 1:
            return fits[0]
        symbols = {listed[key].symbol for key in fits}
        venues = {key[0] for key in fits}
        names = sorted(
            " ".join(
                (*((key[0],) if len(venues) > 1 else ()),
                 listed[key].symbol if len(symbols) > 1 or len(venues) > 1 else key[2])
            )
            for key in fits
        )  # fmt: skip
        raise UsageError(f"{text} means {' or '.join(names)}; write one of these")

    def nearest(self, text: str, venue: str = "", most: int = 3) -> list[str]:
        """Symbols that look like the one asked for; first multiples of what was asked for, then others of its base."""
        asked = read_symbol(text)
        names: dict[str, str] = {}
        bases: dict[str, str] = {}
        multiples = []
        for _, one in self.all(venue):
            bases[one.symbol] = one.base
            names.setdefault(one.symbol.upper(), one.symbol)
            names.setdefault(one.native.upper(), one.symbol)
            same = asked and (asked.base.upper(), asked.quote.upper(), asked.market) == (
                one.base, one.quote, one.market,
            )  # fmt: skip
            if same and one.multiplier != 1:
                multiples.append(f"{one.symbol} ({one.multiplier} {one.base} each)")
        near = [names[name] for name in difflib.get_close_matches(text.upper(), names, most * 2, 0.5)]
        if asked:
            near.sort(key=lambda name: bases[name] != asked.base.upper())
        told = {text.partition(" ")[0] for text in multiples}
        return list(dict.fromkeys((*multiples, *(name for name in near if name not in told))))[:most]

    def asset(self, one: Instrument) -> str:
        """What its base is, under one name over all venues; `venue:ticker` where nobody said so."""
        return self.assets.of(one.venue, one.base)

    def same_asset(self, one: Instrument, other: Instrument) -> bool:
        """Are the two bases one asset? Equal tickers alone do not say so."""
        return self.asset(one) == self.asset(other)

    def _index(self) -> None:
        if self._names is not None:
            return
        self._names, self._natives = {}, {}
        for key, one in self.all():
            self._names.setdefault(one.symbol.upper(), []).append(key)
            self._natives.setdefault(one.native.upper(), []).append(key)
