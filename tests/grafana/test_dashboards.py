"""The dashboards: committed as they are built, within the conventions, and naming only what the service says."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from promql_parser import Call, MatrixSelector, VectorSelector

from grafana.source.board import FOLDER, Board, boards, write
from grafana.source.colours import SAFE
from service.alerts import prometheus
from service.alerts.service_rules import RECORDED
from service.metric_table import declared
from tests.support.dashboards import (
    FILES,
    STANDS_FOR,
    VARIABLES,
    all_panels,
    faults,
    is_counter_call,
    legend_labels,
    load,
    panels_of,
    parts,
    plain,
    selectors,
)
from tests.support.exported import exported

ROOT = Path(__file__).parents[2]
BOARDS = boards()
PANELS = all_panels()
COUNTER = re.compile("_(total|bucket|sum|count)$")
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


Rules = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rules() -> Rules:
    """Those of Prometheus."""
    return [rule for group in prometheus.groups()["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def shown() -> dict[str, list[dict[str, str]]]:
    return exported() | {name: [{}] for name in RECORDED}


# -- committed as built ------------------------------------------------------------------------------------------------


def test_there_are_six() -> None:
    names = ("overview", "symbol", "cross-venue", "venues", "surveillance", "service")
    assert {file.stem for file in FILES} == {f"steelyard-{name}" for name in names}
    assert {board.file for board in BOARDS} == set(FILES)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_the_file_is_what_is_built(board: Board) -> None:
    assert board.file.read_text(encoding="utf-8") == board.text(), "make dashboards"


def test_writing_takes_away_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grafana.source.board.FOLDER", tmp_path / "made")
    write()
    (tmp_path / "made" / "gone.json").write_text("{}")
    write()
    made = {file.name: file.read_text() for file in (tmp_path / "made").iterdir()}
    assert made == {file.name: file.read_text() for file in FOLDER.iterdir()}


@each_file
def test_grafanas_own_classes_know_every_key(file: Path) -> None:
    """A key that they do not know would vanish on the way."""
    register_default_plugins()
    data = load(file)
    there = json.loads(json.dumps(Dashboard.from_json(data), cls=JSONEncoder))
    for one in (*there["links"], *there["annotations"]["list"]):
        assert one.pop("placement") == "inControlsMenu"  # what they put where nothing stood
    assert there == data


# -- conventions: the dashboard ----------------------------------------------------------------------------------------


@each_file
def test_a_dashboard_stands_as_all_do(file: Path) -> None:
    data = load(file)
    assert data["uid"] == file.stem
    assert data["tags"] == ["steelyard"]
    assert data["editable"] is False
    assert data["timezone"] == "utc"
    assert data["graphTooltip"] == 1  # a shared crosshair
    assert data["schemaVersion"] >= 39
    assert len(data["description"]) > 30
    assert data["time"]["to"] == "now"
    (link,) = data["links"]
    assert (link["type"], link["tags"]) == ("dashboards", ["steelyard"])
    assert link["keepTime"]
    assert link["includeVars"]
    (alerts,) = data["annotations"]["list"]
    assert alerts["enable"]
    assert alerts["datasource"] == DATASOURCE
    assert alerts["expr"].startswith('ALERTS{alertstate="firing",alertname=~"Obi.*",job=~"$job"')
    promql_parser.parse(plain(alerts["expr"]))
    assert set(re.findall("#[0-9A-Fa-f]{6}", json.dumps(data))) <= SAFE


@each_file
def test_variables(file: Path, shown: dict[str, list[dict[str, str]]]) -> None:
    first, *others = load(file)["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    assert first["label"] == "Data source"
    assert tuple(one["name"] for one in others) == VARIABLES
    before: list[str] = []
    for one in others:
        assert one["type"] == "query"
        assert one["datasource"] == DATASOURCE
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".+")
        assert one["refresh"] == 2  # when the time range changes
        assert one["sort"] == 1
        said = re.fullmatch(r"label_values\((.+), (\w+)\)", one["query"]["query"])
        assert said is not None
        assert said[2] == one["name"]
        assert [name for name in VARIABLES if f"${name}" in said[1]] == before
        assert not faults(said[1], shown)
        before.append(one["name"])


@each_file
def test_variables_that_are_unseen_are_unused(file: Path) -> None:
    data = load(file)
    queries = " ".join(target["expr"] for panel in panels_of(data) for target in panel.targets)
    for one in data["templating"]["list"][1:]:
        assert (f"${one['name']}" in queries) == (one.get("hide", 0) == 0), one["name"]


@each_file
def test_the_first_row_is_open_with_numbers_on_top_and_the_others_are_closed(file: Path) -> None:
    data = load(file)
    first, *rest = data["panels"]
    assert (first["type"], first["collapsed"]) == ("row", False)
    rows = [one for one in rest if one["type"] == "row"]
    assert rows
    assert all(row["collapsed"] and row["panels"] for row in rows)
    assert all(one["type"] == "row" for one in rest[rest.index(rows[0]) :])
    top = [one for one in rest if one["gridPos"]["y"] == first["gridPos"]["y"] + 1]
    assert {(one["type"], one["gridPos"]["h"]) for one in top} == {("stat", 4)}
    assert sum(one["gridPos"]["w"] for one in top) == 24


@each_file
def test_nothing_overlaps(file: Path) -> None:
    data = load(file)
    ids = [one["id"] for top in data["panels"] for one in (top, *top.get("panels", ()))]
    assert len(set(ids)) == len(ids)
    places = [one["gridPos"] for top in data["panels"] for one in (top, *top.get("panels", ()))]
    for one in places:
        assert one["x"] + one["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


# -- conventions: each panel -------------------------------------------------------------------------------------------


@each_file
def test_a_panel_explains_itself(file: Path) -> None:
    for panel in panels_of(load(file)):
        data = panel.data
        assert data["title"]
        assert len(data["description"].split()) >= 4, panel.name
        assert data["description"].endswith("."), panel.name
        assert data["fieldConfig"]["defaults"]["unit"], panel.name
        assert data["datasource"] == DATASOURCE
        assert panel.targets
        for target in panel.targets:
            assert target["datasource"] == DATASOURCE
            assert target["legendFormat"]
            assert target["instant"] != target["range"]
        if data["type"] != "timeseries":  # asked at the end of the range: what has ended is not shown
            assert panel.instant, panel.name
        if data["type"] == "stat":
            assert data["options"]["reduceOptions"]["calcs"] == ["last"]
            assert data["fieldConfig"]["defaults"]["noValue"]


@each_file
def test_panels_have_names_of_their_own(file: Path) -> None:
    names = [panel.name for panel in panels_of(load(file))]
    assert len(set(names)) == len(names)


@each_file
def test_every_series_is_asked_for_by_job_and_none_by_a_bound(file: Path) -> None:
    for panel in panels_of(load(file)):
        for target in panel.targets:
            for selector in selectors(target["expr"].replace("$job", "THE-JOB")):
                chosen = {str(one) for one in selector.matchers.matchers}
                assert 'job=~"THE-JOB"' in chosen, panel.name
                assert not any(one.startswith("le=") for one in chosen), panel.name


@each_file
def test_counters_are_used_as_counters(file: Path) -> None:
    """Inside rate or increase, over `$__rate_interval`; a number may be of the whole range on display."""
    for panel in panels_of(load(file)):
        for target in panel.targets:
            query = target["expr"]
            windows = {"$__rate_interval", "$__range"} if panel.instant else {"$__rate_interval"}
            assert set(re.findall(r"\[(.+?)\]", query)) <= windows, panel.name
            tree = parts(promql_parser.parse(plain(query)))
            within = {str(one.args[0]) for one in tree if isinstance(one, Call) and is_counter_call(one)}
            assert {str(one) for one in tree if isinstance(one, MatrixSelector)} <= within, panel.name
            counted = [part for one in tree if isinstance(one, MatrixSelector) for part in parts(one)]
            for one in tree:
                if isinstance(one, VectorSelector) and COUNTER.search(one.name or ""):
                    assert str(one) in {str(part) for part in counted}, panel.name


# -- what they name ----------------------------------------------------------------------------------------------------


@each_file
def test_panels_name_only_what_leaves_by_default(file: Path, shown: dict[str, list[dict[str, str]]]) -> None:
    found = {
        panel.name: wrong
        for panel in panels_of(load(file))
        for target in panel.targets
        if (wrong := faults(target["expr"], shown))
    }
    assert not found


def test_rules_name_only_what_leaves_by_default(rules: Rules, shown: dict[str, list[dict[str, str]]]) -> None:
    found = {
        rule.get("alert", rule.get("record")): wrong
        for rule in rules
        if (wrong := faults(rule["expr"], shown))
    }
    assert not found


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("obi_mid_prices", "no series obi_mid_prices"),
        ('obi_depth_quote_units{band_bps="100"}', 'no obi_depth_quote_units with band_bps="100"'),
        ('obi_best_price{side=~"bid|buy"}', 'no obi_best_price with side=~"buy"'),
        ("sum by (sides) (obi_best_price)", "no label sides to sum by"),
        ('obi_basis_ratio{venue="consolidated"}', 'no obi_basis_ratio with venue="consolidated"'),
    ],
)
def test_what_is_not_there_is_found(query: str, fault: str, shown: dict[str, list[dict[str, str]]]) -> None:
    assert fault in faults(query, shown)


def test_alerts_that_are_named_exist(rules: Rules) -> None:
    known = {rule["alert"] for rule in rules if "alert" in rule}
    for panel in PANELS:
        assert set(re.findall(r"\bObi[A-Z]\w+", panel.data["description"])) <= known, panel.name


def test_every_group_of_metrics_has_its_place() -> None:
    """Not every metric is drawn, but no group is left out."""
    drawn = {one.name for panel in PANELS for target in panel.targets for one in selectors(target["expr"])}
    groups: dict[str, set[str]] = {}
    for declaration, outputs in declared():
        groups.setdefault(declaration.group, set()).update(one.prometheus for one in outputs)
    assert [name for name, names in groups.items() if not names & drawn] == []


def test_a_legend_names_labels_that_are_left() -> None:
    for panel in PANELS:
        for target in panel.targets:
            query, wanted = target["expr"], legend_labels(target["legendFormat"])
            summed = re.match(r"^[^{]*?by \(([\w, ]+)\)", query)
            if summed and wanted:
                assert wanted <= set(summed[1].split(", ")), panel.name


# -- provisioning ------------------------------------------------------------------------------------------------------


def provisioned(name: str) -> dict[str, Any]:
    path = ROOT / "grafana/provisioning" / name / "steelyard.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_provisioning() -> None:
    sources = {one["uid"]: one for one in provisioned("datasources")["datasources"]}
    assert sources["prometheus"]["url"] == "http://prometheus:9090"
    assert sources["alertmanager"]["url"] == "http://alertmanager:9093"
    scraping = yaml.safe_load((ROOT / "config/prometheus.yml").read_text(encoding="utf-8"))
    assert sources["prometheus"]["jsonData"]["timeInterval"] == scraping["global"]["scrape_interval"]
    (provider,) = provisioned("dashboards")["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert "$__rate_interval" in STANDS_FOR
