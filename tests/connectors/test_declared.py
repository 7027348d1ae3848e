"""What a venue may declare of its protocol, each on a session of a venue that does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from connectors import all_venues, products
from connectors.actions import Fetch, Send
from connectors.driver import Driver, Network
from connectors.errors import UsageError
from connectors.rules import APPLY, GAP, RESET, SKIP, Overlapping, Rule, Stamped
from connectors.session import Session
from connectors.sync import LIVE, SYNCING, Pair
from service.replay import Player
from tests.support import captures
from tests.support.wires import WIRES

SECOND = 1_000_000_000
NOW = 1_790_000_000 * SECOND


class Line:
    """A session whose frames and answers come when a test says so."""

    def __init__(self, name: str, product: str, *natives: str) -> None:
        self.venue = all_venues()[name, product]()
        self.session = Session(self.venue, next(iter(self.venue.routes)))
        self.keeper = self.session.keeper
        self.pairs = [self.session.add(Pair(self.venue, self.venue.infer(native))) for native in natives]
        self.pair = self.pairs[0]
        for pair in self.pairs:
            self.keeper.prepare(pair)
        self.now = NOW
        self.done: list[tuple[int, Any]] = []
        self.keeper.opened(NOW)
        self._acts()

    def _acts(self) -> None:
        self.done += [(self.now, action) for action in self.keeper.take_actions()]

    def hear(self, message: Any) -> Line:
        self.now += SECOND // 10
        self.session.received(json.dumps(message).encode(), self.now)
        self._acts()
        return self

    def wait(self, seconds: float) -> Line:
        until = self.now + int(seconds * SECOND)
        while (due := self.keeper.deadline()) <= until:
            self.now = max(self.now, due)
            self.keeper.timer(self.now)
            self._acts()
            if self.keeper.deadline() <= due:
                self.keeper.put_off(self.now)
        self.now = until
        return self

    def answer(self, body: Any, status: int = 200) -> Line:
        self.keeper.fetched(self.pair.native, status, json.dumps(body).encode(), self.now)
        self._acts()
        return self

    def fetches(self) -> list[float]:
        """Seconds after the opening at which snapshots were asked for."""
        return [(max(at, one.not_before) - NOW) / SECOND for at, one in self.done if isinstance(one, Fetch)]

    def sent(self) -> list[str]:
        return [one.text for _, one in self.done if isinstance(one, Send)]


@pytest.mark.parametrize(
    ("rule", "at", "first", "last", "older", "verdict"),
    [
        (Stamped(), 10, -1, 11, False, APPLY),
        (Stamped(), 10, -1, 10, False, SKIP),
        (Stamped(), 10, -1, -1, False, GAP),
        (Overlapping(), 10, 10, 15, False, APPLY),
        (Overlapping(), 10, 9, 15, False, APPLY),
        (Overlapping(), 10, 11, 15, False, GAP),
        (Overlapping(), 10, 12, 12, False, RESET),
        (Overlapping(), 10, 8, 10, True, SKIP),
        (Overlapping(), 10, 8, 10, False, GAP),
        (Overlapping(), 10, -1, 12, False, GAP),
    ],
)
def test_rules(rule: Rule, at: int, first: int, last: int, older: bool, verdict: int) -> None:
    assert rule.follow(at, first, last, -1, older) == verdict


def test_only_ids_that_meet_say_that_a_book_is_whole() -> None:
    assert [Overlapping().whole(*ids) for ids in ((5, 5), (4, 5), (-1, -1))] == [True, False, False]
    assert not Stamped().whole(5, 5)


# -- Bitstamp: snapshots that lag ------------------------------------------------------------------------------------


def diff(stamp: int, bid: str = "100") -> dict[str, Any]:
    data = {"timestamp": "1", "microtimestamp": str(stamp), "bids": [[bid, "1"]], "asks": [["101", "1"]]}
    return {"data": data, "channel": "diff_order_book_btcusd", "event": "data"}


def image(stamp: int) -> dict[str, Any]:
    return {"microtimestamp": str(stamp), "bids": [["99", "7"]], "asks": [["101", "1"]]}


def test_a_snapshot_that_lags_is_asked_for_so_much_later() -> None:
    line = Line("bitstamp", "public", "btcusd").wait(9)
    assert line.fetches() == [5.0], "2 s, and the lag"
    line.answer(image(900)).wait(2).hear(diff(1000))
    assert line.pair.state == LIVE


def test_a_snapshot_older_than_the_oldest_update_does_not_stand() -> None:
    line = Line("bitstamp", "public", "btcusd").hear(diff(1000)).hear(diff(1200, "98")).wait(6)
    line.answer(image(900))
    assert (line.pair.state, line.pair.reason) == (SYNCING, "snapshot_too_old")
    line.wait(5)
    assert len(line.fetches()) == 2
    line.answer(image(1100))
    assert line.pair.state == LIVE
    assert line.pair.book.levels(9)[0] == [("99", "7"), ("98", "1")]
    assert (line.pair.updates, line.pair.dropped) == (1, 1)


def test_the_channel_names_the_symbol_and_other_channels_are_not_ours() -> None:
    line = Line("bitstamp", "public", "btcusd")
    line.hear(diff(1000) | {"channel": "order_book_btcusd"})
    assert not line.pair.held
    assert line.keeper.counts["symbol not subscribed"] == 1


def test_a_book_that_no_one_lists_is_refused() -> None:
    line = Line("bitstamp", "public", "xxxusd").wait(6).answer({"reason": "Not found"}, 404)
    assert line.pair.reason.startswith("refused: ")


# -- Gate, Bitget ----------------------------------------------------------------------------------------------------


def obu(**result: Any) -> dict[str, Any]:
    said = {"t": 1, "s": "ob.BTC_USDT.400", **result}
    return {"channel": "spot.obu", "event": "update", "time_ms": 2, "result": said}


def test_an_update_may_have_ids_alone() -> None:
    line = Line("gate", "spot", "BTC_USDT")
    line.hear(obu(full=True, u=10, b=[["100", "1"]], a=[["101", "1"]])).hear(obu(U=11, u=13)).hear(
        obu(U=14, u=14, b=[["100", "2"]])
    )
    assert (line.pair.state, line.pair.update_id, line.pair.updates) == (LIVE, 14, 2)
    line.hear(obu(U=16, u=17))
    assert line.pair.gaps == 1


def test_what_is_sent_may_hold_the_time() -> None:
    line = Line("gate", "spot", "BTC_USDT").wait(13)
    times = [json.loads(text)["time"] for text in line.sent()]
    assert len(times) == 3
    assert times == [NOW // SECOND, NOW // SECOND, NOW // SECOND + 12]
    assert json.loads(line.sent()[0])["payload"] == ["ob.BTC_USDT.400"]


def test_an_answer_is_no_message_of_its_channel() -> None:
    line = Line("gate", "spot", "BTC_USDT")
    wire = WIRES["gate", "spot"]()
    asked = line.sent()[0]
    line.hear(json.loads(wire.accepted(asked)[0]))
    assert line.pair.state == SYNCING
    line.hear(json.loads(wire.refused(asked)))
    assert line.pair.reason.startswith("refused: 2 unknown currency pair")


def test_prints_that_come_newest_first_are_all_counted() -> None:
    line = Line("bitget", "spot", "BTCUSDT")
    rows = [{"i": str(n), "p": "100", "v": "1", "S": "buy", "T": str(n)} for n in (9, 8, 7)]
    arg = {"instType": "spot", "topic": "publicTrade", "symbol": "BTCUSDT"}
    line.hear({"action": "update", "arg": arg, "data": rows, "ts": 1})
    assert (line.pair.trades, line.pair.dropped_trades, line.pair.trade_id) == (3, 0, 9)


# -- Gemini, Upbit ---------------------------------------------------------------------------------------------------


def test_after_a_gap_only_a_new_whole_book_stands() -> None:
    def depth(first: int, last: int) -> dict[str, Any]:
        levels = {"b": [["100", str(last)]], "a": [["101", "1"]]}
        return {"e": "depthUpdate", "E": NOW, "s": "btcusd", "U": first, "u": last, **levels}

    line = Line("gemini", "public", "btcusd").hear(depth(5, 5)).hear(depth(5, 9))
    assert line.pair.state == LIVE
    line.hear(depth(12, 15)).hear(depth(15, 19))
    assert (line.pair.loaded, line.pair.gaps) == (False, 1)
    line.wait(3).hear(depth(30, 30))
    assert (line.pair.state, line.pair.update_id) == (LIVE, 30)


def upbit(native: str, ms: int, size: float) -> dict[str, Any]:
    row = {"ask_price": 101, "bid_price": 100, "ask_size": 1.0, "bid_size": size}
    padding = {"ask_price": 0, "bid_price": 99, "ask_size": 3.0, "bid_size": 2.0}
    said = {"type": "orderbook", "code": native, "timestamp": ms, "orderbook_units": [row, padding]}
    return said | {"stream_type": "REALTIME"}


def test_rows_with_both_sides_and_padding() -> None:
    line = Line("upbit", "spot", "KRW-BTC").hear(upbit("KRW-BTC", 1000, 5.5))
    assert line.pair.book.levels(9) == ([("100", "5.5"), ("99", "2")], [("101", "1")])


def test_images_only_go_forward() -> None:
    line = Line("upbit", "spot", "KRW-BTC").hear(upbit("KRW-BTC", NOW // 10**6 + 9, 5.0))
    line.hear(upbit("KRW-BTC", NOW // 10**6 + 8, 6.0))
    assert (line.pair.book.levels(1)[0], line.pair.dropped) == ([("100", "5")], 1)


def test_a_subscription_that_replaces_all_names_all() -> None:
    line = Line("upbit", "spot", "KRW-BTC", "KRW-ETH")
    line.hear(upbit("KRW-BTC", 1, 5.0)).hear(upbit("KRW-ETH", 1, 5.0))
    before = len(line.sent())
    line.session.received(b'{"type":"orderbook","code":"KRW-BTC","orderbook_units":[', line.now)
    line.wait(6)
    (again,) = [text for text in line.sent()[before:] if text != "PING"]
    assert {code for part in json.loads(again) for code in part.get("codes", ())} == {"KRW-BTC", "KRW-ETH"}


# -- older protocols -------------------------------------------------------------------------------------------------


def test_superseded_products_are_read_and_never_connected_to() -> None:
    assert {kind.product for kind in products("gate")} == {"spot", "usdt", "btc"}
    assert {kind.product for kind in products("gemini")} == {"public"}
    assert {kind.product for kind in products("kucoin")} == {"spot", "futures"}
    assert all_venues()["gate", "spot_v1"].superseded
    with pytest.raises(UsageError):
        products("nowhere")


@pytest.mark.parametrize(
    ("name", "product"),
    [("gateio/spot-v4-multiA-20210422", "spot_v1"), ("gateio/futures-v4-multiA-20230524", "usdt_v1")],
)
def test_products_of_one_address_are_told_apart_by_their_channels(name: str, product: str) -> None:
    player = Player([captures.capture(name)], timers=False)
    for _ in player.play():
        pass
    assert {session.keeper.venue.product for session in player.sessions} == {product}


def test_headers_go_with_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    called = asyncio.Event()

    async def refuse(make: Any, url: str, **options: Any) -> None:
        seen.update(options, url=url)
        called.set()
        raise OSError("no network here")

    async def attempt() -> None:
        network = Network()
        Driver(Line("gate", "usdt", "BTC_USDT").session, network).start()
        await called.wait()
        await network.close()

    monkeypatch.setattr("picows.ws_connect", refuse)
    asyncio.run(asyncio.wait_for(attempt(), 5))
    assert seen["extra_headers"] == {"X-Gate-Size-Decimal": "1"}
