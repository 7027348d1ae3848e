"""What the service says of itself."""

from __future__ import annotations

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from connectors.delays import NETWORK, WORK, Delays
from service.alerts.desk import Desk
from service.alerts.settings import AlertSettings
from service.api.channels import Tally
from service.api.selfmetrics import SelfMetrics, build_version
from service.health import Health, Pulse
from tests.support.fake_engine import T0, FakeBook, FakeEngine


def families(text: bytes) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def values(text: bytes) -> dict[str, float]:
    """name{label=value} -> value"""
    return {
        one.name + "".join(f"{{{key}={value}}}" for key, value in one.labels.items()): one.value
        for family in families(text).values()
        for one in family.samples
    }


def test_build_process_and_stream_are_told() -> None:
    tally = Tally(clients=3, channels=2, encodings=10, messages=30, missed=1)
    text = SelfMetrics(lambda: tally, waiting=lambda: 7).render()
    found = values(text)
    assert families(text)["obi_build_info"].samples[0].labels["version"] == build_version()
    assert found["obi_stream_clients"] == 3
    assert found["obi_stream_messages_total"] == 30
    assert found["obi_stream_missed_total"] == 1
    assert found["obi_backlog_messages{queue=stream}"] == 7
    assert {"process_cpu_seconds_total", "process_open_fds"} <= found.keys()
    assert "python_gc_collections" in families(text)


def test_each_stage_of_a_message_is_a_histogram() -> None:
    arrivals, handled, tally, pulse = Delays(NETWORK), Delays(WORK), Tally(), Pulse()
    for milliseconds in (0.5, 3, 3, 70_000):
        arrivals.observe(round(milliseconds * 1e6))
    handled.observe(20_000)
    tally.published.observe(1_000_000)
    pulse.late(30_000_000, 0)
    health = Health({'odd"venue': arrivals}, {"okx": handled}, pulse)
    text = SelfMetrics(lambda: tally, health=health).render()
    assert families(text)["obi_feed_latency_seconds"].type == "histogram"
    found = values(text)
    name = 'obi_feed_latency_seconds_bucket{venue=odd"venue}'
    assert found[f"{name}{{le=0.001}}"] == 1
    assert found[f"{name}{{le=0.0025}}"] == 1
    assert found[f"{name}{{le=0.005}}"] == 3
    assert found[f"{name}{{le=10.0}}"] == 3
    assert found[f"{name}{{le=+Inf}}"] == 4
    assert found['obi_feed_latency_seconds_count{venue=odd"venue}'] == 4
    assert found['obi_feed_latency_seconds_sum{venue=odd"venue}'] == 70.0065
    assert found["obi_apply_latency_seconds_bucket{venue=okx}{le=2.5e-05}"] == 1
    assert found["obi_publish_latency_seconds_count"] == 1
    assert found["obi_loop_lag_seconds_bucket{le=0.05}"] == 1
    assert found["obi_loop_lag_seconds_bucket{le=0.025}"] == 0
    assert found["obi_gc_pause_seconds_count{generation=2}"] == 0


def test_queues_of_alerts_are_told() -> None:
    senders = {"hook": {"kind": "webhook", "url": "http://127.0.0.1:9", "secret": {"env": "S"}}}
    settings = AlertSettings.model_validate({"senders": senders})
    desk = Desk(FakeEngine(FakeBook()), settings, lambda: T0, database=None, environ={"S": "s3cret"})
    desk.test()
    desk.delivery.lanes["hook"].tally.delays.observe(2_000_000)
    found = values(SelfMetrics(Tally, desk).render())
    desk.close()
    assert found["obi_backlog_messages{queue=sender:hook}"] == 1
    assert found["obi_backlog_dropped_total{queue=sender:hook}"] == 0
    assert found["obi_backlog_messages{queue=alert_store}"] >= 0
    assert found["obi_alert_delivery_seconds_bucket{sender=hook}{le=0.0025}"] == 1


def test_a_scrape_is_told_by_the_next_one() -> None:
    own = SelfMetrics(Tally)
    assert "obi_scrapes_total" not in values(own.render())
    own.scraped(b'# HELP a b\n# TYPE a gauge\na 1\na{b="c"} 2\n# HELP d e\n# TYPE d gauge\nd 3\n', 0.25)
    found = values(own.render())
    assert found["obi_scrapes_total"] == 1
    assert found["obi_scrape_seconds"] == 0.25
    assert found["obi_scrape_series"] == 3
    assert found["obi_scrape_size_bytes"] == 71
