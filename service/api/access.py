"""Who may ask: API keys by their hashes, and web origins. A key comes in a header or a message, never in an address."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

OPEN_PATHS = frozenset(
    {"/", "/docs", "/livez", "/readyz"}
)  # pages themselves hold no data, and probes carry no keys
OPEN_FOLDER = "/page/"


class Access:
    """Decides on keys and origins.

    `hashes`: SHA-256 (hex) of the keys; `needed`: whether a key is asked for; `origins`: allowed beside our own.
    """

    def __init__(self, hashes: Iterable[str], *, needed: bool, origins: Iterable[str] = ()) -> None:
        self._hashes = tuple(bytes.fromhex(text) for text in hashes)
        self.needed = needed
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def key_is_good(self, key: str) -> bool:
        """Is it one of ours? Takes the same time for any wrong key."""
        digest = sha256(key.encode()).digest()
        found = [compare_digest(digest, known) for known in self._hashes]
        return any(found)

    def header_is_good(self, authorization: str) -> bool:
        """Does an `Authorization: Bearer …` header carry a good key?"""
        scheme, _, key = authorization.partition(" ")
        return scheme.lower() == "bearer" and self.key_is_good(key.strip())

    def path_is_open(self, path: str) -> bool:
        """May everybody see this, key or not?"""
        return not self.needed or path in OPEN_PATHS or path.startswith(OPEN_FOLDER)

    def origin_is_good(self, origin: str, host: str) -> bool:
        """May a page of this origin open a socket here? "" (no browser) may; so may our own page."""
        if not origin:
            return True
        return origin.rstrip("/").lower() in self._origins or urlsplit(origin).netloc.lower() == host.lower()
