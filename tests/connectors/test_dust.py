"""Sizes with more digits than 63 bits hold beside the others: some decimals go, prices and eight decimals stay."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.book import OFF_SCALE, Book
from connectors.shape import ASKS, BIDS
from connectors.wire import Scanner

DUSTY, LARGE = ("2.75E-5", "3307.9982700421942"), ("2.0E-8", "5993289.85")  # HTX xvgeth, 2021-04-17


def filled(*messages: str) -> tuple[Book, int]:
    scan, book = Scanner({"bids": BIDS, "asks": ASKS}), Book(10, 2)
    fault = 0
    for message in messages:
        assert scan.scan(message.encode())
        fault = book.apply(scan, scan.level_from[0], scan.level_to[0])
    return book, fault


def bids(*levels: tuple[str, str]) -> str:
    return f'{{"bids":[{",".join(f"[{price},{size}]" for price, size in levels)}]}}'


@pytest.mark.parametrize(
    "messages",
    [
        [bids(DUSTY, LARGE)],
        [bids(LARGE, DUSTY)],
        [bids(LARGE), bids(DUSTY)],
        [bids(DUSTY), bids(LARGE), bids(DUSTY), bids(LARGE)],
    ],
)
def test_both_stand_in_the_book_whatever_comes_first(messages: list[str]) -> None:
    book, fault = filled(*messages)
    assert fault == 0
    found = {Decimal(price): Decimal(size) for price, size in book.levels(5)[0]}
    assert found.keys() == {Decimal("0.0000275"), Decimal("0.00000002")}
    assert found[Decimal("0.00000002")] == Decimal("5993289.85")
    assert abs(found[Decimal("0.0000275")] - Decimal(DUSTY[1])) < Decimal("1e-8")
    assert 8 <= book.size_places < 13


def test_what_is_there_never_becomes_nothing() -> None:
    book, fault = filled(bids(("1", "0.0000000000001"), ("2", "5993289.85")))
    assert fault == 0
    assert [price for price, _ in book.levels(5)[0]] == ["2", "1"]


def test_eight_decimals_are_never_given_up() -> None:
    small, huge = ("1", "0.123456789"), ("2", "900000000000000000")
    for messages in ([bids(small, huge)], [bids(huge, small)]):
        _, fault = filled(*messages)
        assert fault == OFF_SCALE


def test_a_price_is_never_rounded() -> None:
    _, fault = filled(bids(("1000000000", "1"), ("0.0000000000000001", "1")))
    assert fault == OFF_SCALE
