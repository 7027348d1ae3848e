"""A whole installation on 127.0.0.1: simulated venues, Steelyard, Prometheus, Alertmanager, and somebody who is told.

The venues are calm until a test stages something (`Venues.play`, `kill`, `start`). Prometheus and Alertmanager are
Debian's; they get the committed configuration with other addresses and with shorter times, so that a test need not
wait for minutes. Steelyard's own rules are the committed ones but for the times named in `HASTE`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import yaml

from service.demo import SimulatedVenues
from tests.end_to_end.running import Running, free_port

ROOT = Path(__file__).parents[2]
WATCHED = {
    "binance": ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP"],
    "okx": ["BTC-USDT", "BTC-USDT-PERP"],
    "bybit": ["BTC-USDT", "BTC-USDT-PERP"],
    "kraken": ["BTC-USD", "ETH-USD"],
}
SECRET = "not-a-secret-of-anybody"
# Alert -> what stands in its committed rule, and what a test puts there.
HASTE = {
    "ObiLiquidityShock": ("window: 60s", "window: 10s"),
    "ObiVenueDown": ("for: 15s", "for: 2s"),
}


def wait_until(true: Callable[[], Any], within: float, what: str) -> Any:
    """Poll for something that is not empty; AssertionError where it does not come in time."""
    end = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < end, f"not within {within:g} s: {what}"
        time.sleep(0.1)
    return found


def asked(url: str, body: Any = None) -> Any:
    """The JSON that an address answers with; None while nobody does."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            if refused.code == 503:  # it listens and is not ready
                return None
            raise AssertionError(f"{url}: {refused.code} {refused.read().decode()}") from None
    except OSError:
        return None
    return json.loads(text) if text.startswith((b"{", b"[")) else text.decode()


@contextmanager
def program(*command: object, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in the foreground, its output in a file, gone at the end."""
    with log.open("wb") as out, subprocess.Popen([*map(str, command)], stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


class Venues:
    """Simulated venues, each a process on a port that it keeps."""

    def __init__(self, names: list[str]) -> None:
        self.simulated = SimulatedVenues(names, seed=1)
        self.processes: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        for name in self.simulated.names:
            self._begin(name)
        for name in self.simulated.names:
            self._listens(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.kill(name)

    def _begin(self, name: str) -> None:
        port = str(self.simulated.ports.get(name, 0))
        command = [sys.executable, "-m", "simulator", name, "--port", port, "--seed", "1", "--with-parent"]
        self.processes[name] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def _listens(self, name: str) -> None:
        out = self.processes[name].stdout
        assert out is not None
        self.simulated.ports[name] = int(out.readline().rpartition(":")[2])

    def start(self, name: str) -> None:
        """Let a killed venue come back on its port."""
        self._begin(name)
        self._listens(name)

    def kill(self, name: str) -> None:
        """End a venue as a power cut does."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def play(self, name: str, **order: Any) -> None:
        """Stage something there (`simulator/control.py`): `play("okx", episode="shock", symbol="BTC-USDT")`."""
        answer = asked(f"http://127.0.0.1:{self.simulated.ports[name]}/_control", order)
        assert answer["done"] == order

    def settings(self) -> dict[str, Any]:
        """Section `venues` of Steelyard's configuration."""
        return {
            name: {
                "symbols": WATCHED[name],
                "hosts": {product: one.model_dump() for product, one in self.simulated.hosts(name).items()},
            }
            for name in self.simulated.names
        }


@dataclass(frozen=True, slots=True)
class Told:
    """What came in at the receiver, and when (ns since 1970)."""

    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Any
    at: int


class Receiver:
    """Takes webhooks: `/own` from Steelyard, `/am` from Alertmanager."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server calls
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {key.lower(): value for key, value in self.headers.items()}
                receiver.told.append(Told(self.path, headers, body, json.loads(body), time.time_ns()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: pytest shows what came in where a test fails."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def own(self, event: str, alert: str, **labels: str) -> Told | None:
        """The newest message of Steelyard's own engine: `fired` or `resolved`, of an alert with these labels."""
        for one in reversed(self.told):
            if one.path == "/own" and (one.body["event"], one.body["alert"]["alert"]) == (event, alert):
                if labels.items() <= one.body["alert"]["labels"].items():
                    return one
        return None

    def relayed(self, status: str, alert: str, **labels: str) -> Told | None:
        """The newest message of Alertmanager: `firing` or `resolved`, of an alert of Prometheus with these labels."""
        wanted = labels | {"alertname": alert}
        for one in reversed(self.told):
            for each in one.body["alerts"] if one.path == "/am" else ():
                if each["status"] == status and wanted.items() <= each["labels"].items():
                    return one
        return None


@dataclass
class Stack:
    """All of it, up and running."""

    home: Path
    venues: Venues
    steelyard: Running
    receiver: Receiver
    prometheus: str
    alertmanager: str
    logs: dict[str, Path] = field(default_factory=dict)

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The series that Prometheus answers with now: `metric` (labels) and `value` ([time, text])."""
        return self._series("query", query=promql)

    def query_range(self, promql: str, seconds: int = 15, step: int = 1) -> list[dict[str, Any]]:
        """The series of the last seconds: `metric` and `values`."""
        now = time.time()
        return self._series("query_range", query=promql, start=now - seconds, end=now, step=step)

    def label_values(self, label: str, match: str) -> list[str]:
        """What a variable of a dashboard offers: `label_values(match, label)`."""
        answer = asked(
            f"{self.prometheus}/api/v1/label/{label}/values?{urllib.parse.urlencode({'match[]': match})}"
        )
        return list(answer["data"])

    def _series(self, what: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = asked(f"{self.prometheus}/api/v1/{what}?{urllib.parse.urlencode(parameters)}")
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def scraped(self, times: int = 15) -> None:
        """Wait until Prometheus has scraped so often, once a second."""
        query = f'sum_over_time(up{{job="steelyard"}}[5m]) >= {times}'
        wait_until(lambda: self.query(query), 30 + times, f"{times} scrapes")


def hasty_rules(folder: Path) -> Path:
    """Alerts of `HASTE` as a folder of rules that go over the committed ones."""
    folder.mkdir()
    for path in sorted((ROOT / "config/alerts").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        name = text.partition("\nalert: ")[2].partition("\n")[0]
        if name in HASTE:
            slow, quick = HASTE[name]
            assert slow in text, f"{path} no longer says {slow}"
            rule = yaml.safe_load(text.replace(slow, quick))
            del rule["cases"]  # they tell the times of the committed rule
            (folder / path.name).write_text(yaml.safe_dump(rule, sort_keys=False))
    return folder


def hasty_prometheus(folder: Path, *, steelyard: int, own: int, alertmanager: int) -> Path:
    """The committed configuration and rules, evaluated each second, with other addresses and shorter times."""
    rules = yaml.safe_load((ROOT / "config/prometheus-rules.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            for key in {"for", "keep_firing_for"} & rule.keys():
                rule[key] = "1s"
            if rule.get("alert") in HASTE:
                rule["expr"] = re.sub(r"\[(1m|60s)\]", "[10s]", rule["expr"])
    (folder / "prometheus-rules.yml").write_text(yaml.safe_dump(rules, sort_keys=False))
    config = yaml.safe_load((ROOT / "config/prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    ports = {"steelyard": steelyard, "prometheus": own}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[job['job_name']]}"]}]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


def hasty_alertmanager(folder: Path, url: str) -> Path:
    """The committed routes, told at once, and every receiver told by webhook."""
    config = yaml.safe_load((ROOT / "config/alertmanager.yml").read_text(encoding="utf-8"))
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": f"{url}/am", "send_resolved": True}]
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return file


@contextmanager
def stack(home: Path, find: Callable[[str], str]) -> Iterator[Stack]:
    """Everything up, all books live, Prometheus scraping. `find` tells where a program is, or skips the test."""
    prometheus, alertmanager = find("prometheus"), find("prometheus-alertmanager")
    ports = {name: free_port() for name in ("prometheus", "alertmanager")}
    with ExitStack() as up:
        receiver = up.enter_context(Receiver())
        venues = up.enter_context(Venues(list(WATCHED)))
        sender = {"kind": "webhook", "url": f"{receiver.url}/own", "secret": {"env": "WEBHOOK_SECRET"}}
        settings = {
            "venues": venues.settings(),
            "alerts": {
                "folder": str(hasty_rules(home / "rules")),
                "database": "memory",
                "senders": {"own": sender | {"per_minute": 1000}},
            },
            "metrics": {"min_coverage": 0},  # what is known after seconds is shown, though windows are longer
        }
        config = home / "steelyard.yaml"
        config.write_text(yaml.safe_dump(settings))
        steelyard = up.enter_context(Running("run", "--config", config, home=home, WEBHOOK_SECRET=SECRET))
        told = hasty_alertmanager(home, receiver.url)
        scraping = hasty_prometheus(
            home, steelyard=steelyard.port, own=ports["prometheus"], alertmanager=ports["alertmanager"]
        )
        logs = {name: home / f"{name}.log" for name in ports}
        up.enter_context(
            program(
                alertmanager,
                f"--config.file={told}",
                f"--storage.path={home / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
                "--cluster.listen-address=",
                log=logs["alertmanager"],
            )
        )
        steelyard.wait_until(steelyard.live, 60, "all books are live")
        up.enter_context(
            program(
                prometheus,
                f"--config.file={scraping}",
                f"--storage.tsdb.path={home / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
                "--log.level=warn",
                log=logs["prometheus"],
            )
        )
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        for name, url in urls.items():
            wait_until(lambda url=url: asked(f"{url}/-/ready"), 20, f"{name} is ready")  # type: ignore[misc]
        yield Stack(home, venues, steelyard, receiver, urls["prometheus"], urls["alertmanager"], logs)
