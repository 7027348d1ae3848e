"""Request weights by the minute, as Binance counts them: 429 over the limit, 418 for who goes on."""

from __future__ import annotations

NS = 1_000_000_000
MINUTE_NS = 60 * NS
REFUSALS_BEFORE_BAN = 20
BAN_NS = 120 * NS


class Budget:
    """The weight that one client address may spend a minute."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._minute = 0
        self._refused = 0
        self._banned_until = 0

    def spend(self, weight: int, now: int) -> tuple[int, dict[str, str]]:
        """HTTP status (200, 429, 418) and headers for a request of some weight."""
        if now // MINUTE_NS != self._minute:
            self._minute, self.used, self._refused = now // MINUTE_NS, 0, 0
        if now < self._banned_until:
            return 418, {"Retry-After": str((self._banned_until - now) // NS + 1)}
        self.used += weight
        headers = {"X-MBX-USED-WEIGHT-1M": str(self.used)}
        if self.used <= self.limit:
            return 200, headers
        self._refused += 1
        if self._refused > REFUSALS_BEFORE_BAN:
            self._banned_until = now + BAN_NS
            return 418, headers | {"Retry-After": str(BAN_NS // NS)}
        return 429, headers | {"Retry-After": str((MINUTE_NS - now % MINUTE_NS) // NS + 1)}
