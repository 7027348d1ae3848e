"""Events in, readings out: the metrics of every book, updated with each message. Synchronous, no clock, no I/O.

`Readings` listens to one book (over all connections that ever carried it) and keeps a row of numbers; `Engine` knows
them all. What is not live has no values; what reaches beyond the proven part of a book has none either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.connectors.sync import Listener, Pair
from cython.cimports.service.grid import Grid
from cython.cimports.service.metrics.declare import Context, Metric

from connectors.book import Book
from connectors.delays import NETWORK, Delays
from connectors.derivative_feed import tells_all
from connectors.instruments import Instrument
from connectors.registry import Registry
from connectors.sync import CROSSED, LIVE, LOST, SNAPSHOT, STATES, SYNCING, Listener, Pair

from .grid import STEP, Grid
from .metrics.declare import RESUMED, Context, Declaration, Metric, Output, stored
from .plan import Plan, Print, hears
from .plans import Plans, Union
from .surveillance import Episodes

_LIVE = cython.declare(cython.int, LIVE)
_LOST = cython.declare(cython.int, LOST)
_SYNCING = cython.declare(cython.int, SYNCING)
_SNAPSHOT = cython.declare(cython.int, SNAPSHOT)
_RESUMED = cython.declare(cython.int, RESUMED)
_NAN = cython.declare(cython.double, float("nan"))
_STEP = cython.declare(cython.longlong, STEP)
_NO_BOOK = Book()  # what all readings look at before there is a pair; nobody writes to it

Key = tuple[str, str, str]
DISPUTED_BELOW = 0.8  # agreement under which a disputed taker side is not believed


@cython.cclass
class Readings(Listener):
    """All that is known of one book: its trust, its levels, its values.

    `owner` is the pair that carries the book now, `tape` the one that carries the trades, `ticker` the one that tells of
    liquidations, open interest and funding. When a second connection
    brings the same book live, it takes over; the first one's messages are ignored from then on.
    """

    venue = cython.declare(str, visibility="readonly")
    market = cython.declare(str, visibility="readonly")
    symbol = cython.declare(str, visibility="readonly")
    native = cython.declare(str, visibility="readonly")
    instrument = cython.declare(object, visibility="readonly")
    owner: Pair
    tape: Pair
    ticker: Pair
    context = cython.declare(Context, visibility="readonly")
    plan: Any
    metrics: list
    prompt: list
    deep: list
    lazy: list
    forced: list
    informed: list
    grid: Grid
    row: cython.double[::1]
    counter: cython.schar[::1]
    flow: cython.schar[::1]
    lasting: cython.schar[::1]
    size: cython.int
    version = cython.declare(cython.longlong, visibility="readonly")
    event_time = cython.declare(cython.longlong, visibility="readonly")
    received = cython.declare(cython.longlong, visibility="readonly")
    delay: cython.longlong
    applied = cython.declare(cython.longlong, visibility="readonly")
    lazy_every: cython.longlong
    lazy_at: cython.longlong
    fresh_at: cython.longlong
    fresh_version: cython.longlong
    anchor: cython.longlong
    heard: cython.bint
    listeners: list
    trade_listeners: list
    state_listeners: object
    forced_listeners: object
    tape_since: cython.longlong
    ticker_since: cython.longlong
    stated_since: cython.longlong
    base: dict

    def __init__(
        self,
        plan: Plan,
        instrument: Instrument,
        listeners: list[Any],
        trade_listeners: list[Any],
        least: float,
        state_listeners: Sequence[Any] = (),
        forced_listeners: Sequence[Any] = (),
    ) -> None:
        self.plan, self.instrument = plan, instrument
        self.lazy_every = plan.lazy_every
        self.venue, self.market = instrument.venue, str(instrument.market)
        self.symbol, self.native = instrument.symbol, instrument.native
        self.row = stored("d", [0.0 if output.counter else float("nan") for output in plan.outputs])
        self.size = len(plan.outputs)
        self.counter, self.flow, self.lasting = plan.is_counter, plan.is_flow, plan.lasting
        tick = float("nan") if instrument.tick is None else float(instrument.tick / instrument.multiplier)
        self.context = Context(_NO_BOOK, tick, least)
        if least > 0:  # cases have one book, which does all at full minutes
            self.context.phase = crc32(f"{self.venue} {self.market} {self.symbol}".encode()) % 300
        if instrument.lot is not None and instrument.unit_size is not None:
            self.context.lot = float(instrument.lot * instrument.unit_size)
        self.metrics = plan.make(self.context, self.row)
        self.prompt = [one for one in self.metrics if hears(one, "update")]
        self.forced = [one for one in self.metrics if hears(one, "liquidated")]
        self.informed = [one for one in self.metrics if hears(one, "stated")]
        self.deep = [one for one in self.prompt if not one.declaration.top]
        self.lazy = [one for one in self.metrics if one.declaration.lazy]
        self.grid = Grid([one for one in self.metrics if hears(one, "sample")])
        self.listeners, self.trade_listeners = listeners, trade_listeners
        self.state_listeners, self.forced_listeners = state_listeners, forced_listeners
        self.owner = self.tape = self.ticker = None
        self.fresh_version = -1
        self.base = {}

    # -- what pairs say --------------------------------------------------------------------------------------

    def attach(self, pair: Pair) -> None:
        """Listen to a pair; the first that carries a book or trades owns them until another takes over."""
        pair.listener = self
        if pair.carries_book and self.owner is None:
            self._own(pair)
        if pair.carries_trades and self.tape is None:
            self.tape = pair
        if pair.carries_derivatives and self.ticker is None:
            self.ticker = pair
        if pair.venue.derivatives is not None:
            self.context.derivative.declare(tells_all(pair.venue), pair.venue.derivatives.funding_hours)

    def _own(self, pair: Pair) -> None:
        """This pair carries the book from now on; counters go on where the one before left them."""
        if self.owner is not None:
            self.base = self.counts()
        self.owner = pair
        self._meet(pair.book)
        pair.book.move()
        pair.grid_due = self.grid.at
        if pair.carries_trades:
            self._tape(pair)

    def _meet(self, book: Book) -> None:
        """This is the book from now on: it keeps as many levels as the plan looks at, and says what changes in it."""
        if self.context.book.log is self.context.changes:
            self.context.book.follow(None)
        self.context.book = book
        if book.tops < self.plan.deepest:
            book.keep_top(self.plan.deepest)
        book.wants_orders = self.plan.orders
        if self.plan.changes:
            book.follow(self.context.changes)

    def _tape(self, pair: Pair) -> None:
        """This pair carries the trades from now on; prints that the one before told are not told again."""
        if self.tape is not None and pair.trade_id < self.tape.trade_id:
            pair.trade_id = self.tape.trade_id
        self.tape = pair

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def book_changed(
        self, pair: Pair, kind: cython.int, t: cython.longlong, now: cython.longlong
    ) -> cython.int:
        metric: Metric
        book: Book = pair.book
        if pair is not self.owner:
            return 0
        if book is not self.context.book:
            self._meet(book)
        self.delay = now - t
        book.settle(kind == _SNAPSHOT)
        book.refresh()
        if t < self.event_time:
            t = self.event_time
        self.grid.step(book, t)
        self.event_time = t
        self.received = self.anchor = now
        self.grid.good = True
        if kind == _SNAPSHOT:
            self.grid.broken = True
        if self.tape is not None and self.tape.trades_since != self.tape_since:
            self._follow_trades(now)
        self.context.see_mid(t, book)
        hearing: list = self.prompt if book.moved or kind == _SNAPSHOT else self.deep
        for metric in hearing:
            metric.update(book, kind, t)
        self.applied += 1
        self.version += 1
        if t - self.lazy_at >= self.lazy_every:
            self.lazy_at = t
            for metric in self.lazy:
                metric.refresh(book, t)
        for listener in self.listeners:
            listener(self)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def traded(
        self,
        pair: Pair,
        price: cython.double,
        size: cython.double,
        quote: cython.double,
        side: cython.int,
        t: cython.longlong,
        now: cython.longlong,
    ) -> cython.int:
        metric: Metric
        if pair is not self.tape:
            if self.tape is not None and self.tape.trades_since != 0:
                return 0
            self._tape(pair)  # the connection that carried the trades is gone
        if t > self.event_time:
            self.event_time = t
            self.anchor = now
        else:
            t = self.event_time
        self.grid.step(self.context.book, t)
        if pair.trades_since != self.tape_since:  # the feed began, or began anew after a gap
            self.tape_since = pair.trades_since
            self.context.trades.stop(t)
        self.context.trades.start(t)
        if side == 0:
            side = self.context.inferred_side(price)
        self.context.last_price = price
        self.context.last_side = side
        self.context.count_print(size, quote, side)
        for metric in self.metrics:
            metric.traded(price, size, quote, side, t)
        self.context.flow_withheld = bool(
            pair.venue.side_disputed and self.context.agreement < DISPUTED_BELOW
        )
        self.version += 1
        if self.trade_listeners:
            print_ = Print(price, size, quote, side, t)
            for listener in self.trade_listeners:
                listener(self, print_)
        for listener in self.listeners:
            listener(self)
        return 0

    # -- derivatives -----------------------------------------------------------------------------------------

    def liquidated(
        self, pair: Pair, price: float, size: float, quote: float, side: int, t: int, now: int
    ) -> None:
        if not (pair is self.tape and pair.venue.liquidated) and not self._is_ticker(pair):
            return
        if t > self.event_time:
            self.event_time = t
            self.anchor = now
        self.grid.step(self.context.book, self.event_time)
        self.follow_derivatives(now)
        for metric in self.forced:
            metric.liquidated(price, size, quote, side, self.event_time)
        if self.forced_listeners:
            print_ = Print(price, size, quote, side, self.event_time)
            for listener in self.forced_listeners:
                listener(self, print_)
        self._tell_news()

    def stated(self, pair: Pair, told: object, lasts: int, now: int) -> None:
        if not self._is_ticker(pair):
            return
        self.follow_derivatives(now)
        t = self.clock(now) or now
        self.context.derivative.take(told, self.instrument, self.context.mid, t, lasts)
        for metric in self.informed:
            metric.stated(t)
        self._tell_news()

    def _tell_news(self) -> None:
        self.version += 1
        for listener in self.listeners:
            listener(self)

    def _is_ticker(self, pair: Pair) -> bool:
        """Does this pair tell of the derivative? Another takes over once its connection is gone."""
        if pair is not self.ticker:
            if self.ticker is not None and self.ticker.derivatives_since != 0:
                return False
            self.ticker = pair
        return True

    def follow_derivatives(self, now: int) -> None:
        """Liquidations are told of for as long as their feed, or that of marked prints, is there."""
        told: Pair = self.tape if self.tape is not None and self.tape.venue.liquidated else self.ticker
        since = (
            told.trades_since
            if told is not self.ticker
            else told.derivatives_since
            if told is not None
            else 0
        )
        if since != self.ticker_since:
            self.ticker_since = since
            if since == 0:
                self.context.liquidations.stop(self.event_time)
            else:
                self.context.liquidations.start(self.event_time - max(0, now - since))
        # Whoever reads, or nobody, in between: what an earlier connection told is not what this one would have told.
        if self.ticker is not None and self.ticker.derivatives_since != self.stated_since:
            self.stated_since = self.ticker.derivatives_since
            self.context.derivative.forget()

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def state_changed(self, pair: Pair, now: cython.longlong) -> cython.int:
        metric: Metric
        if pair is not self.owner:
            if not (pair.carries_book and pair.state == _LIVE):
                return 0
            self._paused(now, True)
            self._own(pair)
        if pair.state == _LIVE:
            if self.heard:  # the silence ends now, whoever read or did not read meanwhile
                self.event_time = self.clock(now)
                self.anchor = max(self.anchor, now)
                self.grid.step(self.context.book, self.event_time)
            if pair.event_time > self.event_time:
                self.event_time = pair.event_time
                self.anchor = now
            self.context.books.start(self.event_time)
            if self.heard:  # it went stale and is good again: its values hold from here on
                self.heard = False
                self.context.book.settle(False)  # or the last message's changes would be told again
                self.grid.good = True
                self.context.see_mid(self.event_time, pair.book)
                for metric in self.prompt:
                    metric.update(pair.book, _RESUMED, self.event_time)
        else:
            self._paused(now, pair.state == _LOST or pair.state == _SYNCING)
        self.version += 1
        for listener in self.listeners:
            listener(self)
        for listener in self.state_listeners:
            listener(self, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _paused(self, now: cython.longlong, lost: cython.bint) -> cython.int:
        metric: Metric
        t: cython.longlong = self.clock(now)
        self.grid.step(self.context.book, t)
        self.event_time = t
        self.anchor = max(self.anchor, now)
        self.context.books.stop(t)
        self.context.move_mid(t, _NAN)
        self.grid.good = False
        self.grid.broken = self.grid.broken or lost
        self.heard = not lost and self.owner.state != CROSSED
        for metric in self.metrics:
            metric.paused(t)
            if lost:
                metric.lost(t)
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def step_due(self, pair: Pair, t: cython.longlong) -> cython.int:
        if pair is self.owner:
            self.grid.step(self.context.book, t if t > self.event_time else self.event_time)
            pair.grid_due = self.grid.at
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def leaving(self, pair: Pair, now: cython.longlong) -> cython.int:
        if pair is self.owner:
            self.grid.step(self.context.book, self.clock(now))
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def clock(self, now: cython.longlong) -> cython.longlong:
        """Venue time at our time `now`: that of the last message plus what has passed since it came in."""
        if self.event_time == 0 or now < self.anchor:
            return self.event_time
        return self.event_time + (now - self.anchor)

    def settle(self, now: int) -> None:
        """Close all seconds up to and with our time `now`, as if nothing more could come: the end of a case."""
        self.grid.step(self.context.book, self.clock(now) + 1)

    # -- what others read ------------------------------------------------------------------------------------

    def metric(self, key: str) -> Any:
        """One of the metrics of this book."""
        return next(one for one in self.metrics if one.declaration.key == key)

    @property
    def pair(self) -> Any:
        """The pair that carries the book now; None before there is one."""
        return self.owner

    @property
    def state(self) -> str:
        return STATES[self.owner.state] if self.owner is not None else "syncing"

    @property
    def reason(self) -> str:
        return self.owner.reason if self.owner is not None else "not_connected"

    @property
    def proof(self) -> str:
        return self.owner.proof if self.owner is not None else "none"

    @property
    def outputs(self) -> Sequence[Output]:
        """What this book's metrics yield, in the order of its values."""
        found: Sequence[Output] = self.plan.outputs
        return found

    @property
    def members(self) -> Sequence[Any]:
        """Nobody: it is one venue's own book."""
        return ()

    def fault(self, key: str) -> str:
        """What switched off a metric of the user's own, "" where it runs or is none of this book's."""
        found = [str(one.fault) for one in self.metrics if one.declaration.key == key]
        return found[0] if found else ""

    def at(self, place: int) -> float:
        """The number that stands at a place, as it was left by the last message."""
        return self.row[place]

    @property
    def update_id(self) -> int | None:
        return self.owner.update_id if self.owner is not None and self.owner.update_id >= 0 else None

    @property
    def capped(self) -> bool:
        return bool(self.owner is not None and self.owner.book.capped)

    @property
    def depth(self) -> int:
        return self.owner.depth if self.owner is not None else 0

    @property
    def latency_seconds(self) -> float | None:
        """Receive time minus the venue's time of the last applied message, in seconds."""
        return self.delay / 1e9 if self.received else None

    @property
    def counters(self) -> dict[str, int]:
        return self.counts()

    def counts(self) -> dict[str, int]:
        """Numbers of messages and faults since the start, over all connections that carried the book."""
        pair: Pair = self.owner
        if pair is None:
            return {}
        found = {
            "updates": pair.updates,
            "dropped_old": pair.dropped,
            "gaps": pair.gaps,
            "checksums_ok": pair.checksums_ok,
            "checksums_failed": pair.checksums_failed,
            "resyncs": pair.resyncs,
            "crossed": pair.crossed_count,
            "differences": pair.differences,
        }
        tape: Pair = self.tape if self.tape is not None else pair
        found |= {
            "trades": tape.trades,
            "taker_buy": tape.taker_buy,
            "taker_sell": tape.taker_sell,
            "trade_gaps": tape.trade_gaps,
        }
        return {name: count + self.base.get(name, 0) for name, count in found.items()}

    @property
    def resyncs_by_reason(self) -> dict[str, int]:
        return dict(self.owner.resyncs_by_reason) if self.owner is not None else {}

    def levels(self, depth: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The best `depth` bids and asks as text in native units; empty unless live."""
        if self.owner is None or self.owner.state != LIVE:
            return [], []
        found: tuple[list[tuple[str, str]], list[tuple[str, str]]] = self.owner.book.levels(depth)
        return found

    @property
    def numbers(self) -> Any:
        """The row itself, for guards that compare single numbers with every message; only `values` is to be believed."""
        return self.row

    def values(self, now: int) -> list[float]:
        """One number an output of the plan, NaN where nothing can be said; all NaN unless the book is live."""
        if self.owner is None or self.owner.state != _LIVE:
            return [_NAN] * self.size
        return self.standing(now)

    def exported(self, now: int) -> list[float]:
        """What /metrics shows: all values."""
        return self.values(now)

    def standing(self, now: int) -> list[float]:
        """As `values`, but counters, trades and health stay while the book is not live: they do not rest on it."""
        k: cython.int
        self._bring(now)
        live: cython.bint = self.owner is not None and self.owner.state == _LIVE
        withheld: cython.bint = self.context.flow_withheld
        found: list = []
        for k in range(self.size):
            if (not live and not self.lasting[k]) or (withheld and self.flow[k]):
                found.append(_NAN)
            else:
                found.append(self.row[k])
        return found

    def execution(self, side: str, notional: float, horizon: int, now: int) -> dict[str, Any] | None:
        """Parts of the risk of an order of so much quote, none while it is not live; None for a size not followed.

        `horizon` in seconds: how long an order at the touch would wait.
        """
        found = next((one for one in self.metrics if one.declaration.key == "execution_risk"), None)
        parts = found.profile(side, notional, horizon, self.clock(now)) if found is not None else None
        return parts if parts is None or self.state == "live" else {}

    def truncated(self, now: int) -> list[str]:
        """Names of the values that are null because they need levels beyond the proven part of the book."""
        if self.owner is None or self.owner.state != LIVE:
            return []
        book: Book = self.owner.book
        if book.bid_floor <= -(1 << 62) and book.ask_ceiling >= 1 << 62:
            return []
        values = self.values(now)
        return [
            output.name
            for output, value in zip(self.plan.outputs, values, strict=True)
            if value != value
            and output.key in self.plan.reaching
            and dict(output.labels).get("stat", "last") == "last"
        ]

    @cython.cfunc
    @cython.exceptval(-1, check=True)
    def _bring(self, now: cython.longlong) -> cython.int:
        """Bring all that depends on time, and all that is lazy, up to `now`."""
        metric: Metric
        t: cython.longlong = self.clock(now)
        if self.fresh_version == self.version and self.fresh_at == t:
            return 0
        if self.ticker is not None or (self.tape is not None and self.tape.venue.liquidated):
            self.follow_derivatives(now)
        self.grid.step(self.context.book, t - _STEP)
        for metric in self.metrics:
            metric.refresh(self.context.book, t)
        self.fresh_version = self.version
        self.fresh_at = t
        return 0

    def _follow_trades(self, now: int) -> None:
        """The trade feed is there while its pair says so; it may begin, and end, without a print."""
        self.tape_since = self.tape.trades_since
        if self.tape_since == 0:
            self.context.trades.stop(self.event_time)
        else:
            self.context.trades.start(self.event_time - max(0, now - self.tape_since))


class Engine:
    """All books. Venues' pairs are handed in by `attach`; readings come out of `books`."""

    def __init__(
        self, plan: Plan | Plans | None = None, *, min_coverage: float = 0.8, simulated: bool = False
    ) -> None:
        """`plan` is that of all books, or says which each one has."""
        self.plans = plan if isinstance(plan, Plans) else Plans(base=plan or Plan())
        self.min_coverage, self.simulated = min_coverage, simulated
        self.books: dict[Key, Any] = {}
        self.feeds: list[Any] = []
        self.registries: list[Registry] = []  # what venues list, watched or not
        self.arrivals: dict[str, Delays] = {}  # by venue: from its own time of a message to ours
        self.across: Any = None
        self.left_out: list[dict[str, str]] = []
        self.episodes = Episodes()
        self._listeners: list[Callable[[Any], None]] = []
        self._trade_listeners: list[Callable[[Any, Print], None]] = []
        self._state_listeners: list[Callable[[Any, int], None]] = []
        self._forced_listeners: list[Callable[[Any, Print], None]] = []
        self._union = Union(self._all_outputs)

    @property
    def outputs(self) -> Sequence[Output]:
        """Those of all books."""
        return self._union()

    def _all_outputs(self) -> list[Sequence[Output]]:
        groups = [] if self.across is None else [group.outputs for group in self.across.groups.values()]
        return [*(plan.outputs for plan in self.plans.plans), *groups]

    @property
    def declarations(self) -> Sequence[Declaration]:
        """Of all metrics that run, or would for some book."""
        return [*self.plans.declarations, *(() if self.across is None else self.across.declarations)]

    @property
    def faults(self) -> list[dict[str, str]]:
        """Metrics of the user's own that are left out, or were switched off for a book, and why."""
        found = list(self.left_out)
        for key in self.plans.own:
            found += [
                {"metric": key, "venue": book.venue, "symbol": book.symbol, "reason": book.fault(key)}
                for book in self.books.values()
                if isinstance(book, Readings) and book.fault(key)
            ]
        return found

    def consolidate(self, across: Any) -> None:
        """Tell this of books that come and go (`joined`, `left`) and change (`heard`); it keeps its own among them."""
        self.across = across
        self._listeners.insert(0, across.heard)

    def attach(self, pair: Pair) -> Readings:
        """Take a pair in: its book, or its trades, belong to the readings of its instrument."""
        one = pair.instrument
        key = (one.venue, str(one.market), one.symbol)
        fresh = key not in self.books
        if fresh:
            plan = self.plans.of(*key)
            self.books[key] = Readings(
                plan,
                one,
                self._listeners,
                self._trade_listeners,
                self.min_coverage,
                self._state_listeners,
                self._forced_listeners,
            )
        pair.arrivals = self.arrivals.setdefault(one.venue, Delays(NETWORK))
        found: Readings = self.books[key]
        found.context.report = self.episodes.reporter(key)
        found.attach(pair)
        if fresh and self.across is not None:
            self.across.joined(found)
        return found

    def forget(self, instrument: Instrument) -> None:
        """No pair carries this any more (it expired): it has no readings from here on."""
        key = (instrument.venue, str(instrument.market), instrument.symbol)
        gone = self.books.pop(key, None)
        self.episodes.forget(key)
        if gone is not None and self.across is not None:
            self.across.left(gone)

    def tell(self, book: Any) -> None:
        """A book that is not fed by a pair changed."""
        for listener in self._listeners:
            listener(book)

    def listen(self, callback: Callable[[Any], None]) -> None:
        """Call this after every applied message and every change of state; it must cost next to nothing."""
        self._listeners.append(callback)

    def listen_trades(self, callback: Callable[[Any, Print], None]) -> None:
        """Call this with every print."""
        self._trade_listeners.append(callback)

    def listen_states(self, callback: Callable[[Any, int], None]) -> None:
        """Call this with every change of a venue's own book's state, and our time of it (ns)."""
        self._state_listeners.append(callback)

    def listen_liquidations(self, callback: Callable[[Any, Print], None]) -> None:
        """Call this with every liquidation: the order that closed the position, so its side is `buy` for a short."""
        self._forced_listeners.append(callback)
