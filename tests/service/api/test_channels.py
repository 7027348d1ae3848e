"""A client that does not read gets the newest value and a count, costs no memory, and slows nobody."""

import asyncio

from tests.support.fake_engine import FakeBook, FakeEngine
from tests.support.serving import StreamClient, serving, slow

EVERYTHING = {"name": "readings", "min_interval_ms": 10}


def test_the_slow_one_gets_the_newest_and_a_count_and_the_quick_one_all() -> None:
    engine = FakeEngine(*(FakeBook(symbol=f"X{number}-USDT") for number in range(20)))
    steps = 120

    async def scenario() -> None:
        async with serving(engine) as service, service.client() as quick, slow(service.port) as socket:
            lagging = StreamClient(socket)
            await lagging.subscribe(EVERYTHING)
            await quick.subscribe(EVERYTHING | {"symbol": "X0-USDT"})
            first = next(iter(engine.books.values()))
            got = 0
            for step in range(steps):
                for book in engine.books.values():
                    engine.touch(book, queue_imbalance=step / steps)
                while (await quick.receive())["values"]["queue_imbalance"] != step / steps:
                    pass
                got += 1
            assert got == steps
            last = (steps - 1) / steps
            seq, missed, newest = 0, 0, set[str]()
            while len(newest) < len(engine.books):
                message = await lagging.receive()
                assert message["seq"] == (seq := seq + 1)
                missed += message["missed"]
                if message["values"]["queue_imbalance"] == last:
                    newest.add(message["symbol"])
            assert missed > 0
            assert seq < steps * len(engine.books)
            assert first.symbol in newest

    asyncio.run(scenario())
