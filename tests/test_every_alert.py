"""One suite over all rule files in config/alerts/: each is tested by being there, by the cases inside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.across import across
from service.alerts.awaited import met
from service.alerts.cases import faults, played
from service.alerts.folder import DEFAULTS, fault_of, read_folder, read_rule
from service.metrics import metrics
from service.plan import Plan

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "config/alerts").glob("*.yaml"))
OUTPUTS = [*Plan().outputs, *met()]


def test_the_defaults_are_these_files() -> None:
    assert [path for _, path in read_folder(DEFAULTS)] == PATHS
    assert len(PATHS) >= 8


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
class TestEach:
    def test_its_metrics_are_there(self, path: Path) -> None:
        assert fault_of(read_rule(path), OUTPUTS, set(metrics()) | set(across())) == ""

    def test_its_cases_hold(self, path: Path) -> None:
        assert list(faults(read_rule(path), OUTPUTS)) == []

    def test_it_has_a_case_that_fires_and_one_that_stays_silent(self, path: Path) -> None:
        cases = read_rule(path).cases
        assert any(case.fires is not None for case in cases)
        assert any(case.silent for case in cases)

    def test_what_it_says_reads_well(self, path: Path) -> None:
        rule = read_rule(path)
        for case in rule.cases:
            for text in played(rule, case, OUTPUTS).texts:
                assert not re.search(r"\bnan\b", text)
                assert "()" not in text
                assert "  " not in text

    def test_it_never_fires_on_a_book_that_is_not_live(self, path: Path) -> None:
        """The same courses with the book dead all the while: only a rule about that may speak."""
        rule = read_rule(path)
        if rule.scope != "book" or rule.when.book:
            return
        for case in rule.cases:
            dead = [step.model_copy(update={"state": "lost"}) for step in case.steps]
            course = played(rule, case.model_copy(update={"steps": dead}), OUTPUTS)
            assert course.fired is None
            assert course.texts == []
