"""What groups keep over time: lead and lag, contagion, health; the same twice, live as replayed."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest

from connectors.sync import Pair
from service.across.consolidation import Consolidation
from service.engine import Engine
from service.metrics.declare import SECOND
from service.replay import Player
from service.rows import Rows, Step
from tests.support.street import Street


def book(mid: float) -> dict[str, list[list[float]]]:
    """Ten units a side, one tick around a mid."""
    cents = round(mid * 100)
    return {"bids": [[(cents - 1) / 100, 10]], "asks": [[(cents + 1) / 100, 10]]}


def followed(seed: int, *, seconds: int = 130) -> Street:
    """b does what a did 0.3 s before, c goes its own way; they are looked at every 100 ms."""
    drawn, made = random.Random(seed), Street()
    mids = {"a": 100.0, "b": 100.0, "c": 100.0}
    past = [100.0]
    for venue, mid in mids.items():
        made.open(venue, book=book(mid))
    for tenth in range(1, seconds * 10):
        made.until(tenth / 10 + 0.01)
        if drawn.random() < 0.3:
            mids["a"] += drawn.choice((-0.05, 0.05))
            made.say("a", "replace", **book(mids["a"]))  # type: ignore[arg-type]  # bids and asks
        if drawn.random() < 0.3:
            mids["c"] += drawn.choice((-0.05, 0.05))
            made.say("c", "replace", **book(mids["c"]))  # type: ignore[arg-type]  # the same
        past.append(mids["a"])
        if len(past) > 3 and past[-4] != mids["b"]:
            mids["b"] = past[-4]
            made.say("b", "replace", **book(mids["b"]))  # type: ignore[arg-type]  # the same
    return made


@pytest.fixture(scope="module")
def street() -> Street:
    return followed(1)


def test_who_follows_is_found(street: Street) -> None:
    values = street.values()
    assert values["lead_lag.lag{follower=b,leader=a}"] == pytest.approx(0.3)
    corr, ratio = (values[f"lead_lag.{field}{{follower=b,leader=a}}"] for field in ("corr", "ratio"))
    assert corr is not None
    assert corr > 0.9
    assert ratio is not None
    assert ratio > 2
    assert values["lead_lag.exchange_lag{follower=b,leader=a}"] == pytest.approx(0.3)


def test_who_goes_alone_leads_and_follows_nobody(street: Street) -> None:
    values = street.values()
    assert values["lead_lag.lag{follower=c,leader=a}"] is None
    assert values["lead_lag.lag{follower=c,leader=b}"] is None


def test_contagion_of_three_of_which_two_go_together(street: Street) -> None:
    values = street.values()
    absorption = values["contagion.absorption{metric=mid_return}"]
    assert absorption is not None
    assert 1 / 3 <= absorption < 0.8
    mean = values["contagion.mean_corr{metric=mid_return}"]
    assert mean is not None
    assert 0.05 < mean < 0.5
    assert values["contagion.mean_corr{metric=normalized_ofi}"] is not None
    assert values["contagion.absorption{metric=band_imbalance}"] is None  # no book is ever lopsided here


def test_a_venue_that_is_lost_takes_its_pairs_with_it() -> None:
    made = followed(2, seconds=70)
    assert made.values()["lead_lag.lag{follower=b,leader=a}"] is not None
    made.lose("b")
    assert made.values()["lead_lag.lag{follower=b,leader=a}"] is None
    assert made.values()["contagion.absorption{metric=mid_return}"] is not None


def test_the_same_events_give_the_same_values() -> None:
    assert followed(3, seconds=65).values() == followed(3, seconds=65).values()


def test_downtime_and_gaps_make_a_venue_suspect() -> None:
    made = Street()
    made.open("a", book=book(100))
    made.open("b", book=book(100))
    for second in range(1, 1201):
        made.until(second)
        made.say("a", "replace", **book(100))  # type: ignore[arg-type]  # bids and asks
        if second == 600:
            made.lose("b")
        if second == 660:
            made.say("b", "snapshot", **book(100))  # type: ignore[arg-type]  # the same
    values = made.values()
    downtime = values["venue_risk.downtime{venue=b}"]
    assert downtime is not None
    assert downtime == pytest.approx(0.05, rel=0.05)
    assert values["venue_risk.part{part=gaps,venue=b}"] == pytest.approx(0.1)
    assert values["venue_risk.score{venue=b}"] == pytest.approx(1 - 0.9 * (1 - 10 * downtime))
    assert values["venue_risk.score{venue=a}"] == 0
    assert values["venue_risk.part{part=depth_loss,venue=a}"] is None


URL = {"bybit": "wss://stream.bybit.com/v5/public/spot", "okx": "wss://ws.okx.com:8443/ws/v5/public"}
T0 = 1_790_000_000 * SECOND


def recorded(folder: Path) -> Path:
    """Two venues whose mids wander, message by message."""
    drawn, lines, mid = random.Random(5), [], 1000
    for k in range(400):
        t = T0 + k * SECOND // 10
        mid += drawn.choice((-1, 0, 1))
        stamp = t // 1_000_000
        if k % 2:
            data: dict[str, object] = {
                "s": "BTCUSDT",
                "b": [[f"{(mid - 1) / 10:.1f}", "2"]],
                "a": [[f"{(mid + 1) / 10:.1f}", "1"]],
                "u": k + 1,
                "seq": k,
            }
            said: dict[str, object] = {
                "topic": "orderbook.1.BTCUSDT",
                "ts": stamp,
                "type": "snapshot",
                "data": data,
                "cts": stamp,
            }
        else:
            levels = {
                "bids": [[f"{(mid - 1) / 10:.1f}", "2", "0", "1"]],
                "asks": [[f"{(mid + 1) / 10:.1f}", "1", "0", "1"]],
            }
            row = levels | {"ts": str(stamp), "seqId": k, "prevSeqId": -1}
            arg = {"channel": "books", "instId": "BTC-USDT"}
            said = {"arg": arg, "action": "snapshot", "data": [row]}
        url = URL["bybit" if k % 2 else "okx"]
        lines.append(json.dumps({"t": t, "ch": "ws", "dir": "in", "url": url, "msg": json.dumps(said)}))
    path = folder / "two.jsonl"
    path.write_text("\n".join(lines))
    return path


def played(path: Path, *, watched: bool) -> list[str]:
    """Rows of the group each second; `watched`: somebody else reads after every line."""
    engine, out = Engine(), io.BytesIO()
    across = Consolidation(engine)
    player = Player([path], made=lambda pair, session: attach(engine, pair))
    player.watch(across)
    player.watch(Rows(engine, Step("1s"), [], out))
    for now in player.play():
        if watched:
            for one in list(engine.books.values()):
                one.values(now)
    return [line for line in out.getvalue().decode().splitlines() if '"consolidated"' in line]


def attach(engine: Engine, pair: Pair) -> None:
    engine.attach(pair)


def test_a_replay_gives_rows_of_the_group_the_same_each_time_whoever_looks(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    rows = played(path, watched=False)
    assert len(rows) > 30
    assert rows == played(path, watched=True)
    last = json.loads(rows[-1])
    assert last["state"] == "live"
    assert last["values"]["consolidated_bbo.mid"] is not None
    assert last["values"]["price_dislocation{venue=okx}"] is not None
