"""Baskets: which books are one, and that contagion between their symbols is what it says."""

from __future__ import annotations

import random

import numpy as np
import pytest

from service.across import across
from service.across.basket import Basket
from service.across.settings import MOST_IN_BASKET, AcrossSettings
from service.recent.kept import parts
from tests.support.street import Levels, Street

SPOT, PERP = "a:ALL-USDT", "a:ALL-USDT-PERP"
BASES = ("BTC", "ETH", "SOL", "XRP")
OF_RETURNS = "{metric=mid_return,over=symbols}"
ABSORPTION = f"contagion.absorption{OF_RETURNS}"
MEAN = f"contagion.mean_corr{OF_RETURNS}"
TAKING = f"contagion.taking_part{OF_RETURNS}"


def book(mid: float, lean: float = 0.0) -> dict[str, Levels]:
    return {"bids": [[f"{mid - 0.005:.5f}", 10 + lean]], "asks": [[f"{mid + 0.005:.5f}", 10 - lean]]}


def opened(*symbols: str, venue: str = "a", settings: AcrossSettings | None = None) -> Street:
    made = Street(settings)
    for symbol in symbols:
        made.open(venue, symbol, book=book(100))
    return made


def baskets(made: Street) -> list[str]:
    return [symbol for (_, _, symbol), one in made.engine.books.items() if isinstance(one, Basket)]


def symbols_of(made: Street, name: str, market: str = "spot") -> list[str]:
    return [str(one["symbol"]) for one in made.group(name, market).members]


def moved(
    shared: float, *, symbols: int = 3, seconds: int = 61, still: int = 0, stale_from: int = 1000
) -> tuple[Street, list[list[float]]]:
    """Symbols that share a part of what each does in a second, and the mids of each, second by second.

    The last `still` of them stay where they are; the last one goes silent at second `stale_from`.
    """
    drawn, names = random.Random(7), [f"{base}-USDT" for base in BASES[:symbols]]
    made = opened(*names)
    mids = [[100.0] for _ in names]
    for second in range(seconds):
        made.until(second + 0.5)
        common = drawn.gauss(0, 1)
        for at, name in enumerate(names):
            step = shared * common + (1 - shared) * drawn.gauss(0, 1)
            if at >= symbols - still:
                step = 0.0
            if at == symbols - 1 and second >= stale_from:
                if second == stale_from:
                    made.pairs["a", name].withdraw(made.now)
                continue
            mids[at].append(round(mids[at][-1] + 0.05 * step, 3))
            made.say("a", "replace", symbol=name, **book(mids[at][-1], 5 * drawn.random()))
    made.until(seconds)
    return made, mids


def plainly(mids: list[list[float]]) -> tuple[float, float]:
    """Mean correlation and absorption of the returns of the 60 s up to second 60, by NumPy alone."""
    returns = np.diff(np.log(np.array([one[1:61] for one in mids])))
    matrix = np.corrcoef(returns)
    n = len(mids)
    return float((matrix.sum() - n) / (n * (n - 1))), float(np.linalg.eigvalsh(matrix)[-1] / n)


@pytest.mark.parametrize(("shared", "low", "high"), [(0.0, -0.3, 0.3), (0.5, 0.3, 0.8), (0.9, 0.9, 1.0)])
def test_it_is_what_the_returns_of_its_symbols_say(shared: float, low: float, high: float) -> None:
    made, mids = moved(shared)
    values = made.values(SPOT)
    mean, absorption = plainly(mids)
    assert values[MEAN] == pytest.approx(mean, abs=1e-9)
    assert values[ABSORPTION] == pytest.approx(absorption, abs=1e-9)
    assert low < mean < high
    assert 1 / 3 <= absorption <= 1
    assert values[TAKING] == 3
    for metric in ("band_imbalance", "normalized_ofi"):
        assert values[f"contagion.taking_part{{metric={metric},over=symbols}}"] == 3


def test_who_is_stale_or_stands_still_is_left_out() -> None:
    made, mids = moved(0.6, stale_from=58)
    values = made.values(SPOT)
    assert values[TAKING] == 2, "it had 80% of the seconds, but it is not live"
    assert values[MEAN] == pytest.approx(plainly(mids[:2])[0], abs=0.05)  # a second or two fewer
    made, mids = moved(0.6, still=1)
    values = made.values(SPOT)
    assert values[TAKING] == 2
    assert (values[MEAN], values[ABSORPTION]) == pytest.approx(plainly(mids[:2]), abs=1e-9)


def test_with_fewer_than_two_nothing_is_said() -> None:
    made, _ = moved(0.6, still=2)
    assert made.values(SPOT)[ABSORPTION] is None
    assert made.values(SPOT)["contagion.absorption{metric=band_imbalance,over=symbols}"] is not None
    for symbol in ("ETH-USDT", "SOL-USDT"):
        made.lose("a", symbol)
    assert made.group(SPOT).state == "live"
    assert set(made.values(SPOT).values()) == {None}
    made, _ = moved(0.6, seconds=59)
    assert set(made.values(SPOT).values()) == {None}, "not yet a minute"


def test_three_linear_books_of_a_venue_in_one_quote_are_one() -> None:
    made = opened("BTC-USDT", "BTC-USDT-PERP", "ETH-USDT", "ETH-USDT-PERP")
    for symbol in ("ETH-BTC", "LTC-BTC"):
        made.open("a", symbol, book=book(10))
    made.open("b", "SOL-USDT", book=book(10))
    made.open("a", "SOL-USDT-261225", expiry="261225", book=book(10))
    made.open("a", "XRP-USDT-PERP", inverse=True, book=book(10))
    assert baskets(made) == []
    made.open("a", "SOL-USDT", book=book(10))
    made.open("a", "SOL-USDT-PERP", book=book(10))
    assert baskets(made) == [SPOT, PERP]
    assert symbols_of(made, SPOT) == ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
    assert symbols_of(made, PERP, "perp") == ["BTC-USDT-PERP", "ETH-USDT-PERP", "SOL-USDT-PERP"]


def test_an_asset_is_in_it_once() -> None:
    made = opened("SHIB-USDT", "BTC-USDT")
    made.open("a", "1000SHIB-USDT", base="SHIB", multiplier=1000, book=book(10))
    assert baskets(made) == []
    made.open("a", "ETH-USDT", book=book(10))
    assert symbols_of(made, SPOT) == ["BTC-USDT", "ETH-USDT", "SHIB-USDT"]


def test_it_has_an_end() -> None:
    made = opened(*(f"A{k}-USDT" for k in range(MOST_IN_BASKET + 3)))
    assert len(symbols_of(made, SPOT)) == MOST_IN_BASKET


def test_it_has_no_prices_and_only_metrics_between_symbols() -> None:
    made = opened("BTC-USDT", "ETH-USDT", "SOL-USDT")
    far = book(7)  # and no outlier for it
    made.say("a", "replace", symbol="SOL-USDT", bids=far["bids"], asks=far["asks"])
    basket = made.group(SPOT)
    assert basket.levels(5) == ([], [])
    assert parts(basket) == [], "what is remembered of it has no best prices either"
    assert {output.key for output in basket.outputs} == {"contagion"}
    assert all(("over", "symbols") in output.labels for output in basket.outputs)
    assert [one["reason"] for one in basket.members] == ["", "", ""]
    made.lose("a", "ETH-USDT")
    assert [one["takes_part"] for one in made.group(SPOT).members] == [True, False, True]
    assert {kind.declaration.key for kind in across().values() if kind.over_symbols} == {"contagion"}


def test_one_of_the_users_own_is_there_with_its_first_book_and_may_be_of_several_venues() -> None:
    members = ["a BTC-USDT", "b ETH-USDT", "b SOL-USDT"]
    settings = AcrossSettings.model_validate({"baskets": [{"symbol": "MAJORS", "members": members}]})
    made = opened("BTC-USDT", settings=settings)
    assert symbols_of(made, "MAJORS") == ["BTC-USDT"]
    made.open("b", "ETH-USDT", book=book(10))
    made.open("b", "BTC-USDT", book=book(10))
    assert [one.name for one in made.group("MAJORS").books] == ["a BTC-USDT", "b ETH-USDT"]


def test_a_book_of_several_groups_is_looked_at_by_each() -> None:
    made = opened("BTC-USDT", "ETH-USDT", "SOL-USDT")
    made.open("b", "BTC-USDT", book=book(100))
    groups = [made.group("BTC-USDT"), made.group(SPOT)]
    made.until(1)
    before = [one.version for one in groups]
    made.say("a", "replace", symbol="BTC-USDT", **book(101))
    made.until(1.2)
    assert [one.version for one in groups] == [version + 1 for version in before]


def test_without_its_metric_there_is_none() -> None:
    made = Street()
    made.across.chosen = lambda venue, market, symbol: ([key for key in across() if key != "contagion"], {})
    for symbol in ("BTC-USDT", "ETH-USDT", "SOL-USDT"):
        made.open("a", symbol, book=book(100))
    assert baskets(made) == []


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (["a BTC-USDT"], "at least 2"),
        (["a BTC-USDT", "ETH-USDT"], "'ETH-USDT' is no book; write it as 'binance BTC-USDT-PERP'"),
        (["a BTC-USDT", "a what"], "'a what' is no book"),
        (["a BTC-USDT", "a BTC-USDT"], "'a BTC-USDT' stands in it twice"),
    ],
)
def test_a_basket_that_cannot_be_says_why(members: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AcrossSettings.model_validate({"baskets": [{"symbol": "MAJORS", "members": members}]})


def test_groups_and_baskets_have_names_of_their_own() -> None:
    one = {"symbol": "X", "members": ["a BTC-USDT", "a ETH-USDT"]}
    group = {"symbol": "X", "members": {"a": "BTC-USDT"}}
    with pytest.raises(ValueError, match="two groups or baskets are called X"):
        AcrossSettings.model_validate({"baskets": [one], "groups": [group]})
