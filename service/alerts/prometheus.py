"""Writes config/prometheus-rules.yml from the alert rules and the service's own: `make docs`. A test compares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..plan import Plan
from .awaited import met
from .folder import DEFAULTS, RUNBOOKS, fault_of, read_folder
from .promql import expression, template
from .rules import Rule, spelled
from .service_rules import RECORDED, RULES

FILE = Path(__file__).parents[2] / "config" / "prometheus-rules.yml"
HEAD = """# Written by `make docs` from config/alerts/*.yaml and service/alerts/service_rules.py: edit those.
# Prometheus 2.42 and later. Checked by promtool, lints fatal; each alert has a case that fires and one that is silent.
"""


def known() -> list[Any]:
    """What a book may have, and what venues have together."""
    return [*Plan().outputs, *met()]


def rules() -> list[Rule]:
    """Rules that become Prometheus rules."""
    outputs = known()
    every = [rule for rule, _ in read_folder(DEFAULTS)]
    return [rule for rule in every if rule.prometheus and rule.enabled and not fault_of(rule, outputs, set())]


def groups() -> dict[str, Any]:
    """The file as data."""
    outputs = known()
    books = [_of_rule(rule, outputs) for rule in rules() if rule.scope == "book" and not rule.when.book]
    feeds = [_of_rule(rule, outputs) for rule in rules() if rule.scope != "book" or rule.when.book]
    own = [_own(one) for one in RULES]
    recorded = [{"record": name, "expr": expr} for name, expr in RECORDED.items()]
    watchdog = {
        "alert": "ObiWatchdog",
        "expr": "vector(1)",
        "labels": {"severity": "none"},
        "annotations": {
            "summary": "Alerting works",
            "description": "Always fires: where it stops to arrive, the way of alerts is broken.",
            "runbook_url": f"{RUNBOOKS}obiwatchdog",
        },
    }
    return {
        "groups": [
            {"name": "obi-recorded", "interval": "10s", "rules": recorded},
            {"name": "obi-market", "interval": "5s", "rules": books},
            {"name": "obi-feeds", "interval": "5s", "rules": feeds},
            {"name": "obi-service", "interval": "15s", "rules": [*own, watchdog]},
        ]
    }


def _of_rule(rule: Rule, outputs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"alert": rule.alert, "expr": expression(rule, outputs)}
    if rule.hold:
        found["for"] = spelled(rule.hold)
    if any(leaf.leave is not None for leaf in rule.when.leaves()):
        found["keep_firing_for"] = "30s"
    found["labels"] = {"severity": rule.severity.value}
    found["annotations"] = {
        "summary": template(rule.summary, rule),
        "description": template(rule.description, rule),
        "runbook_url": rule.runbook or f"{RUNBOOKS}{rule.alert.lower()}",
    }
    return found


def _own(one: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"alert": one.alert, "expr": one.expr}
    if one.hold != "0s":
        found["for"] = one.hold
    if one.keep:
        found["keep_firing_for"] = one.keep
    found["labels"] = {"severity": one.severity} | one.labels
    found["annotations"] = {
        "summary": one.summary,
        "description": one.description,
        "runbook_url": f"{RUNBOOKS}{one.alert.lower()}",
    }
    return found


def written() -> str:
    """The whole file."""
    return HEAD + yaml.safe_dump(groups(), sort_keys=False, width=110, allow_unicode=True)


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
