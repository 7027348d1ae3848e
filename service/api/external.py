"""REST under /api/v1/external: series that others push, their last values with their age, and their past."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from service.external.series import RefusedError, Series
from service.external.store import Store

from . import models
from .problems import ProblemError

TOKEN = "X-External-Token"  # noqa: S105  # the header's name; Authorization may be taken by an API key
Since = Annotated[int, Query(ge=0, description="Nanoseconds since 1970.")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="Most points, the newest of them.")]
Label = Annotated[str, Query(max_length=60)]
_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": models.Problem, "description": "A key, or to push a token, is needed."},
    404: {"model": models.Problem, "description": "No such series, or nobody may push here."},
    409: {"model": models.Problem, "description": "Too many series, or older than what is there."},
    413: {"model": models.Problem, "description": "The body is too long."},
    422: {"model": models.Problem, "description": "The push is not as it should be."},
    503: {"model": models.Problem, "description": "It is shown, but could not be written down."},
    429: {
        "model": models.Problem,
        "description": "Too many pushes; Retry-After says when the next is taken.",
    },
}


class ExternalSeries(BaseModel):
    """A series that is pushed: its last values, null once they are too old."""

    name: str
    labels: dict[str, str] = Field(description="venue, market, symbol of the book beside which it stands.")
    values: dict[str, float | None] = Field(
        description="`value`; of a vector `total`, `hhi`, `gini`; of plus and minus `imb`."
    )
    event_time: models.Nanoseconds
    received: models.Nanoseconds
    age_seconds: models.Seconds
    stale: bool
    help: str


class ExternalList(models.Answer):
    """All series."""

    external: list[ExternalSeries]


class ExternalPoint(BaseModel):
    """One push."""

    t: models.Nanoseconds
    values: dict[str, float]


class ExternalPast(models.Answer):
    """One series and its past, oldest first."""

    series: ExternalSeries
    points: list[ExternalPoint]


class Pushed(models.Answer):
    """A push that was taken."""

    series: ExternalSeries


class ExternalDesk:
    """Answers from the series. `keeps` writes them down; its calls run in a thread."""

    def __init__(self, keeps: Store, clock: Callable[[], int], *, simulated: bool) -> None:
        self.external, self.keeps, self.clock, self.simulated = keeps.external, keeps, clock, simulated
        self._tokens = [bytes.fromhex(text) for text in keeps.external.settings.tokens]
        self._one_at_a_time = asyncio.Lock()

    def answer(self, now: int, **rows: Any) -> Response:
        body = {"t": now, "simulated": self.simulated} | rows
        return Response(
            orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def known(self, request: Request) -> None:
        """Raise ProblemError unless the request carries a token that may push."""
        if not self._tokens:
            raise ProblemError(404, "external-off", "nobody may push series here; see external.tokens")
        shown = request.headers.get(TOKEN, "")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        shown = shown or (key.strip() if scheme.lower() == "bearer" else "")
        digest = sha256(shown.encode()).digest()
        found = [compare_digest(digest, token) for token in self._tokens]
        if not any(found):
            said = (
                "this token is not known here" if shown else f"a token is needed: {TOKEN}: … or Authorization"
            )
            raise ProblemError(401, "token-needed", said, headers={"WWW-Authenticate": "Bearer"})

    async def body(self, request: Request) -> Any:
        """The body as JSON; reads no more of it than may be there."""
        most, read = self.external.settings.most_bytes, bytearray()
        async for chunk in request.stream():
            read += chunk
            if len(read) > most:
                raise ProblemError(413, "push-too-long", f"a push may have {most} bytes")
        try:
            return orjson.loads(read)
        except orjson.JSONDecodeError as failure:
            raise ProblemError(422, "invalid-push", f"this is not JSON: {failure}") from None

    async def push(self, name: str, request: Request) -> Series:
        """Take a push: answered once it is kept."""
        self.known(request)
        try:
            self.external.admit(self.clock())
            point = self.external.read(name, await self.body(request), self.clock())
            async with self._one_at_a_time:
                taken = self.external.take(point, self.clock())
                await asyncio.to_thread(self.keeps.put, taken)
                return taken
        except RefusedError as refused:
            wait = {"Retry-After": str(int(refused.retry_seconds) + 1)} if refused.retry_seconds else {}
            raise ProblemError(refused.status, refused.name, refused.detail, headers=wait) from None
        except sqlite3.Error as failure:
            said = f"shown, but not kept: {failure}"
            raise ProblemError(503, "not-kept", said) from failure

    def find(self, name: str, labels: Iterable[tuple[str, str]]) -> Series:
        """The series that is meant; ProblemError 404 without one, 409 where labels are needed to tell."""
        wanted = tuple(sorted((label, value) for label, value in labels if value))
        fits = [
            one
            for one in self.external.series.values()
            if one.name == name and set(wanted) <= set(one.labels)
        ]
        exact = [one for one in fits if one.labels == wanted]
        if len(fits) == 1 or exact:
            return (exact or fits)[0]
        if fits:
            raise ProblemError(409, "ambiguous-series", f"{name} is pushed for several books; say which")
        raise ProblemError(
            404, "unknown-series", f"no series {name} has been pushed; /api/v1/external lists all"
        )


def external_router(desk: ExternalDesk) -> APIRouter:
    """All routes below /api/v1/external."""
    router = APIRouter(prefix="/api/v1/external", responses=_ERRORS, tags=["external"])

    @router.get("", operation_id="list_external", response_model=ExternalList)
    async def list_external() -> Response:
        """All series that were pushed, with their age."""
        now = desk.clock()
        return desk.answer(
            now, external=[desk.external.row(one, now) for one in desk.external.series.values()]
        )

    @router.get("/{name}", operation_id="get_external", response_model=ExternalPast)
    async def get_external(
        name: str,
        venue: Label = "",
        market: Label = "",
        symbol: Label = "",
        since: Since = 0,
        limit: Limit = 1000,
    ) -> Response:
        """One series and its past."""
        found = desk.find(name, (("venue", venue), ("market", market), ("symbol", symbol)))
        points = await asyncio.to_thread(desk.keeps.points, found, since, limit)
        now = desk.clock()
        return desk.answer(now, series=desk.external.row(found, now), points=points)

    @router.post("/{name}", operation_id="push_external", response_model=Pushed)
    async def push_external(name: str, request: Request) -> Response:
        """Push a value: `{"value": 1.5}`, `{"values": [3, 1]}`, `{"plus": 3, "minus": 1}`; with `t`, `labels`, `help`."""
        taken = await desk.push(name, request)
        now = desk.clock()
        return desk.answer(now, series=desk.external.row(taken, now))

    return router
