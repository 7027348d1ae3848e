"""HTX, KuCoin, Crypto.com, MEXC: real single messages, units, instruments, answers, by the fact sheets."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from connectors import all_venues
from connectors.events import Accepted, Answer, Leaving, Noted, Refused, Unsubscribed, Welcomed
from connectors.instruments import Instrument, Market
from connectors.session import Session
from connectors.shape import Kind
from connectors.sync import LIVE, Listener, Pair
from connectors.venue import Channel
from tests.support import captures

NOW = 1_790_000_000_000_000_000
Key = tuple[str, str]


class Prints(Listener):
    """Keeps what it is told of prints."""

    def __init__(self) -> None:
        self.found: list[tuple[float, float, float, int]] = []

    def traded(self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int) -> int:
        self.found.append((price, size, quote, side))
        return 0


class Heard:
    """A session that makes pairs as they turn up, and what became of frames."""

    def __init__(self, key: Key) -> None:
        self.venue = all_venues()[key]()
        self.session = Session(self.venue, next(iter(self.venue.routes)))
        self.session.keeper.channels = tuple(Channel)
        self.pairs: dict[str, Pair] = {}
        self.prints: dict[str, Prints] = {}
        self.session.discover = self.made
        self.session.keeper.opened(NOW)

    def made(self, native: str) -> Pair:
        pair = self.pairs[native] = Pair(self.venue, self.venue.infer(native))
        pair.listener = self.prints[native] = Prints()
        return pair

    def hear(self, text: str) -> Heard:
        frame = text.encode()
        self.session.received(gzip.compress(frame) if self.venue.name == "htx" else frame, NOW)
        return self


def messages(venue: str) -> list[dict[str, Any]]:
    return [
        {**json.loads(line["msg"]), "note": line.get("note"), "text": line["msg"]}
        for line in captures.lines(f"{venue}/single-messages")
    ]


# Of which product a message is, and why not where it is of none.
def htx_product(message: dict[str, Any]) -> str:
    topic = str(message.get("ch") or message.get("subbed") or message.get("rep") or message.get("topic"))
    symbol = topic.split(".")[1] if "." in topic else ""
    if topic.startswith("public.") or message.get("op"):
        return "notification sockets are not subscribed to"
    if message.get("generated"):
        return "made by the collector, never on the wire"
    if "_" in symbol or (symbol.isupper() and "-" not in symbol):
        return "coin futures are not offered here"
    return {"USDT": "linear", "USD": "inverse"}.get(symbol.partition("-")[2], "spot")


def test_every_single_message_of_htx_is_read_or_has_a_reason() -> None:
    heard = {product: Heard(("htx", product)) for product in ("spot", "linear", "inverse")}
    told: dict[str, int] = {}
    for message in messages("htx"):
        product = htx_product(message)
        if product in heard:
            heard[product].hear(message["text"])
        told[product] = told.get(product, 0) + 1
    assert told == {
        "coin futures are not offered here": 12,
        "made by the collector, never on the wire": 3,
        "notification sockets are not subscribed to": 12,
        "spot": 17,
        "inverse": 6,
        "linear": 7,
    }
    assert all(one.session.malformed == 0 for one in heard.values())
    spot, linear, inverse = (heard[name].pairs for name in ("spot", "linear", "inverse"))
    # They stand in another order than they came in (253 first), so that the answer with 160 joins none of them.
    assert (spot["btcusdt"].state == LIVE, spot["btcusdt"].reason) == (False, "snapshot_too_old")
    assert spot["mexbtc"].book.levels(1) == ([("0.0000000622", "45542.05")], [("0.0000000635", "1033141.41")])
    bought = [(price, size, side) for price, size, _, side in heard["spot"].prints["mexbtc"].found]
    assert bought == [(6.37e-8, 1569.86, 1)] * 2
    assert len(heard["spot"].prints["xmrbtc"].found) == 2
    assert [side for *_, side in heard["linear"].prints["BTC-USDT"].found] == [0], (
        "an empty direction says nothing"
    )
    assert [side for *_, side in heard["inverse"].prints["BSV-USD"].found] == [-1, -1]
    assert linear["ETC-USDT"].ignored == inverse["BCH-USD"].ignored == 1, "updates before any whole book"
    kinds = {
        heard["spot"].session.keeper.kind_of(f"market.btcusdt.{what}".encode()) for what in ("bbo", "detail")
    }
    assert kinds == {Kind.IGNORED}


def test_the_chain_of_htx_spot_joins_its_answer() -> None:
    """Real messages: increments 130, 160, 204, 226, 253; the answer has 160."""
    heard = Heard(("htx", "spot"))
    texts = [one["text"] for one in messages("htx") if "btcusdt.mbp" in one["text"]]
    texts.sort(
        key=lambda text: json.loads(text).get("ts") if "rep" not in json.loads(text) else 1593561601200
    )
    for text in texts[:-1]:
        heard.hear(text)
    pair = heard.pairs["btcusdt"]
    assert (pair.state, pair.gaps, pair.update_id, pair.dropped) == (LIVE, 0, 109409288253, 2)
    assert pair.updates == 3
    assert pair.book.levels(1) == ([("9137.67", "4.683547")], [("9137.68", "0.190075")])


def test_every_single_message_of_crypto_com_is_read() -> None:
    heard = Heard(("crypto_com", "market"))
    for message in messages("crypto_com"):
        heard.hear(message["text"])
    assert heard.session.malformed == 0
    assert heard.pairs["AAVE_USDT"].book.levels(1) == ([("97.44", "7.5202")], [("97.685", "9.8577")])
    assert heard.pairs["DOGE_USDT"].ignored == heard.pairs["DOT_USDT"].ignored == 1
    found = [round(size, 4) for _, size, _, _ in heard.prints["BTCUSD-PERP"].found]
    assert found == [0.0244, 0.005, 0.1, 0.005], "oldest first, and fills that share an id are all counted"
    assert [side for *_, side in heard.prints["RSR_USDT"].found] == [1, 1]


def test_every_single_message_of_mexc_is_read() -> None:
    heard = {product: Heard(("mexc", product)) for product in ("spot", "contract")}
    kept_apart = 0
    for message in messages("mexc"):
        if message.get("generated"):
            kept_apart += 1  # the collector's own form of a REST answer, never on the wire
            continue
        heard["contract" if message["note"] == "mexc futures" else "spot"].hear(message["text"])
    assert kept_apart == 3
    spot, contract = heard["spot"], heard["contract"]
    assert spot.session.malformed == contract.session.malformed == 0
    assert [side for *_, side in spot.prints["BTCUSDT"].found] == [-1, 1, 1, -1, -1, 1, -1]
    assert len(spot.pairs["BTCUSDT"].held) == 6
    assert [(price, side) for price, _, _, side in contract.prints["BTC_USDT"].found] == [
        (115309.8, -1),
        (115309.8, 1),
    ]
    assert len(contract.pairs["BTC_USDT"].held) == 3


def test_real_contract_updates_of_mexc_join_their_snapshot() -> None:
    heard = Heard(("mexc", "contract"))
    texts = {version: text for one in messages("mexc") for version in (96801927, 96801930, 96801931)
             if f'"version":{version}' in (text := one["text"])}  # fmt: skip
    heard.hear(texts[96801927])
    body = (
        '{"data":{"asks":[[6860.5,2,3]],"bids":[[6857.5,4,5]],"timestamp":1587442021003,"version":96801926}}'
    )
    heard.session.keeper.fetched("BTC_USDT", 200, body.encode(), NOW + 1)
    pair = heard.pairs["BTC_USDT"]
    assert pair.book.levels(1) == ([("6858.5", "42")], [("6859.5", "3251")])
    heard.hear(texts[96801930])
    assert (pair.state == LIVE, pair.gaps) == (False, 1), "928 and 929 are missing"


# -- units: native size at a price -> base and quote, the sheets' own examples ----------------------------------

UNITS: list[tuple[Key, dict[str, Any], str, float, float, float, float]] = [
    (
        ("htx", "linear"),
        {
            "data": [
                {"contract_code": "BTC-USDT", "contract_size": 0.001, "price_tick": 0.1, "contract_status": 1}
            ]
        },
        (
            '{"ch":"market.BTC-USDT.trade.detail","ts":1666114554581,"tick":{"id":118655891999,"ts":1666114554480,"data":'
            '[{"amount":2,"quantity":0.002,"trade_turnover":38.85,"ts":1666114554480,"id":1186558919990000,"price":19425,'
            '"direction":"sell"}]}}'
        ),
        19425,
        2,
        0.002,
        38.85,
    ),
    (
        ("htx", "inverse"),
        {
            "data": [
                {
                    "contract_code": "ATOM-USD",
                    "contract_size": 10.0,
                    "price_tick": 0.0001,
                    "contract_status": 1,
                }
            ]
        },
        (
            '{"ch":"market.ATOM-USD.trade.detail","ts":1645289382234,"tick":{"id":74377471712,"ts":1645289382216,"data":'
            '[{"amount":6,"quantity":2.2569881997133624986364029626731768237,"ts":1645289382216,"id":743774717120000,'
            '"price":26.5841,"direction":"buy"}]}}'
        ),
        26.5841,
        6,
        2.2569881997133625,
        60.0,
    ),
    (
        ("kucoin", "futures"),
        {
            "data": {
                "tradeType": "FUTURES",
                "list": [
                    {
                        "symbol": "XBTUSDTM",
                        "baseCurrency": "XBT",
                        "quoteCurrency": "USDT",
                        "settlementCurrency": "USDT",
                        "contractType": "0",
                        "isInverse": False,
                        "unitSize": "0.001",
                        "tickSize": "0.1",
                        "lotSize": "1",
                        "expiryTime": None,
                        "tradingStatus": "1",
                    }
                ],
            }
        },
        (
            '{"T":"trade.FUTURES","P":1706068863102000000,"d":{"s":"XBTUSDTM","S":"sell","p":"39615","q":"1",'
            '"ti":"1728107666597","M":"1706068863101000000"}}'
        ),
        39615,
        1,
        0.001,
        39.615,
    ),
    (
        ("kucoin", "futures"),
        {
            "data": {
                "tradeType": "FUTURES",
                "list": [
                    {
                        "symbol": "XBTUSDM",
                        "baseCurrency": "XBT",
                        "quoteCurrency": "USD",
                        "isInverse": True,
                        "unitSize": "-1.0",
                        "tickSize": "0.1",
                        "lotSize": "1",
                        "tradingStatus": "1",
                    }
                ],
            }
        },
        (
            '{"T":"trade.FUTURES","P":1706068863102000000,"d":{"s":"XBTUSDM","S":"buy","p":"50000","q":"500",'
            '"ti":"7","M":"1706068863101000000"}}'
        ),
        50000,
        500,
        0.01,
        500.0,
    ),
    (
        ("mexc", "contract"),
        {
            "data": [
                {
                    "symbol": "BTC_USDT",
                    "settleCoin": "USDT",
                    "contractSize": 0.0001,
                    "priceUnit": 0.1,
                    "volUnit": 1,
                    "state": 0,
                }
            ]
        },
        (
            '{"symbol":"BTC_USDT","data":{"p":115309.8,"v":55,"T":2,"O":3,"M":1,"t":1755487578276,"i":"13064218826"},'
            '"channel":"push.deal","ts":1755487578276}'
        ),
        115309.8,
        55,
        0.0055,
        634.2039,
    ),
    (
        ("mexc", "contract"),
        {
            "data": [
                {
                    "symbol": "BTC_USD",
                    "settleCoin": "BTC",
                    "contractSize": 100,
                    "priceUnit": 0.1,
                    "volUnit": 1,
                    "state": 0,
                }
            ]
        },
        (
            '{"symbol":"BTC_USD","data":[{"p":50000,"v":5,"T":1,"O":1,"M":2,"t":1755487578276,"i":"1"}],'
            '"channel":"push.deal","ts":1755487578276}'
        ),
        50000,
        5,
        0.01,
        500.0,
    ),
    (
        ("crypto_com", "market"),
        {
            "result": {
                "data": [
                    {
                        "symbol": "BTCUSD-PERP",
                        "inst_type": "PERPETUAL_SWAP",
                        "base_ccy": "BTC",
                        "quote_ccy": "USD",
                        "qty_tick_size": "0.0001",
                        "price_tick_size": "0.1",
                        "contract_size": "1",
                        "tradable": True,
                    }
                ]
            }
        },
        (
            '{"result":{"instrument_name":"BTCUSD-PERP","subscription":"trade.BTCUSD-PERP","channel":"trade","data":[{"d":'
            '"1613581138462614771","t":1790000000462,"tn":"1790000000462614771","p":"51327.500000","q":"0.000100","s":'
            '"SELL","i":"BTCUSD-PERP","m":"7"}]}}'
        ),
        51327.5,
        0.0001,
        0.0001,
        5.13275,
    ),
]


@pytest.mark.parametrize(("key", "listed", "text", "price", "native", "base", "quote"), UNITS)
def test_sizes_become_base_and_quote(
    key: Key, listed: Any, text: str, price: float, native: float, base: float, quote: float
) -> None:
    heard = Heard(key)
    (instrument,) = heard.venue.instruments(listed)
    pair = heard.session.add(Pair(heard.venue, instrument))
    pair.listener = prints = Prints()
    heard.hear(text)
    ((at, size, worth, _),) = prints.found
    assert at == price
    assert [size, worth] == pytest.approx([base, quote], rel=1e-12)
    assert instrument.to_base(Decimal(str(native)), Decimal(str(price))) == pytest.approx(Decimal(str(base)))


# -- instruments ---------------------------------------------------------------------------------------------------


def listed(key: Key, name: str) -> dict[str, Instrument]:
    venue = all_venues()[key]()
    with gzip.open(captures.beside(f"{name}.instruments.jsonl.gz"), "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    fits = [json.loads(line["msg"]) for line in lines if venue.lists_instruments(line["url"])]
    assert len(fits) == 1, "a list is not taken for that of another product"
    return {one.native: one for one in venue.instruments(fits[0])}


@pytest.mark.parametrize(
    ("key", "name", "native", "wanted"),
    [
        (("htx", "spot"), "htx/spot-multiA-20210417", "trioeth", ("TRIO-ETH", "1", False, "1E-10", "0.01")),
        (
            ("htx", "linear"),
            "htx/coin-swap-multi-20220219",
            "BTC-USDT",
            ("BTC-USDT-PERP", "0.001", False, "0.1", "1"),
        ),
        (
            ("htx", "inverse"),
            "htx/coin-swap-multi-20220219",
            "BTC-USD",
            ("BTC-USD-PERP:BTC", "100.0", True, "0.1", "1"),
        ),
        (
            ("kucoin", "spot_classic"),
            "kucoin/spot-multiA-20210425",
            "REQ-ETH",
            ("REQ-ETH", "1", False, "0.0000001", "0.0001"),
        ),
    ],
)
def test_recorded_lists_are_read_and_agree_with_what_ids_tell(
    key: Key, name: str, native: str, wanted: tuple[str, str, bool, str, str]
) -> None:
    found = listed(key, name)
    one = found[native]
    assert (one.symbol, one.inverse) == (wanted[0], wanted[2])
    assert (one.contract_size, one.tick, one.lot) == tuple(Decimal(wanted[at]) for at in (1, 3, 4))
    venue = all_venues()[key]()
    wrong = [native for native, one in found.items() if venue.infer(native).symbol != one.symbol]
    assert len(wrong) <= len(found) // 100, wrong[:9]  # old quote currencies that no id tells


@pytest.mark.parametrize(
    ("key", "native", "symbol", "market"),
    [
        (("htx", "linear"), "BTC-USDT-261225", "BTC-USDT-261225", Market.FUTURE),
        (("kucoin", "futures"), "XBTUSDM", "BTC-USD-PERP:BTC", Market.PERP),
        (("kucoin", "futures"), "XBTMZ26", "BTC-USD-261225:BTC", Market.FUTURE),
        (("kucoin", "futures"), "SOLUSDTM", "SOL-USDT-PERP", Market.PERP),
        (("crypto_com", "market"), "BTC_USDT", "BTC-USDT", Market.SPOT),
        (("crypto_com", "market"), "BTCUSD-PERP", "BTC-USD-PERP", Market.PERP),
        (("crypto_com", "market"), "BTCUSD-261225", "BTC-USD-261225", Market.FUTURE),
        (("mexc", "spot"), "BTCUSDC", "BTC-USDC", Market.SPOT),
        (("mexc", "contract"), "BTC_USD", "BTC-USD-PERP:BTC", Market.PERP),
        (("mexc", "contract"), "BTC_USDC", "BTC-USDC-PERP", Market.PERP),
    ],
)
def test_ids_tell_the_symbol(key: Key, native: str, symbol: str, market: Market) -> None:
    one = all_venues()[key]().infer(native)
    assert (one.symbol, one.market, one.inferred) == (symbol, market, True)


# -- what venues say beside books and prints -------------------------------------------------------------------

SAID: list[tuple[Key, dict[str, Any], list[Any]]] = [
    (("htx", "spot"), {"ping": 7}, [Answer('{"pong":7}')]),
    (
        ("htx", "spot"),
        {"id": "1", "status": "ok", "subbed": "market.btcusdt.mbp.150", "ts": 1},
        [Accepted(request="1", symbol="btcusdt")],
    ),
    (
        ("htx", "linear"),
        {"id": "2", "status": "ok", "unsubbed": "market.BTC-USDT.trade.detail", "ts": 1},
        [Unsubscribed(request="2", symbol="BTC-USDT")],
    ),
    (
        ("htx", "spot"),
        {
            "id": "1",
            "status": "error",
            "err-code": "bad-request",
            "err-msg": "invalid topic market.x.mbp.150",
        },
        [Refused("invalid topic market.x.mbp.150", request="1", symbol="x")],
    ),
    (("kucoin", "spot"), {"sessionId": "s", "message": "welcome", "pingInterval": 18000}, [Welcomed()]),
    (("kucoin", "spot"), {"id": "p1", "result": True}, [Accepted(request="p1")]),
    (
        ("kucoin", "futures"),
        {"id": "p18", "result": False, "message": "invalid request data"},
        [Refused("invalid request data", request="p18")],
    ),
    (
        ("kucoin", "futures"),
        {"id": "1", "result": False, "reason": "missing `symbol` for topic: Position"},
        [Refused("missing `symbol` for topic: Position", request="1")],
    ),
    (("kucoin", "futures"), {"type": "pong", "id": "p32", "ts": 1790114460671676191}, [Noted("pong")]),
    (("kucoin", "spot"), {"T": "newsOfNobody"}, [Noted("newsOfNobody")]),
    (("kucoin", "spot_classic"), {"id": "h", "type": "welcome"}, [Welcomed()]),
    (("kucoin", "spot_classic"), {"id": "9", "type": "ack"}, [Accepted(request="9")]),
    (
        ("kucoin", "spot_classic"),
        {"id": "1", "type": "error", "code": 415, "data": "type is not supported"},
        [Refused("415 type is not supported", request="1")],
    ),
    (
        ("kucoin", "spot_classic"),
        {"id": "1", "type": "error", "code": 401, "data": "token is expired"},
        [Leaving("token is expired")],
    ),
    (("kucoin", "spot_classic"), {"id": "1", "type": "pong"}, [Noted("pong")]),
    (
        ("crypto_com", "market"),
        {
            "id": 11,
            "method": "subscribe",
            "code": 40003,
            "channel": "book.NOPE.50",
            "message": "Unknown symbol",
        },
        [Refused("40003 Unknown symbol", symbol="NOPE")],
    ),
    (
        ("crypto_com", "market"),
        {"id": 1, "method": "subscribe", "code": 42901, "message": "TOO_MANY_REQUESTS"},
        [Refused("42901 TOO_MANY_REQUESTS", request="1")],
    ),
    (("crypto_com", "market"), {"id": 2, "method": "unsubscribe", "code": 0}, [Unsubscribed(request="2")]),
    (
        ("mexc", "spot"),
        {
            "id": 0,
            "code": 0,
            "msg": "Not Subscribed successfully! [spot@public.x@FOOUSDT]. Reason: Blocked! ",
        },
        [
            Refused(
                "Not Subscribed successfully! [spot@public.x@FOOUSDT]. Reason: Blocked! ", symbol="FOOUSDT"
            )
        ],
    ),
    (("mexc", "spot"), {"id": 0, "code": 0, "msg": "PONG"}, [Noted("pong")]),
    (
        ("mexc", "contract"),
        {"channel": "rs.error", "data": "Contract [NOPE_USDT] not exists", "ts": 1},
        [Refused("Contract [NOPE_USDT] not exists", symbol="NOPE_USDT")],
    ),
]


@pytest.mark.parametrize(("key", "message", "wanted"), SAID)
def test_what_a_venue_says_is_understood(key: Key, message: dict[str, Any], wanted: list[Any]) -> None:
    assert list(all_venues()[key]().control(message)) == wanted


# -- snapshots in recordings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "url", "native", "limit"),
    [
        (("kucoin", "spot_classic"), "https://api.kucoin.com/api/v1/market/orderbook/level2_100?symbol=A-B", "A-B", 100),
        (("kucoin", "spot_classic"), "https://api.kucoin.com/api/v3/market/orderbook/level2?symbol=A-B", "A-B", 1 << 30),
        (("mexc", "contract"), "https://api.mexc.com/api/v1/contract/depth/BTC_USDT?limit=100", "BTC_USDT", 100),
        (("mexc", "contract"), "https://api.mexc.com/api/v1/contract/depth/", "", 1000),
        (("mexc", "contract"), "https://api.mexc.com/api/v1/contract/depth_commits/BTC_USDT/9", "", 1000),
        (("htx", "spot"), "https://api.huobi.pro/market/depth?symbol=btcusdt&type=step0", "", 150),
    ],
)  # fmt: skip
def test_snapshots_are_known_by_their_url(key: Key, url: str, native: str, limit: int) -> None:
    venue = all_venues()[key]()
    assert venue.snapshot_symbol(url) == native
    assert venue.snapshot_limit(url) == limit
