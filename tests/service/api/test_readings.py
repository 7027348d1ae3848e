"""What is said of a book: complete, undefined as null, and never a number while it is not live."""

import orjson

from service.api.readings import Columns, feed, levels, reading, seconds_since
from tests.support.fake_engine import SECOND, T0, FakeBook, FakeEngine, FakeFeed

ENGINE = FakeEngine(FakeBook(numbers={"mid_price": 2.5, "ofi_up": 7.0}, beyond=("mid_price", "spread.ratio")))
(BOOK,) = ENGINE.books.values()


def test_columns_pick_none_one_many_or_all() -> None:
    for names in (), ("mid_price",), ("mid_price", "ofi_up"):
        patterns = names or ("nothing",)
        columns = Columns(patterns)
        assert columns.of(BOOK).names == names
        assert tuple(columns.values(BOOK, T0)) == names
    assert len(Columns().values(BOOK, T0)) == len(ENGINE.outputs)


def test_what_is_undefined_leaves_as_null() -> None:
    said = orjson.loads(orjson.dumps(reading(BOOK, Columns(["mid_price", "spread"]), T0)))
    assert said["values"] == {
        "spread.price": None,
        "spread.ratio": None,
        "spread.ticks": None,
        "mid_price": 2.5,
    }
    assert said["truncated"] == ["mid_price", "spread.ratio"]


def test_in_every_other_state_there_are_names_and_no_numbers() -> None:
    columns = Columns(["mid_price", "ofi_up"])
    for state in ("syncing", "stale", "crossed", "lost"):
        book = FakeBook(state=state, numbers=BOOK.numbers, outputs=ENGINE.outputs, beyond=("mid_price",))
        said = reading(book, columns, T0)
        assert said["values"] == {"mid_price": None, "ofi_up": None}
        assert said["truncated"] == []
        assert levels(book, 5, T0)["bids"] is None


def test_ages_never_run_backwards_and_what_never_was_has_none() -> None:
    assert seconds_since(T0, T0 + SECOND) == 1.0
    assert seconds_since(T0, T0 - SECOND) == 0.0
    assert seconds_since(0, T0) is None
    assert feed(FakeFeed(last_received=0), T0)["silent_seconds"] is None
