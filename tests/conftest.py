"""What all tests share: what may be missing on a machine, and how hard hypothesis tries.

Where a program or the recordings are not there, a test skips and says what would bring them. Under CI=true
everything is there, so whatever would be skipped fails instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.stack import Stack

IN_CI = os.environ.get("CI") == "true"
CAPTURES = "STEELYARD_CAPTURES"
PACKAGES = {  # program -> the Debian package that brings it
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "chromium": "chromium",
    "node": "nodejs",
    "cc": "gcc",
}

# `--hypothesis-profile=thorough` looks longer and elsewhere each time.
settings.register_profile("quick", max_examples=50, deadline=None, derandomize=IN_CI, print_blob=True)
settings.register_profile(
    "thorough",
    max_examples=2_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def needs_captures() -> Path:
    """The folder of recorded feeds, third-party data that is not part of the project."""
    named = os.environ.get(CAPTURES)
    if not named:
        pytest.skip(f"{CAPTURES} is not set: it names the folder of the recorded feeds")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"{CAPTURES} names {folder}, which is no folder")
    return folder


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, needs_program: Callable[[str], str]
) -> Iterator[Stack]:
    """Simulated venues, Steelyard, Prometheus and Alertmanager, up once for all tests marked `processes`.

    They share it: a test that stages something waits until it is over.
    """
    from tests.support.stack import stack

    with stack(tmp_path_factory.mktemp("installation"), needs_program) as up:
        yield up


@pytest.fixture(scope="session")
def needs_program() -> Callable[[str], str]:
    """`needs_program("promtool")` is its path."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed (Debian: apt install {PACKAGES.get(name, name)})")
        return found

    return find


def one_after_another(item: pytest.Item) -> str:
    """Name of the tests that share a process where there are several, "" for those that may run anywhere.

    What starts the whole service or a browser is busy on its own; what a module makes once is made once.
    """
    if item.get_closest_marker("processes"):
        return "processes"
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    made_once = any(found[-1].scope == "module" for found in fixtures.values())
    return item.nodeid.partition("::")[0] if made_once else ""


@pytest.hookimpl(tryfirst=True)  # before groups are put into the ids
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `ci` take a minute or more: they run in CI and where they are asked for."""
    for item in items:
        if group := one_after_another(item):
            item.add_marker(pytest.mark.xdist_group(group))
    if IN_CI or config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("ci"):
            item.add_marker(
                pytest.mark.skip(reason="takes a minute or more: run with -m ci, or under CI=true")
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true a skip is a failure."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"under CI=true nothing may be skipped, but: {why}"
    return report
