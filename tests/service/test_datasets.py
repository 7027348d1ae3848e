"""Cases that name files, as LOBSTER hands them out: against sums made here from the same rows, without our classes."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.evaluate import run

OPENED = 34_200  # seconds since midnight: half past nine
Row = list[int]


def day(seconds: int, a_second: int) -> tuple[list[str], list[Row]]:
    """Messages and images of two levels a side; prices in dollars times 10,000, a tick of a cent."""
    rng = random.Random(7)
    bid, queues = 1_000_000, [500, 700, 500, 700]
    messages, images = [], []
    for k in range(seconds * a_second):
        t = OPENED + k / a_second + 0.0001
        at = rng.randrange(2)
        queues[2 * at] += rng.choice([100, 100, -100, -100, -200])
        kind, price = 1, bid if at == 0 else bid + 100
        if queues[2 * at] <= 0:
            bid += -100 if at == 0 else 100
            queues = [rng.randrange(1, 8) * 100 for _ in range(4)]
            kind = 4
        messages.append(f"{t:.9f},{kind},{k},100,{price},{1 if at == 0 else -1}")
        images.append([bid + 100, queues[2], bid, queues[0], bid + 200, queues[3], bid - 100, queues[1]])
    return messages, images


def written(folder: Path, messages: Sequence[str], images: Sequence[Row], *, header: bool = False) -> None:
    books = [",".join(map(str, row)) for row in images]
    if header:
        messages, books = ["time,type,id,size,price,dir", *messages], ["ask1,asz1,bid1,bsz1", *books]
    (folder / "X_message_2.csv.gz").write_bytes(gzip.compress("\n".join(messages).encode()))
    (folder / "X_orderbook_2.csv.gz").write_bytes(gzip.compress("\n".join(books).encode()))


def case(metric: str, **more: Any) -> dict[str, Any]:
    dataset = {"message": "X_message_2.csv.gz", "orderbook": "X_orderbook_2.csv.gz"} | more.pop("dataset", {})
    return {"id": "L", "metric": metric, "params": more, "dataset": dataset, "expected": None}


def evaluated(asked: dict[str, Any], folder: Path) -> Any:
    """What `steelyard evaluate` says of a case beside its files."""
    (folder / "cases.json").write_text(json.dumps([asked]))
    (found,) = run(folder / "cases.json")
    return found["value"] if "value" in found else found["error"]


def flow(images: Sequence[Row]) -> np.ndarray[Any, Any]:
    """The events e_n of Cont, Kukanov & Stoikov 2014, equation 5, of the best prices."""
    found = []
    for (a0, q0, b0, p0, *_), (a1, q1, b1, p1, *_) in pairwise(images):
        found.append((b1 >= b0) * p1 - (b1 <= b0) * p0 - (a1 <= a0) * q1 + (a1 >= a0) * q0)
    return np.array(found, dtype=float)


@pytest.fixture(scope="module")
def lobster(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    folder = tmp_path_factory.mktemp("lobster")
    messages, images = day(3600, 5)
    written(folder, messages, images)
    return folder, images


def test_order_flow_of_all_rows_and_of_some(lobster: tuple[Path, list[Row]]) -> None:
    folder, images = lobster
    assert evaluated(case("ofi"), folder) == pytest.approx(flow(images).sum())
    some = case("ofi", dataset={"rows": [100, 700]})
    assert evaluated(some, folder) == pytest.approx(flow(images[100:700]).sum()), "row 100 is the baseline"
    timed = case("ofi", dataset={"from": OPENED + 60, "to": OPENED + 120})
    assert evaluated(timed, folder) == pytest.approx(flow(images[300:600]).sum())


def test_a_state_is_that_after_the_last_row(lobster: tuple[Path, list[Row]]) -> None:
    folder, images = lobster
    _, q1, _, p1, _, q2, _, p2 = images[-1]
    expected = (p1 + p2 - q1 - q2) / (p1 + p2 + q1 + q2)
    for rows in (-1, "all"):
        assert evaluated(case("depth_imbalance", levels=2, dataset={"rows": rows}), folder) == pytest.approx(
            expected
        )


def test_regression_over_disjoint_windows(lobster: tuple[Path, list[Row]]) -> None:
    """Two half hours in steps of ten seconds: R2 of the mid's change on the flow, their mean."""
    folder, images = lobster
    steps = flow(images)
    mids = np.array([(row[0] + row[2]) / 2 for row in images])
    fits = []
    for window in range(2):
        x, y = [], []
        for step in range(window * 180, (window + 1) * 180):
            first, last = step * 50, (step + 1) * 50 - 1  # rows of (10 k, 10 k + 10]
            x.append(steps[max(first - 1, 0) : last].sum())
            y.append(mids[last] - mids[max(first - 1, 0)])
        fits.append(np.corrcoef(x, y)[0, 1] ** 2)
    found = evaluated(case("price_impact_regression", regressor="ofi", grid=10), folder)
    assert found["mean_r2"] == pytest.approx(np.mean(fits))
    assert found["windows"] == 2


def test_signed_trades_and_what_a_queue_foretells(lobster: tuple[Path, list[Row]]) -> None:
    folder, _ = lobster
    trades = evaluated(case("price_impact_regression", regressor="signed_trades", grid=10), folder)
    assert trades["mean_r2"] == pytest.approx(1), "each execution moves the mid by a tick here"
    told = evaluated(case("queue_imbalance_predictor"), folder)
    assert told["auc"] > 0.6
    assert told["b1"] > 0


def test_headers_are_dropped_and_columns_may_be_named(tmp_path: Path) -> None:
    messages, images = day(20, 5)
    written(tmp_path, messages, images, header=True)
    assert evaluated(case("ofi", dataset={"header_rows": 1}), tmp_path) == pytest.approx(flow(images).sum())
    turned = [[bid, size, ask, other] for ask, other, bid, size, *_ in images]
    lines = [f"{OPENED + k},{','.join(map(str, row))}" for k, row in enumerate(turned)]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    own = case("ofi", dataset={"columns": ["time", "bid_price", "bid_size", "ask_price", "ask_size"]})
    own["dataset"] = {"file": "own.csv", "columns": own["dataset"]["columns"]}
    assert evaluated(own, tmp_path) == pytest.approx(flow(images).sum())


@pytest.mark.parametrize("level", [0, 1])
def test_a_level_that_is_not_there_is_none(tmp_path: Path, level: int) -> None:
    row = [1_000_100, 5, 1_000_000, 5, 1_000_200, 5, 999_900, 5]
    row[4 * level : 4 * level + 2] = [9_999_999_999, 0]
    written(tmp_path, [f"{OPENED},1,1,1,1,1"], [row])
    found = evaluated(case("depth_imbalance", levels=2), tmp_path)
    assert found == pytest.approx((10 - 5) / 15)


def test_what_is_wrong_with_a_data_set_is_named(tmp_path: Path) -> None:
    assert "no such file" in evaluated(case("ofi"), tmp_path)
    written(tmp_path, [f"{OPENED},1,1,1,1,1"], [[1, 1, 1, 1]])
    assert "rows is" in evaluated(case("ofi", dataset={"rows": "some"}), tmp_path)
    assert "no metric 'nothing' of a data set" in evaluated(case("nothing"), tmp_path)
