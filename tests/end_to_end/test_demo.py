"""The demo from its start to its end, with a simulated venue killed on the way; then its recording, replayed.

One process plays the whole story, as starting it costs more than all that is asked of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import Running, alive, command

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.processes,
]
VICTIM = "okx"


@dataclass
class Story:
    """What was seen of a demo, in the order of its life."""

    folder: Path
    out: Path
    live_after: float = 0.0
    books: list[Any] = field(default_factory=list)
    metrics: bytes = b""
    lost_after: float = 0.0
    while_dead: dict[str, Any] = field(default_factory=dict)
    others_live: bool = False
    dead_readings: list[Any] = field(default_factory=list)
    dead_metrics: str = ""
    live_again_after: float = 0.0
    stopped_after: float = 0.0
    exit_code: int | None = None
    log: str = ""
    pids: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = tmp_path_factory.mktemp("demo")
    told = Story(home / "recorded", home / "A")
    arguments = ("demo", "--record", told.folder, "--out", told.out, "--every", "1s")
    with Running(*arguments, home=home) as demo:
        demo.wait_until(lambda: demo.get("/livez")[0] == 200, 60, "the API answers")
        told.live_after = demo.wait_until(demo.live, 40, "all books are live")
        told.pids += [*demo.simulators().values(), demo.process.pid]
        told.books = demo.json("/api/v1/symbols?watched=true")["symbols"]
        told.metrics = demo.get("/metrics")[1]

        os.kill(demo.simulators()[VICTIM], signal.SIGKILL)
        told.lost_after = demo.wait_until(lambda: demo.venues()[VICTIM]["live"] == 0, 10, "the loss is told")
        told.while_dead = demo.venues()[VICTIM]
        told.others_live = demo.live(VICTIM)
        told.dead_readings = demo.json(f"/api/v1/readings?venue={VICTIM}")["readings"]
        told.dead_metrics = demo.get("/metrics")[1].decode()
        told.live_again_after = demo.wait_until(demo.live, 60, "the venue is back")
        time.sleep(1.5)
        told.pids += demo.simulators().values()

        told.stopped_after = demo.terminate()
        told.exit_code = demo.process.returncode
        told.log = demo.log
    return told


def test_all_books_go_live(story: Story) -> None:
    assert story.live_after < 20
    assert len({one["venue"] for one in story.books}) == 6
    assert len(story.books) == 20
    text = story.metrics.decode()
    for symbol in ("BTC-USDT", "BTC-USD", "ETH-USD", "BTC-USDT-PERP", "BTC-USD-PERP:BTC"):
        assert (
            f'venue="consolidated",market="{"perp" if "PERP" in symbol else "spot"}",symbol="{symbol}"'
            in text
        )


def test_metrics_are_what_prometheus_reads(story: Story, needs_program: Callable[[str], str]) -> None:
    found = subprocess.run(
        [needs_program("promtool"), "check", "metrics"],
        input=story.metrics,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def lines_of(metrics: str, family: str, venue: str) -> list[str]:
    return [line for line in metrics.splitlines() if line.startswith(f'{family}{{venue="{venue}"')]


def test_a_dead_venue_has_no_values(story: Story) -> None:
    assert story.lost_after < 5
    assert story.while_dead["reasons"]
    assert lines_of(story.metrics.decode(), "obi_queue_imbalance_ratio", VICTIM)
    assert lines_of(story.dead_metrics, "obi_queue_imbalance_ratio", "kraken")
    for family in ("obi_queue_imbalance_ratio", "obi_best_price", "obi_spread_ratio", "obi_depth_base"):
        assert not lines_of(story.dead_metrics, family, VICTIM)
    assert len(story.dead_readings) == 4
    for reading in story.dead_readings:
        assert reading["state"] != "live"
        assert reading["reason"]
        assert set(reading["values"].values()) == {None}


def test_the_others_do_not_notice(story: Story) -> None:
    assert story.others_live
    lost = [json.loads(line) for line in story.log.splitlines() if '"book lost"' in line]
    before_the_end = [one for one in lost if one["reason"] != "disconnected" or one["venue"] == VICTIM]
    assert {one["venue"] for one in before_the_end} == {VICTIM}


def test_the_venue_comes_back(story: Story) -> None:
    assert story.live_again_after < 40


def test_it_stops_cleanly(story: Story) -> None:
    assert story.exit_code == 0
    assert story.stopped_after < 10
    assert "Traceback" not in story.log
    for line in story.log.splitlines():
        said = json.loads(line)
        assert said["level"] in ("info", "warning"), line
    assert [pid for pid in story.pids if alive(pid)] == []


def replayed(files: list[Path], every: str, home: Path, *more: object) -> bytes:
    out = home / "B"
    done = command("replay", *files, "--every", every, "--out", out, *more, home=home)
    assert (done.returncode, done.stderr) == (0, "")
    return out.read_bytes()


def differing(one: bytes, other: bytes) -> list[tuple[bytes, bytes]]:
    """The first lines that differ, for a message that can be read."""
    lines = one.splitlines(), other.splitlines()
    found = [(a, b) for a, b in zip(*lines, strict=False) if a != b][:2]
    return found or [(b"lines", f"{len(lines[0])} {len(lines[1])}".encode())][: one != other]


def test_the_recording_replays_to_the_same_rows(story: Story, tmp_path: Path) -> None:
    """Byte for byte, though a venue was killed while it was written."""
    live = story.out.read_bytes()
    assert live.count(b"\n") > 100
    assert not story.out.with_name("A.part").exists()
    assert differing(replayed(sorted(story.folder.iterdir()), "1s", tmp_path), live) == []


def test_the_recording_verifies(story: Story, tmp_path: Path) -> None:
    files = sorted(story.folder.glob("*.jsonl.gz"))
    done = command("verify", *files, "--json", home=tmp_path)
    books = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(books) == 20
    for book in books:
        assert book["state"] == "live", book
        assert (book["gaps"], book["checksums_failed"]) == (0, 0), book
        if book["venue"] != VICTIM:
            assert book["resyncs"] == 0, book
    assert done.returncode == 0


def test_rows_by_messages_replay_too(tmp_path: Path) -> None:
    """Steps counted in messages, and a demo that ends by itself."""
    folder, out = tmp_path / "recorded", tmp_path / "A"
    done = command(
        "demo", "--seconds", 7, "--port", 0, "--record", folder, "--out", out, "--every", "20n", home=tmp_path
    )
    assert done.returncode == 0, done.stderr[-2000:]
    live = out.read_bytes()
    assert live.count(b"\n") >= 10
    assert differing(replayed(sorted(folder.iterdir()), "20n", tmp_path), live) == []
    narrow = replayed(sorted(folder.iterdir()), "20n", tmp_path, "--metrics", "queue_imbalance,depth.*")
    keys = {key for line in narrow.splitlines() for key in json.loads(line)["values"]}
    assert "queue_imbalance" in keys
    assert any(key.startswith("depth.base") for key in keys)
    assert not any(key.startswith("spread") for key in keys)
