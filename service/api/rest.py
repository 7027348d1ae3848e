"""REST under /api/v1: what is kept, how far it can be trusted, and every value now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Response

from . import models, readings, symbols
from .lookup import Selection, check_metrics, find
from .ports import Book, Engine, VenueFacts
from .problems import ProblemError

Glob = Annotated[str, Query(min_length=1, max_length=100)]
Globs = Annotated[list[Glob], Query(max_length=100)]
VenueName = Annotated[str, Path(description="Venue id.", max_length=64, examples=["binance"])]
SymbolName = Annotated[
    str,
    Path(
        description="Canonical (BTC-USDT-PERP), ccxt (BTC/USDT:USDT) or native (BTCUSDT).",
        min_length=1,
        max_length=100,
        examples=["BTC-USDT-PERP"],
    ),
]
MarketName = Annotated[
    Literal["", "spot", "perp", "future", "option"], Query(description="Where a symbol alone does not tell.")
]
Venues = Annotated[
    Globs, Query(alias="venue", description="Venue ids or globs; repeat for more.", examples=["okx"])
]
Markets = Annotated[
    Globs, Query(alias="market", description="Markets or globs; repeat for more.", examples=["perp"])
]
Symbols = Annotated[Globs, Query(alias="symbol", description="Symbols or globs; repeat.", examples=["BTC-*"])]
Bases = Annotated[Globs, Query(alias="base", description="Base assets or globs; repeat.", examples=["BTC"])]
Quotes = Annotated[
    Globs, Query(alias="quote", description="Quote assets or globs; repeat.", examples=["USD*"])
]
Watched = Annotated[
    bool | None, Query(description="true: only those with a book here; false: only those without.")
]
Metrics = Annotated[
    Globs, Query(alias="metric", description="Metric keys or globs; repeat.", examples=["depth*"])
]
Limit = Annotated[int, Query(ge=1, le=5000, description="Most rows in one answer.")]
Cursor = Annotated[
    str, Query(max_length=20, pattern=r"^\d*$", description="`next_cursor` of the answer before.")
]
Depth = Annotated[int, Query(ge=1, le=5000, description="Levels a side.")]

_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": models.Problem, "description": "A key is needed, or the one shown is not known."},
    422: {"model": models.Problem, "description": "A parameter is not as it should be."},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": models.Problem, "description": "No such book or metric; near names are suggested."},
    409: {"model": models.Problem, "description": "Several books fit; `suggestions` names them."},
}


@dataclass(frozen=True, slots=True)
class Rest:
    """Answers from an engine. `clock` gives nanoseconds since 1970; `replayed`: it is that of a recording."""

    engine: Engine
    venues: Sequence[VenueFacts]
    clock: Callable[[], int]
    replayed: bool = False

    def answer(self, now: int, **rows: Any) -> Response:
        """Write what every answer carries, and these rows. NaN becomes null."""
        body = {"t": now, "simulated": self.engine.simulated} | rows
        return Response(
            orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def page(self, selection: Selection, limit: int, cursor: str) -> tuple[list[Book], str | None]:
        """One page of the books that fit, and the cursor of the next. Books are only ever added at the end."""
        start, fits = int(cursor or 0), selection.test()
        found: list[Book] = []
        for place, book in enumerate(islice(self.engine.books.values(), start, None), start):
            if fits(book):
                if len(found) == limit:
                    return found, str(place)
                found.append(book)
        return found, None

    def columns(self, patterns: Sequence[str]) -> readings.Columns:
        """The outputs that are asked for; raises ProblemError where a name fits none."""
        if wrong := check_metrics(self.engine, patterns):
            raise ProblemError(404, "unknown-metric", wrong)
        return readings.Columns(patterns)


def rest_router(rest: Rest) -> APIRouter:
    """All routes below /api/v1."""
    router = APIRouter(prefix="/api/v1", responses=_ERRORS)
    _add_catalogue(router, rest)
    _add_lists(router, rest)
    _add_books(router, rest)
    return router


def _add_catalogue(router: APIRouter, rest: Rest) -> None:
    @router.get("/venues", operation_id="list_venues", response_model=models.Venues, tags=["catalogue"])
    async def list_venues() -> Response:
        """Every venue, how it proves its books, and what it cannot show."""
        return rest.answer(rest.clock(), venues=[readings.venue(facts) for facts in rest.venues])

    @router.get("/metrics", operation_id="list_metrics", response_model=models.Metrics, tags=["catalogue"])
    async def list_metrics() -> Response:
        """Every metric with its unit, bounds, formula, source and outputs."""
        outputs = rest.engine.outputs
        return rest.answer(
            rest.clock(),
            metrics=[readings.metric(one, outputs) for one in rest.engine.declarations],
            faults=list(rest.engine.faults),
            replayed=rest.replayed,
        )

    @router.get("/feeds", operation_id="list_feeds", response_model=models.Feeds, tags=["health"])
    async def list_feeds() -> Response:
        """Every connection and how it fares."""
        now = rest.clock()
        return rest.answer(now, feeds=[readings.feed(one, now) for one in rest.engine.feeds])


def _add_lists(router: APIRouter, rest: Rest) -> None:
    @router.get("/symbols", operation_id="list_symbols", response_model=models.Symbols, tags=["books"])
    async def list_symbols(
        venue: Venues = [],  # noqa: B006  (FastAPI copies defaults)
        market: Markets = [],  # noqa: B006
        symbol: Symbols = [],  # noqa: B006
        base: Bases = [],  # noqa: B006
        quote: Quotes = [],  # noqa: B006
        watched: Watched = None,
        limit: Limit = 1000,
        cursor: Cursor = "",
    ) -> Response:
        """Instruments that are known, watched ones first: units, steps, status, and how the book fares."""
        selection = Selection(tuple(venue), tuple(market), tuple(symbol))
        wanted = symbols.Wanted(selection, tuple(base), tuple(quote), watched)
        found, following = await symbols.page(rest.engine, wanted, limit, cursor)
        now = rest.clock()
        rows = [symbols.symbol(one, book, now) for one, book in found]
        return rest.answer(now, symbols=rows, next_cursor=following)

    @router.get(
        "/readings",
        operation_id="list_readings",
        response_model=models.Readings,
        responses={404: _NOT_FOUND[404]},
        tags=["readings"],
    )
    async def list_readings(
        venue: Venues = [],  # noqa: B006
        market: Markets = [],  # noqa: B006
        symbol: Symbols = [],  # noqa: B006
        metric: Metrics = [],  # noqa: B006
        limit: Limit = 1000,
        cursor: Cursor = "",
    ) -> Response:
        """Readings of all books that fit. A book that is not live is there too, with its reason and null values."""
        columns = rest.columns(metric)
        books, following = rest.page(Selection(tuple(venue), tuple(market), tuple(symbol)), limit, cursor)
        now = rest.clock()
        rows = [readings.reading(book, columns, now) for book in books]
        return rest.answer(now, readings=rows, next_cursor=following)


def _add_books(router: APIRouter, rest: Rest) -> None:
    @router.get(
        "/readings/{venue}/{symbol:path}",
        operation_id="get_reading",
        response_model=models.OneReading,
        responses=_NOT_FOUND,
        tags=["readings"],
    )
    async def get_reading(
        venue: VenueName,
        symbol: SymbolName,
        market: MarketName = "",
        metric: Metrics = [],  # noqa: B006
    ) -> Response:
        """The reading of one book."""
        columns, book = rest.columns(metric), find(rest.engine, venue, symbol, market)
        now = rest.clock()
        return rest.answer(now, **readings.reading(book, columns, now))

    @router.get(
        "/books/{venue}/{symbol:path}",
        operation_id="get_book",
        response_model=models.OneBook,
        responses=_NOT_FOUND,
        tags=["books"],
    )
    async def get_book(
        venue: VenueName, symbol: SymbolName, depth: Depth = 50, market: MarketName = ""
    ) -> Response:
        """The best levels of one book."""
        book = find(rest.engine, venue, symbol, market)
        now = rest.clock()
        return rest.answer(now, **readings.levels(book, depth, now))
