"""Rule files: found in a folder, read, and held against the metrics there are. Errors name file, key and cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from connectors.errors import UsageError

from ..metrics.declare import Output
from .rules import Condition, Relative, Rule

_HERE = Path(__file__).parent
RUNBOOKS = "docs/runbooks.md#"  # one heading for each alert that comes with Steelyard
# In a checkout the rules stand where an operator looks for them; a wheel carries them beside this file.
DEFAULTS = next(
    (one for one in (_HERE / "defaults", _HERE.parents[1] / "config" / "alerts") if one.is_dir()),
    _HERE / "defaults",
)


@dataclass(frozen=True)
class Loaded:
    """A rule and the file it came from; `fault` says why it cannot run here, "" if it can."""

    rule: Rule
    path: Path
    fault: str = ""


def read_folder(folder: Path) -> list[tuple[Rule, Path]]:
    """All rules of a folder, by file name. UsageError where the folder or a file is not as it should be."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no folder of alert rules; create it, or leave alerts.folder empty")
    found: dict[str, Path] = {}
    rules = []
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        rule = read_rule(path)
        if rule.alert in found:
            raise UsageError(f"{path}: alert: {rule.alert} is taken by {found[rule.alert].name}; rename one")
        found[rule.alert] = path
        rules.append((rule, path))
    return rules


def read_rule(path: Path) -> Rule:
    """The rule in a file. UsageError names file, key and cure."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise UsageError(f"{path}: cannot be read ({failure.strerror})") from failure
    except (yaml.YAMLError, UnicodeDecodeError) as failure:
        told = " ".join(str(failure).split())
        raise UsageError(f"{path}: not YAML ({told}); quote texts that begin with * or {{") from failure
    if not isinstance(given, dict):
        raise UsageError(f"{path}: holds no rule; write keys such as alert:, summary: and when:")
    try:
        return Rule.model_validate(given)
    except ValidationError as failure:
        raise UsageError(f"{path}: {_told(failure)}") from failure


def _told(failure: ValidationError) -> str:
    first = failure.errors()[0]
    parts = [str(part) for part in first["loc"] if part not in ("float", "Relative")]
    key = ".".join(parts) or "rule"
    more = f" (and {failure.error_count() - 1} more)" if failure.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        names = {name: None for model in (Rule, Condition) for name in model.model_fields} | {"for": None}
        near = difflib.get_close_matches(parts[-1], names, 1)
        return f"{key}: unknown key; {f'did you mean {near[0]}?' if near else 'remove it'}{more}"
    if first["type"] == "missing":
        return f"{key}: is missing; write it{more}"
    message = first["msg"].removeprefix("Value error, ")
    shown = "" if first["type"] == "value_error" else f" (got {first['input']!r})"
    return f"{key}: {message}{shown}{more}"


def chosen(
    outputs: Sequence[Output],
    known: Iterable[str],
    *,
    folder: str = "",
    defaults: bool = True,
    disabled: Sequence[str] = (),
    later: Sequence[str] = (),
) -> list[Loaded]:
    """The rules that the settings ask for, each with its fault if it has one.

    A rule in `folder` goes over a default of the same name. `known`: keys of all metrics, running or not. `later`: keys
    whose outputs are known only once venues meet (across venues).
    """
    rules: dict[str, tuple[Rule, Path]] = {}
    for place in [DEFAULTS] * defaults + [Path(folder)] * bool(folder):
        for rule, path in read_folder(place):
            of_ours = place == DEFAULTS and not rule.runbook
            runbook = RUNBOOKS + rule.alert.lower() if of_ours else rule.runbook
            rules[rule.alert] = (rule.model_copy(update={"runbook": runbook}), path)
    for name in disabled:
        if name not in rules:
            near = difflib.get_close_matches(name, rules, 1)
            hint = f"; did you mean {near[0]}?" if near else f" (known are {', '.join(sorted(rules))})"
            raise UsageError(f"alerts.disabled: no rule {name!r}{hint}")
    keys = set(known)
    return [
        Loaded(rule, path, fault_of(rule, outputs, keys, later))
        for name, (rule, path) in sorted(rules.items())
        if name not in disabled and rule.enabled
    ]


def fault_of(rule: Rule, outputs: Sequence[Output], known: set[str], later: Sequence[str] = ()) -> str:
    """Why a rule cannot run with these outputs: "" if it can."""
    for leaf in rule.when.leaves():
        for metric, labels in named(leaf):
            if places(outputs, metric, labels):
                continue
            key = metric.partition(".")[0]
            if key in later:
                continue
            of_key = [one for one in outputs if one.key == key]
            if of_key:
                shown = ", ".join(one.name for one in of_key[:6])
                return f"{spelled_output(metric, labels)}: {key} has no such output (it has {shown} …)"
            if key in known:
                return f"{key}: this metric is switched off; add it to metrics.only, or put the rule into alerts.disabled"
            near = difflib.get_close_matches(key, known, 1)
            return f"{key}: no such metric" + (f"; did you mean {near[0]}?" if near else "")
    return ""


def named(leaf: Condition) -> list[tuple[str, Mapping[str, str]]]:
    """Metrics that a condition names, its level included, each with the labels that matter."""
    if not leaf.metric:
        return []
    found: list[tuple[str, Mapping[str, str]]] = [(leaf.metric, leaf.labels)]
    if isinstance(leaf.level, Relative):
        found.append((leaf.level.metric, leaf.level.labels))
    return found


def spelled_output(metric: str, labels: Mapping[str, str]) -> str:
    """`depth.base{band_bps=10,side=bid}`"""
    return metric + (f"{{{','.join(f'{k}={v}' for k, v in sorted(labels.items()))}}}" if labels else "")


def places(outputs: Sequence[Any], metric: str, labels: Mapping[str, str]) -> list[int]:
    """Places of the outputs that a rule means: the labels given, and `stat` last unless given.

    A key without a field is the metric's own value; fields are different things and are never meant together.
    """
    key, _, field = metric.partition(".")
    found = []
    for place, output in enumerate(outputs):
        if output.key != key or output.field != field:
            continue
        own = dict(output.labels)
        if own.get("stat", "last") != labels.get("stat", "last") and "stat" in own:
            continue
        if all(own.get(name) == value for name, value in labels.items()):
            found.append(place)
    return found


def venues_of(when: Condition, outputs: Sequence[Any]) -> list[str]:
    """The venues that the outputs a condition names are told by; none where they are not, or it names one itself."""
    meant = [
        (metric, labels) for leaf in when.leaves() for metric, labels in named(leaf) if "venue" not in labels
    ]
    found = {
        dict(outputs[place].labels).get("venue", "")
        for metric, labels in meant
        for place in places(outputs, metric, labels)
    }
    return sorted(found - {""})


def of_venue(when: Condition, outputs: Sequence[Any], venue: str) -> Condition:
    """The condition of one of `venues_of`."""
    if inner := when.all or when.any:
        told = [of_venue(one, outputs, venue) for one in inner]
        return when.model_copy(update={"all" if when.all else "any": told})
    update: dict[str, Any] = {}
    if by_venue(when.metric, when.labels, outputs):
        update["labels"] = {**when.labels, "venue": venue}
    level = when.level
    if isinstance(level, Relative) and by_venue(level.metric, level.labels, outputs):
        other = level.model_copy(update={"labels": {**level.labels, "venue": venue}})
        update["above" if when.rising else "below"] = other
    return when.model_copy(update=update)


def by_venue(metric: str, labels: Mapping[str, str], outputs: Sequence[Any]) -> bool:
    """Is each of the outputs that are meant that of one venue?"""
    found = places(outputs, metric, labels)
    return bool(found) and all("venue" in dict(outputs[place].labels) for place in found)
