"""The book against a dict and a sort, over random streams and by the edges that have bitten."""

from __future__ import annotations

import json
import math
import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.book import NOWHERE, OFF_SCALE, TOP, Book, as_written, plain
from connectors.shape import ASKS, BIDS
from connectors.wire import EXPONENT, Scanner

LAYOUT = {"b": BIDS, "a": ASKS}


class Reference:
    """A dict a side. Prices and sizes are decimals."""

    def __init__(self) -> None:
        self.sides: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})

    def put(self, side: int, price: Decimal, size: Decimal) -> None:
        if size:
            self.sides[side][price] = size
        else:
            self.sides[side].pop(price, None)

    def sorted(self, side: int) -> list[tuple[Decimal, Decimal]]:
        return sorted(self.sides[side].items(), reverse=side == 0)

    def keep(self, depth: int) -> None:
        for side in (0, 1):
            for price, _ in self.sorted(side)[depth:]:
                del self.sides[side][price]


def levels(book: Book) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
    bids, asks = book.levels(10**9)
    return [(Decimal(p), Decimal(q)) for p, q in bids], [(Decimal(p), Decimal(q)) for p, q in asks]


def put(book: Book, side: int, price: Decimal, size: Decimal) -> int:
    places = [max(0, -int(one.as_tuple().exponent)) for one in (price, size)]
    return book.put(
        side,
        int(price.scaleb(places[0])),
        places[0],
        int(size.scaleb(places[1])),
        places[1],
        places[0] | places[1] << 8,
    )


def compare(book: Book, plain_book: Reference, contract: Decimal = Decimal(1), inverse: bool = False) -> None:
    """Levels, counts, the numbers of the best levels, and the sums over depth."""
    expected = plain_book.sorted(0), plain_book.sorted(1)
    assert levels(book) == expected
    assert (book.bids.count, book.asks.count) == (len(expected[0]), len(expected[1]))
    book.refresh()
    for side, sign, found, wanted in zip(
        (book.bids, book.asks), (-1, 1), book.best_levels(), expected, strict=True
    ):
        base = [size * contract / (price if inverse else 1) for price, size in wanted]
        quote = [one * price for one, (price, _) in zip(base, wanted, strict=True)]
        assert [price for price, _ in found] == [
            float(price) for price, _ in wanted[:TOP]
        ]  # correctly rounded
        assert [size for _, size in found] == pytest.approx([float(one) for one in base[:TOP]], rel=1e-15)
        total = book.bid_sum if sign < 0 else book.ask_sum
        for depth in (1, 2, 5, TOP):
            assert total(depth) == pytest.approx(float(sum(base[:depth])), rel=1e-12)
        if not wanted:
            assert side.best() == side.worst() == NOWHERE
            continue
        keys = [int(sign * price.scaleb(book.price_places)) for price, _ in wanted]
        assert (side.best(), side.worst()) == (keys[0], keys[-1])
        for n in {0, 1, len(keys) // 3, len(keys) // 2, len(keys) - 1}:
            for key, upto in (
                ((keys[n - 1], n), (keys[n - 1] - 1, n - 1))
                if n
                else ((keys[0] - 1, 0), (keys[-1], len(keys)))
            ):
                side.sum_to(key)
                assert side.base == pytest.approx(float(sum(base[:upto])), rel=1e-9)
                assert side.quote == pytest.approx(float(sum(quote[:upto])), rel=1e-9)
        for n, key in enumerate(keys[::7]):  # each goes on where the one before ended
            side.sum_to(key, n > 0)
            assert side.base == pytest.approx(float(sum(base[: 7 * n + 1])), rel=1e-9)
        if len(keys) < 300:
            mid, scale = float(wanted[0][0]) * (1 + 1e-4 * -sign), float(wanted[0][0]) * 1e-3
            last = keys[len(keys) // 2]
            slow = sum(
                float(one) * math.exp(-abs(float(price) - mid) / scale)
                for one, (price, _), key in zip(base, wanted, keys, strict=True)
                if key <= last
            )
            assert side.decayed(mid, scale, last) == pytest.approx(slow, rel=1e-9, abs=1e-300)


CONTRACTS = [(Decimal(1), False), (Decimal("0.01"), False), (Decimal(100), True), (Decimal(1), True)]


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    spread=st.sampled_from([5, 60, 2_000]),
    contract=st.sampled_from(CONTRACTS),
    truncated=st.sampled_from([0, 0, 25, 400]),
)
def test_a_random_stream(seed: int, spread: int, contract: tuple[Decimal, bool], truncated: int) -> None:
    """Puts, deletions of known and unknown levels, moving prices, and decimals that come later."""
    dice, book, slow = random.Random(seed), Book(1, 0), Reference()
    book.set_contract(float(contract[0]), contract[1])
    middle, places = 20_000, 1
    for n in range(1_500):
        if n % 300 == 299:
            places = min(places + dice.randrange(2), 4)
            middle += dice.randrange(-spread, spread)
        side = dice.randrange(2)
        away = Decimal(int(dice.expovariate(1 / spread)) + 1).scaleb(-places)
        price = max(Decimal(1), Decimal(middle).scaleb(-1) + (away if side else -away))
        size = dice.choice(
            [Decimal(0), Decimal(dice.randrange(1, 10**6)).scaleb(-dice.choice([0, 1, places + 1]))]
        )
        assert put(book, side, price, size) == 0
        slow.put(side, price, size)
        if truncated and n % 7 == 0:
            book.truncate(truncated)
            slow.keep(truncated)
        if n % 250 == 0:
            compare(book, slow, *contract)
        if n % 10 == 0:
            book.refresh()  # so that what is stale is really found to be
    compare(book, slow, *contract)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_messages_from_frames(seed: int) -> None:
    """Frames through the scanner: the same book, whatever order and zeros they come with."""
    dice, book, slow, scanner = random.Random(seed), Book(), Reference(), Scanner(LAYOUT)
    for version in range(1, 60):
        sides: list[list[list[str]]] = []
        for side in (0, 1):
            ticks = dice.sample(range(1, 3_000), dice.choice([0, 1, 3, 40, 400]))
            if dice.random() < 0.7:
                ticks.sort(reverse=dice.random() < 0.5)
            rows = []
            for tick in ticks:
                price = Decimal(10_000 + (tick if side else -tick)).scaleb(-2)
                size = Decimal(dice.choice([0, dice.randrange(1, 10**5)])).scaleb(-3)
                rows.append([f"{price}{'0' * dice.randrange(3)}", str(size)])
                slow.put(side, price, size)
            sides.append(rows)
        assert scanner.scan(json.dumps({"b": sides[0], "a": sides[1]}).encode())
        assert book.apply(scanner, 0, scanner.levels) == 0
        assert book.version == version
        if version % 10 == 0:
            compare(book, slow)


def test_whole_books_in_any_order() -> None:
    for order in (1, -1, 0):
        for count in (1, 31, 32, 33, 64, 65, 1_000, 5_000):
            book, slow, ticks = Book(), Reference(), list(range(count))[:: order or 1]
            if order == 0:
                random.Random(count).shuffle(ticks)
            for tick in ticks:
                for side, price in ((0, 10_000 - tick), (1, 10_001 + tick)):
                    slow.put(side, Decimal(price), Decimal(tick + 1))
                    put(book, side, Decimal(price), Decimal(tick + 1))
            compare(book, slow)
            for tick in ticks[::3] + ticks[1::3] + ticks[2::3]:
                for side, price in ((0, 10_000 - tick), (1, 10_001 + tick)):
                    put(book, side, Decimal(price), Decimal(0))
            assert levels(book) == ([], [])
            compare(book, Reference())


# -- scales ------------------------------------------------------------------------------------------------------


def test_more_decimals_widen_the_book_and_its_bounds() -> None:
    book = Book(1, 0)
    put(book, 0, Decimal("99.5"), Decimal(3))
    put(book, 1, Decimal("100.5"), Decimal(4))
    book.bid_floor, book.ask_ceiling = 900, 1100
    assert put(book, 0, Decimal("99.123"), Decimal("0.00000001")) == 0
    assert (book.price_places, book.size_places) == (3, 8)
    assert (book.bid_floor, book.ask_ceiling) == (90_000, 110_000)
    assert book.levels(9) == ([("99.5", "3"), ("99.123", "0.00000001")], [("100.5", "4")])
    book.clear()
    assert (book.bid_floor, book.ask_ceiling) == (-NOWHERE, NOWHERE)
    book.widen(4, 8)
    assert (book.bid_floor, book.ask_ceiling) == (-NOWHERE, NOWHERE), "no bound stays none"


def test_what_no_longer_fits_is_refused_and_changes_nothing() -> None:
    book = Book(0, 0)
    assert book.put(0, 4 * 10**18, 0, 4 * 10**18, 0, 0) == 0
    assert book.put(1, 4 * 10**18 + 1, 0, 1, 0, 0) == OFF_SCALE
    assert book.put(1, 15, 1, 1, 0, 0) == OFF_SCALE, "the bid has no room for a decimal"
    assert book.put(1, 1, 0, 15, 1, 0) == OFF_SCALE
    assert book.put(1, 1, 19, 1, 0, 0) == OFF_SCALE
    assert (book.price_places, book.size_places) == (0, 0)
    assert book.levels(9) == ([(str(4 * 10**18), str(4 * 10**18))], [])
    whole = Book(0, 8)
    assert whole.put(1, 1, 0, 2**63 - 1, 8, 0) == 0, "as some venues write 'all there is'"
    assert whole.put(1, 2, 0, 92_233_720_369, 0, 0) == OFF_SCALE
    deep = Book(18, 18)
    assert deep.put(0, 4, 0, 4, 0, 0) == 0
    assert deep.put(0, 5, 0, 1, 0, 0) == OFF_SCALE
    assert deep.levels(9) == ([("4", "4")], [])


@given(st.integers(1, 4 * 10**18), st.integers(0, 18), st.integers(1, 4 * 10**18), st.integers(0, 18))
def test_numbers_of_any_scale(price: int, price_places: int, size: int, size_places: int) -> None:
    book = Book()
    assert book.put(1, price, price_places, size, size_places, 0) == 0
    assert levels(book) == ([], [(Decimal(price).scaleb(-price_places), Decimal(size).scaleb(-size_places))])
    book.refresh()
    found = book.best_levels()[1][0]
    exact = price / 10**price_places, size / 10**size_places
    assert found == exact if max(price, size) <= 2**53 else found == pytest.approx(exact, rel=3e-16)


def test_a_message_that_does_not_fit_says_so() -> None:
    book, scanner = Book(), Scanner(LAYOUT)
    assert scanner.scan(b'{"b":[["1.5","1"],["5000000000000000000","1"]]}')
    assert book.apply(scanner, 0, scanner.levels) == OFF_SCALE


# -- units -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", ["1", "0.01", "0.1", "0.001", "10", "100", "0.00001", "1000", "0.3"])
def test_sizes_in_base_are_correctly_rounded(contract: str) -> None:
    book = Book(1, 1)
    book.set_contract(float(contract), False)
    for n in range(1, 200):
        book.clear()
        put(book, 1, Decimal("0.5"), Decimal(n * 37).scaleb(-1))
        book.refresh()
        assert book.best_levels()[1] == [(0.5, float(Decimal(n * 37).scaleb(-1) * Decimal(contract)))]


def test_an_unknown_contract_has_prices_but_no_sizes() -> None:
    book = Book()
    book.set_contract(float("nan"), True)
    put(book, 0, Decimal(5), Decimal(7))
    book.refresh()
    ((price, size),), asks = book.best_levels()
    assert price == 5
    assert math.isnan(size)
    assert asks == []
    assert math.isnan(book.bid_sum(1))
    assert book.levels(1) == ([("5", "7")], [])


# -- bounds ------------------------------------------------------------------------------------------------------


def test_sums_are_known_as_far_as_the_book_is_proven() -> None:
    book = Book()
    for n in range(3):
        put(book, 0, Decimal(100 - n), Decimal(1))
        put(book, 1, Decimal(101 + n), Decimal(2))
    book.refresh()
    assert (book.bid_sum(3), book.bid_sum(9), book.ask_sum(9)) == (3, 3, 6)
    book.bid_floor, book.ask_ceiling = 99, 102
    assert (book.bid_sum(2), book.ask_sum(2)) == (2, 4)
    assert all(
        math.isnan(one) for one in (book.bid_sum(3), book.bid_sum(9), book.ask_sum(3), book.ask_sum(9))
    )
    empty = Book()
    empty.refresh()
    assert (empty.bid_sum(5), empty.ask_sum(5)) == (0, 0)


def test_the_farthest_levels_go_where_there_are_too_many() -> None:
    book, scanner, slow = Book(most=100), Scanner(LAYOUT), Reference()
    dice = random.Random(3)
    for _ in range(200):
        rows = [[str(10_000 - dice.randrange(1, 400)), str(dice.randrange(4))] for _ in range(20)]
        assert scanner.scan(json.dumps({"b": rows}).encode())
        assert book.apply(scanner, 0, scanner.levels) == 0
        for price, size in rows:
            slow.put(0, Decimal(price), Decimal(size))
        slow.keep(100)
        compare(book, slow)
        if book.capped:
            assert book.bid_floor >= slow.sorted(0)[-1][0] or book.bids.count < 100
    assert book.capped
    assert book.bid_floor > -NOWHERE
    assert book.ask_ceiling == NOWHERE


def test_truncation_reaches_into_the_best_levels() -> None:
    book = Book()
    for n in range(30):
        put(book, 0, Decimal(100 - n), Decimal(1))
    book.refresh()
    book.truncate(25)
    assert not book.refresh(), "the best levels did not change"
    book.truncate(5)
    assert book.refresh()
    assert len(book.best_levels()[0]) == 5
    book.truncate(0)
    book.refresh()
    assert book.best_levels() == ([], [])


def test_the_last_of_the_best_levels_is_found_over_blocks() -> None:
    book, drawn = Book(), random.Random(5)
    assert (book.bids.last_of(3), book.asks.last_of(3)) == (NOWHERE, NOWHERE)
    prices = drawn.sample(range(1000), 120)
    for price in prices:
        put(book, 1, Decimal(price), Decimal(1))
    for price in prices[100:]:
        put(book, 1, Decimal(price), Decimal(0))
    left = sorted(prices[:100])
    assert [book.asks.last_of(levels) for levels in range(1, 140)] == left + left[-1:] * 39


def test_refresh_tells_whether_the_best_levels_changed() -> None:
    book = Book()
    for n in range(40):
        put(book, 0, Decimal(100 - n), Decimal(1))
    assert book.refresh()
    assert not book.refresh()
    put(book, 0, Decimal(100 - TOP), Decimal(9))
    assert not book.refresh(), "the first level that is not kept"
    put(book, 0, Decimal(101 - TOP), Decimal(9))
    assert book.refresh()
    put(book, 0, Decimal(100), Decimal(1))
    assert not book.refresh(), "the size it had"
    put(book, 1, Decimal(200), Decimal(0))
    assert not book.refresh(), "nothing was there"
    put(book, 1, Decimal(200), Decimal(1))
    assert book.refresh()


def test_other_numbers_of_best_levels() -> None:
    book = Book()
    for n in range(60):
        put(book, 1, Decimal(100 + n), Decimal(n + 1))
    for most in (1, 50):
        book.keep_top(most)
        assert book.refresh()
        assert book.best_levels()[1] == [(100 + n, n + 1) for n in range(most)]
        assert book.ask_sum(most) == most * (most + 1) / 2


def test_crossed() -> None:
    book = Book()
    assert not book.crossed()
    put(book, 0, Decimal(100), Decimal(1))
    assert not book.crossed()
    put(book, 1, Decimal("100.1"), Decimal(1))
    assert not book.crossed()
    put(book, 1, Decimal(100), Decimal(1))
    assert book.crossed(), "locked is crossed"


# -- text --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**15), st.integers(0, 18))
def test_plain_text(value: int, places: int) -> None:
    text = plain(value, places)
    assert Decimal(text) == Decimal(value).scaleb(-places)
    assert re.fullmatch(r"(0|[1-9]\d*)(\.\d*[1-9])?", text)
    assert plain(-value, places) == ("-" if value else "") + text


@given(st.integers(0, 10**12), st.integers(0, 12), st.integers(0, 8), st.integers(0, 6))
def test_text_as_written(value: int, places: int, more: int, wider: int) -> None:
    """Scanned, put into a book of another scale, and written again: letter for letter."""
    text = f"{Decimal(value).scaleb(-places):f}"
    text += ("" if "." in text else "." if more else "") + "0" * more
    book, scanner = Book(wider, wider, keep_text=True), Scanner(LAYOUT)
    assert scanner.scan(json.dumps({"b": [["1", text]], "a": [[text, "2"]]}).encode())
    if scanner.broken[0]:
        assert value == 0
        assert scanner.scan(json.dumps({"b": [["1", text]]}).encode())
    assert book.apply(scanner, 0, scanner.levels) == 0
    bids, asks = book.written(9)
    assert bids == ([("1", text)] if value else [])
    assert asks == ([(text, "2")] if value else [])


@pytest.mark.parametrize(
    ("text", "again"), [("7.445E-7", "7.445E-7"), ("1E-7", "1E-7"), ("2.5E+3", "2.5E3"), ("12e-8", "1.2E-7")]
)
def test_exponents_are_written_as_java_does(text: str, again: str) -> None:
    book, scanner = Book(keep_text=True), Scanner(LAYOUT)
    assert scanner.scan(json.dumps({"a": [["1.00", text]]}).encode())
    assert book.apply(scanner, 0, scanner.levels) == 0
    assert book.written(1)[1] == [("1.00", again)]
    assert as_written(7445, 10, EXPONENT) == "7.445E-7"


def test_text_follows_its_level_through_splits_and_merges() -> None:
    dice, book, wanted = random.Random(5), Book(0, 0, keep_text=True), dict[int, str]()
    scanner = Scanner(LAYOUT)
    for _ in range(300):
        rows = []
        for _ in range(20):
            price = dice.randrange(1, 500)
            size = f"{dice.randrange(3)}.{'0' * dice.randrange(1, 6)}"
            rows.append([str(price), size])
            wanted[price] = size
        assert scanner.scan(json.dumps({"a": rows}).encode())
        assert book.apply(scanner, 0, scanner.levels) == 0
    expected = [(str(price), size) for price, size in sorted(wanted.items()) if Decimal(size)]
    assert book.written(10**6)[1] == expected


# -- memory ------------------------------------------------------------------------------------------------------


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_memory_is_bounded_and_small() -> None:
    dice, scanner, rows = random.Random(1), Scanner(LAYOUT), range(1, 1_001)
    snapshot = json.dumps(
        {"b": [[str(5_000 - n), "1"] for n in rows], "a": [[str(5_000 + n), "1"] for n in rows]}
    )

    def fill(book: Book) -> None:
        assert scanner.scan(snapshot.encode())
        assert book.apply(scanner, 0, scanner.levels) == 0
        for _ in range(2_000):
            away = dice.randrange(1, 2_000)
            side = dice.randrange(2)
            book.put(side, 5_000 + (away if side else -away), 0, dice.randrange(2), 0, 0)

    fill(Book())
    before = resident()
    books = [Book() for _ in range(200)]
    for book in books:
        fill(book)
    assert 700 < books[0].bids.count < 1_300
    assert (resident() - before) / 200 < 60_000, "bytes a book of 1,000 levels a side"
    before = resident()
    for _ in range(300):
        books[0].clear()
        fill(books[0])
    assert resident() - before < 300_000, "blocks are used again"
