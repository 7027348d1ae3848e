"""The only place with a clock and a network: performs what sessions ask for and feeds them what comes in.

A socket belongs to one session. Before any input the timeline fires what was due earlier, so that a recording of the
inputs replays to the same events.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import picows
import structlog

from .actions import SNAPSHOT, Close, Connect, Fetch, Replace, Send
from .delays import WORK, Delays
from .intake import Clock, Intake
from .recording import Recorder
from .requests import SECOND, Budget
from .session import Session
from .timeline import Timeline

log = structlog.get_logger()

CONNECT_WITHIN = 10.0  # seconds
ANSWER_WITHIN = 15.0
LARGEST_FRAME = 64 << 20  # bytes; Coinbase sends a whole book of 5 MB in one frame
CLOSE_WITHIN = 2.0


class Network:
    """What all connections share: clock, timeline, HTTP, budgets, TLS."""

    def __init__(self, *, clock: Clock | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.clock = clock or Clock()
        self.tls = tls
        self.timeline = Timeline(self._fired)
        self.drivers: dict[int, Driver] = {}
        self.budgets: dict[str, Budget] = {}
        self.connects: dict[str, Budget] = {}
        self.handled: dict[str, Delays] = {}  # by venue: from a message's arrival until all is done with it
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def _fired(self, session: Session) -> None:
        if driver := self.drivers.get(id(session)):
            driver.perform()

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(ssl=self.tls) if self.tls else None
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
            self._http = aiohttp.ClientSession(timeout=timeout, connector=connector)
        return self._http

    def budget(self, venue: Any) -> Budget:
        """Request weights of the venue's REST host, shared by the products of one pool."""
        pool = venue.limits.pool or f"{venue.name} {venue.product}"
        return self.budgets.setdefault(pool, Budget(venue.limits.weight_per_minute))

    def connect_budget(self, venue: Any) -> Budget:
        """Connection attempts to the venue."""
        return self.connects.setdefault(venue.name, Budget(venue.limits.connects_per_minute))

    def spawn(self, work: Any) -> None:
        """Run a coroutine beside; its failure is logged, never lost."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("task failed", exc_info=failure)

    async def run_timers(self) -> None:
        """Sleep until the next deadline and let it fire, for ever."""
        while True:
            now = self.clock()
            self.timeline.advance(now)
            wait = (self.timeline.next_due - now) / SECOND
            await asyncio.sleep(min(max(wait, 0.001), 0.25))

    async def get(
        self,
        venue: Any,
        path: str,
        weight: int,
        not_before: int = 0,
        *,
        spare: bool = False,
    ) -> tuple[int, bytes, int]:
        """Ask for a path of the venue within its budget: status (0: no answer), body or reason, and time to wait (ns).

        What stands behind a space is JSON to be POSTed to the path before it.
        """
        budget = self.budget(venue)
        # Another request may take the room while this one sleeps, so it asks again.
        while (at := max(budget.ready_at(weight, self.clock(), spare=spare), not_before)) > self.clock():  # noqa: ASYNC110  # a budget has no event to wait for
            await asyncio.sleep(min(max(at - self.clock(), 0) / SECOND, 60.0))
        budget.spend(weight, self.clock())
        try:
            path, _, asked = path.partition(" ")
            kind = {"Content-Type": "application/json"} if asked else {}
            async with self.http.request(
                "POST" if asked else "GET",
                venue.rest + path,
                data=asked or None,
                headers={**venue.headers, **kind},
            ) as answer:
                body = await answer.read()
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status, body, budget.answered(answer.status, headers, self.clock())
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            return 0, reason_of(failure).encode(), 0

    async def close(self) -> None:
        """Drop all sockets and wait for what still runs."""
        for driver in list(self.drivers.values()):
            await driver.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()


def reason_of(failure: BaseException) -> str:
    """A failed connection in a few words."""
    if isinstance(failure, TimeoutError):
        return "timeout"
    if isinstance(failure, picows.WSInvalidStatusError):
        return f"handshake refused: {failure}"[:120]
    text = str(failure).split("\n")[0]
    return f"{type(failure).__name__}: {text}"[:160] if text else type(failure).__name__


class Driver(Intake):
    """Runs one session over picows. `replaced` is called when the venue, or its age, asks for a second connection."""

    def __init__(
        self,
        session: Session,
        network: Network,
        *,
        recorder: Recorder | None = None,
        replaced: Callable[[Driver, str], None] = lambda driver, reason: None,
    ) -> None:
        venue = session.keeper.venue.name
        handled = network.handled.setdefault(venue, Delays(WORK))
        super().__init__(session, network.clock, network.timeline, handled)
        self.network, self.recorder, self.replaced = network, recorder, replaced
        self.transport: Any = None
        self.stopped = False
        self._closing = ""
        self._attempt = 0
        self._gone = asyncio.Event()
        network.drivers[id(session)] = self
        network.timeline.add(session)

    # -- outputs ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Ask for the connection for the first time."""
        self.keeper.start(self.network.clock())
        self.perform()

    def perform(self) -> None:
        """Do what the session asks for, in order."""
        for action in self.keeper.take_actions():
            match action:
                case Send(text):
                    self._send(text)
                case Connect(url):
                    self._attempt += 1
                    self.network.spawn(self._connect(url, self._attempt))
                case Fetch():
                    self.network.spawn(self._fetch(action))
                case Close(reason):
                    self._close(reason)
                case Replace(reason):
                    self.replaced(self, reason)

    def _send(self, text: str) -> None:
        if self.transport is not None:
            self.transport.send(picows.WSMsgType.TEXT, text.encode())
            if self.recorder:
                self.recorder.sent(self.url, text, self.network.clock())

    async def _connect(self, url: str, attempt: int) -> None:
        gate = self.network.connect_budget(self.keeper.venue)
        while (at := gate.ready_at(1, self.network.clock())) > (now := self.network.clock()):  # noqa: ASYNC110  # a budget has no event to wait for
            await asyncio.sleep((at - now) / SECOND)
        gate.spend(1, self.network.clock())
        self.url = url
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await picows.ws_connect(
                    lambda: self,
                    url,
                    ssl_context=self.network.tls if url.startswith("wss") else None,
                    extra_headers=dict(self.keeper.venue.headers),
                    enable_auto_pong=False,
                    max_frame_size=LARGEST_FRAME,
                    websocket_handshake_timeout=CONNECT_WITHIN,
                )
        except (picows.WSError, TimeoutError, OSError) as failure:
            if attempt == self._attempt and not self.stopped:
                self._closed(reason_of(failure))

    async def _fetch(self, action: Fetch) -> None:
        path = action.path
        status, body, wait = await self.network.get(
            self.keeper.venue, path, action.weight, action.not_before, spare=action.spare
        )
        if self.stopped:
            return
        now = self._before()
        if self.recorder:
            self.recorder.fetched(self.keeper.venue.rest + path, status, body, now)
        what, native = action.key
        if what == SNAPSHOT:
            self.keeper.fetched(native, status, body, now, wait=wait)
        else:
            self.keeper.derivatives.answered(what, native, status, body, now)
        self.perform()

    def _close(self, reason: str) -> None:
        self._closing = reason
        if self.transport is not None:
            self.transport.send_close(picows.WSCloseCode.OK)
            self.transport.disconnect(graceful=False)

    # -- inputs ----------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: Any) -> None:
        """picows: the handshake is done."""
        if self.stopped:
            transport.disconnect(graceful=False)
            return
        self.transport = transport
        self.begin()
        self._closing = ""
        now = self._before()
        if self.recorder:
            self.recorder.opened(self.url, now, self.session)
        self.keeper.opened(now)
        self.perform()

    def pinged(self, now: int) -> None:
        if self.recorder:
            self.recorder.pinged(self.url, now)
        self.keeper.pinged(now)
        self.perform()

    def said_goodbye(self, code: int) -> None:
        self._closing = self._closing or f"closed by the venue ({code})"

    def failed(self, data: bytes, fault: Exception) -> None:
        """A fault of ours stops this feed, with the frame in the log, and no other."""
        log.error("fault in our code", venue=self.keeper.venue.name, frame=data[:2000], exc_info=fault)
        self._close("fault in our code")

    def on_ws_disconnected(self, transport: Any) -> None:
        """picows: the socket is gone."""
        if self.transport is not transport:
            return
        self.transport = None
        self._gone.set()
        if not self.stopped:
            self._closed(self._closing or "connection lost")

    def _closed(self, reason: str) -> None:
        now = self._before()
        if self.recorder:
            self.recorder.closed(self.url, reason, now, self.session)
        self.keeper.closed(reason, now)
        self.perform()

    def drop(self, natives: Sequence[str], reason: str) -> None:
        """Let go of pairs; one without any left is to be stopped."""
        now = self._before()
        for native in natives:
            if (pair := self.session.pairs.get(native.encode())) is not None:
                if self.recorder and self.url:
                    self.recorder.dropped(self.url, native, reason, now, self.session)
                self.keeper.drop(pair, reason, now)
        self.perform()

    async def stop(self) -> None:
        """End for good: close the socket, tell the session, finish the recording."""
        if self.stopped:
            return
        transport = self.transport
        if transport is not None:
            self._gone.clear()
            self._closed("stopped")
        self.stopped = True
        self.network.timeline.remove(self.session)
        self.network.drivers.pop(id(self.session), None)
        if transport is not None:
            transport.send_close(picows.WSCloseCode.GOING_AWAY)
            transport.disconnect(graceful=False)
            try:
                await asyncio.wait_for(self._gone.wait(), CLOSE_WITHIN)
            except TimeoutError:
                log.warning("socket did not close in time", venue=self.keeper.venue.name, url=self.url)
        if self.recorder:
            self.recorder.close()
