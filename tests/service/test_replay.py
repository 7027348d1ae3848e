"""A recording replays to the rows that were written while it was made, byte for byte, whatever went wrong meanwhile."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import pytest

from connectors import all_venues
from connectors.errors import UnknownProtocol, UsageError
from connectors.recording import Recorder, read
from connectors.session import Session
from connectors.sync import STATES, Pair
from service.engine import Engine
from service.plan import Plan
from service.replay import Player
from service.rows import Rows, Step
from service.verify import is_clean, verify
from simulator.faults import (
    CrossedBook,
    Cut,
    Disconnect,
    Double,
    Drop,
    Fault,
    MalformedRest,
    RefuseConnection,
    RestStatus,
    ShutdownNotice,
    Silence,
    SlowRest,
    Swap,
)
from tests.support.link import SYMBOLS, Link

VENUES = sorted(SYMBOLS)
every_venue = pytest.mark.parametrize(("name", "product"), VENUES, ids=lambda one: one)
STORY: list[tuple[float, Fault]] = [
    (3, Drop()),
    (2, Double(count=2)),
    (2, Swap()),
    (2, Cut()),
    (1, CrossedBook(seconds=2)),
    (4, RefuseConnection(count=1)),
    (0, Disconnect()),
    (8, SlowRest(seconds=4)),
    (0, MalformedRest()),
    (0, RestStatus(status=429, retry_after=3)),
    (0, Drop()),
    (9, ShutdownNotice(seconds=6)),
    (12, Silence(seconds=30)),
    (45, Drop(frame="trade")),
    (10, Disconnect()),
    (3, Drop()),
]


def recorded(folder: Path, name: str, product: str, every: str, story: list[tuple[float, Fault]]) -> bytes:
    """Rows of a run with faults; its recording lies in `folder`."""
    link = Link(name, product, rate=4.0, levels=60, metrics=None, record=folder)
    out = io.BytesIO()
    rows = Rows(link.engine, Step(every), [], out)
    rows.begin(link.now)
    link.timeline.watch(rows)
    link.start()
    for wait, fault in story:
        link.run(wait)
        link.inject(dataclasses.replace(fault))
    link.run(12)
    link.stop()
    return out.getvalue()


def replayed(files: list[Path], every: str) -> bytes:
    engine = Engine(Plan(None))

    def made(pair: Pair, session: Session) -> None:
        engine.attach(pair)

    player = Player(files, made=made)
    out = io.BytesIO()
    player.watch(Rows(engine, Step(every), [], out))
    for _ in player.play():
        pass
    return out.getvalue()


def first_difference(one: bytes, other: bytes) -> Any:
    lines, others = one.splitlines(), other.splitlines()
    for number, (mine, theirs) in enumerate(zip(lines, others, strict=False)):
        if mine != theirs:
            return number, mine, theirs
    return None if len(lines) == len(others) else (len(lines), len(others))


@every_venue
@pytest.mark.parametrize("every", ["1s", "7n"])
def test_a_run_full_of_faults_replays_to_the_same_rows(
    name: str, product: str, every: str, tmp_path: Path
) -> None:
    live = recorded(tmp_path, name, product, every, STORY)
    # An image every five seconds gives few rows where it is images that are counted.
    few = every.endswith("n") and all_venues()[name, product].proof == "image"
    assert live.count(b"\n") > (2 if few else 25)
    assert live.count(b'"state":"live"') > (2 if few else 30)
    again = replayed(sorted(tmp_path.iterdir()), every)
    assert first_difference(live, again) is None


@every_venue
def test_a_calm_recording_verifies(name: str, product: str, tmp_path: Path) -> None:
    recorded(tmp_path, name, product, "1s", [(8, Double())])
    found = verify(sorted(tmp_path.glob("*.jsonl.gz")))
    assert [one["native"] for one in found] == list(SYMBOLS[name, product])
    assert all(is_clean(one) for one in found), found
    assert all(one["resyncs"] == 0 for one in found)


def test_a_venue_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl.gz"
    writer = Recorder(path)
    writer.received("wss://nowhere.example/ws", b'{"channel":"books_v9","data":[]}', 1)
    writer.close()
    with pytest.raises(UnknownProtocol, match=r"nowhere\.example.*books_v9"):
        list(Player([path]).play())
    with pytest.raises(UsageError, match="no venue 'krakn'"):
        Player([path], venue="krakn")
    with pytest.raises(UsageError, match="no market 'spto'"):
        Player([path], venue="kraken", market="spto")
    with pytest.raises(UsageError, match="no recording given"):
        Player([tmp_path / "x.instruments.jsonl.gz"])


def test_files_of_several_venues_are_merged_by_time(tmp_path: Path) -> None:
    for number, (name, product) in enumerate((("kraken", "spot"), ("okx", "public"))):
        recorded(tmp_path / str(number), name, product, "1s", [])
    files = sorted(tmp_path.rglob("*.jsonl.gz"))
    player = Player(files)
    times = list(player.play())
    assert times == sorted(times)
    assert {pair.venue.name for pair, _ in player.pairs} == {"kraken", "okx"}
    assert len(times) == sum(1 for path in files if "instruments" not in path.name for _ in read(path))
    books = [pair for pair, _ in player.pairs if pair.carries_book]
    assert books
    assert all(STATES[pair.state] in ("live", "lost") for pair in books)
