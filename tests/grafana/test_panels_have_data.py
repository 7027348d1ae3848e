"""Every panel's query and every variable, asked of a real Prometheus.

It scrapes two things: the service on simulated venues, some seconds old, and the same exposition with a value for every
series that leaves by default. What takes longer than a test to be known (`LATE`) is drawn from the latter alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlencode

import orjson
import pytest
import yaml
from websockets.sync.client import connect

from tests.end_to_end.running import free_port
from tests.support.dashboards import FILES, Panel, all_panels, legend_labels, load, plain, selectors
from tests.support.exported import Full
from tests.support.stack import Stack, asked, program, wait_until

pytestmark = pytest.mark.processes
Series = list[dict[str, Any]]
SHOCK = "ObiLiquidityShock"
# Metric -> what has to come together before the service knows it. All else is there after a quarter of a minute.
LATE = {
    "obi_stress_level": "two of: sixty returns of a minute, sixty seconds of depth, VPIN's rank",
    "obi_vpin_percentile_ratio": "fifty full buckets of volume",
    "obi_fragility_ratio": "an hour of seconds",
    "obi_execution_failure_ratio": "a minute of samples",
    "obi_cascade_score_ratio": "open interest of five minutes ago",
    "obi_open_interest_change_ratio": "open interest of a minute ago",
    "obi_contagion_correlation_ratio": "thirty seconds that two venues have in common",
    "obi_contagion_absorption_ratio": "thirty seconds that two venues have in common",
    "obi_p_up_ratio": "a fit, at the full minute",
    "obi_p_up_horizon_ratio": "five hundred seconds after which the mid had changed",
    "obi_predictor_brier_score": "predictions of that fit",
    "obi_predictor_auc_ratio": "predictions of that fit",
    "obi_predictor_calibration_error_ratio": "predictions of that fit",
}


def points(series: Series) -> list[tuple[dict[str, str], float]]:
    """Labels and numbers of an answer, without what is no number."""
    found = []
    for one in series:
        for _, text in one.get("values") or [one["value"]]:
            if (value := float(text)) == value:
                found.append((one["metric"], value))
    return found


def answers(prometheus: str, panel: Panel, seconds: int = 60) -> Iterator[tuple[dict[str, Any], Series]]:
    """What Grafana would be given for each target: of now, or of the last seconds."""
    now = time.time()
    for target in panel.targets:
        what: dict[str, Any] = {"query": plain(target["expr"])}
        if not target["instant"]:
            what |= {"start": now - seconds, "end": now, "step": 1}
        path = "query" if target["instant"] else "query_range"
        answer = asked(f"{prometheus}/api/v1/{path}?{urlencode(what)}")
        assert answer["status"] == "success", (panel.name, answer)
        yield target, answer["data"]["result"]


def empty(prometheus: str) -> dict[str, str]:
    """Panels of which a query gives no number -> that query."""
    return {
        panel.name: target["expr"]
        for panel in all_panels()
        for target, series in answers(prometheus, panel)
        if not points(series)
    }


def without_values(prometheus: str) -> list[tuple[str, str]]:
    """Variables that offer nothing: dashboard, name."""
    found = []
    for file in FILES:
        for one in load(file)["templating"]["list"][1:]:
            series, _, label = (
                one["query"]["query"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
            )
            match = urlencode({"match[]": plain(series)})
            if not asked(f"{prometheus}/api/v1/label/{label}/values?{match}")["data"]:
                found.append((file.stem, label))
    return found


# -- the service on simulated venues -----------------------------------------------------------------------------------


@contextmanager
def listening(stack: Stack) -> Iterator[None]:
    """A client of the stream, so that something is published."""
    order = {"op": "subscribe", "id": 1, "channels": [{"name": "readings", "symbol": "BTC-*"}]}
    over = threading.Event()

    def listen() -> None:
        with connect(f"ws://127.0.0.1:{stack.steelyard.port}/api/v1/stream", max_size=None) as client:
            client.send(orjson.dumps(order).decode())
            while not over.is_set():
                with suppress(TimeoutError):
                    client.recv(1)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def unexpected(prometheus: str) -> dict[str, str]:
    """Panels that show nothing though their metrics should be known by now."""
    return {
        panel: query
        for panel, query in empty(prometheus).items()
        if not {one.name for one in selectors(query)} & LATE.keys()
    }


def test_every_panel_shows_what_the_service_knows(installation: Stack) -> None:
    """A shock is staged, so that alerts are sent; what Prometheus makes of its rules is in the panels, too.

    On a busy machine a scrape may fail, and then a number is gone for a second: each panel must have shown something.
    """
    begun = time.time_ns()
    installation.venues.play("okx", episode="shock", symbol="BTC-USDT", seconds=10)
    with listening(installation):
        installation.scraped(15)
        missing = unexpected(installation.prometheus)
        end = time.monotonic() + 40
        while missing and time.monotonic() < end:
            time.sleep(1)
            missing = {name: missing[name] for name in unexpected(installation.prometheus) if name in missing}
    assert not missing
    assert not without_values(installation.prometheus)
    over = installation.receiver.own
    wait_until(
        lambda: (told := over("resolved", SHOCK, venue="okx")) and told.at > begun, 40, f"{SHOCK} is over"
    )


def test_what_is_late_is_drawn() -> None:
    drawn = {one.name for panel in all_panels() for each in panel.targets for one in selectors(each["expr"])}
    assert LATE.keys() <= drawn


# -- the same exposition with all that leaves --------------------------------------------------------------------------


class Everything:
    """/metrics of a service that knows all: the next scrape of `Full`."""

    def __init__(self) -> None:
        full = self.full = Full()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                text = full.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()
        self.full.close()


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory, needs_program: Callable[[str], str]) -> Iterator[str]:
    """A Prometheus that scrapes `Everything`."""
    binary, home = needs_program("prometheus"), tmp_path_factory.mktemp("complete")
    port = free_port()
    with Everything() as everything:
        scraping = {
            "job_name": "steelyard",
            "static_configs": [{"targets": [f"127.0.0.1:{everything.port}"]}],
        }
        often = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        (home / "prometheus.yml").write_text(yaml.safe_dump({"global": often, "scrape_configs": [scraping]}))
        options = {
            "config.file": home / "prometheus.yml",
            "storage.tsdb.path": home / "data",
            "web.listen-address": f"127.0.0.1:{port}",
            "log.level": "warn",
        }
        given = [f"--{name}={value}" for name, value in options.items()]
        with program(binary, *given, log=home / "prometheus.log"):
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: asked(f"{url}/-/ready"), 20, "Prometheus is ready")
            wait_until(lambda: not empty(url), 30, "every panel shows something")
            yield url


def test_every_panel_shows_what_could_be_known(complete: str) -> None:
    assert empty(complete) == {}
    assert without_values(complete) == []


def test_every_legend_is_filled(complete: str) -> None:
    """A label that a query sums away would leave a hole in the name of its series."""
    holes = {}
    for panel in all_panels():
        for target, series in answers(complete, panel):
            wanted = legend_labels(target["legendFormat"]) - {"route"}  # a venue may have but one
            if not any(wanted <= one["metric"].keys() for one in series):
                holes[panel.name] = target["legendFormat"]
    assert not holes
