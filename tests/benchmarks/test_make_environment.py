"""Finding a Python for the peers."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks import make_environment


def stub(folder: Path, script: str) -> Path:
    """An executable of that name which does no more than the script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "python3.13"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it but what the test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.delenv(make_environment.CHOICE, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    return tmp_path


def test_a_stub_that_cannot_run_is_passed_over(elsewhere: Path) -> None:
    stub(elsewhere / "bin", "exit 127")
    python = stub(elsewhere / "pyenv" / "versions" / "3.13.0" / "bin", "exit 0")
    assert make_environment.find() == python


def test_the_named_python_is_the_only_candidate(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(elsewhere / "bin", "exit 0")
    monkeypatch.setenv(make_environment.CHOICE, str(elsewhere / "missing"))
    assert make_environment.find() is None


def test_another_version_does_not_serve() -> None:
    assert make_environment.serves(Path(sys.executable)) is (sys.version_info[:2] == make_environment.WANTED)


def test_none_found_is_said_and_is_no_failure(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(make_environment.CHOICE, os.devnull)
    assert make_environment.main(["--folder", str(elsewhere / "venv")]) == 0
    assert "No Python 3.13 on PATH" in capsys.readouterr().out
    assert not (elsewhere / "venv").exists()


def test_every_peer_is_pinned() -> None:
    lines = make_environment.REQUIREMENTS.read_text().splitlines()
    assert [line.split("==")[0] for line in lines if not line.startswith("#")] == [
        "cryptofeed",
        "ccxt",
        "uvloop",
    ]
