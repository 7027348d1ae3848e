"""All metrics of one made-up book at once, fed with a case's events through a session, its pair and the engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Self

from connectors.instruments import Instrument, Market
from connectors.session import Session
from connectors.sync import Pair
from service.cases import EPOCH, NATIVE, CaseVenue, frame, nanoseconds
from service.engine import Engine
from service.plan import Plan

Values = dict[str, float | None]


class Desk:
    """`play` events, then read `values` by the names that replay gives them."""

    def __init__(
        self,
        keys: Sequence[str] | None = None,
        params: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        tick: str = "0.05",
        lot: str = "",
        coverage: float = 0.0,
    ) -> None:
        instrument = Instrument(
            "case",
            NATIVE,
            NATIVE,
            Market.SPOT,
            "CASE",
            "QUOTE",
            "QUOTE",
            tick=Decimal(tick) if tick else None,
            lot=Decimal(lot) if lot else None,
        )
        self.plan = Plan(keys, params)
        self.session = Session(CaseVenue("ws://case", "http://case"))
        self.pair = self.session.add(Pair(self.session.keeper.venue, instrument))
        self.engine = Engine(self.plan, min_coverage=coverage)
        self.readings = self.engine.attach(self.pair)
        self.now = 0

    def play(self, *events: Mapping[str, Any]) -> Self:
        """Feed events, each at its time or, if that has passed, now."""
        for event in events:
            self.now = max(self.now, nanoseconds(event.get("t", 0)))
            if event["type"] == "gap":
                self.pair.lose("gap", self.now + EPOCH)
            elif event["type"] != "heartbeat":
                self.session.received(frame(event, self.now + EPOCH), self.now + EPOCH)
        return self

    def values(self, later: int = 0) -> Values:
        """All outputs that are no counters, `later` ns after the last event."""
        found = self.readings.standing(self.now + later + EPOCH)
        return {
            output.name: None if math.isnan(value) else value
            for output, value in zip(self.plan.outputs, found, strict=True)
        }
