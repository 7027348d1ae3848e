"""Readings as JSON lines, one a book and step: what `run`, `demo` and `replay` write with `--out`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

import orjson

from connectors.book import NOWHERE
from connectors.errors import UsageError

from .across.basket import Basket
from .engine import Engine, Readings
from .metrics.declare import Declaration, Output

SECOND = 1_000_000_000
_STEP = re.compile(r"(?:(?P<count>[1-9]\d*)n|(?P<time>\d+(?:\.\d+)?)(?P<unit>ms|s|m))", re.ASCII)
UNITS = {"ms": 1_000_000, "s": SECOND, "m": 60 * SECOND}


class Step:
    """How often a row is written: each `count` applied messages of a book, or every `interval` ns."""

    def __init__(self, text: str) -> None:
        found = _STEP.fullmatch(text)
        if found is None:
            raise UsageError(
                f"--every {text}: give a number of messages such as 250n, or an interval such as 1s or 100ms"
            )
        self.count = int(found["count"] or 0)
        self.interval = round(float(found["time"] or 0) * UNITS[found["unit"] or "s"])
        if not self.count and self.interval < 1_000_000:
            raise UsageError(f"--every {text}: an interval is at least 1ms")


class Rows:
    """Writes rows of an engine. It watches a timeline, so that a row holds all that came up to its time.

    A basket of symbols is no book of its own: it has rows where its metrics are asked for by name.
    """

    def __init__(self, engine: Engine, step: Step, metrics: Sequence[str], out: BinaryIO) -> None:
        """`metrics` are keys or globs; none means all."""
        self.engine, self.step, self.out = engine, step, out
        self.metrics = list(metrics)
        check(engine.outputs, engine.declarations, metrics)
        self._wanted: dict[int, tuple[Sequence[Output], list[tuple[int, str]]]] = {}
        self.next = NOWHERE
        self.written = 0
        self._applied: dict[int, int] = {}
        if step.count:
            engine.listen(self._changed)

    def begin(self, now: int) -> None:
        """The clock starts: boundaries are multiples of the interval."""
        if self.step.interval and self.next == NOWHERE:
            self.next = (now // self.step.interval + 1) * self.step.interval

    def deadline(self) -> int:
        """When the next rows are due (ns)."""
        return self.next

    def timer(self, now: int) -> None:
        """Write a row for each book that was ever live, in the order of their names."""
        self.next = now + self.step.interval
        for key in sorted(self.engine.books):
            book = self.engine.books[key]
            if book.applied:
                self._write(book, now)

    def _changed(self, book: Readings) -> None:
        if (
            book.applied
            and book.applied % self.step.count == 0
            and self._applied.get(id(book)) != book.applied
        ):
            self._applied[id(book)] = book.applied
            self._write(book, book.received)

    def wanted(self, outputs: Sequence[Output]) -> list[tuple[int, str]]:
        """Place and name of what is written of a book with these outputs."""
        if id(outputs) not in self._wanted:
            self._wanted[id(outputs)] = (
                outputs,
                chosen(outputs, self.metrics),
            )  # kept, so that its id stays its own
        return self._wanted[id(outputs)][1]

    def _write(self, book: Readings, now: int) -> None:
        if isinstance(book, Basket) and not (self.metrics and self.wanted(book.outputs)):
            return
        values = book.values(now)
        self.out.write(
            orjson.dumps(
                {
                    "t": now,
                    "venue": book.venue,
                    "market": book.market,
                    "symbol": book.symbol,
                    "state": book.state,
                    "update_id": book.update_id,
                    "values": {
                        name: None if values[k] != values[k] else values[k]
                        for k, name in self.wanted(book.outputs)
                    },
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
        )
        self.written += 1


def _fits(output: Output, one: str) -> bool:
    return fnmatchcase(output.key, one) or fnmatchcase(output.name, one)


def check(outputs: Sequence[Output], declarations: Sequence[Declaration], metrics: Sequence[str]) -> None:
    """UsageError where a key or glob means nothing. Of metrics across venues there are no outputs before two came."""
    for one in metrics:
        head = one.partition("{")[0].partition(".")[0]
        later = any(
            declaration.group == "across" and fnmatchcase(declaration.key, head)
            for declaration in declarations
        )
        if not later and not any(_fits(output, one) for output in outputs):
            known = ", ".join(declaration.key for declaration in declarations)
            raise UsageError(f"--metrics {one}: no such metric; known are {known}")


def chosen(outputs: Sequence[Output], metrics: Sequence[str]) -> list[tuple[int, str]]:
    """Place and name of the outputs that some keys or globs mean; all where there are none."""
    return [
        (place, output.name)
        for place, output in enumerate(outputs)
        if not metrics or any(_fits(output, one) for one in metrics)
    ]


@contextmanager
def writing(path: str | None) -> Iterator[BinaryIO | None]:
    """The file to write rows to; `-` is standard output. It gets its name at the end, if all went well."""
    if path is None:
        yield None
        return
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = Path(path + ".part")
    try:
        out = part.open("wb")
    except OSError as failure:
        raise UsageError(f"--out {path}: cannot be written ({failure.strerror})") from failure
    try:
        yield out
    except BaseException:
        out.close()
        part.unlink(missing_ok=True)
        raise
    out.close()
    part.replace(path)
