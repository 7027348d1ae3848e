"""A book's samples: what is kept of it, in which rows, and that what was not live is a gap."""

from __future__ import annotations

import numpy as np
import pytest

from service.plan import Plan
from service.recent.kept import SECOND, Kept, row_height, size_of, touch, wanted
from service.recent.settings import OUTPUTS
from tests.support.street import A, B, Street

GLOBS = ("queue_imbalance", "consolidated_bbo.mid")


def test_statistics_are_kept_only_where_they_are_named() -> None:
    outputs = Plan(["depth_imbalance", "micro_price"]).outputs
    names = [outputs[place].name for place in wanted(outputs, ["depth_imbalance", "micro_price"])]
    assert names == ["micro_price", *(f"depth_imbalance{{levels={count}}}" for count in (1, 5, 10, 20))]
    named = wanted(outputs, ["depth_imbalance{levels=5,stat=min}"])
    assert [outputs[place].name for place in named] == ["depth_imbalance{levels=5,stat=min}"]


def test_two_hundred_books_fit_into_the_default() -> None:
    kept = len(wanted(Plan().outputs, OUTPUTS))
    assert 35 <= kept <= 45
    assert 200 * size_of(900, kept) < 150e6


@pytest.mark.parametrize(
    ("price", "tick", "height"),
    [
        (64_000.0, 0.1, 5.0),
        (64_000.0, 0.01, 5.0),
        (3_000.0, 0.01, 0.2),
        (0.1, 0.00001, 0.00001),
        (2.0, float("nan"), 1e-4),
    ],
)
def test_rows_are_half_a_basis_point_and_whole_ticks(price: float, tick: float, height: float) -> None:
    assert row_height(price, tick) == pytest.approx(height)


def test_a_book_and_its_group_are_sampled_and_a_loss_is_a_gap() -> None:
    street = Street(keys=("queue_imbalance",))
    own = street.open("binance", book=A)
    street.open("okx", book=B)
    group = street.engine.books["consolidated", "spot", "BTC-USDT"]
    kept, both = (Kept(book, 10, GLOBS, street.now) for book in (own, group))
    first = street.now + SECOND
    for one in (kept, both):
        one.sample(first)
    assert kept.names == ["queue_imbalance"]
    at = kept.between(0, 1 << 62)
    assert kept.stamp[at].tolist() == [first]
    assert kept.values[at, 0] == pytest.approx([3 / 7])
    assert kept.touch[at].tolist() == [pytest.approx([100.0, 100.1])]
    assert kept.bids[at[0], 0] > 0
    place = both.between(0, 1 << 62)[0]
    assert both.touch[place].tolist() == pytest.approx([100.2, 100.1])  # two venues may cross
    street.sessions["binance", "BTC-USDT"].keeper.closed("gone", street.now)
    assert own.state != "live"
    kept.sample(first + SECOND)
    at = kept.between(first + 1, 1 << 62)
    assert np.isnan(kept.values[at]).all()
    assert not kept.live[at].any()
    assert kept.step[at].tolist() == [0.0]


def test_old_samples_are_written_over_and_never_read_as_new() -> None:
    street = Street(keys=("queue_imbalance",))
    kept = Kept(street.open("binance", book=A), 5, GLOBS, 0)
    for second in (100, 101, 102, 105):
        kept.sample(second * SECOND)
    assert (kept.stamp[kept.between(0, 1 << 62)] // SECOND).tolist() == [101, 102, 105]
    assert (kept.stamp[kept.between(104 * SECOND, 1 << 62)] // SECOND).tolist() == [105]


def test_a_group_that_gets_a_venue_keeps_what_it_had() -> None:
    street = Street()
    for venue in ("binance", "okx"):
        street.open(venue, book=A)
    group = street.engine.books["consolidated", "spot", "BTC-USDT"]
    kept = Kept(group, 10, ("venue_depth_share*", "consolidated_bbo.mid"), 0)
    before = list(kept.names)
    kept.sample(SECOND)
    street.open("kraken", book=A)
    kept.sample(2 * SECOND)
    assert kept.names[: len(before)] == before
    assert len(kept.names) > len(before)
    fresh = kept.names.index(next(name for name in kept.names if "kraken" in name))
    assert np.isnan(kept.values[1, fresh])
    assert kept.values[2, fresh] == pytest.approx(1 / 3)


def test_an_empty_side_has_no_touch() -> None:
    street = Street()
    own = street.open("binance", book={"bids": A["bids"], "asks": []})
    bid, ask = touch(own.context.book, 0.1)
    assert bid > 0
    assert np.isnan(ask)
