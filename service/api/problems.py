"""Errors as RFC 9457 tells them: every answer that is not what was asked for is `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger(__name__)


class ProblemError(Exception):
    """Raised by an endpoint that cannot answer; `more` are members of its own (RFC 9457, 3.2)."""

    def __init__(
        self, status: int, name: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail
        self.headers = headers
        self.more = more


def problem(
    status: int,
    name: str,
    detail: str,
    *,
    instance: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer itself. `name` (`unknown-symbol`) is what programs tell problems by; "" leaves it to the status."""
    body: dict[str, Any] = {
        "type": f"urn:steelyard:problem:{name}" if name else "about:blank",
        "title": name.replace("-", " ").capitalize() if name else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if instance:
        body["instance"] = instance
    return Response(orjson.dumps(body | more), status, headers, MEDIA_TYPE)


async def _raised(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem(
        error.status, error.name, error.detail, instance=request.url.path, headers=error.headers, **error.more
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"nothing is served at {request.url.path}; see /docs"
    return problem(error.status_code, "", detail, instance=request.url.path, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [{"where": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    detail = "; ".join(f"{one['where']}: {one['message']}" for one in found)
    return problem(422, "invalid-request", detail, instance=request.url.path, errors=found)


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("request failed", path=request.url.path, exc_info=error)
    return problem(500, "", "an error inside the service; its log says more", instance=request.url.path)


def tell_problems(app: FastAPI) -> None:
    """Have every error of this application told as a problem."""
    app.add_exception_handler(ProblemError, _raised)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)
