"""The Prometheus rules: what is committed, what promtool says of it, and a firing and a silent case of each alert."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from connectors.delays import NETWORK, WORK, Delays
from service.alerts import prometheus
from service.alerts.cases import CaseBook, end_of, market_of
from service.alerts.desk import Desk
from service.alerts.promql import pattern
from service.alerts.rules import SECOND, Case, Rule, spelled
from service.alerts.service_rules import BOOK, RECORDED, RULES, ServiceRule
from service.alerts.settings import AlertSettings
from service.api.channels import Tally
from service.api.selfmetrics import SelfMetrics
from service.exposition import NAMESPACE, Exposition
from service.health import Health, Pulse
from tests.support.fake_engine import T0, FakeBook, FakeEngine, FakeFeed

ROOT = Path(__file__).parents[3]
OUTPUTS = {output.name: output for output in prometheus.known()}
STEP = 5 * SECOND
STALE = "stale"
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool (Debian: prometheus) is not installed"
)
needs_amtool = pytest.mark.skipif(
    not shutil.which("amtool"), reason="amtool (Debian: prometheus-alertmanager) is not installed"
)


def tool(*arguments: object) -> str:
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_file_is_what_the_rules_say() -> None:
    assert prometheus.FILE.read_text(encoding="utf-8") == prometheus.written(), "make docs"


@needs_promtool
def test_promtool_finds_nothing_wrong() -> None:
    tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", prometheus.FILE)
    tool("promtool", "check", "config", ROOT / "config/prometheus.yml")


@needs_amtool
def test_amtool_finds_nothing_wrong_and_routes_by_severity() -> None:
    file = ROOT / "config/alertmanager.yml"
    tool("amtool", "check-config", file)
    for receiver, labels in (
        ("pager", ("severity=critical",)),
        ("quiet", ("severity=info",)),
        ("desk", ("severity=warning",)),
        ("watchdog", ("alertname=ObiWatchdog", "severity=none")),
    ):
        tool(
            "amtool",
            "config",
            "routes",
            "test",
            f"--config.file={file}",
            f"--verify.receivers={receiver}",
            *labels,
        )


# -- cases: those of the rule files, and those of the service's own ----------------------------------------------------


def evaluated(alert: str, at: str, *, firing: bool) -> dict[str, Any]:
    expr = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0'
    return {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": 1}] if firing else []}


def written(labels: dict[str, str]) -> str:
    return ",".join(f'{key}="{value}"' for key, value in labels.items())


def series_of(rule: Rule, case: Case) -> Iterator[dict[str, str]]:
    """The case as series with a value each five seconds; a book that is not live has none."""
    count = (end_of(rule, case) + 60 * SECOND) // STEP + 1
    if any(step.feed for step in case.steps):
        yield from feeds_of(case, count)
        return
    for name in case.books:
        venue, _, symbol = name.partition("/")
        book_labels = {"job": "steelyard", "venue": venue, "market": market_of(symbol), "symbol": symbol}
        own = written(book_labels)
        values: dict[str, list[str]] = {output: [] for step in case.steps for output in step.values}
        live: list[str] = []
        book = CaseBook(name, list(OUTPUTS.values()))
        for k in range(count):
            for step in case.steps:
                if (k - 1) * STEP < step.at <= k * STEP and step.book in ("", name):
                    book.set(step.values)
                    book.state = step.state or book.state
            live.append(str(int(book.state == "live")))
            for output, held in values.items():
                x = book.values(0)[list(OUTPUTS).index(output)]
                held.append(
                    f"{x:.12g}" if x == x else STALE if held and held[-1] not in (STALE, "_") else "_"
                )
        yield {"series": f'obi_book_state{{{own},state="live"}}', "values": " ".join(live)}
        for output, held in values.items():
            labels = written(
                book_labels | dict(OUTPUTS[output].labels)
            )  # a value may be of one venue of several
            yield {
                "series": f"{OUTPUTS[output].prometheus}{{{labels}}}",
                "values": " ".join(held),
            }


def feeds_of(case: Case, count: int) -> Iterator[dict[str, str]]:
    for feed in dict.fromkeys(step.feed for step in case.steps):
        venue, product, route = (*feed.split("/"), "", "")[:3]
        state, held = "open", []
        for k in range(count):
            for step in case.steps:
                if step.feed == feed and (k - 1) * STEP < step.at <= k * STEP:
                    state = step.connection
            held.append(str(int(state == "open")))
        labels = f'job="steelyard",venue="{venue}",product="{product}",route="{route}"'
        yield {"series": f"obi_feed_up{{{labels}}}", "values": " ".join(held)}


def case_of(rule: Rule, case: Case) -> dict[str, Any]:
    end = end_of(rule, case)
    if case.fires is None:
        moments = range(0, end + 1, 30 * SECOND)
        expected = [evaluated(rule.alert, spelled(at), firing=False) for at in (*moments, end)]
    else:
        expected = [evaluated(rule.alert, spelled(case.fires + 3 * STEP), firing=True)]
    return {
        "name": f"{rule.alert}: {case.name}",
        "interval": "5s",
        "input_series": list(series_of(rule, case)),
        "promql_expr_test": expected,
    }


def cases_of(one: ServiceRule) -> Iterator[dict[str, Any]]:
    for firing, series in ((True, one.fires), (False, one.silent)):
        yield {
            "name": f"{one.alert}: {'fires' if firing else 'silent'}",
            "interval": "5s",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [evaluated(one.alert, one.at, firing=firing)],
        }


def all_cases() -> list[dict[str, Any]]:
    found = [case_of(rule, case) for rule in prometheus.rules() for case in rule.cases if case.prometheus]
    return [*found, *(case for one in RULES for case in cases_of(one))]


@needs_promtool
def test_each_alert_fires_where_it_should_and_nowhere_else(tmp_path: Path) -> None:
    """Each with a file of its own rule: promtool evaluates all rules of a file at each step of each case."""
    rules = {
        rule["alert"]: rule
        for group in prometheus.groups()["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    files = []
    for alert, rule in rules.items():
        cases = [case for case in all_cases() if case["name"].startswith(f"{alert}: ")]
        (tmp_path / f"{alert}.rule.yml").write_text(
            yaml.safe_dump({"groups": [{"name": "one", "rules": [rule]}]})
        )
        files.append(tmp_path / f"{alert}.yml")
        tests = {"rule_files": [f"{alert}.rule.yml"], "evaluation_interval": "5s", "tests": cases}
        files[-1].write_text(yaml.safe_dump(tests, sort_keys=False))
    tool("promtool", "test", "rules", *files)


def test_each_alert_has_a_case_that_fires_and_one_that_is_silent() -> None:
    expected: dict[str, set[bool]] = {}
    for case in all_cases():
        alert = case["name"].partition(":")[0]
        expected.setdefault(alert, set()).add(bool(case["promql_expr_test"][0]["exp_samples"]))
    names = {
        rule["alert"] for group in prometheus.groups()["groups"] for rule in group["rules"] if "alert" in rule
    }
    assert names - {"ObiWatchdog"} == expected.keys()
    assert [name for name, kinds in expected.items() if kinds != {True, False}] == []


# -- what the rules name ------------------------------------------------------------------------------------------------


def test_every_metric_that_a_rule_names_is_shown() -> None:
    """Series of the engine's outputs, and those that a service with a book, a feed and a sender shows."""
    senders = {"hook": {"kind": "webhook", "url": "http://127.0.0.1:9", "secret": {"env": "SECRET"}}}
    engine = FakeEngine(FakeBook(resyncs_by_reason={"gap": 1}))
    engine.feeds.append(FakeFeed())
    settings = AlertSettings.model_validate({"senders": senders})
    desk = Desk(engine, settings, lambda: T0, database=None, environ={"SECRET": "s3cret"})
    health = Health({"okx": Delays(NETWORK)}, {"okx": Delays(WORK)}, Pulse())
    own = SelfMetrics(Tally, desk, health=health)
    own.scraped(b"", 0.001)
    texts = [Exposition(engine).render(T0), own.render()]
    desk.close()
    shown = {"up", "process_start_time_seconds", *RECORDED, *(one.prometheus for one in OUTPUTS.values())}
    for text in texts:
        for family in text_string_to_metric_families(text.decode()):
            shown |= {sample.name for sample in family.samples} | {family.name}
    for group in prometheus.groups()["groups"]:
        for rule in group["rules"]:
            named = set(re.findall(rf"\b{NAMESPACE}[a-z0-9_]+", rule["expr"]))
            assert named <= shown, (rule, named - shown)


def test_every_alert_has_a_heading_in_the_runbooks() -> None:
    text = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (Obi\w+)$", text, re.MULTILINE)
    names = [
        rule["alert"] for group in prometheus.groups()["groups"] for rule in group["rules"] if "alert" in rule
    ]
    assert sorted(headings) == sorted(names)
    for name, part in zip(headings, re.split(r"^## Obi\w+$", text, flags=re.MULTILINE)[1:], strict=True):
        assert len(part.split()) > 30, f"{name}: say what it means and what to do"


def test_globs_as_regular_expressions() -> None:
    assert re.fullmatch(pattern("BTC-*").replace("\\\\", "\\"), "BTC-USDT")
    assert not re.fullmatch(pattern("BTC-USD?").replace("\\\\", "\\"), "BTC-USDTX")
    assert BOOK.startswith('job="steelyard"')
