"""What each family of metrics costs a depth message, in microseconds: `make costs` writes docs/metric-costs.json anew.

A family is measured by itself beside the same path without metrics; what families share (levels that changed, the flow
at levels) counts in each that asks for it, so they sum to more than the whole catalogue. Times are CPU times of one
thread; medians over rounds in turn, so that other work on the machine is felt by all alike. Prints and reads are not
in it: what is computed when it is read costs messages nothing.
"""

from __future__ import annotations

import gc
import json
import statistics
from functools import partial
from typing import Any

from .bench import CHECKOUT, captures, path
from .bench_streams import Stream, streams
from .metrics import GROUPS, metrics
from .plan import EXTENDED, FIRST_GROUP, Plan

FILE = CHECKOUT / "docs" / "metric-costs.json"
ROUNDS = 9


def families() -> dict[str, list[str]]:
    """Group -> keys of its metrics."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for key, kind in metrics().items():
        found[kind.declaration.group].append(key)
    return {group: keys for group, keys in found.items() if keys}


def core() -> list[str]:
    """Keys of the core tier."""
    return [key for key in metrics() if key not in EXTENDED]


def costs(stream: Stream, rounds: int = ROUNDS) -> dict[str, Any]:
    """Microseconds a message: the bare path, the first group of metrics, the core tier, each family, the whole catalogue."""
    plans = {
        "": Plan([]),
        "first group": Plan(FIRST_GROUP),
        "core tier": Plan(core()),
        "whole catalogue": Plan(),
    }
    plans |= {group: Plan(keys) for group, keys in families().items()}
    ways = {name: partial(path, stream, plan) for name, plan in plans.items()}
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            gc.collect()
            samples[name].append(ways[name]() / 1e3 / len(stream.frames))
    median = {name: statistics.median(values) for name, values in samples.items()}
    bare = median.pop("")
    return {
        "recorded": stream.recorded,
        "without metrics": round(bare, 2),
        "first group": round(median.pop("first group"), 2),
        "core tier": round(median.pop("core tier"), 2),
        "whole catalogue": round(median.pop("whole catalogue"), 2),
        "families": {name: round(max(0.0, value - bare), 2) for name, value in median.items()},
    }


def run() -> None:
    """Measure every stream and write the file."""
    found = {name: costs(stream) for name, stream in streams(captures(), quick=False).items()}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run()
