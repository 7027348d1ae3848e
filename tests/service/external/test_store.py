"""Points outlive a restart, no more of them than are wanted, and a file that is none is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import UsageError
from service.external.settings import ExternalSettings
from service.external.store import Store

NOW = 1_790_000_000_000_000_000


def push(store: Store, name: str, value: float, now: int) -> None:
    store.put(store.external.take(store.external.read(name, {"value": value, "help": "h"}, now), now))


def test_the_newest_of_each_is_there_again(tmp_path: Path) -> None:
    settings = ExternalSettings(keep=150)
    store = Store(tmp_path / "deep" / "x.sqlite", settings)
    for k in range(300):
        push(store, "a", k, NOW + k)
    push(store, "b", 7, NOW)
    store.close()
    again = Store(tmp_path / "deep" / "x.sqlite", settings)
    found = {one.name: one for one in again.external.series.values()}
    assert (found["a"].values, found["a"].t, found["a"].help) == ({"": 299}, NOW + 299, "h")
    assert found["b"].values == {"": 7}
    points = again.points(found["a"], 0, 1000)
    assert [point["t"] - NOW for point in points] == list(range(150, 300))
    assert points[-1]["values"] == {"value": 299}
    assert len(again.points(found["a"], NOW + 290, 3)) == 3
    again.close()


def test_a_file_that_is_none_is_told_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("this is no database, and it is longer than a header of one would be" * 20)
    with pytest.raises(UsageError, match=r"external\.database"):
        Store(tmp_path / "x", ExternalSettings())
    with pytest.raises(UsageError, match="cannot be kept there"):
        Store(tmp_path / "x" / "y", ExternalSettings())


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "x", ExternalSettings())
    store._connection.execute("pragma user_version = 99")
    store._connection.commit()
    store.close()
    with pytest.raises(UsageError, match="another version"):
        Store(tmp_path / "x", ExternalSettings())
