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

DEEPEST = 24
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


def layouts() -> Iterator[Any]:
    """Every layout there is: of frames, and of REST snapshots."""
    for (name, product), venue in all_venues().items():
        yield pytest.param(venue.layout, id=f"{name}-{product}")
        if venue.snapshot is not None:
            yield pytest.param(dict(venue.snapshot.layout), id=f"{name}-{product}-snapshot")


every_layout = pytest.mark.parametrize("layout", list(layouts()))


class Text(str):
    """A bare number, as it stood in the frame."""


def loads(frame: bytes) -> Any:
    """What JSON says; ValueError where it says nothing."""

    def refuse(word: str) -> Any:
        raise ValueError(word)

    return json.loads(frame.decode(), parse_float=Text, parse_int=Text, parse_constant=refuse)


# -- the plain reading, by the same layout -----------------------------------------------------------------------


class Reading:
    """Records and levels of a parsed frame."""

    def __init__(self, layout: Layout, value: Any) -> None:
        self.slots: list[dict[int, str]] = []
        self.parents: list[int] = []
        self.levels: list[list[tuple[int, Decimal, Decimal]]] = []
        self.broken: list[bool] = []
        self.ends: dict[int, int] = {}
        self.marked: set[int] = set()
        self.count = 0
        root = layout if isinstance(layout, Leaf) else Leaf(inside=layout)
        if isinstance(value, list):
            self._members(root.members or (), value, self._open(-1))
        else:
            self._object(root.inside or {}, value, self._open(-1))

    def _open(self, parent: int) -> int:
        self.slots.append({})
        self.levels.append([])
        self.broken.append(False)
        self.parents.append(parent)
        return len(self.slots) - 1

    def _object(self, layout: dict[str, Layout], value: dict[str, Any], record: int) -> None:
        for key, inner in value.items():
            if key in layout:
                self._value(layout[key], inner, record)

    def _members(self, members: tuple[Layout, ...], values: list[Any], record: int) -> None:
        place = 0
        for value in values:
            if place >= len(members):
                continue
            leaf = members[place]
            place += 1
            self._value(leaf, value, record)
            if isinstance(leaf, Leaf) and leaf.after and type(value) is str and value in leaf.after:
                members, place = leaf.after[value], 0

    def _value(self, leaf: Layout, inner: Any, record: int) -> None:
        if not isinstance(leaf, Leaf):
            leaf = Leaf(inside=leaf)
        if isinstance(inner, list) and leaf.rows is not None:
            if self.ends.setdefault(record, self.count) != self.count:
                self.broken[record] = True  # levels of another record stand between
            alone = leaf.rows.lone and inner and not isinstance(inner[0], list)
            for rows in (leaf.rows, leaf.again):
                for row in ([inner] if alone else inner) if rows is not None else ():
                    self._row(rows, row, record)  # type: ignore[arg-type]  # not reached without rows
            self.ends[record] = self.count
        elif isinstance(inner, list) and leaf.members is not None:
            self._members(leaf.members, inner, record)
        elif isinstance(inner, list) and leaf.inside is not None:
            for one in inner:
                if isinstance(one, dict):
                    self._object(leaf.inside, one, self._open(record))
        elif isinstance(inner, dict) and leaf.inside is not None:
            self._object(leaf.inside, inner, record)
        elif leaf.slot is Slot.WHOLE and isinstance(inner, (list, dict)):
            self.marked.add(record)
        elif leaf.slot is not None and not isinstance(inner, (list, dict)) and inner is not None:
            text = json.dumps(inner) if isinstance(inner, bool) else inner
            if leaf.signed:
                minus = "-" if text.startswith("-") else ""
                self.slots[record][Slot.SIDE] = minus
                text = type(text)(text[len(minus) :])
            for slot in (leaf.slot, leaf.twin):
                if slot is not None:
                    self.slots[record][slot] = text

    def _row(self, rows: Rows, row: Any, record: int) -> None:
        named = isinstance(rows.price, str) or (rows.names is not None and isinstance(row, dict))
        if not isinstance(row, dict if named else list):
            self.broken[record] = True
            return
        names = dict(zip((rows.price, rows.size), rows.names or (), strict=False))

        def part(place: Any) -> Any:
            if named:
                return row.get(names.get(place, place))  # type: ignore[union-attr]  # named rows are objects
            return row[place] if place < len(row) else None

        side = rows.fixed if rows.fixed >= 0 or rows.signed else part(rows.side)
        if rows.fixed < 0 and not rows.signed:
            side = (0 if side == rows.bid else 1) if type(side) is str else -1
        price, size = decimal(part(rows.price)), decimal(part(rows.size))
        if rows.signed:
            side = -1 if size is None or size.is_nan() else int(size < 0)
            size = size if size is None else abs(size)
        if rows.count is not None:
            count = decimal(part(rows.count))
            if count is None or count.is_nan() or count < 0:
                side = -1
            elif count == 0 and size is not None:
                size = Decimal(0)
        if price is None or price.is_nan() or price < 0 or size is None or side < 0:
            self.broken[record] = True
        elif size.is_nan() or size < 0 or price == size == 0 or (price == 0 and rows.padded):
            pass
        elif price == 0:
            self.broken[record] = True
        else:
            self.levels[record].append((side, price, size))
            self.count += 1


def decimal(value: Any) -> Decimal | None:
    """A number as text or bare; None where there is none or it does not fit, Decimal NaN for nan."""
    if not isinstance(value, str):
        return None
    if not isinstance(value, Text) and value.lower() in ("nan", "-nan"):
        return Decimal("NaN")
    if not NUMBER.fullmatch(value):
        return None
    found = Decimal(value)
    digits, exponent = found.normalize().as_tuple()[1:]
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits))) * 10 ** max(exponent, 0) if exponent < 100 else 2**64
    if found != 0 and (whole >= 2**63 or -exponent > 18):
        return None
    fraction = re.search(r"\.(\d+)", value)
    return None if fraction and len(fraction[1]) >= EXPONENT else found


# -- frames ------------------------------------------------------------------------------------------------------


class Frames:
    """Writes frames of a layout with all that JSON allows. `wild` also puts things where they do not belong."""

    def __init__(self, dice: random.Random, wild: bool) -> None:
        self.dice, self.wild = dice, wild

    def space(self) -> str:
        return self.dice.choice(["", "", "", "", " ", "\n", "\t \r\n"])

    def frame(self, layout: Layout) -> bytes:
        if not isinstance(layout, Leaf):
            inner = self.object(layout, 0)
        elif self.dice.random() < 0.1:
            inner = self.object(layout.inside or {}, 0)
        else:
            inner = self.elements(self.listed(layout.members or (), 0))
        return (self.space() + inner + self.space()).encode()

    def listed(self, members: tuple[Layout, ...], depth: int) -> list[str]:
        """Members of a list by their place, now and then with too few or too many."""
        values: list[str] = []
        for leaf in members:
            if isinstance(leaf, Leaf) and leaf.after and self.dice.random() < 0.4:
                word = self.dice.choice(list(leaf.after))
                return [*values, json.dumps(word), *self.listed(leaf.after[word], depth)]
            values.append(self.leaf(leaf, depth) if isinstance(leaf, Leaf) else self.inside(leaf, depth))
        more = [self.junk(depth) for _ in range(self.dice.choice([0, 0, 0, 2]))]
        return (values + more)[: self.dice.choice([1, 9, 9, 9])]

    def members(self, pairs: list[tuple[str, str]]) -> str:
        self.dice.shuffle(pairs)
        s = self.space
        inner = ",".join(
            f"{s()}{json.dumps(key)}{s()}:{s()}{value}{s()}" for key, value in dict(pairs).items()
        )
        return "{" + (inner or s()) + "}"

    def elements(self, values: list[str]) -> str:
        s = self.space
        return "[" + (",".join(f"{s()}{value}{s()}" for value in values) or s()) + "]"

    def object(self, layout: dict[str, Layout], depth: int) -> str:
        pairs = []
        for key, leaf in layout.items():
            if self.dice.random() < 0.2:
                continue
            if isinstance(leaf, Leaf):
                pairs.append((key, self.leaf(leaf, depth)))
            else:
                pairs.append((key, self.inside(leaf, depth)))
        for _ in range(self.dice.choice([0, 0, 1, 3])):
            key = self.dice.choice(
                ["x", "é€😀", 'quo"te', "back\\slash", "line\n", "", *[f"{key}2" for key in layout]]
            )
            if key not in layout:
                pairs.append((key, self.junk(depth)))
        return self.members(pairs)

    def inside(self, layout: dict[str, Layout], depth: int) -> str:
        if self.dice.random() < 0.3:
            return self.object(layout, depth + 1)
        return self.elements([
            self.object(layout, depth + 2) if self.dice.random() < 0.8 else self.junk(depth)
            for _ in range(self.dice.randrange(5))
        ])  # fmt: skip

    def leaf(self, leaf: Leaf, depth: int) -> str:
        kinds = [kind for kind in ("slot", "rows", "inside", "members") if getattr(leaf, kind) is not None]
        if self.wild and self.dice.random() < 0.1:
            return self.junk(depth)
        match self.dice.choice(kinds or ["junk"]):
            case "slot":
                return self.scalar()
            case "rows":
                assert leaf.rows is not None
                count = range(self.dice.choice([0, 1, 3, 70]))
                if leaf.again is not None:
                    keys = [str(key) for side in (leaf.rows, leaf.again) for key in (side.price, side.size)]
                    return self.elements(
                        [self.members([(key, self.number()) for key in keys]) for _ in count]
                    )
                if leaf.rows.lone and self.dice.random() < 0.5:
                    return self.row(leaf.rows, depth)
                return self.elements([self.row(leaf.rows, depth) for _ in count])
            case "inside":
                assert leaf.inside is not None
                return self.inside(leaf.inside, depth)
            case "members":
                assert leaf.members is not None
                return self.elements(self.listed(leaf.members, depth))
        return self.junk(depth)

    def row(self, rows: Rows, depth: int) -> str:
        if self.wild and self.dice.random() < 0.05:
            return self.junk(depth)
        if rows.names is not None and self.dice.random() < 0.5:
            rows = Rows(price=rows.names[0], size=rows.names[1])
        parts = {rows.price: self.number(), rows.size: self.number()}
        if rows.signed and parts[rows.size][0] not in '-"' and self.dice.random() < 0.5:
            parts[rows.size] = "-" + parts[rows.size]
        if rows.count is not None:
            parts[rows.count] = self.dice.choice(["0", "1", "12", self.number()])
        if rows.side is not None:
            parts[rows.side] = json.dumps(self.dice.choice([rows.bid, "ask", "sell", "offer"]))
        if self.wild and self.dice.random() < 0.05:
            parts.popitem()
        if isinstance(rows.price, str):
            extra = [("x", self.junk(depth))] if self.dice.random() < 0.2 else []
            return self.members([(str(key), value) for key, value in parts.items()] + extra)
        found = [parts.get(place, self.junk(depth)) for place in range(len(parts))]
        return self.elements(found + [self.junk(depth) for _ in range(self.dice.choice([0, 0, 1, 2]))])

    def number(self) -> str:
        dice = self.dice
        whole = str(dice.randrange(10 ** dice.choice([1, 2, 5, 5, 5, 8, 9, 12, 18, 19, 20])))
        text = whole
        if dice.random() < 0.7:
            text += "." + "".join(
                dice.choice("0001234567899") for _ in range(dice.choice([1, 1, 2, 3, 8, 9, 10, 18, 25]))
            )
        if dice.random() < 0.2:
            text += "0" * dice.choice([1, 5, 20, 300]) if "." in text else ""
        if dice.random() < 0.1:
            text += dice.choice(["e-7", "E-7", "e5", "E+2", "e0", "e-00009", "e400", "e-400"])
        if dice.random() < 0.05:
            text = "-" + text
        if dice.random() < 0.1:
            text = dice.choice(["0", "0.0", "0.000", "-0", "-0.0", "0e9", "1e-7", "7.445E-7", "9223372036854775807",
                                "9223372036854775808", "922337203685477.5807", "922337203685477.5808"])  # fmt: skip
        if self.wild and dice.random() < 0.05:
            return json.dumps(
                dice.choice(["NaN", "nan", "-NaN", "", "-", "1.", ".5", "1e", "+1", "0x1", " 1", "1 ", "007"])
            )
        return text if dice.random() < 0.3 else f'"{text}"'

    def scalar(self) -> str:
        return self.dice.choice([
            self.number(), "true", "false", "null", '""', '"BTCUSDT"', '"depthUpdate"', '"é€😀"', '"2026-08-24T22:34:13.81Z"',
            "1723161257434", "9223372036854775800",
        ])  # fmt: skip

    def junk(self, depth: int) -> str:
        kind = self.dice.randrange(7) if depth < 8 else 0
        if kind == 1:
            return self.elements([self.junk(depth + 1) for _ in range(self.dice.randrange(3))])
        if kind == 2:
            return self.members(
                [(key, self.junk(depth + 1)) for key in self.dice.sample("abc", self.dice.randrange(3))]
            )
        if kind == 3:
            return json.dumps(
                self.dice.choice(['a"b', "tab\t", "\x7f", "é", "😀", "\\", "\\u", "[{"]),
                ensure_ascii=self.dice.random() < 0.5,
            )
        if kind == 4:
            return self.dice.choice(
                ['"\\u00e9"', '"\\ud800"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', "1E400", "-0", "0", "12.5e-3"]
            )
        return self.scalar()


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
