"""Venues over real sockets against their simulators: lists, subscriptions, acks, heartbeats, books, prints."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from connectors import all_venues
from connectors.driver import Network
from service.engine import Engine
from service.feeds import VenueFeeds
from service.plan import Plan
from service.settings import Hosts, VenueSettings
from simulator import all_venues as simulated_venues
from simulator.server import SimulatedServer

pytestmark = pytest.mark.processes
SYMBOLS = {
    ("kraken_futures", "futures"): ("BTC-USD-PERP:BTC", "ETH-USD-PERP"),
    ("deribit", "public"): ("BTC-USD-PERP:BTC", "BTC-USDC-PERP"),
    ("hyperliquid", "public"): ("BTC-USDC-PERP", "ETH/USDC:USDC"),
    ("bitfinex", "public"): ("BTC-USD", "BTC-USDT-PERP"),
}


def traded(network: Network) -> bool:
    """Has every book seen a print?"""
    pairs = [pair for driver in network.drivers.values() for pair in driver.session.pairs.values()]
    books = [pair for pair in pairs if pair.carries_book]
    return len(books) == 2 and all(pair.trades for pair in books)


async def live(name: str, product: str, cache: Path) -> None:
    ours, theirs = all_venues()[name, product], simulated_venues()[name]
    (real,) = theirs.real_hosts.values()
    async with SimulatedServer(theirs(start=time.time_ns(), rate=20)) as server:
        base = f"127.0.0.1:{server.port}"
        ws = ours.ws.replace(real["ws"], f"ws://{base}", 1)
        settings = VenueSettings(
            symbols=list(SYMBOLS[name, product]), hosts={product: Hosts(ws=ws, rest=f"http://{base}")}
        )
        network, engine = Network(), Engine(Plan(["queue_imbalance"]))
        feeds = VenueFeeds(name, settings, network, engine, max_levels=1000, cache=cache, record=None)
        tasks = [asyncio.create_task(network.run_timers()), asyncio.create_task(feeds.run())]
        try:
            async with asyncio.timeout(15):
                while not traded(network) or not all(book.state == "live" for book in engine.books.values()):  # noqa: ASYNC110  # what is waited for has no event
                    await asyncio.sleep(0.05)
            pairs = [pair for driver in network.drivers.values() for pair in driver.session.pairs.values()]
            assert all((pair.gaps, pair.resyncs, pair.checksums_failed) == (0, 0, 0) for pair in pairs)
            assert not any(pair.instrument.inferred for pair in pairs)
        finally:
            for task in tasks:
                task.cancel()
            await network.close()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(("name", "product"), SYMBOLS)
def test_books_and_prints_come_over_real_sockets(name: str, product: str, tmp_path: Path) -> None:
    asyncio.run(live(name, product, tmp_path))
