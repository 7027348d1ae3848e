"""A user's own metrics: the documented example runs, a broken one is named and left out, one that raises is switched off."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.errors import UsageError
from service.api.app import create_app
from service.api.settings import ApiSettings
from service.app import engine_of
from service.engine import Engine
from service.own_metrics import load_folder
from service.settings import load
from tests.support.fake_engine import VENUES
from tests.support.street import A, Street

ROOT = Path(__file__).parents[2]
HEAD = "from service.own_metrics import Declaration, OwnMetric\n"
GOOD = HEAD + (
    "class Good(OwnMetric):\n"
    "    declaration = Declaration(key='good_one', help='A number.', formula='1', source='us')\n"
    "    def update(self, book, kind, t):\n"
    "        self.values[0] = 1.0\n"
)


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def street_of(folder: Path) -> Street:
    """A street whose engine runs what the folder holds, and no other metric."""
    made = Street()
    path = folder / "steelyard.yaml"
    path.write_text(
        f"venues: {{}}\nacross: {{enabled: false}}\nmetrics: {{folder: '{folder}', min_coverage: 0}}\n"
    )
    made.engine, _ = engine_of(load(str(path)))
    return made


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "own-metrics.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def test_the_example_of_the_documentation_runs_and_appears_everywhere(tmp_path: Path) -> None:
    made = street_of(written(tmp_path, touch_value=example()))
    book = made.open("a", book=A)
    client = TestClient(create_app(made.engine, VENUES, ApiSettings(), lambda: made.now))
    values = client.get("/api/v1/readings/a/BTC-USDT").json()["values"]
    wanted = (100.0 * 5 - 100.1 * 2) / (100.0 * 5 + 100.1 * 2)
    assert values["touch_value"] == pytest.approx(wanted)
    assert values["mean_print.size"] is None
    assert values["mean_print.count"] == 0
    assert values["queue_imbalance"] is not None
    scrape = client.get("/metrics").text
    assert re.search(r'obi_touch_value_ratio\{venue="a",market="spot",symbol="BTC-USDT"\} 0\.42', scrape)
    assert "obi_mean_print_base_units{" not in scrape
    catalogue = client.get("/api/v1/metrics").json()
    assert {one["key"] for one in catalogue["metrics"]} >= {"touch_value", "mean_print"}
    assert catalogue["faults"] == []
    made.lose("a")
    assert client.get("/api/v1/readings/a/BTC-USDT").json()["values"]["touch_value"] is None
    assert book.fault("touch_value") == ""


def test_prints_reach_it(tmp_path: Path) -> None:
    made = street_of(written(tmp_path, touch_value=example()))
    book = made.open("a", book=A)
    made.pairs["a", "BTC-USDT"].carries_trades = True
    frame = (
        b'{"kind":"trade","symbol":"BTC-USDT","t":"%d","price":"100.1","size":"3","side":"buy"}' % made.now
    )
    made.engine.attach(made.pairs["a", "BTC-USDT"])
    made.sessions["a", "BTC-USDT"].received(frame, made.now)
    found = dict(zip([one.name for one in book.outputs], book.standing(made.now), strict=True))
    assert (found["mean_print.size"], found["mean_print.count"]) == (3.0, 1.0)
    later = book.standing(made.now + 61 * 10**9)
    assert dict(zip([one.name for one in book.outputs], later, strict=True))["mean_print.count"] == 0.0


BROKEN: dict[str, tuple[str, str]] = {
    "syntax": ("class Half(:", "SyntaxError"),
    "importing": ("import no_such_module_at_all", "ModuleNotFoundError"),
    "empty": ("x = 1", "no class derived from OwnMetric"),
    "undeclared": (
        HEAD + "class M(OwnMetric):\n    def update(self, book, kind, t): pass",
        "no `declaration",
    ),
    "taken": (GOOD.replace("good_one", "queue_imbalance"), "queue_imbalance is that of another metric"),
    "spelled": (GOOD.replace("good_one", "Good One"), "'Good One'"),
    "helpless": (GOOD.replace("A number.", ""), "lacks help"),
    "grouped": (GOOD.replace("source='us'", "source='us', group='tea'"), "group 'tea'"),
    "idle": (GOOD.replace("def update", "def updated"), "none of the methods"),
    "raising": (GOOD + "    def prepare(self):\n        raise RuntimeError('no tea')\n", "no tea"),
    "reading": (GOOD + "    def refresh(self, book, t):\n        return 1 / 0\n", "ZeroDivisionError"),
    "clashing": (
        GOOD.replace("source='us'", "source='us', prometheus='obi_mid_price'"),
        "obi_mid_price is that of another",
    ),
    "many": (GOOD.replace("source='us'", "source='us', by={'n': range(101)}"), "101 outputs"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_one_is_named_with_its_reason_and_the_others_run(name: str, tmp_path: Path) -> None:
    text, reason = BROKEN[name]
    own = load_folder(str(written(tmp_path, a_broken=text, fine=GOOD.replace("good_one", "fine_one"))))
    assert list(own.kinds) == ["fine_one"]
    ((file, told),) = own.faults
    assert file.endswith("a_broken.py")
    assert reason in told


def test_two_of_one_key_and_a_folder_that_is_none(tmp_path: Path) -> None:
    own = load_folder(str(written(tmp_path, a=GOOD, b=GOOD)))
    assert list(own.kinds) == ["good_one"]
    assert "another metric" in own.faults[0][1]
    assert load_folder(str(tmp_path / "nowhere")).faults == [(str(tmp_path / "nowhere"), "is no folder")]
    assert load_folder("").kinds == {}


RAISING = GOOD.replace(
    "        self.values[0] = 1.0\n",
    "        self.values[0] = 1 / (book.best_levels()[0][0][1] - 3)\n",
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (RAISING, "ZeroDivisionError"),
        (GOOD.replace("self.values[0] = 1.0", "self.values.append(kind)"), "2 numbers, the declaration 1"),
        (GOOD.replace("self.values[0] = 1.0", "self.values[0] = 'x'"), "TypeError"),
    ],
)
def test_one_that_raises_is_switched_off_for_that_book_alone(body: str, reason: str, tmp_path: Path) -> None:
    made = street_of(written(tmp_path, raising=body))
    first, other = made.open("a", book=A), made.open("b")
    made.say("a", bids=[[100.0, 3]])
    made.say("a", bids=[[100.0, 4]])
    values = named(first, made.now)
    assert values["good_one"] != values["good_one"]
    assert values["mid_price"] == 100.05
    (fault,) = made.engine.faults
    assert (fault["metric"], fault["venue"], fault["symbol"]) == ("good_one", "a", "BTC-USDT")
    assert reason in fault["reason"]
    assert other.fault("good_one") == ""


def named(book: Any, now: int) -> dict[str, float]:
    return dict(zip([one.name for one in book.outputs], book.values(now), strict=True))


def test_infinity_is_nothing_to_say(tmp_path: Path) -> None:
    made = street_of(written(tmp_path, endless=GOOD.replace("= 1.0", "= float('inf')")))
    found = named(made.open("a", book=A), made.now)
    assert found["good_one"] != found["good_one"]
    assert made.engine.faults == []


def test_it_is_chosen_like_any_other(tmp_path: Path) -> None:
    written(tmp_path, good=GOOD)
    path = tmp_path / "f.yaml"
    rule = "{venue: a, drop: [good_one]}"
    path.write_text(f"venues: {{}}\nmetrics: {{folder: '{tmp_path}', only: [good_one], select: [{rule}]}}\n")
    engine: Engine
    engine, _ = engine_of(load(str(path)))
    made = Street()
    made.engine = engine
    assert [one.name for one in made.open("a").outputs] == []
    assert [one.name for one in made.open("b").outputs] == ["good_one"]
    path.write_text(f"venues: {{}}\nmetrics: {{folder: '{tmp_path}', only: [good_two]}}\n")
    with pytest.raises(UsageError, match=r"metrics.only: no metric 'good_two'; did you mean good_one"):
        load(str(path))
