"""Recordings that went wrong: what a venue's proof can show is shown at once, and costs nobody else's book."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sync import LIVE
from service.replay import Player
from service.verify import is_clean, verify
from tests.support import captures, damage
from tests.support.captures import Line

MOST = {"binance/coinm-multi-20210722": 500, "binance/usdm-multi-20210722": 300}
SMALL = (
    "binance_us/spot-btcusdt-20260824",
    "okx/public-books-btcusdt-20260824",
    "bybit/spot-v5-book50-btcusdt-20260824",
    "coinbase/advanced-l2-btcusd-20260824",
    captures.KRAKEN,
)
RESTARTS = ("okx/", "bybit/")  # a second whole book replaces the first and is no repetition
Books = dict[str, dict[str, Any]]


@cache
def content(name: str) -> tuple[Line, ...]:
    """The books of a recording, or the beginning of a long one."""
    if name == captures.KRAKEN:
        return captures.kraken()[:200]
    lines = captures.lines(name)
    return lines if len(lines) < 300 else tuple(damage.excerpt(lines, MOST.get(name, 150)))


def built(path: Path, lines: Iterable[Line]) -> Books:
    found = verify([captures.write(path / "recording.jsonl", list(lines))])
    return {book["native"]: book for book in found}


@cache
def undamaged(name: str, path: Path) -> Books:
    found = built(path, content(name))
    assert all(map(is_clean, found.values()))
    return found


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Is it the same book, however many messages it took?"""
    counted = ("updates", "dropped_old", "checksums_ok")
    return all(one[key] == other[key] for key in one if key not in counted)


def places(count: int, old: int, seed: str) -> list[int]:
    """Which messages of a symbol are damaged: around the join, around the end, and some between."""
    drawn = random.Random(seed).sample(range(count), min(2, count))
    known = [0, 1, old - 1, old, old + 1, count // 2, count - 2, count - 1]
    return sorted({at for at in (*known, *drawn) if 0 <= at < count})


def lengths(text: str, seed: int) -> list[int]:
    """How much of a frame arrives."""
    return sorted({0, 1, len(text) // 2, len(text) - 1, random.Random(seed).randrange(len(text))})


def harms(lines: tuple[Line, ...], symbol: str, n: int) -> Iterable[tuple[str, list[Line]]]:
    """Everything that can befall the n-th book message of a symbol, but for its being doubled."""
    found = damage.of(lines, symbol)
    at = found[n].at
    yield "dropped", damage.dropped(lines, at)
    if n + 1 < len(found):
        yield "swapped", damage.swapped(lines, at, found[n + 1].at)
    for length in lengths(lines[at]["msg"], at):
        yield f"cut to {length}", damage.cut(lines, at, length)


def some(wanted: Books) -> Iterable[tuple[str, dict[str, Any]]]:
    """A few books of a connection with many."""
    return sorted(wanted.items())[:4]


def untouched(found: Books, wanted: Books, but: str) -> bool:
    return all(found[native] == wanted[native] for native in wanted if native != but)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@pytest.mark.parametrize("name", captures.SEQUENCE)
def test_a_sequence_shows_every_loss_after_the_join(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    for symbol, book in some(wanted):
        count, old = len(damage.of(lines, symbol)), book["dropped_old"]
        for n in places(count, old, name):
            if not old < n < count - 1:
                continue
            for what, lost in harms(lines, symbol, n):
                found = built(folder, lost)
                assert not is_clean(found[symbol]), (symbol, n, what)
                assert found[symbol]["bid"] is None, "a book that is not known is shown"
                assert untouched(found, wanted, symbol), (symbol, n, what)


@pytest.mark.parametrize("name", captures.SEQUENCE)
def test_the_joining_message_is_missed_unless_the_snapshot_already_held_it(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    for symbol, book in some(wanted):
        if len(damage.of(lines, symbol)) < book["dropped_old"] + 3:
            continue
        for what, lost in harms(lines, symbol, book["dropped_old"]):
            found = built(folder, lost)
            assert symbol not in found or not is_clean(found[symbol]) or same(found[symbol], book), (
                symbol,
                what,
            )
            assert untouched(found, wanted, symbol)


@pytest.mark.parametrize("name", [name for name in captures.SEQUENCE if name.startswith("binance")])
def test_what_befalls_messages_older_than_the_snapshot_is_no_fault(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    for symbol, book in some(wanted):
        for n in {0, book["dropped_old"] - 1} - {-1}:
            if n >= book["dropped_old"]:
                continue
            for what, lost in harms(lines, symbol, n):
                found = built(folder, lost)
                assert is_clean(found[symbol]), (symbol, n, what)
                assert same(found[symbol], book), (symbol, n, what)
                assert untouched(found, wanted, symbol)


@pytest.mark.parametrize("name", [*captures.CLEAN, captures.KRAKEN])
def test_a_doubled_message_changes_nothing(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    for symbol, book in some(wanted):
        found_of = damage.of(lines, symbol)
        for n in places(len(found_of), book["dropped_old"], name):
            found = built(folder, damage.doubled(lines, found_of[n].at))
            assert is_clean(found[symbol]), (symbol, n)
            assert same(found[symbol], book), (symbol, n)
            assert untouched(found, wanted, symbol)
            if name in captures.SEQUENCE and not (found_of[n].whole and name.startswith(RESTARTS)):
                assert found[symbol]["dropped_old"] == book["dropped_old"] + 1
                assert found[symbol]["updates"] == book["updates"]


@pytest.mark.parametrize("name", [*captures.CHECKSUM, captures.KRAKEN])
def test_what_a_checksum_lets_pass_leaves_the_levels_it_sees_right(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    seen = passed = 0
    for symbol, book in some(wanted):
        count = len(damage.of(lines, symbol))
        for n in places(count, 0, name):
            if n == count - 1:
                continue
            for what, lost in harms(lines, symbol, n):
                found = built(folder, lost)
                clean = symbol in found and is_clean(found[symbol])
                seen, passed = seen + (not clean), passed + clean
                if clean:
                    assert (found[symbol]["bid"], found[symbol]["ask"]) == (book["bid"], book["ask"]), (
                        symbol,
                        n,
                        what,
                    )
                assert untouched(found, wanted, symbol)
    assert seen > 4 * passed


@pytest.mark.parametrize("name", [*captures.SEQUENCE, *captures.CHECKSUM, captures.KRAKEN])
def test_a_loss_is_told_at_the_next_message(name: str, folder: Path) -> None:
    """Not at the end of the recording: values that rest on a broken book are withdrawn at once."""
    lines, wanted = content(name), undamaged(name, folder)
    symbol = max(wanted, key=lambda native: len(damage.of(lines, native)))
    found = damage.of(lines, symbol)
    n = wanted[symbol]["dropped_old"] + 2
    for what, lost, last in (
        ("dropped", damage.dropped(lines, found[n].at), found[n + 1].at - 1),
        ("swapped", damage.swapped(lines, found[n].at, found[n + 1].at), found[n].at),
        ("cut", damage.cut(lines, found[n].at, len(lines[found[n].at]["msg"]) - 1), found[n].at),
    ):
        player = Player([captures.write(folder / "told.jsonl", lost)], timers=False)
        for at, _ in enumerate(player.play()):
            if at == last:
                break
        pair = next(pair for pair, _ in player.pairs if pair.native == symbol)
        assert pair.state != LIVE, what
        assert pair.gaps + pair.checksums_failed == 1, what


@pytest.mark.parametrize("name", captures.CLEAN)
def test_a_last_message_that_is_cut_costs_its_book(name: str, folder: Path) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    last = damage.messages(lines)[-1]
    found = built(folder, damage.cut(lines, last.at, len(lines[last.at]["msg"]) - 1))
    assert not is_clean(found[last.symbols[0]])
    assert untouched(found, wanted, last.symbols[0])


def test_a_feed_without_any_proof_still_shows_a_frame_that_cannot_be_read(folder: Path) -> None:
    name = captures.UNPROVEN[0]
    lines, wanted = content(name), undamaged(name, folder)
    for symbol in wanted:
        message = damage.of(lines, symbol)[-1]
        text = lines[message.at]["msg"]
        for length in (len(text) // 2, len(text) - 1):
            found = built(folder, damage.cut(lines, message.at, length))
            assert not is_clean(found[symbol])
            assert untouched(found, wanted, symbol)
    there = {one.symbols[0] for one in damage.messages(lines) if one.whole and one.at < message.at}
    anyone = built(folder, damage.cut(lines, message.at, 1))
    assert not any(is_clean(anyone[native]) for native in there), "nobody can say whose it was"


HARM: dict[str, Callable[[tuple[Line, ...], int], list[Line]]] = {
    "dropped": damage.dropped,
    "doubled": damage.doubled,
    "cut": lambda lines, at: damage.cut(lines, at, len(lines[at]["msg"]) * 2 // 3),
    "nearly whole": lambda lines, at: damage.cut(lines, at, len(lines[at]["msg"]) - 1),
}
BESIDE = (
    "binance/usdm-multi-20210722",
    "binance/coinm-multi-20210722",
    "binance/spot-multi-20211012",
    "binance_us/spot-multi-20211012",
    "okx/public-books-multi-20220513",
    "coinbase/exchange-level2-multiA-20210417",
)


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", BESIDE)
def test_damage_to_prints_tickers_and_acks_costs_no_book(name: str, harm: str, folder: Path) -> None:
    lines = captures.lines(name)[:700]
    wanted = built(folder, lines)
    beside = damage.others(lines)
    chosen = {*random.Random(harm).sample(beside, min(8, len(beside))), beside[0], beside[-1]}
    for at in sorted(chosen):
        found = built(folder, HARM[harm](lines, at))
        for native, book in found.items():
            without = {key: value for key, value in book.items() if not key.startswith(("trades", "taker_"))}
            assert without.items() <= wanted[native].items(), (at, lines[at]["msg"][:80])
            if harm == "doubled" and "coinbase" not in name:
                assert book["trades"] == wanted[native]["trades"], "a print was counted twice"


@given(data=st.data())
@pytest.mark.parametrize("name", SMALL)
def test_whatever_befalls_a_message_a_clean_book_is_the_right_one(
    name: str, folder: Path, data: st.DataObject
) -> None:
    lines, wanted = content(name), undamaged(name, folder)
    (symbol,) = wanted
    found = damage.of(lines, symbol)
    n = data.draw(st.integers(0, len(found) - 2), label="message")
    kind = data.draw(st.sampled_from(damage.KINDS), label="kind")
    at = found[n].at
    if kind == "cut":
        lost = damage.cut(lines, at, data.draw(st.integers(0, len(lines[at]["msg"]) - 1), label="length"))
    elif kind == "swapped":
        lost = damage.swapped(lines, at, found[n + 1].at)
    else:
        lost = damage.dropped(lines, at) if kind == "dropped" else damage.doubled(lines, at)
    book = built(folder, lost).get(symbol)
    assert book is None or not is_clean(book) or same(book, wanted[symbol])
    assert kind != "doubled" or (book is not None and is_clean(book))
