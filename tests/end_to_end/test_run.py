"""The live service where no venue answers, and against one simulated venue: it says so, waits, costs nothing, stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.running import ROOT, Running, command, environment, free_port

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
    pytest.mark.processes,
]


def nowhere(home: Path, host: str) -> Path:
    """A configuration whose venues are at one host, where nobody listens."""
    hosts = {"ws": f"ws://{host}", "rest": f"http://{host}"}
    venues = {
        "binance": {"symbols": ["BTC-USDT", "BTC-USDT-PERP"], "hosts": {"spot": hosts, "usdm": hosts}},
        "kraken": {"symbols": ["BTC-USD"], "hosts": {"spot": hosts}},
        "okx": {"symbols": ["BTC-USDT"], "hosts": {"public": hosts}},
    }
    path = home / "nowhere.yaml"
    path.write_text(yaml.safe_dump({"venues": venues}))
    return path


def used_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("reach", ["closed", "unresolvable"])
def test_without_a_network(reach: str, tmp_path: Path) -> None:
    """It goes on trying with growing waits, says so for each venue, costs next to nothing, and stops when told."""
    host = f"127.0.0.1:{free_port()}" if reach == "closed" else "venue.invalid"
    venues = {"binance", "kraken", "okx"}
    with Running("run", "--config", nowhere(tmp_path, host), home=tmp_path) as service:
        service.wait_until(lambda: set(service.venues()) == venues, 60, "the API answers")
        service.wait_until(lambda: all(one["reasons"] for one in service.venues().values()), 20, "reasons")
        begun, spent = time.monotonic(), used_seconds(service.process.pid)
        time.sleep(6)
        share = (used_seconds(service.process.pid) - spent) / (time.monotonic() - begun)
        status, body = service.get("/readyz")
        said = json.loads(body)
        assert status == 503
        assert (said["status"], said["live"], said["detail"]) == (503, 0, "no book is live yet")
        feeds = service.json("/api/v1/feeds")["feeds"]
        assert service.get("/metrics")[0] == 200
        stopped_after = service.terminate()
        assert service.process.returncode == 0
        assert stopped_after < 10
        assert share < 0.05  # 0.002 over a minute on a quiet machine
        for one in feeds:
            assert one["state"] in ("waiting", "connecting")
            assert one["reason"]
        told = [one for one in service.events() if one["event"] == "venue not reached"]
    assert {one["venue"] for one in told} == venues
    for venue in venues:
        waits = [one["retry_seconds"] for one in told if one["venue"] == venue]
        assert len(waits) >= 2
        assert waits[-1] > waits[0]
    assert "Traceback" not in service.log


@pytest.fixture
def kraken(tmp_path: Path) -> Any:
    """A simulated Kraken as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "kraken", "--port", "0"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield int(process.stdout.readline().rpartition(":")[2])
    process.kill()
    process.wait()
    process.stdout.close()


def test_run_and_record_against_a_venue(kraken: int, tmp_path: Path) -> None:
    """Hosts come from the environment over the file, the port from a flag over both; an unknown symbol is left out."""
    config = tmp_path / "some.yaml"
    config.write_text("venues: {kraken: {symbols: [BTC/USD, ETH-USD, NOPE-USD]}}\napi: {port: 1}\n")
    hosts = {
        "STEELYARD_VENUES__KRAKEN__HOSTS__SPOT__WS": f"ws://127.0.0.1:{kraken}/v2",
        "STEELYARD_VENUES__KRAKEN__HOSTS__SPOT__REST": f"http://127.0.0.1:{kraken}",
        "STEELYARD_API__PORT": "2",
    }
    with Running("run", "--config", config, home=tmp_path, **hosts) as service:
        service.wait_until(service.live, 60, "both books are live")
        assert service.venues()["kraken"]["books"] == 2
        assert service.json("/api/v1/symbols")["simulated"] is False
        left_out = [one for one in service.events() if one["event"] == "symbol left out"]
        assert [one["symbol"] for one in left_out] == ["NOPE-USD"]
        os.kill(service.process.pid, signal.SIGINT)
        assert service.process.wait(15) == 0
    done = command("record", tmp_path / "R", "--config", config, "--seconds", 4, home=tmp_path, **hosts)
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "R").iterdir())
    assert [path.name for path in files] == ["kraken-spot-0.instruments.jsonl.gz", "kraken-spot-0.jsonl.gz"]
    assert command("verify", *files, home=tmp_path).returncode == 0

    # Served at the pace of the recording: the clock is the recorded one.
    with Running("replay", *files, "--serve", "--speed", 0.5, home=tmp_path) as played:
        played.wait_until(played.live, 40, "the replay shows live books")
        book = played.json("/api/v1/books/kraken/BTC-USD?depth=3")
        assert book["state"] == "live"
        assert len(book["bids"]) == 3
        rules = played.json("/api/v1/alerts/rules")["rules"]
        assert {"ObiLiquidityShock", "ObiVenueDown"} <= {one["alert"] for one in rules if not one["fault"]}
        assert played.terminate() < 10
        assert played.process.returncode == 0
