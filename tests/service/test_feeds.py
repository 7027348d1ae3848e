"""A venue's connections over real sockets in one event loop: symbols are split, lists are cached, faults are told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import all_venues
from connectors.driver import Network
from connectors.sync import LIVE
from service.engine import Engine
from service.feeds import VenueFeeds, cache_folder
from service.plan import Plan
from service.settings import Hosts, VenueSettings
from simulator import all_venues as simulated_venues
from simulator.faults import Disconnect, RefuseConnection, ShutdownNotice
from simulator.server import SimulatedServer
from tests.end_to_end.running import free_port


class Running:
    """Feeds of Binance spot against a simulator."""

    def __init__(self, feeds: VenueFeeds, network: Network, server: SimulatedServer) -> None:
        self.feeds, self.network, self.server = feeds, network, server
        self.engine = feeds.engine

    @property
    def sessions(self) -> list[Any]:
        return [driver.session for driver in self.network.drivers.values()]

    def all_live(self) -> bool:
        books = list(self.engine.books.values())
        return bool(books) and all(book.state == "live" for book in books)


async def until(true: Callable[[], bool], within: float = 15.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


def play(
    tmp_path: Path,
    story: Callable[[Running], Awaitable[None]],
    *,
    symbols: tuple[str, ...] = ("BTC-USDT", "ETH-USDT", "SOL-USDT"),
    record: Path | None = None,
) -> None:
    async def work() -> None:
        kind = simulated_venues()["binance"]
        listings = [one for one in kind.catalogue if one.product == "spot"]
        async with SimulatedServer(kind(listings, start=time.time_ns())) as server:
            base = f"127.0.0.1:{server.port}/spot"
            settings = VenueSettings(
                symbols=list(symbols), hosts={"spot": Hosts(ws=f"ws://{base}", rest=f"http://{base}")}
            )
            network = Network()
            feeds = VenueFeeds(
                "binance", settings, network, Engine(Plan(["queue_imbalance"])),
                max_levels=1000, cache=tmp_path / "cache", record=record,
            )  # fmt: skip
            tasks = [asyncio.create_task(network.run_timers()), asyncio.create_task(feeds.run())]
            try:
                await story(Running(feeds, network, server))
            finally:
                for task in tasks:
                    task.cancel()
                await network.close()
                await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(work())


def test_symbols_are_split_over_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    kind = all_venues()["binance", "spot"]
    monkeypatch.setattr(kind, "limits", dataclasses.replace(kind.limits, symbols=2))

    async def story(service: Running) -> None:
        await until(service.all_live)
        assert [len(one.pairs) for one in service.sessions] == [2, 1]
        assert [list(feed.symbols) for feed in service.engine.feeds] == [
            ["BTC-USDT", "ETH-USDT"],
            ["SOL-USDT"],
        ]
        assert all(
            feed.state == "open" and feed.frames > 0 and not feed.reason for feed in service.engine.feeds
        )

    play(tmp_path, story)


def test_a_symbol_that_means_nothing_is_left_out(tmp_path: Path) -> None:
    async def story(service: Running) -> None:
        await until(service.all_live)
        assert [book.symbol for book in service.engine.books.values()] == ["BTC-USDT"]

    play(tmp_path, story, symbols=("BTC/USDT", "NOPE-USDT"))


def test_lost_and_refused_connections_come_back(tmp_path: Path) -> None:
    async def story(service: Running) -> None:
        await until(service.all_live)
        [session] = service.sessions
        now = time.time_ns()
        service.server.venue.inject(RefuseConnection(status=503, count=1), now)
        service.server.venue.inject(Disconnect(), now)
        for socket in service.server.sockets:
            socket.wake.set()
        await until(lambda: not service.all_live())
        await until(lambda: "503" in service.engine.feeds[0].reason)
        assert service.engine.feeds[0].state == "waiting"
        assert service.engine.feeds[0].retry_at > now
        assert all(book.reason == "disconnected" for book in service.engine.books.values())
        await until(service.all_live)
        assert service.engine.feeds[0].reconnects == 2
        assert all(pair.state == LIVE for pair in session.pairs.values())

    play(tmp_path, story)


def test_a_second_connection_takes_over(tmp_path: Path) -> None:
    """And both leave a whole recording."""
    folder = tmp_path / "recorded"
    states: list[str] = []

    async def story(service: Running) -> None:
        await until(service.all_live)
        [first] = service.sessions
        service.engine.listen(lambda book: states.append(book.state))
        service.server.venue.inject(ShutdownNotice(seconds=30), time.time_ns())
        for socket in service.server.sockets:
            socket.wake.set()
        await until(lambda: len(service.sessions) == 2)
        await until(lambda: first not in service.sessions)
        assert len(service.engine.feeds) == 1
        applied = [book.applied for book in service.engine.books.values()]
        await until(
            lambda: all(b.applied > n for b, n in zip(service.engine.books.values(), applied, strict=True))
        )
        assert service.all_live()

    play(tmp_path, story, record=folder)
    assert set(states) - {"lost"} == {"live"}  # lost: the end of the test
    names = [path.name for path in sorted(folder.iterdir())]
    assert names == [
        f"binance-spot-{n}{end}" for n in (0, 1) for end in (".instruments.jsonl.gz", ".jsonl.gz")
    ]


def test_an_instrument_list_is_kept_for_a_day_without_one(tmp_path: Path) -> None:
    async def first(service: Running) -> None:
        await until(service.all_live)

    play(tmp_path, first)
    [kept] = (tmp_path / "cache").iterdir()
    settings = VenueSettings(
        symbols=["BTC-USDT"], hosts={"spot": Hosts(rest=f"http://127.0.0.1:{free_port()}")}
    )

    async def second() -> None:
        network = Network()
        feeds = VenueFeeds(
            "binance",
            settings,
            network,
            Engine(Plan([])),
            max_levels=100,
            cache=tmp_path / "cache",
            record=None,
        )
        venue = next(one for one in feeds.venues if one.product == "spot")
        with pytest.raises(ConnectionError, match="instrument list of spot: ClientConnectorError"):
            await feeds._instruments(venue)
        theirs = kept.name.rsplit("-", 1)[0]
        from service.feeds import hash_of

        path = venue.instrument_paths()[0]
        kept.rename(kept.with_name(f"{theirs}-{hash_of(venue.rest + path)}.json"))
        assert "BTC-USDT" in {one.symbol for one in await feeds._instruments(venue)}
        await network.close()

    asyncio.run(second())


def test_where_lists_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder("/here", {"XDG_CACHE_HOME": "/there"}) == Path("/here")
    assert cache_folder("", {"XDG_CACHE_HOME": "/there"}) == Path("/there/steelyard")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_folder("", {}) == Path("/home/someone/.cache/steelyard")


class Pages:
    """A network on which Bybit lists its instruments page by page; asked for more than there are, it goes round."""

    def __init__(self, cursors: dict[str, str]) -> None:
        self.cursors, self.asked = cursors, list[str]()

    def clock(self) -> int:
        return 1

    async def get(self, venue: Any, path: str, weight: int) -> tuple[int, bytes, int]:
        self.asked.append(path)
        cursor = path.partition("&cursor=")[2]
        row = {
            "symbol": f"A{len(self.asked)}USDT", "contractType": "LinearPerpetual", "status": "Trading",
            "baseCoin": f"A{len(self.asked)}", "quoteCoin": "USDT", "deliveryTime": "0",
            "priceFilter": {"tickSize": "0.1"}, "lotSizeFilter": {"qtyStep": "1"},
        }  # fmt: skip
        result = {"category": "linear", "list": [row], "nextPageCursor": self.cursors.get(cursor, "")}
        return 200, json.dumps({"retCode": 0, "result": result}).encode(), 0


def paged(tmp_path: Path, cursors: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is read of such a list, and what was asked for."""
    network: Any = Pages(cursors)
    feeds = VenueFeeds(
        "bybit", VenueSettings(symbols=["BTC-USDT-PERP"]), network, Engine(Plan(["queue_imbalance"])),
        max_levels=1000, cache=tmp_path / "cache", record=None,
    )  # fmt: skip
    linear = next(one for one in feeds.venues if one.product == "linear")
    found = asyncio.run(feeds._instruments(linear))
    return [one.native for one in found], network.asked


def test_a_list_is_read_page_by_page(tmp_path: Path) -> None:
    natives, asked = paged(tmp_path, {"": "first%3DA", "first%253DA": "last"})
    assert natives == ["A1USDT", "A2USDT", "A3USDT"]
    first = "/v5/market/instruments-info?category=linear&limit=1000"
    assert asked == [first, f"{first}&cursor=first%253DA", f"{first}&cursor=last"]
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_a_list_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError, match="instrument list of linear: no end after 50 pages"):
        paged(tmp_path, {"": "a", "a": "a"})
