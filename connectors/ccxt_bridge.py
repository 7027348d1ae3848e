"""Any other exchange that ccxt can watch, as the same events: runs `ccxt_watch.py` in a process and watches it.

A process, because what ccxt does in one costs native venues their loop: 20 to 150 µs of Python a message, leaks, calls
that never return. The pipe is bounded and read a line at a time between other work. Silence, memory and the end of the
process are seen here, from outside; the cure is always the same: the process is killed and, after a backoff, made anew.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from .ccxt_venue import CcxtVenue
from .driver import Driver, reason_of

log = structlog.get_logger()

START_WITHIN = 90.0  # seconds: importing ccxt and fetching a large list of markets
LONGEST_LINE = 128 << 10  # bytes; twice that waits in this process, then the pipe is left to fill
MOST_MEMORY = 1 << 30  # bytes resident; ccxt with one large exchange needs 200 to 300 MB
WATCH_EVERY = 5.0

_decode = msgspec.json.Decoder(dict[str, Any]).decode


async def started(venue: CcxtVenue, mode: str) -> asyncio.subprocess.Process:
    """Ccxt's process: `markets` writes the list of markets, `watch` waits for commands."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the folder we run in may hold a `connectors` of somebody else
        "-m",
        "connectors.ccxt_watch",
        mode,
        venue.exchange,
        orjson.dumps(venue.hosts).decode(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LONGEST_LINE,
    )


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a process for good, whatever it is doing."""
    if process.returncode is None:
        process.kill()
    await process.wait()


async def markets_of(venue: CcxtVenue) -> tuple[int, bytes, int]:
    """The exchange's instruments as `Network.get` would bring them: status (0: no answer), body or reason, wait."""
    process = await started(venue, "markets")
    try:
        async with asyncio.timeout(START_WITHIN):
            text, _ = await process.communicate()
        said = _decode(text.splitlines()[-1]) if text else {}
    except (TimeoutError, msgspec.DecodeError) as failure:
        return 0, reason_of(failure).encode(), 0
    finally:
        await ended(process)
    if said.get("kind") != "markets":
        return 0, str(said.get("why") or "ccxt's process ended").encode(), 0
    return 200, orjson.dumps(said["rows"]), 0


def memory_of(pid: int) -> int:
    """Resident bytes of a process; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError, ValueError):
        return 0


class Pipe:
    """ccxt's process in the place where `Driver` has a socket's transport."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, kind: Any, text: bytes) -> None:
        """A command."""
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():
            self.process.stdin.write(text + b"\n")

    def send_close(self, code: Any) -> None:
        """Nobody who may hang is asked to leave."""

    def disconnect(self, *, graceful: bool = True) -> None:
        if self.process.returncode is None:
            self.process.kill()


class Bridge(Driver):
    """Runs one session over ccxt's process instead of a socket. A connection is a process that has its markets."""

    most_memory = MOST_MEMORY

    async def _connect(self, url: str, attempt: int) -> None:
        self.url = url
        process = await started(self.keeper.venue, "watch")
        pipe = Pipe(process)
        try:
            why = await self._ready(process)
            if attempt != self._attempt or self.stopped:
                return
            if why:
                self._closed(why)
                return
            self.on_ws_connected(pipe)
            await self._read(pipe)
        finally:
            await asyncio.shield(ended(process))
            if self.transport is pipe:
                self._closing = self._closing or "ccxt's process ended"
                self.on_ws_disconnected(pipe)

    async def _ready(self, process: asyncio.subprocess.Process) -> str:
        """Wait until the markets are there; "" or why they are not."""
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_WITHIN):
                line = await process.stdout.readline()
            said = _decode(line) if line else {}
        except (TimeoutError, ValueError, msgspec.DecodeError) as failure:
            return f"ccxt did not start: {reason_of(failure)}"
        return "" if said.get("kind") == "ready" else str(said.get("why") or "ccxt's process ended")

    async def _read(self, pipe: Pipe) -> None:
        watching = asyncio.create_task(self._watch_memory(pipe))
        lines = pipe.process.stdout
        assert lines is not None
        try:
            while self.transport is pipe and (line := await lines.readline()):
                if line.startswith(b'{"kind":"ended"'):
                    self._closing = self._closing or str(_decode(line).get("why"))
                    return
                self.message(line)
                await asyncio.sleep(0)  # readline() returns at once while lines are there: let the others run
        except ValueError:  # readline's word for a line beyond the limit
            self._closing = "line too long"
        finally:
            watching.cancel()

    async def _watch_memory(self, pipe: Pipe) -> None:
        while self.transport is pipe:
            used = memory_of(pipe.process.pid)
            if used > self.most_memory:
                log.warning("ccxt ended for its memory", venue=self.keeper.venue.name, bytes=used)
                self._close(f"ccxt used {used >> 20} MB")
            await asyncio.sleep(WATCH_EVERY)
