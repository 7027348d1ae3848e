"""Every input goes into a file and comes out again as it was."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import all_venues
from connectors.errors import UsageError
from connectors.recording import Line, Recorder, merged, read
from connectors.session import Session
from connectors.sync import Pair

URL = "wss://ws.kraken.com/v2"


@given(frames=st.lists(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_frames_come_back_byte_for_byte(frames: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl.gz"
    path.unlink(missing_ok=True)
    writer = Recorder(path)
    for at, frame in enumerate(frames):
        writer.received(URL, frame, at)
    writer.close()
    found = list(read(path))
    assert [line.frame for line in found] == frames
    assert [line.t for line in found] == list(range(len(frames)))
    assert writer.lines == len(frames)


def test_a_connection_says_whose_it_is(tmp_path: Path) -> None:
    venue = all_venues()["binance", "usdm"]()
    session = Session(venue, "public", "7")
    session.add(Pair(venue, venue.infer("BTCUSDT")))
    writer = Recorder(tmp_path / "deep" / "some.jsonl.gz")
    writer.opened(URL, 1, session)
    writer.sent(URL, "ping", 2)
    writer.pinged(URL, 3)
    writer.fetched("https://x/depth?symbol=BTCUSDT", 429, b"slow down \xff", 4)
    writer.closed(URL, "connection lost", 5, session)
    writer.close()
    writer.close()
    opened, sent, ping, answer, closed = read(writer.path)
    assert (opened.ev, opened.venue, opened.product, opened.route, opened.seed, opened.pairs) == (
        "open", "binance", "usdm", "public", "7", ["BTCUSDT"],
    )  # fmt: skip
    assert (sent.dir, sent.msg, ping.ev) == ("out", "ping", "ping")
    assert (answer.ch, answer.status, answer.msg) == ("http", 429, "slow down \ufffd")
    assert (closed.ev, closed.why) == ("close", "connection lost")


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl.gz"
    Recorder(path).close()
    with pytest.raises(FileExistsError):
        Recorder(path)


def test_plain_and_packed_files_read_alike(tmp_path: Path) -> None:
    text = b'{"t":null,"ch":"ws","dir":"in","url":"u","msg":"{}"}\n\n{"t":5,"ch":"ws","dir":"in","url":"u","b64":"/w=="}'
    (tmp_path / "a.jsonl").write_bytes(text)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    plain = list(read(tmp_path / "a.jsonl"))
    assert plain == list(read(tmp_path / "a.jsonl.gz"))
    assert [line.frame for line in plain] == [b"{}", b"\xff"]


def test_files_are_merged_by_time_and_keep_their_own_order(tmp_path: Path) -> None:
    times: list[list[int | None]] = [[1, 5, 3, 9], [None, 2, 5], [4]]
    for index, those in enumerate(times):
        lines = [
            f'{{"t":{"null" if t is None else t},"ch":"ws","dir":"in","url":"{n}"}}\n'
            for n, t in enumerate(those)
        ]
        (tmp_path / f"{index}.jsonl").write_text("".join(lines))
    found = [(index, line.t) for index, line in merged([tmp_path / f"{n}.jsonl" for n in range(3)], set())]
    assert found == [(1, None), (0, 1), (1, 2), (2, 4), (0, 5), (0, 3), (1, 5), (0, 9)]


def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    good = Line(1, "ws", "in", URL, "{}")
    writer = Recorder(tmp_path / "good.jsonl.gz")
    writer.write(good)
    writer.close()
    assert list(read(writer.path)) == [good]
    path.write_text('{"t":1,"ch":"ws","dir":"in","url":"u"}\n{"t":2}\n')
    with pytest.raises(UsageError, match=r"bad\.jsonl:2: not a line of a recording"):
        list(read(path))
