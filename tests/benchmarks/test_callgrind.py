"""Counting instructions: what surrounds valgrind."""

import subprocess
from pathlib import Path

import pytest

from benchmarks import callgrind
from tests.benchmarks import recorded


def test_the_small_file_holds_the_stream(tmp_path: Path) -> None:
    callgrind.write(recorded.stream(), tmp_path / "stream.json")
    assert callgrind.written(tmp_path / "stream.json") == recorded.stream()


def test_a_message_costs_the_difference_of_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        total = 1_000_000 + 70 * int(command[-1])
        return subprocess.CompletedProcess(
            command, 0, "", f"==1== Events    : Ir\n==1== Collected : {total}\n"
        )

    monkeypatch.setattr(subprocess, "run", run)
    assert callgrind.count(["ccxt"], recorded.stream(), 1, 3) == {"ccxt": 70}


def test_a_failed_run_is_not_a_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Traceback: no such peer\n==1== Collected : 5\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(callgrind.CountError, match="no such peer"):
        callgrind.instructions("ccxt", tmp_path, 3)
