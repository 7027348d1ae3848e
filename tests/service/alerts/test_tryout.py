"""Rules over recordings: what `alerts test --replay` prints, and which recordings share a clock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import cli
from service.alerts.tryout import Tryout, together
from service.settings import Settings
from tests.service.api.test_with_engine import recording
from tests.support.fake_engine import SECOND, T0

RULE = """
alert: MyLean
summary: "{symbol} leans by {value:.2f}"
when: {metric: queue_imbalance, above: 0.5}
"""


def rules(folder: Path) -> Path:
    made = folder / "rules"
    made.mkdir()
    (made / "lean.yaml").write_text(RULE)
    (made / "moon.yaml").write_text(RULE.replace("MyLean", "MyMoon").replace("queue_imbalance", "moon_phase"))
    return made


def test_what_would_have_fired_when_and_how_long(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.log.set_up", lambda level, form: None)
    path = recording(tmp_path, gap=True)
    with pytest.raises(SystemExit) as left:
        cli.main(["alerts", "test", "--replay", str(path), "--rules", str(rules(tmp_path))])
    said = capfd.readouterr()
    assert left.value.code == 0
    (row,) = [json.loads(line) for line in said.out.splitlines()]
    assert (row["alert"], row["fired_at"], row["value"]) == ("MyLean", T0 + SECOND, 0.6)
    assert (row["end"], row["unproven"], row["lasted_seconds"]) == ("still firing", 1, 1.0)  # then a gap
    assert "MyMoon cannot run: moon_phase: no such metric" in said.err
    assert "1 alerts of 1 rules" in said.err


def test_the_same_twice(tmp_path: Path) -> None:
    path, folder = recording(tmp_path), rules(tmp_path)
    found = []
    for _ in range(2):
        tryout = Tryout(Settings(), str(folder))
        tryout.play([path], lambda now: None)
        assert tryout.table().row_count == 1
        found.append(tryout.rows)
    assert found[0] == found[1]


def test_recordings_far_apart_are_played_one_after_another(tmp_path: Path) -> None:
    def begins(name: str, t: int | None) -> Path:
        path = tmp_path / f"{name}.jsonl"
        path.write_text(json.dumps({"t": t, "ch": "ws", "dir": "in", "url": "wss://x", "msg": "{}"}) + "\n")
        return path

    near, far = begins("a", T0), begins("b", T0 + 90 * 60 * SECOND)
    with_near, timeless = begins("c", T0 + 60 * SECOND), begins("d", None)
    groups = list(together([far, near, timeless, with_near]))
    assert groups == [[timeless], [near, with_near], [far]]
