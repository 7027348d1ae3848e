"""KuCoin: documented messages of the UTA sockets, the window that the venue keeps, recordings of the classic spot socket."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import all_venues
from connectors.sync import LIVE
from connectors.venue import Channel
from service.replay import Player
from tests.connectors.test_transport_venues import Heard, messages
from tests.support.link import Link


def test_every_single_message_of_kucoins_classic_spot_is_read() -> None:
    heard = Heard(("kucoin", "spot_classic"))
    kept_apart = 0
    for message in messages("kucoin"):
        if message["note"] == "kucoin-futures":
            continue  # of the classic socket of futures, which nothing reads any more
        if message.get("generated"):
            kept_apart += 1  # the collector's own form of a REST answer, never on the wire
            continue
        heard.hear(message["text"])
    assert kept_apart == 1
    assert heard.session.malformed == 0
    ((price, size, _, taker),) = heard.prints["BTC-USDT"].found
    assert (price, size, taker) == (24093.9, 0.00001255, -1)
    assert set(heard.pairs) == {"BTC-USDT", "LMR-BTC", "XRP-USDT"}


# What the sheet and the documents show of KuCoin's sockets, whole; no recording of them is at hand.
OBU = (
    '{"T":"obu.FUTURES","dp":"increment@10ms","t":"snapshot","P":1790114460671676191,"d":{"a":[["2749.69","96"]],'
    '"b":[["2749.68","277"]],"s":"ETHUSDTM","C":1736604716203,"M":1790114460661000000,"O":1736604716203}}'
)


def obu(first: int, last: int, bids: Any, asks: Any) -> str:
    message = json.loads(OBU) | {"t": "delta"}
    message["d"] |= {"b": bids, "a": asks, "O": first, "C": last}
    return json.dumps(message)


def test_a_window_of_kucoin_follows_its_snapshot() -> None:
    heard = Heard(("kucoin", "futures")).hear(OBU)
    pair = heard.pairs["ETHUSDTM"]
    assert (pair.state, pair.update_id, pair.event_time) == (LIVE, 1736604716203, 1790114460661000000)
    heard.hear(obu(1736604716204, 1736604716425, [["2749.68", "0"], ["2749.5", "3"]], []))
    heard.hear(obu(1736604716426, 1736604716426, [], []))
    heard.hear(obu(1736604716420, 1736604716430, [], [["2749.69", "7"]]))
    assert (pair.state, pair.update_id, pair.updates, pair.gaps) == (LIVE, 1736604716430, 3, 0), (
        "overlap is allowed"
    )
    assert pair.book.levels(9) == ([("2749.5", "3")], [("2749.69", "7")])
    heard.hear(obu(1736604716432, 1736604716433, [["2749.5", "4"]], []))
    assert (pair.state == LIVE, pair.gaps) == (False, 1), "431 is missing"
    heard.hear(OBU)
    assert pair.state == LIVE


@pytest.mark.parametrize(
    ("asked", "depth"),
    [
        ({"channel": "obu", "symbol": "ETHUSDTM", "depth": "increment@10ms"}, 500),
        ({"channel": "obu", "symbol": "ETHUSDTM", "depth": "50"}, 50),
        ({"channel": "obu", "symbols": ["XBTUSDTM", "ETHUSDTM"], "depth": "5"}, 5),
        ({"channel": "trade", "symbol": "ETHUSDTM"}, 1),  # then it is the smallest that holds the book
    ],
)
def test_a_recorded_subscription_of_kucoin_tells_how_far_the_book_goes(
    asked: dict[str, Any], depth: int
) -> None:
    heard = Heard(("kucoin", "futures"))
    heard.session.keeper.sent(json.dumps({"id": "1", "action": "SUBSCRIBE", "tradeType": "FUTURES", **asked}))
    heard.hear(OBU)
    assert heard.pairs["ETHUSDTM"].depth == depth


def test_a_documented_print_of_kucoin_is_read() -> None:
    heard = Heard(("kucoin", "spot")).hear(
        '{"T":"trade.SPOT","P":"1774618231151398133","d":{"E":"20745928670070784","M":"1774618231141000000",'
        '"S":"buy","p":"1995.49","q":"0.3142324","s":"ETH-USDT","ti":"20745928670070784"}}'
    )
    ((price, size, _, taker),) = heard.prints["ETH-USDT"].found
    assert (price, size, taker) == (1995.49, 0.3142324, 1)
    assert heard.pairs["ETH-USDT"].trade_id == 20745928670070784


def test_kucoin_is_asked_for_one_symbol_a_frame() -> None:
    venue = all_venues()["kucoin", "futures"]()
    asked = venue.subscribe(["XBTUSDTM"], (Channel.BOOK, Channel.TRADES), 7)
    head = {"action": "SUBSCRIBE", "tradeType": "FUTURES", "symbol": "XBTUSDTM"}
    assert [json.loads(text) for text in asked] == [
        head | {"id": "7", "channel": "obu", "depth": "increment@10ms"},
        head | {"id": "8", "channel": "trade"},
    ]
    asked = venue.unsubscribe(["A", "B"], (Channel.FUNDING,), 9)
    assert [(one["action"], one["symbol"], one["channel"]) for one in map(json.loads, asked)] == [
        ("UNSUBSCRIBE", "A", "funding-fee"),
        ("UNSUBSCRIBE", "B", "funding-fee"),
    ]


def test_each_product_of_kucoin_reads_its_own_list() -> None:
    (path,) = all_venues()["kucoin", "futures"]().instrument_paths()
    assert [
        product for product in ("spot", "futures", "spot_classic")
        if all_venues()["kucoin", product]().lists_instruments(f"https://api.kucoin.com{path}")
    ] == ["futures"]  # fmt: skip
    row = {"symbol": "AVA-USDT", "baseCurrency": "AVA", "quoteCurrency": "USDT", "baseOrderStep": "0.01",
           "tickSize": "0.0001", "tradingStatus": "1", "marginMode": "2"}  # fmt: skip
    (one,) = all_venues()["kucoin", "spot"]().instruments({"data": {"tradeType": "SPOT", "list": [row]}})
    assert (one.symbol, one.tick, one.lot, one.active) == (
        "AVA-USDT",
        Decimal("0.0001"),
        Decimal("0.01"),
        True,
    )


# -- the window --------------------------------------------------------------------------------------------------------


def test_levels_that_leave_the_window_are_held_until_the_venue_removes_them() -> None:
    """Its books have some levels more than 500 for a moment; what is claimed ends with the 500th."""
    link = Link("kucoin", "futures", rate=8.0, levels=560, symbols=["XBTUSDTM"], metrics=()).start()
    link.run_until(link.all_live, 30)
    book, most = link.books["XBTUSDTM"].book, 0
    for _ in range(60):
        link.run(0.1)
        most = max(most, book.bids.count, book.asks.count)
        bids, asks = book.levels(10_000)
        unit = Decimal(1).scaleb(-book.price_places)
        for levels, end in ((bids, book.bid_floor), (asks, book.ask_ceiling)):
            assert Decimal(levels[min(500, len(levels)) - 1][0]) == end * unit
    assert 500 < most < 510
    assert (link.unequal(), link.wrong) == ([], [])


# -- the classic socket ------------------------------------------------------------------------------------------------


def test_a_recording_whose_address_holds_another_token_each_time_is_of_one_connection(tmp_path: Path) -> None:
    def line(token: str, **more: Any) -> str:
        url = f"wss://ws-api-spot.kucoin.com/?token={token}&connectId=1"
        return json.dumps({"t": None, "ch": "ws", "dir": "in", "url": url, **more})

    data = {"sequenceStart": 8, "sequenceEnd": 9, "symbol": "BTC-USDT", "time": 1663747970273}
    data["changes"] = {"asks": [["6", "1", "9"]], "bids": []}
    topic = {"type": "message", "topic": "/market/level2:BTC-USDT", "subject": "trade.l2update"}
    update = json.dumps(topic | {"data": data})
    lines = [line(token, msg=update) for token in ("one", "one", "other")]
    lines.insert(2, line("one", msg=None, ev="close", why="connection lost"))
    path = tmp_path / "recorded.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    player = Player([path])
    for _ in player.play():
        pass
    assert len(player.sessions) == len(player.pairs) == 1
    assert player.sessions[0].keeper.venue.product == "spot_classic"
