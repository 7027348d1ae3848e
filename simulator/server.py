"""Real sockets and HTTP for one simulated venue on one port of 127.0.0.1: the only clock and network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import time
from typing import Self

from aiohttp import WSMsgType, web

from .connection import Connection
from .control import command, status, truth
from .frames import Close, Ping
from .venue import HandshakeRefusedError, SimulatedVenue

NS = 1_000_000_000
TICK_SECONDS = 0.01
MOST_CLIENT_BYTES = 1 << 20
SLOW_CLIENT_FRAMES = 20_000


class _Socket:
    """One client's WebSocket and the task that writes to it."""

    def __init__(self, server: SimulatedServer, request: web.Request, connection: Connection) -> None:
        self._server = server
        self._request = request
        self.connection = connection
        self.wake = asyncio.Event()
        self._socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=MOST_CLIENT_BYTES)

    async def serve(self) -> web.WebSocketResponse:
        """Read until the client or the venue ends it."""
        await self._socket.prepare(self._request)
        self._server.sockets.add(self)
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                now = time.time_ns()
                self._server.venue.advance(now)
                match message.type:
                    case WSMsgType.TEXT:
                        self.connection.receive(message.data, now)
                    case WSMsgType.PING:
                        self.connection.ping(message.data, now)
                        await self._socket.pong(message.data)
                    case WSMsgType.PONG:
                        self.connection.pong(bytes(message.data), now)
                self.wake.set()
        finally:
            self._server.sockets.discard(self)
            self.connection.closed(time.time_ns())
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return self._socket

    async def _write(self) -> None:
        while True:
            for what in self.connection.frames_to_send(time.time_ns()):
                match what:
                    case str():
                        if self._server.venue.binary:
                            await self._socket.send_bytes(what.encode())
                        else:
                            await self._socket.send_str(what)
                    case bytes():
                        await self._socket.send_bytes(what)
                    case Ping():
                        await self._socket.ping(what.payload)
                    case Close():
                        await self._end(what)
                        return
            self.wake.clear()
            await self.wake.wait()

    def abort(self) -> None:
        """End without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _end(self, close: Close) -> None:
        transport = self._request.transport
        if close.code is None:
            self.abort()
            return
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._socket.close(code=close.code, message=close.reason.encode()), 1.0)
        if transport is not None:
            transport.close()


class SimulatedServer:
    """A simulated venue behind a real port: ``async with SimulatedServer(venue) as server: server.port``.

    ``port`` 0 takes a free one. With an ``ssl_context`` all is served over TLS.
    """

    def __init__(
        self, venue: SimulatedVenue, *, port: int = 0, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.venue = venue
        self.port = port
        self.secure = ssl_context is not None
        self.sockets: set[_Socket] = set()
        self._ssl = ssl_context
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_post("/_control", self._control)
        app.router.add_get("/_truth", self._truth)
        app.router.add_get("/_status", self._status)
        app.router.add_route("*", "/{path:.*}", self._any)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._ssl)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Stop at once; sockets end abruptly."""
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        for socket in list(self.sockets):
            socket.abort()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def hosts(self) -> dict[str, dict[str, str]]:
        """Bases by product, see ``SimulatedVenue.hosts``."""
        return self.venue.hosts(self.port, secure=self.secure)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.time_ns()
            self.venue.advance(now)
            for socket in self.sockets:
                if socket.connection.waiting > SLOW_CLIENT_FRAMES:
                    socket.abort()
                elif socket.connection.due(now):
                    socket.wake.set()

    async def _any(self, request: web.Request) -> web.StreamResponse:
        now = time.time_ns()
        if request.headers.get("Upgrade", "").lower() == "websocket":
            try:
                connection = self.venue.connect(request.path_qs, now)
            except HandshakeRefusedError as refused:
                return web.Response(status=refused.status)
            return await _Socket(self, request, connection).serve()
        body = await request.text()
        answer = self.venue.rest(request.method, request.path, dict(request.query), now, body)
        await asyncio.sleep(answer.delay_ns / NS)
        return web.Response(
            status=answer.status, text=answer.body, headers=answer.headers, content_type="application/json"
        )

    async def _control(self, request: web.Request) -> web.Response:
        now = time.time_ns()
        try:
            orders = json.loads(await request.text())
            orders = orders if isinstance(orders, list) else [orders]
            done = [command(self.venue, order, now) for order in orders]
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        for socket in self.sockets:
            socket.wake.set()
        return _json(done[0] if len(done) == 1 else done)

    async def _truth(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            depth = int(query["depth"]) if "depth" in query else None
            found = truth(self.venue, query.get("symbol", ""), query.get("product"), depth, time.time_ns())
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json(found)

    async def _status(self, request: web.Request) -> web.Response:
        return _json(status(self.venue, time.time_ns()))


def _json(body: object, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)
