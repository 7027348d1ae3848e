"""REST of surveillance and execution risk: what the detectors found with its evidence, and the parts of one order's risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from . import models, readings
from .lookup import find, one_of
from .problems import ProblemError
from .rest import Limit, MarketName, Markets, Rest, SymbolName, VenueName, Venues
from .rest import Symbols as SymbolGlobs

Kind = Literal["spoof", "layering", "quote_stuffing", "liquidity_shock", "stop_run", "cascade"]
Kinds = Annotated[list[Kind], Query(alias="kind", description="Kinds of episodes; repeat for more.")]
Since = Annotated[
    int, Query(ge=0, description="Only episodes at or after this time, ns since 1970-01-01 UTC.")
]
Taker = Annotated[Literal["buy", "sell"], Query(description="Side of the order.")]
Horizon = Annotated[
    int, Query(ge=1, le=600, description="Seconds for which an order at the touch would wait.")
]
Notional = Annotated[float, Query(gt=0, description="Size of the order in quote units.", examples=[10_000])]


class Episode(BaseModel):
    """One finding with the evidence. No identities are visible, so nothing here proves intent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "venue": "binance",
                    "market": "spot",
                    "symbol": "BTC-USDT",
                    "kind": "spoof",
                    "side": "bid",
                    "t": 1_790_000_000_000_000_000,
                    "evidence": {
                        "score": 0.87,
                        "components": {
                            "size": 1.0,
                            "cancelled": 1.0,
                            "life": 0.76,
                            "opposite": 1.0,
                            "reversal": 0.66,
                        },
                        "price": 99.8,
                        "size": 60.0,
                    },
                }
            ]
        },
    )
    venue: str
    market: str
    symbol: str
    kind: Kind
    side: str = Field(description="bid or ask of the book, up or down of the price, or both.")
    t: models.Nanoseconds
    evidence: dict[str, Any] = Field(
        description="What it rests on: score, components, prices, sizes (base), times (ns); null where undefined."
    )


class Episodes(models.Answer):
    """The newest episodes that fit, newest first. Of each book the last 500 are kept."""

    episodes: list[Episode]


class ExecutionRisk(models.BookIdentity, models.Answer):
    """What an order of this size risks now, taken or resting at the touch; all parts null while the book is not live."""

    side: Literal["buy", "sell"]
    notional: float = Field(description="Quote units.")
    horizon: int = Field(description="Seconds for which an order at the touch would wait.")
    impact_cost: float | None = Field(
        description="Cost of taking it now against the mid, over the mid; null where the book cannot fill it."
    )
    impact_cost_p5: float | None = Field(description="Its 5% quantile over the last 300 s.")
    impact_cost_p95: float | None = Field(description="Its 95% quantile over the last 300 s.")
    queue_ahead: float | None = Field(
        description="Base units that stand at the best price on the order's own side."
    )
    fill_probability: float | None = Field(
        description="Share of the last hour's windows of `horizon` in which takers reached the queue ahead and the order."
    )
    realized_spread: float | None = Field(
        description="What makers of the order's side kept of the spread after 5 s, over the mid; below 0 they lost."
    )
    fill_ratio: float | None = Field(description="Share that the book would fill now.")
    fill_ratio_p5: float | None = Field(description="Its 5% quantile over the last 300 s.")
    fill_ratio_p95: float | None = Field(description="Its 95% quantile over the last 300 s.")
    samples: int | None = Field(description="Full seconds that these rest on.")
    fade: float | None = Field(description="Share of seconds after which the touch did not hold for 100 ms.")
    feed: float | None = Field(description="1 if the book was stale, crossed or taken anew within 10 s.")
    failure: float | None = Field(description="1 - p5 (1 - fade) (1 - feed).")


_PARTS = (
    *(
        "impact_cost",
        "impact_cost_p5",
        "impact_cost_p95",
        "queue_ahead",
        "fill_probability",
        "realized_spread",
    ),
    *("fill_ratio", "fill_ratio_p5", "fill_ratio_p95", "samples", "fade", "feed", "failure"),
)


def surveillance_router(rest: Rest) -> APIRouter:
    """Routes of surveillance and of execution risk below /api/v1."""
    router = APIRouter(prefix="/api/v1", responses={422: {"model": models.Problem}})
    _add_episodes(router, rest)
    _add_execution(router, rest)
    return router


def _add_episodes(router: APIRouter, rest: Rest) -> None:
    @router.get(
        "/surveillance/episodes",
        operation_id="list_episodes",
        response_model=Episodes,
        tags=["surveillance"],
    )
    async def list_episodes(
        venue: Venues = [],  # noqa: B006  (FastAPI copies defaults)
        market: Markets = [],  # noqa: B006
        symbol: SymbolGlobs = [],  # noqa: B006
        kind: Kinds = [],  # noqa: B006
        since: Since = 0,
        limit: Limit = 1000,
    ) -> Response:
        """Spoof-like walls, layers, quote stuffing, shocks, stop-runs and cascades, with what each rests on."""
        tests = tuple(map(one_of, (venue, market, symbol)))
        found = rest.engine.episodes.select(
            lambda one: all(
                test(name) for test, name in zip(tests, (one.venue, one.market, one.symbol), strict=True)
            ),
            kinds=kind,
            since=since,
            limit=limit,
        )
        return rest.answer(rest.clock(), episodes=[_told(one) for one in found])


def _told(one: Any) -> Mapping[str, Any]:
    return {name: getattr(one, name) for name in Episode.model_fields}


def _add_execution(router: APIRouter, rest: Rest) -> None:
    @router.get(
        "/risk/execution/{venue}/{symbol:path}",
        operation_id="get_execution_risk",
        response_model=ExecutionRisk,
        responses={404: {"model": models.Problem}, 409: {"model": models.Problem}},
        tags=["surveillance"],
    )
    async def get_execution_risk(
        venue: VenueName,
        symbol: SymbolName,
        side: Taker,
        notional: Notional,
        horizon: Horizon = 60,
        market: MarketName = "",
    ) -> Response:
        """The parts of the execution risk of one of the sizes that are followed (metric `execution_risk`)."""
        book, now = find(rest.engine, venue, symbol, market), rest.clock()
        parts = book.execution(side, notional, horizon, now)
        if parts is None:
            followed = sorted(
                {
                    dict(one.labels).get("notional", "")
                    for one in rest.engine.outputs
                    if one.key == "execution_risk"
                },
                key=float,
            )
            why = (
                f"Orders of {', '.join(followed)} quote are followed, not of {notional:g}."
                if followed
                else ""
            )
            raise ProblemError(404, "unknown-size", why or "The metric execution_risk does not run.")
        who = readings.identity(book) | {
            "native": book.native,
            "depth": book.depth,
            "capped": book.capped,
        }
        found: dict[str, Any] = dict.fromkeys(_PARTS) | dict(parts)
        return rest.answer(now, **who, side=side, notional=notional, horizon=horizon, **found)
