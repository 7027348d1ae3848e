"""Several made-up venues with one group of books between them, on a made-up clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from connectors.instruments import Instrument, Market
from connectors.session import Session
from connectors.sync import Pair
from connectors.timeline import Timeline
from service.across.consolidation import Consolidation
from service.across.group import Group
from service.across.settings import AcrossSettings
from service.cases import EPOCH, CaseVenue, nanoseconds, text
from service.engine import Engine, Readings
from service.plan import Plan

Levels = Sequence[Sequence[Any]]
A = {
    "bids": [[100.0, 5], [99.9, 3], [99.8, 8], [99.5, 10], [99.0, 20]],
    "asks": [[100.1, 2], [100.2, 6], [100.4, 4], [100.6, 12], [101.0, 15]],
}
B = {"bids": [[100.2, 3], [100.1, 4]], "asks": [[100.3, 6], [100.4, 5]]}


class Street:
    """`open` a venue's book, `say` what happens to it, let time go on with `until`, read `values`."""

    def __init__(self, settings: AcrossSettings | None = None, keys: Sequence[str] = ("ofi",)) -> None:
        self.engine = Engine(Plan(list(keys)), min_coverage=0.0)
        self.across = Consolidation(self.engine, settings or AcrossSettings(taker_fee=0))
        self.timeline = Timeline()
        self.timeline.watch(self.across)
        self.across.begin(EPOCH)
        self.now = EPOCH
        self.pairs: dict[tuple[str, str], Pair] = {}
        self.sessions: dict[tuple[str, str], Session] = {}

    def open(
        self,
        venue: str,
        symbol: str = "BTC-USDT",
        *,
        base: str = "",
        multiplier: int = 1,
        book: Mapping[str, Levels] | None = None,
        expiry: str = "",
        inverse: bool = False,
    ) -> Readings:
        """A book of this venue; with levels, live at once."""
        session = Session(CaseVenue("ws://case", "http://case"))
        first, quote = symbol.split("-")[:2]
        market = Market.PERP if "PERP" in symbol else Market.FUTURE if expiry else Market.SPOT
        one = Instrument(
            venue,
            symbol,
            symbol,
            market,
            base or first,
            quote,
            quote,
            multiplier=Decimal(multiplier),
            expiry=expiry,
            inverse=inverse,
        )
        pair = session.add(Pair(session.keeper.venue, one))
        pair.carries_book = True
        self.pairs[venue, symbol], self.sessions[venue, symbol] = pair, session
        found = self.engine.attach(pair)
        if book is not None:
            self.say(venue, "snapshot", symbol=symbol, **book)
        return found

    def say(
        self,
        venue: str,
        kind: str = "delta",
        *,
        symbol: str = "BTC-USDT",
        bids: Levels = (),
        asks: Levels = (),
    ) -> None:
        """A message of the venue, now."""
        rows = {
            side: [[text(p), text(q)] for p, q in levels] for side, levels in (("bids", bids), ("asks", asks))
        }
        frame = orjson.dumps({"kind": kind, "symbol": symbol, "t": str(self.now)} | rows)
        self.sessions[venue, symbol].received(frame, self.now)

    def until(self, seconds: float) -> None:
        """Let the timers run up to this time, seconds since the beginning."""
        self.now = EPOCH + nanoseconds(str(seconds))
        self.timeline.advance(self.now)

    def lose(self, venue: str, symbol: str = "BTC-USDT") -> None:
        self.pairs[venue, symbol].lose("gap", self.now)

    def group(self, symbol: str = "BTC-USDT", market: str = "spot") -> Group:
        found = self.engine.books["consolidated", market, symbol]
        assert isinstance(found, Group)
        return found

    def values(self, symbol: str = "BTC-USDT", market: str = "spot") -> dict[str, float | None]:
        """All outputs of the group by name."""
        group = self.group(symbol, market)
        return {
            output.name: None if value != value else value
            for output, value in zip(group.outputs, group.standing(self.now), strict=True)
        }
