"""The shape of the tree: who imports whom, who touches clock and network, what is compiled, how long a file may be."""

from __future__ import annotations

import ast
import importlib.machinery
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from Cython.Build.Dependencies import create_dependency_tree

ROOT = Path(__file__).parents[1]
PACKAGES = ("connectors", "service", "simulator")
CODE = (*PACKAGES, "benchmarks", "grafana/source", "tests", "typings")
MOST_LINES = 460

# The only files of the packages that await, by what they are for. Everything else is plain, synchronous code.
AWAITS = {
    "connectors/driver.py": "performs what sessions ask for",
    "connectors/ccxt_bridge.py": "starts and watches ccxt's process",
    "connectors/ccxt_watch.py": "ccxt's own calls, in a process of their own",
    "service/app.py": "puts the service together and ends it",
    "service/alerts/delivery.py": "tells senders",
    "service/api/": "HTTP and WebSocket",
    "service/cli.py": "starts the loop",
    "service/demo.py": "starts the simulators",
    "service/feeds.py": "starts and ends connections",
    "service/health.py": "looks at the event loop",
    "service/playback.py": "a replay at the speed of its recording",
    "simulator/server.py": "the sockets",
    "simulator/__main__.py": "starts the server",
}
# The only files that read a clock or sleep; whoever else needs the time has it as an argument.
CLOCKS = {
    "connectors/driver.py": "the clock of everything live",
    "connectors/ccxt_bridge.py": "stands where the driver does",
    "connectors/ccxt_watch.py": "paces a pipe, and tells old trades",
    "service/alerts/delivery.py": "paces senders and their retries",
    "service/api/app.py": "how long a scrape takes",
    "service/api/hub.py": "when to send",
    "service/api/stream.py": "when a client had its last sign of life",
    "service/api/symbols.py": "lets others have their turn",
    "service/api/history.py": "the same",
    "service/api/server.py": "waits for the server to listen",
    "service/cli.py": "how often progress is drawn",
    "service/demo.py": "how soon a simulator is started again",
    "service/feeds.py": "waits for connections",
    "service/health.py": "measures how late the event loop is, and the garbage collector's pauses",
    "service/playback.py": "a replay at the speed of its recording",
    "service/bench.py": "measures",
    "service/bench_scrape.py": "measures",
    "service/bench_streams.py": "the time at which a measured session begins",
    "simulator/server.py": "the clock of the simulated venues",
    "simulator/__main__.py": "when the simulated market begins",
}
# The only files that read the environment; settings reach the rest as objects.
ENVIRONMENTS = {
    "service/settings.py": "STEELYARD_*",
    "service/app.py": "the user's folders, and secrets that senders name",
    "service/cli.py": "the user's terminal, and secrets that senders name",
    "service/bench.py": "the folder of recordings",
}
# Files that may be longer, with the reason.
LONG = {
    "connectors/book.py": "one compiled unit: C-level calls between its parts are inlined only inside a module",
    "connectors/wire.py": "one compiled unit, as book.py",
    "connectors/sync.py": "a pair and its listener name each other at C level, so they share a .pxd",
    "service/engine.py": "one compiled unit, as book.py: what every message passes",
}

CLOCK_CALLS = re.compile(
    r"time\.(time|monotonic|perf_counter|process_time)(_ns)?|(\w+\.)*(datetime|date)\.(now|utcnow|today)"
    r"|(\w+\.)*_?loop\.time|asyncio\.(sleep|timeout_at)|.*get_(running|event)_loop\(\)\.time"
)


def sources(*folders: str, endings: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "__pycache__" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name_of(path))


def imported(path: Path) -> set[str]:
    """Top-level names of what a file imports; `cython.cimports.x` counts as x."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return {name.removeprefix("cython.cimports.").partition(".")[0] for name in found}


def named(path: Path, allowed: dict[str, str]) -> bool:
    name = name_of(path)
    return any(name == one or (one.endswith("/") and name.startswith(one)) for one in allowed)


def awaits(path: Path) -> list[int]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return [node.lineno for node in ast.walk(tree(path)) if isinstance(node, kinds)]


def clock_calls(path: Path) -> list[int]:
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and CLOCK_CALLS.fullmatch(ast.unparse(node.func)):
            found.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found.append(node.lineno)
    return found


def environment_reads(path: Path) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb")
    ]


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("connectors", {"service", "simulator"}),
        ("simulator", {"service", "connectors"}),  # so that one misreading cannot hide in both
        ("service", set()),
    ],
)
def test_who_imports_whom(package: str, others: set[str]) -> None:
    strangers = others | {"tests", "benchmarks"}
    wrong = {name_of(path): found for path in sources(package) if (found := imported(path) & strangers)}
    assert not wrong


@pytest.mark.parametrize(
    ("what", "find", "allowed"),
    [
        ("awaits", awaits, AWAITS),
        ("reads a clock", clock_calls, CLOCKS),
        ("reads the environment", environment_reads, ENVIRONMENTS),
    ],
    ids=["await", "clock", "environment"],
)
def test_only_named_files_touch_the_outside(what, find, allowed) -> None:  # type: ignore[no-untyped-def]  # three of a kind
    wrong = [
        f"{name_of(path)}:{find(path)[0]} {what}"
        for path in sources(*PACKAGES)
        if not named(path, allowed) and find(path)
    ]
    assert not wrong


def test_the_checks_find_what_they_look_for(tmp_path: Path) -> None:
    """These tests would pass for ever if they saw nothing."""
    path = tmp_path / "all.py"
    path.write_text(
        "import asyncio, os, time, datetime\nfrom time import time_ns\nimport service.app\n"
        "async def f(loop):\n    await g()\n    time.time(), time.time_ns(), time.monotonic_ns()\n"
        "    datetime.datetime.now(), datetime.date.today(), loop.time(), asyncio.get_running_loop().time()\n"
        "    self._loop.time(), asyncio.sleep(1), os.environ['A'], os.getenv('B')\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.ROOT", tmp_path)
        assert awaits(path) == [4, 5]
        assert sorted(clock_calls(path)) == [2, 6, 6, 6, 7, 7, 7, 7, 8, 8]
        assert environment_reads(path) == [8, 8]
        assert "service" in imported(path)


def compiled() -> list[Path]:
    """What setup.py compiles."""
    found = list(sources("connectors", "service"))
    return [path for path in found if "import cython" in path.read_text(encoding="utf-8").splitlines()]


def test_something_is_compiled() -> None:
    assert {"connectors/book.py", "connectors/wire.py", "service/metrics/declare.py"} <= {
        name_of(p) for p in compiled()
    }


@pytest.mark.parametrize("path", compiled(), ids=name_of)
def test_extension_is_there_and_fresh(path: Path) -> None:
    """A source that was edited after it was compiled is ignored by Python: what runs would not be what is read."""
    extension = path.with_suffix(importlib.machinery.EXTENSION_SUFFIXES[0])
    assert extension.exists(), f"{name_of(path)} is not compiled: make build"
    built = extension.stat().st_mtime
    c_file = ROOT / "build" / path.relative_to(ROOT).with_suffix(".c")
    if (
        c_file.exists()
    ):  # written right after its source was read: nearer to the truth than the end of its compilation
        built = min(built, c_file.stat().st_mtime)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        needed = [Path(one) for one in create_dependency_tree().all_dependencies(name_of(path))]
    stale = [one.name for one in needed if one.stat().st_mtime > built]
    assert not stale, f"{extension.name} is older than {', '.join(stale)}: make build"


def test_every_module_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in sources(*CODE) if not (ast.get_docstring(tree(path)) or "").strip()]
    assert not silent


def most_lines(path: Path) -> int:
    """Tests list cases, and a list may be longer than code."""
    return MOST_LINES + 140 if "tests" in path.relative_to(ROOT).parts else MOST_LINES


def test_no_file_is_too_long() -> None:
    long = {
        name_of(path): count
        for path in sources(*CODE, endings=(".py", ".pxd", ".pyi", ".js", ".css", ".html"))
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > most_lines(path)
        and name_of(path) not in LONG
    }
    assert not long, "split it where it has two jobs, or name it in LONG with the reason"


def test_nothing_is_left_to_be_done() -> None:
    mark = re.compile(
        r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"
    )  # written so that this file does not find itself
    endings = (".py", ".pxd", ".pyi", ".js", ".css", ".html", ".md", ".toml", ".yaml", ".yml")
    files = [
        *sources(*CODE, "config", "docs", endings=endings),
        *ROOT.glob("*.md"),
        ROOT / "Makefile",
        ROOT / "setup.py",
    ]
    found = [
        f"{name_of(path)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert not found


def test_typed_packages_say_so() -> None:
    assert [package for package in PACKAGES if not (ROOT / package / "py.typed").exists()] == []
