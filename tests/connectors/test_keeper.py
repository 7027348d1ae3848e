"""The slow side of a session: pace, refusals, silence, replacement, backoff. Time is made up; venues are simulated."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from connectors import all_venues
from connectors.actions import Connect, Replace, Send
from connectors.session import Session
from connectors.sync import LIVE, STATES, Pair
from connectors.venue import Limits
from simulator.faults import Disconnect, RefuseConnection, Reject, ShutdownNotice, Silence
from tests.support.link import SECOND, SYMBOLS, T0, Link
from tests.test_every_venue import WIRES

VENUES = sorted(SYMBOLS)
every_venue = pytest.mark.parametrize(("name", "product"), VENUES, ids=lambda one: one)
UNLISTED = {  # by venue, or by venue and product: an id that looks right and that nobody lists
    "okx": "FOO-USDT",
    "kraken": "FOO/USD",
    "coinbase": "FOO-USD",
    "coinbase_exchange": "FOO-USD",
    "gate": "FOO_USDT",
    "bitstamp": "foousd",
    "gemini": "foousd",
    "upbit": "KRW-FOO",
    "bithumb": "KRW-FOO",
    "dydx": "FOO-USD",
    "htx spot": "foousdt",
    "htx linear": "FOO-USDT",
    "htx inverse": "FOO-USD",
    "kucoin spot": "FOO-USDT",
    "kucoin futures": "FOOUSDTM",
    "crypto_com": "FOO_USD",
    "mexc contract": "FOO_USDT",
}
SILENT = ("upbit", "bithumb", "kucoin")  # they say nothing of an unknown symbol


def unlisted(name: str, product: str) -> str:
    known = UNLISTED.get(f"{name} {product}") or UNLISTED.get(name)
    return known or ("FOOUSD" if product in ("coinm", "inverse") else "FOOUSDT")


def live_link(name: str, product: str, **more: Any) -> Link:
    link = Link(name, product, **{"rate": 5.0, "levels": 60, **more}).start()
    link.run_until(link.all_live, 30)
    return link


def session_of(kind: type[Any], natives: list[str], **limits: Any) -> Session:
    venue = kind()
    venue.limits = dataclasses.replace(venue.limits, **limits)
    session = Session(venue, next(iter(venue.routes)))
    for native in natives:
        pair = session.add(Pair(venue, venue.infer(native)))
        session.keeper.prepare(pair)
    return session


def played(session: Session, seconds: float, now: int = T0) -> list[tuple[int, Any]]:
    """All actions with their times, while no frame comes in but PINGs that keep the connection awake."""
    found: list[tuple[int, Any]] = []
    end = now + int(seconds * SECOND)
    found += [(now, action) for action in session.keeper.take_actions()]
    while (due := session.keeper.deadline()) <= end:
        now = max(now, due)
        session.keeper.pinged(now)
        session.keeper.timer(now)
        found += [(now, action) for action in session.keeper.take_actions()]
        if session.keeper.deadline() <= now:
            session.keeper.put_off(now)
    return found


@every_venue
def test_subscriptions_keep_the_pace(name: str, product: str) -> None:
    """All symbols a connection takes are asked for once, in as few messages as fit, never faster than allowed."""
    kind = all_venues()[name, product]
    known = Link(name, product, levels=5)
    foo = unlisted(name, product)
    others = (foo.replace("FOO", f"F{n:03}").replace("foo", f"f{n:03}") for n in range(39))
    natives = [known.natives[0], *others][: kind.limits.symbols]
    session = session_of(kind, natives)
    limits: Limits = session.keeper.venue.limits
    session.keeper.opened(T0)
    if session.keeper.venue.welcomes:
        session.received(WIRES[name, product].welcome.encode(), T0)
    sent = [(at, action.text) for at, action in played(session, 18) if isinstance(action, Send)]
    pings = {session.keeper.venue.heartbeat.ping}
    times = [at for at, text in sent if text not in pings and '"ping"' not in text]
    for one, other in pairwise(times):
        assert other - one >= SECOND / limits.messages_per_second - 1
    asked = Counter(
        native
        for _, text in sent
        for native in natives
        if re.search(rf'[".:,@_]{native}["@.,]', text) and '"req"' not in text
    )
    if name.startswith("binance"):
        streams = [one for _, text in sent for one in json.loads(text)["params"]]
        assert len(streams) == len(set(streams)) == len(natives) * len(session.keeper.channels)
        assert all(len(json.loads(text)["params"]) <= limits.topics_per_message for _, text in sent)
    else:
        assert len(asked) == len(natives)
        assert max(asked.values()) <= len(session.keeper.channels)


@every_venue
def test_a_bad_symbol_costs_no_other(name: str, product: str) -> None:
    """One of a batch is unknown to the venue: it says so, asks again once in a while, the others are live at once."""
    missing = unlisted(name, product)
    link = Link(name, product, rate=2.0, levels=60, missing=[missing]).start()
    good = [pair for native, pair in link.books.items() if native != missing]
    assert link.run_until(lambda: all(pair.state == LIVE for pair in good), 10) < 10
    link.run(100)
    bad = link.books[missing]
    assert STATES[bad.state] in ("syncing", "lost")
    assert bad.reason.startswith("refused") or name in SILENT
    assert all((pair.state, pair.resyncs) == (LIVE, 0) for pair in good)
    assert link.closed == []
    assert sum('"pong"' not in text for _, text in link.sent) < 60
    assert sum(native == missing for _, native, _ in link.fetches) <= 6
    assert link.unequal() in ([], [f"{missing}: not subscribed"])


@every_venue
def test_a_refused_symbol_is_asked_for_again(name: str, product: str) -> None:
    """Its trades too, where they were refused with the book."""
    link = Link(name, product, rate=2.0, levels=60)
    native = link.natives[-1]
    link.inject(Reject(symbol=native))
    link.start()
    link.run(3)
    others = [pair for one, pair in link.books.items() if one != native]
    link.run_until(lambda: all(pair.state == LIVE for pair in others), 10)
    link.run_until(lambda: link.sound() and not link.unequal(), 130)
    before = {one.native: one.counters["trades"] for one in link.engine.books.values()}
    link.run(30)
    for one in link.engine.books.values():
        if not (name.startswith("binance") or name == "kraken"):  # there a channel alone is refused
            assert one.counters["trades"] > before[one.native]
    assert all(pair.resyncs == 0 for pair in others)


@every_venue
def test_silence_withdraws_values_and_then_the_connection(name: str, product: str) -> None:
    link = live_link(name, product)
    wire = link.book_wire()
    quiet_after = link.venue.heartbeat.silent_after
    link.inject(Silence(seconds=quiet_after * 10))
    link.run(quiet_after + 1.5)
    assert wire.session.keeper.state == "silent"
    for reading in link.engine.books.values():
        assert (reading.state, reading.reason) == ("stale", "silent")
        assert all(value != value for value in reading.values(link.now))
    assert link.closed == []
    link.run(quiet_after + 1.5)
    # A venue that asks whether we live, and hears nothing while it is silenced itself, closes before we do.
    assert link.closed[0] == ("closed by the venue (1000)" if name == "deribit" else "silent")
    assert all(STATES[pair.state] in ("lost", "syncing") for pair in link.books.values())


def test_a_frame_after_silence_brings_the_values_back() -> None:
    link = live_link("okx", "public")
    keeper, session = link.book_wire().session.keeper, link.book_wire().session
    at = link.now + int(26 * SECOND)
    keeper.timer(at)
    assert set(link.states().values()) == {"stale silent"}
    session.received(b"pong", at + 1)
    assert link.all_live()
    assert (keeper.state, keeper.reason) == ("open", "")
    assert all(
        reading.values(at + 1)[0] == reading.values(at + 1)[0] for reading in link.engine.books.values()
    )


NOTICED = [("binance", "spot"), ("binance", "usdm"), ("okx", "public")]


@pytest.mark.parametrize(("name", "product"), NOTICED, ids=lambda one: one)
def test_a_planned_end_loses_nothing(name: str, product: str) -> None:
    """The second connection stands before the first goes: the books never leave live, each trade is told once."""
    link = Link(name, product, rate=10.0, levels=60)
    happened: Counter[str] = Counter()
    told: Counter[str] = Counter()
    traded = link.simulator.traded

    def counted(market: Any, trades: list[Any], now: int) -> None:
        happened[market.listing.native] += len(trades)
        traded(market, trades, now)

    link.simulator.traded = counted  # type: ignore[method-assign]
    link.engine.listen_trades(lambda book, trade: told.update([book.native]))
    link.start()
    link.run_until(link.all_live, 30)
    link.run(5)
    happened.clear()
    told.clear()
    before = len(link.told)
    link.inject(ShutdownNotice(seconds=20))
    link.run(40)
    assert link.replaced
    assert [said for said in link.told[before:] if said[2] != "live"] == []
    assert len(link.wires) == len(link.venue.routes)
    assert link.unequal() == []
    assert all(happened[native] > 0 for native in link.natives)
    assert told == happened


def test_a_connection_is_renewed_before_its_life_ends() -> None:
    session = session_of(all_venues()["binance", "spot"], ["BTCUSDT"], life=100.0)
    session.keeper.opened(T0)
    asked = [(at - T0) / SECOND for at, action in played(session, 120) if isinstance(action, Replace)]
    assert asked == [pytest.approx(96)]


def test_backoff_grows_is_capped_and_jittered() -> None:
    """It doubles from half a second to a minute and stays there."""
    waits: dict[str, list[int]] = {}
    for seed in ("0", "1"):
        session = Session(all_venues()["kraken", "spot"](), "", seed)
        now, waits[seed] = T0, []
        session.keeper.start(now)
        for _ in range(12):
            session.keeper.closed("refused", now)
            waits[seed].append((session.keeper.retry_at - now) / SECOND)
            now = session.keeper.retry_at
            session.keeper.take_actions()
            session.keeper.timer(now)
            assert [type(one) for one in session.keeper.take_actions()] == [Connect]
    for found in waits.values():
        for count, wait in enumerate(found):
            assert min(60.0, 0.5 * 2**count) / 2 <= wait <= min(60.0, 0.5 * 2**count)
    assert waits["0"] != waits["1"]


def test_only_a_live_book_starts_the_backoff_over() -> None:
    """A venue that accepts and drops us is not hammered."""
    session = session_of(all_venues()["kraken", "spot"], ["BTC/USD"])
    keeper, now = session.keeper, T0
    for _ in range(8):
        keeper.opened(now)
        keeper.closed("dropped", now + SECOND)
        now = keeper.retry_at
    assert keeper.backoff.failures == 8
    assert keeper.retry_at - now == 0
    link = live_link("kraken", "spot")
    link.inject(RefuseConnection(count=3))
    link.inject(Disconnect())
    link.run(1)
    assert link.book_wire().session.keeper.backoff.failures >= 1
    link.run_until(link.all_live, 60)
    assert link.book_wire().session.keeper.backoff.failures == 0
    assert len(link.connected) == 5


@every_venue
def test_a_reconnect_subscribes_once(name: str, product: str) -> None:
    link = live_link(name, product)

    def shapes(sent: list[tuple[int, str]]) -> Counter[str]:
        """Subscriptions; numbers of requests go on, and a whole book may have to be asked for again."""
        return Counter(re.sub(r"\d+", "0", text) for _, text in sent if '"req"' not in text)

    link.run(1)  # a connection may have more to ask for when the books are live
    first = shapes(link.sent)
    link.inject(Disconnect())
    link.run(0.05)
    assert not link.all_live()
    count = len(link.sent)
    link.run_until(lambda: link.all_live() and shapes(link.sent[count:]).total() >= first.total(), 60)
    assert shapes(link.sent[count:]) == first
    link.run(5)
    assert link.unequal() == []
    assert link.wrong == []
