"""Real recordings, built whole: every book right to the last digit, and dead protocols called by their name."""

from __future__ import annotations

import json
from bisect import bisect_right
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from connectors.book import Book
from connectors.checksums import DigitsCrc32
from connectors.errors import UnknownProtocol
from connectors.session import Session
from connectors.sync import LIVE, Listener, Pair
from service.replay import Player
from service.verify import is_clean, verify
from tests.support import captures

# What the recordings were found to hold: native id -> updates, ignored as old, levels, best bid, best ask.
FIGURES: dict[str, dict[str, tuple[int, int, list[int], list[str], list[str]]]] = {
    "binance/usdm-btcusdt-20240808": {
        "BTCUSDT": (6547, 4, [5018, 4578], ["61659.7", "1.486"], ["61659.8", "0.981"])
    },
    "binance/coinm-ethusd_perp-20240808": {
        "ETHUSD_PERP": (22887, 22, [1029, 943], ["2682.01", "1990"], ["2682.02", "2018"])
    },
    "binance/spot-ethusdt-20240808": {
        "ETHUSDT": (3432, 2, [1195, 1158], ["2682.5", "3.3168"], ["2682.51", "48.9739"])
    },
    "binance_us/spot-btcusdt-20260824": {
        "BTCUSDT": (16, 9, [1001, 1000], ["78724.03", "0.00277"], ["78728.58", "0.87652"])
    },
    "okx/public-books-btcusdt-20260824": {
        "BTC-USDT": (6, 0, [400, 400], ["78722.2", "0.35528063"], ["78722.3", "0.44699492"])
    },
    "bybit/spot-v5-book50-btcusdt-20260824": {
        "BTCUSDT": (8, 0, [50, 50], ["78715", "1.278364"], ["78715.1", "0.0297"])
    },
    "coinbase/advanced-l2-btcusd-20260824": {
        "BTC-USD": (10, 0, [15, 16], ["78856.05", "0.04868904"], ["78856.06", "0.08023149"])
    },
    "coinbase/exchange-level2-multiA-20210417": {
        "NMR-EUR": (665, 0, [633, 310], ["66.9257", "1.322"], ["67.021", "11.95"])
    },
}


def books(name: str) -> dict[str, dict[str, Any]]:
    return {found["native"]: found for found in verify([captures.capture(name)])}


@pytest.mark.parametrize("name", [*captures.CLEAN, *captures.IMAGES])
def test_every_book_is_live_and_clean(name: str) -> None:
    found = books(name)
    assert found
    for book in found.values():
        assert is_clean(book)
        assert (book["gaps"], book["checksums_failed"], book["resyncs"]) == (0, 0, 0)
        assert book["crossed"] == 0
        assert Decimal(book["bid"][0]) < Decimal(book["ask"][0])
        assert book["trades"] == book["taker_buy"] + book["taker_sell"]
        assert book["file"] == str(captures.capture(name))


@pytest.mark.parametrize("name", FIGURES)
def test_the_books_are_right_to_the_last_digit(name: str) -> None:
    found = books(name)
    for native, (updates, old, levels, bid, ask) in FIGURES[name].items():
        book = found[native]
        got = (book["updates"], book["dropped_old"], book["levels"], book["bid"], book["ask"])
        assert got == (updates, old, levels, bid, ask)


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        ("binance/coinm-multi-20210722", 10),
        ("binance/usdm-multi-20210722", 4),
        ("binance_us/spot-multi-20211012", 4),
    ],
)
def test_no_symbol_of_a_shared_connection_is_left_out(name: str, symbols: int) -> None:
    assert len(books(name)) == symbols


def test_every_checksum_of_okx_is_right_where_it_sent_them() -> None:
    found = books("okx/public-books-multi-20220513")
    right = {native: book["checksums_ok"] for native, book in found.items()}
    assert right == {"BTC-USD-220527": 99, "UNI-USD-SWAP": 93, "BTC-USDT": 98}
    assert not any(book["checksums_failed"] for book in found.values())


def test_the_numbers_of_prints_are_those_in_the_frames() -> None:
    said = {"usdm-btcusdt-20240808": 21313, "spot-ethusdt-20240808": 6106, "coinm-ethusd_perp-20240808": 1732}
    for name, trades in said.items():
        frames = [
            json.loads(line["msg"])["data"]
            for line in captures.lines(f"binance/{name}")
            if line["ch"] == "ws"
        ]
        sides = [frame["m"] for frame in frames if frame.get("e") == "trade"]
        (book,) = books(f"binance/{name}").values()
        assert (len(sides), book["trades"]) == (trades, trades)
        assert (book["taker_buy"], book["taker_sell"]) == (sides.count(False), sides.count(True))


DEAD_CHANNELS = (
    "orderBookL2_25.",
    "book-1000",
    "ticker ",
    "trade ",
    "books,",
    "orderbookdepth",
    "v3_orderbook",
)


@pytest.mark.parametrize("name", captures.DEAD)
def test_a_dead_protocol_is_named_by_url_and_channel(name: str) -> None:
    with pytest.raises(UnknownProtocol) as told:
        verify([captures.capture(name)])
    line = next(line for line in captures.lines(name) if line["ch"] == "ws")
    assert line["url"] in str(told.value)
    assert any(word in str(told.value) for word in DEAD_CHANNELS)


# -- the best prices against the venue's own ticker ------------------------------------------------------------------


class Tops(Listener):
    """Keeps the best levels after each message, by its update id."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Decimal, ...]] = {}

    def book_changed(self, pair: Pair, kind: int, t: int, now: int) -> int:
        bids, asks = pair.book.levels(1)
        self.found[pair.update_id] = tuple(map(Decimal, (*bids[0], *asks[0])))
        return 0


@pytest.mark.parametrize(
    ("name", "agreeing"),
    [("usdm-btcusdt-20240808", 5703), ("coinm-ethusd_perp-20240808", 5642), ("spot-ethusdt-20240808", 2671)],
)
def test_the_best_prices_are_those_of_the_newest_ticker_within_the_message(name: str, agreeing: int) -> None:
    """A ticker whose id lies in (U, u) and is the last there tells the top of the book after that message."""
    ticker: dict[int, tuple[Decimal, ...]] = {}
    spans: list[tuple[int, int]] = []
    for line in captures.lines(f"binance/{name}"):
        data = json.loads(line["msg"]).get("data", {})
        if {"b", "B", "a", "A"} <= data.keys():
            ticker[data["u"]] = tuple(Decimal(data[key]) for key in ("b", "B", "a", "A"))
        elif data.get("e") == "depthUpdate":
            spans.append((data["U"], data["u"]))
    tops = Tops()

    def made(pair: Pair, session: Session) -> None:
        pair.listener = tops

    for _ in Player([captures.capture(f"binance/{name}")], timers=False, made=made).play():
        pass
    numbers, wanted = sorted(ticker), {}
    for first, last in spans:
        at = bisect_right(numbers, last) - 1
        if last in tops.found and at >= 0 and numbers[at] >= first:
            wanted[last] = ticker[numbers[at]]
    assert len(wanted) == agreeing
    assert {number: tops.found[number] for number in wanted} == wanted


# -- Kraken ----------------------------------------------------------------------------------------------------------

# The snapshot of docs.kraken.com's format, recorded on 2026-08-24, whose CRC32 Kraken gave as 1406471562.
ASKS = """78871.6/4.21103066 78872.2/0.41892437 78872.5/0.08877452 78873.7/0.64976822 78875.5/0.63391066
78876.2/0.02287157 78877.2/0.00810675 78877.8/0.65087492 78877.9/1.89408049 78878.0/4.52243185"""
BIDS = """78871.5/0.01266503 78868.4/0.00005100 78867.3/0.00059789 78865.8/0.00030000 78865.7/0.01532403
78864.5/0.00005100 78860.6/0.04618528 78860.5/0.00005100 78859.2/0.20128607 78858.8/0.63404462"""
DIGITS = (
    "788716421103066788722418924377887258877452788737649768227887556339106678876222871577887728106757"
    "887786508749278877918940804978878045224318578871512665037886845100788673597897886583000078865715"
    "324037886455100788606461852878860551007885922012860778858863404462"
)
CHECKSUM = 1406471562


def kraken_frame(checksum: int = CHECKSUM) -> str:
    """The snapshot as text, letter for letter: a JSON library would lose the zeros at the end."""

    def rows(levels: str) -> str:
        pairs = [level.split("/") for level in levels.split()]
        return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in pairs)

    return (
        '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":['
        + rows(BIDS)
        + '],"asks":['
        + rows(ASKS)
        + f'],"checksum":{checksum},"timestamp":"2026-08-24T22:21:57.110183Z"}}]}}'
    )


def kraken_line(text: str) -> captures.Line:
    return {"t": None, "ch": "ws", "dir": "in", "url": "wss://ws.kraken.com/v2", "msg": text}


def test_the_worked_example_of_kraken_gives_its_checksum(tmp_path: Path) -> None:
    assert crc32(DIGITS.encode()) == CHECKSUM
    player = Player([captures.write(tmp_path / "kraken.jsonl", [kraken_line(kraken_frame())])], timers=False)
    for _ in player.play():
        pass
    pair, _ = player.pairs[0]
    assert isinstance(pair.book, Book)
    assert DigitsCrc32().of(pair.book) == CHECKSUM
    assert (pair.state, pair.checksums_ok, pair.checksums_failed) == (LIVE, 1, 0)
    assert pair.book.written(10)[1][9] == ("78878.0", "4.52243185")


def test_a_wrong_checksum_of_kraken_is_seen(tmp_path: Path) -> None:
    path = captures.write(tmp_path / "kraken.jsonl", [kraken_line(kraken_frame(CHECKSUM + 1))])
    (book,) = verify([path])
    assert (book["checksums_failed"], book["bid"], is_clean(book)) == (1, None, False)


def test_zeros_that_were_lost_at_the_source_fail_the_checksum() -> None:
    (book,) = verify([captures.capture(captures.KRAKEN)])
    assert book["checksums_failed"] > 0
    assert not is_clean(book)


def test_with_its_zeros_back_every_checksum_of_kraken_is_right(tmp_path: Path) -> None:
    (book,) = verify([captures.write(tmp_path / "kraken.jsonl", captures.kraken())])
    assert is_clean(book)
    assert (book["checksums_ok"], book["checksums_failed"], book["updates"]) == (510, 0, 509)
    assert book["levels"] == [10, 10]
