"""What a scrape costs the event loop: /metrics of many books, beside prometheus_client's own writer of as many series."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from .bench_streams import KINDS, MadeUp, opened
from .engine import Engine
from .exposition import Exposition, usual
from .plan import Plan

SERIES = 10_000
MESSAGES = 100  # of each book before anything is measured
LEVELS = 200


class Scrape:
    """As many live books, with all metrics, as make so many series; and the same series in prometheus_client's hands."""

    def __init__(self, series: int = SERIES) -> None:
        kind = KINDS["usdm"]
        self.engine = Engine(Plan())
        self.source = MadeUp(kind, LEVELS)
        quote = kind.native.removeprefix(kind.row["baseAsset"])
        self.exposition = Exposition(self.engine, usual)
        self.received: dict[str, Callable[[bytes, int], Any]] = {}
        self.now = time.time_ns()
        snapshot = self.source.snapshot()
        first = f"A0{quote}"
        self.received[first] = opened(kind, [first], snapshot, self.engine).received
        self.steps()
        for number in range(1, -(-series // self.count())):
            native = f"A{number}{quote}"
            self.received[native] = opened(kind, [native], snapshot, self.engine).received
        self.steps()
        self.series = self.count()
        self.registry = in_registry(self.exposition.render(self.now).decode())

    def count(self) -> int:
        """Series that a scrape tells now."""
        text = self.exposition.render(self.now)
        return text.count(b"\n") - text.count(b"\n# ") - text.startswith(b"# ")

    def steps(self, times: int = MESSAGES) -> None:
        """So many messages for each book, a tenth of a second between them."""
        for _ in range(times):
            self.now += 100_000_000
            for native, received in self.received.items():
                received(self.source.frame(native), self.now)

    def measure(self, rounds: int) -> dict[str, Any]:
        """Milliseconds of CPU, medians: a scrape with all metrics brought up to now, its writing alone, the other writer."""
        samples: dict[str, list[float]] = {"whole": [], "writing": [], "generate_latest": []}
        gc.collect()
        gc.freeze()
        for _ in range(rounds):
            self.steps(1)
            samples["whole"].append(spent(lambda: self.exposition.render(self.now)))
            samples["writing"].append(spent(lambda: self.exposition.render(self.now)))
            samples["generate_latest"].append(spent(lambda: generate_latest(self.registry)))
        gc.unfreeze()
        found: dict[str, Any] = {name: statistics.median(values) for name, values in samples.items()}
        return found | {
            "series": self.series,
            "books": len(self.received),
            "share": statistics.median(
                ours / theirs
                for ours, theirs in zip(samples["writing"], samples["generate_latest"], strict=True)
            ),
        }


def scraped(series: int, rounds: int) -> dict[str, Any]:
    """What a scrape of so many series costs here and now."""
    return Scrape(series).measure(rounds)


def spent(work: Callable[[], bytes]) -> float:
    """Milliseconds of this thread's CPU."""
    began = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - began) / 1e6


def in_registry(text: str) -> CollectorRegistry:
    """The same series as gauges of prometheus_client, each with its child at hand."""
    registry = CollectorRegistry()
    for family in text_string_to_metric_families(text):
        by_name: dict[str, Gauge] = {}
        for sample in family.samples:
            names = sorted(sample.labels)
            key = sample.name + "".join(names)
            if key not in by_name:
                by_name[key] = Gauge(
                    f"{sample.name}_{len(by_name)}", family.documentation, names, registry=registry
                )
            labels = [sample.labels[name] for name in names]
            (by_name[key].labels(*labels) if names else by_name[key]).set(sample.value)
    return registry
