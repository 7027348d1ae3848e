"""What is kept: over restarts, in bounds, and for one service alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from connectors.errors import UsageError
from service.alerts import store as module
from service.alerts.silences import Silence
from service.alerts.store import Store
from tests.support.alerting import Bench, rule


def record(number: int = 0) -> dict[str, object]:
    bench = Bench(rule())
    bench.set(lean=0.9)
    return bench.records[0] | {"id": str(number)}


SILENCE = Silence("s", {"venue": "okx"}, 1, 2, "ada", "maintenance")


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "alerts.sqlite"
    store = Store(path)
    store.happened("fired", record(1), 10, active=True)
    store.happened("fired", record(2), 11, active=True)
    store.happened("resolved", record(2), 12, active=False)
    store.silence(SILENCE)
    store.bury({"t": 13, "sender": "x", "error": "http 500", "attempts": 8, "message": {}})
    store.close()
    again = Store(path)
    assert [row["id"] for row in again.active()] == ["1"]
    assert again.silences() == [SILENCE]
    assert [(row["t"], row["event"]) for row in again.history(10)] == [
        (12, "resolved"),
        (11, "fired"),
        (10, "fired"),
    ]
    assert again.dead()[0]["error"] == "http 500"
    again.unsilence("s")
    again.flush()
    assert again.silences() == []
    again.close()


def test_history_is_asked_in_pages_and_by_globs() -> None:
    store = Store(None)
    for number in range(5):
        store.happened("fired", record(number) | {"alert": f"Test{number}"}, number, active=True)
    store.flush()
    newest = store.history(2)
    assert [row["t"] for row in newest] == [4, 3]
    assert [row["t"] for row in store.history(9, before=newest[-1]["seq"])] == [2, 1, 0]
    assert [row["t"] for row in store.history(9, filters=[("alert", "Test[13]")])] == [3, 1]
    assert [row["t"] for row in store.history(9, filters=[("since", 3), ("venue", "bin*")])] == [4, 3]
    store.close()


def test_history_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRUNE_EVERY", 1)
    store = Store(None, history=5)
    for number in range(20):
        store.happened("fired", record(1), number, active=True)
    store.flush()
    store.happened("fired", record(1), 20, active=True)
    store.flush()
    assert [row["t"] for row in store.history(100)] == [20, 19, 18, 17, 16]
    store.close()


def test_what_is_too_much_is_counted_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    monkeypatch.setattr(Store, "_write_all", lambda self: None)
    store = Store(None)
    for number in range(5):
        store.keep(record(number), active=True)
    assert store.lost == 2


def test_a_disk_that_is_full_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(None)
    store.put("insert into nowhere values (1)")
    store.flush()
    store.keep(record(), active=True)
    store.flush()
    assert (store.failed, store.written) == (1, 1)
    store.close()


def test_one_file_belongs_to_one_service(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    store = Store(path)
    with pytest.raises(UsageError, match=r"another Steelyard.*alerts\.database"):
        Store(path)
    store.close()
    Store(path).close()


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    path.write_text("no database at all, " * 100)
    with pytest.raises(UsageError, match="not a database"):
        Store(path)
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as connection:
        connection.execute("pragma user_version = 9")
    connection.close()
    with pytest.raises(UsageError, match="another version"):
        Store(newer)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be kept"):
        Store(tmp_path / "file" / "alerts.sqlite")
