"""Moments."""

from simulator.stamps import last_friday_of_quarter, rfc3339
from tests.simulator.clients import NS


def test_rfc3339() -> None:
    assert rfc3339(1787610117_110183_456) == "2026-08-24T22:21:57.110183Z"
    assert rfc3339(1787610117_110183_456, 9) == "2026-08-24T22:21:57.110183456Z"


def test_quarter() -> None:
    assert rfc3339(last_friday_of_quarter(1787610117 * NS)) == "2026-09-25T08:00:00.000000Z"
    assert rfc3339(last_friday_of_quarter(1795310117 * NS)) == "2026-12-25T08:00:00.000000Z"
    assert rfc3339(last_friday_of_quarter(1798000000 * NS)) == "2027-03-26T08:00:00.000000Z"
