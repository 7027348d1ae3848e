"""What is handed out: the lock, and the wheel as it comes out of the sdist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def locked() -> Iterator[tuple[Requirement, list[str]]]:
    """Each pinned requirement with its hashes."""
    text = re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).replace("\\\n", " ")
    for line in text.splitlines():
        pin, *hashes = re.split(r"\s+--hash=", line.strip())
        yield Requirement(pin), hashes


def test_lock_pins_everything_with_hashes() -> None:
    for requirement, hashes in locked():
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


def test_lock_has_no_addresses() -> None:
    assert not re.search(
        r"https?:|file:|ftp:|git\+|--(extra-)?index-url|--find-links|@ |(^|\s)/", LOCK, re.MULTILINE
    )


def wanted() -> list[str]:
    return [
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
    ]


@pytest.mark.parametrize("text", wanted())
def test_lock_holds_what_the_project_asks_for(text: str) -> None:
    """Whoever changes pyproject.toml also runs `make lock`."""
    asked = Requirement(text)
    versions = {
        next(iter(pin.specifier)).version
        for pin, _ in locked()
        if canonicalize_name(pin.name) == canonicalize_name(asked.name)
    }
    assert versions, f"{asked.name} is not in requirements.lock: make lock"
    assert all(asked.specifier.contains(Version(version)) for version in versions), "make lock"


def test_uvloop_is_the_one_ccxt_pins() -> None:
    """Left free, installers take an older ccxt in silence."""
    pins = {Requirement(text).name: str(Requirement(text).specifier) for text in wanted()}
    assert (pins["ccxt"], pins["uvloop"]) == ("==4.5.90", "==0.22.1")


def test_groups_of_tests_have_an_effect(request: pytest.FixtureRequest) -> None:
    """pytest-xdist 3.8 names the group in an attribute that later releases of pytest do not have, and says nothing."""
    assert hasattr(request.node, "_nodeid")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "uv",
        "build",
        "--quiet",
        "--no-build-isolation",
        "--python",
        sys.executable,
    ]
    done = subprocess.run([*command, "--out-dir", folder, ROOT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.ci
@pytest.mark.processes  # it is built once, and on all cores: whoever counts seconds must not run beside it
@pytest.mark.timeout(1500)
def test_wheel_holds_the_packages_and_nothing_else(built: Path) -> None:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        (entry,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        assert "steelyard = service.cli:main" in archive.read(entry).decode()
    packages = ("connectors", "service", "simulator")
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(packages)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {f"{package}/py.typed" for package in packages} <= names
    kinds = {Path(name).suffix for name in names if ".dist-info/" not in name} - {".typed"}
    assert kinds <= {".py", ".so", ".html", ".js", ".css", ".svg", ".yaml", ".json"}
    assert [name for name in names if name.endswith(".json")] == ["service/api/page/package.json"]
    rules = {f"service/alerts/defaults/{path.name}" for path in (ROOT / "config/alerts").glob("*.yaml")}
    assert rules
    assert {name for name in names if name.endswith(".yaml")} == rules
    page = {
        one.relative_to(ROOT).as_posix() for one in (ROOT / "service/api/page").rglob("*") if one.is_file()
    }
    assert page <= names
    modules = {
        one.relative_to(ROOT).as_posix() for package in packages for one in (ROOT / package).rglob("*.py")
    }
    assert modules <= names
    compiled = {name for name in modules if "\nimport cython\n" in (ROOT / name).read_text(encoding="utf-8")}
    extensions = {name.partition(".cpython-")[0] + ".py" for name in names if name.endswith(".so")}
    assert compiled == extensions - {"connectors/_memory.py"}


@pytest.mark.ci
@pytest.mark.processes  # it is built once, and on all cores: whoever counts seconds must not run beside it
@pytest.mark.timeout(1500)
def test_wheel_runs_away_from_the_checkout(built: Path, tmp_path: Path) -> None:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    script = "import connectors.book, service.cli; print(connectors.book.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.stdout.startswith(str(tmp_path)), done.stderr
    assert done.stdout.strip().endswith(".so")
