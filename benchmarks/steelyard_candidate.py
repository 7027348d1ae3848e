"""Steelyard as a candidate: the same protocol as the peers, and the connection of the pipeline comparison.

What is timed is what runs live: `Session.received` with the pair attached to an engine that has all metrics of the
default plan, lazy ones on their 100 ms of event time, so far more than the values that are compared. Sizes stay in
contracts here, as the peers keep them (live, COIN-M sizes are turned into base units).
"""

import asyncio
import ssl
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from benchmarks import readings
from benchmarks.frames import Stream
from benchmarks.peers import AbsentError
from benchmarks.readings import LEVELS, Reading

PRODUCTS = {"usdm": "UsdM", "coinm": "CoinM"}
VALUES = (
    "queue_imbalance",
    "depth_imbalance{levels=5}",
    "depth_imbalance{levels=10}",
    "depth_imbalance{levels=20}",
    "weighted_mid_price",
)


def load() -> "Steelyard":
    installed_first()
    try:
        return Steelyard()
    except ImportError as error:
        raise AbsentError(f"not installed ({error}): make bench-peers") from error


def installed_first() -> None:
    """Has the installed, compiled Steelyard imported, not the checkout that `python -m …` starts in: its
    extensions, if it has any, were built for the Python of the project's own environment."""
    checkout = str(Path(__file__).resolve().parents[1])
    if checkout in sys.path:
        sys.path.remove(checkout)
        sys.path.append(checkout)


class Steelyard:
    name = "steelyard"

    def __init__(self) -> None:
        self.sync = import_module("connectors.sync")
        self.sessions = import_module("connectors.session")
        self.driver = import_module("connectors.driver")
        self.engine = import_module("service.engine")
        self.venues = import_module("connectors.venues.binance")
        self.instruments = import_module("connectors.instruments")
        self.version = metadata.version("steelyard")
        plan = import_module("service.plan")
        self.plan = plan.Plan(plan.FIRST_GROUP)
        self.stream: Stream
        self.session: Any = None
        self.book: Any = None
        self.received: Any = None
        self.kept: Reading | None = None

    def prepare(self, stream: Stream) -> None:
        venue = getattr(self.venues, PRODUCTS[stream.name])()
        now = time.time_ns()
        self.make(stream, venue)
        self.session.keeper.opened(now)
        self.session.keeper.fetched(stream.native, 200, stream.snapshot_text.encode(), now)

    def make(self, stream: Stream, venue: Any) -> Any:
        """A session with one pair that is attached to a new engine; the engine."""
        instrument = self.instruments.Instrument(
            venue="binance",
            native=stream.native,
            symbol=stream.native,
            market=self.instruments.Market.PERP,
            base=stream.recording.instrument["baseAsset"],
            quote=stream.recording.instrument["quoteAsset"],
            settle=stream.recording.instrument["marginAsset"],
            **self.venues.steps(stream.recording.instrument),
        )
        self.stream, self.kept = stream, None
        self.session = self.sessions.Session(venue, next(iter(venue.routes)))
        pair = self.session.add(self.sync.Pair(venue, instrument))
        self.session.keeper.prepare(pair)
        engine = self.engine.Engine(self.plan)
        self.book = engine.attach(pair)
        self.received = self.session.received
        return engine

    def feed(self, frame: bytes) -> None:
        self.received(frame, time.time_ns())

    def latest(self) -> Reading | None:
        return self.kept or self.read()

    def read(self) -> Reading | None:
        if self.book.state != "live":
            return None
        found = self.book.values(self.book.received)
        values = {output.name: value for output, value in zip(self.plan.outputs, found, strict=True)}
        bids, asks = self.book.levels(LEVELS)
        # The first message proves the snapshot, so order flow is counted from the state after it; the other
        # candidates count the step from the snapshot to it too.
        first = readings.expected(self.stream, 1).ofi
        ofi = values["ofi.up"] - values["ofi.down"] + first
        return Reading._make([bids, asks, *(values[name] for name in VALUES), ofi])

    async def run(self, url: str, context: ssl.SSLContext, stream: Stream, count: int) -> None:
        """The driver of the live service; only the answer to the snapshot request is at hand already."""
        venue = getattr(self.venues, PRODUCTS[stream.name])(ws=url)
        engine = self.make(stream, venue)
        done = asyncio.Event()

        def stored(book: Any) -> None:
            if book.applied >= count:
                done.set()

        engine.listen(stored)
        network = self.driver.Network(tls=context)
        snapshot = stream.snapshot_text.encode()

        class Driver(self.driver.Driver):  # type: ignore[misc,name-defined]  # of a module that is loaded late
            def on_ws_connected(self, transport: Any) -> None:
                super().on_ws_connected(transport)
                self.keeper.fetched(stream.native, 200, snapshot, network.clock())
                self.perform()

        timers = asyncio.create_task(network.run_timers())
        driver = Driver(self.session, network)
        driver.start()
        try:
            await done.wait()
            self.kept = self.read()  # a book whose connection is closed has no values
        finally:
            timers.cancel()
            await network.close()
