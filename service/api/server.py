"""Serves the application with uvicorn inside the owner's event loop: its socket, its start, its graceful end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from connectors.errors import UsageError

SEND_BUFFER = 262_144  # bytes; what the kernel holds for a slow client is old when it is read


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to the owner of the process, and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.ending = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        while not self.ending.is_set():
            await self.on_tick(0)  # once a second: the Date header
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.ending.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Sockets(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which at the end waits a second, no more, for a client that does not read."""

    def shutdown(self) -> None:
        with contextlib.suppress(InvalidState):  # the client is closing it just now
            super().shutdown()
        self.loop.call_later(1.0, self.transport.abort)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises UsageError that names host, port and cure."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise UsageError(f"api.host {host} is no address of this machine: {error.strerror}") from None
    found.sort(
        key=lambda one: one[0] != socket.AF_INET
    )  # `localhost` is both, and many clients try only 127.0.0.1
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listening.bind(address)
        listening.listen(2048)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise UsageError(_why_not(host, port, error)) from None
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    place = f"cannot listen on {host} port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{place}: something else does; stop it, or choose another api.port (0 takes any free one)"
    if error.errno == errno.EACCES:
        return f"{place}: ports below 1024 need rights; choose a higher api.port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{place}: {host} is no address of this machine; choose another api.host"
    return f"{place}: {error.strerror}"


async def serve(
    app: FastAPI,
    host: str,
    port: int,
    stopping: asyncio.Event,
    *,
    bound: Callable[[int], None] = lambda port: None,
    stop_seconds: float = 5.0,
) -> None:
    """Serve until `stopping` is set, then close sockets with 1001 and let answers end, `stop_seconds` at most.

    `bound` is called with the port once connections are taken. No signal handler is installed.
    Raises UsageError where the address cannot be had.
    """
    with listening_socket(host, port) as listening:
        server = _Server(_config(app, stop_seconds))
        serving = asyncio.create_task(server.serve([listening]))
        try:
            await _first(serving, server.up)
            if server.started:
                bound(listening.getsockname()[1])
                await _first(serving, stopping)
        finally:
            await app.state.hub.stop()
            server.ending.set()
            server.should_exit = True
            await serving


async def _first(serving: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait for the event, or for the server to end."""
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _config(app: FastAPI, stop_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws=_Sockets,
        ws_per_message_deflate=False,  # a quarter of the cost of a message, for a client that is most often near
        ws_max_size=1_048_576,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(stop_seconds)),
    )
