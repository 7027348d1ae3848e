"""The benchmark on a few messages: what it counts and refuses. No time is asserted but shares that add up."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import UsageError
from service import bench
from service.bench_scrape import scraped
from service.bench_streams import CAPTURES, KINDS, LEVELS, made_up, opened
from service.engine import Engine
from service.plan import Plan

SCRAPE = {
    "whole": 9.6,
    "writing": 5.9,
    "generate_latest": 101.0,
    "series": 10_030,
    "books": 67,
    "share": 0.058,
}


@pytest.mark.parametrize("name", KINDS)
def test_a_stream_is_measured_by_parts(name: str) -> None:
    found = bench.measure(made_up(KINDS[name], 40, levels=50), rounds=3)
    assert found["messages"] == 40
    assert not found["recorded"]
    assert found["fastest"] <= found["microseconds"] <= found["slowest"]
    assert sum(found["shares"].values()) == pytest.approx(1)


def test_readings_are_stored_for_every_message() -> None:
    stream = made_up(KINDS["coinm"], 40, levels=50)
    engine = Engine(Plan())
    session = opened(stream.kind, [stream.native], stream.snapshot, engine)
    (book,) = engine.books.values()
    assert bench.feed(session, stream.frames, stream.kind.interval) > 0
    bench.check(session, 40)
    assert (book.applied, book.state) == (40, "live")
    values = dict(zip((output.name for output in engine.outputs), book.values(book.received), strict=True))
    assert values["book_messages.messages"] == 40
    assert -1 <= values["queue_imbalance"] <= 1


def test_a_book_that_missed_a_message_has_no_figure() -> None:
    stream = made_up(KINDS["usdm"], 10, levels=50)
    session = opened(stream.kind, [stream.native], stream.snapshot, None)
    bench.feed(session, stream.frames[:4] + stream.frames[5:], 100)
    with pytest.raises(UsageError, match=r"no figure: 4 of 10 .* lost gap"):
        bench.check(session, 10)


def test_many_books_each_take_their_own_messages() -> None:
    crowd = bench.Crowd("coinm", 130, 50)
    assert len(crowd.sessions) == 3  # as many symbols on a connection as the venue allows
    assert crowd.at_random(200) > 0
    crowd.kilobytes()  # what it says is tested in a process of its own: this one may have had room for them
    crowd.expected += 1
    with pytest.raises(UsageError, match=r"330 of 331"):
        crowd.kilobytes()
    gc.unfreeze()


def test_a_book_of_a_thousand_levels_weighs_less_than_100_kb() -> None:
    fresh, _ = bench.apart(bench.weight, "coinm", 300, 0)
    assert fresh < 100, f"{fresh:.0f} kB a book of {LEVELS} levels a side"


def test_core_and_collector_are_left_as_they_were() -> None:
    before = gc.get_threshold(), os.sched_getaffinity(0)
    with bench.steady() as core:
        assert os.sched_getaffinity(0) == {core}
        assert gc.get_threshold() == (50_000, 20, 100)
    assert (gc.get_threshold(), os.sched_getaffinity(0)) == before


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole command on next to nothing."""
    monkeypatch.delenv(CAPTURES, raising=False)
    monkeypatch.setattr(
        bench,
        "streams",
        lambda captures, quick: {name: made_up(kind, 20, 50) for name, kind in KINDS.items()},
    )
    monkeypatch.setattr(bench, "BOOKS", (1, 2))
    monkeypatch.setattr(bench, "DEPTHS", (50,))
    monkeypatch.setattr(
        bench,
        "apart",
        lambda work, *given: SCRAPE if work is scraped else 1.0 if given[3:] else (2.0, 3.0),
    )


@pytest.mark.usefixtures("tiny")
def test_text_and_json_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    bench.run(as_json=True, quick=False)
    report = json.loads(capsys.readouterr().out)
    assert set(report["streams"]) == set(KINDS)
    assert report["scaling"]["usdm"] == {
        "books": {"1": 1.0, "2": 1.0},
        "levels": {"50": 1.0},
        "kilobytes_a_book": 2.0,
        "kilobytes_after_a_minute": 3.0,
    }
    text = bench.text(report)
    assert f"made-up ({CAPTURES} is not set)" in text
    assert "2 kB, 3 kB when a minute of messages is in its windows" in text
    assert "No comparison with peers" in text
    assert "10,030 series of 67 books" in text
    assert "5.8% of it" in text


def compared(wrong: bool) -> dict[str, Any]:
    def figure(name: str, spent: float, ratios: dict[str, float]) -> dict[str, Any]:
        return {"candidate": name, "microseconds": spent, "ratios": ratios, "wrong": ["ofi"] if wrong else []}

    figures = [
        figure("steelyard", 2.0, {"cryptofeed": 26.5}),
        figure("cryptofeed", 50.0, {"steelyard": 0.04}),
    ]
    return {"absent": {"ccxt": "not installed"}, "results": [{"stream": "usdm", "figures": figures}]}


def test_figures_of_the_peers_stand_beside_ours() -> None:
    tls = {"absent": {}, "microseconds": {"usdm": {"steelyard": 4.0, "cryptofeed": 80.0}}}
    lines = "\n".join(
        bench._peers_text({"stale": True, "in_process": compared(wrong=False), "over_tls": tls})
    )
    assert bench.STALE in lines
    assert "50.00 (steelyard: 26.5 x)" in lines
    assert "80.00 (steelyard: 20.0 x)" in lines
    assert "ccxt: not installed" in lines


def test_a_candidate_with_wrong_values_has_no_figure() -> None:
    assert bench._figures(compared(wrong=True)) == {"usdm": {}}


def test_why_there_is_no_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bench, "PEERS", tmp_path / ".venv-peers" / "bin" / "python")
    assert "source checkout" in bench.beside_peers(tmp_path, quick=True)["absent"]
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "compare.py").touch()
    assert "make bench-peers" in bench.beside_peers(tmp_path, quick=True)["absent"]
    bench.PEERS.parent.mkdir(parents=True)
    bench.PEERS.touch()
    assert CAPTURES in bench.beside_peers(None, quick=True)["absent"]


def test_the_peers_run_apart_and_their_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    monkeypatch.setattr(bench, "PEERS", python)
    monkeypatch.setattr(bench, "CHECKOUT", tmp_path)
    for script, found in (("echo '{\"a\": 1}'", {"a": 1}), ("echo broken >&2; exit 2", {"failed": "broken"})):
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        assert bench._peers("compare") == found


def test_a_changed_source_makes_the_peers_environment_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bench, "PEERS", tmp_path / ".venv-peers" / "bin" / "python")
    for folder in (tmp_path, tmp_path / ".venv-peers" / "lib" / "python3.13" / "site-packages"):
        for package in ("connectors", "service"):
            (folder / package).mkdir(parents=True)
            (folder / package / "a.py").write_text("a = 1\n")
    assert not bench.stale()
    (tmp_path / "service" / "a.py").write_text("a = 2\n")
    assert bench.stale()
