"""`p_up_horizon`: a made-up market with known coefficients, oracles, and what must not become a pair."""

from __future__ import annotations

import math
import random
from array import array
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from service.cases import EPOCH
from service.metrics.logistic import fit, probability
from service.metrics.p_up_horizon import FEATURES, TERMS
from service.metrics.prequential import Newest, Prequential
from tests.support.cases import results
from tests.support.desk import Desk, Values

Event = dict[str, Any]
READ = (
    "queue_imbalance",
    "depth_imbalance{levels=10}",
    "normalized_ofi{level=1,window=10s}",
    "trade_flow_imbalance.ratio{window=10s}",
)
KEYS = ("p_up_horizon", "queue_imbalance", "depth_imbalance", "normalized_ofi", "trade_flow_imbalance")
TRUE = (0.2, 0.8, 1.2, -0.15, 0.6)
STILL = 0.3  # share of seconds after which the mid is where it was


class Market:
    """One book of twelve levels a side and a tick of 1. Each second sizes are drawn anew, and the mid may move by a tick."""

    def __init__(self, seed: int, coverage: float = 0.0, keys: Any = KEYS, **params: Any) -> None:
        self.drawn = random.Random(seed)
        self.desk = Desk(keys, {"p_up_horizon": params}, tick="1", coverage=coverage)
        self.bid, self.second = 10_000, 0
        self.play(0, "snapshot")

    def levels(self) -> dict[str, Any]:
        """Both sides of now, with sizes anew."""
        drawn = self.drawn.randrange
        return {
            "bids": [[self.bid - k, drawn(1, 60)] for k in range(12)],
            "asks": [[self.bid + 1 + k, drawn(1, 60)] for k in range(12)],
        }

    def play(self, t: float, kind: str, **event: Any) -> None:
        given = event or self.levels()
        self.desk.play({"t": round(t, 3), "type": kind, **given})

    def trade(self, t: float) -> None:
        side = self.drawn.choice(("buy", "sell"))
        self.play(t, "trade", price=self.bid, size=self.drawn.randrange(1, 20), side=side)

    def go(self, move: int = 0, *, trades: bool = True) -> None:
        """A second in which the mid moves."""
        self.bid += move
        if trades:
            self.trade(self.second + 0.25)
        self.play(self.second + 0.5, "replace")
        self.second += 1
        self.desk.play({"t": self.second, "type": "heartbeat"})

    def values(self) -> Values:
        return self.desk.values()

    @property
    def predictors(self) -> list[Any]:
        """Those of the horizons, once the second that ends now is closed."""
        self.desk.readings.settle(self.desk.now + EPOCH)
        return [one.predictor for one in self.desk.readings.metric("p_up_horizon").ahead]


def chance(x: Any, b: Any = TRUE) -> float:
    return float(probability(b[0] + sum(p * q for p, q in zip(x, b[1:], strict=True))))


def rows(predictor: Any) -> np.ndarray:
    return np.array(predictor.x.numbers).reshape(-1, len(FEATURES))


def errors(x: np.ndarray, b: Any) -> np.ndarray:
    """Standard errors: roots of the diagonal of the inverse information."""
    wide = np.c_[np.ones(len(x)), x]
    p = 1 / (1 + np.exp(-wide @ np.array(b)))
    found: np.ndarray = np.sqrt(np.diag(np.linalg.inv((wide * (p * (1 - p))[:, None]).T @ wide)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_coefficients_that_were_put_in_come_out(seed: int) -> None:
    """And on the way: features are those that the metrics say, predictions those that were shown at that second."""
    market = Market(seed, horizon=[1])
    seen: list[list[float]] = []
    shown: list[float | None] = []
    still = 0
    moved = 0
    for _ in range(2_000):
        market.go(moved)
        values = market.values()
        known = [one for one in (values[name] for name in READ) if one is not None]
        p = chance(known) if len(known) == 4 else 0.5
        moved = 0 if market.drawn.random() < STILL else 1 if market.drawn.random() < p else -1
        if len(known) == 4 and moved:
            seen.append(known)
            shown.append(values["p_up_horizon{horizon=1s}"])
        still += len(known) == 4 and not moved
    market.go(moved)
    (predictor,) = market.predictors
    x, y = rows(predictor), np.array(predictor.y.numbers)
    assert len(x) == len(seen) > 1_200
    np.testing.assert_allclose(x, seen, rtol=1e-9, atol=1e-12)
    before = [one for one in shown if one is not None]
    assert len(before) > 1_100
    np.testing.assert_allclose(predictor._said.numbers, before, rtol=1e-9)
    b = np.array(predictor.fitted())
    assert (abs(b - TRUE) < 3 * errors(x, TRUE)).all(), (b, errors(x, TRUE))

    theirs = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-10, max_iter=1000).fit(x, y)
    assert b == pytest.approx([theirs.intercept_[0], *theirs.coef_[0]], abs=1e-6)
    said, came = np.array(predictor._said.numbers), np.array(predictor._came.numbers)
    judged = predictor.scores()
    assert judged[0] == pytest.approx(brier_score_loss(came, said))
    assert judged[1] == pytest.approx(roc_auc_score(came, said))
    assert 0.6 < judged[1] < 0.9
    assert judged[0] < 0.24
    assert judged[2] < 0.25

    whole = market.desk.readings.metric("p_up_horizon").told("p_up_horizon_predictor")
    assert whole["pairs"] == len(y)
    assert [whole[f"b{k}"] for k in range(5)] == pytest.approx(b)
    assert whole["moved"] == pytest.approx(len(y) / (len(y) + still))
    values = market.values()
    assert values["p_up_horizon.pairs{horizon=1s}"] == pytest.approx(len(y), abs=60)
    for k, term in enumerate(TERMS):
        coefficient = values[f"p_up_horizon.coefficient{{horizon=1s,term={term}}}"]
        assert coefficient == pytest.approx(b[k], abs=errors(x, TRUE)[k])


def alternating(seconds: int, market: Market | None = None, **params: Any) -> Market:
    """The mid goes up and down by turns: after an odd number of seconds it is never where it was."""
    market = market or Market(1, **params)
    for _ in range(seconds):
        market.go(1 if market.second % 2 else -1)
    return market


def test_each_second_is_a_pair_once_its_horizon_is_over() -> None:
    market = alternating(40)
    assert [one.pairs for one in market.predictors] == [39, 35]  # of the seconds 1 to 40
    even = alternating(40, horizon=[2, 3])
    assert [one.pairs for one in even.predictors] == [0, 37]  # unchanged mids are left out


def cross(market: Market, t: float) -> None:
    price = market.bid + 3
    market.play(t, "delta", bids=[[price, 1]], asks=[])
    assert shown(market) == [None, None]
    market.play(t + 0.1, "delta", bids=[[price, 0]], asks=[])


def empty(market: Market, t: float) -> None:
    """The asks go and come back."""
    asks = market.levels()["asks"]
    market.play(t, "delta", bids=[], asks=[[price, 0] for price, _ in asks])
    assert shown(market) == [None, None]
    market.play(t + 0.1, "delta", bids=[], asks=asks)


def fall_silent(market: Market, t: float) -> None:
    market.desk.now = round(t * 10**9)
    market.desk.pair.withdraw(market.desk.now + EPOCH)
    assert shown(market) == [None, None]
    market.desk.now += 10**8
    market.desk.pair.revive(market.desk.now + EPOCH)


def lose(market: Market, t: float) -> None:
    market.desk.play({"t": t, "type": "gap"})
    assert shown(market) == [None, None]
    market.play(t + 0.1, "snapshot")


def start_over(market: Market, t: float) -> None:
    market.play(t, "snapshot")


def shown(market: Market) -> list[float | None]:
    values = market.values()
    return [values[f"p_up_horizon{{horizon={h}s}}"] for h in (1, 5)]


@pytest.mark.parametrize("breaks", [cross, empty, fall_silent, lose, start_over])
def test_no_pair_spans_what_breaks_the_book(breaks: Any) -> None:
    """All of it happens within a second, so the grid alone would not show it; it is good again at the next."""
    market = alternating(25, b0=0.3, b1=1.0)
    assert None not in shown(market)
    breaks(market, 25.625)
    assert None not in shown(market)
    market = alternating(15, market)
    assert [one.pairs for one in market.predictors] == [39 - 1, 35 - 5]


@pytest.mark.parametrize("watched", [False, True])
def test_a_silence_of_seconds_costs_all_that_it_touches(watched: bool) -> None:
    """Whether or not somebody reads meanwhile: the seconds of the silence are closed early or late."""
    market = alternating(25)
    market.desk.pair.withdraw(25_600_000_000 + EPOCH)
    for t in (26.5, 27.5, 28.4):
        market.desk.play({"t": t, "type": "heartbeat"})
        if watched:
            assert shown(market) == [None, None]
    market.desk.pair.revive(28_400_000_000 + EPOCH)
    market.second = 28
    market = alternating(12, market)  # to 40; 26, 27 and 28 lie in the silence
    assert [one.pairs for one in market.predictors] == [24 + 11, 20 + 7]  # among 1 to 25, among 29 to 40


def test_without_prints_there_is_neither_prediction_nor_pair() -> None:
    market = alternating(25, b0=0.3)
    before = [one.pairs for one in market.predictors]
    for k in range(20):
        market.go(1 if market.second % 2 else -1, trades=False)
        assert (None in shown(market)) == (k >= 9), k  # the last print is gone after ten seconds
    after = [one.pairs for one in market.predictors]
    assert after == [before[0] + 10, before[1] + 14]  # outcomes of what was known still count


@pytest.mark.parametrize(("levels", "known"), [(9, False), (10, True)])
def test_where_ten_levels_are_not_proven_there_is_no_prediction(levels: int, known: bool) -> None:
    params = {"b0": 0.5, "horizon": 1, "feed_levels": levels}
    (found,) = results([{"id": 0, "metric": "p_up_horizon", "params": params, "events": told(levels)}])
    assert (found["value"] is not None) == known


def test_it_is_shown_from_five_hundred_pairs_on_and_refits_in_seconds_of_their_own() -> None:
    market = Market(3, coverage=0.8)
    drawn = random.Random(5)
    last: dict[int, float | None] = {1: None, 5: None}
    fitted: dict[int, set[int]] = {1: set(), 5: set()}
    first: dict[int, int] = {}
    for _ in range(1_100):
        market.go(drawn.choice((-1, 1)))
        values = market.desk.values(1)  # a moment later: the second has ended
        for h in (1, 5):
            pairs = market.desk.readings.metric("p_up_horizon").ahead[h == 5].predictor.pairs
            b = values[f"p_up_horizon.coefficient{{horizon={h}s,term=intercept}}"]
            if b != last[h]:
                fitted[h].add(market.second % 60)
                first.setdefault(h, pairs)
                last[h] = b
            assert (values[f"p_up_horizon{{horizon={h}s}}"] is None) == (b is None)
            judged = values[f"p_up_horizon.brier{{horizon={h}s}}"] is not None
            assert not judged or pairs >= 1_000
    assert len(fitted[1]) == len(fitted[5]) == 1
    assert not (fitted[1] | fitted[5]) & {0, 1}
    assert not fitted[1] & fitted[5]
    assert all(500 <= pairs <= 560 for pairs in first.values())


def test_looking_changes_nothing() -> None:
    """A live service is read at any time and a replay at its steps: they learn the same, to the last bit."""
    found = []
    for looks in (False, True):
        market = Market(9)
        drawn = random.Random(2)
        for k in range(200):
            if looks:
                market.desk.values(k * 7 % 10 * 10**7)
            if k == 77:
                lose(market, market.second + 0.1)
            market.go(drawn.choice((-1, 0, 1)))
        found.append((market.values(), [(one.x.numbers, one.y.numbers) for one in market.predictors]))
    assert found[0] == found[1]


# -- fits ----------------------------------------------------------------------------------------------------------------


def simulated(seed: int, n: int = 1500, scales: Any = (1, 1, 100, 0.001)) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(seed)
    x = drawn.normal(size=(n, 4)) * scales + np.array([0.3, 0, 50, 0])
    z = 0.1 + (x - [0.3, 0, 50, 0]) / scales @ np.array([1, 0.5, -0.7, 0.3])
    return x, (drawn.uniform(size=n) < 1 / (1 + np.exp(-z))).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_a_fit_of_features_of_any_scale_is_that_of_scikit_learn(seed: int) -> None:
    x, y = simulated(seed)
    scale, mean = x.std(axis=0), x.mean(axis=0)
    theirs = LogisticRegression(C=np.inf, solver="newton-cg", tol=1e-12, max_iter=1000)
    theirs.fit((x - mean) / scale, y)
    slopes = theirs.coef_[0] / scale
    found = fit(array("d", x.ravel()), array("d", y), 4)
    assert found[1:] == pytest.approx(slopes, rel=1e-6)
    assert found[0] == pytest.approx(theirs.intercept_[0] - slopes @ mean, rel=1e-6)


def penalised(x: np.ndarray, y: np.ndarray, b: Any) -> np.ndarray:
    """Gradient of the likelihood with a ridge of 1e-3: zero at what holds separated classes."""
    wide = np.c_[np.ones(len(x)), x]
    slope: np.ndarray = wide.T @ (1 / (1 + np.exp(-wide @ np.array(b))) - y) + 1e-3 * np.array(b)
    return slope


def separated(kind: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = simulated(1, 600, (1, 1, 1, 1))
    x -= [0.3, 0, 50, 0]
    if kind == "wholly":
        y = (x @ [1, 1, 0.5, 0] > 0).astype(float)
    elif kind == "but for a point":
        x[0], x[1] = 0, 0
        y = (x @ [1, 1, 0.5, 0] > 0).astype(float)
        y[0], y[1] = 0, 1
    elif kind == "by a flag":
        x[:, 3] = x[:, 3] > 0.5
        y[x[:, 3] > 0] = 1
    elif kind == "one class":
        y[:] = 1
    elif kind == "constant":
        x[:, 2] = 1
    elif kind == "a copy":
        x[:, 2] = x[:, 1]
    return x, y


@pytest.mark.parametrize(
    "kind", ["wholly", "but for a point", "by a flag", "one class", "constant", "a copy"]
)
def test_where_likelihood_has_no_single_maximum_a_ridge_holds_the_coefficients(kind: str) -> None:
    x, y = separated(kind)
    found = fit(array("d", x.ravel()), array("d", y), 4)
    assert all(map(math.isfinite, found))
    assert abs(penalised(x, y, found)).max() < 1e-6
    if kind == "a copy":
        assert found[2] == pytest.approx(found[3], rel=1e-6)


def test_classes_that_overlap_are_not_penalised() -> None:
    x, y = separated("none of it")
    found = fit(array("d", x.ravel()), array("d", y), 4)
    assert abs(penalised(x, y, found) - 1e-3 * np.array(found)).max() < 1e-8


def test_the_newest_rows_are_kept() -> None:
    some, all_ = Newest(3, 2), Newest(0, 2)
    for k in range(8):
        some.push((k, 10 * k))
        all_.push((k, 10 * k))
    assert sorted(zip(some.numbers[::2], some.numbers[1::2], strict=True)) == [(5, 50), (6, 60), (7, 70)]
    assert list(all_.numbers[::2]) == list(range(8))


def test_the_last_five_thousand_pairs_are_fitted_and_the_last_two_thousand_predictions_judged() -> None:
    predictor = Prequential(1, 0.8)
    for k in range(499):
        predictor.learn((k % 7 - 3,), k % 2 == 0, math.nan)
    assert predictor.refit()
    assert math.isnan(predictor.coefficients[0])
    drawn = random.Random(6)
    x = [drawn.uniform(-1, 1) for _ in range(5_500)]
    y = [drawn.random() < chance([one], (0.1, 2)) for one in x]
    for one, up in zip(x, y, strict=True):
        predictor.learn((one,), up, 0.9 if up else 0.2)
    for up in (True, False) * 1_000:
        predictor.learn((0.0,), up, 0.5)
    assert predictor.pairs == 5_000
    assert predictor.refit()
    assert not predictor.refit()
    wanted = fit([*x[-3_000:], *[0.0] * 2_000], [*map(float, y[-3_000:]), *[1.0, 0.0] * 1_000])
    assert predictor.coefficients == pytest.approx(wanted)
    assert predictor.scores() == (0.25, 0.5, 0.0)


def test_given_coefficients_stay() -> None:
    predictor = Prequential(1, 0.0, (0.5, 1.0))
    for k in range(10):
        predictor.learn((k,), k > 4, 0.5)
    assert not predictor.refit()
    assert predictor.coefficients == [0.5, 1.0]
    assert math.isnan(predictor.scores()[0])


def test_a_market_that_is_told_without_error_is_predicted_with_finite_numbers() -> None:
    market = Market(4, horizon=[1])
    move = 0
    for _ in range(150):
        market.go(move)
        lean = market.values()[READ[0]]
        assert lean is not None
        move = 1 if lean > 0 else -1
    (predictor,) = market.predictors
    b = predictor.coefficients
    assert all(map(math.isfinite, b))
    assert 5 < b[1] < 200
    p = market.values()["p_up_horizon{horizon=1s}"]
    assert p is not None
    assert 0 <= p <= 1


# -- cases ---------------------------------------------------------------------------------------------------------------

GIVEN = dict(zip(FEATURES, (0.5, -0.25, 2.0, 0.1), strict=True))
WEIGHTS = {f"b{k}": b for k, b in enumerate(TRUE)}


def test_cases_of_features_and_coefficients() -> None:
    p = chance([0.5, -0.25, 2.0, 0.1])
    many = {name: [value, 0] for name, value in GIVEN.items()}
    cases = [
        {"id": 0, "metric": "p_up_horizon", "params": WEIGHTS, "inputs": GIVEN},
        {"id": 1, "metric": "p_up_horizon", "params": WEIGHTS, "inputs": many},
        {"id": 2, "metric": "p_up_horizon", "params": {}, "inputs": {"queue_imbalance": 1}},
        {"id": 3, "metric": "p_up_horizon", "params": {}, "inputs": many | {FEATURES[0]: [1]}},
        {"id": 4, "metric": "p_up_horizon", "params": {"horizon": 0.5}, "events": []},
    ]
    found = results(cases)
    assert found[0]["value"] == pytest.approx(p)
    assert found[1]["value"] == pytest.approx([p, chance([0] * 4)])
    for one, words in zip(
        found[2:], ("lack depth_imbalance_10", "as many of each", "whole seconds"), strict=True
    ):
        assert words in one["error"]


def told(levels: int) -> list[Event]:
    """A book of so many levels a side, a message that adds 2 to the best bid, and a purchase."""
    sides = {"bids": [[99 - k, 6] for k in range(levels)], "asks": [[101 + k, 2] for k in range(levels)]}
    return [
        {"t": 0, "type": "snapshot", **sides},
        {"t": 1, "type": "delta", "bids": [[99, 8]], "asks": []},
        {"t": 2, "type": "trade", "price": 101, "size": 3, "side": "buy"},
    ]


def test_a_case_of_events_is_answered_by_the_class_that_runs_live() -> None:
    x = [6 / 10, (62 - 20) / 82, 2 / (82 / 20), 1.0]
    params = WEIGHTS | {"horizon": 5}
    (found,) = results([{"id": 0, "metric": "p_up_horizon", "params": params, "events": told(10)}])
    assert found["value"] == pytest.approx(chance(x))
    (both,) = results([{"id": 0, "metric": "p_up_horizon", "params": WEIGHTS, "events": told(10)}])
    assert both["value"] == pytest.approx([chance(x)] * 2)
