"""What a client may say on the stream, and what it is told when that is wrong. Fields that are not known are ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .lookup import Selection

DEFAULT_INTERVALS = {  # milliseconds
    "readings": 100,
    "books": 100,
    "trades": 100,
    "feeds": 1000,
    "alerts": 0,
    "external": 100,
}

Glob = Annotated[str, Field(min_length=1, max_length=100)]
Globs = Annotated[
    tuple[Glob, ...],
    BeforeValidator(lambda given: (given,) if isinstance(given, str) else given),
    Field(max_length=100),
]
RequestId = int | str | None


class RefusedError(Exception):
    """Something a client said that cannot be done; `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ChannelWish(BaseModel):
    """A channel as it is asked for. `venue`, `market`, `symbol` and `metrics` are globs, one or a list."""

    model_config = ConfigDict(extra="ignore")

    name: Literal["readings", "books", "trades", "feeds", "alerts", "external"]
    venue: Globs = ()
    market: Globs = ()
    symbol: Globs = ()
    metrics: Globs = Field(
        default=(), description="Metric keys or globs (readings only); all where left out."
    )
    min_interval_ms: int | None = Field(
        None, ge=0, le=60_000, description="What changes faster is sent once."
    )
    depth: int = Field(default=10, ge=1, le=1000, description="Levels a side (books only).")

    def spec(self, floor_milliseconds: int) -> Spec:
        """The channel that serves this wish: the same for all wishes that need the same bytes."""
        asked = DEFAULT_INTERVALS[self.name] if self.min_interval_ms is None else self.min_interval_ms
        return Spec(
            name=self.name,
            venues=_set(self.venue),
            markets=_set(self.market),
            symbols=_set(self.symbol),
            metrics=_set(self.metrics) if self.name == "readings" else (),
            interval_milliseconds=max(asked, floor_milliseconds),
            depth=self.depth if self.name == "books" else 0,
        )


def _set(globs: tuple[str, ...]) -> tuple[str, ...]:
    return () if "*" in globs else tuple(sorted(set(globs)))


@dataclass(frozen=True, slots=True)
class Spec:
    """What tells one channel from another. An empty tuple stands for everything."""

    name: str
    venues: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    interval_milliseconds: int = 100
    depth: int = 0

    @property
    def selection(self) -> Selection:
        return Selection(self.venues, self.markets, self.symbols)

    def told(self) -> dict[str, Any]:
        """The channel as it is echoed to who subscribed to it."""
        told: dict[str, Any] = {"name": self.name, "venue": _plain(self.venues)}
        if self.name not in ("feeds", "external"):
            told |= {"market": _plain(self.markets), "symbol": _plain(self.symbols)}
        if self.name == "readings":
            told["metrics"] = self.metrics or ["*"]
        if self.name == "books":
            told["depth"] = self.depth
        return told | {"min_interval_ms": self.interval_milliseconds}


def _plain(globs: tuple[str, ...]) -> str | tuple[str, ...]:
    return globs[0] if len(globs) == 1 else globs or "*"


class Subscribe(BaseModel):
    """`{"op":"subscribe","id":1,"channels":[{"name":"readings","symbol":"BTC-*"}]}`"""

    op: Literal["subscribe"]
    id: RequestId = None
    channels: Annotated[list[ChannelWish], Field(min_length=1, max_length=1000)]


class Unsubscribe(BaseModel):
    """By the ids of channels, by channels spelt out, or all that the request with this `id` subscribed to."""

    op: Literal["unsubscribe"]
    id: RequestId = None
    channels: Annotated[list[int | ChannelWish], Field(min_length=1, max_length=1000)] | None = None


class Ping(BaseModel):
    """Answered by a pong with the same `id`."""

    op: Literal["ping"]
    id: RequestId = None


class Auth(BaseModel):
    """The first message where a key is needed and no header carried one."""

    op: Literal["auth"]
    id: RequestId = None
    key: Annotated[str, Field(max_length=512)]


Wish = Subscribe | Unsubscribe | Ping | Auth
_OPS: dict[str, type[Wish]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe, "ping": Ping, "auth": Auth}


def opened(message: str | bytes, limit: int) -> dict[str, Any]:
    """A client's message as an object; raises RefusedError where it is too long or none."""
    if len(message) > limit:
        raise RefusedError(
            "message_too_large", f"a message may have {limit} bytes, this one has {len(message)}"
        )
    try:
        said = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise RefusedError("invalid_json", f"this is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise RefusedError("invalid_request", 'a message is an object such as {"op":"ping","id":1}')
    return said


def request_id(said: dict[str, Any]) -> RequestId:
    """The id to echo, whatever else is wrong with the message."""
    given = said.get("id")
    return given if isinstance(given, int | str) else None


def read(said: dict[str, Any]) -> Wish:
    """What the client wants; raises RefusedError that names the field that is wrong."""
    kind = _OPS.get(str(said.get("op")))
    if kind is None:
        raise RefusedError("unknown_op", f"op is one of {', '.join(_OPS)}; this says {said.get('op')!r:.60}")
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RefusedError("invalid_request", f"{where}: {first['msg']}") from None
