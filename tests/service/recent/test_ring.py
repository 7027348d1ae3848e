"""The ring on a made-up clock: one sample a second and book, gaps, states with reasons, bounded memory."""

from __future__ import annotations

from collections import Counter

import pytest

from service.recent.kept import SECOND
from service.recent.ring import Ring
from service.recent.settings import RecentSettings
from simulator.faults import Disconnect
from tests.support.link import T0, Link

EVER = 1 << 62
HEARD: Counter[str] = Counter()  # prints of books that were kept by then, in `lost`


def watched(seconds: float, **settings: int) -> tuple[Link, Ring]:
    link = Link("okx", "public", levels=40, metrics=("queue_imbalance", "best_price"))
    ring = Ring(link.engine, RecentSettings(**settings))
    ring.begin(link.now)
    link.timeline.watch(ring)
    link.start()
    link.run(seconds)
    return link, ring


@pytest.fixture(scope="module")
def lost() -> tuple[Link, Ring]:
    """Twelve seconds, then the connection goes, then twelve more."""
    link, ring = watched(3)
    ring._take_prints()
    HEARD.update(
        {one.book.symbol: int(one.prints.between(0, EVER)["count"].sum()) for one in ring.kept.values()}
    )
    link.engine.listen_trades(lambda book, one: HEARD.update([book.symbol]))
    link.run(9)
    link.inject(Disconnect())
    link.run(12)
    ring._take_prints()
    return link, ring


def test_each_book_has_a_sample_a_second(lost: tuple[Link, Ring]) -> None:
    _, ring = lost
    assert {key[2] for key in ring.kept} == {"BTC-USDT", "ETH-USDT", "BTC-USDT-PERP"}
    for kept in ring.kept.values():
        stamps = kept.stamp[kept.between(0, EVER)]
        assert len(stamps) >= 22
        assert set((stamps[1:] - stamps[:-1]).tolist()) == {SECOND}


def test_what_was_lost_is_a_gap_with_its_reason(lost: tuple[Link, Ring]) -> None:
    link, ring = lost
    key = ("okx", "perp", "BTC-USDT-PERP")
    kept, spans = ring.kept[key], ring.spans[key].between(0, EVER)
    assert [(one.state, one.reason) for one in spans] == [
        ("live", ""),
        ("lost", "disconnected"),
        ("live", ""),
    ]
    heard = [round(t * SECOND) for t, native, *_ in link.told if native == kept.book.native]
    assert [one.start - T0 for one in spans[1:]] == pytest.approx(heard[1:], abs=1000)
    at = kept.between(0, EVER)
    assert kept.live[at].any()
    assert not kept.live[at].all()
    assert (kept.step[at] > 0).tolist() == kept.live[at].tolist()


def test_prints_are_kept(lost: tuple[Link, Ring]) -> None:
    _, ring = lost
    for kept in ring.kept.values():
        before = HEARD[kept.book.symbol]
        assert kept.prints.between(0, EVER)["count"].sum() == before
        assert before > 5


def test_liquidations_are_told_as_the_order_that_closed_them() -> None:
    link = Link("binance", "usdm", levels=40, metrics=("liquidation_imbalance",), rate=20)
    ring = Ring(link.engine, RecentSettings())
    heard: list[tuple[float, str]] = []
    link.engine.listen_liquidations(lambda book, one: heard.append((one.size, one.side)))
    ring.begin(link.now)
    link.timeline.watch(ring)
    link.start()
    link.run(30)
    kept = [one for book in ring.kept.values() for one in book.forced]
    assert kept
    assert {one[4] for one in kept} <= {-1, 1}
    assert sorted(size for size, _ in heard)[-5:] == sorted(one[2] for one in kept)[-5:]


def test_books_without_room_are_left_out_and_said_to_be() -> None:
    link, ring = watched(2, megabytes=1, minutes=15)
    assert len(ring.kept) == 2
    (left,) = ring.left_out
    assert ring.memory < 1_000_000
    assert ring.spans[left].between(0, EVER)[-1].state == "live"
    link.engine.forget(link.engine.books[next(iter(ring.kept))].instrument)
    link.run(2.1)
    assert left in ring.kept  # there is room for it now
    assert not ring.left_out


def test_a_book_without_room_that_is_forgotten_ends() -> None:
    link, ring = watched(2, megabytes=1, minutes=15)
    (left,) = ring.left_out
    link.engine.forget(link.engine.books[left].instrument)
    link.run(2.1)
    assert not ring.left_out
    assert ring.spans[left].ended is not None


def test_a_book_that_is_forgotten_is_let_go() -> None:
    link, ring = watched(4)
    book = next(iter(link.engine.books.values()))
    link.engine.forget(book.instrument)
    link.run(2)
    key = (book.venue, book.market, book.symbol)
    assert key not in ring.kept
    assert ring.spans[key].ended is not None


def test_nothing_is_kept_of_no_minutes() -> None:
    _, ring = watched(2, minutes=0)
    assert ring.deadline() > EVER
    assert not ring.kept
