"""Everything that leaves by /metrics by default, with a value each: what dashboards and rules may name.

The text is the exposition's own, of the declared metrics, over books for which everything is known. `Full.text` counts
on with each call, as from scrape to scrape.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from connectors.delays import NETWORK, WORK, Delays
from service.across import across
from service.across.contagion import Contagion
from service.alerts.desk import Desk
from service.alerts.settings import AlertSettings
from service.api.channels import Tally
from service.api.selfmetrics import SelfMetrics
from service.exposition import Exposition
from service.health import Health, Pulse
from service.plan import Plan
from tests.support.fake_engine import T0, FakeBook, FakeEngine, FakeFeed

VENUES = ("binance", "okx")
SYMBOLS = {"spot": "BTC-USDT", "perp": "BTC-USDT-PERP", "future": "BTC-USDT-261225"}
# What Prometheus adds to each target, and what it tells of alerts.
OF_PROMETHEUS: dict[str, list[dict[str, str]]] = {
    "up": [{}],
    "scrape_duration_seconds": [{}],
    "ALERTS": [
        {"alertname": "ObiSpreadWide", "severity": "warning", "alertstate": state} | places
        for state in ("firing", "pending")
        for places in ({"venue": "okx", "market": "spot", "symbol": "BTC-USDT"}, {})
    ],
}


class Full:
    """Two venues with a spot and a perpetual book each, what is consolidated of them, and a basket."""

    def __init__(self) -> None:
        self.count = 0
        self.engine = FakeEngine(simulated=True)
        own = Plan().outputs
        between = [
            output
            for kind in across().values()
            for output in kind(pair=("USDT", "USD")).outputs(list(VENUES))
        ]
        for market, symbol in SYMBOLS.items():
            for venue in VENUES:
                self._add(venue, market, symbol, own)
            self._add("consolidated", market, symbol, between)
        self._add("consolidated", "perp", "okx:ALL-USDT-PERP", Contagion(over="symbols").outputs(()))
        self.engine.feeds = [FakeFeed(venue, unknown={"odd": 1}) for venue in VENUES]
        self._tally = Tally()
        self._desk = self._alerts()
        arrivals = {venue: Delays(NETWORK) for venue in VENUES}
        handled = {venue: Delays(WORK) for venue in VENUES}
        self._health = Health(arrivals, handled, Pulse())
        self._self = SelfMetrics(lambda: self._tally, self._desk, health=self._health)
        self._exposition = Exposition(self.engine)

    def _add(self, venue: str, market: str, symbol: str, outputs: Sequence[Any]) -> None:
        values = {output.name: (output.counter, 0.25 + k % 3 / 4) for k, output in enumerate(outputs)}
        book = FakeBook(venue, market, symbol, resyncs_by_reason={"gap": 1})
        book.by_time = lambda now: {
            name: float(self.count) if counts else value for name, (counts, value) in values.items()
        }
        self.engine.add(book).outputs = outputs

    def _alerts(self) -> Desk:
        """A sender, and a connection that has been down for long enough."""
        senders = {"hook": {"kind": "webhook", "url": "http://127.0.0.1:9", "secret": {"env": "SECRET"}}}
        settings = AlertSettings.model_validate({"senders": senders})
        engine = FakeEngine()
        outputs: Sequence[Any] = Plan().outputs
        engine.outputs = list(outputs)
        engine.feeds = [FakeFeed(state="waiting")]
        desk = Desk(engine, settings, lambda: T0, database=None, environ={"SECRET": "s3cret"})
        desk.watch.begin(T0 - 1)
        while not desk.watch.active():
            desk.watch.timer(desk.watch.deadline())
        return desk

    def text(self) -> str:
        """The next scrape."""
        self.count += 1
        pulse = self._health.pulse
        assert pulse is not None
        pulse.late(1_000_000, time.perf_counter_ns())
        lanes = self._desk.delivery.lanes.values()
        sent = [lane.tally.delays for lane in lanes]
        for delays in (
            *self._health.arrivals.values(),
            *self._health.handled.values(),
            *pulse.pauses,
            *sent,
            self._tally.published,
        ):
            delays.observe(1_000_000)
        text = self._exposition.render(T0) + self._self.render()
        self._self.scraped(text, 0.001)
        return text.decode()

    def close(self) -> None:
        """End what it started."""
        self._desk.close()


def exported() -> dict[str, list[dict[str, str]]]:
    """Name of each series that leaves by default -> its labels, place by place."""
    full = Full()
    full.text()
    text = full.text()  # what the first scrape cost is told by the second
    full.close()
    found: dict[str, list[dict[str, str]]] = dict(OF_PROMETHEUS)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found
