"""What venues tell of derivatives: every product that declares it, from its own words to base and quote units."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec
import pytest

from connectors import all_venues
from connectors.actions import Fetch, Send
from connectors.book import NOWHERE
from connectors.derivatives import Complete, DerivativeTicker, Liquidation, share
from connectors.events import Accepted, Refused, Unsubscribed
from connectors.instruments import Market
from connectors.requests import Budget
from connectors.session import Session
from connectors.sync import Listener, Pair
from connectors.unpacking import gunzip
from connectors.venue import OF_DERIVATIVES, Venue
from tests.support import told, told_asia, told_by_socket, told_ratios
from tests.support.told import Sample

SAMPLES = {
    key: (*found, *told_ratios.SAMPLES.get(key, ()))
    for key, found in (told.SAMPLES | told_by_socket.SAMPLES | told_asia.SAMPLES).items()
}
SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND
DECLARED = {key: kind for key, kind in all_venues().items() if kind.derivatives is not None}


class Heard(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.closed: list[tuple[float, float, float, int, int]] = []
        self.lasts = 0

    def stated(self, pair: Pair, told: Any, lasts: int, now: int) -> None:
        self.told.append(told)
        self.lasts = lasts

    def liquidated(
        self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int
    ) -> None:
        self.closed.append((price, size, quote, side, t))


def route_of(venue: Venue) -> str:
    """The route that carries what derivatives have beside books; that of books where prints are marked."""
    found = (name for name in venue.routes if not OF_DERIVATIVES.isdisjoint(venue.channels(name)))
    return next(found, next(iter(venue.routes)))


def connected(key: tuple[str, str], natives: list[str]) -> tuple[Session, dict[str, Heard]]:
    """An open session of a product with these instruments, and what listens to each."""
    venue = all_venues()[key]()
    session = Session(venue, route_of(venue))
    heard = {}
    for native in natives:
        pair = session.add(Pair(venue, venue.infer(native)))
        session.keeper.prepare(pair)
        pair.listener = heard[native] = Heard()
    session.keeper.start(NOW)
    session.keeper.opened(NOW)
    session.keeper.take_actions()
    return session, heard


def natives_of(key: tuple[str, str], sample: Sample) -> list[str]:
    """The instruments that a sample tells of; of an index one that is measured by it."""
    venue = all_venues()[key]()
    others = [one.native for sample in SAMPLES[key] for one in [sample] if one.native]
    others += [told.symbol for one in SAMPLES[key] for told in one.told]
    named = [told.symbol for told in sample.told]
    by_index = [native for native in others if venue.index_of(native) in named]
    return list(dict.fromkeys([*named, *by_index]))


def feed(session: Session, sample: Sample) -> None:
    """Hand a sample to a session as its driver does."""
    zipped = session.keeper.venue.unpack is gunzip
    for text in (*sample.before, *(() if sample.poll else (sample.text,))):
        session.received(gzip.compress(text.encode(), 1) if zipped else text.encode(), NOW)
    if not sample.poll:
        return
    path = next(poll.path for poll in session.keeper.venue.polls if poll.path.startswith(sample.poll))
    session.keeper.derivatives.answered(path, sample.native, 200, sample.text.encode(), NOW)


@pytest.mark.parametrize("key", DECLARED, ids="-".join)
def test_what_it_says_is_read(key: tuple[str, str]) -> None:
    for sample in SAMPLES.get(key, ()):
        natives = natives_of(key, sample)
        session, heard = connected(key, natives)
        for pair in session.pairs.values():
            pair.subscribed = 0  # the samples are old
        feed(session, sample)
        told = [one for listener in heard.values() for one in listener.told]
        assert told == [one for one in sample.told if isinstance(one, DerivativeTicker)], sample.text
        closed = [one for native in natives for one in heard[native].closed]
        expected = [one for one in sample.told if isinstance(one, Liquidation)]
        assert [(side, t) for *_, side, t in closed] == [
            (-1 if one.closed == "long" else 1, one.t) for one in expected
        ], sample.text
        assert not any("unreadable" in name for name in session.keeper.counts), sample.text


@pytest.mark.parametrize("key", DECLARED, ids="-".join)
def test_all_that_is_declared_has_a_sample(key: tuple[str, str]) -> None:
    declared = DECLARED[key].derivatives
    assert declared is not None
    told = [one for sample in SAMPLES.get(key, ()) for one in sample.told]
    tickers = [one for one in told if isinstance(one, DerivativeTicker)]
    has = {
        "liquidations": any(isinstance(one, Liquidation) for one in told),
        "open_interest": any(one.open_interest is not None for one in tickers),
        "funding": any(one.funding_rate is not None for one in tickers),
        "mark": any(one.mark is not None for one in tickers),
        "index": any(one.index is not None for one in tickers),
        "long_short": {of for one in tickers for of in one.longs},
    }
    assert has == {
        "liquidations": declared.liquidations is not Complete.NONE,
        "open_interest": bool(declared.open_interest),
        "funding": bool(declared.funding),
        "mark": bool(declared.mark),
        "index": bool(declared.index),
        "long_short": set(declared.long_short),
    }
    assert (declared.liquidations is Complete.SAMPLE) == bool(declared.sampled)
    assert declared.in_trades == bool(DECLARED[key].liquidated)


def test_every_product_with_derivatives_declares_them() -> None:
    of_derivatives = {Market.PERP, Market.FUTURE}
    silent = {key for key, kind in all_venues().items() if kind.markets & of_derivatives} - set(DECLARED)
    assert {key for key in silent if not all_venues()[key].superseded} == set()


@pytest.mark.parametrize("key", DECLARED, ids="-".join)
def test_nothing_that_comes_breaks_it(key: tuple[str, str]) -> None:
    for sample in SAMPLES.get(key, ()):
        session, _ = connected(key, natives_of(key, sample))
        for cut in range(0, len(sample.text), 7):
            spoilt = Sample(sample.text[:cut], (), sample.poll, sample.native, sample.before)
            feed(session, spoilt)
            spoilt = Sample(sample.text.replace('"', "", cut), (), sample.poll, sample.native, sample.before)
            feed(session, spoilt)
        assert session.keeper.state == "open"
        assert all(pair.state == 0 for pair in session.pairs.values() if not pair.carries_book)


def test_an_inverse_contract_is_liquidated_in_base_and_quote() -> None:
    session, _ = connected(("binance", "coinm"), ["BTCUSD_200925"])
    venue = session.keeper.venue
    listed = venue._instrument("BTCUSD_200925", "BTC", "USD", "200925", size=100)
    pair = Pair(venue, listed)
    pair.listener = listener = Heard()
    pair.liquidation(9352.7, 3.0, -1, NOW, NOW)
    [(price, size, quote, side, t)] = listener.closed
    assert (price, quote, side, t) == (9352.7, 300.0, -1, NOW)
    assert size == pytest.approx(300 / 9352.7)


@pytest.mark.parametrize(
    ("key", "row", "at", "size", "base", "quote"),
    [  # the first as its message says itself: `amount` and `trade_turnover`
        (
            ("htx", "linear"),
            {"contract_code": "BTC-USDT", "contract_size": 0.001},
            23350.5,
            227,
            0.227,
            5300.5635,
        ),
        (("htx", "inverse"), {"contract_code": "ETH-USD", "contract_size": 10}, 231.0, 231, 10.0, 2310.0),
        (("gate", "usdt"), {"name": "BTC_USDT", "quanto_multiplier": "0.0001"}, 78850.0, 20, 0.002, 157.7),
        (("gate", "btc"), {"name": "BTC_USD", "quanto_multiplier": "0"}, 80000.0, 2000, 0.025, 2000.0),
    ],
    ids=str,
)
def test_a_liquidation_is_worth_what_the_list_makes_of_its_contracts(
    key: tuple[str, str], row: dict[str, Any], at: float, size: float, base: float, quote: float
) -> None:
    venue = all_venues()[key]()
    row |= {"price_tick": 0.1, "contract_status": 1, "order_price_round": "0.1"}
    (listed,) = venue.instruments({"data": [row]} if key[0] == "htx" else [row])
    pair = Pair(venue, listed)
    pair.listener = heard = Heard()
    pair.liquidation(at, size, 1, NOW, NOW)
    [(_, *worth, side, _)] = heard.closed
    assert worth == pytest.approx([base, quote])
    assert side == 1


def test_old_liquidations_are_history() -> None:
    session, heard = connected(("okx", "public"), ["IOST-USDT-SWAP"])
    session.received(SAMPLES["okx", "public"][0].text.encode(), NOW)
    assert heard["IOST-USDT-SWAP"].closed == []
    assert session.keeper.counts["liquidation from before the subscription"] == 1


def test_polls_are_spread_and_not_asked_twice() -> None:
    session, _ = connected(("binance", "usdm"), ["BTCUSDT", "ETHUSDT"])
    keeper = session.keeper
    asked: list[tuple[int, str]] = []
    for step in range(1, 21):
        now = NOW + step * SECOND // 2
        session.last_received = now
        keeper.timer(now)
        asked += [(step, action.path) for action in keeper.take_actions() if isinstance(action, Fetch)]
    interest = [(step, path) for step, path in asked if "openInterest" in path]
    assert [path[-7:] for _, path in interest] == ["BTCUSDT", "ETHUSDT"]  # no answer has come yet
    assert interest[0][0] != interest[1][0]
    for path in ("BTCUSDT", "ETHUSDT"):
        keeper.derivatives.answered("/fapi/v1/openInterest?symbol={symbol}", path, 500, b"", now)
    session.last_received = now + 6 * SECOND
    keeper.timer(now + 6 * SECOND)
    again = [action for action in keeper.take_actions() if isinstance(action, Fetch)]
    assert [action.spare for action in again] == [True, True]
    assert keeper.counts["poll failed: http 500"] == 2


RATIO = "/futures/data/globalLongShortAccountRatio?symbol={symbol}&period=5m&limit=1"
BAD_RATIOS = [
    (200, b"{", "unreadable derivative message: DecodeError"),
    (200, b'{"code":-1121,"msg":"Invalid symbol."}', "unreadable derivative message: TypeError"),
    (200, b'[{"symbol":"BTCUSDT","timestamp":1583139600000}]', "unreadable derivative message: KeyError"),
    *(
        (
            200,
            f'[{{"longShortRatio":{ratio},"timestamp":1583139600000}}]'.encode(),
            f"unreadable derivative message: {fault}",
        )
        for ratio, fault in (
            ('"much"', "ValueError"),
            ('"-0.5"', "ValueError"),
            ('"Infinity"', "ValueError"),
            ("null", "TypeError"),
        )
    ),
    (200, b'[{"longShortRatio":"1.5","timestamp":"now"}]', "unreadable derivative message: ValueError"),
    (403, b"[]", "poll failed: http 403"),
    (0, b"cannot connect", "poll failed: http 0"),
]


@pytest.mark.parametrize(("status", "body", "counted"), BAD_RATIOS, ids=[repr(one[1]) for one in BAD_RATIOS])
def test_a_ratio_that_cannot_be_read_costs_nothing_else(status: int, body: bytes, counted: str) -> None:
    session, heard = connected(("binance", "usdm"), ["BTCUSDT"])
    feed = session.keeper.derivatives
    feed.answered(RATIO, "BTCUSDT", status, body, NOW)
    assert heard["BTCUSDT"].told == []
    assert session.keeper.counts == {counted: 1}
    feed.answered(RATIO, "BTCUSDT", 200, b"[]", NOW)  # a contract that the venue does not count
    held = b'{"openInterest":"7","symbol":"BTCUSDT","time":1}'
    feed.answered("/fapi/v1/openInterest?symbol={symbol}", "BTCUSDT", 200, held, NOW)
    [told_] = heard["BTCUSDT"].told
    assert (told_.open_interest, told_.longs) == (7.0, {})
    assert session.keeper.counts == {counted: 1}
    assert session.keeper.state == "open"


def asked_within(session: Session, minutes: int) -> list[str]:
    """The paths that are asked for on a connection that stays alive, each answered with an error at once."""
    found = []
    for step in range(minutes * 60):
        session.last_received = now = NOW + step * SECOND
        session.keeper.timer(now)
        for action in session.keeper.take_actions():
            if isinstance(action, Fetch):
                found.append(action.path)
                session.keeper.derivatives.answered(*action.key, 500, b"", now)
    return found


def test_a_ratio_is_asked_for_once_a_minute_and_within_its_own_limit() -> None:
    one, _ = connected(("binance", "usdm"), ["BTCUSDT", "BTCUSDT_261225"])
    asked = [path for path in asked_within(one, 5) if "/futures/data/" in path]
    assert len(asked) == 3 * 5
    assert not [path for path in asked if "BTCUSDT_261225" in path]  # only perpetuals are counted
    full, _ = connected(("binance", "usdm"), [f"A{number}USDT" for number in range(60)])
    asked = [path for path in asked_within(full, 5) if "/futures/data/" in path]
    assert 150 < len(asked) <= 3 * 0.1 * 1000 + 10  # of 1000 in 5 minutes


def test_a_ratio_of_a_pair_is_asked_for_once_and_is_of_all_its_contracts() -> None:
    session, heard = connected(("binance", "coinm"), ["BTCUSD_PERP", "BTCUSD_261225", "ETHUSD_PERP"])
    asked = [path for path in asked_within(session, 1) if "topLongShortPositionRatio" in path]
    assert [path.partition("?")[2] for path in asked] == [
        f"pair={pair}&period=5m&limit=1" for pair in ("BTCUSD", "ETHUSD")
    ]
    (sample,) = (one for one in told_ratios.SAMPLES["binance", "coinm"] if "Position" in one.poll)
    feed(session, sample)
    assert [len(heard[native].told) for native in heard] == [1, 1, 0]


def test_an_open_question_is_not_asked_again_by_a_new_connection() -> None:
    session, _ = connected(("bybit", "linear"), ["BTCUSDT"])
    session.keeper.timer(NOW)
    assert [type(one) for one in session.keeper.take_actions()] == [Fetch]
    session.keeper.closed("gone", NOW + SECOND)
    session.keeper.opened(NOW + 2 * SECOND)
    session.keeper.take_actions()
    session.last_received = NOW + 3 * SECOND
    session.keeper.timer(NOW + 3 * SECOND)
    assert not [one for one in session.keeper.take_actions() if isinstance(one, Fetch)]


@pytest.mark.parametrize(
    ("longs", "shorts", "wanted"), [("3", "1", 0.75), (0, 2, 0.0), ("0.5", 0, 1.0), ("1.5", 1, 0.6)]
)
def test_shares(longs: Any, shorts: Any, wanted: float) -> None:
    assert share(longs, shorts) == pytest.approx(wanted)


@pytest.mark.parametrize(("longs", "shorts"), [(0, 0), (-1, 2), ("nan", 1), ("inf", 1), ("", 1)])
def test_no_shares(longs: Any, shorts: Any) -> None:
    with pytest.raises(ValueError, match=r"no shares|could not convert"):
        share(longs, shorts)


def test_many_symbols_are_asked_for_more_slowly() -> None:
    natives = [f"A{number}USDT" for number in range(200)]
    session, _ = connected(("binance", "usdm"), natives)
    poll = session.keeper.venue.polls[0]
    every = session.keeper.derivatives.every(poll)
    assert 200 * poll.weight / (every / SECOND) * 60 <= 0.1 * session.keeper.venue.limits.weight_per_minute


def test_nothing_is_asked_while_the_connection_is_gone() -> None:
    session, _ = connected(("binance", "usdm"), ["BTCUSDT"])
    assert session.keeper.derivatives.next_due < NOWHERE
    session.keeper.closed("gone", NOW + SECOND)
    assert session.keeper.derivatives.next_due == NOWHERE


def test_a_spare_request_leaves_half_of_the_weights_alone() -> None:
    budget = Budget(600)
    budget.spend(400, NOW)
    assert budget.ready_at(10, NOW) == NOW
    assert budget.ready_at(10, NOW, spare=True) == NOW + 11 * SECOND


def test_the_notices_of_htx_have_words_of_their_own() -> None:
    session, _ = connected(("htx", "linear"), [])
    keeper = session.keeper
    asked = list(keeper.venue.subscribe(["BTC-USDT", "BTC-USDT-261225"], keeper.channels, 5))
    assert asked == [
        '{"op":"sub","cid":"5","topic":"public.BTC-USDT.liquidation_orders"}',
        '{"op":"sub","cid":"6","topic":"public.BTC-USDT.funding_rate"}',
        '{"op":"sub","cid":"7","topic":"public.BTC-USDT-261225.liquidation_orders"}',  # dated: no funding
    ]
    for time in ('"1789676355591"', "1789676355591"):  # it wants back what it sent
        session.received(gzip.compress(f'{{"op":"ping","ts":{time}}}'.encode()), NOW)
        assert keeper.take_actions() == [Send(f'{{"op":"pong","ts":{time}}}')]
    answer = '{"op":"%s","cid":"6","topic":"public.BTC-USDT.funding_rate","ts":1606780803260,"err-code":%d}'
    said = [
        list(keeper.venue.control(msgspec.json.decode(answer % one)))
        for one in (("sub", 0), ("sub", 2014), ("sub", 2011), ("unsub", 0))
    ]
    assert said[0] == said[1] == [Accepted(request="6", symbol="BTC-USDT")]
    assert said[2] == [Refused("2011 None", request="6", symbol="BTC-USDT")]
    assert said[3] == [Unsubscribed(request="6", symbol="BTC-USDT")]
