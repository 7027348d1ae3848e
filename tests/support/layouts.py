"""Frames of any layout, written at random, and a plain reading of them to hold the scanner against."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal
from typing import Any

from connectors.shape import Layout, Leaf, Rows, Slot
from connectors.wire import EXPONENT

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


class Text(str):
    """A bare number, as it stood in the frame."""

    __slots__ = ()


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
            self.number(), "true", "false", "null", '""', '"BTCUSDT"', '"depthUpdate"', '"é€😀"',
            '"2026-08-24T22:34:13.81Z"', "1723161257434", "9223372036854775800",
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
