"""Times by price against a dictionary: what was put is found, what was taken out is not, however many there are."""

from __future__ import annotations

import random

from service.metrics.prices import TimeByPrice


def test_a_price_has_the_time_that_it_was_given_last() -> None:
    drawn = random.Random(7)
    table, known = TimeByPrice(), dict[float, int]()
    for t in range(50_000):
        price = drawn.randrange(1, 3_000) / 100
        if drawn.random() < 0.55:
            table.put(price, t)
            known[price] = t
        else:
            assert table.pop(price) == known.pop(price, -1)
        assert table.count == len(known)
    assert {price: table.pop(price) for price in list(known)} == known
    assert table.count == 0


def test_a_table_that_was_cleared_knows_nothing() -> None:
    table = TimeByPrice()
    for k in range(1_000):
        table.put(k / 8, k)
    table.clear()
    assert table.count == 0
    assert [table.pop(k / 8) for k in range(1_000)] == [-1] * 1_000
