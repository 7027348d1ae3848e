"""Rows of depth equal a plain sum over the levels, and sizes survive their 16 bits."""

from __future__ import annotations

import random
from math import floor, isnan

import numpy as np
import pytest

from connectors.book import Book
from service.recent.fold import ROWS, UNKNOWN, encode, fold, sizes_of_codes


def book(seed: int, *, inverse: bool = False) -> Book:
    chance = random.Random(seed)
    made = Book(1, 3)
    made.set_contract(100.0 if inverse else 1.0, inverse)
    for _ in range(400):
        made.put(0, chance.randint(9_000, 9_999), 1, chance.randint(1, 5_000), 3, 0)
        made.put(1, chance.randint(10_000, 11_000), 1, chance.randint(1, 5_000), 3, 0)
    return made


def plain(made: Book, per_row: int, row: int, *, bids: bool) -> list[float]:
    """What stands in each row, added level by level."""
    found = [0.0] * ROWS
    for key, size, _ in (made.bids if bids else made.asks).levels(1000):
        place = (row - floor(-key / per_row)) if bids else (floor(key / per_row) - row)
        if place < ROWS:
            worth = size / 1000 * made.contract_size
            found[max(0, place)] += worth / (abs(key) / 10) if made.inverse else worth
    return found


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("per_row", [1, 7, 20])
def test_rows_equal_a_plain_sum(per_row: int, inverse: bool) -> None:
    for seed in range(3):
        made = book(seed, inverse=inverse)
        bid_row, ask_row = floor(-made.bids.best() / per_row), floor(made.asks.best() / per_row)
        bids, asks = np.zeros(ROWS), np.zeros(ROWS)
        fold(made, float(per_row), bid_row, ask_row, bids, asks)
        assert bids == pytest.approx(plain(made, per_row, bid_row, bids=True), abs=1e-9)
        assert asks == pytest.approx(plain(made, per_row, ask_row, bids=False), abs=1e-9)
        true = plain(made, per_row, bid_row, bids=True)
        assert not any(
            bids[k] for k in range(ROWS) if true[k] == 0
        )  # without a level it is 0 to the last bit


def test_two_books_add_up_and_what_is_not_proven_is_not_known() -> None:
    one, other = book(1), book(2)
    other.bid_floor, other.ask_ceiling = 9_900, 10_099
    bids, asks = np.zeros(ROWS), np.zeros(ROWS)
    for each in (one, other):
        fold(each, 10.0, 999, 1_000, bids, asks)
    bid_sum = [
        sum(pair) for pair in zip(*(plain(each, 10, 999, bids=True) for each in (one, other)), strict=True)
    ]
    assert bids[:10] == pytest.approx(bid_sum[:10])
    assert not np.isnan(asks[:10]).any()
    assert np.isnan(bids[10:]).all()
    assert np.isnan(asks[10:]).all()


def test_a_fraction_of_a_price_step_is_put_where_it_belongs() -> None:
    made = Book(0, 0)
    for price in (99, 100):
        made.put(0, price, 0, 1, 0, 0)
    bids, asks = np.zeros(4), np.zeros(4)
    fold(made, 0.5, 200, 202, bids, asks)  # rows of half a price unit
    assert list(bids) == [1, 0, 1, 0]
    assert not asks.any()


def test_sizes_survive_their_codes() -> None:
    sizes = np.array([0.0, float("nan"), 1e-12, 3e-5, 1.0, 1234.5678, 9e14, 1e-30, 1e30])
    codes = np.zeros(len(sizes), np.uint16)
    encode(sizes, codes)
    told = sizes_of_codes()[codes]
    assert codes[0] == told[0] == 0
    assert codes[1] == UNKNOWN
    assert isnan(told[1])
    assert told[2:7] == pytest.approx(sizes[2:7], rel=6e-4)
    assert 0 < told[7] < told[8] < float("inf")  # what is beyond the scale ends at its ends
