"""What a rule may name before it is there: what venues have together, once they meet, and series that others push."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from ..across import across
from ..metrics.declare import Output, Unit
from .folder import named, places, spelled_output
from .rules import Rule

EXTERNAL = "external"  # `external.NAME`, or `external.NAME.FIELD` of one that has fields: a pushed series
IN_CASES = ("binance", "bybit", "okx")  # the venues that meet in the cases of a rule


def pushed_output(name: str, field: str) -> Output:
    """A field of a pushed series as the output of a book that has nothing else; `field` "" for a plain number."""
    full = f"{name}.{field}" if field else name
    return Output(
        EXTERNAL, full, (), f"{EXTERNAL}.{full}", "obi_external_value", False, Unit.RATIO, "Pushed."
    )


@cache
def met() -> tuple[Output, ...]:
    """What these venues have together, once they meet."""
    return tuple(output for kind in across().values() for output in kind().outputs(IN_CASES))


def for_cases(rule: Rule, outputs: Sequence[Any]) -> list[Any]:
    """Outputs that the cases of a rule may set: those given, and what it may wait for."""
    here = {output.name for output in outputs}
    metrics = [metric.split(".", 2) for leaf in rule.when.leaves() for metric, _ in named(leaf)]
    pushed = [
        pushed_output(one[1], "".join(one[2:])) for one in metrics if one[0] == EXTERNAL and len(one) > 1
    ]
    return [*outputs, *(one for one in (*met(), *pushed) if one.name not in here)]


def waits_for(rule: Rule, outputs: Iterable[Any], later: Sequence[str]) -> str:
    """What of `later` (keys) a rule names and no book has yet, in words; "" where all is there."""
    here: Sequence[Any] | None = None
    for leaf in rule.when.leaves():
        for metric, labels in named(leaf):
            key = metric.partition(".")[0]
            if key not in later:
                continue
            here = [one for one in outputs if one.key in later] if here is None else here
            if not places(here, metric, labels):
                what = "that it is pushed" if key == EXTERNAL else "venues that have an instrument together"
                return f"{spelled_output(metric, labels)}: waits for {what}"
    return ""
