"""Venues that tell of derivatives on their sockets: what is subscribed to and how often, units, and their simulators."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from connectors import all_venues
from connectors.actions import Send
from connectors.derivatives import Complete, DerivativeTicker, Liquidation
from connectors.instruments import Market
from connectors.session import Session
from connectors.sync import Pair
from connectors.venue import Channel
from service.metrics.derivative_state import in_base
from tests.connectors.test_derivatives import Heard
from tests.support.link import Link
from tests.support.told_by_socket import SAMPLES

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND
KEYS = sorted(SAMPLES)
MIXED = [key for key in KEYS if Market.SPOT in all_venues()[key].markets]
every_product = pytest.mark.parametrize("key", KEYS, ids="-".join)


def connected(key: tuple[str, str], *natives: str) -> Session:
    """An open connection for what these have beside their books; what it sends is left in its actions."""
    venue = all_venues()[key]()
    session = Session(venue, "derivatives")
    for native in natives:
        pair = session.add(Pair(venue, venue.infer(native)))
        session.keeper.prepare(pair)
        pair.listener = Heard()
    session.keeper.start(NOW)
    session.keeper.opened(NOW)
    return session


def sent(session: Session, until: int = NOW + 30 * SECOND) -> list[dict[str, Any]]:
    """All that it sends by a time, in order."""
    found, keeper = [], session.keeper
    while True:
        found += [json.loads(one.text) for one in keeper.take_actions() if isinstance(one, Send)]
        due = keeper.deadline()
        if due > until:
            return found
        session.last_received = due
        keeper.timer(due)


def test_what_tells_of_all_markets_is_asked_for_once() -> None:
    said = sent(connected(("dydx", "perp"), *(f"A{n}-USD" for n in range(12))))
    assert said == [{"type": "subscribe", "channel": "v4_markets", "batched": True}]
    said = sent(connected(("bitfinex", "public"), *(f"tA{n}F0:USTF0" for n in range(12))))
    keys = Counter(one["key"] for one in said if one.get("event") == "subscribe")
    assert keys == Counter(["liq:global", *(f"deriv:tA{n}F0:USTF0" for n in range(12))])
    numbers = [one["subId"] for one in said if "subId" in one]
    assert len(set(numbers)) == len(numbers) == 13


@pytest.mark.parametrize("key", MIXED, ids="-".join)
def test_what_is_spot_is_not_asked_for(key: tuple[str, str]) -> None:
    markets = all_venues()[key].routes["derivatives"].markets
    assert markets <= {Market.PERP, Market.FUTURE}
    assert markets


def test_funding_is_of_perpetuals_and_an_index_is_shared() -> None:
    session = connected(("crypto_com", "market"), "BTCUSD-PERP", "BTCUSD-261225")
    [said] = sent(session)
    assert Counter(said["params"]["channels"]) == Counter(
        [
            *("ticker.BTCUSD-PERP", "ticker.BTCUSD-261225", "mark.BTCUSD-PERP", "mark.BTCUSD-261225"),
            *("funding.BTCUSD-PERP", "index.BTCUSD-INDEX"),
        ]
    )
    venue = session.keeper.venue
    [undone] = venue.unsubscribe(["BTCUSD-PERP"], venue.channels("derivatives"), 9)
    assert json.loads(undone)["params"]["channels"] == [
        *("ticker.BTCUSD-PERP", "funding.BTCUSD-PERP", "mark.BTCUSD-PERP")
    ]


REFUSALS = [
    (
        ("crypto_com", "market"),
        "BTCUSD-PERP",
        '{"id":1,"method":"subscribe","code":40003,"channel":"index.BTCUSD-INDEX","message":"Unknown symbol"}',
    ),
    (
        ("dydx", "perp"),
        "BTC-USD",
        (
            '{"type":"error","message":"Invalid subscribe message: already subscribed (v4_markets)","connection_id":"c",'
            '"message_id":1,"channel":"v4_markets"}'
        ),
    ),
]


@pytest.mark.parametrize(("key", "native", "text"), REFUSALS, ids=["index", "markets"])
def test_a_refusal_of_what_is_shared_is_told_and_refuses_no_symbol(
    key: tuple[str, str], native: str, text: str
) -> None:
    session = connected(key, native)
    sent(session)
    session.received(text.encode(), NOW)
    assert [name for name in session.keeper.counts if name.startswith("refused")]
    assert [pair.step for pair in session.pairs.values()] == [""]


def test_a_pair_is_let_go_where_channels_are_numbered() -> None:
    gone, stays = "tBTCF0:USTF0", "tETHF0:USTF0"
    session = connected(("bitfinex", "public"), gone, stays)
    for one in sent(session):
        if one["event"] == "subscribe":
            session.received(
                json.dumps({**one, "event": "subscribed", "chanId": 70 + int(one["subId"])}).encode(), NOW
            )
    number = next(number for number, its in session.channels.items() if its[2] == gone.encode())
    later = NOW + 40 * SECOND
    session.keeper.drop(session.pairs[gone.encode()], "expired", later)
    assert sent(session, later)[0] == {"event": "unsubscribe", "chanId": int(number)}
    session.received(b'{"event":"unsubscribed","status":"OK","chanId":' + number + b"}", later)
    assert number not in session.channels
    assert list(session.pairs) == [stays.encode()]


# Product, native id, a native price, a native size; in base and in quote units.
UNITS = [
    (("kraken_futures", "futures"), "PI_XBTUSD", 20000.0, 5000.0, 0.25, 5000.0),
    (("kraken_futures", "futures"), "PF_XBTUSD", 20000.0, 0.25, 0.25, 5000.0),
    (("deribit", "public"), "BTC-PERPETUAL", 4469.5, 1120.0, 1120 / 4469.5, 1120.0),
    (("deribit", "public"), "BTC_USDC-PERPETUAL", 20000.0, 0.25, 0.25, 5000.0),
    (("dydx", "perp"), "AVAX-USD", 25.22, 79.2, 79.2, 1997.424),
    (("hyperliquid", "public"), "BTC", 69997.0, 0.5, 0.5, 34998.5),
    (("bitfinex", "public"), "tETHF0:USTF0", 222.25, 8.0, 8.0, 1778.0),
    (("crypto_com", "market"), "BTCUSD-PERP", 20439.5, 0.1, 0.1, 2043.95),
    (("bitstamp", "public"), "btcusd-perp", 77291.5, 2.0, 2.0, 154583.0),
]


@pytest.mark.parametrize(("key", "native", "price", "size", "base", "quote"), UNITS)
def test_units(
    key: tuple[str, str], native: str, price: float, size: float, base: float, quote: float
) -> None:
    venue = all_venues()[key]()
    listed = venue.infer(native)
    if key[0] == "kraken_futures":
        row = {"symbol": native, "contractSize": 1, "tickSize": 0.5, "tradeable": True}
        [listed] = venue.instruments({"instruments": [row]})
    pair = Pair(venue, listed)
    pair.listener = heard = Heard()
    pair.liquidation(price, size, -1, NOW, NOW)
    [(_, closed, worth, side, _)] = heard.closed
    assert closed == pytest.approx(base)
    assert worth == pytest.approx(quote)
    assert side == -1
    held = DerivativeTicker(native, open_interest=size)
    assert in_base(held, listed, price) == pytest.approx(base)


@pytest.mark.parametrize("key", [one for one in KEYS if one != ("hyperliquid", "public")], ids="-".join)
def test_a_marked_print_tells_its_price_and_size(key: tuple[str, str]) -> None:
    """Where liquidations are told at all; the suite over all products looks at their sides and times."""
    venue = all_venues()[key]()
    for sample in SAMPLES[key]:
        wanted = [one for one in sample.told if isinstance(one, Liquidation)]
        if not wanted:
            continue
        session = connected(key, wanted[0].symbol)
        [pair] = session.pairs.values()
        pair.subscribed = 0
        for text in (*sample.before, sample.text):
            session.received(text.encode(), NOW)
        listed = venue.infer(wanted[0].symbol)
        found = [
            (price, quote if listed.inverse else base) for price, base, quote, *_ in pair.listener.closed
        ]
        if listed.unit_size is not None:
            assert found == [(one.price, pytest.approx(one.size)) for one in wanted]
        else:
            assert [price for price, _ in found] == [one.price for one in wanted]


@every_product
def test_its_simulator_tells_what_it_declares(key: tuple[str, str]) -> None:
    declared = all_venues()[key].derivatives
    assert declared is not None
    link = Link(*key, rate=12.0, levels=40)
    link.start()
    link.run(14)
    books = {one.native: one for one in link.engine.books.values()}
    told = [
        native
        for native in link.natives
        if link._instruments[native].market in all_venues()[key].routes["derivatives"].markets
    ]
    assert told
    assert Channel.BOOK not in all_venues()[key].routes["derivatives"].channels
    for native, reading in books.items():
        state, t = reading.context.derivative, reading.clock(link.now)
        for name, where in (
            ("mark", declared.mark),
            ("index", declared.index),
            ("funding_rate", declared.funding),
            ("open_interest", declared.open_interest),
        ):
            value = state.value(name, t)
            assert (value == value) == bool(where and native in told), (native, name)
    assert (sum(pair.liquidations for wire in link.wires for pair in wire.session.pairs.values()) > 0) == (
        declared.liquidations is not Complete.NONE
    )
    assert not [name for wire in link.wires for name in wire.session.keeper.counts if "unreadable" in name]
