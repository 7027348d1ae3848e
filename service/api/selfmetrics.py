"""What the service says of itself in /metrics: build, process, event loop, queues, the stream, alerts, and each stage
of a message's way. Counts are read when scraped; prometheus_client is nowhere on the path of a message."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, GCCollector, Info, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connectors.delays import SECOND, Delays
from service.alerts.desk import Desk
from service.exposition import escape, header
from service.health import Health

from .channels import Tally


def build_version() -> str:
    """Version of the installed distribution, `0` where it runs uninstalled."""
    try:
        return version("steelyard")
    except PackageNotFoundError:
        return "0"


def histogram(name: str, help: str, samples: Iterable[tuple[str, Delays]]) -> bytes:
    """A family of histograms as Prometheus text; `samples` are labels as they stand between braces, and counts."""
    lines = [header(name, help, "histogram")]
    for labels, delays in samples:
        between = labels + "," if labels else ""
        *counts, number = delays.cumulative()
        lines += [
            f'{name}_bucket{{{between}le="{bound}"}} {count}'
            for bound, count in zip(delays.bounds, counts, strict=True)
        ]
        lines.append(f'{name}_bucket{{{between}le="+Inf"}} {number}')
        own = f"{{{labels}}}" if labels else ""
        lines += [f"{name}_sum{own} {delays.total / SECOND}", f"{name}_count{own} {number}"]
    return "\n".join(lines).encode() + b"\n" if len(lines) > 1 else b""


class _StreamCollector(Collector):
    def __init__(self, tally: Callable[[], Tally]) -> None:
        self._tally = tally

    def collect(self) -> list[Metric]:
        tally = self._tally()
        return [
            GaugeMetricFamily("obi_stream_clients", "Sockets open now.", tally.clients),
            GaugeMetricFamily(
                "obi_stream_channels", "Different channels that are subscribed to.", tally.channels
            ),
            CounterMetricFamily(
                "obi_stream_encodings", "Updates encoded, once for all clients.", tally.encodings
            ),
            CounterMetricFamily("obi_stream_messages", "Messages sent to clients.", tally.messages),
            CounterMetricFamily("obi_stream_missed", "Updates that slow clients were spared.", tally.missed),
        ]


class _AlertCollector(Collector):
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> list[Metric]:
        active = GaugeMetricFamily(
            "obi_alerts_active", "Alerts that fire.", labels=("alert", "severity", "state")
        )
        counts: dict[tuple[str, str, str], int] = {}
        for alert in self._desk.watch.active():
            key = (alert.rule.alert, alert.severity.value, alert.state.value)
            counts[key] = counts.get(key, 0) + 1
        for key, count in counts.items():
            active.add_metric(key, count)
        rules = GaugeMetricFamily(
            "obi_alert_rules",
            "Alert rules that run, wait for what they name, or cannot run.",
            labels=("state",),
        )
        faulty = sum(bool(one.fault) for one in self._desk.loaded)
        waiting = sum(bool(self._desk.waits_for(one)) for one in self._desk.loaded)
        rules.add_metric(("running",), len(self._desk.loaded) - faulty - waiting)
        rules.add_metric(("waiting",), waiting)
        rules.add_metric(("faulty",), faulty)
        messages = CounterMetricFamily(
            "obi_alert_messages", "What became of messages to senders.", labels=("sender", "result")
        )
        for name, lane in self._desk.delivery.lanes.items():
            for result in ("sent", "retried", "failed"):
                messages.add_metric((name, result), getattr(lane.tally, result))
        store = self._desk.store
        lost = CounterMetricFamily(
            "obi_alert_writes_lost", "Writes of alerts that were not kept.", store.lost + store.failed
        )
        return [active, rules, messages, lost]


class _QueueCollector(Collector):
    """What waits, and what had to give way because too much waited. The recorder has no queue: it writes at once."""

    def __init__(self, waiting: Callable[[], int], alerts: Desk | None) -> None:
        self._waiting, self._alerts = waiting, alerts

    def collect(self) -> list[Metric]:
        length = GaugeMetricFamily("obi_backlog_messages", "What waits in a queue now.", labels=("queue",))
        dropped = CounterMetricFamily(
            "obi_backlog_dropped", "What was dropped because too much waited.", labels=("queue",)
        )
        length.add_metric(("stream",), self._waiting())
        if self._alerts is not None:
            store = self._alerts.store
            length.add_metric(("alert_store",), store.waiting)
            dropped.add_metric(("alert_store",), store.lost)
            for name, lane in self._alerts.delivery.lanes.items():
                length.add_metric((f"sender:{name}",), len(lane.waiting))
                dropped.add_metric((f"sender:{name}",), lane.tally.pushed_out)
        return [length, dropped]


class _ScrapeCollector(Collector):
    """What the last scrape cost: the one before the one that tells it."""

    def __init__(self) -> None:
        self.seconds, self.size, self.series, self.number = 0.0, 0, 0, 0

    def collect(self) -> list[Metric]:
        if not self.number:
            return []
        return [
            GaugeMetricFamily("obi_scrape_seconds", "Time that the last scrape held the loop.", self.seconds),
            GaugeMetricFamily("obi_scrape_size_bytes", "Text of the last scrape.", self.size),
            GaugeMetricFamily("obi_scrape_series", "Series that the last scrape told.", self.series),
            CounterMetricFamily("obi_scrapes", "Scrapes answered.", self.number),
        ]


class SelfMetrics:
    """A registry of our own, so that nothing else in the process can slip into it."""

    def __init__(
        self,
        tally: Callable[[], Tally],
        alerts: Desk | None = None,
        *,
        health: Health | None = None,
        waiting: Callable[[], int] = lambda: 0,
    ) -> None:
        """`waiting`: updates that clients of the stream have yet to take."""
        self.registry = CollectorRegistry()
        self._tally, self._alerts, self._health = tally, alerts, health or Health()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        python = ".".join(map(str, sys.version_info[:3]))
        Info("obi_build", "What is running.", registry=self.registry).info(
            {"version": build_version(), "python": python}
        )
        self._scrape = _ScrapeCollector()
        self.registry.register(self._scrape)
        self.registry.register(_StreamCollector(tally))
        self.registry.register(_QueueCollector(waiting, alerts))
        if alerts is not None:
            self.registry.register(_AlertCollector(alerts))

    def scraped(self, text: bytes, seconds: float) -> None:
        """A scrape was answered with this; the next one tells what it cost."""
        one = self._scrape
        one.seconds, one.size, one.number = seconds, len(text), one.number + 1
        one.series = text.count(b"\n") - text.count(b"\n# ") - text.startswith(b"# ")

    def render(self) -> bytes:
        """Prometheus text."""
        return generate_latest(self.registry) + b"".join(self._delays())

    def _delays(self) -> Iterator[bytes]:
        health = self._health
        for name, said, by_venue in (
            (
                "obi_feed_latency_seconds",
                "Receive time minus the venue's time of messages of live books; the clocks' difference is in it.",
                health.arrivals,
            ),
            (
                "obi_apply_latency_seconds",
                "From a message's arrival until its books, metrics and alerts knew of it.",
                health.handled,
            ),
        ):
            yield histogram(name, said, ((f'venue="{escape(venue)}"', by_venue[venue]) for venue in by_venue))
        yield histogram(
            "obi_publish_latency_seconds",
            "From the arrival of a book's newest message until the stream had an update of it ready.",
            (("", self._tally().published),),
        )
        if self._alerts is not None:
            lanes = self._alerts.delivery.lanes.items()
            yield histogram(
                "obi_alert_delivery_seconds",
                "From the evaluation that made an alert change until the sender's other end took the message.",
                ((f'sender="{escape(name)}"', lane.tally.delays) for name, lane in lanes),
            )
        yield from self._pulse()

    def _pulse(self) -> Iterator[bytes]:
        pulse = self._health.pulse
        if pulse is None:
            return
        yield histogram("obi_loop_lag_seconds", "How late the event loop came back.", (("", pulse.lag),))
        if (worst := pulse.worst_lag_seconds) is not None:
            name = "obi_loop_lag_max_seconds"
            said = header(name, "The latest that the event loop came back within the last minute.", "gauge")
            yield f"{said}\n{name} {worst}\n".encode()
        yield histogram(
            "obi_gc_pause_seconds",
            "How long the garbage collector held everything up.",
            ((f'generation="{k}"', delays) for k, delays in enumerate(pulse.pauses)),
        )
