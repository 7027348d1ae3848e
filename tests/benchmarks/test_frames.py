"""Reading the captures for the comparison with the peers."""

import json
from pathlib import Path

import pytest

from benchmarks import frames
from tests.benchmarks import recorded


def test_stream_starts_with_the_frame_that_joins_the_snapshot(tmp_path: Path) -> None:
    recorded.capture(tmp_path)
    stream = frames.read("coinm", folder=tmp_path)
    assert [frame.decode() for frame in stream.frames] == recorded.MESSAGES
    assert json.loads(stream.snapshot_text) == recorded.SNAPSHOT
    assert stream.native == "ETHUSD_PERP"


def test_limit_cuts_the_stream(tmp_path: Path) -> None:
    recorded.capture(tmp_path)
    assert len(frames.read("coinm", folder=tmp_path, limit=2).frames) == 2


def test_missing_captures_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(frames.CAPTURES, raising=False)
    with pytest.raises(frames.CapturesMissingError, match=frames.CAPTURES):
        frames.read("coinm")
    with pytest.raises(frames.CapturesMissingError, match="coinm-ethusd_perp"):
        frames.read("coinm", folder=tmp_path)
