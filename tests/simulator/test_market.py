"""The order flow keeps a sane book, deterministically."""

import pytest

from simulator.counters import Contiguous
from simulator.episodes import NS
from simulator.latent import Latent
from simulator.listing import Listing
from simulator.market import Market
from simulator.scale import Scale
from tests.simulator.clients import T0

LISTING = Listing("BTCUSDT", "spot", "BTC", "USDT", Scale("0.01"), Scale("0.00001"), levels=300)


def market(seed: str = "1", start: int = T0) -> Market:
    return Market(LISTING, Contiguous(0), seed=seed, latent=Latent("BTC", 1), rate=10, start=start)


def play(its: Market, seconds: int) -> list[str]:
    """Step through time and check every step against a copy built from its changes."""
    copy = {"bid": dict(its.book.bids.sizes), "ask": dict(its.book.asks.sizes)}
    said, last = [], its.counter_last
    end = its.next_step + seconds * NS
    while its.next_step < end:
        step = its.step(its.next_step)
        for side, tick, lots in step.changes:
            copy[side][tick] = lots
            if not lots:
                del copy[side][tick]
        assert copy == {"bid": its.book.bids.sizes, "ask": its.book.asks.sizes}
        if step.changes:
            assert (step.first_id, step.last_id) == (last + 1, last + len(step.changes))
            last = step.last_id
        said.append(repr(step))
    return said


def test_deterministic_for_a_seed() -> None:
    assert play(market(), 5) == play(market(), 5) != play(market("2"), 5)


@pytest.mark.parametrize("episode", ["calm", "imbalance", "shock", "wall"])
def test_never_crossed_and_near_the_latent_price(episode: str) -> None:
    its = market()
    its.play(episode, T0, 20 * NS)
    for _ in range(25):
        play(its, 1)
        bid, ask = its.book.bids.best(), its.book.asks.best()
        assert bid is not None
        assert ask is not None
        assert bid < ask
        assert abs((bid + ask) / 2 / its.fair(its.next_step) - 1) < 0.005
    assert 200 < len(its.book.bids) < 400
    assert 200 < len(its.book.asks) < 400


def test_trades_hit_the_touch() -> None:
    its, seen = market(), set()
    for _ in range(300):
        bid, ask = its.book.bids.best(), its.book.asks.best()
        assert bid is not None
        assert ask is not None
        for trade in its.step(its.next_step).trades:
            seen.add(trade.taker)
            assert trade.lots > 0
            assert trade.tick >= ask if trade.taker == "buy" else trade.tick <= bid
            bid, ask = min(bid, trade.tick), max(ask, trade.tick)
            break
    assert seen == {"buy", "sell"}


def test_wall_stands_and_is_pulled() -> None:
    its = market()
    its.play("wall", T0, 10 * NS)
    play(its, 3)
    usual = sorted(its.book.bids.sizes.values())[len(its.book.bids) // 2]
    assert max(its.book.bids.sizes.values()) > 30 * usual
    play(its, 9)
    assert its._wall is None


def test_pause_and_cross() -> None:
    its = market()
    play(its, 1)
    its.pause(its.next_step + NS)
    assert not its.step(its.next_step).changes
    play(its, 2)
    its.cross(its.next_step + NS)
    its.step(its.next_step)
    bid, ask = its.book.bids.best(), its.book.asks.best()
    assert bid is not None
    assert ask is not None
    assert bid > ask
    play(its, 2)
    bid, ask = its.book.bids.best(), its.book.asks.best()
    assert bid is not None
    assert ask is not None
    assert bid < ask


def test_old_sheets() -> None:
    its = market()
    play(its, 4)
    now = its.next_step
    assert its.sheet(now).last_id == its.counter_last
    old = its.sheet(now, 2 * NS)
    assert now - old.time >= 2 * NS
    assert old.last_id < its.counter_last


def test_a_long_sleep_is_skipped() -> None:
    its = market()
    its.skip_to(T0 + 10**15)
    its.step(its.next_step)
    assert abs((its.book.bids.best() or 0) / its.fair(T0 + 10**15) - 1) < 0.005
