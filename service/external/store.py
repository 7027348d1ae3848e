"""What outlives a restart: the points of each series, the newest `keep` of them, in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from connectors.errors import UsageError

from .series import External, Series
from .settings import ExternalSettings

SCHEMA = 1
PRUNE_EVERY = 100  # points of a series
_TABLE = """
create table if not exists points (
    seq integer primary key autoincrement, series text not null, t integer not null, received integer not null,
    said text not null, help text not null);
create index if not exists by_series on points (series, seq);
"""


class Store:
    """Series with their past in one file, or in memory where `path` is None. UsageError where it is not usable.

    `external` holds what is newest. `put` and `points` may be called from any thread.
    """

    def __init__(self, path: Path | None, settings: ExternalSettings) -> None:
        self.path, self.keep = path, settings.keep
        self.external = External(settings)
        self._lock = Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=5)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
            (version,) = self._connection.execute("pragma user_version").fetchone()
            if version in (0, SCHEMA):
                self._connection.executescript(_TABLE)
                self._connection.execute(f"pragma user_version = {SCHEMA}")
        except (sqlite3.Error, OSError) as failure:
            raise UsageError(
                f"{path}: pushed series cannot be kept there ({failure}); move the file away, or set external.database"
            ) from failure
        if version not in (0, SCHEMA):
            raise UsageError(
                f"{path}: series of another version ({version}, not {SCHEMA}); move the file away"
            )
        self.external.series.update((one.key, one) for one in self.last())

    def put(self, one: Series) -> None:
        """Keep a point."""
        name = _spelled(one)
        row = (name, one.t, one.received, orjson.dumps(one.values).decode(), one.help)
        with self._lock, self._connection as connection:
            connection.execute(
                "insert into points (series, t, received, said, help) values (?, ?, ?, ?, ?)", row
            )
            if one.points % PRUNE_EVERY == 0 or one.points > self.keep:
                connection.execute(
                    "delete from points where series = ? and seq <= (select seq from points where series = ? "
                    "order by seq desc limit 1 offset ?)",
                    (name, name, self.keep),
                )

    def last(self) -> Iterator[Series]:
        """The newest point of each series, and how many it has."""
        with self._lock, closing(self._connection.cursor()) as cursor:
            rows = cursor.execute(
                "select series, t, received, said, help, count(*), max(seq) from points group by series order by series"
            ).fetchall()
        for series, t, received, said, help, count, _ in rows:
            name, labels = orjson.loads(series)
            found = tuple((label, value) for label, value in labels)
            yield Series(name, found, orjson.loads(said), t, received, help, count)

    def points(self, one: Series, since: int, most: int) -> list[dict[str, Any]]:
        """The newest `most` points at or after `since` (ns), oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "select t, said from points where series = ? and t >= ? order by seq desc limit ?",
                (_spelled(one), since, most),
            ).fetchall()
        return [
            {"t": t, "values": {field or "value": value for field, value in orjson.loads(said).items()}}
            for t, said in reversed(rows)
        ]

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()


def _spelled(one: Series) -> str:
    return orjson.dumps([one.name, one.labels]).decode()
