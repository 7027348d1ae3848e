"""Trades for a slow client: bounded, in order, and every lost one counted."""

import asyncio

from tests.support.fake_engine import T0, FakeBook, FakeEngine, FakePrint
from tests.support.serving import StreamClient, serving, slow

TRADES = {"name": "trades", "min_interval_ms": 10}


def test_trades_for_a_slow_client_are_bounded_and_what_is_lost_is_counted() -> None:
    engine = FakeEngine(book := FakeBook())
    total, most = 30_000, 100

    async def scenario() -> None:
        async with serving(engine, stream_trades=most) as service, slow(service.port) as socket:
            client = StreamClient(socket)
            await client.subscribe(TRADES)
            for burst in range(total // 500):
                for number in range(500):
                    engine.trade(book, FakePrint(t=T0 + 500 * burst + number))
                await asyncio.sleep(0.011)
            told, missed, latest = 0, 0, 0
            while latest != T0 + total - 1:
                message = await client.receive()
                told += len(message["trades"])
                missed += message["missed"]
                latest = message["trades"][-1]["t"] if message["trades"] else 0
            assert told + missed == total
            assert missed > 0

    asyncio.run(scenario())
