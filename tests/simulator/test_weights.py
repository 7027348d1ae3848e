"""Request weights."""

from simulator.weights import BAN_NS, Budget
from tests.simulator.clients import NS, T0

MINUTE = T0 - T0 % (60 * NS)


def test_429_then_418_then_forgiven() -> None:
    budget = Budget(500)
    assert budget.spend(250, MINUTE) == (200, {"X-MBX-USED-WEIGHT-1M": "250"})
    assert budget.spend(250, MINUTE)[0] == 200
    status, headers = budget.spend(250, MINUTE + 10 * NS)
    assert (status, headers["Retry-After"]) == (429, "51")
    answers = [budget.spend(1, MINUTE + 20 * NS) for _ in range(30)]
    assert answers[-1][0] == 418
    assert int(answers[-1][1]["Retry-After"]) > 100
    assert budget.spend(1, MINUTE + 61 * NS)[0] == 418
    assert budget.spend(1, MINUTE + 40 * NS + BAN_NS)[0] == 200
