"""`steelyard verify`: builds every book of some recordings and says whether each is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from connectors.sync import LIVE, STATES, Pair

from .replay import Player


def verify(
    paths: Sequence[Path],
    *,
    venue: str = "",
    market: str = "",
    progress: Callable[[int], None] = lambda now: None,
) -> list[dict[str, Any]]:
    """One verdict a book, in the order in which the books turned up. Silence is no fault here: no timer runs."""
    player = Player(paths, timers=False, venue=venue, market=market)
    for now in player.play():
        progress(now)
    for pair, _ in player.pairs:
        pair.take_quiet_snapshot(player.now)
    return [verdict(pair, path) for pair, path in player.pairs if has_book(pair)]


def has_book(pair: Pair) -> bool:
    """Did any book message come for it, or only trades?"""
    return bool(
        pair.updates or pair.loaded or pair.dropped or pair.ignored or pair.resyncs or pair.gaps or pair.held
    )


def verdict(pair: Pair, path: Path) -> dict[str, Any]:
    """What `verify` prints for a book."""
    bids, asks = pair.book.levels(1)
    return {
        "file": str(path),
        "venue": pair.venue.name,
        "market": str(pair.instrument.market),
        "symbol": pair.instrument.symbol,
        "native": pair.native,
        "state": STATES[pair.state],
        "reason": pair.reason,
        "updates": pair.updates,
        "dropped_old": pair.dropped,
        "gaps": pair.gaps,
        "checksums_ok": pair.checksums_ok,
        "checksums_failed": pair.checksums_failed,
        "resyncs": pair.resyncs,
        "crossed": pair.crossed_count,
        "levels": [pair.book.bids.count, pair.book.asks.count],
        "bid": list(bids[0]) if bids else None,
        "ask": list(asks[0]) if asks else None,
        "trades": pair.trades,
        "taker_buy": pair.taker_buy,
        "taker_sell": pair.taker_sell,
    }


def is_clean(found: dict[str, Any]) -> bool:
    """Live, without a gap and without a failed checksum."""
    return bool(found["state"] == STATES[LIVE] and not found["gaps"] and not found["checksums_failed"])
