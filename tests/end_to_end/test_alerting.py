"""What happens on a market or to a venue arrives as an alert by both ways, and its end does too.

The built-in engine tells within the update; Prometheus scrapes, evaluates, and tells by Alertmanager. Real servers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from service.alerts.senders.webhook import signature
from tests.support.stack import SECRET, Stack, Told, wait_until

pytestmark = pytest.mark.processes
SHOCK, DOWN = "ObiLiquidityShock", "ObiVenueDown"
SECOND = 1_000_000_000
Property = Callable[[str, object], None]


def arrives(stack: Stack, alert: str, begun: int, within: float, **labels: str) -> tuple[Told, Told]:
    """Both messages that it fires, after `begun` (ns)."""

    def both() -> tuple[Told, Told] | None:
        own, relayed = (
            stack.receiver.own("fired", alert, **labels),
            stack.receiver.relayed("firing", alert, **labels),
        )
        return (own, relayed) if own and relayed and min(own.at, relayed.at) > begun else None

    found: tuple[Told, Told] = wait_until(both, within, f"{alert} by both ways")
    return found


def ends(stack: Stack, alert: str, begun: int, within: float, **labels: str) -> None:
    """Both messages that it is over, after `begun` (ns)."""

    def both() -> bool:
        ways = (
            stack.receiver.own("resolved", alert, **labels),
            stack.receiver.relayed("resolved", alert, **labels),
        )
        return all(one is not None and one.at > begun for one in ways)

    wait_until(both, within, f"{alert} is over by both ways")


def delays(own: Told, relayed: Told, begun: int) -> dict[str, float]:
    """Seconds: from the evaluation that made it fire to the receiver, and from what was staged to either message."""
    return {
        "told": (own.at - own.body["alert"]["fired_at"]) / SECOND,
        "own": (own.at - begun) / SECOND,
        "relayed": (relayed.at - begun) / SECOND,
    }


def test_a_liquidity_shock(installation: Stack, record_property: Property) -> None:
    where = {"venue": "okx", "symbol": "BTC-USDT"}
    installation.scraped(10)
    begun = time.time_ns()
    installation.venues.play("okx", episode="shock", symbol="BTC-USDT", seconds=15)
    own, relayed = arrives(installation, SHOCK, begun, 20, **where)
    found = delays(own, relayed, begun)
    record_property("delays", found)
    print(found)
    assert found["told"] < 1
    assert own.body["alert"]["labels"]["market"] == "spot"
    assert own.body["alert"]["value"] >= 1
    stamp, id = own.headers["webhook-timestamp"], own.headers["webhook-id"]
    assert id == own.body["id"]
    assert own.headers["webhook-signature"] == signature(SECRET.encode(), id, stamp, own.raw)
    ends(installation, SHOCK, own.at, 40, **where)


def test_a_venue_is_killed_and_comes_back(installation: Stack, record_property: Property) -> None:
    installation.scraped(3)
    begun = time.time_ns()
    installation.venues.kill("kraken")
    own, relayed = arrives(installation, DOWN, begun, 20, venue="kraken")
    found = delays(own, relayed, begun)
    record_property("delays", found)
    print(found)
    assert found["told"] < 1
    assert not installation.query('obi_queue_imbalance_ratio{venue="kraken"}')
    assert installation.query('obi_book_state{venue="kraken",state="live"} == 0')
    installation.venues.start("kraken")
    ends(installation, DOWN, own.at, 40, venue="kraken")
    installation.steelyard.wait_until(installation.steelyard.live, 40, "all books are live again")
