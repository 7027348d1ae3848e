"""Rules about what is not there at the start: what venues have together, and series that others push."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from service.alerts.awaited import for_cases
from service.alerts.desk import Desk
from service.alerts.settings import AlertSettings
from service.external.series import External
from service.external.settings import ExternalSettings
from tests.support.street import A, B, Street

SECOND = 1_000_000_000
APART = {
    "alert": "TestApart",
    "summary": "{symbol}: {venue} is {value:+.2%} away",
    "when": {"metric": "price_dislocation", "absolute": True, "above": 0.0001},
    "cooldown": 0,
}
FLOWS = {
    "alert": "TestFlows",
    "summary": "{symbol} on {venue}: {value:.1f}",
    "when": {"metric": "external.netflow", "above": 100, "leave": 50},
    "cooldown": 0,
}


class Place:
    """A street of venues with a desk of alerts, on one clock."""

    def __init__(self, folder: Path, *rules: Mapping[str, object]) -> None:
        for number, rule in enumerate(rules):
            (folder / f"{number}.yaml").write_text(yaml.safe_dump(dict(rule)))
        self.street = Street()
        settings = AlertSettings(folder=str(folder), defaults=False)
        self.desk = Desk(self.street.engine, settings, lambda: self.street.now, database=None, environ={})
        self.external = External(ExternalSettings(tokens=[], stale_after_seconds=60))
        self.desk.attend(self.external)
        self.desk.watch.begin(self.street.now)

    def pass_time(self, seconds: float) -> None:
        end = self.street.now + round(seconds * SECOND)
        while self.desk.watch.deadline() <= end:
            self.street.now = self.desk.watch.deadline()
            self.desk.watch.timer(self.street.now)
        self.street.now = end

    def push(self, value: float, **labels: str) -> None:
        now = self.street.now
        self.external.take(self.external.read("netflow", {"value": value, "labels": labels}, now), now)

    def firing(self) -> list[tuple[str, str]]:
        return [(one.rule.alert, one.labels["venue"]) for one in self.desk.watch.active()]


def test_a_rule_on_what_venues_have_together_waits_and_then_runs(tmp_path: Path) -> None:
    place = Place(tmp_path, APART)
    (rule,) = place.desk.loaded
    assert rule.fault == ""
    assert (
        place.desk.waits_for(rule) == "price_dislocation: waits for venues that have an instrument together"
    )
    place.street.open("a", book=A)
    place.pass_time(2)
    assert place.firing() == []
    place.street.open("b", book=B)
    place.pass_time(2)
    assert place.desk.waits_for(rule) == ""
    assert place.firing() == [("TestApart", "a"), ("TestApart", "b")]
    place.street.lose("b")
    place.pass_time(2)
    states = {one.labels["venue"]: one.state.value for one in place.desk.watch.active()}
    assert states == {"a": "unknown", "b": "unknown"}, "with nobody to compare with, nothing is proven"
    place.desk.close()


def test_a_rule_on_a_pushed_series(tmp_path: Path) -> None:
    place = Place(tmp_path, FLOWS)
    (rule,) = place.desk.loaded
    assert place.desk.waits_for(rule) == "external.netflow: waits for that it is pushed"
    place.push(120.0, symbol="BTC-USDT")
    assert place.firing() == [("TestFlows", "external")], "within the push"
    (alert,) = place.desk.watch.active()
    assert (alert.labels["symbol"], alert.summary) == ("BTC-USDT", "BTC-USDT on external: 120.0")
    assert place.desk.waits_for(rule) == ""
    place.push(500.0, venue="okx", symbol="BTC-USDT")
    assert place.firing() == [("TestFlows", "external"), ("TestFlows", "okx")]
    place.push(40.0, symbol="BTC-USDT")
    assert place.firing() == [("TestFlows", "okx")]
    place.pass_time(62)
    (alert,) = place.desk.watch.active()
    assert (alert.state.value, alert.reason) == ("unknown", "not live: stale (not pushed)")
    place.push(10.0, venue="okx", symbol="BTC-USDT")
    assert place.firing() == []
    place.desk.close()


def test_a_series_is_no_book_that_can_be_dead(tmp_path: Path) -> None:
    dead = {"alert": "TestDead", "summary": "{symbol} is dead", "when": {"book": "not_live"}}
    place = Place(tmp_path, dead)
    place.push(1.0)
    place.pass_time(62)
    assert place.firing() == []
    place.desk.close()


def test_cases_may_set_what_a_rule_waits_for(tmp_path: Path) -> None:
    place = Place(tmp_path, FLOWS, APART)
    names = {one.name for loaded in place.desk.loaded for one in for_cases(loaded.rule, ())}
    assert {"external.netflow", "price_dislocation{venue=okx}"} <= names
    place.desk.close()
