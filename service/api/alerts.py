"""REST under /api/v1/alerts: rules, what fires, what happened, silences, acknowledgement, a test message, dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response

from connectors.errors import UsageError
from service.alerts.alert import Alert, AlertState
from service.alerts.desk import Desk
from service.alerts.records import shown
from service.alerts.silences import Silence

from . import alert_models, models
from .lookup import nearest, one_of
from .problems import ProblemError

SECOND = 1_000_000_000
Id = Annotated[str, Path(max_length=64)]
Glob = Annotated[str, Query(min_length=1, max_length=100)]
Globs = Annotated[list[Glob], Query(max_length=100)]
_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": models.Problem, "description": "A key is needed, or the one shown is not known."},
    403: {"model": models.Problem, "description": "A page of another origin may not write."},
    404: {"model": models.Problem, "description": "Not there, or alerts are switched off."},
    422: {"model": models.Problem, "description": "A parameter is not as it should be."},
}


class AlertDesk:
    """Answers from a desk; `needed` raises ProblemError where alerts are switched off."""

    def __init__(self, desk: Desk | None, clock: Callable[[], int], *, simulated: bool) -> None:
        self.desk, self.clock, self.simulated = desk, clock, simulated

    def needed(self) -> Desk:
        if self.desk is None:
            raise ProblemError(404, "alerts-off", "alerts are switched off here; set alerts.enabled to true")
        return self.desk

    def answer(self, status: int = 200, **rows: Any) -> Response:
        body = {"t": self.clock(), "simulated": self.simulated} | rows
        return Response(
            orjson.dumps(body), status, media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def alert(self, id: str) -> Alert:
        found = self.needed().find(id)
        if found is None:
            raise ProblemError(
                404, "unknown-alert", f"no alert {id} is active; /api/v1/alerts lists those that are"
            )
        return found

    def silence(self, one: Silence) -> dict[str, Any]:
        now = self.clock()
        told = {name: getattr(one, name) for name in ("id", "starts", "until", "who", "why")}
        return told | {"matchers": dict(one.matchers), "active": one.starts <= now < one.until}


def alerts_router(asked: AlertDesk) -> APIRouter:
    """All routes below /api/v1/alerts."""
    router = APIRouter(prefix="/api/v1/alerts", responses=_ERRORS, tags=["alerts"])
    _add_lists(router, asked)
    _add_silences(router, asked)
    _add_telling(router, asked)
    _add_commands(router, asked)
    return router


def _add_lists(router: APIRouter, asked: AlertDesk) -> None:
    @router.get("", operation_id="list_alerts", response_model=alert_models.Alerts)
    async def list_alerts(
        alert: Globs = [],  # noqa: B006  # FastAPI makes a new one each time
        severity: Globs = [],  # noqa: B006
        venue: Globs = [],  # noqa: B006
        symbol: Globs = [],  # noqa: B006
        all: Annotated[
            bool, Query(description="Also those that are pending or cannot be evaluated.")
        ] = False,
    ) -> Response:
        """Alerts that fire, the newest last."""
        desk = asked.needed()
        tests = (one_of(alert), one_of(severity), one_of(venue), one_of(symbol))
        found = desk.watch.active()
        if all:
            found += [
                one
                for one in desk.watch.alerts.values()
                if not one.active and one.state is not AlertState.INACTIVE
            ]
        rows = [
            shown(one)
            for one in found
            if tests[0](one.rule.alert)
            and tests[1](one.severity.value)
            and tests[2](one.labels.get("venue", ""))
            and tests[3](one.labels.get("symbol", ""))
        ]
        return asked.answer(alerts=rows)

    @router.get("/rules", operation_id="list_alert_rules", response_model=alert_models.Rules)
    async def list_rules() -> Response:
        """All rules, with the reason where one cannot run, and how they stand."""
        desk = asked.needed()
        counts: dict[tuple[str, AlertState], int] = {}
        for one in desk.watch.alerts.values():
            key = (one.rule.alert, one.state)
            counts[key] = counts.get(key, 0) + 1
        rows = []
        for loaded in desk.loaded:
            states = {
                state.value: counts.get((loaded.rule.alert, state), 0)
                for state in (AlertState.FIRING, AlertState.PENDING, AlertState.UNKNOWN)
            }
            able = {"fault": loaded.fault, "waits": desk.waits_for(loaded)}
            rows.append(loaded.rule.told() | {"file": loaded.path.name} | able | states)
        return asked.answer(rules=rows)

    @router.get("/history", operation_id="list_alert_history", response_model=alert_models.History)
    async def list_history(
        alert: Annotated[str, Query(max_length=100)] = "",
        event: Annotated[str, Query(max_length=20)] = "",
        severity: Annotated[str, Query(max_length=20)] = "",
        venue: Annotated[str, Query(max_length=100)] = "",
        symbol: Annotated[str, Query(max_length=100)] = "",
        since: Annotated[int, Query(ge=0, lt=1 << 63, description="Nanoseconds.")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str, Query(max_length=18, pattern=r"^\d*$")] = "",
    ) -> Response:
        """What happened to alerts, newest first; filters are globs."""
        desk = asked.needed()
        given = {"alert": alert, "event": event, "severity": severity, "venue": venue, "symbol": symbol}
        filters: list[tuple[str, Any]] = [(name, glob) for name, glob in given.items() if glob]
        filters += [("since", since)] if since else []
        rows = await asyncio.to_thread(desk.store.history, limit, int(cursor or 0), filters)
        following = str(rows[-1]["seq"]) if len(rows) == limit else None
        return asked.answer(history=rows, next_cursor=following)


def _add_silences(router: APIRouter, asked: AlertDesk) -> None:
    @router.get("/silences", operation_id="list_silences", response_model=alert_models.Silences)
    async def list_silences() -> Response:
        """Silences that hold or will."""
        held = asked.needed().watch.silences.held.values()
        return asked.answer(silences=[asked.silence(one) for one in held])

    @router.post(
        "/silences", operation_id="add_silence", response_model=alert_models.OneSilence, status_code=201
    )
    async def add_silence(wanted: alert_models.NewSilence) -> Response:
        """Silence what fits the matchers."""
        starts, until = _times(wanted, asked.clock())
        try:
            made = asked.needed().silence(_matchers(wanted), starts, until, wanted.who, wanted.why)
        except UsageError as failure:
            raise ProblemError(409, "too-many-silences", str(failure)) from None
        return asked.answer(201, silence=asked.silence(made))

    @router.get("/silences/{id}", operation_id="get_silence", response_model=alert_models.OneSilence)
    async def get_silence(id: Id) -> Response:
        """One silence."""
        return asked.answer(silence=asked.silence(_held(asked.needed(), id)))

    @router.put("/silences/{id}", operation_id="change_silence", response_model=alert_models.OneSilence)
    async def change_silence(id: Id, wanted: alert_models.NewSilence) -> Response:
        """Change a silence."""
        desk = asked.needed()
        held = _held(desk, id)
        starts, until = _times(wanted, asked.clock())
        starts = held.starts if wanted.starts is None else starts
        changed = Silence(id, _matchers(wanted), starts, until, wanted.who, wanted.why)
        desk.put_silence(changed)
        return asked.answer(silence=asked.silence(changed))

    @router.delete("/silences/{id}", operation_id="end_silence", response_model=alert_models.OneSilence)
    async def end_silence(id: Id) -> Response:
        """End a silence now; what fires under it is told within a second."""
        desk = asked.needed()
        held = _held(desk, id)
        desk.unsilence(id)
        return asked.answer(silence=asked.silence(held))


def _held(desk: Desk, id: str) -> Silence:
    found = desk.watch.silences.held.get(id)
    if found is None:
        raise ProblemError(
            404, "unknown-silence", f"no silence {id} is held; /api/v1/alerts/silences lists them"
        )
    return found


def _matchers(wanted: alert_models.NewSilence) -> dict[str, str]:
    return {str(name): glob for name, glob in wanted.matchers.items()}


def _times(wanted: alert_models.NewSilence, now: int) -> tuple[int, int]:
    """From when and until when, in ns."""
    if (wanted.until is None) == (wanted.seconds is None):
        raise ProblemError(422, "invalid-request", "write either until (nanoseconds) or seconds")
    starts = now if wanted.starts is None else wanted.starts
    until = wanted.until if wanted.until is not None else starts + round((wanted.seconds or 0) * SECOND)
    if not max(starts, now) < until < 1 << 63:
        raise ProblemError(422, "invalid-request", "until has to lie ahead, and after starts")
    return starts, until


def _add_telling(router: APIRouter, asked: AlertDesk) -> None:
    @router.get("/senders", operation_id="list_senders", response_model=alert_models.Senders)
    async def list_senders() -> Response:
        """Who is told, and how that went."""
        rows = []
        for lane in asked.needed().delivery.lanes.values():
            settings, tally = lane.sender.settings, lane.tally
            rows.append(
                {
                    "name": lane.sender.name,
                    "kind": lane.sender.kind,
                    "least": settings.least.value,
                    "alerts": list(settings.alerts),
                    "waiting": len(lane.waiting),
                    "sent": tally.sent,
                    "retried": tally.retried,
                    "failed": tally.failed,
                    "last_error": tally.last_error,
                    "last_sent": tally.last_sent or None,
                }
            )
        return asked.answer(senders=rows)

    @router.get("/dead-letters", operation_id="list_dead_letters", response_model=alert_models.DeadLetters)
    async def list_dead_letters(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
        """Messages that could not be delivered, and why."""
        rows = await asyncio.to_thread(asked.needed().store.dead, limit)
        return asked.answer(dead_letters=rows)

    @router.post("/test", operation_id="test_alerts", response_model=alert_models.Tested, status_code=202)
    async def test(wanted: alert_models.Test) -> Response:
        """Send a message that says that it is a test."""
        desk = asked.needed()
        names = list(desk.delivery.lanes)
        if not names:
            raise ProblemError(404, "no-senders", "no sender is configured; see alerts.senders")
        if wanted.sender and wanted.sender not in names:
            near = nearest(wanted.sender, names) or names
            said = f"no sender is called {wanted.sender}; did you mean {', '.join(near)}?"
            raise ProblemError(404, "unknown-sender", said, suggestions=near)
        message = desk.test(wanted.sender)
        return asked.answer(202, id=message.id, senders=[wanted.sender] if wanted.sender else names)


def _add_commands(router: APIRouter, asked: AlertDesk) -> None:
    """Last, as an id fits where other words do."""

    @router.get("/{id}", operation_id="get_alert", response_model=alert_models.OneAlert)
    async def get_alert(id: Id) -> Response:
        """One active alert."""
        return asked.answer(alert=shown(asked.alert(id)))

    @router.post("/{id}/acknowledge", operation_id="acknowledge_alert", response_model=alert_models.OneAlert)
    async def acknowledge(id: Id, wanted: alert_models.Acknowledge) -> Response:
        """Say that you have seen it: it is told no more, but that it resolved."""
        alert = asked.alert(id)
        return asked.answer(alert=asked.needed().acknowledge(alert, wanted.who, wanted.why))
