"""How a connection begins where that is more than a socket: an address to be asked for, a welcome, a pause; and pings."""

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
from connectors.errors import MalformedMessage
from connectors.recording import Recorder
from connectors.session import Session
from connectors.sync import LIVE, STATES, Pair
from service.replay import Player
from simulator import all_venues as simulated_venues
from simulator.faults import Disconnect, RestStatus
from simulator.server import SimulatedServer
from tests.support.link import SECOND, T0, Link

WELCOME = b'{"id":"hQvf8jkno","type":"welcome"}'


def session_of(name: str, product: str, *natives: str) -> Session:
    venue = all_venues()[name, product]()
    session = Session(venue, next(iter(venue.routes)))
    for native in natives:
        session.keeper.prepare(session.add(Pair(venue, venue.infer(native))))
    return session


def sent(session: Session) -> list[dict[str, Any]]:
    return [json.loads(one.text) for one in session.keeper.take_actions() if isinstance(one, Send)]


# -- the address ---------------------------------------------------------------------------------------------


def test_the_address_is_what_the_answer_gives() -> None:
    venue = all_venues()["kucoin", "spot"]()
    server = {"endpoint": "wss://elsewhere.example/endpoint", "pingInterval": 18000}
    answer = {"code": "200000", "data": {"token": "2neAi", "instanceServers": [server]}}
    assert venue.address_in(answer, 3) == "wss://elsewhere.example/endpoint?token=2neAi&connectId=3"
    with pytest.raises(MalformedMessage, match="400001"):
        venue.address_in({"code": "400001", "msg": "busy"}, 1)


def test_each_connect_asks_for_a_token_of_its_own() -> None:
    link = Link("kucoin", "spot", rate=5.0, levels=60).start()
    link.run_until(link.all_live, 30)
    first = link.wires[0].url
    link.inject(Disconnect())
    link.run(1)
    link.run_until(link.all_live, 60)
    assert link.wires[0].url != first
    assert "token=" in first


def test_a_door_that_is_shut_is_tried_again_with_growing_waits() -> None:
    link = Link("kucoin", "spot", rate=5.0, levels=60)
    link.inject(RestStatus(status=500, path="bullet-public", count=4))
    link.start()
    link.run_until(link.all_live, 60)
    assert link.closed == ["no address: http 500"] * 4
    waits = [after - before for before, after in zip(link.connected, link.connected[1:], strict=False)]
    assert waits[3] > 2 * waits[0]


def test_over_real_sockets_it_is_recorded_retried_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "kucoin-spot-0.jsonl.gz"

    async def run() -> None:
        simulated = simulated_venues()["kucoin"](seed=1, start=time.time_ns(), rate=20)
        simulated.inject(RestStatus(status=503, path="bullet-public"), time.time_ns())
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
    asked = [
        line.get("status", 200)
        for line in lines
        if line["url"].endswith("bullet-public") and line["ch"] == "http"
    ]
    assert asked == [503, 200]
    failed = [line for line in lines if line.get("ev") == "close"]
    assert failed[0]["why"] == "no address: http 503"
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
    assert [one["topic"] for one in sent(session)] == ["/market/level2:BTC-USDT"]
    session.received(WELCOME, T0 + 7 * SECOND)
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
    numbers = [one["id"] for one in sent(session)]
    for n in (1, 2):
        session.keeper.pinged(T0 + 18 * n * SECOND - 1)
        session.keeper.timer(T0 + 18 * n * SECOND)
        numbers += [one["id"] for one in sent(session) if one["type"] == "ping"]
    assert len(set(numbers)) == len(numbers) == 3


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
    (request,) = [one["id"] for one in sent(session) if one["type"] == "unsubscribe"]
    session.received(json.dumps({"id": request, "type": "ack"}).encode(), T0 + 2 * SECOND + 1)
    session.keeper.timer(T0 + 3 * SECOND - 1)
    assert [one["type"] for one in sent(session)] == ["subscribe"]
    assert STATES[pair.state] == "syncing"
