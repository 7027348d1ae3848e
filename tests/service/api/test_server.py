"""The server: binds, says what is wrong where it cannot, leaves signals alone, and ends in good order."""

import asyncio
import json
import signal
import socket

import pytest
from websockets.exceptions import ConnectionClosed

from connectors.errors import UsageError
from service.api.server import listening_socket
from tests.support.fake_engine import FakeBook, FakeEngine
from tests.support.serving import StreamClient, serving, slow


async def request(port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


def test_a_free_port_is_taken_and_told() -> None:
    async def scenario() -> None:
        async with serving(FakeEngine(FakeBook())) as service:
            status, body = await request(service.port, "/readyz")
            assert (status, json.loads(body)["status"]) == (200, "ready")

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_named_with_its_cure() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UsageError, match=rf"127\.0\.0\.1 port {port}: something else does.*another api\.port"
        ):
            listening_socket("127.0.0.1", port)
    with pytest.raises(UsageError, match=r"no address of this machine"):
        listening_socket("192.0.2.1", 0)
    with pytest.raises(UsageError, match=r"api\.host nowhere\.invalid"):
        listening_socket("nowhere.invalid", 0)


def test_localhost_is_the_address_that_most_clients_try_first() -> None:
    with listening_socket("localhost", 0) as listening:
        assert listening.family is socket.AF_INET


def test_signals_stay_with_the_owner() -> None:
    async def scenario() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        async with serving(FakeEngine()):
            assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before

    asyncio.run(scenario())


def test_stopping_closes_sockets_with_going_away_soon_even_those_that_do_not_read() -> None:
    engine = FakeEngine(*(FakeBook(symbol=f"X{number}-USDT") for number in range(20)))

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with serving(engine) as service, service.client() as client, slow(service.port) as stuck:
            await StreamClient(stuck).subscribe({"name": "readings", "min_interval_ms": 10})
            for _ in range(60):
                for book in engine.books.values():
                    engine.touch(book)
                await asyncio.sleep(0.011)
            began = loop.time()
            service.stopping.set()
            with pytest.raises(ConnectionClosed) as closed:
                await client.receive()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "the service is stopping")
            await service.running
            assert loop.time() - began < 5

    asyncio.run(scenario())
