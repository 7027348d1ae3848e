"""What the control endpoint understands: faults, episodes, truth and status, as plain dictionaries.

``POST /_control`` takes one object or a list of them::

    {"fault": "drop", "product": "usdm", "symbol": "BTCUSDT", "count": 2}
    {"fault": "clear"}
    {"episode": "shock", "symbol": "BTCUSDT", "product": "usdm", "seconds": 20}
"""

from __future__ import annotations

from typing import Any

from .book import TrueBook
from .episodes import EPISODES
from .faults import named
from .venue import SimulatedVenue

NS = 1_000_000_000


def command(venue: SimulatedVenue, order: dict[str, Any], now: int) -> dict[str, Any]:
    """Carry out one order; ValueError says what is wrong with it."""
    match order:
        case {"fault": "clear", **rest} if not rest:
            venue.faults.clear()
        case {"fault": str(name), **fields}:
            venue.inject(named(name, fields), now)
        case {"episode": str(name), **fields}:
            _play(venue, name, fields, now)
        case _:
            raise ValueError('an order is {"fault": NAME, …} or {"episode": NAME, …}')
    return {"done": order}


def _play(venue: SimulatedVenue, name: str, fields: dict[str, Any], now: int) -> None:
    if name not in EPISODES:
        raise ValueError(f"no episode {name!r}; there are {', '.join(EPISODES)}")
    if unknown := set(fields) - {"symbol", "product", "seconds"}:
        raise ValueError(f"an episode has no {', '.join(sorted(unknown))}")
    symbol, product, seconds = fields.get("symbol"), fields.get("product"), float(fields.get("seconds", 20))
    venue.advance(now)
    chosen = [
        market
        for (its, native), market in venue.markets.items()
        if symbol in (None, native) and product in (None, its)
    ]
    if not chosen:
        raise ValueError(f"no market {product or '*'} {symbol or '*'}")
    for market in chosen:
        market.play(name, now, int(seconds * NS))


def truth(
    venue: SimulatedVenue, symbol: str, product: str | None, depth: int | None, now: int
) -> dict[str, Any]:
    """The true book at this moment; ValueError for an unknown symbol."""
    venue.advance(now)
    try:
        book = venue.truth(symbol, product, depth)
    except KeyError:
        raise ValueError(f"no market {product or '*'} {symbol}") from None
    return {"symbol": symbol, "t": now, **levels(book)}


def levels(book: TrueBook) -> dict[str, list[list[str]]]:
    """A book as text."""
    return {
        "bids": [[f"{price:f}", f"{size:f}"] for price, size in book.bids],
        "asks": [[f"{price:f}", f"{size:f}"] for price, size in book.asks],
    }


def status(venue: SimulatedVenue, now: int) -> dict[str, Any]:
    """Who is connected to what, what is listed, which faults wait and have struck."""
    return {
        "venue": venue.name,
        "t": now,
        "symbols": venue.symbols(),
        "connections": [
            {"number": c.number, "path": c.path, "books": list(c.feeds), "sent": c.sent}
            for c in venue.connections.values()
        ],
        "episodes": {f"{p}/{s}": m.episode.name for (p, s), m in venue.markets.items()},
        "faults": [{"fault": type(fault).__name__, "count": fault.count} for fault in venue.faults.armed],
        "struck": venue.faults.struck,
    }
