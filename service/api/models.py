"""The schema of every REST answer, with an example each. The service writes the bytes itself; tests hold them to this."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .ports import Proof, State

Nanoseconds = Annotated[int, Field(description="Nanoseconds since 1970-01-01 UTC.")]
Seconds = Annotated[float, Field(description="Seconds.", ge=0)]
Told = Annotated[
    Literal["socket", "REST", ""], Field(description="How it comes; empty where it is not told.")
]
Level = Annotated[tuple[str, str], Field(description="Price and size, in the venue's own text and units.")]

_BOOK: dict[str, Any] = {
    "venue": "binance",
    "market": "perp",
    "symbol": "BTC-USDT-PERP",
    "state": "live",
    "reason": "",
    "proof": "sequence",
    "event_time": 1_790_000_000_000_000_000,
    "received": 1_790_000_000_004_000_000,
    "update_id": 7_211_345_981,
    "native": "BTCUSDT",
    "depth": 1000,
    "capped": False,
}
_READING: dict[str, Any] = _BOOK | {
    "members": [],
    "age_seconds": 0.012,
    "latency_seconds": 0.004,
    "values": {"queue_imbalance": 0.43, "spread.ratio": 1.5e-6, "depth.base{band_bps=100,side=bid}": None},
    "truncated": ["depth.base{band_bps=100,side=bid}"],
}


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


class Answer(BaseModel):
    """What every answer with data carries: when it was made, and whether the venues are simulated."""

    model_config = ConfigDict(extra="forbid")
    t: Nanoseconds
    simulated: bool = Field(description="True if the venues are simulated: no number is of a real market.")


class Member(BaseModel):
    """One venue's book in a consolidated one."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    symbol: str
    state: State
    proof: Proof
    takes_part: bool = Field(description="False: what is said across venues is said without it.")
    reason: str = Field(description="Why it takes no part, or not in all; empty where it does.")


class BookIdentity(BaseModel):
    """Which book, and how far it can be trusted."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    market: str = Field(description="spot, perp, future or option.")
    symbol: str = Field(description="Canonical, such as BTC-USDT or BTC-USDT-PERP.")
    native: str = Field(description="The venue's own id.")
    state: State = Field(description="Only a live book has values.")
    reason: str = Field(description="Why it is not live; empty when it is.")
    proof: Proof = Field(description="By what the venue proves its book.")
    event_time: Nanoseconds | None = Field(description="The venue's time of the last message.")
    received: Nanoseconds | None = Field(description="Our time of the last message.")
    update_id: int | None = Field(description="The venue's number of the last message.")
    depth: int = Field(description="Levels a side that the venue sends; 0 is the full book.", ge=0)
    capped: bool = Field(description="True if the farthest levels were left out to bound memory.")
    members: list[Member] = Field(
        description="Of a consolidated book (venue `consolidated`): its venues' books; else empty."
    )


class Reading(BookIdentity):
    """A book's reading: every value that was asked for, null where it is undefined."""

    model_config = _example(**_READING)
    age_seconds: Seconds | None = Field(description="Since the last message was received.")
    latency_seconds: float | None = Field(
        description="Receive time minus the venue's time of the last message."
    )
    values: dict[str, float | None] = Field(description="By name of the output, see /api/v1/metrics.")
    truncated: list[str] = Field(
        description="Values that are null as they reach beyond what the venue has proven."
    )


class OneReading(Reading, Answer):
    """The reading of one book."""

    model_config = _example(t=1_790_000_000_016_000_000, simulated=False, **_READING)


class Readings(Answer):
    """Readings of all books that fit, in the order in which the books appeared."""

    readings: list[Reading]
    next_cursor: str | None = Field(
        description="Ask again with this as `cursor` for the rest; null at the end."
    )


class OneBook(BookIdentity, Answer):
    """A book's best levels; null while it is not live."""

    model_config = _example(
        t=1_790_000_000_016_000_000,
        simulated=False,
        **_BOOK,
        members=[],
        age_seconds=0.012,
        bids=[["64000.10", "1.250"]],
        asks=[["64000.20", "0.310"]],
    )
    age_seconds: Seconds | None = Field(description="Since the last message was received.")
    bids: list[Level] | None = Field(description="Best first.")
    asks: list[Level] | None = Field(description="Best first.")


class Symbol(BaseModel):
    """An instrument that is known. What is about its book is null where it is not watched."""

    model_config = _example(
        **_BOOK,
        base="BTC",
        quote="USDT",
        settle="USDT",
        contract="linear",
        contract_size="1",
        multiplier="1",
        tick="0.1",
        lot="0.001",
        status="trading",
        expires=None,
        listed=True,
        watched=True,
        counters={"updates": 90_211, "gaps": 0},
        resyncs_by_reason={"gap": 1},
    )
    venue: str
    market: str = Field(description="spot, perp, future or option.")
    symbol: str = Field(description="Canonical, such as BTC-USDT or BTC-USDT-PERP.")
    native: str = Field(description="The venue's own id.")
    base: str = Field(description="The asset that sizes are told in: SHIB, where the symbol says 1000SHIB.")
    quote: str = Field(description="The asset that prices are told in.")
    settle: str = Field(description="The asset that gains and losses are paid in.")
    contract: Literal["spot", "linear", "inverse"]
    contract_size: str | None = Field(
        description="What one unit of the venue's sizes is: in what the price is for, or in quote where inverse; "
        "null where it is not known, and then no value in base units is."
    )
    multiplier: str = Field(description="How much of the base the venue's price is for: 1000 for 1000SHIB.")
    tick: str | None = Field(
        description="Step of the venue's prices; null where it is not known or not fixed."
    )
    lot: str | None = Field(description="Step of the venue's sizes; null where it is not known.")
    status: Literal["trading", "halted", "expired"] = Field(description="By the venue's list and the time.")
    expires: Nanoseconds | None = Field(
        description="When it expires; null where it does not, or is not known."
    )
    listed: bool = Field(description="False where there was no list and the id alone tells.")
    watched: bool = Field(description="True if a book of it is kept here.")
    state: State | None = Field(description="Only a live book has values.")
    reason: str | None = Field(description="Why it is not live; empty when it is.")
    proof: Proof | None = Field(description="By what the venue proves its book.")
    event_time: Nanoseconds | None = Field(description="The venue's time of the last message.")
    received: Nanoseconds | None = Field(description="Our time of the last message.")
    update_id: int | None = Field(description="The venue's number of the last message.")
    depth: int | None = Field(description="Levels a side that the venue sends; 0 is the full book.", ge=0)
    capped: bool | None = Field(description="True if the farthest levels were left out to bound memory.")
    counters: dict[str, int] | None
    resyncs_by_reason: dict[str, int] | None


class Symbols(Answer):
    """All instruments that fit, those with a book first."""

    symbols: list[Symbol]
    next_cursor: str | None


class DerivativeFeeds(BaseModel):
    """What a venue tells of its derivatives, and how."""

    model_config = _example(
        liquidations="sample",
        sampled="at most one a symbol and second, the latest",
        open_interest="REST",
        funding="socket",
        mark="socket",
        index="socket",
        long_short=["accounts", "top_accounts", "top_positions"],
    )
    liquidations: Literal["all", "sample", "none"]
    sampled: str = Field(description="What a sample leaves out.")
    open_interest: Told
    funding: Told
    mark: Told
    index: Told
    long_short: list[str] = Field(description="Whose ratio of longs to shorts it tells, by REST.")


class Venue(BaseModel):
    """One part of an exchange: how it proves its books, and what it cannot show."""

    model_config = _example(
        name="kraken",
        product="spot",
        markets=["spot"],
        proof="checksum",
        detects="checksum of the best 10 levels",
        scope="symbol",
        checksum="CRC32 of the best 10 levels",
        blind_spots=["levels below the tenth are not covered by the checksum"],
        depth=100,
        interval="each change",
        derivatives=None,
    )
    name: str
    product: str
    markets: list[str]
    proof: Proof
    detects: str = Field(description="By what a loss is seen.")
    scope: str = Field(description="What a loss costs: the symbol, or every symbol of the connection.")
    checksum: str | None
    blind_spots: list[str] = Field(description="What a loss would leave unseen.")
    depth: int = Field(ge=0, description="Levels a side; 0 is the full book.")
    interval: str
    derivatives: DerivativeFeeds | None = Field(
        description="What is told of derivatives beside books and trades; null where nothing is."
    )


class Venues(Answer):
    """All venues that the service can connect to."""

    venues: list[Venue]


class Output(BaseModel):
    """One value that a metric has for each book."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(description="Its name in readings and on the stream.")
    field: str
    labels: dict[str, str]
    unit: str
    prometheus: str | None = Field(description="Its family in /metrics; null if it is not exported.")
    extra: bool = Field(description="true: it leaves by /metrics only with `api.every_series`.")
    counter: bool = Field(description="True if it only ever grows.")
    help: str


class Metric(BaseModel):
    """What a metric says about itself."""

    model_config = _example(
        key="queue_imbalance",
        group="imbalance",
        unit="ratio",
        bounds=[-1, 1],
        help="Bid minus ask size at the touch over their sum; +1 is all bids.",
        formula="(B_1 - A_1) / (B_1 + A_1)",
        sign="+ is more bids",
        source="Gould & Bonart 2016",
        outputs=[
            {
                "name": "queue_imbalance",
                "field": "",
                "labels": {"stat": "last"},
                "unit": "ratio",
                "prometheus": "obi_queue_imbalance_ratio",
                "extra": False,
                "counter": False,
                "help": "Bid minus ask size at the touch over their sum; +1 is all bids.",
            }
        ],
    )
    key: str
    group: str
    unit: str
    bounds: tuple[float | None, float | None] | None = Field(
        description="Least and greatest value; null is open."
    )
    help: str
    formula: str
    sign: str = Field(description='What plus means; "" where it cannot be negative or the sign says nothing.')
    source: str
    outputs: list[Output]


class Metrics(Answer):
    """The catalogue of metrics."""

    metrics: list[Metric]
    faults: list[dict[str, str]] = Field(
        description="Metrics of your own that were left out (file, reason), or switched off for a book."
    )
    replayed: bool = Field(
        description="True if a recording is played: `t` is its time, and no number is of now."
    )


class Feed(BaseModel):
    """One connection to a venue."""

    model_config = _example(
        venue="okx",
        product="public",
        route="",
        state="open",
        reason="",
        since=1_790_000_000_000_000_000,
        last_received=1_790_000_060_000_000_000,
        silent_seconds=0.05,
        frames=12_003,
        reconnects=0,
        symbols=["BTC-USDT-PERP"],
        unknown={},
        retry_at=None,
    )
    venue: str
    product: str
    route: str
    state: str = Field(description="connecting, open, silent or waiting.")
    reason: str
    since: Nanoseconds | None = Field(description="When it came into this state.")
    last_received: Nanoseconds | None
    silent_seconds: Seconds | None = Field(description="Since the last frame.")
    frames: int
    reconnects: int
    symbols: list[str] = Field(description="Symbols that it carries.")
    unknown: dict[str, int] = Field(description="Frames that were not understood, by kind.")
    retry_at: Nanoseconds | None = Field(description="When it is tried again, while waiting.")


class Feeds(Answer):
    """All connections."""

    feeds: list[Feed]


class Live(BaseModel):
    """The process answers."""

    status: str


class VenueReadiness(BaseModel):
    """One venue's part in being ready."""

    venue: str
    books: int
    live: int
    reasons: list[str] = Field(description="Why books or connections are not live.")
    retry_seconds: Seconds | None = Field(description="Until the next attempt to connect.")


class Readiness(BaseModel):
    """Ready once a book is live."""

    status: str
    stopping: bool
    books: int
    live: int
    venues: list[VenueReadiness]
    loop_lag_seconds: Seconds | None = Field(
        None,
        description="How late the event loop was at most within the last minute; null where it is not measured.",
    )


class ProblemField(BaseModel):
    """One field that is wrong."""

    where: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:steelyard:problem:unknown-symbol",
                    "title": "Unknown symbol",
                    "status": 404,
                    "detail": "binance has no book BTC-USTD here; did you mean BTC-USDT?",
                    "instance": "/api/v1/readings/binance/BTC-USTD",
                    "suggestions": ["BTC-USDT"],
                }
            ]
        }
    )
    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    suggestions: list[str] = Field(default=[], description="Near names, where a name was not known.")
    errors: list[ProblemField] = Field(default=[], description="Fields that are wrong.")


class NotReady(Problem):
    """The error of /readyz, with the same detail as when it is ready."""

    stopping: bool
    books: int
    live: int
    venues: list[VenueReadiness]
