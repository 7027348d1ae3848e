"""Alert rules in Prometheus's language: the same conditions over what /metrics shows.

What differs: Prometheus looks at samples every few seconds and not at every update, it has no level to leave (where a
rule has one, `keep_firing_for` damps instead), and an alert whose book dies resolves there, as its series ends. That a
book is not live needs no condition: it has no series then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Any

from .folder import places
from .rules import Condition, Relative, Rule, spelled

ON = "venue, market, symbol"
_SCALES = {"mean": "avg", "min": "min", "max": "max"}


def expression(rule: Rule, outputs: Sequence[Any]) -> str:
    """The rule as one expression. `outputs`: those of the engine."""
    when = rule.when
    if when.feed:
        return f"obi_feed_up{_matchers({}, rule, ('venue',))} == 0"
    if when.venue:
        return f"max by (job, venue) (obi_feed_up{_matchers({}, rule, ('venue',))}) == 0"
    if when.book:
        return f"obi_book_state{_matchers({'state': 'live'}, rule)} == 0"
    text = _condition(when, rule, outputs)
    if rule.quorum:
        return f"count by (job, market, symbol) (group by (job, {ON}) ({text})) >= {rule.quorum}"
    return text


def _condition(condition: Condition, rule: Rule, outputs: Sequence[Any]) -> str:
    if condition.all:
        return f" and on (job, {ON}) ".join(f"({_condition(one, rule, outputs)})" for one in condition.all)
    if condition.any:
        return " or ".join(f"({_condition(one, rule, outputs)})" for one in condition.any)
    x = _series(condition.metric, condition.labels, rule, outputs)
    sign = ">" if condition.rising else "<"
    level = condition.level
    if isinstance(level, Relative):
        other = _series(level.metric, level.labels, rule, outputs)
        return f"{_sized(condition, x)} {sign} on (job, {ON}) {level.times:g} * {other}"
    if condition.take == "percentile":
        measured = f"{x} {sign} quantile_over_time({level:g}, {x}[{spelled(condition.window)}])"
        return f"{measured} and {x} offset {condition.least}s"
    known = _known(condition)
    text = f"{_sized(condition, _measured(condition, x))} {sign} {level:g}"
    return f"{text} and {x} offset {known}" if known else text


def _sized(condition: Condition, text: str) -> str:
    return f"abs({text})" if condition.absolute else text


def _measured(condition: Condition, x: str) -> str:
    window = spelled(condition.window)
    match condition.take:
        case "value":
            return x
        case "mean" | "min" | "max":
            return f"{_SCALES[condition.take]}_over_time({x}[{window}])"
        case "change":
            return f"({x} - {x} offset {window})"
        case "relative_change":
            return f"({x} - {x} offset {window}) / abs({x} offset {window})"
        case "increase":
            return f"increase({x}[{window}])"
        case "surge":
            # The mean over as many windows as there have been yet: a series that is young is not measured by an hour.
            usual = f"avg_over_time(increase({x}[{window}])[{spelled(condition.against)}:{window}] offset {window})"
            return f"increase({x}[{window}]) / clamp_min({usual}, 1)"
        case "ratio":
            return f"{x} / avg_over_time({x}[{window}])"
        case _:
            return f"({x} - avg_over_time({x}[{window}])) / (stddev_over_time({x}[{window}]) > 0)"


def _known(condition: Condition) -> str:
    """How long there have to have been values: as the built-in evaluation asks for."""
    if condition.take in ("zscore", "ratio"):
        return f"{condition.least}s"
    if condition.take == "surge":
        return spelled(2 * condition.window)
    if condition.take in _SCALES:
        return spelled(condition.window * 4 // 5)
    return ""


def _series(metric: str, labels: Mapping[str, str], rule: Rule, outputs: Sequence[Any]) -> str:
    """The series of the outputs that are meant; labels that tell them from others of the same family are written out."""
    found = [outputs[place] for place in places(outputs, metric, labels)]
    name = found[0].prometheus
    family = [dict(output.labels) for output in outputs if output.prometheus == name]
    meant = [dict(output.labels) for output in found]
    own = dict(labels)
    for label, value in meant[0].items():
        same = all(one.get(label) == value for one in meant)
        if same and any(one.get(label) != value for one in family):
            own[label] = value
    return f"{name}{_matchers(own, rule)}"


def _matchers(
    labels: Mapping[str, str], rule: Rule, names: Sequence[str] = ("venue", "market", "symbol")
) -> str:
    parts = [f'{name}="{value}"' for name, value in sorted(labels.items())]
    for name in names:
        globs = getattr(rule.select, name)
        if "*" not in globs:
            parts.append(f'{name}=~"{"|".join(pattern(glob) for glob in globs)}"')
    return f"{{{','.join(parts)}}}" if parts else ""


def pattern(glob: str) -> str:
    """A glob as RE2, quoted for a string between double quotes."""
    inner = translate(glob).removeprefix("(?s:").removesuffix(")\\Z")
    return inner.replace("\\", "\\\\").replace('"', '\\"')


_WORD = re.compile(r"\{(\w+)(?::([^}]*))?\}")


def template(text: str, rule: Rule) -> str:
    """A rule's text in Prometheus's template language."""

    def word(found: re.Match[str]) -> str:
        name, form = found[1], found[2] or ""
        if name in ("venue", "market", "symbol", "product"):
            return "several venues" if name == "venue" and rule.quorum else f"{{{{ $labels.{name} }}}}"
        if name == "value" and form.endswith("%"):
            return "{{ $value | humanizePercentage }}"
        if name in ("value", "count"):
            return f'{{{{ $value | printf "%{form or "g"}" }}}}'
        if name == "output":
            return next((leaf.metric for leaf in rule.when.leaves() if leaf.metric), "")
        if name == "books":
            return "see the books"
        return "not live" if rule.when.book else "down"

    return _WORD.sub(word, text)
