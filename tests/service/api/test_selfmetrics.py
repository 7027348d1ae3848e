"""What the service says of itself."""

from prometheus_client.parser import text_string_to_metric_families

from service.api.channels import Tally
from service.api.selfmetrics import SelfMetrics, build_version


def test_build_process_and_stream_are_told() -> None:
    tally = Tally(clients=3, channels=2, encodings=10, messages=30, missed=1)
    text = SelfMetrics(lambda: tally).render().decode()
    found = {
        sample.name: sample for family in text_string_to_metric_families(text) for sample in family.samples
    }
    assert found["obi_build_info"].labels["version"] == build_version()
    assert found["obi_stream_clients"].value == 3
    assert found["obi_stream_messages_total"].value == 30
    assert found["obi_stream_missed_total"].value == 1
    assert {"process_cpu_seconds_total", "process_open_fds", "python_gc_collections_total"} <= found.keys()
