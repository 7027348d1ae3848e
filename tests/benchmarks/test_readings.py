"""The values that the peers are timed with, and the plain book that they are held against."""

from decimal import Decimal

import pytest

from benchmarks.frames import Touch
from benchmarks.readings import Readings, differences, expected
from tests.benchmarks import recorded


def test_expected_values_of_a_stream_made_by_hand() -> None:
    right = expected(recorded.stream(), 3)
    assert right.touch() == Touch(Decimal("10.1"), Decimal(2), Decimal("10.2"), Decimal(4))
    assert right.bids == [(Decimal("10.1"), 2), (Decimal("10.0"), 6), (Decimal("9.9"), 7)]
    assert right.asks == [(Decimal("10.2"), 4), (Decimal("10.3"), 8)]
    assert right.queue_imbalance == pytest.approx((2 - 4) / 6)
    assert right.depth_imbalance_5 == right.depth_imbalance_20 == pytest.approx((15 - 12) / 27)
    assert right.weighted_mid_price == pytest.approx((10.2 * 2 + 10.1 * 4) / 6)
    assert right.ofi == 1 + 3 + 2


def test_imbalance_takes_the_stated_number_of_levels() -> None:
    readings = Readings()
    readings.update(
        [(100.0 - rank, 2.0) for rank in range(20)], [(101.0 + rank, float(rank)) for rank in range(1, 21)]
    )
    latest = readings.latest
    assert latest is not None
    assert latest.depth_imbalance_5 == pytest.approx((10 - 15) / 25)
    assert latest.depth_imbalance_10 == pytest.approx((20 - 55) / 75)
    assert latest.depth_imbalance_20 == pytest.approx((40 - 210) / 250)


@pytest.mark.parametrize(
    ("bid", "ask", "ofi"),
    [
        ((10, 8), (11, 5), 3),  # bid size up by 3
        ((10.5, 8), (11, 5), 8),  # bid price up: its new size
        ((9.5, 8), (11, 5), -5),  # bid price down: its old size
        ((10, 5), (11, 8), -3),  # ask size up by 3
        ((10, 5), (11.5, 8), 5),  # ask price up: its old size
        ((10, 5), (10.5, 8), -8),  # ask price down: its new size
    ],
)
def test_order_flow_of_one_change(bid: tuple[float, float], ask: tuple[float, float], ofi: float) -> None:
    readings = Readings()
    readings.update([(10, 5)], [(11, 5)])
    readings.update([bid], [ask])
    assert readings.latest is not None
    assert readings.latest.ofi == ofi


def test_one_sided_book_has_no_values() -> None:
    readings = Readings()
    readings.update([], [(11, 5)])
    assert readings.latest is None


def test_differences_name_what_is_wrong() -> None:
    stream = recorded.stream()
    right = expected(stream, 3)
    assert differences(right, right) == []
    assert differences(None, right) == ["no reading"]
    wrong = " ".join(differences(expected(stream, 2), right))
    assert "best prices" in wrong
    assert "best 20 bids" in wrong
    assert "ofi 4.0 instead of 6.0" in wrong
