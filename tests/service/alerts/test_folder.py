"""Rule files: what is wrong with one is told with file, key and cure; what is right is chosen and held against metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import UsageError
from service.alerts.folder import DEFAULTS, chosen, places, read_folder, read_rule
from service.alerts.rules import nanoseconds, spelled
from service.metrics import metrics
from service.plan import Plan

OUTPUTS = Plan().outputs
GOOD = """
alert: MyRule
summary: "{symbol} at {value}"
when: {metric: queue_imbalance, above: 0.5}
"""


def written(folder: Path, text: str = GOOD, name: str = "rule.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


WRONG = [
    ("when: {metric: queue_imbalance, above: 0.5}", "when: {metric: queue_imbalance}", "above or below"),
    ("above: 0.5", "above: 0.5, below: 0.1", "above or below"),
    ("above: 0.5", "above: much", "when.above"),
    ("above: 0.5", "abvoe: 0.5", "did you mean above"),
    ("above: 0.5", "above: 0.5, leave: 0.6", "leave"),
    ("above: 0.5", "above: 0.5, take: mean", "give it a window"),
    ("above: 0.5", "above: 0.5, window: 60s", "remove window"),
    ("above: 0.5", "above: 0.5, take: mean, window: 60", "with its unit"),
    ("above: 0.5", "above: 0.5, take: mean, window: 25h", "between 2s and 24h"),
    ("above: 0.5", "above: 0.5, take: median, window: 60s", "take"),
    ("above: 0.5", "above: 0.5, take: percentile, window: 60s, absolute: true", "absolute"),
    ("when: {", "when: {book: not_live, ", "one of metric, all, any"),
    ("when: {metric: queue_imbalance, above: 0.5}", "when: {all: [{venue: down}]}", "stands alone"),
    ("when: {metric: queue_imbalance, above: 0.5}", "when: {venue: down}\nquorum: 2", "quorum"),
    ("when:", "quorum: 1\nwhen:", "2 or more"),
    ("when:", "for: 2\nwhen:", "with its unit"),
    ("when:", "severity: bad\nwhen:", "severity"),
    ("when:", "colour: red\nwhen:", "colour: unknown key"),
    ("{symbol}", "{price}", "price"),
    ("{value}", "{value:+q}", "a text may name"),
    ("MyRule", "my rule", "alert"),
    ("alert: MyRule", "", "alert: is missing"),
    (GOOD, "- just a list", "holds no rule"),
    (GOOD, "alert: *x", "not YAML"),
    ("when:", "cases: [{name: one, steps: [{at: 0s}]}]\nwhen:", "fires: TIME or silent"),
]


@pytest.mark.parametrize(("old", "new", "word"), WRONG)
def test_what_is_wrong_is_told_with_file_and_key(tmp_path: Path, old: str, new: str, word: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(UsageError) as told:
        read_rule(path)
    assert str(told.value).startswith(f"{path}: ")
    assert word in str(told.value)
    assert "\n" not in str(told.value)


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, name="same.yaml")
    with pytest.raises(UsageError, match=r"same\.yaml: alert: MyRule is taken by rule\.yaml|taken by same"):
        read_folder(tmp_path)
    with pytest.raises(UsageError, match="no folder of alert rules"):
        read_folder(tmp_path / "none")


def test_a_rule_of_ones_own_goes_over_a_default(tmp_path: Path) -> None:
    written(tmp_path, GOOD.replace("MyRule", "ObiSpreadWide"))
    found = {
        one.rule.alert: one
        for one in chosen(OUTPUTS, metrics(), folder=str(tmp_path), disabled=["ObiFeedDown"])
    }
    assert found["ObiSpreadWide"].path.parent == tmp_path
    assert found["ObiDepthGone"].path.parent == DEFAULTS
    assert found["ObiDepthGone"].rule.runbook == "docs/runbooks.md#obidepthgone"
    assert "ObiFeedDown" not in found
    with pytest.raises(UsageError, match="did you mean ObiFeedDown"):
        chosen(OUTPUTS, metrics(), disabled=["ObiFeedDwn"])


FAULTS = [
    ("queue_imbalanec", "did you mean queue_imbalance"),
    ("spread", "spread.price"),
    ("depth_imbalance, labels: {levels: 7}", "depth_imbalance has no such output"),
]


@pytest.mark.parametrize(("metric", "word"), FAULTS)
def test_a_metric_that_is_not_there_is_told_and_the_rest_run(tmp_path: Path, metric: str, word: str) -> None:
    written(tmp_path, GOOD.replace("queue_imbalance", metric))
    written(tmp_path, GOOD.replace("MyRule", "MyOther"), "other.yaml")
    found = chosen(OUTPUTS, metrics(), folder=str(tmp_path), defaults=False)
    assert [bool(one.fault) for one in found] == [False, True]
    assert word in found[1].fault


def test_a_metric_that_is_switched_off_is_told(tmp_path: Path) -> None:
    written(tmp_path)
    (found,) = chosen(Plan(["ofi"]).outputs, metrics(), folder=str(tmp_path), defaults=False)
    assert found.fault.startswith("queue_imbalance: this metric is switched off; add it to metrics.only")


def test_which_outputs_are_meant() -> None:
    def named(metric: str, **labels: str) -> list[str]:
        return [OUTPUTS[place].name for place in places(OUTPUTS, metric, labels)]

    assert named("queue_imbalance") == ["queue_imbalance"]
    assert named("queue_imbalance", stat="twa") == ["queue_imbalance{stat=twa}"]
    assert named("depth.base", band_bps="10") == [
        "depth.base{band_bps=10,side=bid}",
        "depth.base{band_bps=10,side=ask}",
    ]
    assert named("depth") == []


@pytest.mark.parametrize("text", ["500ms", "1s", "2m30s", "1h", "1d", "1d2h3m4s5ms"])
def test_durations_read_as_they_are_written(text: str) -> None:
    assert spelled(nanoseconds(text)) == text  # type: ignore[arg-type]  # a number for what is a duration
