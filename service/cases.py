"""The events of a case (metrics.md 9.5) as frames of a made-up venue, through a session, its pair and the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import orjson

from connectors.derivatives import (
    Complete,
    Derivative,
    Derivatives,
    DerivativeTicker,
    Liquidation,
    Population,
    Position,
    amount,
)
from connectors.errors import UsageError
from connectors.instruments import Instrument, Market
from connectors.rules import Unnumbered
from connectors.session import Session
from connectors.shape import KIND, PRICE, SIDE, SIZE, SYMBOL, TIME, Kind, Rows, asks, bids
from connectors.sync import Pair
from connectors.venue import Channel, Venue

from .engine import Engine, Readings
from .plan import Plan

NATIVE = "CASE-QUOTE"
SECOND = 1_000_000_000
ROWS = Rows(orders=2)
STATED = ("mark", "index", "funding_rate", "funding_hours", "open_interest")
# Case times start at 0, which as a venue's time would mean "not told". A midnight, since some metrics begin anew there.
EPOCH = 17_361 * 86_400 * SECOND
COMPANIONS = {"trade_flow_imbalance": ("volume_delta",)}  # their results stand together in 9.5


class CaseError(UsageError):
    """A case that cannot be computed; the text says why."""


class CaseVenue(Venue):
    """The venue of all cases: snapshots, deltas, images, trades, liquidations with times and texts as given.

    Beside the kinds of metrics.md 9.5 it knows `derivative`: mark, index, funding_rate, funding_hours, open_interest, and
    longs, the share of them by population.
    """

    name, product = "case", "case"
    layout = {
        "kind": KIND,
        "symbol": SYMBOL,
        "t": TIME,
        "bids": bids(ROWS),
        "asks": asks(ROWS),
        "price": PRICE,
        "size": SIZE,
        "side": SIDE,
    }
    kinds = {
        "snapshot": Kind.SNAPSHOT,
        "delta": Kind.DELTA,
        "replace": Kind.IMAGE,
        "trade": Kind.TRADE,
        "liquidation": Kind.DERIVATIVE,
        "derivative": Kind.DERIVATIVE,
    }
    taker_bought, taker_sold = "buy", "sell"
    rule = Unnumbered()
    proof: ClassVar[str] = "none"
    derivatives = Derivatives(Complete.ALL, "", False, "socket", "socket", "socket", "socket")

    def subscribe(self, symbols: Sequence[str], channels: Sequence[Channel], request: int) -> tuple[str, ...]:
        """Nobody to subscribe to."""
        return ()

    def read_derivatives(self, message: Any, kind: str, symbol: str) -> Iterable[Derivative]:
        if kind == "liquidation":
            price, size = float(message["price"]), float(message["size"])
            yield Liquidation(NATIVE, Position(message["position"]), price, size, int(message["t"]))
        else:
            told = DerivativeTicker(NATIVE, int(message["t"]))
            for name in STATED:
                setattr(told, name, amount(message.get(name)))
            told.longs = {Population(of): float(part) for of, part in message.get("longs", {}).items()}
            yield told


class Bench:
    """One book with one metric, fed by the events of a case; of a venue among others in an `engine` they share."""

    def __init__(
        self,
        metric: str,
        given: Mapping[str, Any],
        params: Mapping[str, Any],
        *,
        venue_name: str = "case",
        engine: Engine | None = None,
    ) -> None:
        venue = CaseVenue("ws://case", "http://case")
        tick = number(params["tick_size"]) if "tick_size" in params else None
        instrument = Instrument(venue_name, NATIVE, NATIVE, Market.SPOT, "CASE", "QUOTE", "QUOTE", tick=tick)
        keys = [metric, *COMPANIONS.get(metric, ())]
        self.plan = Plan(keys, dict.fromkeys(keys, given))
        self.engine = engine or Engine(self.plan, min_coverage=0.0)
        self.session = Session(venue)  # not opened: nobody is there whom it could ask for a book
        self.pair = self.session.add(Pair(venue, instrument))
        self.pair.carries_book = self.pair.carries_trades = self.pair.carries_derivatives = True
        self.pair.depth = int(params.get("feed_levels", 0))
        self.readings: Readings = self.engine.attach(self.pair)
        self.now = 0
        self.received = 0

    def play(self, event: Any) -> None:
        """Feed one event."""
        kind = _kind(event)
        self.now = max(self.now, nanoseconds(event.get("t", 0)))
        if kind == "gap":
            self.pair.lose("gap", self.now + EPOCH)
            return
        self.received = self.now
        if kind != "heartbeat":
            self.session.received(frame(event, self.now + EPOCH), self.now + EPOCH)

    def values(self, params: Mapping[str, Any]) -> list[float | None]:
        """All outputs of the metric, at `t_eval` or `now` if given, else after the last event."""
        at = params.get("t_eval", params.get("now"))
        now = self.now if at is None else max(nanoseconds(at), 0)
        self.fall_silent(params)
        self.readings.settle(now + EPOCH)
        found = self.readings.standing(now + EPOCH)
        return [None if value != value else value for value in found]

    def fall_silent(self, params: Mapping[str, Any]) -> None:
        """Withdraw the values where the case says that the connection has been silent for too long at `now`."""
        if "now" in params and "stale_after" in params:
            if nanoseconds(params["now"]) - self.received > nanoseconds(params["stale_after"]):
                self.pair.withdraw(nanoseconds(params["now"]) + EPOCH)

    def told(self, metric: str, asked: str) -> Any:
        """What the metric answers by itself, after `values`; NotImplemented where its outputs are the answer."""
        return self.readings.metric(metric).told(asked)

    def image(self, t: int, bids: str, asks: str, trade: str) -> None:
        """Feed a row of a data set at t (ns): sides, and a print before them ("" for none), as parts of JSON."""
        self.now = self.received = max(self.now, t)
        at = f'"symbol":"{NATIVE}","t":"{self.now + EPOCH}"'
        if trade:
            self.session.received(f'{{"kind":"trade",{at},{trade}}}'.encode(), self.now + EPOCH)
        if bids or asks:
            frame = f'{{"kind":"replace",{at},"bids":[{bids}],"asks":[{asks}]}}'
            self.session.received(frame.encode(), self.now + EPOCH)


def number(given: Any) -> Decimal:
    """A number of a case, written as a number or as text."""
    try:
        found = Decimal(str(given))
    except InvalidOperation as failure:
        raise CaseError(f"{given!r} is not a number") from failure
    if not found.is_finite():
        raise CaseError(f"{given!r} is not a number")
    return found


def nanoseconds(seconds: Any) -> int:
    """Decimal seconds as integer nanoseconds."""
    return int(number(seconds) * SECOND)


def _kind(event: Any) -> str:
    if not isinstance(event, Mapping) or not isinstance(event.get("type"), str):
        raise CaseError(f"an event is an object with t and type, not {event!r}")
    kind = str(event["type"])
    if kind not in (*CaseVenue.kinds, "gap", "heartbeat"):
        known = ", ".join(CaseVenue.kinds)
        raise CaseError(f"no event type {kind!r}; known are {known}, gap, heartbeat")
    return kind


def frame(event: Mapping[str, Any], t: int) -> bytes:
    """An event, at venue time t (ns), as the venue of cases writes it."""
    kind = str(event["type"])
    said: dict[str, Any] = {"kind": kind, "symbol": NATIVE, "t": str(t)}
    if kind in ("trade", "liquidation"):
        said |= _fill(event, kind)
    elif kind == "derivative":
        said |= {name: str(number(event[name])) for name in STATED if event.get(name) is not None}
        said["longs"] = {of: str(number(part)) for of, part in (event.get("longs") or {}).items()}
    else:
        said |= {side: _rows(event, side) for side in ("bids", "asks")}
    return orjson.dumps(said)


def _fill(event: Mapping[str, Any], kind: str) -> dict[str, str]:
    for name in ("price", "size"):
        if name not in event:
            raise CaseError(f"a {kind} without {name}: {event!r}")
    found = {"price": text(event["price"]), "size": text(event["size"])}
    if kind == "trade":
        return found | {"side": str(event.get("side") or "")}
    if event.get("position") not in tuple(Position):
        raise CaseError(f"position is long or short, not {event.get('position')!r}")
    return found | {"position": str(event["position"])}


def _rows(event: Mapping[str, Any], side: str) -> list[list[str]]:
    rows = event.get(side) or ()
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise CaseError(f"{side} is a list of [price, size], not {rows!r}")
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) < 2:
            raise CaseError(f"a level of {side} is [price, size], not {row!r}")
    return [[text(part) for part in row[:3]] for row in rows]


def text(given: Any) -> str:
    """A price or size as a venue would write it."""
    found = number(given)
    if found < 0:
        raise CaseError(f"{given!r} is negative, which no price or size is")
    return format(found, "f")
