"""The hub: one encoding for all, nothing while nobody listens, room for so many and no more."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from service.api.hub import Hub
from tests.support.fake_engine import FakeBook, FakeEngine
from tests.support.serving import Serving, closed_with, play

READINGS = {"name": "readings", "symbol": "BTC-USDT", "min_interval_ms": 10}


async def gone(hub: Hub) -> None:
    """Wait until the service has seen its last client go."""
    async with asyncio.timeout(5):
        while hub.tally.clients:  # noqa: ASYNC110  (the hub has no event for it)
            await asyncio.sleep(0.01)


def test_one_encoding_serves_all_clients_of_a_channel() -> None:
    engine = FakeEngine(spot := FakeBook())

    async def scenario(service: Serving) -> None:
        async with service.client() as one, service.client() as two, service.client() as three:
            for client in (one, two, three):
                await client.subscribe(READINGS)
                await client.receive()
            tally = service.app.state.hub.tally
            assert tally.channels == 1
            before = tally.encodings
            for step in range(10):
                engine.touch(spot, queue_imbalance=step / 10)
                got = [await client.receive() for client in (one, two, three)]
                assert [message["values"]["queue_imbalance"] for message in got] == [step / 10] * 3
            assert tally.encodings - before == 10

    play(engine, scenario)


def test_nothing_is_read_while_nobody_listens() -> None:
    engine = FakeEngine(spot := FakeBook())

    async def scenario(service: Serving) -> None:
        hub = service.app.state.hub
        async with service.client() as client:
            await client.subscribe(READINGS)
            await client.receive()
        await gone(hub)
        before = hub.tally.encodings
        for _ in range(100):
            engine.touch(spot)
        await asyncio.sleep(0.05)
        assert (hub.tally.encodings, hub.tally.channels) == (before, 0)

    play(engine, scenario)


def test_a_full_house_says_try_again_later() -> None:
    async def scenario(service: Serving) -> None:
        async with service.client() as client, service.client() as turned_away:
            with pytest.raises(ConnectionClosed) as closed:
                await turned_away.receive()
            assert closed_with(closed.value) == 1013
            assert (await client.ask(op="ping"))["type"] == "pong"

    play(FakeEngine(), scenario, stream_clients=1)


def test_a_book_that_never_says_a_word_is_found_too() -> None:
    engine = FakeEngine()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe(READINGS)
            silent = FakeBook(state="syncing", reason="not_connected", outputs=engine.outputs)
            engine.books["binance", "spot", "BTC-USDT"] = silent
            snapshot = await client.receive()
            assert (snapshot["type"], snapshot["reason"]) == ("snapshot", "not_connected")

    play(engine, scenario, stream_refresh_seconds=0.1)
