"""The outward side on a real socket, in the test's own event loop, and a stream client that reads JSON."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.api.app import create_app
from service.api.ports import Engine
from service.api.server import serve
from service.api.settings import ApiSettings
from tests.support.fake_engine import T0, VENUES

Message = dict[str, Any]
PATIENCE = 5.0  # seconds


class Serving:
    """A service that is up: its port, its application, and the event that stops it."""

    def __init__(self, app: FastAPI, port: int, stopping: asyncio.Event, running: asyncio.Task[None]) -> None:
        self.app = app
        self.port = port
        self.stopping = stopping
        self.running = running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def client(self, **more: Any) -> AsyncIterator[StreamClient]:
        async with connect(f"ws://127.0.0.1:{self.port}/api/v1/stream", proxy=None, **more) as socket:
            yield StreamClient(socket)


def slow(port: int) -> connect:
    """A client that takes few messages ahead of who reads it, on a socket that the kernel buffers little for."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    uri = f"ws://127.0.0.1:{port}/api/v1/stream"
    return connect(uri, sock=made, max_queue=1, proxy=None, ping_interval=None, close_timeout=0.1)


class StreamClient:
    """Sends and receives JSON; `until` skips to the next message of a type."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            message: Message = json.loads(await self.socket.recv())
            return message

    async def until(self, kind: str) -> Message:
        while (message := await self.receive())["type"] != kind:
            pass
        return message

    async def ask(self, **message: Any) -> Message:
        await self.send(**message)
        return await self.receive()

    async def subscribe(self, *channels: Message, id: int | str = 1) -> Message:
        return await self.ask(op="subscribe", id=id, channels=channels)


@asynccontextmanager
async def serving(
    engine: Engine, clock: Callable[[], int] = lambda: T0, **settings: Any
) -> AsyncIterator[Serving]:
    app = create_app(engine, VENUES, ApiSettings(**{"port": 0, "heartbeat_seconds": 60} | settings), clock)
    stopping, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(app, "127.0.0.1", 0, stopping, bound=port.set_result, stop_seconds=2))
    try:
        yield Serving(app, await asyncio.wait_for(port, PATIENCE), stopping, running)
    finally:
        stopping.set()
        await running


def play(
    engine: Engine,
    scenario: Callable[[Serving], Awaitable[None]],
    clock: Callable[[], int] = lambda: T0,
    **settings: Any,
) -> None:
    """Run a scenario against a service of its own."""

    async def run() -> None:
        async with serving(engine, clock, **settings) as service:
            await scenario(service)

    asyncio.run(run())


def closed_with(closed: ConnectionClosed) -> int | None:
    """The code with which the service closed the socket."""
    return closed.rcvd.code if closed.rcvd is not None else None
