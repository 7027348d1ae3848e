"""Feeds: what a follower of every delta holds is the feed's own view."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.counters import Contiguous
from simulator.feeds import NEVER, Feed, FullFeed, WindowFeed
from simulator.latent import Latent
from simulator.listing import Listing
from simulator.market import Market
from simulator.scale import Scale
from tests.simulator.clients import MS, T0


def market(seed: int) -> Market:
    listing = Listing("X", "spot", "BTC", "USDT", Scale("0.1"), Scale("0.001"), levels=60)
    return Market(listing, Contiguous(0), seed=str(seed), latent=Latent("BTC", 1), rate=10, start=T0)


def follow(feed: Feed, steps: int, depth: int | None, exact: bool) -> None:
    bids, asks = dict(feed.bids), dict(feed.asks)
    for _ in range(steps):
        feed.note(feed.market.step(feed.market.next_step))
        if feed.due == NEVER:
            continue
        assert feed.due % max(1, feed.interval_ns) == 0
        delta = feed.flush()
        for side, changes in ((bids, delta.bids), (asks, delta.asks)):
            for tick, lots in changes:
                side[tick] = lots
            for tick in [tick for tick, lots in side.items() if not lots]:
                del side[tick]
        if depth is not None and not exact:
            bids = dict(sorted(bids.items(), reverse=True)[:depth])
            asks = dict(sorted(asks.items())[:depth])
        assert (bids, asks) == (feed.bids, feed.asks)
        if depth is not None and len(feed.market.book.bids) >= depth:
            assert len(bids) == depth


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_windows(seed: int, keeps_edge: bool) -> None:
    follow(WindowFeed("t", market(seed), 0, 10, keeps_edge=keeps_edge), 80, 10, keeps_edge)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_full_book(seed: int) -> None:
    its = market(seed)
    feed = FullFeed("t", its, 100 * MS)
    follow(feed, 80, None, True)
    assert feed.bids == its.book.bids.sizes


def test_a_pushed_out_level_is_deleted_only_where_the_venue_keeps_the_edge() -> None:
    its, pushed = market(1), 0  # both feeds look at one market
    keeping = WindowFeed("a", its, 0, 10)
    leaving = WindowFeed("b", its, 0, 10, keeps_edge=False)
    for _ in range(100):
        step = its.step(its.next_step)
        keeping.note(step)
        leaving.note(step)
        one, other = keeping.flush(), leaving.flush()
        silent = {t for t, n in one.bids if not n} - {t for t, n in other.bids if not n}
        assert all(tick in its.book.bids.sizes for tick in silent)
        pushed += len(silent)
        assert {level for level in one.bids if level[1]} == {level for level in other.bids if level[1]}
    assert pushed


def test_rank() -> None:
    feed = FullFeed("t", market(1), 0)
    bids, asks = feed.levels()
    assert [feed.rank("bid", bids[3][0]), feed.rank("ask", asks[0][0])] == [3, 0]
