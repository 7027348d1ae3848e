"""A venue's sessions and its simulator, joined in memory on a made-up clock: no socket, no sleep, equal seeds equal runs.

A link does what the driver and the feeds do (connect, send, fetch within the budget, close, replace), event by event in
the order of time. After each instant at which frames were delivered it compares books that say live with the truth.
"""

from __future__ import annotations

import dataclasses
import heapq
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from connectors import all_venues
from connectors.actions import SNAPSHOT, Close, Connect, Fetch, Replace, Send
from connectors.recording import INSTRUMENTS, Recorder
from connectors.requests import Budget
from connectors.session import Session
from connectors.sync import LIVE, STATES, UNSUBSCRIBING, Pair
from connectors.timeline import Timeline
from connectors.venue import Venue
from service.engine import Engine
from service.plan import Plan
from simulator import all_venues as simulated_venues
from simulator.connection import Connection
from simulator.faults import Corrupt, Fault
from simulator.frames import Close as Ended
from simulator.frames import Frame, Ping
from simulator.venue import HandshakeRefusedError

SECOND = 1_000_000_000
MS = 1_000_000
T0 = 1_790_000_000 * SECOND
HANDSHAKE = 5 * MS
HAND_OVER_WITHIN = 60 * SECOND
SYMBOLS = {  # (venue, product) -> native ids of the simulator's catalogue
    ("binance", "spot"): ("BTCUSDT", "ETHUSDT", "SOLUSDT"),
    ("binance", "usdm"): ("BTCUSDT", "ETHUSDT"),
    ("binance", "coinm"): ("BTCUSD_PERP",),
    ("binance_us", "spot"): ("BTCUSDT", "ETHUSDT"),
    ("okx", "public"): ("BTC-USDT", "ETH-USDT", "BTC-USDT-SWAP"),
    ("kraken", "spot"): ("BTC/USD", "ETH/USD"),
    ("bybit", "spot"): ("BTCUSDT",),
    ("bybit", "linear"): ("BTCUSDT", "ETHUSDT"),
    ("bybit", "inverse"): ("BTCUSD",),
    ("coinbase", "advanced"): ("BTC-USD", "ETH-USD"),
    ("kraken_futures", "futures"): ("PI_XBTUSD", "PF_ETHUSD"),
    ("deribit", "public"): ("BTC-PERPETUAL", "ETH-PERPETUAL", "BTC_USDC-PERPETUAL"),
    ("hyperliquid", "public"): ("BTC", "ETH"),
    ("bitfinex", "public"): ("tBTCUSD", "tETHUST", "tBTCF0:USTF0"),
    ("coinbase_exchange", "exchange"): ("BTC-USD", "ETH-USD"),
    ("bitstamp", "public"): ("btcusd", "ethusd", "btcusd-perp"),
    ("dydx", "perp"): ("BTC-USD", "ETH-USD"),
    ("gate", "spot"): ("BTC_USDT", "ETH_USDT"),
    ("gate", "usdt"): ("BTC_USDT", "ETH_USDT"),
    ("gate", "btc"): ("BTC_USD",),
    ("bitget", "spot"): ("BTCUSDT", "ETHUSDT"),
    ("bitget", "usdt"): ("BTCUSDT", "ETHUSDT"),
    ("gemini", "public"): ("btcusd", "ethusd"),
    ("upbit", "spot"): ("KRW-BTC", "KRW-ETH"),
    ("bithumb", "spot"): ("KRW-BTC", "KRW-ETH"),
    ("htx", "spot"): ("btcusdt", "ethusdt"),
    ("htx", "linear"): ("BTC-USDT", "ETH-USDT"),
    ("htx", "inverse"): ("BTC-USD",),
    ("kucoin", "spot"): ("BTC-USDT", "ETH-USDT"),
    ("kucoin", "futures"): ("XBTUSDTM", "XBTUSDM"),
    ("crypto_com", "market"): ("BTC_USD", "BTCUSD-PERP"),
    ("mexc", "spot"): ("BTCUSDT", "ETHUSDT"),
    ("mexc", "contract"): ("BTC_USDT", "BTC_USD"),
}


@dataclasses.dataclass
class Wire:
    """A session with the simulator's side of its socket."""

    session: Session
    connection: Connection | None = None
    url: str = ""
    recorder: Recorder | None = None

    @property
    def books(self) -> list[Pair]:
        return [pair for pair in self.session.pairs.values() if pair.carries_book]


class Link:
    """One product of a venue against its simulator. `run` and `run_until` move time."""

    def __init__(
        self,
        name: str,
        product: str,
        *,
        seed: int = 1,
        rate: float = 8.0,
        levels: int = 130,
        symbols: Sequence[str] | None = None,
        metrics: Sequence[str] | None = ("queue_imbalance",),
        missing: Sequence[str] = (),
        record: Path | None = None,
    ) -> None:
        """`levels` a side in the simulated books; `missing` are ids that are subscribed to and that nobody lists.

        All that goes in and out is recorded into the folder `record`.
        """
        simulator = simulated_venues()[name]
        wanted = SYMBOLS[name, product] if symbols is None else symbols
        theirs = product if product in simulator.real_hosts else ""
        listings = [
            dataclasses.replace(listing, levels=levels)
            for listing in simulator.catalogue
            if listing.native in wanted and theirs in ("", listing.product)
        ]
        self.now = self.clock = self.instant = T0
        self.record = record
        self.simulator = simulator(listings, seed=seed, rate=rate, start=T0)
        self.venue = self._ours(name, product)
        self.natives = [*wanted, *missing]
        self.engine = Engine(Plan(metrics))
        self.told: list[tuple[float, str, str, str]] = []  # when, native id, state, reason: each change
        self.engine.listen(self._note)
        self.timeline = Timeline(self._fired)
        self.budget = Budget(self.venue.limits.weight_per_minute)
        self.connects = Budget(self.venue.limits.connects_per_minute)
        self.wires: list[Wire] = []
        self.later: list[tuple[int, int, Callable[[int], None]]] = []
        self.count = 0
        self.sent: list[tuple[int, str]] = []
        self.connected: list[int] = []
        self.fetches: list[tuple[int, str, int]] = []  # when, native id, status
        self.replaced: list[str] = []
        self.closed: list[str] = []
        self.behind: set[str] = set()  # ids whose last frame did not reach us as it was meant
        self.tainted: dict[str, int] = {}  # ids with damage that their venue cannot show -> when
        self.touched: dict[str, int] = {}  # ids whose frames a fault spoilt -> how often
        snapshot = self.venue.snapshot
        self.most_proven = snapshot.limit if snapshot and snapshot.path else 0  # levels of a snapshot by REST
        self.checked = 0
        self.fetched = False
        self.wrong: list[str] = []
        self._lists: dict[str, str] = {}
        self._instruments = self._listed(missing)
        self.simulator.faults.sent = self._watched(self.simulator.faults.sent)  # type: ignore[method-assign,assignment]
        for number, route in enumerate(self.venue.routes):
            if self._carried(route):
                self.add(route, str(number))  # an empty seed would be another one in the replay

    # -- making ----------------------------------------------------------------------------------------------

    def _ours(self, name: str, product: str) -> Venue:
        kind = all_venues()[name, product]
        theirs = self.simulator.real_hosts
        key = product if product in theirs else next(iter(theirs))
        prefix = self.simulator.prefixes.get(key, "")
        venue = kind(
            ws=kind.ws.replace(theirs[key]["ws"], f"ws://sim{prefix}", 1),
            rest=kind.rest.replace(theirs[key]["rest"], f"http://sim{prefix}", 1),
        )
        assert venue.ws.startswith("ws://sim")
        return venue

    def _listed(self, missing: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path in self.venue.instrument_paths():
            self._lists[path] = self._rest(path, self.now).body
            found |= {one.native: one for one in self.venue.instruments(json.loads(self._lists[path]))}
        return found | {native: self.venue.infer(native) for native in missing}

    def _carried(self, route: str) -> list[str]:
        """The instruments that a route is for."""
        markets = self.venue.routes[route].markets
        return [native for native in self.natives if self._instruments[native].market in markets]

    def add(self, route: str, seed: str = "") -> Wire:
        """A session for all symbols, as the feeds make one; it is started by `start`."""
        session = Session(self.venue, route, seed)
        for native in self._carried(route):
            pair = session.add(Pair(self.venue, self._instruments[native]))
            session.keeper.prepare(pair)
            self.engine.attach(pair)
        wire = Wire(session)
        if self.record is not None:
            stem = f"{self.venue.name}-{self.venue.product}-{route}-{seed}{len(self.wires)}"
            beside = Recorder(self.record / f"{stem}{INSTRUMENTS}", self.venue.name, self.venue.product)
            for path, body in self._lists.items():
                beside.fetched(self.venue.rest + path, 200, body.encode(), self.now)
            beside.close()
            wire.recorder = Recorder(self.record / f"{stem}.jsonl.gz", self.venue.name, self.venue.product)
        self.wires.append(wire)
        self.timeline.add(session)
        return wire

    def start(self) -> Link:
        """Ask for all connections."""
        for wire in self.wires:
            wire.session.keeper.start(self.now)
            self._perform(wire)
        return self

    # -- what a test asks ------------------------------------------------------------------------------------

    @property
    def books(self) -> dict[str, Pair]:
        """By native id; after a replacement those of the newest connection."""
        return {pair.native: pair for wire in self.wires for pair in wire.books}

    def book_wire(self) -> Wire:
        """The newest connection that carries books."""
        return next(wire for wire in reversed(self.wires) if wire.books)

    def states(self) -> dict[str, str]:
        return {native: f"{STATES[pair.state]} {pair.reason}".strip() for native, pair in self.books.items()}

    def all_live(self) -> bool:
        return all(pair.state == LIVE for pair in self.books.values())

    def sound(self) -> bool:
        """Is every book live, and without damage that its venue could not show?"""
        return self.all_live() and not self.behind and not self._still_tainted()

    def differences(self, wire: Wire, pair: Pair, depth: int | None = None) -> str:
        """How a book differs from the truth; "" where it does not."""
        if wire.connection is None:
            return "no connection"
        try:
            truth = wire.connection.true_book(pair.native)
        except KeyError:
            return f"{pair.native}: not subscribed"
        bids, asks = pair.raw_levels(depth or 100_000)
        for side, ours, true in (("bid", bids, truth.bids), ("ask", asks, truth.asks)):
            mine, theirs = [(Decimal(price), Decimal(size)) for price, size in ours], true
            if self.most_proven and not depth:
                mine, theirs = self._proven(pair, side, mine), self._proven(pair, side, theirs)
            if mine != (theirs[:depth] if depth else theirs):
                wrong = sorted(set(mine) ^ set(theirs[: len(mine)]))[:3]
                return f"{pair.native} {side}s {len(mine)}/{len(theirs)}: {wrong}"
        return ""

    def _proven(
        self, pair: Pair, side: str, levels: list[tuple[Decimal, Decimal]]
    ) -> list[tuple[Decimal, Decimal]]:
        """The levels within the range of the last snapshot; beyond it a book holds only what changed since."""
        unit = Decimal(1).scaleb(-pair.book.price_places)
        low, high = pair.book.bid_floor * unit, pair.book.ask_ceiling * unit
        return [level for level in levels if (level[0] >= low if side == "bid" else level[0] <= high)]

    def unequal(self) -> list[str]:
        """All books that differ from the truth, compared in full."""
        found = [self.differences(wire, pair) for wire in self.wires for pair in wire.books]
        return [one for one in found if one]

    def inject(self, fault: Fault) -> None:
        self.simulator.inject(fault, self.now)

    # -- time ------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + int(seconds * SECOND)
        while self._next() <= end:
            self._step(max(self._next(), self.now))
        self._step(end)

    def run_until(self, true: Callable[[], bool], most: float) -> float:
        """Let time pass until something is true; seconds that it took. AssertionError after `most` seconds."""
        begun = self.now
        while not true():
            assert self.now - begun < most * SECOND, f"not within {most:g} s: {self.states()}"
            self._step(max(self._next(), self.now))
        return (self.now - begun) / SECOND

    def _next(self) -> int:
        """When something happens next, on either side."""
        its = self.simulator
        due = min(its._second, *(market.next_step for market in its.markets.values()))
        for feed in its.feeds.values():
            due = min(due, feed.due)
        for connection in its.connections.values():
            due = min(due, connection.deadline)
            if connection._outbox:
                due = min(due, connection._outbox[0][0])
        if self.later:
            due = min(due, self.later[0][0])
        return min(due, max(self.timeline.next_due, self.now + 1))

    def _step(self, now: int) -> None:
        """Everything that happens at one instant."""
        self.now = self.instant = now
        self.simulator.advance(now)
        self.timeline.advance(now)
        while self.later and self.later[0][0] <= now:
            heapq.heappop(self.later)[2](now)
        heard, self.fetched = self.fetched, False
        for wire in list(self.wires):
            heard |= self._deliver(wire, now)
        if heard:
            self._check()

    def _before(self) -> int:
        """The time of an input, which is its own, after everything that was due earlier."""
        self.clock = self.now = max(self.clock + 1, self.now)
        self.timeline.advance(self.clock)
        return self.clock

    def at(self, when: int, action: Callable[[int], None]) -> None:
        """Do something later."""
        self.count += 1
        heapq.heappush(self.later, (when, self.count, action))

    def _note(self, book: Any) -> None:
        last = next((said for said in reversed(self.told) if said[1] == book.native), None)
        if last is None or last[2:] != (book.state, book.reason):
            self.told.append(((self.now - T0) / SECOND, book.native, book.state, book.reason))

    # -- what the driver does --------------------------------------------------------------------------------

    def _fired(self, session: Session) -> None:
        wire = next(wire for wire in self.wires if wire.session is session)
        self._perform(wire)

    def _perform(self, wire: Wire) -> None:
        for action in wire.session.keeper.take_actions():
            match action:
                case Connect(url):
                    self._connect(wire, url)
                case Send(text):
                    self.sent.append((self.now, text))
                    if wire.connection is not None:
                        if wire.recorder:
                            wire.recorder.sent(wire.url, text, self.now)
                        wire.connection.receive(text, self.now)
                case Fetch():
                    self._fetch(wire, action, self.now)
                case Close(reason):
                    self.at(self.now + MS, lambda now: self._end(wire, reason))
                case Replace(reason):
                    self._replace(wire, reason)

    def _connect(self, wire: Wire, address: str) -> None:
        when = max(self.now + HANDSHAKE, self.connects.ready_at(1, self.now))
        self.connects.spend(1, when)

        def attempt(now: int) -> None:
            if wire not in self.wires:
                return
            self.connected.append(now)
            wire.url = address
            try:
                wire.connection = self.simulator.connect(address.removeprefix("ws://sim"), now)
            except HandshakeRefusedError as refused:
                self._closed(wire, f"handshake refused: {refused}")
            else:
                self.behind.clear()
                now = self._before()
                if wire.recorder:
                    wire.recorder.opened(address, now, wire.session)
                wire.session.keeper.opened(now)
                self._perform(wire)

        self.at(when, attempt)

    def _end(self, wire: Wire, reason: str) -> None:
        """Our side closes the socket."""
        if wire.connection is not None and wire in self.wires:
            wire.connection.closed(self.now)
            self._closed(wire, reason)

    def _closed(self, wire: Wire, reason: str) -> None:
        """The socket is gone, or never came to be."""
        wire.connection = None
        self.closed.append(reason)
        now = self._before()
        if wire.recorder:
            wire.recorder.closed(wire.url, reason, now, wire.session)
        wire.session.keeper.closed(reason, now)
        self._perform(wire)

    def _rest(self, path: str, now: int) -> Any:
        whole, _, body = (self.venue.rest + path).removeprefix("http://sim").partition(" ")
        path, _, query = whole.partition("?")
        return self.simulator.rest("POST" if body else "GET", path, dict(parse_qsl(query)), now, body)

    def _fetch(self, wire: Wire, action: Fetch, now: int) -> None:
        at = max(self.budget.ready_at(action.weight, now, spare=action.spare), action.not_before)
        if at > now:
            self.at(at, lambda then: self._fetch(wire, action, then))
            return
        self.budget.spend(action.weight, now)
        answer = self._rest(action.path, now)
        if action.key[0] == SNAPSHOT:
            self.fetches.append((now, action.key[1], answer.status))

        def deliver(then: int) -> None:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            wait = self.budget.answered(answer.status, headers, then)
            if wire in self.wires:
                body = answer.body.encode()
                then = self._before()
                if wire.recorder:
                    wire.recorder.fetched(self.venue.rest + action.path, answer.status, body, then)
                what, native = action.key
                if what == SNAPSHOT:
                    wire.session.keeper.fetched(native, answer.status, body, then, wait=wait)
                else:
                    wire.session.keeper.derivatives.answered(what, native, answer.status, body, then)
                self._perform(wire)
                self.fetched = True

        self.at(now + answer.delay_ns, deliver)

    def _replace(self, old: Wire, reason: str) -> None:
        self.replaced.append(reason)
        fresh = self.add(old.session.route, f"{len(self.wires)}")
        fresh.session.keeper.start(self.now)
        self._perform(fresh)
        deadline = self.now + HAND_OVER_WITHIN

        def look(now: int) -> None:
            open_ = fresh.session.keeper.state == "open"
            if not (open_ and all(pair.state == LIVE for pair in fresh.books)) and now < deadline:
                self.at(now + 100 * MS, look)
                return
            if old in self.wires:
                self.drop(old)

        self.at(self.now + 100 * MS, look)

    def drop(self, wire: Wire) -> None:
        """End a connection for good."""
        if wire.connection is not None:
            wire.connection.closed(self.now)
            self._closed(wire, "stopped")
        self.wires.remove(wire)
        self.timeline.remove(wire.session)
        if wire.recorder:
            wire.recorder.close()

    def stop(self) -> None:
        """End everything, as the service does."""
        for wire in list(self.wires):
            self.drop(wire)

    def _deliver(self, wire: Wire, now: int) -> bool:
        connection = wire.connection
        if connection is None:
            return False
        frames = connection.frames_to_send(now)
        for what in frames:
            match what:
                case str() | bytes():
                    at, frame = self._before(), what.encode() if isinstance(what, str) else what
                    if wire.recorder:
                        wire.recorder.received(wire.url, frame, at)
                    wire.session.received(frame, at)
                case Ping():
                    at = self._before()
                    connection.pong(what.payload, at)
                    if wire.recorder:
                        wire.recorder.pinged(wire.url, at)
                    wire.session.keeper.pinged(at)
                case Ended():
                    connection.closed(now)
                    self._closed(wire, f"closed by the venue ({what.code})")
            self._perform(wire)
        return bool(frames)

    # -- the truth -------------------------------------------------------------------------------------------

    def _watched(self, sent: Callable[[Frame, int], list[str]]) -> Callable[[Frame, int], list[str]]:
        """Note which frames do not leave as they were meant to."""

        def watched(frame: Frame, connection: int) -> list[str]:
            corrupt = any(isinstance(fault, Corrupt) for fault in self.simulator.faults.armed)
            texts = sent(frame, connection)
            if frame.kind in ("update", "snapshot"):
                if texts[-1:] == [frame.text]:
                    self.behind.discard(frame.symbol)
                else:
                    self.behind.add(frame.symbol)
                if texts != [frame.text]:
                    self.touched[frame.symbol] = self.touched.get(frame.symbol, 0) + 1
                    if corrupt or self.is_blind:
                        self.tainted[frame.symbol] = self.now
            return texts

        return watched

    @property
    def is_blind(self) -> bool:
        """Can a lost update stay unseen at this venue?"""
        return not self.venue.counts_connection and self.venue.rule.detects == "nothing"

    def taint(self, native: str | None) -> None:
        """Something happens that a blind venue does not show."""
        for one in self.natives if native is None else [native]:
            self.tainted[one] = self.now

    def _still_tainted(self) -> set[str]:
        """Damage ends with the first whole book behind it."""
        for native, pair in self.books.items():
            if native in self.tainted and pair.image_time > self.tainted[native]:
                del self.tainted[native]
        return set(self.tainted)

    def _check(self) -> None:
        """A book that says live is the true one, as far as its venue can show."""
        tainted = self._still_tainted()
        for wire in self.wires:
            for pair in wire.books:
                if pair.state != LIVE or pair.native in self.behind or wire.connection is None:
                    continue
                if pair.received < self.instant or pair.step == UNSUBSCRIBING:
                    continue  # the venue may follow it no more
                depth: int | None = 12 if self.checked % 20 else None
                if pair.native in tainted:
                    if self.venue.checksum is None:
                        continue
                    depth = self.venue.checksum.levels
                self.checked += 1
                wrong = self.differences(wire, pair, depth)
                renewing = pair.compared and wrong.endswith(
                    "not subscribed"
                )  # left, to come again with an image
                if wrong and not renewing:
                    self.wrong.append(f"{(self.now - T0) / SECOND:.3f} {wrong}")
