"""Delivery: what senders are to tell, in order, with retries, at a pace; what cannot be delivered is kept as a dead letter.

Each sender has a lane of its own, so that one that hangs holds up no other. Messages wait in memory, at most `MOST` a
lane; the oldest go to the dead letters first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import aiohttp
import structlog

from connectors.backoff import Backoff
from connectors.delays import NETWORK, Delays

from .records import Message
from .senders.apprise import Apprise
from .senders.sender import SECOND, Answer, Request, Sender

MOST = 1000
LONGEST_WAIT = 300.0  # seconds; who asks for more is asked again then
_ANSWER_BYTES = 4096
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was not delivered, and why."""

    t: int
    sender: str
    error: str
    attempts: int
    message: Message


@dataclass(slots=True)
class Tally:
    """What a sender did so far."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    last_error: str = ""
    last_sent: int = 0
    pushed_out: int = 0  # of those that failed: too many waited
    delays: Delays = field(default_factory=lambda: Delays(NETWORK))  # from what happened until it was told


@dataclass(eq=False)
class Lane:
    """One sender with what waits for it."""

    sender: Sender
    tally: Tally = field(default_factory=Tally)
    waiting: deque[Message] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    room: float = 0.0
    refilled: float = 0.0

    def delay(self, now: float) -> float:
        """Seconds until the next message may go, taking a place if it is 0 (a token bucket of a third of a minute)."""
        rate = self.sender.settings.per_minute / 60
        most = max(1.0, rate * 20)
        self.room = most if not self.refilled else min(most, self.room + (now - self.refilled) * rate)
        self.refilled = now
        if self.room < 1:
            return float((1 - self.room) / rate)
        self.room -= 1
        return 0.0


class Delivery:
    """All senders. `put` is called on the event loop and never waits; `run` delivers until cancelled."""

    def __init__(
        self, senders: Iterable[Sender], clock: Callable[[], int], dead: Callable[[DeadLetter], None]
    ) -> None:
        self.lanes = {sender.name: Lane(sender) for sender in senders}
        self.clock, self.dead = clock, dead
        self.active: Callable[[], Sequence[Message]] = list

    def put(self, message: Message, only: str = "") -> None:
        """Have it told by all senders that want it, or by `only` one."""
        for name, lane in self.lanes.items():
            if only in ("", name) and lane.sender.wants(message):
                if len(lane.waiting) >= MOST:
                    self._bury(lane, lane.waiting.popleft(), "too many messages waited", 0)
                    lane.tally.pushed_out += 1
                lane.waiting.append(message)
                lane.idle.clear()
                lane.news.set()

    async def run(self) -> None:
        """Deliver, for ever. What still waits in the end becomes dead letters."""
        if not self.lanes:
            return
        try:
            jar = aiohttp.DummyCookieJar()
            async with aiohttp.ClientSession(cookie_jar=jar) as session, asyncio.TaskGroup() as group:
                for lane in self.lanes.values():
                    group.create_task(self._work(lane, session))
                    if lane.sender.repeat_seconds:
                        group.create_task(self._repeat(lane, session))
        finally:
            for lane in self.lanes.values():
                while lane.waiting:
                    self._bury(lane, lane.waiting.popleft(), "the service stopped", 0)

    async def settle(self, seconds: float) -> None:
        """Wait for what still waits, so long at most: the service is about to stop."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(lane.idle.wait() for lane in self.lanes.values()))
        except TimeoutError:
            log.warning(
                "alerts not sent before the end", waiting=sum(len(one.waiting) for one in self.lanes.values())
            )

    async def _work(self, lane: Lane, session: aiohttp.ClientSession) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not lane.waiting:
                lane.news.clear()
                lane.idle.set()
                await lane.news.wait()
            if delay := lane.delay(loop.time()):
                await asyncio.sleep(delay)
            elif lane.waiting:
                message = lane.waiting[0]
                await self._deliver(lane, session, message)
                if lane.waiting and lane.waiting[0] is message:  # not pushed out meanwhile
                    lane.waiting.popleft()

    async def _deliver(self, lane: Lane, session: aiohttp.ClientSession, message: Message) -> None:
        """Try until it is told, will never be, or was tried often enough."""
        settings = lane.sender.settings
        backoff = Backoff(message.id, first=settings.first_retry_seconds, most=60.0)
        for attempt in range(1, settings.attempts + 1):
            answer = await self._try(lane.sender, session, message)
            if answer.good:
                lane.tally.sent += 1
                lane.tally.last_sent = self.clock()
                lane.tally.delays.observe(lane.tally.last_sent - message.t)
                return
            lane.tally.last_error = answer.error
            if not answer.again or attempt == settings.attempts:
                self._bury(lane, message, answer.error, attempt)
                return
            lane.tally.retried += 1
            wait = max(min(answer.after, LONGEST_WAIT), backoff.after_failure() / SECOND)
            log.warning(
                "alert not sent yet",
                sender=lane.sender.name,
                reason=answer.error,
                retry_seconds=round(wait, 1),
            )
            await asyncio.sleep(wait)

    async def _try(self, sender: Sender, session: aiohttp.ClientSession, message: Message) -> Answer:
        if isinstance(sender, Apprise):
            try:
                async with asyncio.timeout(sender.settings.timeout_seconds):
                    return await asyncio.to_thread(sender.perform, message)
            except TimeoutError:
                return Answer(False, "no answer in time", again=True)
        return await self._post(sender, session, sender.request(message, self.clock()))

    async def _post(self, sender: Sender, session: aiohttp.ClientSession, request: Request) -> Answer:
        """Send one request. No error text holds the address: it may be the secret."""
        timeout = aiohttp.ClientTimeout(total=sender.settings.timeout_seconds)
        try:
            async with session.post(
                request.url,
                data=request.body,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                body = await response.content.read(_ANSWER_BYTES)
                return sender.judge(response.status, response.headers, body, self.clock())
        except TimeoutError:
            return Answer(False, "no answer in time", again=True)
        except aiohttp.InvalidURL:
            return Answer(False, "the address is none")
        except (aiohttp.ClientError, OSError) as failure:
            return Answer(False, f"not reached ({type(failure).__name__})", again=True)

    async def _repeat(self, lane: Lane, session: aiohttp.ClientSession) -> None:
        """Tell again what is active, for senders whose other end forgets."""
        while True:
            await asyncio.sleep(lane.sender.repeat_seconds)
            request = lane.sender.repetition(list(self.active()), self.clock())
            if request is not None:
                answer = await self._post(lane.sender, session, request)
                if not answer.good:
                    lane.tally.last_error = answer.error
                    log.warning("active alerts not repeated", sender=lane.sender.name, reason=answer.error)

    def _bury(self, lane: Lane, message: Message, error: str, attempts: int) -> None:
        lane.tally.failed += 1
        log.error("alert not sent", sender=lane.sender.name, alert=message.alert["alert"], reason=error)
        self.dead(DeadLetter(self.clock(), lane.sender.name, error, attempts, message))
