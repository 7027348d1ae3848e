"""A book that is lost, silent, crossed or one-sided is in no value across venues, whichever metric (metrics.md 0.2, 0.3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.across import across
from service.metrics.declare import Output
from tests.service.across.test_over_time import followed
from tests.support.street import Street

KEYS = list(across())
OF_HEALTH = {"venue_risk"}  # what it says of a venue is said of one that is gone most of all
WITHOUT = {  # what three spot books of one currency cannot have, whatever their state
    "funding_dispersion": "no perpetuals",
    "peg_deviation": "no stablecoin",
}


def lost(street: Street, venue: str) -> None:
    street.lose(venue)


def stale(street: Street, venue: str) -> None:
    street.pairs[venue, "BTC-USDT"].withdraw(street.now)


def crossed(street: Street, venue: str) -> None:
    street.say(venue, bids=[[1000, 1]])


def one_sided(street: Street, venue: str) -> None:
    asks = street.engine.books[venue, "spot", "BTC-USDT"].levels(100)[1]
    street.say(venue, asks=[[float(price), 0] for price, _ in asks])


Fault = Callable[[Street, str], None]


@pytest.fixture(scope="module", params=[lost, stale, crossed, one_sided], ids=lambda what: what.__name__)
def street(request: pytest.FixtureRequest) -> tuple[Street, Fault, dict[str, float | None]]:
    """Three venues, b with the fault, and what was said before it."""
    made = followed(1, seconds=75)
    before = made.values()
    request.param(made, "b")
    return made, request.param, before


def told(street: Street, key: str) -> list[tuple[Output, float | None]]:
    values = street.values()
    return [(output, values[output.name]) for output in street.group().outputs if output.key == key]


@pytest.mark.parametrize("key", KEYS)
def test_what_names_a_book_at_fault_says_nothing(
    key: str, street: tuple[Street, Fault, dict[str, float | None]]
) -> None:
    made, _, before = street
    found = told(made, key)
    assert key in WITHOUT or any(before[output.name] is not None for output, _ in found)
    for output, value in found:
        names_it = any(value == "b" for _, value in output.labels)
        if names_it and not output.counter and key not in OF_HEALTH:
            assert value is None, output.name


def test_where_every_book_is_at_fault_nothing_is_said(
    street: tuple[Street, Fault, dict[str, float | None]],
) -> None:
    made, fault, _ = street
    for venue in ("a", "c"):
        if made.engine.books[venue, "spot", "BTC-USDT"].state == "live":
            fault(made, venue)
    group = made.group()
    assert all(value != value for value in group.values(made.now))
    values = made.values()
    loud = {output.key for output in group.outputs if values[output.name] is not None and not output.counter}
    assert loud <= OF_HEALTH
