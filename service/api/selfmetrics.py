"""What the service says of itself in /metrics, through prometheus_client: build, process, collections, the stream."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Gauge, GCCollector, Info, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.alerts.desk import Desk

from .channels import Tally


def build_version() -> str:
    """Version of the installed distribution, `0` where it runs uninstalled."""
    try:
        return version("steelyard")
    except PackageNotFoundError:
        return "0"


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
            "obi_alert_rules", "Alert rules, and those that cannot run.", labels=("state",)
        )
        faulty = sum(bool(one.fault) for one in self._desk.loaded)
        rules.add_metric(("running",), len(self._desk.loaded) - faulty)
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


class SelfMetrics:
    """A registry of our own, so that nothing else in the process can slip into it."""

    def __init__(self, tally: Callable[[], Tally], alerts: Desk | None = None) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        python = ".".join(map(str, sys.version_info[:3]))
        Info("obi_build", "What is running.", registry=self.registry).info(
            {"version": build_version(), "python": python}
        )
        self.scrape_seconds = Gauge(
            "obi_scrape_seconds", "Time that the last scrape took.", registry=self.registry
        )
        self.registry.register(_StreamCollector(tally))
        if alerts is not None:
            self.registry.register(_AlertCollector(alerts))

    def render(self) -> bytes:
        """Prometheus text."""
        return generate_latest(self.registry)
