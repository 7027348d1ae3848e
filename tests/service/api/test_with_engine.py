"""The outward side on the engine itself, fed with a few messages as a venue sends them."""

import asyncio
import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from connectors.sync import Pair
from service.api.app import create_app
from service.api.ports import Engine as Port
from service.api.settings import ApiSettings
from service.engine import Engine
from service.replay import Player
from tests.support.fake_engine import SECOND, T0, VENUES
from tests.support.serving import Message, serving

URL = "wss://stream.bybit.com/v5/public/spot"
BIDS = [[f"{100 - rank / 10:.1f}", "2"] for rank in range(60)]
ASKS = [[f"{100.1 + rank / 10:.1f}", "1"] for rank in range(60)]


def message(topic: str, t: int, data: Any, action: str = "snapshot") -> dict[str, Any]:
    milliseconds = t // 1_000_000
    frame = {"topic": topic, "ts": milliseconds, "type": action, "data": data, "cts": milliseconds}
    return {"t": t, "ch": "ws", "dir": "in", "url": URL, "msg": json.dumps(frame)}


def recording(folder: Path, *, gap: bool = False) -> Path:
    """A snapshot of 60 levels a side, an update that takes half of the best ask, and the trade that did it."""
    book = "orderbook.200.BTCUSDT"
    trade = {
        "T": T0 // 1_000_000 + 1000,
        "s": "BTCUSDT",
        "S": "Buy",
        "v": "0.5",
        "p": "100.1",
        "i": "1",
        "BT": False,
    }
    lines = [
        message(book, T0, {"s": "BTCUSDT", "b": BIDS, "a": ASKS, "u": 1000, "seq": 1}),
        message("publicTrade.BTCUSDT", T0 + SECOND, [trade]),
        message(
            book,
            T0 + SECOND,
            {"s": "BTCUSDT", "b": [], "a": [["100.1", "0.5"]], "u": 1001, "seq": 2},
            "delta",
        ),
    ]
    if gap:
        lines.append(
            message(book, T0 + 2 * SECOND, {"s": "BTCUSDT", "b": [], "a": [], "u": 1009, "seq": 9}, "delta")
        )
    path = folder / "bybit.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def attach(engine: Engine, pair: Pair) -> None:
    engine.attach(pair)


def played(path: Path) -> tuple[Engine, Player]:
    engine = Engine()
    player = Player([path], made=lambda pair, session: attach(engine, pair))
    for _ in player.play():
        pass
    return engine, player


def client(engine: Port, now: int) -> TestClient:
    return TestClient(create_app(engine, VENUES, ApiSettings(), lambda: now))


def test_readings_of_a_live_book(tmp_path: Path) -> None:
    engine, player = played(recording(tmp_path))
    asked = client(engine, player.now)
    reading = asked.get("/api/v1/readings/bybit/BTC/USDT").json()
    assert (reading["state"], reading["proof"], reading["update_id"]) == ("live", "sequence", 1001)
    assert (reading["native"], reading["received"], reading["age_seconds"]) == ("BTCUSDT", T0 + SECOND, 0.0)
    assert reading["values"]["queue_imbalance"] == 0.6
    assert reading["values"]["mid_price"] == 100.05
    assert list(reading["values"]) == [output.name for output in engine.outputs]
    book = asked.get("/api/v1/books/bybit/BTCUSDT?depth=2").json()
    assert [[float(text) for text in level] for level in book["bids"]] == [[100.0, 2.0], [99.9, 2.0]]
    assert float(book["asks"][0][1]) == 0.5
    catalogue = asked.get("/api/v1/metrics").json()["metrics"]
    assert [name["name"] for one in catalogue for name in one["outputs"]] == list(reading["values"])


def test_a_gap_withdraws_the_values_everywhere(tmp_path: Path) -> None:
    engine, player = played(recording(tmp_path, gap=True))
    asked = client(engine, player.now)
    reading = asked.get("/api/v1/readings/bybit/BTC-USDT").json()
    assert reading["state"] != "live"
    assert reading["reason"] == "gap"
    assert set(reading["values"].values()) == {None}
    assert asked.get("/api/v1/books/bybit/BTC-USDT").json()["bids"] is None
    assert asked.get("/readyz").status_code == 503
    families = {family.name: family for family in text_string_to_metric_families(asked.get("/metrics").text)}
    assert families["obi_book_gaps"].samples[0].value == 1
    exported = {output.prometheus.removesuffix("_total") for output in engine.outputs if not output.counter}
    assert not exported & families.keys()


def test_values_of_a_live_book_are_in_the_text(tmp_path: Path) -> None:
    engine, player = played(recording(tmp_path))
    families = {
        family.name
        for family in text_string_to_metric_families(client(engine, player.now).get("/metrics").text)
    }
    assert {
        "obi_queue_imbalance_ratio",
        "obi_mid_price",
        "obi_spread_ratio",
        "obi_depth_base_units",
    } <= families


def test_the_stream_follows_the_engine(tmp_path: Path) -> None:
    engine = Engine(simulated=True)
    player = Player([recording(tmp_path)], made=lambda pair, session: attach(engine, pair))

    async def scenario() -> None:
        async with serving(engine, lambda: player.now) as service, service.client() as listener:
            await listener.subscribe(
                {
                    "name": "readings",
                    "symbol": "BTC-*",
                    "metrics": ["queue_imbalance"],
                    "min_interval_ms": 10,
                },
                {"name": "trades", "min_interval_ms": 10},
            )
            for _ in player.play():
                await asyncio.sleep(0.03)
            got: list[Message] = []
            while not (got and got[-1]["name"] == "readings" and got[-1]["update_id"] == 1001):
                got.append(await listener.receive())
            values = [
                one["values"]["queue_imbalance"]
                for one in got
                if one["name"] == "readings" and one["state"] == "live"
            ]
            assert (values[0], values[-1]) == (1 / 3, 0.6)
            (trade,) = [trade for one in got if one["name"] == "trades" for trade in one["trades"]]
            assert trade == {"t": T0 + SECOND, "side": "buy", "price": 100.1, "size": 0.5, "quote": 50.05}
            assert all(one["simulated"] for one in got)

    asyncio.run(scenario())
