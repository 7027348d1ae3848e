"""Single real messages of Bitstamp, Gate, Bitget, Gemini, Upbit and dYdX: each is read, or there is a reason why not."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest

from connectors import all_venues
from connectors.instruments import Instrument
from connectors.session import Session
from connectors.sync import Listener, Pair
from tests.support import captures

NOW = 1_790_000_000_000_000_000
Print = tuple[float, float, int]


class Prints(Listener):
    """Keeps the prints it is told of."""

    def __init__(self) -> None:
        self.found: list[Print] = []

    def traded(self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int) -> int:
        self.found.append((price, size, side))
        return 0


class Heard:
    """A session that makes pairs for whatever turns up."""

    def __init__(self, name: str, product: str, **instrument: Any) -> None:
        self.venue = all_venues()[name, product]()
        self.session = Session(self.venue, next(iter(self.venue.routes)))
        self.pairs: dict[str, Pair] = {}
        self.prints = Prints()
        self.instrument = instrument
        self.session.discover = self._made
        self.session.keeper.opened(NOW)

    def _made(self, native: str) -> Pair:
        known: Instrument = self.venue.infer(native)
        pair = self.pairs[native] = Pair(self.venue, known)
        pair.listener = self.prints
        self.session.keeper.prepare(pair)
        return pair

    def hear(self, text: str) -> Heard:
        self.session.received(text.encode(), NOW)
        return self


def messages(folder: str) -> list[tuple[str, str]]:
    """Note and text of each single message."""
    with gzip.open(captures.beside(f"{folder}/single-messages.jsonl.gz"), "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [(line["note"], line["msg"]) for line in lines]


def told(heard: Heard) -> dict[str, Any]:
    """What became of a message: prints, levels and what was counted."""
    books = {
        native: (pair.book.bids.count, pair.book.asks.count)
        for native, pair in heard.pairs.items()
        if pair.loaded
    }
    waiting = {native: len(pair.held) + pair.ignored for native, pair in heard.pairs.items()}
    found = {"prints": heard.prints.found, "books": books, "waiting": {k: n for k, n in waiting.items() if n}}
    found["counts"] = sorted(heard.session.keeper.counts)
    return {key: value for key, value in found.items() if value}


def waits(native: str) -> dict[str, Any]:
    """An update that waits for its snapshot."""
    return {"waiting": {native: 1}}


def read(price: str, size: str, side: int) -> dict[str, Any]:
    return {"prints": [(float(price), float(size), side)]}


GENERATED = {"counts": ["snapshot"]}  # made by the recorder out of a REST answer; no venue sends it
DEAD: dict[str, Any] = {"counts": ["unknown"]}  # the protocol of 2020, of `method` and `params`
IGNORED: dict[str, Any] = {}
# of futures.order_book: the signed levels of 2020, or images of a channel that is not subscribed to
EXPECTED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "bitstamp": [
        ("public", {}),
        ("public", read("3651.30", "0.001643", 1)),
        ("public", waits("bchusd")),
        ("public", GENERATED),
        ("public", GENERATED),
        ("public", waits("bchusd")),
        ("public", read("8304.47", "0.02834", 1)),
    ],
    "gateio": [
        *([("spot", DEAD)] * 6),
        ("spot", read("0.00000644", "89.238", 1)),
        ("spot", IGNORED),
        ("spot_v1", IGNORED),  # the recorder's, without a symbol where the venue has one
        ("spot_v1", waits("BTC_USDT")),
        ("spot", {}),
        ("spot", {"books": {"BTC_USDT": (3, 3)}}),
        ("spot", waits("BTC_USDT")),
        *([("usdt", IGNORED)] * 5),
        ("usdt", {"prints": [(217.2, float("nan"), 1)]}),
        ("usdt", {"prints": [(225.5, float("nan"), -1)]}),
        *([("usdt", {})] * 3),
        *([("usdt", IGNORED)] * 8),
        ("usdt", {"prints": [(45300.0, float("nan"), 1)] * 3}),
        *([("usdt", IGNORED)] * 3),
    ],
    "gemini": [
        ("v2", {"books": {"ZECLTC": (2, 1)}}),
        ("v2", read("8325.00", "0.1", 1)),
        ("v2", waits("ETHBTC")),
        ("v2", read("200.19", "100", 0)),
        ("public", waits("wifusd")),
        ("public", read("62145.38", "0.01625222", -1)),
        ("public", IGNORED),
        ("public", waits("linkrlusd")),
    ],
}


@pytest.mark.parametrize("folder", EXPECTED)
def test_single_messages_are_read_or_left_for_a_reason(folder: str) -> None:
    found = messages(folder)
    assert len(found) == len(EXPECTED[folder])
    name = {"gateio": "gate"}.get(folder, folder)
    for (_, text), (product, wanted) in zip(found, EXPECTED[folder], strict=True):
        assert repr(told(Heard(name, product).hear(text))) == repr(wanted), text[:200]


def test_single_messages_of_bitget_are_read() -> None:
    """Both spellings, v2 and v3: books, prints, acknowledgements; images of other depths are channels of their own."""
    for note, text in messages("bitget"):
        message = json.loads(text)
        arg = message["arg"]
        topic, native = arg.get("topic") or arg["channel"], arg.get("symbol") or arg.get("instId", "")
        product = "usdt" if note.startswith("bitget-futures") else "spot"
        heard = Heard("bitget", product).hear(text)
        if "event" in message:
            assert told(heard) == {}
        elif topic == "books" and message["action"] == "snapshot":
            row = message["data"][0]
            sizes = len(row.get("b") or row["bids"]), len(row.get("a") or row["asks"])
            assert told(heard) == {"books": {native: sizes}}
        elif topic == "books":
            assert told(heard) == waits(native)
        elif topic in ("trade", "publicTrade") and message["action"] == "update":
            row = message["data"][0]
            price, size = (row.get(new) or row[old] for new, old in (("p", "price"), ("v", "size")))
            side = 1 if (row.get("S") or row["side"]) == "buy" else -1
            assert told(heard) == read(price, size, side)
        elif topic in ("trade", "publicTrade", "ticker", "liquidation"):
            assert told(heard) == {}, "history, or what is told beside book and prints"
        else:
            assert told(heard) == {"counts": [topic]}


def test_single_messages_of_upbit_are_read() -> None:
    texts = [text for _, text in messages("upbit")]
    assert told(Heard("upbit", "spot").hear(texts[1])) == read("58.4", "836.12040133", -1)
    for text, native in ((texts[0], "KRW-DOT"), (texts[2], "USDT-ETC")):
        heard = Heard("upbit", "spot").hear(text)
        rows = json.loads(text, parse_float=Decimal)["orderbook_units"]
        bids = [(row["bid_price"], row["bid_size"]) for row in rows if row["bid_price"] and row["bid_size"]]
        asks = [(row["ask_price"], row["ask_size"]) for row in rows if row["ask_price"] and row["ask_size"]]
        got = heard.pairs[native].book.levels(30)
        for levels, wanted in zip(got, (bids, asks), strict=True):
            assert [(Decimal(price), Decimal(size)) for price, size in levels] == wanted


def test_single_messages_of_dydx_are_read() -> None:
    """Those of v3, whose chain was shut down in 2024, are of no use; those of v4 are read."""
    for note, text in messages("dydx"):
        message = json.loads(text)
        heard = Heard("dydx", "perp").hear(text)
        if note == "dydx":
            assert told(heard) == {"counts": [message["type"]]}
            continue
        match message["channel"], message["type"]:
            case "v4_trades", "channel_data":
                row = message["contents"]["trades"][0]
                side = 1 if row["side"] == "BUY" else -1
                assert heard.prints.found[0] == (float(row["price"]), float(row["size"]), side)
                assert len(heard.prints.found) == len(message["contents"]["trades"])
            case "v4_orderbook", "subscribed":
                assert told(heard) == {"books": {"GRT-USD": (1, 1)}}
            case "v4_orderbook", "channel_data":
                assert told(heard) == waits(message["id"])
            case channel, _:
                assert (channel, told(heard)) == ("v4_markets", {})


@pytest.mark.parametrize(
    ("product", "row", "native", "price", "base", "quote"),
    [
        ("usdt", {"quanto_multiplier": "0.0001"}, "BTC_USDT", "78850.5", "0.0025", "197.12625"),
        ("usdt", {"quanto_multiplier": "10"}, "CHR_USDT", "0.2", "250", "50"),
        ("btc", {"quanto_multiplier": "0"}, "BTC_USD", "80000", "0.0003125", "25"),
    ],
)
def test_contracts_of_gate_are_worth_what_its_list_says(
    product: str, row: dict[str, Any], native: str, price: str, base: str, quote: str
) -> None:
    """25 contracts: times the multiplier in base; 0 means inverse, a contract is one unit of the quote."""
    venue = all_venues()["gate", product]()
    (one,) = venue.instruments([row | {"name": native, "order_price_round": "0.1"}])
    size = one.to_base(Decimal(25), Decimal(price))
    assert size == Decimal(base)
    assert size * Decimal(price) == Decimal(quote)


def test_sizes_of_bitgets_perpetuals_are_base_units() -> None:
    """`sizeMultiplier` is an order step and no contract size."""
    row = {
        "symbol": "BTCUSDT",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "pricePlace": "1",
        "priceEndStep": "1",
    }
    row |= {"sizeMultiplier": "0.0001", "symbolStatus": "normal"}
    (one,) = all_venues()["bitget", "usdt"]().instruments({"data": [row]})
    assert one.to_base(Decimal("0.0783"), Decimal("76598.9")) == Decimal("0.0783")


# The book and its sum, as Bitget sent them for UNIUSDT.
SUMMED = (
    "9.973:49:9.978:46:9.972:271:9.979:126:9.971:81:9.980:126:9.970:49:9.981:488:9.969:144:9.982:479:9.968:385:"
    "9.983:364:9.967:745:9.984:390:9.966:115:9.985:592:9.965:38:9.986:161:9.964:1181:9.987:884:9.963:339:9.988:248:"
    "9.962:255:9.989:399:9.961:514:9.990:607:9.960:308:9.991:293:9.959:381:9.992:1719:9.958:417:9.993:335:9.957:795:"
    "9.994:2152:9.956:545:9.995:266:9.955:342:9.996:616:9.954:246:9.997:743:9.953:513:9.998:449:9.952:381:9.999:737:"
    "9.951:498:10.000:1257:9.950:217:10.001:1811:9.949:339:10.002:839"
)
SUM = -1005247124


@pytest.mark.parametrize(("given", "right"), [(SUM, 1), (SUM + 1, 0), (0, 0)])
def test_a_checksum_of_bitget_is_compared_where_one_is_sent(given: int, right: int) -> None:
    words = SUMMED.split(":")
    bids = [words[at : at + 2] for at in range(0, len(words), 4)]
    asks = [words[at + 2 : at + 4] for at in range(0, len(words), 4)]
    row = {"a": asks, "b": bids, "checksum": given, "seq": 5, "pseq": 0, "ts": "1649290076512"}
    arg = {"instType": "usdt-futures", "topic": "books", "symbol": "UNIUSDT"}
    heard = Heard("bitget", "usdt").hear(json.dumps({"action": "snapshot", "arg": arg, "data": [row]}))
    pair = heard.pairs["UNIUSDT"]
    assert (pair.checksums_ok, pair.checksums_failed) == (right, int(given == SUM + 1))
    assert pair.loaded == (given != SUM + 1)
