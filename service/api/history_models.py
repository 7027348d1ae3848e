"""The schema of what is answered about the last minutes, with an example each."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .models import Answer, Nanoseconds
from .ports import Proof, State

T0 = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
Times = Annotated[list[Nanoseconds], Field(description="Our time of each sample, oldest first.")]
Maybe = list[float | None]
_BOOK: dict[str, Any] = {"venue": "binance", "market": "perp", "symbol": "BTC-USDT-PERP"}
_ANSWER: dict[str, Any] = {"t": T0 + 900 * SECOND, "simulated": False}


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [_ANSWER | fields]})


class KeptBook(BaseModel):
    """A book of which the last minutes are kept."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    market: str
    symbol: str
    since: Nanoseconds = Field(description="When it was first kept.")
    bytes: int = Field(description="Most memory that it takes.")
    outputs: list[str] = Field(description="Names of the outputs that are kept.")


class HistoryKept(Answer):
    """What is kept of the last minutes, and what was left out as the memory has no room for it."""

    model_config = _example(
        minutes=15,
        step=SECOND,
        megabytes=150,
        bytes=740_000,
        books=[_BOOK | {"since": T0, "bytes": 740_000, "outputs": ["mid_price", "queue_imbalance"]}],
        left_out=[],
    )
    minutes: int
    step: Nanoseconds = Field(description="Between two samples.")
    megabytes: int = Field(description="The most that all books together may take.")
    bytes: int
    books: list[KeptBook]
    left_out: list[dict[str, str]] = Field(
        description="Books that are not kept: raise recent.megabytes, or lower recent.minutes."
    )


class PastReading(BaseModel):
    """A book as it was."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    market: str
    symbol: str
    state: State
    reason: str
    proof: Proof
    received: Nanoseconds = Field(description="When the sample was taken.")
    values: dict[str, float | None] = Field(description="By name of the output; null where undefined.")


class HistoryReadings(Answer):
    """Readings at one moment, of the books that were known then."""

    model_config = _example(
        at=T0,
        readings=[
            _BOOK
            | {"state": "live", "reason": "", "proof": "sequence", "received": T0}
            | {"values": {"queue_imbalance": 0.43, "p_up": None}}
        ],
    )
    at: Nanoseconds
    readings: list[PastReading]


class HistorySeries(Answer):
    """Outputs of one book over time; null where the book was not live or the value not defined."""

    model_config = _example(
        **_BOOK,
        step=SECOND,
        times=[T0, T0 + SECOND],
        live=[True, False],
        values={"queue_imbalance": [0.43, None]},
    )
    venue: str
    market: str
    symbol: str
    step: Nanoseconds = Field(
        description="Between two samples; where times are farther apart, nothing was kept in between."
    )
    times: Times
    live: list[bool] = Field(description="Whether the book was live.")
    values: dict[str, Maybe] = Field(description="By name of the output, one number a time.")


class HistoryLevels(Answer):
    """Depth of one book over time, in rows of equal height: row r holds prices from r * row up to (r + 1) * row.

    A column is null where the book was not live or had an empty side. Within a column the first size is that of
    `bid_row` (the best bid's row), the next of the row below it; for asks of `ask_row` and the rows above.
    """

    model_config = _example(
        **_BOOK,
        step=SECOND,
        row=5.0,
        times=[T0, T0 + SECOND],
        bid=[64000.1, None],
        ask=[64000.2, None],
        bid_row=[12800, None],
        ask_row=[12800, None],
        bids=[[12.5, 0, 3.25, None], None],
        asks=[[8.125, 4.5], None],
    )
    venue: str
    market: str
    symbol: str
    step: Nanoseconds = Field(description="Between two samples.")
    row: float | None = Field(description="Height of a row in price; null where nothing is there.")
    times: Times
    bid: Maybe = Field(description="Best bid.")
    ask: Maybe = Field(description="Best ask.")
    bid_row: list[int | None]
    ask_row: list[int | None]
    bids: list[Maybe | None] = Field(
        description="Base units, kept to 0.1 %; null where a row reaches beyond what the venue has proven."
    )
    asks: list[Maybe | None]


class Prints(BaseModel):
    """Prints, those of one second, side and half a basis point of price merged."""

    model_config = ConfigDict(extra="forbid")
    t: list[Nanoseconds] = Field(description="The venue's time of the last one that was merged.")
    price: list[float] = Field(description="Volume-weighted mean.")
    size: list[float] = Field(description="Base units.")
    count: list[int] = Field(description="Prints that were merged.")
    side: list[int] = Field(description="Taker: 1 buy, -1 sell, 0 not known.")


class Liquidations(BaseModel):
    """Positions that were closed by force."""

    model_config = ConfigDict(extra="forbid")
    t: list[Nanoseconds]
    price: list[float]
    size: list[float] = Field(description="Base units.")
    quote: list[float] = Field(description="Worth in quote.")
    side: list[int] = Field(description="The position that was closed: 1 long, -1 short, 0 not known.")


class HistoryTrades(Answer):
    """Prints and liquidations of one book, in the order in which they came."""

    model_config = _example(
        **_BOOK,
        complete_from=T0,
        trades={"t": [T0], "price": [64000.2], "size": [0.31], "count": [3], "side": [1]},
        liquidations={"t": [T0], "price": [63990.0], "size": [1.5], "quote": [95985.0], "side": [1]},
    )
    venue: str
    market: str
    symbol: str
    complete_from: Nanoseconds = Field(description="Older prints may be missing.")
    trades: Prints
    liquidations: Liquidations


class Span(BaseModel):
    """A state that held for a while."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    start: Nanoseconds = Field(alias="from")
    end: Nanoseconds | None = Field(alias="to", description="null: it still holds.")
    state: str
    reason: str


class FeedStates(BaseModel):
    """The states of one book."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    market: str
    symbol: str
    spans: list[Span]


class ConnectionStates(BaseModel):
    """The states of one connection."""

    model_config = ConfigDict(extra="forbid")
    venue: str
    product: str
    route: str
    symbols: list[str]
    spans: list[Span]


class HistoryStates(Answer):
    """The states of books and connections over time, with the reasons, oldest first, not cut at the edges."""

    model_config = _example(
        feeds=[
            _BOOK
            | {
                "spans": [
                    {"from": T0, "to": T0 + SECOND, "state": "lost", "reason": "gap"},
                    {"from": T0 + SECOND, "to": None, "state": "live", "reason": ""},
                ]
            }
        ],
        connections=[
            {
                "venue": "binance",
                "product": "usdm",
                "route": "public",
                "symbols": ["BTC-USDT-PERP"],
                "spans": [{"from": T0, "to": None, "state": "open", "reason": ""}],
            }
        ],
    )
    feeds: list[FeedStates]
    connections: list[ConnectionStates]
