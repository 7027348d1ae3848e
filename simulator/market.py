"""One instrument's latent price and order flow: limit orders, cancels and takers that move a true book."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from .book import SIDES, Book, Ladder, Side
from .counters import Counter
from .episodes import CALM, NS, Episode, Stage, scheduled
from .latent import Latent
from .listing import Listing

Taker = Literal["buy", "sell"]
Change = tuple[Side, int, int]

NEAR_GAP = 0.07e-4
ORDER_NOTIONAL = 2_500.0
SHEETS_KEPT = 12
TRADES_KEPT = 50
SHEET_EVERY_NS = 500_000_000


@dataclass(slots=True)
class Trade:
    """One fill: ``taker`` is the aggressor's side."""

    tick: int
    lots: int
    taker: Taker
    time: int
    id: int


@dataclass(slots=True)
class Step:
    """What one step of the flow did, in order. Every change sets the total size of a level."""

    time: int
    changes: list[Change] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    first_id: int = 0
    last_id: int = 0


@dataclass(slots=True)
class Sheet:
    """The book as it was at a time, with the number of its last change."""

    time: int
    last_id: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class Market:
    """A true book that steps through time.

    ``rate`` is the mean number of steps a second; a step makes a handful of changes. The caller steps
    whenever ``next_step`` is due; nothing here reads a clock. Equal seeds and equal times give equal books.
    """

    def __init__(
        self, listing: Listing, counter: Counter, *, seed: str, latent: Latent, rate: float, start: int
    ) -> None:
        self.listing = listing
        self.counter = counter
        self.book = Book()
        self.random = Random(f"{seed}/{listing.product}/{listing.native}")
        self.trade_id = self.random.randrange(10**6, 10**8)
        self.recent: deque[Trade] = deque(maxlen=TRADES_KEPT)
        self.staged = False
        self.episode = Episode("calm", start, 0)
        self.paused_until = 0
        self._kept: deque[tuple[int, int, dict[int, int], dict[int, int]]] = deque(maxlen=SHEETS_KEPT)
        self._latent = latent
        self._shift = self.random.randrange(10**12)
        self._period = NS / rate
        self._wall: int | None = None
        self._crossing: tuple[int, int] | None = None
        self._step = Step(start, last_id=counter.last)
        self._fill(self.fair(start))
        self.next_step = start + self._pause()
        self._next_sheet = start
        self._keep_sheet(start)

    # -- what others ask ----------------------------------------------------------------------------

    def fair(self, now: int, stage: Stage = CALM) -> float:
        """Where the flow sees the price, in ticks, not rounded."""
        price = self._latent.at(now) * (1 + (self.listing.basis_bps + stage.offset_bps) * 1e-4)
        return self.listing.tick.steps(price)

    def price(self) -> float:
        """Middle of the touch in quote units."""
        bid, ask = self.book.bids.best(), self.book.asks.best()
        known = [tick for tick in (bid, ask) if tick is not None]
        return float(self.listing.tick.decimal(1)) * sum(known) / max(1, len(known))

    def sheet(self, now: int, age_ns: int = 0) -> Sheet:
        """The book now, or one remembered that is at least ``age_ns`` old (else the oldest)."""
        if age_ns:
            old = [kept for kept in self._kept if kept[0] <= now - age_ns]
            time, last_id, bids, asks = old[-1] if old else self._kept[0]
        else:
            time, last_id = now, self.counter_last
            bids, asks = self.book.bids.sizes, self.book.asks.sizes
        return Sheet(time, last_id, sorted(bids.items(), reverse=True), sorted(asks.items()))

    @property
    def last_trade(self) -> Trade | None:
        """The newest fill."""
        return self.recent[-1] if self.recent else None

    @property
    def counter_last(self) -> int:
        """Number of this market's own last change."""
        return self._step.last_id

    def stage(self, now: int) -> Stage:
        """The stage of the running episode."""
        if self.staged and now >= self.episode.start + self.episode.duration:
            self.episode = scheduled(now, self._shift)
        return self.episode.stage(now)

    # -- what others command ------------------------------------------------------------------------

    def play(self, name: str, now: int, duration_ns: int) -> None:
        """Start an episode of ``simulator.episodes.EPISODES``."""
        self.episode = Episode(name, now, duration_ns)

    def pause(self, until: int) -> None:
        """Let nothing happen until a time: a truly quiet market."""
        self.paused_until = until

    def cross(self, until: int) -> None:
        """With the next step put a bid above the best ask, and leave it there until a time."""
        self._crossing = (until, 0)

    def skip_to(self, now: int) -> None:
        """Forget the time between; the next step requotes around the price of that moment."""
        self.next_step = max(self.next_step, now)

    # -- the flow -----------------------------------------------------------------------------------

    def step(self, now: int) -> Step:
        """Do what is due and say what changed."""
        before = self.counter_last
        self._step = step = Step(now, last_id=before)
        self.next_step = now + self._pause()
        if now < self.paused_until:
            return step
        if now >= self._next_sheet:
            self._keep_sheet(now)
        if self._crossing is not None:
            self._cross(now)
        else:
            self._trade_and_quote(now)
        if step.changes:
            step.first_id, step.last_id = self.counter.take(len(step.changes))
        return step

    def _trade_and_quote(self, now: int) -> None:
        stage = self.stage(now)
        fair = self.fair(now, stage)
        half = max(0.3, fair * stage.spread_bps * 0.5e-4)
        self._give_way("ask", fair + half * 0.5, now)
        self._give_way("bid", fair - half * 0.5, now)
        if self.random.random() < 0.3:
            self._take("buy" if self.random.random() < stage.buy_share else "sell", now)
        if stage.thin:
            self._thin(stage.thin)
        self._keep_wall(stage, fair)
        self._quote("bid", math.floor(fair - half), stage.bid_size)
        self._quote("ask", math.ceil(fair + half), stage.ask_size)
        self._churn(stage)

    def _give_way(self, side: Side, limit: float, now: int) -> None:
        """Levels that the price has passed are taken, or pulled by their owners."""
        ladder = self.book.side(side)
        edge, taken = limit * ladder.sign, 0
        while ladder.keys and ladder.keys[0] < edge:
            tick = ladder.tick(0)
            if taken < 4 and self.random.random() < 0.5:
                self._fill_order(side, tick, ladder.sizes[tick], now)
                taken += 1
            else:
                self._put(side, tick, 0)

    def _take(self, taker: Taker, now: int) -> None:
        """A market order of random size hits the touch and perhaps the levels behind it."""
        side: Side = "ask" if taker == "buy" else "bid"
        ladder = self.book.side(side)
        if len(ladder) < 20:
            return
        left = self._lots(self.random.lognormvariate(-0.6, 1.2))
        for _ in range(3):
            tick = ladder.tick(0)
            lots = min(left, ladder.sizes[tick])
            self._fill_order(side, tick, lots, now)
            left -= lots
            if not left:
                return

    def _fill_order(self, side: Side, tick: int, lots: int, now: int) -> None:
        self.trade_id += 1
        trade = Trade(tick, lots, "buy" if side == "ask" else "sell", now, self.trade_id)
        self.recent.append(trade)
        self._step.trades.append(trade)
        self._put(side, tick, self.book.side(side).sizes[tick] - lots)

    def _quote(self, side: Side, goal: int, weight: float) -> None:
        """Limit orders close the way from the touch to where the price now is."""
        ladder, other = self.book.side(side), self.book.side("ask" if side == "bid" else "bid")
        sign, block = ladder.sign, other.best()
        if block is not None and goal * sign <= block * sign:
            goal = block + sign
        best = ladder.best()
        if best is None or best * sign > goal * sign:
            self._put(side, goal, self._lots(weight * self.random.lognormvariate(0, 1)))
            hole = 0 if best is None else abs(best - goal)
            if hole > 2:
                tick = goal + sign * self.random.randint(1, min(hole, 40))
                self._put(side, tick, self._lots(weight * self.random.lognormvariate(0, 1)))

    def _churn(self, stage: Stage) -> None:
        """Adds, cancels and resized orders, mostly near the touch; the number of levels stays alike."""
        for _ in range(self.random.randint(1, 4)):
            side: Side = "bid" if self.random.random() < 0.5 else "ask"
            ladder = self.book.side(side)
            weight = stage.bid_size if side == "bid" else stage.ask_size
            rank = int(len(ladder) * self.random.random() ** 3)
            if not 2 <= rank < len(ladder):
                rank = min(2, len(ladder) - 1)
            if rank < 0:
                continue
            tick, choice = ladder.tick(rank), self.random.random()
            room = self.listing.levels - len(ladder)
            if choice < 0.4 + 0.02 * room:
                self._add(side, tick, weight * (1 + rank / 60))
            elif choice < 0.65 and tick != self._wall:
                self._put(side, tick, 0)
            elif tick != self._wall:
                self._put(side, tick, self._lots(weight * (1 + rank / 60) * self.random.lognormvariate(0, 1)))
        self._keep_depth("bid")
        self._keep_depth("ask")

    def _add(self, side: Side, tick: int, weight: float) -> None:
        ladder = self.book.side(side)
        reach = max(2, int(tick * NEAR_GAP * 3))
        tick += ladder.sign * self.random.randint(0, reach)
        if tick not in ladder.sizes:
            self._put(side, tick, self._lots(weight * self.random.lognormvariate(0, 1)))

    def _keep_depth(self, side: Side) -> None:
        """At the far end the book neither frays nor grows without bound."""
        ladder, levels = self.book.side(side), self.listing.levels
        if len(ladder) > levels * 1.05:
            self._put(side, ladder.tick(len(ladder) - 1), 0)
        elif len(ladder) < levels * 0.95 and len(ladder):
            far = ladder.tick(len(ladder) - 1)
            self._put(
                side, far + ladder.sign * self.random.randint(1, self._gap(far, len(ladder))), self._lots(4.0)
            )

    def _thin(self, share: float) -> None:
        for side in SIDES:
            ladder = self.book.side(side)
            near = [ladder.tick(rank) for rank in range(min(100, len(ladder)))]
            for tick in near:
                if (
                    self.random.random() < share
                    and len(ladder) > 0.75 * self.listing.levels
                    and tick != self._wall
                ):
                    self._put(side, tick, 0)

    def _keep_wall(self, stage: Stage, fair: float) -> None:
        if stage.wall and self._wall is None:
            tick = self.book.bids.tick(5) if stage.near else math.floor(fair * (1 - 5e-4))
            self._wall = tick
            standing = self.book.bids.sizes.get(tick, 0)
            self._put("bid", tick, standing + self._lots(40.0 if stage.near else 200.0))
        elif not stage.wall and self._wall is not None:
            tick, self._wall = self._wall, None
            if tick in self.book.bids.sizes:
                self._put("bid", tick, 0)

    def _cross(self, now: int) -> None:
        until, tick = self._crossing or (0, 0)
        if now >= until and tick:
            self._put("bid", tick, 0)
            self._crossing = None
        elif not tick:
            tick = self.book.asks.tick(1) + 1
            self._put("bid", tick, self._lots(1.0))
            self._crossing = (until, tick)
        else:
            rank = min(30, len(self.book.bids) - 1)
            self._put("bid", self.book.bids.tick(rank), self._lots(self.random.lognormvariate(0, 1)))

    # -- small parts --------------------------------------------------------------------------------

    def _put(self, side: Side, tick: int, lots: int) -> None:
        ladder: Ladder = self.book.side(side)
        if ladder.sizes.get(tick, 0) != lots:
            ladder.put(tick, lots)
            self._step.changes.append((side, tick, lots))

    def _lots(self, weight: float) -> int:
        return max(1, round(weight * ORDER_NOTIONAL / self._lot_worth))

    def _gap(self, tick: int, rank: int) -> int:
        return max(1, int(2 * tick * NEAR_GAP * (1 + min(rank, 400) / 50)))

    def _pause(self) -> int:
        return int(self._period * self.random.uniform(0.3, 1.7))

    def _keep_sheet(self, now: int) -> None:
        self._next_sheet = now + SHEET_EVERY_NS
        self._kept.append((now, self.counter_last, self.book.bids.sizes.copy(), self.book.asks.sizes.copy()))

    def _fill(self, fair: float) -> None:
        """The first book: dense at the touch, sparse far away."""
        self._lot_worth = self.listing.lot_notional(self._latent.origin)
        for side in SIDES:
            ladder = self.book.side(side)
            tick = math.floor(fair) if side == "bid" else math.floor(fair) + 1
            for rank in range(self.listing.levels):
                ladder.put(tick, self._lots((1 + rank / 60) * self.random.lognormvariate(0, 1)))
                tick += ladder.sign * self.random.randint(1, self._gap(tick, rank))
                if tick <= 0:
                    break
