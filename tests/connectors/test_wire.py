"""The scanner against json.loads on frames of every venue's layout, on mutations of them, and number by number."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import all_venues
from connectors.shape import (
    ASKS,
    BIDS,
    ID,
    LAST,
    PRICE,
    SENT,
    SYMBOL,
    TIME,
    Layout,
    Leaf,
    Rows,
    Slot,
    changes,
)
from connectors.wire import EXPONENT, Scanner
from tests.support.layouts import Frames, Reading, Text, decimal, loads

DEEPEST = 24


def layouts() -> Iterator[Any]:
    """Every layout there is: of frames, and of REST snapshots."""
    for (name, product), venue in all_venues().items():
        yield pytest.param(venue.layout, id=f"{name}-{product}")
        if venue.snapshot is not None:
            yield pytest.param(dict(venue.snapshot.layout), id=f"{name}-{product}-snapshot")


every_layout = pytest.mark.parametrize("layout", list(layouts()))


def check(layout: Layout, scanner: Scanner, frame: bytes) -> None:
    """The frame is read, and as the plain reading has it."""
    assert scanner.scan(frame), (frame, scanner.fault)
    assert scanner.fault == -1
    expected = Reading(layout, loads(frame))
    assert scanner.records == len(expected.slots)
    for record in range(scanner.records):
        for slot in Slot:
            at = record
            while at >= 0 and slot not in expected.slots[at]:
                at = expected.parents[at]
            if slot is Slot.WHOLE and (at in expected.marked or record in expected.marked):
                continue  # its text is of no use
            assert scanner.has(record, slot) == (at >= 0), (frame, record, slot)
            text = scanner.text(record, slot)
            if at < 0:
                assert text == b""
            elif isinstance(expected.slots[at][slot], Text):
                assert text.decode() == expected.slots[at][slot]
            else:  # with its escapes as they stand
                assert json.loads(b'"%s"' % text) == expected.slots[at][slot]
            assert scanner.equals(record, slot, text) == (at >= 0)
            assert not scanner.equals(record, slot, text + b"x")
            value = (
                decimal(Text(text.decode()))
                if at >= 0 and not (text[:1] == b"0" and text[1:2].isdigit())
                else None
            )
            good = value is not None and (value >= 0 and not value.is_nan())
            assert scanner.number(record, slot) == good, (text, value)
            if good:
                assert Decimal(scanner.mantissa).scaleb(-scanner.places) == value
        assert bool(scanner.broken[record]) == expected.broken[record], (frame, record)
        if scanner.broken[record]:
            continue
        found = []
        for k in range(scanner.level_from[record], scanner.level_to[record]):
            places = scanner.decimals[k]
            price = Decimal(scanner.price[k]).scaleb(-(places & 255))
            size = Decimal(scanner.size[k]).scaleb(-(places >> 8 & 255))
            found.append((scanner.side[k], price, size))
        assert found == expected.levels[record], (frame, record)


@every_layout
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), wild=st.booleans())
def test_frames_read_as_json_reads_them(layout: Layout, seed: int, wild: bool) -> None:
    scanner, dice = Scanner(layout), random.Random(seed)
    for _ in range(3):  # the order of keys is remembered from frame to frame
        check(layout, scanner, Frames(dice, wild).frame(layout))


@every_layout
def test_a_frame_cut_anywhere_is_refused(layout: Layout) -> None:
    scanner = Scanner(layout)
    dice = random.Random(1)
    for _ in range(3):
        frames = [Frames(dice, wild=False).frame(layout).strip() for _ in range(4)]
        frame = min(frames, key=lambda one: abs(len(one) - 1500))
        for end in range(len(frame)):
            assert not scanner.scan(frame[:end]), frame[:end]
            assert 0 <= scanner.fault <= end
        assert scanner.scan(frame)
        assert not scanner.scan(frame + b"}")
        assert not scanner.scan(frame + b"\0")


def is_object(frame: bytes, lists: bool = False) -> bool:
    """Is it a JSON object, or a list, by json.loads?"""
    try:
        return isinstance(loads(frame), (dict, list) if lists else dict)
    except ValueError:
        return False


def depth_of(frame: bytes) -> int:
    deep = most = 0
    for one in re.sub(rb'"(\\.|[^"\\])*"', b"", frame):
        deep += (one in b"[{") - (one in b"]}")
        most = max(most, deep)
    return most


def mutated(dice: random.Random, frame: bytes) -> bytes:
    """The frame with a few bytes changed, taken out, doubled or swapped."""
    found = bytearray(frame)
    for _ in range(dice.choice([1, 1, 2, 5])):
        at, to = sorted((dice.randrange(len(found) + 1), dice.randrange(len(found) + 1)))
        match dice.randrange(5):
            case 0:
                found[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                found[at : at + 1] = bytes([dice.choice(b'{}[]:,"\\0123456789.eE+-ntf \0')])
            case 2:
                del found[at : min(to, at + dice.choice([1, 3, 50]))]
            case 3:
                found[to:to] = found[at : min(to, at + 40)]
            case _:
                found[at:at] = dice.choice(
                    [b"\\", b'"', b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f", b"01", b"1.", b"-"]
                )
    return bytes(found)


def fuzz(layout: Layout, seed: int, rounds: int) -> int:
    """Scan mutated frames; each is taken exactly where json.loads takes it. How many were taken."""
    dice, scanner, taken = random.Random(seed), Scanner(layout), 0
    for n in range(rounds):
        if n % 50 == 0:
            frame = Frames(dice, wild=bool(n % 100)).frame(layout)
            frame = frame if len(frame) < 3000 else b'{"a":[[1,"2"]],"b":{"x":[]}}'
        bad = mutated(dice, frame)
        good = scanner.scan(bad)
        assert good == is_object(bad, lists=isinstance(layout, Leaf)) or depth_of(bad) > DEEPEST, bad
        taken += good
        for record in range(scanner.records):  # whatever it was, what it left can be asked for
            assert not good or 0 <= scanner.level_from[record] <= scanner.level_to[record] <= scanner.levels
            for slot in Slot:
                scanner.number(record, slot), scanner.integer(record, slot, -1)
            scanner.time(record)
    return taken


@every_layout
def test_mutations_are_taken_where_json_takes_them(layout: Layout) -> None:
    assert fuzz(layout, 1, 1_500) > 0


@given(st.binary(max_size=60))
def test_no_bytes_crash(junk: bytes) -> None:
    scanner = Scanner({"b": BIDS, "p": PRICE, "data": {"b": BIDS}})
    for frame in (junk, b"{" + junk, b'{"b":[["' + junk, b'{"p":' + junk + b"}", b'{"data":' + junk):
        assert scanner.scan(frame) == is_object(frame) or depth_of(frame) > DEEPEST


def test_nesting_is_bounded() -> None:
    scanner = Scanner({"data": Leaf(inside={"data": Leaf()}), "b": BIDS})
    for opening in (b"[", b'{"data":', b'{"b":[', b'[{"x":'):
        assert not scanner.scan(b'{"data":' + opening * 100_000)
        assert not scanner.scan(b'{"b":' + opening * 100_000)
    assert scanner.scan(b'{"x":' + b"[" * 20 + b"]" * 20 + b"}")


# -- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mantissa", "places", "written"),
    [
        ("61812.70", 618127, 1, 2),
        ("0.00000000", 0, 0, 8),
        ("0", 0, 0, 0),
        ("-0", 0, 0, 0),
        ("1e-7", 1, 7, EXPONENT),
        ("7.445E-7", 7445, 10, EXPONENT),
        ("1.20E+3", 1200, 0, EXPONENT),
        ("0e999999999999", 0, 0, EXPONENT),
        ("123456789012345678", 123456789012345678, 0, 0),
        ("9223372036854775807", 2**63 - 1, 0, 0),
        ("922337203685477.5807", 2**63 - 1, 4, 4),
        ("0.000000000000000001", 1, 18, 18),
        ("1." + "0" * 254, 1, 0, 254),
        ("100", 100, 0, 0),
        ("1234567.12345678", 123456712345678, 8, 8),
        ("123456789.123456789", 123456789123456789, 9, 9),
    ],
)
def test_numbers(text: str, mantissa: int, places: int, written: int) -> None:
    scanner = Scanner({"p": PRICE, "b": BIDS})
    for frame in (f'{{"p":{text}}}', f'{{"p":"{text}"}}'):
        assert scanner.scan(frame.encode()) and scanner.number(0, Slot.PRICE)
        assert (scanner.mantissa, scanner.places, scanner.text_places) == (mantissa, places, written)
    for frame in (
        f'{{"b":[["{text}","{text}"]]}}',
        f'{{"b":[[{text} ,{text} ]]}}',
        f'{{"b":[[ "{text}" , {text}, 1]]}}',
    ):
        assert scanner.scan(frame.encode()) and not scanner.broken[0]
        assert scanner.levels == (mantissa != 0)
        if mantissa:
            assert scanner.price[0] == scanner.size[0] == mantissa
            assert scanner.decimals[0] & 0xFFFFFFFF == places * 0x0101 | written * 0x01010000


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "99999999999999999999", "1e19", "922337203685477.5808", "0.0000000000000000001",
             "1." + "0" * 255, "1e-19", "9223372036854775807e1", "0x1", "1.", ".5", "", "-", "+1", "1e", "1 ", "--1"],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_never_wrapped(text: str) -> None:
    scanner = Scanner({"p": PRICE, "b": BIDS})
    assert scanner.scan(json.dumps({"p": text, "b": [["1", text]]}).encode())
    assert scanner.broken[0] and scanner.levels == 0
    assert not scanner.number(0, Slot.PRICE)
    assert scanner.scan(json.dumps({"p": text, "b": [[text, "1"], ["2", "3"]]}).encode())
    assert scanner.broken[0] and scanner.levels == 1


@pytest.mark.parametrize("size", ["-1", "NaN", "nan", "-NaN", "-1e5"])
def test_a_negative_or_missing_size_drops_the_level_alone(size: str) -> None:
    scanner = Scanner({"b": BIDS})
    assert scanner.scan(json.dumps({"b": [["1", "2"], ["3", size], ["4", "5"]]}).encode())
    assert not scanner.broken[0]
    assert list(scanner.price[:2]) == [1, 4] and scanner.levels == 2


@pytest.mark.parametrize(
    "row", ['["1"]', "[]", "7", "null", '{"p":1}', '["x","1"]', '["0","1"]', '["-1","1"]', '["NaN","1"]']
)
def test_an_unreadable_level_breaks_the_record_not_the_frame(row: str) -> None:
    scanner = Scanner({"data": {"b": BIDS}})
    assert scanner.scan(b'{"data":[{"b":[["5","1"],%s]},{"b":[["6","1"]]}]}' % row.encode())
    assert [scanner.broken[k] for k in range(3)] == [0, 1, 0]


def test_sides() -> None:
    tell = Rows(price=1, size=2, side=0, bid="buy")
    scanner = Scanner({"changes": changes(tell), "asks": ASKS})
    assert scanner.scan(b'{"changes":[["buy","1","2"],["sell","3","4"]],"asks":[["5","6"]]}')
    assert list(scanner.side[:3]) == [0, 1, 1] and scanner.sides[0] == 3
    assert scanner.scan(b'{"asks":[]}') and scanner.sides[0] == 2 and scanner.levels == 0
    for row in (b'[7,"1","2"]', b'[null,"1","2"]'):
        assert scanner.scan(b'{"changes":[%s]}' % row) and scanner.broken[0], "a level of unknown side"
    named = Scanner({"u": changes(Rows(price="p", size="q", side="s", bid="bid"))})
    assert named.scan(b'{"u":[{"p":"1.5","p":"1.25","q":"2","s":"bid"},{"p":"1","q":"2"}]}')
    assert named.levels == 1 and named.broken[0] and (named.price[0], named.decimals[0] & 255) == (125, 2)


def test_many_levels_and_records() -> None:
    scanner = Scanner({"data": {"b": BIDS, "i": ID}})
    rows = [[f"{n + 1}.5", f"{n}.25"] for n in range(5_000)]
    frame = json.dumps({"data": [{"i": n, "b": rows[n : n + 100]} for n in range(0, 5_000, 100)]}).encode()
    check({"data": {"b": BIDS, "i": ID}}, scanner, frame)
    assert scanner.levels == 5_000


# -- scalars -----------------------------------------------------------------------------------------------------


@given(st.integers(-(2**66), 2**66) | st.integers(-(2**63), 2**63 - 1))
def test_integers(value: int) -> None:
    scanner = Scanner({"u": LAST})
    for frame in (b'{"u":%d}' % value, b'{"u":"%d"}' % value):
        assert scanner.scan(frame)
        found = scanner.integer(0, Slot.LAST, -7)
        assert found == (value if abs(value) < 9223372036854775800 else -7)


@pytest.mark.parametrize("text", ['""', '"-"', "1.0", '"1x"', "true", "null", "{}", "[1]", "1e3"])
def test_what_is_no_whole_number_is_missing(text: str) -> None:
    scanner = Scanner({"u": LAST})
    assert scanner.scan(b'{"u":%s}' % text.encode())
    assert scanner.integer(0, Slot.LAST, -7) == -7


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.datetimes(datetime(1973, 4, 1), datetime(2200, 12, 31)), st.integers(0, 999), st.integers(0, 9))
def test_times(when: datetime, nanos: int, digits: int) -> None:
    scanner = Scanner({"T": TIME, "E": SENT})
    whole = (when.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    for unit, value in (
        (1, whole * 1000 + nanos),
        (1000, whole),
        (10**6, whole // 1000),
        (10**9, whole // 10**6),
    ):
        assert scanner.scan(b'{"T":%d}' % value)
        assert scanner.time(0) == value * unit
    ns = whole * 1000 + nanos
    fraction = f".{ns % 10**9:09d}"[: digits + 1] if digits else ""
    told = ns // 10**9 * 10**9 + int(fraction[1:].ljust(9, "0") if digits else 0)
    for tail in ("Z", ""):
        assert scanner.scan(f'{{"E":"{when:%Y-%m-%dT%H:%M:%S}{fraction}{tail}"}}'.encode())
        assert scanner.time(0) == told
    assert scanner.scan(b'{"T":%d,"E":5}' % whole) and scanner.time(0) == whole * 1000, (
        "engine time before sent time"
    )


@pytest.mark.parametrize(
    "text", ["2026-13-01T00:00:00Z", "2026-08-24T24:00:00Z", "2026-08-24T22:34:13+02:00", "2026-08-24T22:34:1xZ",
             "1969-01-01T00:00:00Z", "2026/08/24T22:34:13Z", "2026-08-24T22:34:13.5ZZ", "soon", "", "-5", "2026-08-24T22:61:13Z"],
)  # fmt: skip
def test_what_is_no_time_is_untold(text: str) -> None:
    scanner = Scanner({"T": TIME})
    assert scanner.scan(json.dumps({"T": text}).encode())
    assert scanner.time(0) == 0


def test_times_never_wrap() -> None:
    scanner = Scanner({"T": TIME})
    for power in range(19):
        for value in (10**power, 9 * 10**power - 1, 9 * 10**power):
            assert scanner.scan(b'{"T":%d}' % min(value, 2**63 - 10))
            assert 0 < scanner.time(0) < 2**63


def test_records_inherit_from_the_frame() -> None:
    scanner = Scanner({"s": SYMBOL, "data": {"u": LAST, "s": SYMBOL}})
    assert scanner.scan(b'{"data":[{"u":1},{"u":2,"s":"own"}],"s":"outer"}')
    assert [scanner.text(k, Slot.SYMBOL) for k in range(3)] == [b"outer", b"outer", b"own"]
    assert scanner.equals(1, Slot.SYMBOL, b"outer") and not scanner.equals(2, Slot.SYMBOL, b"outer")
    assert scanner.integer(0, Slot.LAST, -1) == -1
