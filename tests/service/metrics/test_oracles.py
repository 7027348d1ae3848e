"""Agreement with independent implementations: orderflow-metrics, SciPy, scikit-learn."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import orderflow_metrics as other
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from service.metrics import answers
from tests.support.cases import PRICES, end, results
from tests.test_from_scratch import Levels, walk


def value(metric: str, params: dict[str, Any], **case: Any) -> Any:
    (found,) = results([{"id": 1, "metric": metric, "params": params, **case}])
    assert "error" not in found, found
    return found["value"]


@pytest.mark.parametrize("seed", range(3))
def test_order_flow_imbalance_by_level_is_that_of_orderflow_metrics(seed: int) -> None:
    """Full books of fifteen levels a side: it counts levels that are missing differently, on purpose."""
    drawn = random.Random(seed)
    events: list[dict[str, Any]] = []
    for t in range(60):
        middle = 40 + drawn.randint(-2, 2)
        sides = [
            [[PRICES[k], drawn.randint(1, 9)] for k in where]
            for where in (range(middle - 1, middle - 16, -1), range(middle, middle + 15))
        ]
        events.append({"t": t, "type": "replace", "bids": sides[0], "asks": sides[1]})
    books = [
        other.BookSnapshot(
            *([other.Level(float(p), float(q)) for p, q in event[side]] for side in ("bids", "asks"))
        )
        for event in events
    ]
    steps = np.array(other.multi_level_ofi_series(books, 10))
    params = {"window": 100, "t_eval": 59}
    assert value("mlofi", params | {"levels": 10}, events=events) == pytest.approx(list(steps.sum(axis=0)))
    quotes = [other.L1Quote(b.bids[0].price, b.bids[0].size, b.asks[0].price, b.asks[0].size) for b in books]
    assert value("ofi", params, events=events) == pytest.approx(other.ofi(quotes))


def test_the_walk_ends_as_its_events_say() -> None:
    """The stream that other tests rest on moves its best prices."""
    events, book, best = list(walk(500, 3)), Levels(), set()
    for event in events:
        book.apply(event)
        best.add(max(book.sides["bids"]))
    assert len(best) > 3
    assert end(events) > 9


@pytest.mark.parametrize("seed", range(5))
def test_a_regression_is_that_of_scipy(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    x = drawn.normal(size=300)
    y = 0.3 * x + drawn.normal(size=300) + 100
    found = answers()["price_impact_regression"]({}, {"x": x.tolist(), "dmid": y.tolist()})
    wanted = stats.linregress(x, y)
    assert found["beta"] == pytest.approx(wanted.slope, rel=1e-9)
    assert found["alpha"] == pytest.approx(wanted.intercept, rel=1e-9)
    assert found["r2"] == pytest.approx(wanted.rvalue**2, rel=1e-9)
    assert found["t"] == pytest.approx(wanted.slope / wanted.stderr, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_predictions_are_fitted_and_judged_as_by_scikit_learn(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    x = np.round(drawn.uniform(-1, 1, 400), 1)  # with ties
    y = (drawn.uniform(size=400) < 1 / (1 + np.exp(-2 * x))).astype(int)
    found = answers()["logistic_fit"]({}, {"x": x.tolist(), "y": y.tolist()})
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x.reshape(-1, 1), y)
    assert found["b0"] == pytest.approx(theirs.intercept_[0], abs=1e-5)
    assert found["b1"] == pytest.approx(theirs.coef_[0, 0], abs=1e-5)
    p = theirs.predict_proba(x.reshape(-1, 1))[:, 1]
    given = {"p": p.tolist(), "score": x.tolist(), "y": y.tolist()}
    assert answers()["auc"]({}, given) == pytest.approx(roc_auc_score(y, x))
    assert answers()["brier"]({}, given) == pytest.approx(brier_score_loss(y, p))


def test_classes_that_do_not_overlap_are_held_by_a_ridge() -> None:
    found = answers()["logistic_fit"]({}, {"x": [-2, -1, 1, 2], "y": [0, 0, 1, 1]})
    assert 3 < found["b1"] < 30


def test_bulk_classified_vpin_is_that_of_orderflow_metrics_where_a_bar_is_a_bucket() -> None:
    drawn = np.random.default_rng(7)
    close = 100 + np.cumsum(drawn.normal(size=50))
    bars = [[float(one), 10.0] for one in close]
    found = value("vpin_bvc", {"bucket_volume": 10, "buckets": 49, "sigma": 1.0}, inputs={"bars": bars})
    buckets = [other.VolumeBucket(float(one), 10.0) for one in np.diff(close)]
    assert found == pytest.approx(other.vpin(buckets, sigma=1.0))


def test_the_first_component_is_that_of_numpy_on_more_levels() -> None:
    drawn = np.random.default_rng(3)
    rows = drawn.normal(size=(100, 1)) @ np.linspace(1, 2, 10).reshape(1, -1) + 0.1 * drawn.normal(
        size=(100, 10)
    )
    found = value("integrated_ofi", {}, inputs={"train": rows.tolist(), "ofi": [1.0] * 10})
    _, singular, vectors = np.linalg.svd(rows - rows.mean(axis=0))
    weights = np.abs(vectors[0]) / np.abs(vectors[0]).sum()
    assert found["weights"] == pytest.approx(list(weights), abs=1e-9)
    assert found["explained"] == pytest.approx(singular[0] ** 2 / (singular**2).sum())
    assert found["value"] == pytest.approx(1)
