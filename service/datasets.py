"""Cases that name files instead of events (metrics.md 9.5): rows of a book, and of messages, as consecutive images.

LOBSTER's files are what is expected where a case says nothing else: a message file (time, type, order id, size, price,
direction) and an order book file (ask price, ask size, bid price, bid size, for each level), row by row, gzip'd or
not. Prices are dollars times 10,000; a level that is not there stands at +-9999999999 with size 0; types 4 and 5 are
executions, and their direction is that of the resting order.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from .cases import SECOND, CaseError, nanoseconds, number

MESSAGE = ("time", "type", "order_id", "size", "price", "direction")
EXECUTIONS = ("4", "5")
NOBODY = 9_999_999_999
BOOKS = ("orderbook", "book", "books", "quotes", "file", "path")
MESSAGES = ("message", "messages", "trades", "events")
OPTIONS = (
    "rows",
    "header_rows",
    "from",
    "to",
    "columns",
    "message_columns",
    "book_columns",
    "price_scale",
    "levels",
)

Image = tuple[int, str, str, str]


def option(case: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """What a case says beside its files, in its params, or by itself."""
    dataset, params = case.get("dataset"), case.get("params") or {}
    for place in (dataset if isinstance(dataset, Mapping) else {}, params, case):
        if name in place:
            return place[name]
    return default


def files(case: Mapping[str, Any], folder: Path) -> tuple[Path | None, Path | None]:
    """The order book's file and that of messages; either may be missing."""
    dataset = case["dataset"]
    if isinstance(dataset, str):
        dataset = [dataset]
    if isinstance(dataset, Sequence):
        names = [str(one) for one in dataset]
        book = next((one for one in names if "message" not in one.lower()), None)
        messages = next((one for one in names if one != book), None)
        if book is not None and messages is None and "orderbook" in book:
            beside = book.replace("orderbook", "message")  # as LOBSTER names the two
            messages = beside if (folder / beside).exists() else None
    elif isinstance(dataset, Mapping):
        dataset = (
            {**dataset, **(dataset.get("files") or {})}
            if not isinstance(dataset.get("files"), list)
            else dataset
        )
        if isinstance(dataset.get("files"), list):
            return files({**case, "dataset": dataset["files"]}, folder)
        book = next((str(dataset[one]) for one in BOOKS if dataset.get(one)), None)
        messages = next((str(dataset[one]) for one in MESSAGES if dataset.get(one)), None)
    else:
        raise CaseError(f"a dataset is a file, a list of files or an object that names them, not {dataset!r}")
    found = []
    for name in (book, messages):
        path = None if name is None else folder / name
        if path is not None and not path.is_file() and path.with_name(path.name + ".gz").is_file():
            path = path.with_name(path.name + ".gz")
        if path is not None and not path.is_file():
            raise CaseError(f"{path}: no such file; a dataset lies beside the file of cases")
        found.append(path)
    if found == [None, None]:
        raise CaseError(f"no file is named; a dataset has one of {', '.join((*BOOKS, *MESSAGES))}")
    return found[0], found[1]


def rows(path: Path, header_rows: int) -> Iterator[list[str]]:
    """The data rows of a CSV file, packed or not."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            with io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8") as text:
                yield from islice(csv.reader(text), header_rows, None)
    except (OSError, UnicodeDecodeError, csv.Error) as failure:
        raise CaseError(f"{path}: cannot be read as CSV ({failure})") from failure


class Columns:
    """Which column is what. Names: time type size price direction; bid_price_1 bid_size_1 ask_price_1 ask_size_1 …"""

    def __init__(self, names: Sequence[str]) -> None:
        self.at = {_plain(name): k for k, name in enumerate(names)}
        depth = 1
        while f"askprice{depth + 1}" in self.at or f"bidprice{depth + 1}" in self.at:
            depth += 1
        self.sides = [
            [
                (self.at[f"{side}price{n}"], self.at[f"{side}size{n}"])
                for n in range(1, depth + 1)
                if f"{side}price{n}" in self.at and f"{side}size{n}" in self.at
            ]
            for side in ("bid", "ask")
        ]

    def get(self, row: Sequence[str], *names: str) -> str | None:
        for name in names:
            at = self.at.get(name)
            if at is not None and at < len(row):
                return row[at]
        return None


_WORDS = (
    ("price", "price"),
    ("px", "price"),
    ("volume", "size"),
    ("qty", "size"),
    ("size", "size"),
    ("sz", "size"),
)


def _plain(name: str) -> str:
    """`Ask Price 1`, `ask_price_1`, `ask1_price`, `askp1` … as askprice1; others in lower case without marks."""
    low = "".join(one for one in str(name).lower() if one.isalnum())
    digits = "".join(one for one in low if one.isdigit())
    letters = "".join(one for one in low if one.isalpha())
    for side in ("bid", "ask"):
        if letters.startswith(side) or letters.endswith(side):
            rest = letters.replace(side, "", 1)
            what = next(
                (found for word, found in _WORDS if word in rest),
                {"p": "price", "s": "size", "v": "size", "q": "size", "": "price"}.get(rest),
            )
            if what:
                return f"{side}{what}{digits or '1'}"
    return {
        "timestamp": "time",
        "ts": "time",
        "t": "time",
        "eventtype": "type",
        "dir": "direction",
        "volume": "size",
    }.get(letters, low)


def standard_book(count: int) -> list[str]:
    """LOBSTER's columns of an order book file with so many columns."""
    return [
        f"{what}_{n}"
        for n in range(1, count // 4 + 1)
        for what in ("ask_price", "ask_size", "bid_price", "bid_size")
    ]


def images(case: Mapping[str, Any], folder: Path, *, from_zero: bool = False) -> Iterator[Image]:
    """(t in ns, bids, asks, print) of each row from `rows[0]` to before `rows[1]` and with a time in [from, to).

    The sides and the print are parts of JSON. `from_zero`: times count from `from`, or from the full second before the
    first row, so that a grid begins where the data do. A file without times has a row a microsecond.
    """
    source = Source(case, folder)
    first, last = _range(option(case, "rows", "all"))
    start, end = option(case, "from"), option(case, "to")
    low, high = (None if one is None else nanoseconds(one) for one in (start, end))
    shift = low
    for n, (told, image) in enumerate(islice(source.read(), first, last), first):
        t = n * 1000 if told is None else told
        if (low is not None and t < low) or (high is not None and t >= high):
            continue
        if shift is None:
            shift = t // SECOND * SECOND
        yield t - shift if from_zero else t, *image


class Source:
    """The files of a case, read side by side."""

    def __init__(self, case: Mapping[str, Any], folder: Path) -> None:
        self.book, self.messages = files(case, folder)
        self.header = int(option(case, "header_rows", 0))
        self.scale = number(option(case, "price_scale", 1))
        named, notes = option(case, "book_columns", option(case, "columns")), option(case, "message_columns")
        if isinstance(named, Mapping):
            notes = next((named[one] for one in MESSAGES if one in named), notes)
            named = next((named[one] for one in BOOKS if one in named), None)
        self.books = Columns(named) if named else None
        self.notes = Columns(notes or MESSAGE)

    def read(self) -> Iterator[tuple[int | None, tuple[str, str, str]]]:
        """Time in ns, if there is one, and bids, asks and print of each row."""
        nothing: Iterator[list[str]] = repeat([])
        books = rows(self.book, self.header) if self.book is not None else nothing
        notes = rows(self.messages, self.header) if self.messages is not None else nothing
        for row, note in zip(books, notes, strict=False):
            if self.books is None:
                self.books = Columns(standard_book(len(row)))
            columns, told = (self.notes, note) if note else (self.books, row)
            time = columns.get(told, "time")
            yield None if time is None else nanoseconds(time), (*self._sides(row), self._print(columns, told))

    def _sides(self, row: Sequence[str]) -> tuple[str, str]:
        assert self.books is not None
        found = []
        for side in self.books.sides:
            levels = [(row[p], row[q]) for p, q in side if q < len(row) and _is_there(row[p], row[q])]
            if self.scale != 1:
                levels = [(format(number(price) / self.scale, "f"), size) for price, size in levels]
            found.append(",".join([f'["{price}","{size}"]' for price, size in levels]))
        return found[0], found[1]

    def _print(self, columns: Columns, row: Sequence[str]) -> str:
        """An execution; its direction is that of the order that stood in the book."""
        if columns.get(row, "type") not in EXECUTIONS:
            return ""
        size, price, direction = (columns.get(row, name) for name in ("size", "price", "direction"))
        if not (size and price and direction):
            return ""
        shown = price if self.scale == 1 else format(number(price) / self.scale, "f")
        side = "sell" if int(direction) > 0 else "buy"
        return f'"price":"{shown}","size":"{size}","side":"{side}"'


def _range(given: Any) -> tuple[int, int | None]:
    """Data rows [i, j) of a case: a pair, "all", or -1 where only the last one is told of (all lead up to it)."""
    if given in ("all", None, -1):
        return 0, None
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        return int(given[0]), None if given[1] in (-1, None, "all") else int(given[1])
    if isinstance(given, int) and given >= 0:
        return given, given + 1
    raise CaseError(f'rows is [i, j], "all" or -1, not {given!r}')


def _is_there(price: str, size: str) -> bool:
    if size in ("", "0", "nan") or price in ("", "nan"):
        return False
    return abs(float(price)) < NOBODY and float(size) > 0


def until(case: Mapping[str, Any]) -> Decimal | None:
    """Where the data end, if the case says so: seconds after `from`."""
    start, end = option(case, "from"), option(case, "to")
    return None if end is None or start is None else number(end) - number(start)
