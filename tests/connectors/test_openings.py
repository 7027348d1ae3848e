"""How a connection begins where that is more than a socket: a welcome, a pause; and pings."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from connectors import all_venues
from connectors.actions import Close, Send
from connectors.driver import Driver, Network
from connectors.recording import Recorder
from connectors.session import Session
from connectors.sync import LIVE, STATES, Pair
from service.replay import Player
from simulator import all_venues as simulated_venues
from simulator.faults import Disconnect, RefuseConnection
from simulator.server import SimulatedServer
from tests.support.link import SECOND, T0, Link

WELCOME = b'{"sessionId":"hQvf8jkno","message":"welcome","pingInterval":18000}'


def session_of(name: str, product: str, *natives: str) -> Session:
    venue = all_venues()[name, product]()
    session = Session(venue, next(iter(venue.routes)))
    for native in natives:
        session.keeper.prepare(session.add(Pair(venue, venue.infer(native))))
    return session


def sent(session: Session) -> list[dict[str, Any]]:
    return [json.loads(one.text) for one in session.keeper.take_actions() if isinstance(one, Send)]


# -- over real sockets -----------------------------------------------------------------------------------------


def test_what_comes_in_binary_frames_is_recorded_retried_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "kucoin-spot-0.jsonl.gz"

    async def run() -> None:
        simulated = simulated_venues()["kucoin"](seed=1, start=time.time_ns(), rate=20)
        simulated.inject(RefuseConnection(status=503), time.time_ns())
        async with SimulatedServer(simulated) as server:
            venue = all_venues()["kucoin", "spot"](**server.hosts["spot"])
            session = Session(venue, "", "0")
            pair = session.add(Pair(venue, venue.infer("BTC-USDT")))
            session.keeper.prepare(pair)
            network = Network()
            driver = Driver(session, network, recorder=Recorder(path))
            timers = asyncio.create_task(network.run_timers())
            driver.start()
            async with asyncio.timeout(20):
                while pair.state != LIVE or pair.updates < 20:  # noqa: ASYNC110  # a book has no event to wait for
                    await asyncio.sleep(0.05)
            shown.append((pair.updates, pair.book.levels(5)))
            await driver.stop()
            await network.close()
            timers.cancel()

    shown: list[Any] = []
    asyncio.run(run())
    with gzip.open(path, "rt") as file:
        lines = [json.loads(line) for line in file]
    happened = [(line["ev"], line.get("why", "")) for line in lines if line.get("ev")]
    assert [event for event, _ in happened] == ["close", "open", "close"]
    assert "503" in happened[0][1]
    player = Player([path])
    seen: list[Any] = []
    for _ in player.play():
        for pair, _ in player.pairs:
            if pair.state == LIVE:
                seen = [(pair.updates, pair.book.levels(5))]
    assert len(player.sessions) == 1, "the failed attempt and the good one are of one connection"
    assert seen == shown


# -- the welcome, the pause ----------------------------------------------------------------------------------


def test_nothing_is_sent_before_the_welcome() -> None:
    session = session_of("kucoin", "spot", "BTC-USDT")
    keeper = session.keeper
    keeper.opened(T0)
    keeper.timer(T0 + 5 * SECOND)
    assert keeper.take_actions() == []
    session.received(WELCOME, T0 + 6 * SECOND)
    assert [one["channel"] for one in sent(session)] == ["obu"], "one message at a time"
    keeper.timer(T0 + 7 * SECOND)
    assert [one["channel"] for one in sent(session)] == ["trade"]
    session.received(WELCOME, T0 + 8 * SECOND)
    assert sent(session) == [], "a second welcome subscribes to nothing again"


def test_who_is_not_welcomed_leaves() -> None:
    session = session_of("kucoin", "spot", "BTC-USDT")
    session.keeper.opened(T0)
    due = session.keeper.deadline()
    assert due == T0 + 10 * SECOND
    session.keeper.timer(due)
    assert session.keeper.take_actions() == [Close("no welcome")]


def test_crypto_com_gets_its_pause() -> None:
    session = session_of("crypto_com", "market", "BTC_USD")
    session.keeper.opened(T0)
    assert sent(session) == []
    session.keeper.timer(T0 + SECOND - 1)
    assert sent(session) == []
    session.keeper.timer(session.keeper.deadline())
    (asked,) = sent(session)
    assert asked["params"] == {
        "channels": ["book.BTC_USD.50", "trade.BTC_USD"],
        "book_subscription_type": "SNAPSHOT_AND_UPDATE",
        "book_update_frequency": 10,
    }


# -- pings ---------------------------------------------------------------------------------------------------


def test_a_ping_carries_a_number_of_its_own() -> None:
    session = session_of("kucoin", "futures", "XBTUSDTM")
    session.keeper.opened(T0)
    session.received(WELCOME, T0)
    said = sent(session)
    for n in (1, 2):
        session.keeper.pinged(T0 + 18 * n * SECOND - 1)
        session.keeper.timer(T0 + 18 * n * SECOND)
        said += sent(session)
    numbers = [one["id"] for one in said]
    assert len(set(numbers)) == len(numbers)
    assert [one.get("type") for one in said].count("ping") == 2


@pytest.mark.parametrize(
    ("name", "product", "ping", "pong"),
    [
        ("htx", "spot", {"ping": 1492420473027}, {"pong": 1492420473027}),
        (
            "crypto_com",
            "market",
            {"id": 1790114291578, "method": "public/heartbeat", "code": 0},
            {"id": 1790114291578, "method": "public/respond-heartbeat"},
        ),
    ],
)
def test_a_ping_of_the_venue_is_answered_with_what_it_holds(
    name: str, product: str, ping: dict[str, Any], pong: dict[str, Any]
) -> None:
    session = session_of(name, product)
    session.keeper.opened(T0)
    text = json.dumps(ping).encode()
    session.received(gzip.compress(text) if name == "htx" else text, T0 + 1)
    assert sent(session) == [pong]


# -- whole books that are asked for on the socket ------------------------------------------------------------


def test_a_book_is_asked_for_after_the_first_update_and_again_where_none_comes() -> None:
    link = Link("htx", "spot", rate=5.0, levels=60).start()
    link.run_until(link.all_live, 30)
    asked = [text for _, text in link.sent if '"req"' in text]
    assert asked, "nothing comes unasked"
    assert link.fetches == []
    link.simulator.answer_request = lambda *_: None  # type: ignore[attr-defined]
    link.inject(Disconnect())
    link.run(60)
    assert not link.all_live()
    again = [at for at, text in link.sent if '"req":"market.btcusdt.mbp.150"' in text][1:]
    assert 3 <= len(again) <= 8
    assert all(after - before >= 10 * SECOND for before, after in itertools.pairwise(again))


def test_an_ack_of_an_unsubscription_that_looks_like_any_ack() -> None:
    session = session_of("kucoin", "spot", "BTC-USDT")
    session.keeper.opened(T0)
    session.received(WELCOME, T0)
    pair = session.pairs[b"BTC-USDT"]
    session.keeper._unsubscribe(pair, T0 + SECOND)
    session.keeper.timer(T0 + 2 * SECOND)
    session.keeper.timer(T0 + 2 * SECOND + SECOND // 10)
    (request,) = [one["id"] for one in sent(session) if one["action"] == "UNSUBSCRIBE"]
    session.received(json.dumps({"id": request, "result": True}).encode(), T0 + 2 * SECOND + SECOND // 5)
    session.keeper.timer(T0 + 3 * SECOND - 1)
    assert [(one["action"], one["channel"]) for one in sent(session)] == [("SUBSCRIBE", "obu")]
    assert STATES[pair.state] == "syncing"
