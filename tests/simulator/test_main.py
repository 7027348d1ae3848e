"""The command: one line when it listens, gone on SIGTERM."""

import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from simulator.__main__ import arguments


def test_runs_until_sigterm() -> None:
    command = [sys.executable, "-m", "simulator", "kraken", "--seed", "4", "--rate", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"simulator kraken listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/_status", timeout=5) as answer:
            assert answer.status == 200
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert time.monotonic() - begun < 2


def test_unknown_venue() -> None:
    with pytest.raises(SystemExit):
        arguments().parse_args(["nothing"])
