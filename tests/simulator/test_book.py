"""The true book."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from simulator.book import Book, Ladder, TrueBook
from simulator.listing import Listing
from simulator.scale import Scale


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5))), st.sampled_from(["bid", "ask"]))
def test_ladder_is_a_sorted_dict(puts: list[tuple[int, int]], side: str) -> None:
    ladder, plain = Ladder(side), {}  # type: ignore[arg-type]  # sampled from the two words
    for tick, lots in puts:
        ladder.put(tick, lots)
        plain[tick] = lots
    plain = {tick: lots for tick, lots in plain.items() if lots}
    order = sorted(plain, reverse=side == "bid")
    assert [ladder.tick(rank) for rank in range(len(ladder))] == order
    assert list(ladder.top(3).items()) == [(tick, plain[tick]) for tick in order[:3]]
    assert ladder.best() == (order[0] if order else None)


def test_true_book_is_in_native_units() -> None:
    book = Book()
    book.bids.put(100, 5)
    book.asks.put(101, 7)
    listing = Listing("X", "spot", "BTC", "USD", Scale("0.5"), Scale("0.001"))
    assert TrueBook.of(listing, *book.top(5)) == TrueBook(
        [(Decimal("50.0"), Decimal("0.005"))], [(Decimal("50.5"), Decimal("0.007"))]
    )
