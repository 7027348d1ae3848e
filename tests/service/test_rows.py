"""Rows of readings: when they are written, what they hold, and that a file is there whole or not at all."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from connectors.errors import UsageError
from service.rows import Rows, Step, check, chosen, writing
from simulator.faults import Disconnect
from tests.support.link import SECOND, Link
from tests.support.street import A, B, Street


@pytest.mark.parametrize(
    ("text", "count", "interval"),
    [
        ("250n", 250, 0),
        ("1s", 0, SECOND),
        ("100ms", 0, SECOND // 10),
        ("0.5s", 0, SECOND // 2),
        ("2m", 0, 120 * SECOND),
    ],
)
def test_steps(text: str, count: int, interval: int) -> None:
    step = Step(text)
    assert (step.count, step.interval) == (count, interval)


@pytest.mark.parametrize("text", ["", "n", "0n", "-1s", "1", "1h", "1.5n", "0s", "0.1ms", "s", "1 s", "१s"])
def test_steps_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--every"):
        Step(text)


def written(every: str, metrics: list[str], seconds: float) -> tuple[Link, list[dict[str, object]]]:
    link = Link("okx", "public", levels=60, metrics=None)
    out = io.BytesIO()
    rows = Rows(link.engine, Step(every), metrics, out)
    rows.begin(link.now)
    link.timeline.watch(rows)
    link.start()
    link.run(seconds)
    link.inject(Disconnect())
    link.run(seconds)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert rows.written == len(found)
    return link, found


def test_rows_by_time_stand_on_its_multiples_for_every_book() -> None:
    link, rows = written("500ms", ["queue_imbalance"], 4.2)
    assert {row["t"] % (SECOND // 2) for row in rows} == {0}  # type: ignore[operator]  # times are numbers
    by_time: dict[object, list[object]] = {}
    for row in rows:
        by_time.setdefault(row["t"], []).append((row["market"], row["symbol"]))
    assert len(by_time) == 16
    assert all(
        sorted(those, key=str) == sorted(set(those), key=str) and len(those) == 3
        for those in by_time.values()
    )
    for row in rows:
        assert (row["state"] == "live") == (set(row["values"].values()) != {None})  # type: ignore[attr-defined]
    assert "lost" in {row["state"] for row in rows}
    assert link.all_live()


def test_rows_by_messages_come_with_every_nth_of_a_book() -> None:
    link, rows = written("5n", ["spread.*"], 5)
    for book in link.engine.books.values():
        assert sum(row["symbol"] == book.symbol for row in rows) == book.applied // 5
    assert all(row["state"] == "live" for row in rows)
    assert {key for row in rows for key in row["values"]} > {"spread.ratio"}  # type: ignore[attr-defined]


def test_metrics_are_chosen_by_key_name_or_glob() -> None:
    outputs = Link("okx", "public", levels=5, metrics=None).engine.outputs
    assert chosen(outputs, []) == [(place, output.name) for place, output in enumerate(outputs)]
    assert [name for _, name in chosen(outputs, ["spread.ratio"])] == ["spread.ratio"]
    assert {outputs[place].key for place, _ in chosen(outputs, ["depth*"])} == {
        "depth", "depth_concentration", "depth_imbalance", "depth_ratio",
    }  # fmt: skip
    with pytest.raises(UsageError, match=r"--metrics nope: no such metric; known are .*ofi"):
        check(outputs, Link("okx", "public", levels=5, metrics=None).engine.declarations, ["ofi", "nope"])


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with writing(str(path)) as out:
        assert out is not None
        out.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"

    def stopped() -> None:
        with writing(str(path)) as out:
            assert out is not None
            out.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [one.name for one in tmp_path.iterdir()] == ["rows"]
    assert path.read_bytes() == b"all"
    with writing(None) as out:
        assert out is None
    with pytest.raises(UsageError, match="cannot be written"), writing(str(tmp_path / "no" / "rows")):
        pass


@pytest.mark.parametrize(
    ("metrics", "symbols"),
    [
        ([], {"BTC-USDT", "ETH-USDT", "SOL-USDT"}),
        (["ofi"], {"BTC-USDT", "ETH-USDT", "SOL-USDT"}),
        (["contagion"], {"BTC-USDT", "ETH-USDT", "SOL-USDT", "a:ALL-USDT"}),
    ],
)
def test_a_basket_has_rows_where_its_metrics_are_asked_for(metrics: list[str], symbols: set[str]) -> None:
    made, out = Street(), io.BytesIO()
    rows = Rows(made.engine, Step("1s"), metrics, out)
    rows.begin(made.now)
    made.timeline.watch(rows)
    for symbol, book in (("BTC-USDT", A), ("ETH-USDT", B), ("SOL-USDT", A)):
        made.open("a", symbol, book=book)
    made.until(3)
    assert {json.loads(line)["symbol"] for line in out.getvalue().splitlines()} == symbols
