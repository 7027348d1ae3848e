"""`evaluate` for what several venues, inputs or bare parameters give: the worked examples and the corners around them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cases import results
from tests.support.street import A, B


def whole(venue: str, book: dict[str, Any], t: float = 0, **more: Any) -> dict[str, Any]:
    return {"t": t, "type": "snapshot", "venue": venue, **book, **more}


def answered(metric: str, params: Any = None, events: Any = None, inputs: Any = None) -> Any:
    case = {"id": 1, "metric": metric, "params": params or {}}
    case |= {"events": events} if events is not None else {}
    case |= {"inputs": inputs} if inputs is not None else {}
    (found,) = results([case])
    assert "error" not in found, found
    return found["value"]


def refused(metric: str, params: Any = None, events: Any = None, inputs: Any = None) -> str:
    case = {"id": 1, "metric": metric, "params": params or {}}
    case |= {"events": events} if events is not None else {}
    case |= {"inputs": inputs} if inputs is not None else {}
    (found,) = results([case])
    return str(found["error"])


BOTH = [whole("a", A), whole("b", B)]
FAR = {"bids": [[104.9, 9]], "asks": [[105.1, 9]]}
near = pytest.approx


def test_consolidated_bbo() -> None:
    wanted = {"bid": 100.2, "bid_size": 3, "ask": 100.1, "ask_size": 2, "mid": 100.15}
    assert answered("consolidated_bbo", events=BOTH) == near(wanted)
    assert answered("consolidated_bbo", events=[*BOTH, whole("c", FAR)]) == near(wanted)
    assert answered("consolidated_bbo", {"fx": {"b": 1.001}}, BOTH)["bid"] == near(100.2 * 1.001)
    alone = answered("consolidated_bbo", events=BOTH[:1])
    assert alone == near({"bid": 100.0, "bid_size": 5, "ask": 100.1, "ask_size": 2, "mid": 100.05})


@pytest.mark.parametrize(
    "event",
    [
        {"t": 1, "type": "gap", "venue": "b"},
        {"t": 1, "type": "delta", "venue": "b", "bids": [[100.4, 1]], "asks": []},
        {"t": 1, "type": "delta", "venue": "b", "bids": [], "asks": [[100.3, 0], [100.4, 0]]},
    ],
    ids=["gap", "crossed", "one-sided"],
)
def test_a_venue_that_cannot_be_believed_is_not_in_it(event: Any) -> None:
    events = [*BOTH, event]
    assert answered("consolidated_bbo", events=events)["bid"] == 100.0
    assert answered("venue_depth_share", {"band_bps": 10}, events) == {"share": {"a": 1, "b": None}, "hhi": 1}
    assert set(answered("arbitrage", events=events).values()) == {None}
    assert answered("price_dislocation", events=events) == {"a": None, "b": None}
    assert answered("consolidated_bbo", {"t_eval": 0.5}, events)["bid"] == 100.2


def test_a_silent_venue_is_not_in_it() -> None:
    events = [*BOTH, {"t": 8, "type": "heartbeat", "venue": "a"}]
    assert answered("consolidated_bbo", {"now": 9, "stale_after": 5}, events)["bid"] == 100.0
    assert answered("consolidated_bbo", {"now": 4, "stale_after": 5}, BOTH)["bid"] == 100.2
    nobody = answered("consolidated_bbo", {"now": 90, "stale_after": 5}, events)
    assert nobody == dict.fromkeys(("bid", "bid_size", "ask", "ask_size", "mid"))


def test_imbalances() -> None:
    assert answered("consolidated_imbalance", {"band_bps": 25}, BOTH) == near(-8 / 38)
    assert answered("consolidated_imbalance", {"band_bps": [25, 1]}, BOTH) == near([-8 / 38, 0.2])
    one, other = 8 / 24, (7 - 11) / 18
    assert answered("mean_venue_imbalance", {"band_bps": 25}, BOTH) == near((one + other) / 2)
    assert answered("consolidated_imbalance", {"band_bps": 25}, [{**BOTH[0], "asks": []}]) is None


def test_shares() -> None:
    found = answered("venue_depth_share", {"band_bps": 10}, BOTH)
    assert found["share"] == near({"a": 0.4369150131037065, "b": 0.5630849868962935})
    assert found["hhi"] == near(0.507959431143411)
    assert answered("venue_depth_share", inputs={"depth": {"a": 1, "b": 3}})["hhi"] == near(0.625)


def test_arbitrage() -> None:
    found = answered("arbitrage", {"fees": {"a": 0.0001, "b": 0.0002}}, BOTH)
    assert (found["buy"], found["sell"], found["qty"]) == ("a", "b", 2)
    assert found["edge"] == near(0.0006987313256686319)
    assert found["profit"] == near(0.1399)
    dear = answered("arbitrage", {"fees": {"a": 0.001, "b": 0.001}}, BOTH)
    assert dear["edge"] < 0
    assert (dear["qty"], dear["profit"]) == (0, 0)
    free = answered("arbitrage", {}, BOTH)
    assert free["qty"] == 2
    assert free["profit"] == near(0.2)


def test_dislocation_from_mids_and_from_books() -> None:
    mids = {"a": 100.0, "b": 100.1, "c": 102.0}
    found = answered("price_dislocation", inputs={"mids": mids})
    assert found == near({"a": -0.010390895596239402, "b": -0.008910891089108919, "c": 0.019490254872563728})
    assert answered("price_dispersion", inputs={"mids": mids}) == near(0.02)
    assert answered("price_dislocation", events=BOTH)["b"] == near(100.25 / 100.05 - 1)
    assert answered("price_dislocation", inputs={"mids": {"a": 1.0, "b": None}}) == {"a": None}


def test_hayashi_yoshida_and_lead_lag() -> None:
    x, y = [[0, 0], [2, 1], [5, 3]], [[0, 0], [1, 2], [3, 1], [5, 4]]
    assert answered("hayashi_yoshida", {"lag": 0}, inputs={"x": x, "y": y}) == near(
        {"cov": 5, "corr": 0.5976143046671968}
    )
    flat = answered("hayashi_yoshida", inputs={"x": x, "y": [[0, 1], [4, 1]]})
    assert flat == {"cov": 0, "corr": None}
    steps = [[k, (k * k) % 7] for k in range(20)]
    late = [[k + 0.2, value] for k, value in steps]
    found = answered("lead_lag", inputs={"x": steps, "y": late})
    assert (found["lag"], found["corr"]) == (0.2, near(1))
    asked = answered("lead_lag", {"lags": [-0.5, 0, 0.5]}, inputs={"x": steps, "y": late})
    assert asked["lag"] in (0, 0.5)
    assert answered("lead_lag", {"max_lag": 1, "step": 0.1}, inputs={"x": late, "y": steps})["lag"] == -0.2


def test_lead_lag_of_books() -> None:
    events = []
    for k in range(20):
        bid = 100 + (k * k) % 7
        book = {"bids": [[bid, 1]], "asks": [[bid + 1, 1]]}
        events += [whole("a", book, k), whole("b", book, k + 0.2)]
    assert answered("lead_lag", events=events)["lag"] == 0.2


def test_contagion() -> None:
    series = [[1, 2, 3, 4], [2, 4, 6, 8.5], [1, -1, 1, -1]]
    found = answered("contagion", inputs={"series": series})
    assert found == near({"mean_corr": 0.027970375157007805, "absorption": 0.7720345888127591})
    flat = answered("contagion", inputs={"series": [[1, 1], [1, 2]]})
    assert flat == {"mean_corr": None, "absorption": None}


def test_venue_risk() -> None:
    inputs = {
        "age": 2,
        "stale_after": 5,
        "gaps_per_hour": 1,
        "downtime_ratio": 0.01,
        "dislocation": 0.001,
        "depth_share": 0.2,
        "depth_share_baseline": 0.25,
    }
    found = answered("venue_risk", inputs=inputs)
    assert found["score"] == near(0.4168)
    assert found["components"] == near([0, 0.1, 0.1, 0.1, 0.2])
    assert answered("venue_risk", inputs={"age": 100})["score"] == 1
    assert "unexpected keyword" in refused("venue_risk", inputs={"tea": 1})


def test_formulas() -> None:
    assert answered("put_call_imbalance", {"calls": 300, "puts": 200}) == near(
        {"ratio": 2 / 3, "imbalance": 0.2}
    )
    chain = [
        {"type": "call", "strike": 100000, "t_years": 0.25, "iv": 0.5, "oi": 100},
        {"type": "put", "strike": 90000, "t_years": 0.25, "iv": 0.5, "oi": 60},
    ]
    assert answered("put_call_imbalance", inputs={"chain": chain})["imbalance"] == near(0.25)
    signed = answered("gamma_exposure", {"spot": 100000}, inputs={"chain": chain})
    assert signed == near(75867.85105191167)
    turned = answered("gamma_exposure", {"spot": 100000, "dealer_sign": -1}, inputs={"chain": chain})
    assert turned == near(-signed)
    both = {"spot": 100000, "dealer_sign": {"call": 1, "put": 1}}
    unsigned = answered("gamma_exposure_unsigned", {"spot": 100000}, inputs={"chain": chain})
    assert answered("gamma_exposure", both, inputs={"chain": chain}) == near(unsigned)
    pool = answered("amm", {"x": 100, "y": 10000, "ref_price": 105, "move": 0.01})
    assert pool["imbalance"] == near(0.024390243902439025)
    assert pool["quote_out_down"] == near(50.12562893380035)
    assert answered("swap_output", {"x": 100, "y": 10000, "dx": 10, "fee": 0.003}) == near(906.6108938801491)
    assert answered("divergence_loss", {"r": 4}) == near(-0.2)
    assert answered("pool_imbalance", inputs={"values": [80, 20]}) == near(0.3)
    assert answered("concentrated_amounts", {"L": 10, "price": 100, "new_price": 121})["dy"] == near(10)
    assert answered("imb", {"outflow": 3, "inflow": 1}) == 0.5
    assert answered("hhi", inputs={"values": [1, 1]}) == 0.5
    assert answered("gini", inputs={"weights": {"x": 1, "y": 3}}) == 0.25
    assert answered("peg_deviation", {"mid": 0.998}) == near(-0.002)


def test_what_is_missing_is_said() -> None:
    assert "needs events of venues" in refused("consolidated_bbo")
    assert "fees" in refused("arbitrage", {"fees": {"a": 5}}, BOTH)
    assert "'x'" in refused("hayashi_yoshida", inputs={"y": []})
    assert "known are" in refused("tea_leaves", events=BOTH)
    assert "lead_lag compares two venues" in refused("lead_lag", events=BOTH[:1])
