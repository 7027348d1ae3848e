"""Columns of depth: the rows as they were kept, several together, and where knowledge ends."""

from __future__ import annotations

import numpy as np
import pytest

from service.recent.depth import columns, common_row
from service.recent.kept import SECOND, Kept
from tests.support.street import A, Street


def kept() -> Kept:
    street = Street(keys=("queue_imbalance",))
    found = Kept(street.open("binance", book=A), 10, ("queue_imbalance",), 0)
    found.sample(SECOND)
    return found


def test_a_column_is_the_book() -> None:
    one = kept()
    at = one.between(0, 1 << 62)
    row = common_row(one, at, 0.1)
    (column,) = columns(one, at, row)
    assert column is not None
    told = {round((column.bid_row - k) * row, 6): size for k, size in enumerate(column.bids) if size > 0}
    assert row == pytest.approx(0.1)
    assert told == {
        price: pytest.approx(size, rel=1e-3) for price, size in A["bids"][:3]
    }  # 80 rows end there
    asks = {round((column.ask_row + k) * row, 6): size for k, size in enumerate(column.asks) if size > 0}
    assert asks[100.1] == pytest.approx(2, rel=1e-3)


def test_wider_rows_hold_the_sum_and_end_where_one_is_not_whole() -> None:
    one = kept()
    at = one.between(0, 1 << 62)
    fine, wide = (next(columns(one, at, common_row(one, at, least))) for least in (0, 0.02))
    assert fine is not None
    assert wide is not None
    assert 3 <= len(fine.bids) / len(wide.bids) <= 5
    assert wide.bids[0] == pytest.approx(5, rel=2e-3)
    assert sum(wide.bids) <= sum(fine.bids) * 1.002


def test_what_was_not_live_is_no_column() -> None:
    one = kept()
    one.step[1] = 0
    at = np.array([1])
    assert common_row(one, at, 5.0) == 0
    assert list(columns(one, at, 1.0)) == [None]
