"""Recordings: every input of a session with its time, a JSON line each, gzip'd. Read and written here.

A line is `{"t": ns or null, "ch": "ws"|"http", "dir": "in"|"out", "url": ..., "msg": text}`; `b64` stands in place of
`msg` where the frame was binary, `ev` marks the opening and the closing of a connection, and a pair (`msg`) that
leaves it. Our own lines name their
venue and product too, since an overridden host does not tell them.
"""

from __future__ import annotations

import base64
import gzip
import heapq
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .errors import UsageError

if TYPE_CHECKING:
    from .session import Session

INSTRUMENTS = ".instruments.jsonl.gz"


class Line(msgspec.Struct, omit_defaults=True):
    """One input or output of a connection."""

    t: int | None
    ch: str
    dir: str
    url: str
    msg: str | None = None
    b64: str | None = None
    ev: str | None = None
    status: int = 200
    venue: str = ""
    product: str = ""
    route: str = ""
    why: str = ""
    seed: str = ""
    pairs: list[str] | None = None

    @property
    def frame(self) -> bytes:
        """The payload as it was on the wire."""
        if self.b64 is not None:
            return base64.b64decode(self.b64)
        return (self.msg or "").encode()


_line = msgspec.json.Decoder(Line, strict=True).decode


def read(path: Path) -> Iterator[Line]:
    """The lines of a file, gzip'd or plain. UsageError with file, line and cure where one cannot be read."""
    number = 0
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            for number, text in enumerate(gzip.GzipFile(fileobj=raw) if packed else raw, 1):  # noqa: B007  # told on a fault
                if text.strip():
                    yield _line(text)
    except (OSError, EOFError, zlib.error) as failure:
        raise UsageError(
            f"{path}: cannot be read ({failure}); give a recording as .jsonl or .jsonl.gz"
        ) from failure
    except msgspec.MsgspecError as failure:
        raise UsageError(f"{path}:{number}: not a line of a recording ({failure})") from failure


def merged(paths: Sequence[Path], ended: set[int]) -> Iterator[tuple[int, Line]]:
    """(index of its file, line) of several files in the order of time; untimed lines keep the order of files.

    `ended` takes the indices of files of which no line is left.
    """

    def keyed(index: int, path: Path) -> Iterator[tuple[int, int, Line]]:
        last = 0
        for line in read(path):
            last = max(last, line.t or 0)
            yield last, index, line
        ended.add(index)

    streams = [keyed(index, path) for index, path in enumerate(paths)]
    for _, index, line in heapq.merge(*streams, key=lambda one: one[:2]):
        yield index, line


class Recorder:
    """Writes one connection to a file; `close()` makes it whole. Lines are handed to gzip as they come."""

    def __init__(self, path: Path, venue: str = "", product: str = "") -> None:
        """`venue` and `product` stand in answers by REST: several venues share paths, and hosts may be overridden."""
        self.venue, self.product = venue, product
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._raw = path.open("xb")
        self._file = io.BufferedWriter(gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=4, mtime=0))
        self._encode = msgspec.json.Encoder().encode
        self.lines = 0

    def write(self, line: Line) -> None:
        """Keep a line."""
        self._file.write(self._encode(line) + b"\n")
        self.lines += 1

    def opened(self, url: str, now: int, session: Session) -> None:
        """The socket stands. The line says whose it is and what it was opened for."""
        self.write(self._event("open", now, url, session))

    def closed(self, url: str, why: str, now: int, session: Session) -> None:
        """The socket is gone, or never came to be."""
        line = self._event("close", now, url, session)
        line.why = why
        self.write(line)

    def dropped(self, url: str, native: str, why: str, now: int, session: Session) -> None:
        """A pair is about to leave the connection; the others stay."""
        line = self._event("drop", now, url, session)
        line.msg, line.why = native, why
        self.write(line)

    def _event(self, event: str, now: int, url: str, session: Session) -> Line:
        venue, keeper = session.keeper.venue, session.keeper
        pairs = [pair.native for pair in session.pairs.values()]
        return Line(
            now,
            "ws",
            "out",
            url,
            ev=event,
            venue=venue.name,
            product=venue.product,
            route=keeper.route,
            seed=keeper.seed,
            pairs=pairs,
        )

    def pinged(self, url: str, now: int) -> None:
        """A PING frame came in."""
        self.write(Line(now, "ws", "in", url, ev="ping"))

    def received(self, url: str, frame: bytes, now: int) -> None:
        try:
            self.write(Line(now, "ws", "in", url, frame.decode()))
        except UnicodeDecodeError:
            self.write(Line(now, "ws", "in", url, b64=base64.b64encode(frame).decode()))

    def sent(self, url: str, text: str, now: int) -> None:
        self.write(Line(now, "ws", "out", url, text))

    def fetched(self, url: str, status: int, body: bytes, now: int) -> None:
        text = body.decode("utf-8", "replace")
        line = Line(now, "http", "in", url, text, status=status, venue=self.venue, product=self.product)
        self.write(line)

    def close(self) -> None:
        """Finish the file."""
        if not self._raw.closed:
            self._file.close()
            self._raw.close()
