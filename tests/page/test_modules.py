"""The page's modules in Node: their pure parts, without a browser."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_pure_parts_of_the_modules(needs_program: Callable[[str], str]) -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.js"))
    assert len(files) > 5
    done = subprocess.run(
        [needs_program("node"), "--test", "--no-warnings", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "# fail 0" in done.stdout or "fail 0" in done.stdout


def test_every_module_can_be_read(needs_program: Callable[[str], str]) -> None:
    """Those that need a browser, too: as modules, without running them."""
    node = needs_program("node")
    files = sorted((ROOT / "service/api/page").rglob("*.js"))
    script = (
        "const vm=require('vm'),fs=require('fs');"
        "for(const f of process.argv.slice(1)){new vm.SourceTextModule(fs.readFileSync(f,'utf8'),{identifier:f})}"
    )
    done = subprocess.run(
        [node, "--no-warnings", "--experimental-vm-modules", "-e", script, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
