"""REST of the last minutes under /api/v1/history: outputs, depth, prints and states over time, from a bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from service.recent.depth import columns, common_row
from service.recent.kept import SECOND, Kept
from service.recent.ring import Key, Ring

from . import history_models, models
from .lookup import Selection, check_metrics, find, select_outputs
from .problems import ProblemError
from .rest import MarketName, Markets, Metrics, Rest, SymbolName, Symbols, VenueName, Venues

From = Annotated[
    int | None,
    Query(
        alias="from", ge=0, description="Earliest time, ns since 1970-01-01 UTC; all that is kept if unset."
    ),
]
At = Annotated[int | None, Query(ge=0, description="The moment, ns since 1970-01-01 UTC; now if unset.")]
To = Annotated[int | None, Query(ge=0, description="Latest time, ns; now if unset.")]
Points = Annotated[
    int, Query(ge=1, le=14_400, description="Most samples: of more, every second, third … one is told.")
]
Row = Annotated[
    float,
    Query(ge=0, le=1e12, description="Least height of a row in price; 0 for the finest that is kept."),
]
Most = Annotated[int, Query(ge=1, le=10_000, description="Most prints; the newest are told.")]

_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": models.Problem, "description": "A key is needed, or the one shown is not known."},
    404: {"model": models.Problem, "description": "No such book or metric, or nothing is kept."},
    409: {"model": models.Problem, "description": "Several books fit; `suggestions` names them."},
    422: {"model": models.Problem, "description": "A parameter is not as it should be."},
}
_AT_ONCE = 60  # columns between which others have their turn
_Span = tuple[int, int]


class _Asked(BaseModel):
    """What every route about the past of one book is asked; a route adds its own."""

    market: MarketName = ""
    since: From = None
    to: To = None


class _AskedLevels(_Asked):
    points: Points = 900
    row: Row = 0


class _AskedTrades(_Asked):
    limit: Most = 3000


@dataclass(frozen=True, slots=True)
class History:
    """Answers from a ring; `ring` None where nothing is kept."""

    rest: Rest
    ring: Ring | None

    @property
    def kept(self) -> Ring:
        """The ring; raises ProblemError where there is none."""
        if self.ring is None:
            raise ProblemError(404, "history-off", "the last minutes are not kept here: set recent.minutes")
        return self.ring

    def book(self, venue: str, symbol: str, market: str) -> Kept:
        """What is kept of one book; raises ProblemError where it is not known or not kept."""
        ring, book = self.kept, find(self.rest.engine, venue, symbol, market)
        key = (book.venue, book.market, book.symbol)
        if key in ring.kept:
            return ring.kept[key]
        if key in ring.left_out:
            said = f"{venue} {book.symbol} is not kept: recent.megabytes has no room for it"
        else:
            said = f"{venue} {book.symbol} is new here and kept from the next second on"
        raise ProblemError(404, "not-kept", said)

    def span(self, first: int | None, last: int | None) -> _Span:
        """The time that is asked for; raises ProblemError where it ends before it begins."""
        if last is None:  # nothing is kept of what is to come: asking for it has an empty answer
            last = max(self.rest.clock(), first or 0)
        first = max(0, last - self.kept.window) if first is None else first
        if first > last:
            raise ProblemError(422, "invalid-request", "query.from: is later than `to`; swap them")
        return first, last


def _sampled(kept: Kept, span: _Span, points: int) -> tuple[Any, int]:
    """Places of at most so many samples, evenly apart, and the time between two of them."""
    at = kept.between(*span)
    every = max(1, -(-len(at) // points))
    if every > 1:  # always the same seconds, so that a chart does not shimmer as it moves on
        at = at[(kept.stamp[at] // SECOND) % every == every - 1]
    return at, every * SECOND


def _who(kept: Kept) -> dict[str, str]:
    return {"venue": kept.book.venue, "market": kept.book.market, "symbol": kept.book.symbol}


def _span(one: Any) -> dict[str, Any]:
    return {"from": one.start, "to": one.end, "state": one.state, "reason": one.reason}


def history_router(history: History) -> APIRouter:
    """Routes below /api/v1/history."""
    router = APIRouter(prefix="/api/v1/history", responses=_ERRORS, tags=["history"])
    _add_kept(router, history)
    _add_readings(router, history)
    _add_series(router, history)
    _add_levels(router, history)
    _add_trades(router, history)
    _add_states(router, history)
    return router


def _add_kept(router: APIRouter, history: History) -> None:
    @router.get("", operation_id="get_history", response_model=history_models.HistoryKept)
    async def get_history() -> Response:
        """What is kept of the last minutes: of which books, which outputs, and in how much memory."""
        ring = history.kept
        return history.rest.answer(
            history.rest.clock(),
            minutes=ring.settings.minutes,
            step=SECOND,
            megabytes=ring.settings.megabytes,
            bytes=ring.memory,
            books=[
                _who(one) | {"since": one.since, "bytes": one.size, "outputs": one.names}
                for one in ring.kept.values()
            ],
            left_out=[
                {"venue": venue, "market": market, "symbol": symbol}
                for venue, market, symbol in sorted(ring.left_out)
            ],
        )


def _add_readings(router: APIRouter, history: History) -> None:
    @router.get(
        "/readings", operation_id="list_history_readings", response_model=history_models.HistoryReadings
    )
    async def list_readings(
        at: At = None,
        venue: Venues = [],  # noqa: B006
        market: Markets = [],  # noqa: B006
        symbol: Symbols = [],  # noqa: B006
        metric: Metrics = [],  # noqa: B006
    ) -> Response:
        """Readings of all books as they were at one moment; outputs that are not kept are not there."""
        ring, now = history.kept, history.rest.clock()
        if wrong := check_metrics(history.rest.engine, metric):
            raise ProblemError(404, "unknown-metric", wrong)
        fits = Selection(tuple(venue), tuple(market), tuple(symbol)).test()
        moment = now if at is None else at
        rows = [_reading(ring, key, moment, metric) for key, one in ring.kept.items() if fits(one.book)]
        return history.rest.answer(now, at=moment, readings=[row for row in rows if row is not None])


def _reading(ring: Ring, key: Key, at: int, patterns: list[str]) -> dict[str, Any] | None:
    """A book's last sample within a second and a half of a moment; None where there is none."""
    kept = ring.kept[key]
    found = kept.between(at - SECOND - SECOND // 2, at)
    if not len(found):
        return None
    place = found[-1]
    spans = [one for one in ring.spans[key].between(at, at) if one.start <= at]
    live = bool(kept.live[place])
    names = _fitting(kept, patterns) if patterns else kept.names
    return _who(kept) | {
        "state": "live" if live else spans[-1].state if spans else kept.book.state,
        "reason": "" if live or not spans else spans[-1].reason,
        "proof": kept.book.proof,
        "received": int(kept.stamp[place]),
        "values": {name: float(kept.values[place, kept.names.index(name)]) for name in names},
    }


def _add_series(router: APIRouter, history: History) -> None:
    @router.get(
        "/series/{venue}/{symbol:path}",
        operation_id="get_history_series",
        response_model=history_models.HistorySeries,
    )
    async def get_series(
        venue: VenueName,
        symbol: SymbolName,
        market: MarketName = "",
        metric: Metrics = [],  # noqa: B006  (FastAPI copies defaults)
        since: From = None,
        to: To = None,
        points: Points = 900,
    ) -> Response:
        """Outputs of one book over the last minutes, a sample a second; what was not live is null."""
        kept, span = history.book(venue, symbol, market), history.span(since, to)
        names = _names(kept, history, metric)
        at, step = _sampled(kept, span, points)
        return history.rest.answer(
            history.rest.clock(),
            **_who(kept),
            step=step,
            times=kept.stamp[at].tolist(),
            live=kept.live[at].tolist(),
            values={name: kept.values[at, kept.names.index(name)].tolist() for name in names},
        )


def _names(kept: Kept, history: History, patterns: list[str]) -> list[str]:
    """Names of the kept outputs that are asked for; raises ProblemError where a pattern means none."""
    if not patterns:
        return kept.names
    if wrong := check_metrics(history.rest.engine, patterns):
        raise ProblemError(404, "unknown-metric", wrong)
    found = _fitting(kept, patterns)
    if not found:
        asked = ", ".join(patterns)
        raise ProblemError(404, "not-kept", f"of {asked} nothing is kept here: add it to recent.outputs")
    return found


def _fitting(kept: Kept, patterns: list[str]) -> list[str]:
    places = select_outputs(kept.outputs, patterns)
    return [name for place in places if (name := kept.outputs[place].name) in kept.names]


def _add_levels(router: APIRouter, history: History) -> None:
    @router.get(
        "/levels/{venue}/{symbol:path}",
        operation_id="get_history_levels",
        response_model=history_models.HistoryLevels,
    )
    async def get_levels(
        venue: VenueName, symbol: SymbolName, asked: Annotated[_AskedLevels, Query()]
    ) -> Response:
        """Depth of one book over the last minutes, in rows of price, with the best bid and ask."""
        kept, span = history.book(venue, symbol, asked.market), history.span(asked.since, asked.to)
        at, step = _sampled(kept, span, asked.points)
        height = common_row(kept, at, asked.row)
        told: list[Any] = []
        for begin in range(0, len(at), _AT_ONCE):
            told += columns(kept, at[begin : begin + _AT_ONCE], height)
            await asyncio.sleep(0)
        return history.rest.answer(
            history.rest.clock(),
            **_who(kept),
            step=step,
            row=height or None,
            times=kept.stamp[at].tolist(),
            bid=kept.touch[at, 0].tolist(),
            ask=kept.touch[at, 1].tolist(),
            **{name: [one and getattr(one, name) for one in told] for name in _COLUMN},
        )


_COLUMN = ("bid_row", "ask_row", "bids", "asks")


def _add_trades(router: APIRouter, history: History) -> None:
    @router.get(
        "/trades/{venue}/{symbol:path}",
        operation_id="get_history_trades",
        response_model=history_models.HistoryTrades,
    )
    async def get_trades(
        venue: VenueName, symbol: SymbolName, asked: Annotated[_AskedTrades, Query()]
    ) -> Response:
        """Prints and liquidations of one book over the last minutes, by the venue's time."""
        kept, (first, last) = history.book(venue, symbol, asked.market), history.span(asked.since, asked.to)
        rows = kept.prints.between(first, last)
        cut = int(rows["t"][-asked.limit - 1]) + 1 if len(rows) > asked.limit else 0
        rows = rows[-asked.limit :]
        forced = [one for one in kept.forced if first <= one[0] <= last]
        t, price, size, quote, side = (
            (list(column) for column in zip(*forced, strict=True)) if forced else ([],) * 5
        )
        return history.rest.answer(
            history.rest.clock(),
            **_who(kept),
            complete_from=max(first, kept.since, kept.prints.lost_before, cut),
            trades={name: rows[name].tolist() for name in history_models.Prints.model_fields},
            liquidations={
                "t": t,
                "price": price,
                "size": size,
                "quote": quote,
                "side": [-one for one in side],  # the order that closes a long sells
            },
        )


def _add_states(router: APIRouter, history: History) -> None:
    @router.get("/states", operation_id="get_history_states", response_model=history_models.HistoryStates)
    async def get_states(
        venue: Venues = [],  # noqa: B006
        market: Markets = [],  # noqa: B006
        symbol: Symbols = [],  # noqa: B006
        since: From = None,
        to: To = None,
    ) -> Response:
        """The states of books and connections over the last minutes, with the reason of each."""
        first, last = history.span(since, to)
        selection = Selection(tuple(venue), tuple(market), tuple(symbol))
        fits: Callable[[Any], bool] = selection.test()
        of_venue = selection.venue_test()
        return history.rest.answer(
            history.rest.clock(),
            feeds=[
                {"venue": key[0], "market": key[1], "symbol": key[2], "spans": [_span(one) for one in spans]}
                for key, spans in history.kept.states(first, last)
                if fits(_Named(*key)) and spans
            ],
            connections=[
                {
                    "venue": feed.venue,
                    "product": feed.product,
                    "route": feed.route,
                    "symbols": list(feed.symbols),
                    "spans": [_span(one) for one in spans.between(first, last)],
                }
                for feed, spans in history.kept.connections.items()
                if of_venue(feed.venue)
            ],
        )


@dataclass(frozen=True, slots=True)
class _Named:
    """A book by its name alone, as it may be gone."""

    venue: str
    market: str
    symbol: str
    native: str = ""
