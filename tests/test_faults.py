"""Every venue against its simulator under random faults: a book ends as the truth, or says that it is not live.

All in memory on a made-up clock (`support/link.py`). What a venue cannot show is in its declaration: there the damage
has to be gone after the next comparison with an image.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from connectors import all_venues as products
from simulator import all_venues
from simulator.faults import (
    Corrupt,
    CrossedBook,
    Cut,
    Disconnect,
    Double,
    Drop,
    Fault,
    MalformedRest,
    QuietMarket,
    QuietSymbol,
    RefuseConnection,
    Reject,
    RestStatus,
    SequenceReset,
    ShutdownNotice,
    Silence,
    SlowRest,
    SnapshotAgain,
    StaleSnapshot,
    Swap,
)
from simulator.venue import SimulatedVenue
from tests.support.link import SECOND, SYMBOLS, Link

VENUES = sorted(SYMBOLS)
SETTLED_WITHIN = 240.0  # seconds: a refusal is asked again after 60, a quiet book is probed after 90
# Venues send a whole book again where their simulator can, and OKX lets its numbers go back.
RESETS: dict[str, tuple[type[SequenceReset | SnapshotAgain], ...]] = {
    name: (SnapshotAgain,) for name, kind in all_venues().items() if kind.reset is not SimulatedVenue.reset
}
RESETS["okx"] = (SequenceReset, SnapshotAgain)
KIND_LAST = ("bitstamp",)
IMAGE_EVERY = 20.0  # seconds; in real life ten minutes

every_venue = pytest.mark.parametrize(("name", "product"), VENUES, ids=lambda one: one)


def test_every_product_that_is_connected_to_is_here() -> None:
    assert set(SYMBOLS) == {key for key, kind in products().items() if not kind.superseded}


def linked(name: str, product: str, **more: Any) -> Link:
    """A link whose books are all live."""
    link = Link(name, product, **{"rate": 5.0, "levels": 60, **more})
    if link.venue.image_every:
        link.venue.image_every = IMAGE_EVERY  # type: ignore[misc]  # of this instance alone
    link.start()
    link.run_until(link.all_live, 30)
    return link


def whole_connection(fault: Fault) -> bool:
    """Does a fault hit all symbols of a connection?"""
    return isinstance(fault, (Disconnect, ShutdownNotice, Silence, RefuseConnection))


def faults(name: str, product: str) -> st.SearchStrategy[Fault]:
    """All that can go wrong at a venue."""
    symbol = st.sampled_from(SYMBOLS[name, product])
    short = st.floats(0.5, 12)
    frames = [
        st.builds(
            kind,
            symbol=symbol,
            frame=st.sampled_from(("update", "update", "snapshot", "trade")),
            count=st.integers(1, 3),
        )
        for kind in (Drop, Double, Swap, Cut)
    ]
    corrupt = st.builds(
        Corrupt, symbol=symbol, rank=st.sampled_from(("near", "deep")), count=st.integers(1, 2)
    )
    markets = [
        st.builds(QuietSymbol, symbol=symbol, seconds=short),
        st.builds(QuietMarket, symbol=symbol, seconds=short),
        st.builds(CrossedBook, symbol=symbol, seconds=st.floats(0.1, 4)),
        st.builds(Reject, symbol=symbol),
        *(st.builds(kind, symbol=symbol) for kind in RESETS.get(name, ())),
    ]
    connections = [
        st.builds(Disconnect),
        st.builds(RefuseConnection, status=st.sampled_from((429, 503)), count=st.integers(1, 4)),
        st.builds(ShutdownNotice, seconds=st.floats(0.5, 8)),
        st.builds(Silence, seconds=st.sampled_from((3.0, 12.0, 30.0, 70.0))),
    ]
    rest = [
        st.builds(StaleSnapshot, symbol=symbol, seconds=st.floats(0.5, 4), count=st.integers(1, 4)),
        st.builds(SlowRest, symbol=symbol, seconds=st.floats(1, 30), count=st.integers(1, 2)),
        st.builds(
            RestStatus,
            status=st.sampled_from((418, 429, 500)),
            retry_after=st.integers(1, 20),
            count=st.integers(1, 4),
        ),
        st.builds(MalformedRest, symbol=symbol, count=st.integers(1, 3)),
    ]
    venue = Link(name, product, levels=5).venue
    by_rest = rest if venue.snapshot is not None and venue.snapshot.path else []
    # A sequence says that nothing was lost, not that a size is right: only a checksum or an image shows that.
    changed = (
        [corrupt]
        if (venue.checksum is not None and venue.image_every) or venue.proof in ("none", "image")
        else []
    )
    return st.one_of(*frames, *changed, *markets, *connections, *by_rest)


def do(link: Link, fault: Fault) -> None:
    """Let a fault happen; at a venue that cannot show a loss note what it may have damaged."""
    link.inject(fault)
    if link.is_blind and isinstance(fault, (QuietSymbol, Silence)):
        link.taint(fault.symbol)
        end = link.now + int((fault.seconds or 0) * SECOND)

        def over(now: int) -> None:
            if fault in link.simulator.faults.armed:
                link.taint(fault.symbol)

        link.at(end + SECOND, over)


def settle(link: Link) -> float:
    """Faults are over: everything becomes live and true, and stays so. Seconds that it took."""
    for fault in link.simulator.faults.armed if link.is_blind else ():
        link.taint(fault.symbol)
    link.simulator.faults.clear()
    link.behind.clear()  # what was kept back by then is gone, and the next frame shows it
    link.run(14)  # a market that was made quiet moves again by then
    took = link.run_until(lambda: link.sound() and not link.unequal(), SETTLED_WITHIN)
    link.venue.image_every = 0.0  # type: ignore[misc]  # of this instance alone
    link.run(3)
    assert link.sound(), link.states()
    assert link.unequal() == []
    return took


def check_values(link: Link) -> None:
    """A book that is not live has no values."""
    for reading in link.engine.books.values():
        shown = reading.values(link.now)
        if reading.state != "live":
            assert all(value != value for value in shown), reading.state
            assert reading.reason
            assert reading.levels(5) == ([], [])


@every_venue
@settings(
    max_examples=max(10, settings().max_examples // 5),
    suppress_health_check=list(HealthCheck),
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # a plan is short: shrinking takes minutes and tells little more
)
@given(data=st.data())
def test_random_faults(name: str, product: str, data: st.DataObject) -> None:
    plan = data.draw(
        st.lists(st.tuples(st.floats(0, 6), faults(name, product)), min_size=1, max_size=6), label="plan"
    )
    link = linked(name, product, seed=data.draw(st.integers(0, 1000), label="seed"))
    before = len(link.fetches)
    for wait, fault in plan:
        link.run(wait)
        do(link, fault)
        check_values(link)
    link.run(2)
    check_values(link)
    took = settle(link)
    event(f"settled after {took // 30 * 30:g} s")
    assert link.wrong == []

    # Neighbours of what was hit did not notice.
    hit = {fault.symbol for _, fault in plan}
    alone = link.venue.scope == "symbol" and not any(map(whole_connection, (fault for _, fault in plan)))
    if name in KIND_LAST:  # a frame that is cut off does not say of whom it was
        alone = alone and not any(isinstance(fault, Cut) for _, fault in plan)
    if alone and None not in hit:
        for native, pair in link.books.items():
            if native not in hit:
                assert (pair.resyncs, pair.gaps) == (0, 0), native

    # Nobody was stormed.
    asked = Counter(native for _, native, _ in link.fetches[before:])
    strikes = sum(fault.count for _, fault in plan)
    assert all(count <= 8 + 3 * strikes for count in asked.values()), link.fetches
    assert len(link.connected) <= 10 + 3 * strikes


@every_venue
def test_books_start_and_stay_true(name: str, product: str) -> None:
    """Full windows, some minutes, no fault: live at once, never wrong, nothing asked for twice."""
    link = linked(name, product, levels=450, rate=8.0)
    link.venue.image_every = 0.0  # type: ignore[misc]  # of this instance alone
    first = len(link.fetches)
    link.run(20)
    assert link.sound()
    assert link.unequal() == []
    assert link.wrong == []
    assert link.checked > (6 if link.venue.proof == "image" else 100)  # an image comes every five seconds
    asks_by_rest = link.venue.snapshot is not None and bool(link.venue.snapshot.path)
    assert first == len(link.natives) * asks_by_rest == len(link.fetches)
    assert all((pair.resyncs, pair.gaps) == (0, 0) for pair in link.books.values())


ONE_OF_EACH: list[Fault] = [
    Drop(), Swap(), Cut(), Disconnect(), Silence(seconds=200), QuietSymbol(seconds=5),
]  # fmt: skip


@every_venue
@pytest.mark.parametrize("fault", ONE_OF_EACH, ids=lambda fault: type(fault).__name__)
def test_a_loss_is_seen_or_declared(name: str, product: str, fault: Fault) -> None:
    """One loss alone: the book is not live (with a reason) at the next message, and true again soon."""
    import dataclasses

    link = linked(name, product)
    native = link.natives[0]
    fault = dataclasses.replace(fault, symbol=None if whole_connection(fault) else native)
    before = len(link.told)
    do(link, fault)
    link.run(max(30, link.venue.heartbeat.silent_after + 5))
    seen = [said for said in link.told[before:] if said[1] == native and said[2] != "live"]
    assert all(reason for _, _, _, reason in seen)
    if isinstance(fault, Swap) and not seen:
        assert link.unequal() == []  # it changed places with a trade, which costs nothing
    elif link.is_blind and not seen:
        by_image = link.venue.proof == "image"  # the next message is the whole book again
        assert any(("next one" if by_image else "10 min") in spot for spot in link.venue.blind_spots)
    else:
        assert seen
    settle(link)
    assert link.wrong == []


@every_venue
def test_a_quiet_connection_is_kept_by_doing_what_the_venue_wants(name: str, product: str) -> None:
    """Pings are answered and sent in time: nobody is cut off while hardly anything happens."""
    link = linked(name, product, rate=0.2)
    link.venue.image_every = 0.0  # type: ignore[misc]  # of this instance alone
    connected = len(link.connected)
    link.run(150)
    assert len(link.connected) == connected
    assert link.sound()
    assert link.unequal() == []


@every_venue
def test_a_notice_of_maintenance_costs_nothing_that_is_not_told(name: str, product: str) -> None:
    link = linked(name, product)
    connected = len(link.connected)
    link.inject(ShutdownNotice(seconds=3.0))
    link.run(6)
    check_values(link)
    settle(link)
    assert len(link.connected) > connected
    assert link.wrong == []


@every_venue
def test_a_whole_book_again_is_taken(name: str, product: str) -> None:
    link = linked(name, product)
    if name not in RESETS:
        with pytest.raises(ValueError, match="has no SnapshotAgain"):
            link.inject(SnapshotAgain())
        return
    for kind in RESETS[name]:
        link.inject(kind())
        link.run(2)
    assert link.sound()
    assert link.unequal() == []
    assert link.wrong == []
    assert all(pair.gaps == 0 for pair in link.books.values())
