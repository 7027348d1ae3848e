"""The stream's contract, over a real socket."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.fake_engine import T0, FakeBook, FakeEngine, FakeFeed, FakePrint
from tests.support.serving import Serving, closed_with, play

READINGS = {"name": "readings", "venue": "*", "symbol": "BTC-*", "metrics": ["queue_imbalance", "ofi"]}
QUICK = {"min_interval_ms": 10}


def two_books() -> tuple[FakeEngine, FakeBook, FakeBook]:
    spot = FakeBook(numbers={"queue_imbalance": 0.25, "ofi{window=10s}": 3.0})
    perp = FakeBook(
        venue="okx",
        market="perp",
        symbol="BTC-USDT-PERP",
        native="BTC-USDT-SWAP",
        state="syncing",
        reason="no snapshot yet",
    )
    return FakeEngine(spot, perp, FakeBook(symbol="ETH-USDT", native="ETHUSDT")), spot, perp


def test_subscribed_then_a_snapshot_of_each_book_then_updates() -> None:
    engine, spot, _ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            subscribed = await client.subscribe(READINGS | {"unheard_of": 1}, id=7)
            assert (subscribed["type"], subscribed["id"]) == ("subscribed", 7)
            (channel,) = subscribed["channels"]
            assert [book["symbol"] for book in channel["books"]] == ["BTC-USDT", "BTC-USDT-PERP"]
            assert channel["min_interval_ms"] == 100
            first, second = await client.receive(), await client.receive()
            assert first == {
                "type": "snapshot",
                "channel": channel["channel"],
                "name": "readings",
                "seq": 1,
                "missed": 0,
                "t": T0,
                "simulated": False,
                "venue": "binance",
                "market": "spot",
                "symbol": "BTC-USDT",
                "state": "live",
                "reason": "",
                "proof": "sequence",
                "event_time": T0 - 4_000_000,
                "received": T0,
                "update_id": 7,
                "members": [],
                "values": {
                    "queue_imbalance": 0.25,
                    "queue_imbalance{stat=twa}": None,
                    "queue_imbalance{stat=min}": None,
                    "queue_imbalance{stat=max}": None,
                    "ofi{window=1s}": None,
                    "ofi{window=10s}": 3.0,
                    "ofi{window=60s}": None,
                },
                "truncated": [],
            }
            assert (second["state"], second["reason"]) == ("syncing", "no snapshot yet")
            assert set(second["values"].values()) == {None}
            engine.touch(spot, queue_imbalance=-0.5)
            update = await client.receive()
            assert (update["type"], update["seq"], update["values"]["queue_imbalance"]) == ("update", 3, -0.5)
            engine.move(spot, "stale", "silent for 5 s")
            update = await client.receive()
            assert (update["seq"], update["state"], update["reason"]) == (4, "stale", "silent for 5 s")
            assert set(update["values"].values()) == {None}

    play(engine, scenario)


def test_all_metrics_where_none_are_named() -> None:
    engine, *_ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe({"name": "readings", "symbol": "BTC/USDT"})
            snapshot = await client.receive()
            assert list(snapshot["values"]) == [output.name for output in engine.outputs]

    play(engine, scenario)


def test_a_book_that_appears_later_is_included() -> None:
    engine, *_ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            subscribed = await client.subscribe(READINGS | {"venue": "gate"} | QUICK)
            assert subscribed["channels"][0]["books"] == []
            later = engine.add(FakeBook(venue="gate"))
            assert (await client.receive())["type"] == "snapshot"
            engine.touch(later)
            assert (await client.receive())["type"] == "update"

    play(engine, scenario)


def test_the_interval_conflates() -> None:
    engine, spot, _ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe(READINGS | {"symbol": "BTC-USDT", "min_interval_ms": 500})
            await client.receive()
            began = asyncio.get_running_loop().time()
            for step in range(20):
                engine.touch(spot, queue_imbalance=step / 100)
                await asyncio.sleep(0.005)
            await client.receive()  # the first change goes at once
            update = await client.receive()
            assert update["values"]["queue_imbalance"] == 0.19
            assert (update["seq"], update["missed"]) == (3, 0)
            assert asyncio.get_running_loop().time() - began >= 0.49

    play(engine, scenario)


def test_values_that_move_with_time_alone_are_told_of_a_quiet_book() -> None:
    engine, spot, _ = two_books()
    now = T0
    spot.by_time = lambda now: {"ofi{window=10s}": float(max(0, T0 + 10 - now))}

    async def scenario(service: Serving) -> None:
        nonlocal now
        async with service.client() as client:
            await client.subscribe(READINGS | {"symbol": "BTC-USDT"} | QUICK)
            assert (await client.receive())["values"]["ofi{window=10s}"] == 10.0
            now = T0 + 10
            assert (await client.receive())["values"]["ofi{window=10s}"] == 0.0
            await asyncio.sleep(0.35)
            assert (await client.ask(op="ping"))["type"] == "pong"  # nothing came while nothing moved

    play(engine, scenario, clock=lambda: now, stream_refresh_seconds=0.1)


def test_unsubscribing_by_channel_by_spec_and_by_request() -> None:
    engine, spot, _ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            quiet = READINGS | {"symbol": "NONE-*"}
            first = await client.subscribe(quiet, quiet | {"metrics": ["ofi"]}, id=1)
            numbers = [channel["channel"] for channel in first["channels"]]
            left = await client.ask(op="unsubscribe", id=2, channels=numbers[:1])
            assert left == {"type": "unsubscribed", "id": 2, "channels": numbers[:1]}
            left = await client.ask(op="unsubscribe", id=3, channels=[quiet | {"metrics": ["ofi"]}])
            assert left["channels"] == numbers[1:]
            second = await client.subscribe(READINGS | {"symbol": "BTC-USDT"} | QUICK, id="mine")
            assert (await client.receive())["type"] == "snapshot"
            left = await client.ask(op="unsubscribe", id="mine")
            assert left["channels"] == [second["channels"][0]["channel"]]
            engine.touch(spot)
            assert (await client.ask(op="ping", id=9))["type"] == "pong"
            assert service.app.state.hub.tally.channels == 0
            error = await client.ask(op="unsubscribe", id=10, channels=[99])
            assert (error["id"], error["code"]) == (10, "unknown_channel")

    play(engine, scenario)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_json"),
        ("[]", "invalid_request"),
        ('{"op":"dance","id":5}', "unknown_op"),
        ('{"op":"subscribe","id":5,"channels":[]}', "invalid_request"),
        ('{"op":"subscribe","id":5,"channels":[{"name":"weather"}]}', "invalid_request"),
        ('{"op":"subscribe","id":5,"channels":[{"name":"books","depth":0}]}', "invalid_request"),
        ('{"op":"subscribe","id":5,"channels":[{"name":"readings","metrics":["ofy"]}]}', "unknown_metric"),
        (
            '{"op":"subscribe","id":5,"channels":[{"name":"feeds"},{"name":"feeds"},{"name":"feeds"}]}',
            "too_many_channels",
        ),
        ('{"op":"ping","id":5,"more":"' + "x" * 300 + '"}', "message_too_large"),
    ],
)
def test_what_cannot_be_done_is_refused_and_the_socket_kept(message: str, code: str) -> None:
    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.socket.send(message)
            error = await client.receive()
            assert (error["type"], error["code"]) == ("error", code)
            assert error["id"] == (5 if message.startswith('{"op"') and code != "message_too_large" else None)
            assert error["message"]
            assert (await client.ask(op="ping", id=6))["id"] == 6

    play(FakeEngine(), scenario, stream_channels=2, stream_message_bytes=256)


def test_books_are_sent_as_text_and_null_while_not_live() -> None:
    engine, spot, _ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe(
                {"name": "books", "symbol": "BTCUSDT", "venue": ["binance"], "depth": 1} | QUICK
            )
            snapshot = await client.receive()
            assert (snapshot["bids"], snapshot["asks"]) == ([["100.0", "2.0"]], [["100.5", "1.0"]])
            engine.move(spot, "lost", "gap")
            update = await client.receive()
            assert (update["bids"], update["asks"], update["state"]) == (None, None, "lost")

    play(engine, scenario)


def test_trades_are_sent_each_in_order() -> None:
    engine, spot, _ = two_books()

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe({"name": "trades", "symbol": "BTC-USDT"} | QUICK)
            assert (await client.receive())["trades"] == []
            engine.trade(spot, FakePrint())
            engine.trade(spot, FakePrint(price=100.0, side="sell", t=T0 + 1))
            update = await client.receive()
            assert update["trades"] == [
                {"t": T0, "side": "buy", "price": 100.5, "size": 0.25, "quote": 25.125},
                {"t": T0 + 1, "side": "sell", "price": 100.0, "size": 0.25, "quote": 25.125},
            ]
            newcomer = FakeBook(venue="gate")
            engine.add(newcomer)
            engine.trade(newcomer, FakePrint())
            kinds = [await client.receive(), await client.receive()]
            assert [(one["type"], len(one["trades"])) for one in kinds] == [("snapshot", 0), ("update", 1)]

    play(engine, scenario)


def test_feeds_are_told_when_one_changes() -> None:
    engine, *_ = two_books()
    engine.feeds = [FakeFeed(), FakeFeed(venue="okx")]

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            await client.subscribe({"name": "feeds", "venue": "okx"} | QUICK)
            (feed,) = (await client.receive())["feeds"]
            assert (feed["venue"], feed["state"]) == ("okx", "open")
            engine.feeds[1].state = "silent"
            (feed,) = (await client.receive())["feeds"]
            assert feed["state"] == "silent"

    play(engine, scenario, stream_refresh_seconds=0.1)


def test_a_quiet_client_hears_a_heartbeat() -> None:
    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            assert await client.receive() == {"type": "heartbeat", "t": T0}

    play(FakeEngine(), scenario, heartbeat_seconds=0.1)


def test_keys_in_a_header_or_the_first_message() -> None:
    secured: dict[str, Any] = {"require_keys": True, "api_keys": [sha256(b"open sesame").hexdigest()]}

    async def scenario(service: Serving) -> None:
        async with service.client(additional_headers={"Authorization": "Bearer open sesame"}) as client:
            assert (await client.ask(op="ping"))["type"] == "pong"
        async with service.client() as client:
            assert (await client.ask(op="auth", id=1, key="open sesame"))["type"] == "authorized"
            assert (await client.ask(op="ping"))["type"] == "pong"
        for first in (
            {"op": "auth", "id": 1, "key": "guess"},
            {"op": "subscribe", "id": 1, "channels": [READINGS]},
        ):
            async with service.client() as client:
                assert (await client.ask(**first))["code"] == "unauthorized"
                with pytest.raises(ConnectionClosed) as closed:
                    await client.receive()
                assert closed_with(closed.value) == 1008
        with pytest.raises(InvalidStatus) as refused:
            async with service.client(additional_headers={"Authorization": "Bearer guess"}):
                pass
        assert refused.value.response.status_code == 401

    play(FakeEngine(), scenario, **secured)


def test_who_shows_no_key_in_time_is_sent_away() -> None:
    secured: dict[str, Any] = {"require_keys": True, "api_keys": ["0" * 64], "auth_seconds": 0.1}

    async def scenario(service: Serving) -> None:
        async with service.client() as client:
            with pytest.raises(ConnectionClosed) as closed:
                await client.receive()
            assert closed_with(closed.value) == 1008

    play(FakeEngine(), scenario, **secured)


def test_pages_of_other_origins_may_not_connect() -> None:
    async def scenario(service: Serving) -> None:
        for origin in (service.url, "https://desk.example"):
            async with service.client(additional_headers={"Origin": origin}) as client:
                assert (await client.ask(op="ping"))["type"] == "pong"
        with pytest.raises(InvalidStatus) as refused:
            async with service.client(additional_headers={"Origin": "https://evil.example"}):
                pass
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["type"] == "urn:steelyard:problem:foreign-origin"

    play(FakeEngine(), scenario, allowed_origins=["https://desk.example"])
