"""Recordings that went wrong: one message lost, doubled, late or cut, at a chosen place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .captures import Line

KINDS = ("dropped", "doubled", "swapped", "cut")


@dataclass(frozen=True)
class Message:
    """A book message: at which line, of which symbols, and whether it is a whole book."""

    at: int
    symbols: tuple[str, ...]
    whole: bool


def read(line: Line) -> Any:
    """An inbound frame, decoded; None for anything else."""
    if line["ch"] != "ws" or line["dir"] != "in" or not line.get("msg"):
        return None
    try:
        return json.loads(line["msg"])
    except ValueError:
        return None


def message(at: int, line: Line) -> Message | None:
    """What book message stands in this line, by the venues' documents; written without the project's own readers."""
    said = read(line)
    if not isinstance(said, dict):
        return None
    data = said.get("data")
    inner = data if isinstance(data, dict) else said
    if inner.get("e") == "depthUpdate":
        return Message(at, (inner["s"],), False)
    if "action" in said and said["arg"]["channel"].startswith("books"):
        return Message(at, (said["arg"]["instId"],), said["action"] == "snapshot")
    if str(said.get("topic", "")).startswith("orderbook."):
        return Message(at, (said["data"]["s"],), said["type"] == "snapshot")
    if str(said.get("topic", "")).startswith("/market/level2:"):
        return Message(at, (said["data"]["symbol"],), False)
    if said.get("channel") == "l2_data":
        return Message(
            at, tuple(e["product_id"] for e in said["events"]), said["events"][0]["type"] == "snapshot"
        )
    if said.get("channel") == "book":
        return Message(at, tuple(row["symbol"] for row in said["data"]), said["type"] == "snapshot")
    if str(said.get("channel", "")).startswith("diff_order_book_") and said["event"] == "data":
        return Message(at, (said["channel"].rsplit("_", 1)[-1],), False)
    if str(said.get("channel", "")).endswith(".order_book_update") and said["event"] == "update":
        return Message(at, (said["result"]["s"],), False)
    if said.get("type") == "l2_updates":
        return Message(at, (said["symbol"],), "trades" in said)
    if said.get("type") in ("snapshot", "l2update"):
        return Message(at, (said["product_id"],), said["type"] == "snapshot")
    return None


def messages(content: Sequence[Line]) -> list[Message]:
    """All book messages of a recording."""
    return [found for at, line in enumerate(content) if (found := message(at, line)) is not None]


def of(content: Sequence[Line], symbol: str) -> list[Message]:
    """The book messages of a symbol."""
    return [one for one in messages(content) if symbol in one.symbols]


def excerpt(content: Sequence[Line], most: int) -> list[Line]:
    """The books alone, up to so many messages: the recording of a client that wanted nothing else."""
    found: list[Line] = []
    for at, line in enumerate(content):
        book = message(at, line) is not None
        most -= book
        if book or line["ch"] == "http" or line["dir"] == "out":
            found.append(line)
        if most <= 0:
            break
    return found


def others(content: Sequence[Line]) -> list[int]:
    """Lines with what came in beside books: prints, tickers, acks."""
    books = {one.at for one in messages(content)}
    return [
        at
        for at, line in enumerate(content)
        if line["ch"] == "ws" and line["dir"] == "in" and line.get("msg") and at not in books
    ]


def dropped(content: Sequence[Line], at: int) -> list[Line]:
    return [*content[:at], *content[at + 1 :]]


def doubled(content: Sequence[Line], at: int) -> list[Line]:
    return [*content[: at + 1], content[at], *content[at + 1 :]]


def swapped(content: Sequence[Line], at: int, later: int) -> list[Line]:
    """The frames at two lines change places; receive times stay where they were."""
    fresh = list(content)
    fresh[at], fresh[later] = (
        {**content[at], "msg": content[later]["msg"]},
        {**content[later], "msg": content[at]["msg"]},
    )
    return fresh


def cut(content: Sequence[Line], at: int, length: int) -> list[Line]:
    """Only the first `length` characters of a frame arrived."""
    fresh = list(content)
    fresh[at] = {**content[at], "msg": content[at]["msg"][:length]}
    return fresh
