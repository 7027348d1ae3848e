"""`steelyard replay`: recordings through the engine, as rows or served, as fast as it goes or at a pace.

Served, the alert rules run on the recorded clock, too: what they would have said stands in REST, stream and page. Nobody
is told of the past, and it is not kept among what is real.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from fastapi import FastAPI

from connectors.errors import UsageError
from connectors.session import Session
from connectors.sync import Pair

from .alerts.desk import Desk
from .api.app import create_app
from .api.server import serve
from .app import engine_of, facts
from .health import Health
from .recent.ring import Ring
from .replay import Player
from .rows import Rows, Step, check, writing
from .settings import Settings

SECOND = 1_000_000_000


class Playback:
    """One replay. `speed` is `max` or how many times as fast as recorded."""

    def __init__(
        self,
        files: Sequence[Path],
        settings: Settings,
        *,
        speed: str,
        out: str | None,
        every: str,
        metrics: Sequence[str],
        venue: str = "",
        market: str = "",
    ) -> None:
        self.settings, self.out = settings, out
        self.pace = pace_of(speed)
        self.engine, consolidation = engine_of(settings)
        self.player = Player(
            files,
            made=self._made,
            dropped=lambda pair: self.engine.forget(pair.instrument),
            venue=venue,
            market=market,
            most_levels=settings.max_levels,
        )
        if consolidation is not None:
            self.player.watch(consolidation)
        self.step = Step(every)
        self.metrics = metrics
        check(self.engine.outputs, self.engine.declarations, metrics)
        self.rows: Rows | None = None

    def _made(self, pair: Pair, session: Session) -> None:
        self.engine.attach(pair)

    def run(self, tick: Callable[[int], None]) -> None:
        """Play to the end and write rows."""
        assert self.out is not None
        with writing(self.out) as stream:
            self._write_to(stream)
            for now in self.player.play():
                tick(now)

    def _write_to(self, stream: BinaryIO | None) -> None:
        if stream is not None:
            self.rows = Rows(self.engine, self.step, self.metrics, stream)
            self.player.watch(self.rows)

    async def serve(self, tick: Callable[[int], None]) -> None:
        """Play while the API, page and /metrics show it, and go on serving at the end until stopped."""
        import signal

        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        desk = self.desk()
        recent = Ring(self.engine, self.settings.recent) if self.settings.recent.minutes else None
        if recent is not None:
            self.player.watch(recent)
        application = create_app(
            self.engine,
            facts(),
            self.settings.api,
            lambda: self.player.now,
            alerts=desk,
            recent=recent,
            replayed=True,
            health=Health(self.engine.arrivals),
        )
        try:
            with writing(self.out) as stream:
                self._write_to(stream)
                await self._both(application, tick, stopping)
        finally:
            if desk is not None:
                desk.close()

    def desk(self) -> Desk | None:
        """The alert rules on the recorded clock; None where they are switched off."""
        asked = self.settings.alerts
        if not asked.enabled:
            return None
        alone = asked.model_copy(update={"senders": {}})
        desk = Desk(self.engine, alone, lambda: self.player.now, database=None, environ={})
        self.player.watch(desk.watch)
        return desk

    async def _both(self, application: FastAPI, tick: Callable[[int], None], stopping: asyncio.Event) -> None:
        """Serve and play, from when somebody can look on; serving goes on when all is played."""
        api = self.settings.api
        up = asyncio.Event()

        def bound(port: int) -> None:
            _tell(api.host, port)
            up.set()

        serving = asyncio.create_task(
            serve(
                application,
                api.host,
                api.port,
                stopping,
                bound=bound,
                stop_seconds=api.stop_seconds,
            )
        )
        playing = asyncio.create_task(self._play(tick, stopping, up))
        await asyncio.wait((serving, playing), return_when=asyncio.FIRST_COMPLETED)
        if playing.done() and playing.exception() is not None:
            stopping.set()
        await serving
        stopping.set()
        await playing

    async def _play(self, tick: Callable[[int], None], stopping: asyncio.Event, up: asyncio.Event) -> None:
        while not up.is_set() and not stopping.is_set():  # noqa: ASYNC110  # whichever of the two comes first
            await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        begun, first = loop.time(), 0
        for count, now in enumerate(self.player.play(), 1):
            tick(now)
            first = first or now
            if self.pace and (ahead := (now - first) / SECOND / self.pace - (loop.time() - begun)) > 0.001:
                await asyncio.sleep(ahead)
            elif count % 200 == 0:
                await asyncio.sleep(0)
            if stopping.is_set():
                return


def pace_of(speed: str) -> float:
    """`max` is 0: no waiting."""
    if speed == "max":
        return 0.0
    try:
        pace = float(speed)
    except ValueError:
        pace = -1.0
    if not 0 < pace < 1e6:
        raise UsageError(f"--speed {speed}: give max, or how many times as fast as recorded, such as 1 or 10")
    return pace


def _tell(host: str, port: int) -> None:
    print(f"replay on http://{host}:{port}", file=sys.stderr)  # noqa: T201  # for the person at the terminal
