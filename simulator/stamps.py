"""Moments as venues write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

NS = 1_000_000_000


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(now: int, digits: int = 6) -> str:
    """UTC with so many digits behind the second: ``2026-08-24T22:21:57.110183Z``."""
    second, rest = divmod(now, NS)
    return f"{_second(second)}.{rest:09d}"[: 20 + digits] + "Z"


def last_friday_of_quarter(now: int, least_days: int = 14) -> int:
    """The next quarterly expiry (last Friday of the quarter, 08:00 UTC) in nanoseconds."""
    day = 24 * 3600
    second = (now // NS + least_days * day) // day * day + 8 * 3600
    while True:
        second += day
        at = datetime.fromtimestamp(second, UTC)
        after = datetime.fromtimestamp(second + 7 * day, UTC)
        if at.month % 3 == 0 and at.weekday() == 4 and after.month != at.month:
            return second * NS
