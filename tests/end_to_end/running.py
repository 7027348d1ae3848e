"""Steelyard as a process of its own: started by its command line, asked over HTTP, ended by signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Ours without settings of Steelyard, with a cache folder of the test's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEELYARD_")}
    folders = {"XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
    return kept | folders | {"PYTHONUNBUFFERED": "1"} | more


def command(*arguments: object, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Steelyard to its end."""
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        cwd=ROOT,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Running:
    """A command that runs until it is stopped: `with Running("demo", home=tmp_path) as demo:`."""

    def __init__(self, *arguments: object, home: Path, **more: str) -> None:
        self.port = free_port()
        self.log_path = home / f"{arguments[0]}-{self.port}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", *map(str, arguments), "--port", str(self.port)],
                cwd=ROOT,
                env=environment(home, **more),
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(12)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                for pid in self.simulators().values():
                    with _gone_is_fine():
                        os.kill(pid, signal.SIGKILL)

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def events(self) -> list[dict[str, Any]]:
        """The log's lines; what is no JSON would be a traceback or a stray print."""
        return [json.loads(line) for line in self.log.splitlines() if line.strip()]

    def simulators(self) -> dict[str, int]:
        """Venue -> process id of its simulator, as logged last."""
        found = [json.loads(line) for line in self.log.splitlines() if '"simulated venue"' in line]
        return {one["venue"]: one["pid"] for one in found}

    def get(self, path: str) -> tuple[int, bytes]:
        """Status (0: nobody answers) and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()
        except OSError:
            return 0, b""

    def json(self, path: str) -> Any:
        status, body = self.get(path)
        return json.loads(body) if body else {"status": status}

    def wait_until(self, true: Callable[[], bool], within: float, what: str) -> float:
        """Poll; how long it took. AssertionError with the log's end when it does not come true in time."""
        begun = time.monotonic()
        while not true():
            waited = time.monotonic() - begun
            ended = self.process.poll()
            assert ended is None, f"ended with {ended} before {what}:\n{self.log[-2000:]}"
            assert waited < within, f"not within {within:g} s: {what}\n{self.log[-2000:]}"
            time.sleep(0.2)
        return time.monotonic() - begun

    def venues(self) -> dict[str, dict[str, Any]]:
        """/readyz by venue; {} while it does not answer."""
        return {one["venue"]: one for one in self.json("/readyz").get("venues", ())}

    def live(self, *but: str) -> bool:
        """Are all books live, apart from those of some venues?"""
        found = self.venues()
        return bool(found) and all(
            one["books"] and one["live"] == one["books"] for name, one in found.items() if name not in but
        )

    def terminate(self) -> float:
        """SIGTERM; how long it took to end."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - begun


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


def alive(pid: int) -> bool:
    """Is a process with this id still there, and no zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
