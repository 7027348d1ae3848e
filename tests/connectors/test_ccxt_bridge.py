"""ccxt's process watched from outside: a stand-in for ccxt in a real process hangs, raises, floods, leaks and dies."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import ccxt_bridge
from connectors.ccxt_bridge import LONGEST_LINE, Bridge
from connectors.ccxt_venue import CcxtVenue
from connectors.driver import Network
from connectors.venue import Heartbeat
from service.engine import Engine
from service.feeds import VenueFeeds
from service.plan import Plan
from service.settings import Hosts, VenueSettings
from service.verify import verify
from simulator import all_venues as simulated_venues
from simulator.faults import Disconnect
from simulator.server import SimulatedServer

pytestmark = pytest.mark.processes
FAKE = Path(__file__).parents[1] / "support" / "fake_ccxt"
Story = Callable[["Watching"], Awaitable[None]]


class Watching:
    """Feeds of `ccxt:fake`, and every state that its books and connections took."""

    def __init__(self, feeds: VenueFeeds, network: Network, notes: Path) -> None:
        self.feeds, self.network, self.notes, self.engine = feeds, network, notes, feeds.engine
        self.server: Any = None
        self.told: list[tuple[str, str, str]] = []
        self.engine.listen(lambda book: self.told.append((book.symbol, book.state, book.reason)))

    @property
    def drivers(self) -> list[Any]:
        return list(self.network.drivers.values())

    def book(self, symbol: str) -> Any:
        return next((one for one in self.engine.books.values() if one.symbol == symbol), None)

    def live(self, *symbols: str) -> bool:
        return all((book := self.book(symbol)) is not None and book.state == "live" for symbol in symbols)

    def was(self, symbol: str, reason: str) -> bool:
        return any(one == symbol and state == "lost" and reason in why for one, state, why in self.told)

    def count(self, what: str) -> int:
        path = self.notes / what
        return len(path.read_text().splitlines()) if path.exists() else 0

    def processes(self) -> set[int]:
        made = self.notes / "made"
        return {int(line) for line in made.read_text().split()} if made.exists() else set()


async def until(true: Callable[[], bool], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Play a story over symbols; `quiet` and `silent` are the seconds of the two watchdogs."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("FAKE_CCXT", str(tmp_path))

    def play(
        story: Story,
        *symbols: str,
        quiet: float = 60.0,
        silent: float = 20.0,
        record: Path | None = None,
        simulated: str = "",
    ) -> None:
        monkeypatch.setattr(CcxtVenue, "quiet_loses_after", quiet)
        monkeypatch.setattr(CcxtVenue, "heartbeat", Heartbeat(silent_after=silent))

        async def work() -> None:
            if not simulated:
                await watched("ccxt:fake", VenueSettings(symbols=list(symbols)))
                return
            monkeypatch.delenv("PYTHONPATH")
            async with SimulatedServer(simulated_venues()[simulated](start=time.time_ns())) as server:
                host = f"127.0.0.1:{server.port}"
                hosts = {"ccxt": Hosts(ws=f"ws://{host}", rest=f"http://{host}")}
                settings = VenueSettings(symbols=list(symbols), hosts=hosts)
                await watched(f"ccxt:{simulated}", settings, server)

        async def watched(name: str, settings: VenueSettings, server: Any = None) -> None:
            network = Network()
            feeds = VenueFeeds(
                name, settings, network, Engine(Plan(["queue_imbalance"])),
                max_levels=1000, cache=tmp_path / "cache", record=record,
            )  # fmt: skip
            watching = Watching(feeds, network, tmp_path)
            watching.server = server
            tasks = [asyncio.create_task(network.run_timers()), asyncio.create_task(feeds.run())]
            try:
                await story(watching)
            finally:
                for task in tasks:
                    task.cancel()
                await network.close()
                await asyncio.gather(*tasks, return_exceptions=True)
            assert not [pid for pid in watching.processes() if runs(pid)], "a process of ccxt was left"

        asyncio.run(work())

    return play


def test_books_and_trades_are_like_any_others_and_proven_by_nothing(watch: Any) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live("BTC-USDT", "ETH-USDT", "BTC-USDT-PERP"))
        [driver] = it.drivers
        assert isinstance(driver, Bridge)
        pairs = {pair.native: pair for pair in driver.session.pairs.values()}
        await until(lambda: pairs["BTC/USDT"].trades == 3)
        assert it.book("BTC-USDT").proof == "none"
        spot, perp = pairs["BTC/USDT"], pairs["BTC/USDT:USDT"]
        assert (spot.taker_buy, spot.taker_sell) == (1, 2)  # the trade from a minute before is history
        assert (perp.book.contract_size, str(perp.instrument.tick)) == (0.001, "0.1")
        assert spot.book.levels(5)[1] == [("100.01", "2"), ("100.02", "2"), ("100.03", "2")]
        # Nothing is known of what lies beyond the levels that ccxt gave.
        assert (spot.book.bid_floor, spot.book.ask_ceiling) == (
            -spot.book.bids.worst(),
            spot.book.asks.worst(),
        )
        assert it.engine.feeds[0].state == "open"
        assert it.engine.feeds[0].frames > 0

    watch(story, "BTC/USDT", "ETH-USDT", "BTC/USDT:USDT")


def test_ccxt_is_imported_in_its_own_process_alone() -> None:
    code = "import sys, service.app, service.cli, connectors.ccxt_bridge; sys.exit('ccxt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_call_that_hangs_costs_its_book_and_is_made_on_a_new_object(watch: Any) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live("HANG-USDT", "BTC-USDT"))
        it.told.clear()
        await until(lambda: it.was("HANG-USDT", "quiet"))
        await until(lambda: it.live("HANG-USDT"))
        assert it.count("HANG") == 2
        assert (
            it.count("made") == 4
        )  # one for the list, in a process one for its markets, the shared, the new
        assert not any(symbol == "BTC-USDT" and state != "live" for symbol, state, _ in it.told)

    watch(story, "HANG/USDT", "BTC/USDT", quiet=2.0)


def test_silence_of_all_ends_the_process_with_a_backoff(watch: Any) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live("HANG-USDT"))
        await until(lambda: ("HANG-USDT", "stale", "silent") in it.told)
        await until(lambda: it.was("HANG-USDT", "disconnected"))
        assert it.engine.feeds[0].state == "waiting"
        assert it.engine.feeds[0].reason == "silent"
        await until(lambda: it.live("HANG-USDT"))
        assert len(it.processes()) == 3

    watch(story, "HANG/USDT", silent=1.0)


def test_a_process_that_spins_is_killed(watch: Any) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live("SPIN-USDT"))
        await until(lambda: it.was("SPIN-USDT", "disconnected"))
        await until(lambda: it.live("SPIN-USDT"))

    watch(story, "SPIN/USDT", silent=1.0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("RAISE", "ExchangeError: nonce is behind the cache after 3 tries"),
        ("GARBAGE", "malformed"),
        ("SHAPE", "TypeError"),
        ("CROSSED", "crossed"),
    ],
)
def test_a_fault_of_one_costs_its_book_alone(watch: Any, name: str, reason: str) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live(f"{name}-USDT", "BTC-USDT"))
        it.told.clear()
        await until(lambda: it.was(f"{name}-USDT", reason))
        await until(lambda: it.live(f"{name}-USDT"))
        assert it.count(name) == 2
        assert it.engine.feeds[0].reconnects == 0
        assert not any(symbol == "BTC-USDT" and state != "live" for symbol, state, _ in it.told)

    watch(story, f"{name}/USDT", "BTC/USDT")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("GONE", "NetworkError: Connection closed by remote server"), ("EXIT", "ccxt's process ended")],
)
def test_a_lost_connection_costs_the_process(watch: Any, name: str, reason: str) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live(f"{name}-USDT", "BTC-USDT"))
        await until(lambda: it.engine.feeds[0].state == "waiting")
        assert reason in it.engine.feeds[0].reason
        assert it.was("BTC-USDT", "disconnected")
        await until(lambda: it.live(f"{name}-USDT", "BTC-USDT"))
        assert len(it.processes()) == 3

    watch(story, f"{name}/USDT", "BTC/USDT")


def test_a_symbol_that_ccxt_refuses_is_told(watch: Any) -> None:
    async def story(it: Watching) -> None:
        await until(lambda: it.live("BTC-USDT"))
        await until(lambda: it.book("BAD-USDT").reason.startswith("refused: BadSymbol"))

    watch(story, "BAD/USDT", "BTC/USDT")


def test_a_book_that_never_comes_is_not_shown(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.resync.ANSWER_WITHIN", 1_000_000_000)

    async def story(it: Watching) -> None:
        await until(lambda: it.live("BTC-USDT"))
        await until(lambda: it.book("DEAD-USDT").reason == "no_snapshot")
        await until(lambda: it.count("DEAD") >= 2)  # on a new object each time

    watch(story, "DEAD/USDT", "BTC/USDT")


def test_too_much_memory_ends_the_process(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bridge, "most_memory", 250 << 20)
    monkeypatch.setattr(ccxt_bridge, "WATCH_EVERY", 0.1)

    async def story(it: Watching) -> None:
        await until(lambda: it.live("LEAK-USDT"))
        await until(lambda: it.engine.feeds[0].state == "waiting")
        assert it.engine.feeds[0].reason.startswith("ccxt used ")
        await until(lambda: it.live("LEAK-USDT"))

    watch(story, "LEAK/USDT")


def test_a_flood_is_thinned_and_a_slow_reader_gets_the_newest(watch: Any) -> None:
    """A call that never waits makes thousands of images a second; what comes is bounded in number and size."""

    async def story(it: Watching) -> None:
        await until(lambda: it.live("FLOOD-USDT"))
        [driver] = it.drivers
        pair = next(iter(driver.session.pairs.values()))
        assert (pair.book.bids.count, pair.book.asks.count) == (200, 200)
        before, start = driver.session.frames, time.monotonic()
        await asyncio.sleep(1.0)
        under_way = 5  # images of a busy moment before, which the pipe brings late
        assert driver.session.frames - before <= 20 * (time.monotonic() - start) + under_way
        time.sleep(2.0)  # noqa: ASYNC251  # nobody reads the pipe meanwhile
        await until(lambda: time.time_ns() - pair.event_time < 300_000_000, 10.0)
        assert len(driver.transport.process.stdout._buffer) <= 2 * LONGEST_LINE

    watch(story, "FLOOD/USDT")


def test_an_exchange_that_is_down_is_waited_for(watch: Any, tmp_path: Path) -> None:
    (tmp_path / "down").touch()

    async def story(it: Watching) -> None:
        await until(lambda: it.engine.feeds[0].state == "waiting")
        assert "503" in it.engine.feeds[0].reason
        (tmp_path / "down").unlink()
        await until(lambda: it.live("BTC-USDT"))
        (tmp_path / "down").touch()
        os.kill(it.drivers[0].transport.process.pid, 9)
        await until(lambda: "503" in it.engine.feeds[0].reason)
        (tmp_path / "down").unlink()
        await until(lambda: it.live("BTC-USDT"))

    watch(story, "BTC/USDT")


@pytest.mark.skipif(importlib.util.find_spec("ccxt") is None, reason="the extra ccxt is not installed")
def test_the_real_ccxt_watches_a_simulated_kraken(watch: Any) -> None:
    """ccxt's own classes, over sockets, with the checksum that ccxt checks; and again after a lost connection."""

    async def story(it: Watching) -> None:
        await until(lambda: it.live("BTC-USD", "ETH-USD"), 140.0)
        [driver] = it.drivers
        pair = driver.session.pairs[b"BTC/USD"]
        await until(lambda: pair.trades > 0 and pair.updates > 5)
        assert (pair.proof, str(pair.instrument.tick)) == ("none", "0.1")
        now = time.time_ns()
        market = next(one for one in it.server.venue.markets.values() if one.listing.native == "BTC/USD")
        theirs = float(market.listing.tick.fixed(market.sheet(now, 0).bids[0][0]))
        assert float(pair.book.levels(1)[0][0][0]) == pytest.approx(theirs, rel=0.01)
        it.server.venue.inject(Disconnect(), now)
        for socket in it.server.sockets:
            socket.wake.set()
        await until(lambda: it.was("BTC-USD", "disconnected"))
        assert "NetworkError" in it.engine.feeds[0].reason
        await until(lambda: it.live("BTC-USD", "ETH-USD"), 140.0)

    watch(story, "BTC/USD", "ETH-USD", simulated="kraken")


def test_a_recording_replays_the_same(watch: Any, tmp_path: Path) -> None:
    """What is recorded are the images as they came over the pipe, and the list of markets."""
    folder = tmp_path / "recorded"
    ends: list[tuple[Any, ...]] = []

    async def story(it: Watching) -> None:
        await until(lambda: it.live("CROSSED-USDT", "BTC-USDT-PERP"))
        await until(lambda: it.was("CROSSED-USDT", "crossed"))
        await until(lambda: it.live("CROSSED-USDT"))
        await until(lambda: [one.trades for one in it.drivers[0].session.pairs.values()] == [6, 3])
        for driver in it.drivers:
            await driver.stop()
        ends.extend(
            (pair.native, pair.updates, pair.trades, pair.taker_buy, pair.crossed_count, pair.gaps)
            for pair in driver.session.pairs.values()
        )

    watch(story, "CROSSED/USDT", "BTC/USDT:USDT", record=folder)
    [file] = [path for path in folder.iterdir() if "instruments" not in path.name]
    assert file.name == "ccxt_fake-ccxt-0.jsonl.gz"
    told = verify([file])
    keys = ("native", "updates", "trades", "taker_buy", "crossed", "gaps")
    assert sorted(tuple(one[key] for key in keys) for one in told) == sorted(ends)
    assert {(one["venue"], one["market"], one["symbol"]) for one in told} == {
        ("ccxt:fake", "spot", "CROSSED-USDT"),
        ("ccxt:fake", "perp", "BTC-USDT-PERP"),
    }
