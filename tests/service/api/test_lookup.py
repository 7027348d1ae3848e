"""Names as people write them, and what is said where none fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.api.lookup import Selection, check_metrics, find, nearest, one_of, select_outputs, spellings
from service.api.problems import ProblemError
from tests.support.asking import desk
from tests.support.fake_engine import DECLARATIONS, FakeEngine

OUTPUTS = [output for declaration in DECLARATIONS for output in declaration.made]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["spread"], ["spread.price", "spread.ratio", "spread.ticks"]),
        (["spread.ratio"], ["spread.ratio"]),
        (
            ["depth.*bid}"],
            [f"depth.{field}{{band_bps={n},side=bid}}" for field in ("base", "quote") for n in (10, 100)],
        ),
        (["ofi{window=10s}", "mid*"], ["mid_price", "ofi{window=10s}"]),
        (["nothing"], []),
    ],
)
def test_metrics_by_key_by_field_by_name(patterns: list[str], found: list[str]) -> None:
    assert [OUTPUTS[place].name for place in select_outputs(OUTPUTS, patterns)] == found


def test_a_metric_that_is_none_is_told_with_near_names() -> None:
    told = check_metrics(FakeEngine(), ["spread", "queue_imbalanse"])
    assert told.startswith("no metric is called queue_imbalanse; did you mean queue_imbalance")
    assert check_metrics(FakeEngine(), ["zzz"]) == "no metric is called zzz"
    assert check_metrics(FakeEngine(), ["*"]) == ""


def test_spellings_of_a_symbol() -> None:
    assert spellings("btc/usdt:usdt") == {"BTC/USDT:USDT", "BTC-USDT-PERP"}
    assert spellings("BTC-USDT", "perp") == {"BTC-USDT", "BTC-USDT-PERP"}
    assert spellings("XBTUSD") == {"XBTUSD"}


def test_a_selection_without_symbols_takes_all_and_with_only_exact_ones_no_more() -> None:
    books = list(desk().books.values())
    assert [book for book in books if Selection().test()(book)] == books
    assert [book.symbol for book in books if Selection(symbols=("ETHUSDT",)).test()(book)] == ["ETH-USDT"]
    assert [book.venue for book in books if Selection(venues=("KRAKEN",)).test()(book)] == ["kraken"]


def test_no_book_at_all_is_told_as_such() -> None:
    empty = desk()
    empty.books.clear()
    with pytest.raises(ProblemError, match="no book has been asked for yet"):
        find(empty, "binance", "BTC-USDT")
    with pytest.raises(ProblemError, match=r"/api/v1/symbols\?venue=okx lists what is"):
        find(desk(), "okx", "zzz")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_no_pattern_raises(patterns: list[str], name: str) -> None:
    assert one_of(patterns)(name) in {True, False}
    nearest(name, patterns)
