"""Dated futures roll, and patterns and volumes are followed, over real sockets; a replay of it shows the same."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from connectors.driver import Network
from connectors.session import Session
from connectors.sync import Pair
from service.engine import Engine
from service.feeds import VenueFeeds
from service.plan import Plan
from service.replay import Player
from service.rows import Rows, Step
from service.settings import Hosts, VenueSettings
from service.verify import is_clean, verify
from simulator import all_venues as simulated_venues
from simulator.listing import Listing
from simulator.scale import Scale
from simulator.server import SimulatedServer
from simulator.venue import SimulatedVenue

SECOND = 1_000_000_000
QUICK = 0.3  # seconds between two lists


def perpetual(base: str, **facts: str) -> Listing:
    pair = f"{base}USDT"
    return Listing(
        pair, "usdm", base, "USDT", Scale("0.01"), Scale("0.001"), levels=50, facts={"pair": pair, **facts}
    )


def dated(tail: str, ends: int) -> Listing:
    facts = {"contractType": "CURRENT_QUARTER", "deliveryDate": str(ends // 1_000_000)}
    return dataclasses.replace(perpetual("BTC", **facts), native=f"BTCUSDT_{tail}")


class Service:
    """Feeds of Binance USD-M against a simulator, with its rows."""

    def __init__(self, feeds: VenueFeeds, network: Network, venue: SimulatedVenue) -> None:
        self.feeds, self.network, self.venue = feeds, network, venue
        self.engine = feeds.engine

    def live(self) -> set[str]:
        return {one.symbol for one in self.engine.books.values() if one.state == "live"}

    def sessions_of(self, symbol: str) -> list[int]:
        return [
            id(driver.session)
            for driver in self.network.drivers.values()
            if any(pair.instrument.symbol == symbol for pair in driver.session.pairs.values())
        ]


async def until(true: Callable[[], bool], within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.02)


def play(
    tmp_path: Path,
    listings: list[Listing],
    story: Callable[[Service], Awaitable[None]],
    *,
    symbols: tuple[str, ...] = (),
    top: dict[str, int] | None = None,
    record: Path | None = None,
    rows: io.BytesIO | None = None,
) -> None:
    async def work() -> None:
        kind = simulated_venues()["binance"]
        async with SimulatedServer(kind(listings, start=time.time_ns())) as server:
            base = f"127.0.0.1:{server.port}/usdm"
            settings = VenueSettings(
                symbols=list(symbols),
                top=top or {},
                hosts={"usdm": Hosts(ws=f"ws://{base}", rest=f"http://{base}")},
            ).model_copy(update={"refresh_seconds": QUICK})
            network = Network()
            engine = Engine(Plan(["queue_imbalance", "trade_volume"]))
            if rows is not None:
                writer = Rows(engine, Step("250ms"), (), rows)
                writer.begin(network.clock())
                network.timeline.watch(writer)
            feeds = VenueFeeds(
                "binance", settings, network, engine,
                max_levels=1000, cache=tmp_path / "cache", record=record,
            )  # fmt: skip
            feeds.venues = [one for one in feeds.venues if one.product == "usdm"]
            tasks = [asyncio.create_task(network.run_timers()), asyncio.create_task(feeds.run())]
            try:
                await story(Service(feeds, network, server.venue))
            finally:
                for task in tasks:
                    task.cancel()
                await network.close()
                await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(work())


PERP, OLD, NEW = "BTC-USDT-PERP", "BTC-USDT-260925", "BTC-USDT-261225"


def test_dated_futures_roll_without_touching_their_neighbours(tmp_path: Path) -> None:
    folder, live_rows = tmp_path / "recorded", io.BytesIO()
    ends = time.time_ns() + 6 * SECOND
    told: list[tuple[str, str, str]] = []

    async def story(service: Service) -> None:
        await until(lambda: service.live() == {PERP, OLD})
        service.engine.listen(lambda book: told.append((book.symbol, book.state, book.reason)))
        [book] = [one for one in service.engine.books.values() if one.symbol == PERP]
        before, gaps, frames = service.sessions_of(PERP), book.counters["resyncs"], book.applied
        assert before == service.sessions_of(OLD)
        service.venue.add(dated("261225", ends + 10**6 * SECOND), time.time_ns())
        await until(lambda: service.live() == {PERP, OLD, NEW})
        assert not set(service.sessions_of(NEW)) & set(before)
        await until(lambda: OLD not in {one.symbol for one in service.engine.books.values()})
        assert time.time_ns() >= ends
        service.venue.delist("usdm", "BTCUSDT_260925", time.time_ns())
        await asyncio.sleep(3 * QUICK)
        assert service.live() == {PERP, NEW}
        assert service.sessions_of(OLD) == []
        assert service.sessions_of(PERP) == before
        assert book.applied > frames
        assert book.counters["resyncs"] == gaps
        unknown = [feed.unknown for feed in service.engine.feeds]
        assert not any(name.startswith("refused") for counts in unknown for name in counts)
        assert sorted(symbol for feed in service.engine.feeds for symbol in feed.symbols) == sorted(
            [PERP, NEW] * 3  # books, trades, and what derivatives have beside them
        )

    play(
        tmp_path,
        [perpetual("BTC"), dated("260925", ends)],
        story,
        symbols=(PERP, "BTC-USDT-[0-9]*"),
        record=folder,
        rows=live_rows,
    )
    assert (OLD, "lost", "expired") in told
    assert {state for symbol, state, reason in told if symbol == PERP and reason != "disconnected"} == {
        "live"
    }

    files = sorted(folder.iterdir())
    verdicts = {one["symbol"]: one for one in verify(files) if one["updates"]}
    assert set(verdicts) == {PERP, OLD, NEW}
    assert all(is_clean(one) for one in verdicts.values())
    shown = rows_of(live_rows.getvalue())
    assert {symbol for symbol, rows in shown.items() if len(rows) > 4} == {PERP, OLD, NEW}
    assert replayed(files) == shown


def replayed(files: list[Path]) -> dict[str, dict[int, object]]:
    """The rows of a replay."""
    engine, out = Engine(Plan(["queue_imbalance", "trade_volume"])), io.BytesIO()

    def made(pair: Pair, session: Session) -> None:
        engine.attach(pair)

    player = Player(files, made=made, dropped=lambda pair: engine.forget(pair.instrument), most_levels=1000)
    player.watch(Rows(engine, Step("250ms"), (), out))
    for _ in player.play():
        pass
    return rows_of(out.getvalue())


def rows_of(text: bytes) -> dict[str, dict[int, object]]:
    """Symbol -> time -> state, update and values, without what came after the stop."""
    found: dict[str, dict[int, object]] = {}
    for row in map(json.loads, text.splitlines()):
        if row["state"] == "live":
            found.setdefault(row["symbol"], {})[row["t"]] = (row["update_id"], row["values"])
    return found


def test_the_largest_by_volume_are_watched_and_followed(tmp_path: Path) -> None:
    listings = [
        perpetual("BTC", turnover="9e9"), perpetual("ETH", turnover="5e9"), perpetual("SOL", turnover="1e9"),
    ]  # fmt: skip

    async def story(service: Service) -> None:
        await until(lambda: service.live() == {PERP, "ETH-USDT-PERP"})
        grown = perpetual("XRP", turnover="8e9")
        service.venue.add(grown, time.time_ns())
        service.venue.add(perpetual("BNB", turnover="7e9"), time.time_ns())
        await until(lambda: service.live() == {PERP, "XRP-USDT-PERP"})

    play(tmp_path, listings, story, top={"*-USDT-PERP": 2})


def test_a_list_that_fails_costs_nothing(tmp_path: Path) -> None:
    from structlog.testing import capture_logs

    from simulator.faults import RestStatus

    async def story(service: Service) -> None:
        await until(lambda: service.live() == {PERP, "ETH-USDT-PERP"})
        failed = RestStatus(path="exchangeInfo", status=500, count=2)
        service.venue.inject(failed, time.time_ns())
        service.venue.add(perpetual("SOL"), time.time_ns())
        await asyncio.sleep(QUICK)
        assert {PERP, "ETH-USDT-PERP"} <= service.live()
        await until(lambda: service.live() == {PERP, "ETH-USDT-PERP", "SOL-USDT-PERP"})

    with capture_logs() as said:
        play(tmp_path, [perpetual("BTC"), perpetual("ETH")], story, symbols=("*-USDT-PERP",))
    reasons = [one["reason"] for one in said if one["event"] == "instrument list not refreshed"]
    assert reasons == ["instrument list of usdm: http 500"] * 2


def test_a_multiple_is_watched_by_its_name(tmp_path: Path) -> None:
    async def story(service: Service) -> None:
        await until(lambda: service.live() == {"1000SHIB-USDT-PERP"})
        [book] = service.engine.books.values()
        assert (book.instrument.base, int(book.instrument.multiplier)) == ("SHIB", 1000)
        native, price = float(book.levels(1)[0][0][0]), book.context.mid
        assert price == pytest.approx(native / 1000, rel=0.01)

    thousand = dataclasses.replace(perpetual("BTC"), native="1000SHIBUSDT", base="1000SHIB")
    play(tmp_path, [thousand], story, symbols=("1000SHIB/USDT:USDT",))
