"""Simulated markets with staged episodes as the events of a case, and what the surveillance metrics make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.instruments import Instrument
from service.surveillance import Episode, Episodes
from simulator.counters import Contiguous
from simulator.episodes import NS
from simulator.latent import Latent
from simulator.listing import Listing
from simulator.market import Market, Step
from simulator.scale import Scale
from tests.support.desk import Desk

LISTING = Listing("BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.00001"), levels=300)
START = 1_790_000_000 * NS
Event = dict[str, Any]
Plot = list[tuple[str, float]]  # episodes and their seconds, one after another


def events(seed: str, plot: Plot, *, rate: float = 10) -> Iterator[Event]:
    """A snapshot and then all changes and prints of a market that plays these episodes."""
    market = Market(
        LISTING, Contiguous(0), seed=seed, latent=Latent("BTC", int(seed)), rate=rate, start=START
    )
    bids, asks = market.book.top(10_000)
    yield {"t": 0, "type": "snapshot", "bids": _rows(bids), "asks": _rows(asks)}
    end = START
    for name, seconds in plot:
        market.play(name, end, int(seconds * NS))
        end += int(seconds * NS)
        while market.next_step < end:
            yield from _told(market.step(market.next_step))


def _told(step: Step) -> Iterator[Event]:
    t = (step.time - START) / NS
    for trade in step.trades:
        price, size = LISTING.tick.decimal(trade.tick), LISTING.lot.decimal(trade.lots)
        yield {"t": t, "type": "trade", "price": price, "size": size, "side": trade.taker}
    if step.changes:
        last = {(side, tick): lots for side, tick, lots in step.changes}
        sides = {
            name: _rows([(tick, lots) for (side, tick), lots in last.items() if side == name[:3]])
            for name in ("bids", "asks")
        }
        yield {"t": t, "type": "delta", **sides}


def _rows(levels: list[tuple[int, int]]) -> list[list[Any]]:
    return [[LISTING.tick.decimal(tick), LISTING.lot.decimal(lots)] for tick, lots in levels]


class Watched(Desk):
    """A desk whose episodes of surveillance are kept."""

    def __init__(self, keys: list[str], **more: Any) -> None:
        super().__init__(keys, **more)
        one: Instrument = self.pair.instrument
        self.found = Episodes()
        self.readings.context.report = self.found.reporter((one.venue, str(one.market), one.symbol))

    def kinds(self, kind: str) -> list[Episode]:
        """Episodes of a kind, oldest first."""
        return self.found.select(kinds=(kind,), limit=10**6)[::-1]
