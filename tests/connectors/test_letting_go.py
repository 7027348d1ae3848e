"""A pair leaves its connection: unsubscribed, told, and of no consequence to the pairs beside it."""

from __future__ import annotations

import json

from connectors import all_venues
from connectors.actions import Send
from connectors.session import Session
from connectors.sync import LIVE, LOST, SYNCING, Pair

SECOND = 1_000_000_000
ENDING, STAYING = "BTC-USDT-260925", "BTC-USDT-SWAP"


def connected(*natives: str) -> tuple[Session, list[Pair]]:
    venue = all_venues()["okx", "public"]()
    session = Session(venue)
    pairs = [session.add(Pair(venue, venue.infer(native))) for native in natives]
    for pair in pairs:
        session.keeper.prepare(pair)
    session.keeper.opened(SECOND)
    session.keeper.take_actions()
    return session, pairs


def book(native: str, action: str, number: int) -> bytes:
    data = {"asks": [["2", "1", "0", "1"]], "bids": [["1", "1", "0", "1"]], "ts": "1", "checksum": 0}
    ids = {"prevSeqId": number - 1 if action == "update" else -1, "seqId": number}
    return json.dumps(
        {"arg": {"channel": "books", "instId": native}, "action": action, "data": [data | ids]}
    ).encode()


def test_it_is_unsubscribed_and_its_neighbour_goes_on() -> None:
    session, (ending, staying) = connected(ENDING, STAYING)
    for native in (STAYING, ENDING):  # the last frame before it leaves is its own
        session.received(book(native, "snapshot", 7), 2 * SECOND)
    assert (ending.state, staying.state) == (LIVE, LIVE)
    session.keeper.drop(ending, "expired", 3 * SECOND)
    assert (ending.state, ending.reason) == (LOST, "expired")
    assert list(session.pairs.values()) == [staying]
    [sent] = [one for one in session.keeper.take_actions() if isinstance(one, Send)]
    said = json.loads(sent.text)
    assert said["op"] == "unsubscribe"
    assert {(arg["channel"], arg["instId"]) for arg in said["args"]} == {
        ("books", ENDING),
        ("trades", ENDING),
    }
    updates = ending.updates
    session.received(book(ENDING, "update", 8), 4 * SECOND)
    session.received(book(STAYING, "update", 8), 4 * SECOND)
    assert (ending.updates, staying.updates, staying.state) == (updates, 1, LIVE)
    assert session.keeper.counts["symbol not subscribed"] == 1
    session.keeper.timer(5 * SECOND)
    assert ending.state == LOST


def test_that_the_venue_knows_it_no_more_costs_nobody() -> None:
    """OKX names the instrument, not the request, when it refuses to end what it has ended itself."""
    session, (ending, staying) = connected(ENDING, STAYING)
    session.keeper.drop(ending, "expired", 2 * SECOND)
    refusal = {"event": "error", "code": "60018", "msg": f"channel:books,instId:{ENDING} doesn't exist"}
    session.received(json.dumps(refusal).encode(), 3 * SECOND)
    assert (staying.state, staying.step) == (SYNCING, "await")


def test_the_last_one_leaves_without_a_word() -> None:
    """The connection is stopped then."""
    session, (only,) = connected(ENDING)
    session.keeper.drop(only, "expired", 2 * SECOND)
    assert session.keeper.take_actions() == []


def test_a_connection_made_anew_asks_only_for_what_is_left() -> None:
    session, (ending, _) = connected(ENDING, STAYING)
    session.keeper.closed("gone", 2 * SECOND)
    session.keeper.drop(ending, "expired", 3 * SECOND)
    assert session.keeper.take_actions() == []
    session.keeper.opened(4 * SECOND)
    texts = "".join(one.text for one in session.keeper.take_actions() if isinstance(one, Send))
    assert STAYING in texts
    assert ENDING not in texts
