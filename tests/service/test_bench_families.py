"""What families of metrics cost: each is there, and the table has what was measured last."""

from __future__ import annotations

import json

from service.bench_families import FILE, costs, families
from service.bench_streams import KINDS, made_up
from service.metric_table import cost_table
from service.metrics import metrics


def test_every_metric_is_in_one_family() -> None:
    assert sorted(key for keys in families().values() for key in keys) == sorted(metrics())


def test_families_are_measured_beside_the_whole() -> None:
    found = costs(made_up(KINDS["coinm"], 40, levels=50), rounds=3)
    assert found["families"].keys() == families().keys()
    assert 0 < found["without metrics"] < found["whole catalogue"]
    assert all(value >= 0 for value in found["families"].values())


def test_the_page_has_the_figures_of_the_last_measurement() -> None:
    told = json.loads(FILE.read_text(encoding="utf-8"))
    assert told.keys() == KINDS.keys()
    for one in told.values():
        assert one["recorded"], "measure with the recorded feeds"
        assert f"{one['whole catalogue']:.2f}" in cost_table()
