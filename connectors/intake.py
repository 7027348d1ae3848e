"""A frame's way from the socket to its session: the compiled part of the driver, with the clock of everything live."""

from __future__ import annotations

from typing import Any

import cython
from cython.cimports.connectors.delays import Delays
from cython.cimports.picows.picows import WSFrame, WSListener, WSTransport
from cython.cimports.posix.time import CLOCK_REALTIME, clock_gettime, timespec

from .delays import Delays
from .session import Session

# What a frame is (RFC 6455, 5.2). The enum of picows would cost a Python object a frame.
_CONTINUATION = cython.declare(cython.int, 0x0)
_TEXT = cython.declare(cython.int, 0x1)
_BINARY = cython.declare(cython.int, 0x2)
_CLOSE = cython.declare(cython.int, 0x8)
_PING = cython.declare(cython.int, 0x9)


@cython.final
@cython.cclass
class Clock:
    """Nanoseconds since the epoch that never repeat: each input of the process has a time of its own."""

    last: cython.longlong

    def __call__(self) -> int:
        return self.now()

    @cython.cfunc
    @cython.exceptval(check=False)
    def now(self) -> cython.longlong:
        now: cython.longlong = _read()
        self.last = now if now > self.last else self.last + 1
        return self.last


@cython.cfunc
@cython.exceptval(check=False)
def _read() -> cython.longlong:
    """The system's clock as it is, which may repeat."""
    t: Any = cython.declare(timespec)
    clock_gettime(CLOCK_REALTIME, cython.address(t))
    now: cython.longlong = cython.cast(cython.longlong, t.tv_sec) * 1_000_000_000 + t.tv_nsec
    return now


@cython.cclass
class Intake(WSListener):
    """Hands whole messages to the session; what is rare goes to the methods that the driver overrides.

    `handled` counts how long each message took, from its arrival until books, metrics and alerts knew of it.
    """

    session = cython.declare(object, visibility="readonly")
    keeper = cython.declare(object, visibility="readonly")
    recorder = cython.declare(object, visibility="public")
    url = cython.declare(str, visibility="public")
    handled: Delays
    clock: Clock
    timeline: Any
    parts: list[bytes]

    def __init__(self, session: Session, clock: Any, timeline: Any, handled: Delays) -> None:
        self.session, self.keeper = session, session.keeper
        self.handled = handled
        self.clock, self.timeline = clock, timeline
        self.recorder = None
        self.url = ""
        self.parts = []

    def begin(self) -> None:
        """A new connection: no part of a message came yet."""
        self.parts.clear()

    @cython.ccall
    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: a frame came in."""
        kind: cython.int = cython.cast(cython.int, frame.msg_type)
        if kind == _TEXT or kind == _BINARY or kind == _CONTINUATION:
            if frame.fin and not self.parts:
                self.take(frame.get_payload_as_bytes())
            else:
                self.parts.append(frame.get_payload_as_bytes())
                if frame.fin:
                    whole: bytes = b"".join(self.parts)
                    self.parts.clear()
                    self.take(whole)
        elif kind == _PING:
            transport.send_pong(frame.get_payload_as_bytes())
            self.pinged(self._before())
        elif kind == _CLOSE:
            self.said_goodbye(cython.cast(cython.int, frame.get_close_code()))
            transport.disconnect(graceful=False)

    @cython.cfunc
    def take(self, data: bytes) -> cython.void:
        """A whole message. A fault of ours stops this feed and no other."""
        now: cython.longlong = self._before()
        if self.recorder is not None:
            self.recorder.received(self.url, data, now)
        try:
            self.session.received(data, now)
        except Exception as fault:  # noqa: BLE001  # failed() logs it and closes the connection
            self.failed(data, fault)
        self.handled.observe(_read() - now)
        if self.keeper.actions:
            self.perform()

    def message(self, data: bytes) -> None:
        """A whole message that came over something else than a socket."""
        self.take(data)

    @cython.ccall
    def _before(self) -> cython.longlong:
        """The time of an input; whatever was due before it is done first, and recorded with an earlier time."""
        now: cython.longlong = self.clock.now()
        while self.timeline.next_due <= now:
            self.timeline.advance(now)
            now = self.clock.now()
        return now

    def perform(self) -> None:
        """Do what the session asks for."""
        raise NotImplementedError

    def pinged(self, now: int) -> None:
        """A PING frame came in and was answered."""
        raise NotImplementedError

    def said_goodbye(self, code: int) -> None:
        """A CLOSE frame came in."""
        raise NotImplementedError

    def failed(self, data: bytes, fault: Exception) -> None:
        """Our own code raised on this message."""
        raise NotImplementedError
