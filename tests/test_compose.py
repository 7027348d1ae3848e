"""What runs in containers, as far as it can be told without an engine: the Dockerfile, the services, what they mount."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROFILES = ("demo", "live")


def tool(*command: object) -> None:
    """Run a program of the environment; it must find nothing."""
    first, *rest = map(str, command)
    program = Path(sys.executable).with_name(first)
    done = subprocess.run(
        [program if program.exists() else first, *rest], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    tool("hadolint", "Dockerfile")


def test_compose_is_what_its_schema_says() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


def test_compose_lint_finds_nothing_grave() -> None:
    """What is left are images pinned by tag and not by digest."""
    tool("compose-lint", "docker-compose.yml")


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed")
def test_prometheus_reads_the_configuration_of_the_containers() -> None:
    tool("promtool", "check", "config", "config/prometheus-compose.yml")


def test_both_configurations_of_prometheus_differ_in_addresses_alone() -> None:
    one, other = (
        yaml.safe_load((ROOT / "config" / name).read_text(encoding="utf-8"))
        for name in ("prometheus.yml", "prometheus-compose.yml")
    )
    named = {"127.0.0.1:8080": "steelyard:8080", "127.0.0.1:9093": "alertmanager:9093"}
    for places in (*one["scrape_configs"], *one["alerting"]["alertmanagers"]):
        for place in places["static_configs"]:
            place["targets"] = [named.get(target, target) for target in place["targets"]]
    assert one == other


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "init", "restart"} <= service.keys()
    assert not str(service["user"]).startswith("0")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), "a pinned release"


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"demo", "live"}))
def test_a_neighbour_says_whether_it_is_well(name: str) -> None:
    """Steelyard's own check stands in the Dockerfile."""
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_has_all_that_an_operator_needs(profile: str) -> None:
    up = {name: one for name, one in SERVICES.items() if profile in one["profiles"]}
    assert up.keys() == {profile, "prometheus", "alertmanager", "grafana"}
    assert up[profile]["networks"]["default"]["aliases"] == ["steelyard"]
    for one in up.values():
        for needed, how in one.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert needed in up or how["required"] is False


def mounts() -> list[tuple[str, str]]:
    return [(name, volume) for name, one in SERVICES.items() for volume in one.get("volumes", ())]


@pytest.mark.parametrize(("name", "volume"), mounts())
def test_what_is_mounted_is_there(name: str, volume: str) -> None:
    source, _, place = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).partition(":")
    if source.startswith("./"):
        assert place.endswith(":ro"), f"{name} may only read {source}"
        folder = ROOT / source
        assert folder.exists() or not folder.parent.exists(), source
    else:
        assert source in COMPOSE["volumes"]


def test_the_image_is_given_all_that_it_copies() -> None:
    """What .dockerignore leaves out cannot be copied."""
    sources = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    given = set((ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines())
    named = [name for line in sources for name in line.split()]
    assert "config/alerts" in named
    assert [name for name in named if f"!{name}" not in given] == []


def test_the_image_is_built_with_all_that_the_build_asks_for() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (found,) = re.findall(r"awk '/\^\(([^)]+)\)==/", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {re.split(r"[<>=]", one)[0].lower() for one in project["build-system"]["requires"]}
    assert asked <= set(found.split("|"))


def test_secrets_are_not_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    (ROOT / "config/secrets/probe").touch()
    try:
        done = subprocess.run(["git", "check-ignore", "-q", "config/secrets/probe"], cwd=ROOT, check=False)
    finally:
        (ROOT / "config/secrets/probe").unlink()
    assert done.returncode == 0
