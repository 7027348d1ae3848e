"""What the benchmark measures on: recorded frames, and made-up ones that a plain book finds right."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import pytest

from connectors.errors import UsageError
from service.bench_streams import KINDS, MadeUp, made_up, recorded, streams
from tests.support.captures import capture

DEPTH = (
    '{"stream":"s","data":{"e":"depthUpdate","E":2,"T":1,"s":"BTCUSDT","U":%d,"u":%d,"pu":%d,"b":[],"a":[]}}'
)


def line(kind: str, message: str) -> str:
    return json.dumps(
        {"t": 1, "ch": kind, "dir": "in", "url": "wss://fstream.binance.com/stream", "msg": message}
    )


def test_a_recording_begins_with_the_frame_that_joins_its_snapshot(tmp_path: Path) -> None:
    path = tmp_path / KINDS["usdm"].file
    path.parent.mkdir()
    snapshot = '{"lastUpdateId":20,"bids":[],"asks":[]}'
    frames = [DEPTH % (10 * n, 10 * n + 9, 10 * n - 1) for n in range(1, 5)]
    trade = '{"stream":"s","data":{"e":"aggTrade"}}'
    lines = [
        line("ws", frames[0]),
        line("http", snapshot),
        line("ws", trade),
        *(line("ws", one) for one in frames[1:]),
    ]
    path.write_text("\n".join(lines))
    stream = recorded(KINDS["usdm"], tmp_path)
    assert [frame.decode() for frame in stream.frames] == frames[1:]
    assert stream.snapshot.decode() == snapshot
    assert len(recorded(KINDS["usdm"], tmp_path, 2).frames) == 2
    path.write_text(line("ws", frames[0]))
    with pytest.raises(UsageError, match="no snapshot"):
        recorded(KINDS["usdm"], tmp_path)


def test_captures_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        streams(tmp_path / "nowhere", quick=True)


@pytest.mark.parametrize("name", KINDS)
def test_made_up_messages_are_of_the_recorded_size(name: str) -> None:
    kind = KINDS[name]
    capture(kind.file.removesuffix(".jsonl.gz"))  # skips where there are no captures
    real = recorded(kind, capture(kind.file.removesuffix(".jsonl.gz")).parents[1], 500)
    assert mean(map(len, made_up(kind, 500).frames)) == pytest.approx(mean(map(len, real.frames)), rel=0.25)


@pytest.mark.parametrize("name", KINDS)
def test_a_made_up_book_keeps_its_depth_and_never_crosses(name: str) -> None:
    stream = made_up(KINDS[name], 200, levels=100)
    image = json.loads(stream.snapshot)
    sides = {
        side: {float(price): size for price, size in image[long]}
        for side, long in (("b", "bids"), ("a", "asks"))
    }
    assert [len(levels) for levels in sides.values()] == [100, 100]
    last = image["lastUpdateId"]
    for frame in stream.frames:
        message = json.loads(frame)["data"]
        assert message["pu"] == last
        last = message["u"]
        for side, levels in sides.items():
            for price, size in message[side]:
                levels[float(price)] = size
                if float(size) == 0:
                    del levels[float(price)]
        assert max(sides["b"]) < min(sides["a"])
    assert all(80 <= len(levels) <= 125 for levels in sides.values())


def test_the_same_seed_makes_the_same_messages_for_each_book() -> None:
    first, second = (MadeUp(KINDS["coinm"], 50) for _ in range(2))
    assert [first.frame(one) for one in "ABA"] == [second.frame(one) for one in "ABA"]
