"""Which books are one group, and when groups look at their members: every 100 ms something changed, and every second.

Books of the same base, quote, settlement, market and expiry are one group, where connectors/assets.py (or the user)
says that the tickers mean the same asset; two venues make one. Baskets are of different assets (basket.py). All of it
runs on the timeline, on our own clock, so a replay of a recording does the same at the same times. Nothing here reads a
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from connectors.assets import Assets
from connectors.book import NOWHERE
from connectors.instruments import Instrument, Market, canonical
from service.metrics.declare import Declaration, Output

from . import across
from .basket import LEAST, Basket, basket_of, has_room
from .declare import SECOND, Across
from .group import CONSOLIDATED, Group, Member, Rate, par
from .peg_deviation import PEG, STABLE
from .settings import AcrossSettings, GroupSettings
from .trace import Ear, Trace

STEP = SECOND // 10
SLEEP_AFTER = 600  # steps without any change
Name = tuple[str, str]  # market, symbol
Chosen = Callable[[str, str, str], tuple[Sequence[str], Mapping[str, Mapping[str, Any]]]]


@dataclass(frozen=True)
class Seat:
    """A book's place in a group: the group's name, what the member is called there, what its currency is worth.

    pair: (base, quote) of the group; least: with how many members it is there; of: what is made.
    """

    name: Name
    called: str
    rate: Rate = par
    pair: tuple[str, str] = ("", "")
    least: int = 2
    of: type[Group] = Group


def everything(venue: str, market: str, symbol: str) -> tuple[Sequence[str], Mapping[str, Mapping[str, Any]]]:
    """All metrics with their own parameters."""
    return list(across()), {}


class Consolidation:
    """The groups of an engine; they stand among its books. It watches a timeline (`begin`, `deadline`, `timer`).

    chosen(venue, market, symbol) -> keys of the metrics that run and parameters by key, as service/plans.py tells.
    """

    def __init__(
        self, engine: Any, settings: AcrossSettings | None = None, chosen: Chosen = everything
    ) -> None:
        self.engine, self.settings, self.chosen = engine, settings or AcrossSettings(), chosen
        self.assets = Assets(self.settings.names())
        self.groups: dict[Name, Group] = {}
        self.ear = self.heard = Ear(self)
        self.next = NOWHERE
        self.hurry: Callable[[int], None] = lambda due: None
        self._last = 0
        self._waiting: dict[Name, list[Member]] = {}  # groups that are not worth one yet
        self._quiet = 0
        engine.consolidate(self)

    @property
    def outputs(self) -> Sequence[Output]:
        """What all groups have now."""
        found = {output.name: output for group in self.groups.values() for output in group.outputs}
        return list(found.values())

    @property
    def declarations(self) -> Sequence[Declaration]:
        """What runs across venues, whether there is a group yet or not."""
        keys, _ = self.chosen(CONSOLIDATED, "*", "*")
        return [kind.declaration for key, kind in across().items() if key in keys]

    # -- members ---------------------------------------------------------------------------------------------

    def joined(self, readings: Any) -> None:
        """The engine has a new book. It is of a group from its first life on: that is in a recording, too."""
        self.ear.coming[readings] = None

    def came(self, readings: Any) -> None:
        """A book went live for the first time."""
        del self.ear.coming[readings]
        seats = [*self._groups_of(readings.instrument), *self._baskets_of(readings.instrument)]
        if not seats:
            return
        trace = self.ear.traces[readings] = self.ear.traces.get(readings) or Trace()
        fee = self.settings.fee(readings.venue, readings.market)
        flows = _flow_places(readings)
        for seat in seats:
            name, member = seat.name, Member(seat.called, readings, fee, seat.rate, trace, flows)
            if name in self.groups:
                self.groups[name].join(member)
                continue
            waiting = self._waiting.setdefault(name, [])
            waiting.append(member)
            if len(waiting) >= seat.least or (seat.pair[0] in STABLE and seat.pair[1] == PEG):
                self._make(seat, self._waiting.pop(name))

    def left(self, readings: Any) -> None:
        """The engine let a book go."""
        self.ear.traces.pop(readings, None)
        self.ear.coming.pop(readings, None)
        for name, waiting in list(self._waiting.items()):
            self._waiting[name] = [one for one in waiting if one.readings is not readings]
        for name, group in list(self.groups.items()):
            group.leave(readings)
            if not group.books:
                del self.groups[name]
                self.engine.books.pop((CONSOLIDATED, *name), None)

    def _make(self, seat: Seat, members: Sequence[Member]) -> None:
        market, symbol = seat.name
        keys, params = self.chosen(CONSOLIDATED, market, symbol)
        metrics: list[Across] = [
            kind(**{**params.get(key, {}), "pair": seat.pair, "over": seat.of.over})
            for key, kind in across().items()
            if key in keys and (kind.over_symbols or seat.of is Group)
        ]
        if not metrics:
            return
        group = self.groups[seat.name] = seat.of(symbol, market, metrics)
        for member in members:
            group.join(member)
        self.engine.books[CONSOLIDATED, market, symbol] = group

    def _there(self, name: Name) -> Sequence[Member]:
        """Who is of this group, or waits for it to be one."""
        return self.groups[name].books if name in self.groups else self._waiting.get(name, [])

    def _groups_of(self, one: Instrument) -> Iterator[Seat]:
        """The groups that this instrument belongs to."""
        for own in self.settings.groups:
            if own.members.get(one.venue) == one.symbol:
                base, _, rest = own.symbol.partition("-")
                pair = (base, rest.partition("-")[0])
                yield Seat((own.market, own.symbol), one.venue, self._rate(own, one.venue), pair, least=1)
        if one.market is Market.OPTION:
            return
        base, quote, settle = (
            self.assets.of(one.venue, ticker) for ticker in (one.base, one.quote, one.settle)
        )
        symbol = canonical(base, quote, one.market, settle=settle, expiry=one.expiry)
        name = (str(one.market), symbol)
        if any(name == (group.market, group.symbol) for group in self.settings.groups):
            return
        if all(member.name != one.venue for member in self._there(name)):
            yield Seat(name, one.venue, pair=(base, quote))  # 1000SHIB beside SHIB: the first stands for both

    def _baskets_of(self, one: Instrument) -> Iterator[Seat]:
        """The baskets that this instrument belongs to."""
        book = f"{one.venue} {one.symbol}"
        for own in self.settings.baskets:
            if book in own.members:
                venues = {member.split()[0] for member in own.members}
                called = one.symbol if len(venues) == 1 else book
                yield Seat((own.market, own.symbol), called, least=1, of=Basket)
        name = basket_of(one, self.assets)
        if name is not None and has_room(self._there(name), one):
            yield Seat(name, one.symbol, least=LEAST, of=Basket)

    def _rate(self, group: GroupSettings, venue: str) -> Rate:
        given = group.fx.get(venue)
        book = group.book_of_rate(venue)
        if book is not None:
            return lambda: self._mid(*book)
        fixed = Fraction(Decimal(repr(given))) if given is not None else Fraction(1)
        return lambda: fixed

    def _mid(self, venue: str, symbol: str) -> Fraction | None:
        """Exact mid of a live, two-sided book; None without one."""
        readings = self.engine.books.get((venue, "spot", symbol))
        if readings is None:
            return None
        part, _ = Member(venue, readings, 0.0, par, Trace(1)).part()
        return (part.bid_key + part.ask_key) * part.unit / 2 if part is not None else None

    # -- time ------------------------------------------------------------------------------------------------

    def wake(self, now: int) -> None:
        """Look at the groups from here on, until nothing happens any more."""
        if self.groups:
            self.ear.asleep = False
            self.next = max(now // STEP + 1, self._last // STEP + 1) * STEP
            self._quiet = 0
            self.hurry(self.next)

    def begin(self, now: int) -> None:
        """The clock starts; the first book that comes to life wakes it."""

    def deadline(self) -> int:
        """When it wants to be woken (ns)."""
        return self.next

    def timer(self, now: int) -> None:
        """Let each group look at its members: at multiples of 100 ms."""
        self._last = now
        self._quiet += 1
        # A step takes the marks away from books that other groups have, too: so first who is to be stepped.
        for group, dirty in [(one, one.dirty) for one in self.groups.values()]:
            if dirty:
                self._quiet = 0
                group.step(now)
                self.engine.tell(group)
            if now % SECOND == 0:
                group.tick(now)
        self.ear.asleep = self._quiet >= SLEEP_AFTER or not self.groups
        self.next = NOWHERE if self.ear.asleep else now + STEP


def _flow_places(readings: Any) -> tuple[int, int] | None:
    places = {output.name: place for place, output in enumerate(readings.outputs)}
    up, down = places.get("ofi.up"), places.get("ofi.down")
    return (up, down) if up is not None and down is not None else None
