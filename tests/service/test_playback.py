"""A replay that is served: the alert rules speak on the recorded clock, and nobody outside is told."""

from __future__ import annotations

from pathlib import Path

import yaml
from fastapi.testclient import TestClient

from connectors.recording import read
from service.api.app import create_app
from service.playback import Playback
from service.settings import Settings
from tests.support.fake_engine import VENUES
from tests.support.link import Link

SECOND = 1_000_000_000
RULE = {
    "alert": "TestAnySpread",
    "summary": "{symbol} on {venue}: {value:.4f}",
    "when": {"metric": "spread.ratio", "above": 0},
    "for": "2s",
}


def recorded(folder: Path) -> Path:
    link = Link("kraken", "spot", levels=120, record=folder).start()
    link.run(5)
    link.stop()
    return next(path for path in folder.iterdir() if "instruments" not in path.name)


def played(path: Path, **alerts: object) -> Playback:
    settings = Settings.model_validate({"alerts": {"defaults": False, **alerts}})
    return Playback([path], settings, speed="max", out=None, every="1s", metrics=())


def test_rules_speak_on_the_recorded_clock(tmp_path: Path) -> None:
    path = recorded(tmp_path / "R")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.yaml").write_text(yaml.safe_dump(RULE))
    told = {"kind": "webhook", "url": "http://127.0.0.1:9/", "secret": {"env": "NOBODY_SETS_THIS"}}
    playback = played(path, folder=str(tmp_path / "rules"), senders={"hook": told})
    desk = playback.desk()
    assert desk is not None
    assert desk.senders == []
    for _ in playback.player.play():
        pass
    times = [line.t for line in read(path) if line.t is not None]
    first, last = min(times), max(times)
    fired = {alert.labels["symbol"]: alert.fired_at for alert in desk.watch.alerts.values() if alert.fired_at}
    assert fired
    assert all(first + 2 * SECOND <= at <= last for at in fired.values())
    app = create_app(playback.engine, VENUES, playback.settings.api, lambda: playback.player.now, alerts=desk)
    client = TestClient(app)
    history = client.get("/api/v1/alerts/history").json()["history"]
    assert {row["alert"]["fired_at"] for row in history if row["event"] == "fired"} == set(fired.values())
    desk.close()


def test_alerts_may_be_switched_off(tmp_path: Path) -> None:
    assert played(recorded(tmp_path), enabled=False).desk() is None
