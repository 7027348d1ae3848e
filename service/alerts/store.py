"""What outlives a restart: active alerts, silences, the history and dead letters, in one SQLite file.

A thread writes; the event loop only hands over, and never waits. What is handed over waits in a bounded queue; where it
is full the oldest state is not lost but written anew (`lost` tells the owner to hand all active alerts over again),
history entries are dropped and counted. Reading opens a connection of its own and is called in a thread.
"""

from __future__ import annotations

import fcntl
import queue
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

from connectors.errors import UsageError

from .records import Record
from .silences import Silence

SCHEMA = 1
MOST_WAITING = 10_000
MOST_DEAD = 1000
_PRUNE_EVERY = 200  # writes
_TABLES = """
create table if not exists active (id text primary key, body text not null) without rowid;
create table if not exists history (
    seq integer primary key autoincrement, t integer not null, alert text not null, event text not null,
    severity text not null, venue text not null, symbol text not null, body text not null);
create table if not exists silences (id text primary key, body text not null) without rowid;
create table if not exists dead (seq integer primary key autoincrement, t integer not null, body text not null);
"""
Operation = tuple[str, Sequence[Any]]
log = structlog.get_logger()
_serial = iter(range(1 << 62))


class Store:
    """One file, or memory where `path` is None. `history`: entries kept. UsageError where the file is not usable."""

    def __init__(self, path: Path | None, history: int = 10_000) -> None:
        self.path, self.most_history = path, history
        self.lost = self.written = self.failed = 0
        self._queue: queue.Queue[Operation | threading.Event | None] = queue.Queue(MOST_WAITING)
        self._lock = _locked(path) if path is not None else None
        self._uri = (
            f"file:steelyard-alerts-{next(_serial)}?mode=memory&cache=shared"
            if path is None
            else path.absolute().as_uri()
        )
        try:
            self._connection = self._open()
            self._prepare()
        except sqlite3.Error as failure:
            self._unlock()
            raise UsageError(
                f"{path}: alerts cannot be kept there ({failure}); move the file away, or set alerts.database"
            ) from failure
        self._thread = threading.Thread(target=self._write_all, name="alerts-store", daemon=True)
        self._thread.start()

    def _prepare(self) -> None:
        self._connection.executescript(_TABLES)
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version not in (0, SCHEMA):
            self._connection.close()
            self._unlock()
            raise UsageError(
                f"{self.path}: alerts of another version ({version}, not {SCHEMA}); move the file away"
            )
        self._connection.execute(f"pragma user_version = {SCHEMA}")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._uri, uri=True, check_same_thread=False, timeout=5, isolation_level=None
        )
        if self.path is not None:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
        return connection

    # -- writing: called on the event loop ---------------------------------------------------------------------

    def put(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Have this written; counted in `lost` where too much waits already."""
        try:
            self._queue.put_nowait((sql, values))
        except queue.Full:
            self.lost += 1

    @property
    def waiting(self) -> int:
        """Writes that wait for the thread."""
        return self._queue.qsize()

    def happened(self, event: str, record: Record, now: int, *, active: bool) -> None:
        """Keep what happened, and how the alert stands now."""
        labels = record["labels"]
        self.put(
            "insert into history (t, alert, event, severity, venue, symbol, body) values (?, ?, ?, ?, ?, ?, ?)",
            (
                *(now, record["alert"], event, record["severity"]),
                *(labels.get("venue", ""), labels.get("symbol", ""), _text(record)),
            ),
        )
        self.keep(record, active=active)

    def keep(self, record: Record, *, active: bool) -> None:
        """How an alert stands now; one that is over is kept in the history alone."""
        if active:
            self.put("insert or replace into active values (?, ?)", (record["id"], _text(record)))
        else:
            self.put("delete from active where id = ?", (record["id"],))

    def silence(self, one: Silence) -> None:
        body = {name: getattr(one, name) for name in ("id", "starts", "until", "who", "why")}
        body["matchers"] = dict(one.matchers)
        self.put("insert or replace into silences values (?, ?)", (one.id, _text(body)))

    def unsilence(self, id: str) -> None:
        self.put("delete from silences where id = ?", (id,))

    def bury(self, letter: Record) -> None:
        """Keep a message that was not delivered."""
        self.put("insert into dead (t, body) values (?, ?)", (letter["t"], _text(letter)))

    def flush(self) -> None:
        """Wait until all that was handed over is written. Not for the event loop."""
        done = threading.Event()
        self._queue.put(done)
        done.wait(10)

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join(10)
        self._connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _write_all(self) -> None:
        """The thread: everything that waits in one transaction, then wait again."""
        while True:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            operations = [one for one in waiting if isinstance(one, tuple)]
            if operations:
                self._write(operations)
            for one in waiting:
                if isinstance(one, threading.Event):
                    one.set()
            if None in waiting:
                return

    def _write(self, operations: list[Operation]) -> None:
        try:
            self._connection.execute("begin immediate")
            for sql, values in operations:
                self._connection.execute(sql, values)
            if self.written // _PRUNE_EVERY != (self.written + len(operations)) // _PRUNE_EVERY:
                self._prune()
            self._connection.execute("commit")
            self.written += len(operations)
        except sqlite3.Error as failure:  # a full disk, most likely: alerts go on being told
            self.failed += len(operations)
            log.error("alerts not kept", file=str(self.path), reason=str(failure))  # noqa: TRY400  # no bug of ours
            if self._connection.in_transaction:
                self._connection.execute("rollback")

    def _prune(self) -> None:
        for table, most in (("history", self.most_history), ("dead", MOST_DEAD)):
            self._connection.execute(
                f"delete from {table} where seq <= (select max(seq) from {table}) - ?",  # noqa: S608  # our own words
                (most,),
            )

    # -- reading: in a thread, or before the service begins ------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(self._open()) as connection:
            yield connection

    def active(self) -> list[Record]:
        """Alerts that were active when it was last written."""
        with self._reading() as connection:
            return [
                orjson.loads(body) for (body,) in connection.execute("select body from active order by id")
            ]

    def silences(self) -> list[Silence]:
        with self._reading() as connection:
            rows = connection.execute("select body from silences order by id")
            return [Silence(**orjson.loads(body)) for (body,) in rows]

    def history(self, limit: int, before: int = 0, filters: Iterable[tuple[str, Any]] = ()) -> list[Record]:
        """The newest entries first, at most `limit`; `before` a `seq`. Filters: column (or `since`) and glob."""
        clauses: list[str] = ["(? = 0 or seq < ?)"]
        values: list[Any] = [before, before]
        for name, glob in filters:
            if name == "since":
                clauses.append("t >= ?")
            else:
                clauses.append(f"{name} glob ?")
            values.append(glob)
        sql = (
            f"select seq, t, event, body from history where {' and '.join(clauses)} order by seq desc limit ?"  # noqa: S608  # column names are ours
        )
        with self._reading() as connection:
            rows = connection.execute(sql, (*values, limit)).fetchall()
        return [
            {"seq": seq, "t": t, "event": event, "alert": orjson.loads(body)} for seq, t, event, body in rows
        ]

    def dead(self, limit: int = MOST_DEAD) -> list[Record]:
        """Messages that were not delivered, newest first."""
        with self._reading() as connection:
            rows = connection.execute("select seq, body from dead order by seq desc limit ?", (limit,))
            return [{"seq": seq} | orjson.loads(body) for seq, body in rows]


def _text(body: Record) -> str:
    return orjson.dumps(body).decode()


def _locked(path: Path) -> TextIO:
    """Nobody else may write there: two services would take each other's alerts for their own."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("w", encoding="utf-8")
    except OSError as failure:
        raise UsageError(
            f"{path}: alerts cannot be kept there ({failure.strerror}); set alerts.database"
        ) from failure
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        lock.close()
        raise UsageError(
            f"{path}: another Steelyard keeps its alerts there; set alerts.database"
        ) from failure
    return lock
