"""A service's outward side without a socket: a desk of five books in different states, and a client that asks it."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.settings import ApiSettings
from tests.support.fake_engine import SECOND, T0, VENUES, FakeBook, FakeEngine, FakeFeed


def desk() -> FakeEngine:
    """A live book, a stale one, an inverse one, one that never was, and one more; a feed that waits."""
    numbers = {"queue_imbalance": 0.25, "spread.ratio": 1e-5, "mid_price": 100.25}
    spot = FakeBook(numbers=numbers, beyond=("depth.base{band_bps=100,side=bid}",), received=T0 - 2 * SECOND)
    perp = FakeBook(
        market="perp", symbol="BTC-USDT-PERP", state="stale", reason="silent for 5 s", numbers=numbers
    )
    inverse = FakeBook("okx", "perp", "BTC-USD-PERP:BTC", "BTC-USD-SWAP", numbers=numbers, depth=400)
    never = FakeBook(
        "kraken", state="syncing", reason="no snapshot yet", event_time=0, received=0, update_id=None
    )
    made = FakeEngine(spot, perp, inverse, never, FakeBook(symbol="ETH-USDT", native="ETHUSDT"))
    made.feeds = [FakeFeed(), FakeFeed("okx", state="waiting", reason="refused", retry_at=T0 + 3 * SECOND)]
    return made


def client(of: FakeEngine | None = None, **settings: Any) -> TestClient:
    """A client of an application of its own."""
    app = create_app(desk() if of is None else of, VENUES, ApiSettings(**settings), lambda: T0)
    return TestClient(app, raise_server_exceptions=False)


@cache
def shared() -> TestClient:
    """For tests that change nothing."""
    return client()


def get(path: str) -> Any:
    """The answer to a request that must succeed."""
    answer = shared().get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()
