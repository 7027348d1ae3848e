"""The comparison itself, with candidates made for the purpose."""

import json
from pathlib import Path

import pytest

from benchmarks import compare, frames, peers
from benchmarks.frames import Stream
from benchmarks.readings import Reading, expected
from tests.benchmarks import recorded


class Plain:
    """Counts its frames and knows the answer."""

    version = "1.0"

    def __init__(self, name: str, *, drops: int = 0) -> None:
        self.name = name
        self.drops = drops

    def prepare(self, stream: Stream) -> None:
        self.stream = stream
        self.count = -self.drops

    def feed(self, _frame: bytes) -> None:
        self.count += 1

    def latest(self) -> Reading | None:
        return expected(self.stream, self.count)


def test_right_candidates_get_figures_and_ratios() -> None:
    candidates: list[peers.Peer] = [Plain("cryptofeed"), Plain("steelyard")]
    result = compare.compare(candidates, recorded.stream(), rounds=1, seconds=60)
    assert [figure.candidate for figure in result.figures] == ["steelyard", "cryptofeed"]
    assert (result.messages, result.rounds) == (3, 1)
    steelyard, cryptofeed = result.figures
    assert steelyard.ratios["cryptofeed"] == pytest.approx(cryptofeed.microseconds / steelyard.microseconds)
    assert "no figure" not in compare.table(result)


def test_wrong_values_have_no_figure() -> None:
    result = compare.compare([Plain("ccxt", drops=1)], recorded.stream(), rounds=1, seconds=60)
    assert result.figures[0].wrong
    assert "ccxt 1.0" in compare.table(result)
    assert "no figure" in compare.table(result)


def test_time_ends_the_rounds_after_the_first() -> None:
    assert compare.compare([Plain("ccxt")], recorded.stream(), rounds=9, seconds=0).rounds == 1


def test_absent_candidates_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(name: str) -> peers.Peer:
        if name == "ccxt":
            raise peers.AbsentError("not installed")
        return Plain(name)

    recorded.capture(tmp_path)
    monkeypatch.setenv(frames.CAPTURES, str(tmp_path))
    monkeypatch.setattr(peers, "make", make)
    monkeypatch.setattr(compare, "pin", lambda: None)
    assert compare.main(["--stream", "coinm", "--rounds", "1"]) == 0
    assert "ccxt: absent, not installed" in capsys.readouterr().out
    assert compare.main(["--stream", "coinm", "--rounds", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["absent"] == {"ccxt": "not installed"}
    assert [figure["candidate"] for figure in report["results"][0]["figures"]] == ["steelyard", "cryptofeed"]


def test_no_captures_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(frames.CAPTURES, raising=False)
    assert compare.main([]) == 2
    assert frames.CAPTURES in capsys.readouterr().err
