"""What venues tell of derivatives, end to end: from the simulators' sockets and answers to numbers beside a book."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.derivatives import Complete, Derivatives
from connectors.session import Session
from connectors.sync import Pair
from service.engine import Engine
from service.plan import Plan
from service.replay import Player
from simulator import all_venues as simulated_venues
from simulator import derivative
from tests.support.link import SECOND, Link
from tests.support.told_asia import SAMPLES
from tests.support.told_ratios import SAMPLES as RATIOS

OF_DERIVATIVES = ("perp", "future")
WITHIN = 5e-3  # of the venue's own price


def linked(key: tuple[str, str]) -> Link:
    """A product against its simulator, with the derivatives of the catalogue."""
    its = simulated_venues()[key[0]]
    named = [one.native for one in its.catalogue if its.real_hosts.get(key[1]) and one.product == key[1]]
    link = Link(*key, symbols=named, rate=3.0, levels=40, metrics=())
    link.start().run(45)  # with a full minute in it, at which funding is told
    return link


def wanted(declared: Derivatives) -> list[str]:
    names = {"mark": declared.mark, "index": declared.index, "funding_rate": declared.funding}
    names |= {"funding_hours": declared.funding, "next_funding": declared.funding}
    names |= {"open_interest": declared.open_interest}
    return [name for name, source in names.items() if source]


@pytest.mark.parametrize("key", SAMPLES, ids="-".join)
def test_what_is_declared_is_there_and_right(key: tuple[str, str]) -> None:
    link = linked(key)
    declared = link.venue.derivatives
    assert declared is not None
    books = [book for book in link.engine.books.values() if book.market in OF_DERIVATIVES]
    assert books
    for book in books:
        market = link.simulator.find(book.native, key[1])
        t = book.clock(link.now) or link.now
        found = {name: book.context.derivative.value(name, t) for name in wanted(declared)}
        assert found["mark"] == pytest.approx(market.price(), rel=WITHIN)
        assert found["index"] == pytest.approx(market.price(), rel=WITHIN)
        assert abs(found["funding_rate"]) < 1e-3
        assert found["funding_hours"] in (1.0, 8.0)
        assert 0 <= found["next_funding"] - link.now <= 8 * 3600 * SECOND
        assert found["open_interest"] * market.price() == pytest.approx(400e6, rel=0.05)  # `WORTH`, one side
    wires = [wire for wire in link.wires if not wire.books and wire.session.keeper.derivatives]
    assert all(wire.session.keeper.state == "open" for wire in wires)
    pairs = [pair for wire in link.wires for pair in wire.session.pairs.values() if pair.carries_derivatives]
    assert (sum(pair.liquidations for pair in pairs) > 0) == (declared.liquidations is not Complete.NONE)
    counts = {name: n for wire in link.wires for name, n in wire.session.keeper.counts.items()}
    assert not [name for name in counts if "unreadable" in name or "refused" in name], counts


def shares(engine: Engine, declared: Derivatives, now: int) -> dict[tuple[str, str], float]:
    """(native id, population) -> share of longs that holds, for each perpetual and ratio."""
    return {
        (book.native, population): book.context.derivative.value(
            f"longs.{population}", book.clock(now) or now
        )
        for book in engine.books.values()
        if book.market == "perp"
        for population in declared.long_short
    }


@pytest.mark.parametrize("key", RATIOS, ids="-".join)
def test_who_is_long_is_there_and_right_live_and_replayed(key: tuple[str, str], tmp_path: Path) -> None:
    link = Link(*key, rate=1.0, levels=20, metrics=(), record=tmp_path)
    link.start().run(65)
    declared = link.venue.derivatives
    assert declared is not None
    live = shares(link.engine, declared, link.now)
    product = key[1] if key[1] in link.simulator.real_hosts else None
    assert live
    assert live == {
        (native, of): pytest.approx(
            derivative.longs(link.simulator.find(native, product), link.now, of), abs=1e-4
        )
        for native, of in live
    }
    counts = {name: n for wire in link.wires for name, n in wire.session.keeper.counts.items()}
    assert not [name for name in counts if "unreadable" in name or "poll failed" in name], counts
    link.stop()
    engine = Engine(Plan([]))
    told: dict[tuple[str, str], float] = {}

    def made(pair: Pair, session: Session) -> None:
        engine.attach(pair)

    player = Player(sorted(tmp_path.iterdir()), made=made)
    for _ in player.play():
        held = shares(engine, declared, player.now)
        told |= {of: share for of, share in held.items() if share == share}
    assert told == live
