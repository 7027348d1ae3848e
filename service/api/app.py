"""Puts the outward side together: REST, stream, /metrics, probes and page, around an engine that it only reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware

from service.alerts.desk import Desk
from service.exposition import CONTENT_TYPE, Exposition, everything, usual
from service.external.settings import ExternalSettings
from service.external.store import Store as ExternalStore
from service.health import Health
from service.recent.ring import Ring

from .access import Access
from .alerts import AlertDesk, alerts_router
from .assets import add_page
from .external import ExternalDesk, external_router
from .guard import Guard
from .health import health_router
from .history import History, history_router
from .hub import Hub
from .ports import Engine, VenueFacts
from .problems import MEDIA_TYPE, tell_problems
from .rest import Rest, rest_router
from .selfmetrics import SelfMetrics, build_version
from .settings import ApiSettings
from .stream import stream_router
from .surveillance import surveillance_router

DESCRIPTION = (
    "Order book imbalance of every venue, and how far each number can be trusted.\n\n"
    "A book is `syncing`, `live`, `stale`, `crossed` or `lost`, with a reason; its venue proves it by `checksum`, "
    "`sequence`, `image` or `none`. A book that is not live has no values: null, never the last one. "
    "Plus is buy pressure.\n\nThe stream is at `/api/v1/stream` (WebSocket)."
)


def create_app(
    engine: Engine,
    venues: Sequence[VenueFacts],
    settings: ApiSettings,
    clock: Callable[[], int],
    alerts: Desk | None = None,
    *,
    external: ExternalStore | None = None,
    health: Health | None = None,
    recent: Ring | None = None,
    replayed: bool = False,
) -> FastAPI:
    """The application. `clock` gives nanoseconds since 1970; `alerts` is None where they are switched off; `external`
    keeps what is pushed, in memory where it is None; `health` is what the service measures of itself; `recent` the last
    minutes, None where they are not kept; `replayed`: the clock is that of a recording.

    `app.state.hub` closes the sockets (`await hub.stop()`); from then on /readyz says that the service is stopping.
    Raises UsageError where the settings ask for keys and name none.
    """
    settings.check()
    app = FastAPI(
        title="Steelyard",
        version=build_version(),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    access = Access(settings.api_keys, needed=settings.keys_needed, origins=settings.allowed_origins)
    pushed = external or ExternalStore(None, ExternalSettings())
    if alerts is not None:
        alerts.attend(pushed.external)
    hub = app.state.hub = Hub(engine, settings, clock, alerts, external=pushed.external)
    rest = Rest(engine, venues, clock, replayed=replayed)
    app.include_router(rest_router(rest))
    app.include_router(surveillance_router(rest))
    app.include_router(history_router(History(rest, recent)))
    app.include_router(alerts_router(AlertDesk(alerts, clock, simulated=engine.simulated)))
    app.include_router(external_router(ExternalDesk(pushed, clock, simulated=engine.simulated)))
    app.include_router(health_router(engine, clock, lambda: hub.stopping, health or Health()))
    app.include_router(stream_router(hub, access))
    exposition = Exposition(engine, everything if settings.every_series else usual, external=pushed.external)
    own = SelfMetrics(lambda: hub.tally, alerts, health=health, waiting=lambda: hub.waiting)
    _add_metrics(app, exposition, own, clock)
    add_page(app)
    tell_problems(app)
    _allow_origins(app, settings.allowed_origins)
    app.add_middleware(Guard, access=access)
    app.openapi = lambda: _schema(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


def _allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET"],
            allow_headers=["Authorization"],
        )


def _add_metrics(app: FastAPI, exposition: Exposition, own: SelfMetrics, clock: Callable[[], int]) -> None:
    @app.get(
        "/metrics",
        operation_id="scrape",
        tags=["health"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def scrape(request: Request) -> Response:
        """Prometheus text: books and feeds as they are now, and the service itself."""
        began = perf_counter()
        text = exposition.render(clock()) + own.render()
        own.scraped(text, perf_counter() - began)
        return Response(text, media_type=CONTENT_TYPE)


def _schema(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, with errors under the media type that they have."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for operations in schema["paths"].values():
            for operation in operations.values():
                _retype_problems(operation["responses"])
        app.openapi_schema = schema
    return app.openapi_schema


def _retype_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status[0] in "45" and "application/json" in response.get("content", {}):
            response["content"] = {MEDIA_TYPE: response["content"].pop("application/json")}
