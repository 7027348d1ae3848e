"""Books that cross by design: the older level is hidden, the raw book is kept, and what is shown never crosses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors import all_venues
from connectors.session import Session
from connectors.sync import LINGERING, LIVE, LOST, Pair

NOW = 1_790_000_000_000_000_000
Levels = list[tuple[str, str]]
Change = tuple[int, int, int]  # side, price, size


class Node:
    """A session on dYdX's feed and the frames that it hears."""

    def __init__(self) -> None:
        venue = all_venues()["dydx", "perp"]()
        self.session = Session(venue, "")
        self.pair = self.session.add(Pair(venue, venue.infer("BTC-USD")))
        self.session.keeper.prepare(self.pair)
        self.session.keeper.opened(NOW)
        self.now, self.number = NOW, 0

    def hear(self, kind: str, contents: Any, *, after: int = 100_000_000) -> Node:
        self.now, self.number = self.now + after, self.number + 1
        frame = {"type": kind, "message_id": self.number, "channel": "v4_orderbook", "id": "BTC-USD"}
        self.session.received(json.dumps(frame | {"contents": contents}).encode(), self.now)
        return self

    def image(self, bids: Levels, asks: Levels) -> Node:
        rows = [[{"price": price, "size": size} for price, size in side] for side in (bids, asks)]
        return self.hear("subscribed", {"bids": rows[0], "asks": rows[1]})

    def batch(self, *parts: dict[str, Any], after: int = 100_000_000) -> Node:
        return self.hear("channel_batch_data", list(parts), after=after)

    @property
    def shown(self) -> tuple[Levels, Levels]:
        return self.pair.book.levels(100)


def started() -> Node:
    return Node().image([("100", "5"), ("99", "3")], [("101", "2"), ("102", "6")])


def test_the_older_side_of_a_crossing_is_hidden_and_comes_back() -> None:
    node = started().batch({"bids": [["101", "1"]]})
    assert node.pair.state == LIVE
    assert node.shown == ([("101", "1"), ("100", "5"), ("99", "3")], [("102", "6")])
    assert node.pair.raw_levels(9)[1] == [("101", "2"), ("102", "6")], "the raw book is kept"
    node.batch({"bids": [["101", "0"]]})
    assert node.shown == ([("100", "5"), ("99", "3")], [("101", "2"), ("102", "6")])
    assert not node.pair.uncrossing.hidden


def test_a_zero_for_a_hidden_level_takes_it_out_of_the_raw_book() -> None:
    node = started().batch({"bids": [["101", "1"]]}).batch({"asks": [["101", "0"]]})
    assert node.pair.raw_levels(9)[1] == [("102", "6")]
    node.batch({"bids": [["101", "0"]]})
    assert node.shown == ([("100", "5"), ("99", "3")], [("102", "6")])


def test_what_stands_later_in_a_batch_is_newer() -> None:
    node = started().batch({"bids": [["101.5", "4"]]}, {"asks": [["101", "2"]]})
    assert node.shown == ([("100", "5"), ("99", "3")], [("101", "2"), ("102", "6")])
    assert node.pair.raw_levels(1)[0] == [("101.5", "4")]


def test_of_levels_of_one_message_the_smaller_size_is_taken_from_both() -> None:
    node = started().batch({"bids": [["101", "3"]], "asks": [["101", "2"]]})
    assert node.shown == ([("101", "1"), ("100", "5"), ("99", "3")], [("102", "6")])
    assert node.pair.raw_levels(1) == ([("101", "3")], [("101", "2")])
    node.batch({"bids": [["98", "1"]]})
    assert node.shown[0][0] == ("101", "1"), "from the raw sizes each time, not from what was left"


def test_a_book_that_crosses_for_more_than_a_minute_is_given_up() -> None:
    node = started().batch({"bids": [["101", "1"]]})
    node.batch({"bids": [["98", "1"]]}, after=LINGERING - 1)
    assert node.pair.state == LIVE
    node.batch({"bids": [["98", "2"]]}, after=2)
    assert (node.pair.state, node.pair.reason) == (LOST, "crossed")


def test_a_hole_in_the_numbers_costs_every_book() -> None:
    node = started()
    node.number += 1
    node.batch({"bids": [["98", "1"]]})
    assert (node.pair.state, node.pair.reason, node.pair.gaps) == (LOST, "gap", 1)


def plainly(sides: list[dict[int, tuple[int, int]]]) -> list[dict[int, int]]:
    """The documents' procedure on a copy: price -> size of what is left. `sides` hold (size, age)."""
    bids, asks = (dict(side) for side in sides)
    while bids and asks and max(bids) >= min(asks):
        bid, ask = max(bids), min(asks)
        (bid_size, bid_age), (ask_size, ask_age) = bids.pop(bid), asks.pop(ask)
        if bid_age > ask_age:
            bids[bid] = bid_size, bid_age
        elif bid_age < ask_age:
            asks[ask] = ask_size, ask_age
        elif bid_size > ask_size:
            bids[bid] = bid_size - ask_size, bid_age
        elif bid_size < ask_size:
            asks[ask] = ask_size - bid_size, ask_age
    return [{price: size for price, (size, _) in side.items()} for side in (bids, asks)]


changes = st.lists(
    st.lists(st.tuples(st.integers(0, 1), st.integers(95, 105), st.integers(0, 4)), min_size=1, max_size=4),
    max_size=12,
)


@given(messages=changes)
def test_any_changes_show_what_the_documents_procedure_leaves(messages: list[list[Change]]) -> None:
    node, raw = started(), [{100: (5, 0), 99: (3, 0)}, {101: (2, 0), 102: (6, 0)}]
    for age, message in enumerate(messages, 1):
        contents: dict[str, list[Any]] = {}
        for side, price, size in message:
            contents.setdefault("asks" if side else "bids", []).append([str(price), str(size)])
        for key, rows in contents.items():
            for price, size in rows:
                side = int(key == "asks")
                raw[side].pop(int(price), None)
                if int(size):
                    raw[side][int(price)] = int(size), age
        node.batch(contents, after=1_000_000)
        assert node.pair.state == LIVE
        for ours, wanted in zip(node.shown, plainly(raw), strict=True):
            assert {int(Decimal(price)): int(size) for price, size in ours} == wanted
        for ours, kept in zip(node.pair.raw_levels(100), raw, strict=True):
            assert {int(Decimal(price)): int(size) for price, size in ours} == {
                p: n for p, (n, _) in kept.items()
            }
