"""Is the process alive, and is it of use: /livez and /readyz."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from fastapi import APIRouter, Response

from service.health import Health

from . import models
from .ports import Engine, State
from .problems import MEDIA_TYPE
from .readings import NANOSECONDS

_LIVE = orjson.dumps({"status": "live"})


def health_router(
    engine: Engine, clock: Callable[[], int], stopping: Callable[[], bool], health: Health
) -> APIRouter:
    """Both probes. Neither waits for anything."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", operation_id="livez", response_model=models.Live)
    async def livez() -> Response:
        """The process answers."""
        return Response(_LIVE, media_type="application/json")

    @router.get(
        "/readyz",
        operation_id="readyz",
        response_model=models.Readiness,
        responses={
            503: {"model": models.NotReady, "description": "No book is live, or the service is stopping."}
        },
    )
    async def readyz() -> Response:
        """200 while at least one book is live and the service is not stopping."""
        said = readiness(engine, clock(), stopping=stopping())
        said["loop_lag_seconds"] = health.worst_lag_seconds
        if said["status"] == "ready":
            return Response(orjson.dumps(said), media_type="application/json")
        detail = "the service is stopping" if said["stopping"] else "no book is live yet"
        shell = {"type": "urn:steelyard:problem:not-ready", "title": "Not ready", "detail": detail}
        return Response(orjson.dumps(said | shell | {"status": 503}), 503, media_type=MEDIA_TYPE)

    return router


def readiness(engine: Engine, now: int, *, stopping: bool) -> dict[str, Any]:
    """What /readyz says, with a row for each venue."""
    books = [book for book in engine.books.values() if not book.members]  # venues' own
    live = sum(book.state == State.LIVE for book in books)
    names = dict.fromkeys([*(book.venue for book in books), *(feed.venue for feed in engine.feeds)])
    return {
        "status": "ready" if live and not stopping else "not ready",
        "stopping": stopping,
        "books": len(books),
        "live": live,
        "venues": [_venue(engine, name, now) for name in names],
    }


def _venue(engine: Engine, name: str, now: int) -> dict[str, Any]:
    books = [book for book in engine.books.values() if book.venue == name]
    feeds = [feed for feed in engine.feeds if feed.venue == name]
    retries = [feed.retry_at for feed in feeds if feed.retry_at]
    return {
        "venue": name,
        "books": len(books),
        "live": sum(book.state == State.LIVE for book in books),
        "reasons": _reasons((*feeds, *books)),
        "retry_seconds": max(0, min(retries) - now) / NANOSECONDS if retries else None,
    }


def _reasons(those: Iterable[Any]) -> list[str]:
    said = (f"{one.state}: {one.reason}" if one.reason else one.state for one in those)
    return [text for text in dict.fromkeys(said) if text not in ("live", "open")]
