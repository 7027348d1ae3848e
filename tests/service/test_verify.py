"""`verify`: what it says of a book, and that how a recording was cut up or put together makes no difference."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import UnknownProtocol, UsageError
from service.verify import is_clean, verify
from tests.support import captures
from tests.support.captures import Line

KEYS = [
    "file",
    "venue",
    "market",
    "symbol",
    "native",
    "state",
    "reason",
    "updates",
    "dropped_old",
    "gaps",
    "checksums_ok",
    "checksums_failed",
    "resyncs",
    "crossed",
    "levels",
    "bid",
    "ask",
    "trades",
    "taker_buy",
    "taker_sell",
]
FILES = (
    "binance/usdm-multi-20210722",
    "binance/spot-multi-20211012",
    "binance_us/spot-btcusdt-20260824",
    "binance_us/spot-multi-20211012",
    "okx/public-books-btcusdt-20260824",
    "okx/public-books-multi-20220513",
    "bybit/spot-v5-book50-btcusdt-20260824",
    "coinbase/advanced-l2-btcusd-20260824",
    "coinbase/exchange-level2-multiA-20210417",
)
BY_REST = [name for name in FILES if name.startswith("binance")]
SOCKET = "wss://fstream.binance.com/stream"
REST = "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000"


def ws(message: Any, url: str = SOCKET, t: int | None = None) -> Line:
    return {
        "t": t,
        "ch": "ws",
        "dir": "in",
        "url": url,
        "msg": message if isinstance(message, str) else json.dumps(message),
    }


def http(answer: Any, url: str = REST, t: int | None = None) -> Line:
    return {"t": t, "ch": "http", "dir": "in", "url": url, "msg": json.dumps(answer)}


def depth(
    first: int,
    last: int,
    previous: int,
    bids: list[list[str]],
    asks: list[list[str]],
    symbol: str = "BTCUSDT",
) -> Line:
    frame = {
        "e": "depthUpdate",
        "E": last,
        "T": last,
        "s": symbol,
        "U": first,
        "u": last,
        "pu": previous,
        "b": bids,
        "a": asks,
    }
    return ws({"stream": f"{symbol.lower()}@depth", "data": frame})


IMAGE = {"lastUpdateId": 100, "bids": [["10.0", "5"], ["9.9", "7"]], "asks": [["10.10", "3"]]}
BOOK = [
    http(IMAGE),
    depth(95, 105, 90, [["10.0", "6.50"]], []),
    depth(108, 110, 105, [], [["10.1", "0"], ["10.2", "4"]]),
]


def books(path: Path, *contents: list[Line] | tuple[Line, ...]) -> list[dict[str, Any]]:
    return verify([captures.write(path / f"{n}.jsonl", content) for n, content in enumerate(contents)])


def verdicts(found: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Without the files' names, by book."""
    return {
        (one["venue"], one["market"], one["native"]): {key: one[key] for key in KEYS[1:]} for one in found
    }


@cache
def alone(name: str) -> list[dict[str, Any]]:
    return verify([captures.capture(name)])


# -- what it says ------------------------------------------------------------------------------------------------------


def test_a_verdict_has_every_key_of_the_contract_in_venue_text(tmp_path: Path) -> None:
    (found,) = books(tmp_path, BOOK)
    assert list(found) == KEYS
    assert found == {
        "file": str(tmp_path / "0.jsonl"),
        "venue": "binance",
        "market": "perp",
        "symbol": "BTC-USDT-PERP",
        "native": "BTCUSDT",
        "state": "live",
        "reason": "",
        "updates": 2,
        "dropped_old": 0,
        "gaps": 0,
        "checksums_ok": 0,
        "checksums_failed": 0,
        "resyncs": 0,
        "crossed": 0,
        "levels": [2, 1],
        "bid": ["10", "6.5"],
        "ask": ["10.2", "4"],
        "trades": 0,
        "taker_buy": 0,
        "taker_sell": 0,
    }
    assert is_clean(found)


def test_a_side_that_is_empty_is_null_and_no_fault(tmp_path: Path) -> None:
    emptied = depth(111, 120, 110, [["10.0", "0"], ["9.9", "0"]], [])
    (found,) = books(tmp_path, [*BOOK, emptied])
    assert (found["bid"], found["ask"], found["levels"]) == (None, ["10.2", "4"], [0, 1])
    assert is_clean(found)


def test_a_gap_is_no_clean_book_even_where_a_later_snapshot_heals_it(tmp_path: Path) -> None:
    later = [
        depth(130, 140, 125, [], []),
        http({**IMAGE, "lastUpdateId": 141}),
        depth(141, 150, 140, [["10.0", "1"]], []),
    ]
    (found,) = books(tmp_path, [*BOOK, *later])
    assert (found["state"], found["gaps"], found["resyncs"], found["bid"]) == ("live", 1, 1, ["10", "1"])
    assert not is_clean(found)


def test_a_book_that_stays_crossed_is_not_clean(tmp_path: Path) -> None:
    (found,) = books(tmp_path, [*BOOK, depth(111, 120, 110, [["10.2", "1"]], [])])
    assert (found["state"], found["crossed"]) == ("crossed", 1)
    assert not is_clean(found)


def test_silence_is_no_fault(tmp_path: Path) -> None:
    hour = 3_600_000_000_000
    lines = [{**line, "t": 1_700_000_000_000_000_000 + n * hour} for n, line in enumerate(BOOK)]
    (found,) = books(tmp_path, lines)
    assert is_clean(found)


def test_a_snapshot_that_nothing_followed_stands(tmp_path: Path) -> None:
    (found,) = books(tmp_path, [depth(80, 90, 79, [["10.0", "99"]], []), http(IMAGE)])
    assert (found["state"], found["updates"], found["dropped_old"], found["bid"]) == (
        "live",
        0,
        1,
        ["10", "5"],
    )


def test_updates_without_a_snapshot_make_no_book(tmp_path: Path) -> None:
    (found,) = books(tmp_path, BOOK[1:])
    assert (found["state"], found["bid"], found["levels"]) == ("syncing", None, [0, 0])
    assert not is_clean(found)


def test_prints_are_counted_by_taker_and_not_twice(tmp_path: Path) -> None:
    def fill(number: int, buyer_made: bool) -> Line:
        data = {
            "e": "trade",
            "E": 1,
            "T": 1,
            "s": "BTCUSDT",
            "t": number,
            "p": "10.0",
            "q": "1",
            "X": "MARKET",
            "m": buyer_made,
        }
        return ws({"stream": "btcusdt@trade", "data": data})

    (found,) = books(tmp_path, [*BOOK, fill(1, True), fill(2, False), fill(2, False), fill(3, True)])
    assert (found["trades"], found["taker_buy"], found["taker_sell"]) == (3, 1, 2)


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_an_unknown_protocol_is_named(tmp_path: Path) -> None:
    content = [
        ws({"channel": "teapot"}, "wss://example.org/feed"),
        ws({"type": "steam"}, "wss://example.org/feed"),
    ]
    with pytest.raises(UnknownProtocol, match=r"wss://example\.org/feed, channels teapot, steam"):
        books(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json\n",
        b'{"t":1}\n',
        b"\x1f\x8b\x08broken",
        b'{"t":1,"ch":"pigeon","dir":"in","url":"u","msg":""}\n',
        b"[]\n",
    ],
)
def test_bad_input_is_told_in_one_line_with_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError) as told:
        verify([path])
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_ends_in_the_middle_is_told(tmp_path: Path) -> None:
    whole = gzip.compress("".join(json.dumps(line) + "\n" for line in BOOK * 50).encode())
    path = tmp_path / "half.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match="half"):
        verify([path])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        verify([tmp_path / "nowhere.jsonl"])


# -- cut up and put together -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_a_recording_in_two_files_is_the_whole(name: str, tmp_path: Path) -> None:
    lines, wanted = captures.lines(name), verdicts(alone(name))
    for at in {1, 2, 3, len(lines) // 3, len(lines) // 2, len(lines) - 2, len(lines) - 1}:
        assert verdicts(books(tmp_path, lines[:at], lines[at:])) == wanted, at


@pytest.mark.parametrize("name", ["binance/usdm-multi-20210722", "okx/public-books-btcusdt-20260824"])
def test_a_recording_in_many_files_is_the_whole(name: str, tmp_path: Path) -> None:
    lines = captures.lines(name)
    step = max(1, len(lines) // 9)
    pieces = [lines[at : at + step] for at in range(0, len(lines), step)]
    assert verdicts(books(tmp_path, *pieces)) == verdicts(alone(name))


def test_a_symbol_belongs_to_the_file_in_which_it_was_first_seen(tmp_path: Path) -> None:
    second = [http(IMAGE, REST.replace("BTC", "ETH")), depth(95, 105, 90, [["10.0", "6"]], [], "ETHUSDT")]
    found = books(tmp_path, BOOK, second)
    assert {one["native"]: Path(one["file"]).name for one in found} == {
        "BTCUSDT": "0.jsonl",
        "ETHUSDT": "1.jsonl",
    }


@pytest.mark.parametrize(("one", "other"), list(permutations(FILES, 2)))
def test_two_recordings_together_say_what_each_says_alone(one: str, other: str) -> None:
    found = verify([captures.capture(one), captures.capture(other)])
    by_book = {(book["file"], book["native"]): book for book in found}
    assert by_book == {(book["file"], book["native"]): book for book in (*alone(one), *alone(other))}


@pytest.mark.parametrize("name", FILES)
def test_receive_times_are_not_needed(name: str, tmp_path: Path) -> None:
    lines = [{**line, "t": None} for line in captures.lines(name)]
    assert verdicts(books(tmp_path, lines)) == verdicts(alone(name))


T = 1_787_612_486_000_000_000


def timed(lines: tuple[Line, ...], offset: int) -> list[Line]:
    return [{**line, "t": T + n * 100_000_000 + offset} for n, line in enumerate(lines)]


@pytest.mark.parametrize("overlapping", [True, False])
def test_two_counted_connections_are_not_taken_for_one(overlapping: bool, tmp_path: Path) -> None:
    """Coinbase counts the frames of a connection: the second one's are no repetitions of the first one's."""
    first = captures.lines("coinbase/advanced-l2-btcusd-20260824")
    second: tuple[Line, ...] = tuple(
        {**line, "msg": line["msg"].replace("BTC-USD", "ETH-USD")} for line in first
    )
    contents = (timed(first, 0), timed(second, 5)) if overlapping else (first, second)
    found = books(tmp_path, *contents)
    assert [one["native"] for one in found] == ["BTC-USD", "ETH-USD"]
    assert all(is_clean(one) and one["updates"] == 10 and one["dropped_old"] == 0 for one in found)


def test_one_book_recorded_twice_at_the_same_time_is_two_books(tmp_path: Path) -> None:
    lines = captures.kraken()[:60]
    found = books(tmp_path, timed(lines, 0), timed(lines, 300_000_003))
    assert [one["updates"] for one in found] == [59, 59]
    assert all(map(is_clean, found))


@pytest.mark.parametrize("order", [1, -1])
def test_a_snapshot_goes_to_the_venue_whose_it_is(order: int, tmp_path: Path) -> None:
    """Binance and Binance.US share paths and symbols; their ids and prices have nothing to do with each other."""
    here = captures.lines("binance_us/spot-btcusdt-20260824")

    def moved(line: Line) -> Line:
        message = re.sub(
            r'"(U|u|lastUpdateId)":(\d+)', lambda found: f'"{found[1]}":{int(found[2]) + 10**10}', line["msg"]
        )
        message = re.sub(r'\["(\d)', r'["2\1', message)
        return {**line, "msg": message, "url": line["url"].replace("binance.us", "binance.com")}

    there = [moved(line) for line in here]
    found = {one["venue"]: one for one in books(tmp_path, *([*here], there)[::order])}
    assert all(map(is_clean, found.values()))
    assert (found["binance_us"]["bid"], found["binance"]["bid"]) == (
        ["78724.03", "0.00277"],
        ["278724.03", "0.00277"],
    )


# -- answers of the REST host ------------------------------------------------------------------------------------------


def rest_moved(lines: tuple[Line, ...], how: str) -> list[Line]:
    answers = [line for line in lines if line["ch"] == "http"]
    frames = [line for line in lines if line["ch"] != "http"]
    early = [{**line, "t": frames[0]["t"]} for line in answers]
    match how:
        case "before any frame":
            return [*early, *frames]
        case "before any frame, without a time":
            return [*({**line, "t": None} for line in answers), *frames]
        case "twice":
            return [copy for line in lines for copy in ([line, line] if line["ch"] == "http" else [line])]
        case "again at the end":
            return [*lines, *({**line, "t": frames[-1]["t"]} for line in answers)]
        case "for other symbols":
            return [*({**line, "url": line["url"].replace("symbol=", "symbol=X")} for line in early), *lines]
        case "on another host":
            path = re.compile(r"https://[^/]+/")
            return [
                {**line, "url": path.sub("http://proxy.example:8080/base/", line["url"])} for line in lines
            ]
        case "after an empty one":
            return [*({**line, "msg": ""} for line in early), *lines]
        case "after an error":
            return [*({**line, "msg": '{"code":-1003,"msg":"Too many requests"}'} for line in early), *lines]
    raise AssertionError(how)


HOW = (
    "before any frame",
    "before any frame, without a time",
    "twice",
    "again at the end",
    "for other symbols",
    "on another host",
    "after an empty one",
    "after an error",
)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", BY_REST)
def test_snapshots_fit_wherever_they_stand(name: str, how: str, tmp_path: Path) -> None:
    found = verdicts(books(tmp_path, rest_moved(captures.lines(name), how)))
    for key, book in verdicts(alone(name)).items():
        assert is_clean(found[key])
        for what in ("levels", "bid", "ask", "trades"):
            assert found[key][what] == book[what]
