"""REST of alerts, and the stream's channel, over a desk whose books are set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from websockets.asyncio.client import connect

from service.alerts.cases import T0, CaseEngine
from service.alerts.desk import Desk
from service.alerts.rules import SECOND, Case, Step
from service.alerts.settings import AlertSettings
from service.api import alert_models as schema
from service.api.app import create_app
from service.api.ports import Engine as Port
from service.api.server import serve
from service.api.settings import ApiSettings
from tests.support.alerting import OUTPUTS
from tests.support.fake_engine import VENUES
from tests.support.serving import StreamClient

RULE = """
alert: MyLean
summary: "{symbol} on {venue} leans by {value:+.2f}"
when: {metric: queue_imbalance, above: 0.5, leave: 0.3}
cooldown: 0s
"""


class Engine(CaseEngine):
    simulated = False
    declarations: tuple[Any, ...] = ()

    def listen_trades(self, callback: Any) -> None:
        """No prints here."""


class Place:
    """A desk on a made-up engine and clock, and a client of its REST."""

    def __init__(self, folder: Path, *, database: Path | None = None, **settings: Any) -> None:
        rules = folder / "rules"
        rules.mkdir(exist_ok=True)
        (rules / "lean.yaml").write_text(RULE)
        (rules / "none.yaml").write_text(
            RULE.replace("MyLean", "MyMoon").replace("queue_imbalance", "moon_phase")
        )
        self.engine = Engine(
            Case(name="api", books=["binance/BTC-USDT"], steps=[Step(at=0)], silent=True), OUTPUTS
        )
        self.now = T0
        made = AlertSettings.model_validate({"folder": str(rules), "defaults": False, **settings})
        self.desk = Desk(self.engine, made, lambda: self.now, database=database, environ={"SECRET": "s3cret"})
        self.desk.watch.begin(T0 - 1)
        self.app = create_app(
            cast(Port, self.engine), VENUES, ApiSettings(), lambda: self.now, alerts=self.desk
        )
        self.rest = TestClient(self.app)

    def lean(self, value: float | None, state: str = "") -> None:
        self.engine.apply(
            Step.model_validate({"at": 0, "values": {"queue_imbalance": value}, "state": state})
        )

    def pass_time(self, seconds: float) -> None:
        end = self.now + round(seconds * SECOND)
        while self.desk.watch.deadline() <= end:
            self.now = self.desk.watch.deadline()
            self.desk.watch.timer(self.now)
        self.now = end

    def get(self, path: str = "", **query: Any) -> Any:
        answer = self.rest.get(f"/api/v1/alerts{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    senders = {"hook": {"kind": "webhook", "url": "http://127.0.0.1:9", "secret": {"env": "SECRET"}}}
    made = Place(tmp_path, senders=senders)
    yield made
    made.desk.close()


def test_what_fires_is_listed_until_it_resolves(place: Place) -> None:
    assert schema.Alerts.model_validate(place.get()).alerts == []
    place.lean(0.9)
    (alert,) = schema.Alerts.model_validate(place.get()).alerts
    assert (alert.alert, alert.state, alert.value, alert.fired_at) == ("MyLean", "firing", 0.9, T0)
    assert alert.summary == "BTC-USDT on binance leans by +0.90"
    assert place.get(f"/{alert.id}")["alert"]["id"] == alert.id
    assert place.get(venue="okx", severity="warning")["alerts"] == []
    assert len(place.get(symbol="BTC-*", alert="My*")["alerts"]) == 1
    place.lean(0.0)
    assert place.get()["alerts"] == []
    place.desk.store.flush()
    history = schema.History.model_validate(place.get("/history"))
    assert [entry.event for entry in history.history] == ["resolved", "fired"]
    assert history.history[0].alert.state == "resolved"
    page = place.get("/history", limit=1)
    assert [one["event"] for one in place.get("/history", cursor=page["next_cursor"])["history"]] == ["fired"]


def test_what_cannot_be_evaluated_says_why(place: Place) -> None:
    place.lean(0.9)
    place.lean(0.9, "lost")
    (alert,) = place.get()["alerts"]
    assert (alert["state"], alert["reason"]) == ("unknown", "not live: lost (case)")
    place.lean(0.0, "live")
    place.lean(None)
    assert place.get()["alerts"] == []
    (alert,) = place.get(all=True)["alerts"]
    assert (alert["state"], alert["reason"], alert["value"]) == ("unknown", "undefined", 0.0)


def test_rules_say_why_one_cannot_run(place: Place) -> None:
    place.lean(0.9)
    rules = {rule.alert: rule for rule in schema.Rules.model_validate(place.get("/rules")).rules}
    assert (rules["MyLean"].fault, rules["MyLean"].firing) == ("", 1)
    assert rules["MyMoon"].fault.startswith("moon_phase: no such metric")
    assert rules["MyLean"].when == {"metric": "queue_imbalance", "above": 0.5, "leave": 0.3}


def test_silences_are_made_changed_and_ended(place: Place) -> None:
    wanted = {"matchers": {"venue": "bin*"}, "seconds": 60, "who": "ada", "why": "tests"}
    answer = place.rest.post("/api/v1/alerts/silences", json=wanted)
    assert answer.status_code == 201
    made = schema.OneSilence.model_validate(answer.json()).silence
    assert (made.until - made.starts, made.active) == (60 * SECOND, True)
    place.lean(0.9)
    (alert,) = place.get()["alerts"]
    assert (alert["silenced_by"], alert["notified"]) == (made.id, False)
    changed = place.rest.put(f"/api/v1/alerts/silences/{made.id}", json=wanted | {"why": "more tests"}).json()
    assert changed["silence"]["why"] == "more tests"
    assert schema.Silences.model_validate(place.get("/silences")).silences[0].why == "more tests"
    assert place.rest.delete(f"/api/v1/alerts/silences/{made.id}").status_code == 200
    assert place.rest.delete(f"/api/v1/alerts/silences/{made.id}").status_code == 404
    place.pass_time(1.5)
    assert place.get()["alerts"][0]["notified"]
    assert len(place.desk.delivery.lanes["hook"].waiting) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"matchers": {}}, "matchers"),
        ({"matchers": {"moon": "x"}}, "matchers"),
        ({"who": ""}, "who"),
        ({"seconds": None}, "either until"),
        ({"until": 5, "seconds": None}, "ahead"),
        ({"more": 1}, "more"),
    ],
)
def test_a_silence_that_is_wrong_is_a_problem(place: Place, change: dict[str, Any], word: str) -> None:
    wanted = {"matchers": {"venue": "okx"}, "seconds": 60, "who": "ada", "why": "tests"} | change
    answer = place.rest.post("/api/v1/alerts/silences", json=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert word in answer.text


def test_an_acknowledged_alert_is_told_no_more_but_that_it_resolved(place: Place) -> None:
    place.lean(0.9)
    id = place.get()["alerts"][0]["id"]
    answer = place.rest.post(f"/api/v1/alerts/{id}/acknowledge", json={"who": "ada", "why": "on it"})
    assert schema.OneAlert.model_validate(answer.json()).alert.acknowledged is not None
    waiting = place.desk.delivery.lanes["hook"].waiting
    place.lean(0.9, "lost")
    assert [one.happening for one in waiting] == ["fired"]
    place.lean(0.0, "live")
    assert [one.happening for one in waiting] == ["fired", "resolved"]
    assert place.rest.post(f"/api/v1/alerts/{id}/acknowledge", json={"who": "ada"}).status_code == 404


def test_a_test_message_and_who_is_told(place: Place) -> None:
    answer = place.rest.post("/api/v1/alerts/test", json={"sender": "hook"})
    assert (answer.status_code, answer.json()["senders"]) == (202, ["hook"])
    (sender,) = schema.Senders.model_validate(place.get("/senders")).senders
    assert (sender.name, sender.kind, sender.waiting) == ("hook", "webhook", 1)
    assert "s3cret" not in place.rest.get("/api/v1/alerts/senders").text
    wrong = place.rest.post("/api/v1/alerts/test", json={"sender": "hok"})
    assert (wrong.status_code, wrong.json()["suggestions"]) == (404, ["hook"])
    assert schema.DeadLetters.model_validate(place.get("/dead-letters")).dead_letters == []


def test_pages_of_other_origins_may_not_write(place: Place) -> None:
    answer = place.rest.post("/api/v1/alerts/test", json={}, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:steelyard:problem:foreign-origin")
    assert place.rest.get("/api/v1/alerts", headers={"Origin": "https://evil.example"}).status_code == 200
    assert (
        place.rest.post("/api/v1/alerts/test", json={}, headers={"Origin": "http://testserver"}).status_code
        == 202
    )


def test_where_alerts_are_off_it_says_so(place: Place) -> None:
    off = TestClient(create_app(cast(Port, place.engine), VENUES, ApiSettings(), lambda: T0))
    answer = off.get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:steelyard:problem:alerts-off")


def test_after_a_restart_alerts_silences_and_acknowledgements_are_there(tmp_path: Path) -> None:
    database = tmp_path / "alerts.sqlite"
    before = Place(tmp_path, database=database)
    before.lean(0.9)
    (alert,) = before.desk.watch.active()
    before.desk.acknowledge(alert, "ada", "on it")
    before.desk.silence({"venue": "okx"}, T0, T0 + 60 * SECOND, "ada", "tests")
    before.desk.close()
    after = Place(tmp_path, database=database)
    (row,) = after.get()["alerts"]
    assert (row["state"], row["reason"]) == ("unknown", "the service was restarted")
    assert row["acknowledged"]["who"] == "ada"
    assert row["fired_at"] == T0
    assert len(after.get("/silences")["silences"]) == 1
    after.lean(0.8)
    assert after.get()["alerts"][0]["state"] == "firing"
    after.lean(0.0)
    after.desk.store.flush()
    assert [one["event"] for one in after.get("/history")["history"]] == [
        *("resolved", "confirmed", "acknowledged", "fired"),
    ]
    after.desk.close()


def test_the_stream_tells_what_fires_and_resolves(place: Place) -> None:
    async def scenario() -> list[Any]:
        stopping, ports = asyncio.Event(), asyncio.Queue[int]()
        running = asyncio.create_task(
            serve(place.app, "127.0.0.1", 0, stopping, bound=ports.put_nowait, stop_seconds=1)
        )
        port = await asyncio.wait_for(ports.get(), 5)
        got = []
        try:
            async with connect(f"ws://127.0.0.1:{port}/api/v1/stream", proxy=None) as socket:
                client = StreamClient(socket)
                place.lean(0.9)
                said = await client.subscribe(
                    {"name": "alerts", "symbol": "BTC-*"}, {"name": "alerts", "venue": "okx"}
                )
                assert [one["name"] for one in said["channels"]] == ["alerts", "alerts"]
                got.append(await client.until("snapshot"))
                place.lean(0.9, "lost")
                got.append(await client.until("update"))
                place.lean(0.0, "live")
                got.append(await client.until("update"))
        finally:
            stopping.set()
            await running
        return got

    got = asyncio.run(scenario())
    assert [one["alert"]["state"] for one in got] == ["firing", "unknown", "resolved"]
    assert {one["name"] for one in got} == {"alerts"}
    assert {one["channel"] for one in got} == {1}
