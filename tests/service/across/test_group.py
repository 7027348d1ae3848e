"""The consolidated book: who takes part, what is said where somebody does not, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.instruments import Market
from service.across.settings import AcrossSettings, GroupSettings
from tests.support.street import A, B, Street

ON_C = {"bids": [[100.1, 7]], "asks": [[100.3, 1], [100.5, 2]]}


def street(**settings: object) -> Street:
    made = Street(AcrossSettings.model_validate({"taker_fee": 0} | settings))
    made.open("a", book=A)
    made.open("b", book=B)
    return made


def taking(made: Street) -> list[str]:
    return [one["venue"] for one in made.group().members if one["takes_part"]]


def test_two_venues_make_a_group_and_one_does_not() -> None:
    made = Street()
    made.open("a", book=A)
    assert list(made.engine.books) == [("a", "spot", "BTC-USDT")]
    made.open("b", book=B)
    group = made.group()
    assert (group.state, group.proof, group.reason) == ("live", "none", "")
    assert [one["reason"] for one in group.members] == ["", ""]
    assert group.levels(3) == (
        [("100.2", "3"), ("100.1", "4"), ("100", "5")],
        [("100.1", "2"), ("100.2", "6"), ("100.3", "6")],
    )


def lost(made: Street) -> None:
    made.lose("b")


def stale(made: Street) -> None:
    made.pairs["b", "BTC-USDT"].withdraw(made.now)


def crossed(made: Street) -> None:
    made.say("b", bids=[[100.5, 1]])


def one_sided(made: Street) -> None:
    made.say("b", bids=[[100.2, 0], [100.1, 0]])


@pytest.mark.parametrize("what", [lost, stale, crossed, one_sided])
def test_a_book_that_cannot_be_believed_takes_no_part(what: Callable[[Street], None]) -> None:
    made = street()
    what(made)
    assert taking(made) == ["a"]
    assert made.group().members[1]["reason"]
    values = made.values()
    assert values["consolidated_bbo.mid"] == 100.05
    assert values["consolidated_bbo.price{side=bid}"] == 100.0
    assert values["price_dislocation{venue=a}"] is None
    assert values["arbitrage.edge{buy_venue=a,sell_venue=b}"] is None
    assert values["venue_depth_share.share{band_bps=10,venue=b}"] is None
    assert values["venue_depth_share.share{band_bps=10,venue=a}"] == 1.0


def test_without_anybody_there_are_no_values_and_the_reason_is_told() -> None:
    made = street()
    made.lose("a")
    made.lose("b")
    group = made.group()
    assert group.state == "lost"
    assert "a lost" in group.reason
    assert all(value != value for value in group.values(made.now))
    health = {name for name, value in made.values().items() if value is not None}
    assert all(name.startswith("venue_risk") for name in health)


def test_it_comes_back_with_the_next_snapshot() -> None:
    made = street()
    before = made.values()
    made.lose("b")
    made.say("b", "snapshot", bids=B["bids"], asks=B["asks"])
    assert made.values() == before


def test_an_outlier_is_left_out_of_consolidated_prices_and_kept_where_it_is_what_is_measured() -> None:
    made = street()
    made.open("c", book={"bids": [[102.0, 1]], "asks": [[102.2, 1]]})
    values = made.values()
    assert values["consolidated_bbo.price{side=bid}"] == 100.2
    assert values["consolidated_bbo.outlier{venue=c}"] == 1
    assert values["consolidated_bbo.outlier{venue=a}"] == 0
    away = values["price_dislocation{venue=c}"]
    assert away is not None
    assert away > 0.018
    assert made.group().members[2]["reason"].startswith("outlier")
    assert taking(made) == ["a", "b", "c"]


def test_of_two_that_disagree_neither_is_called_the_outlier() -> None:
    made = Street()
    made.open("a", book=A)
    made.open("b", book={"bids": [[110.0, 1]], "asks": [[110.2, 1]]})
    assert made.values()["consolidated_bbo.price{side=bid}"] == 110.0


def test_sizes_add_at_equal_prices_whatever_the_decimals() -> None:
    made = street()
    made.open("c", book={"bids": [["100.2000", 7]], "asks": [["100.10", 1]]})  # crossed: it takes no part
    made.open("d", book={"bids": [["100.20", "0.5"]], "asks": [["100.300", 1]]})
    assert made.values()["consolidated_bbo.size{side=bid}"] == 3.5


def test_the_same_ticker_is_not_the_same_asset_unless_somebody_says_so() -> None:
    made = Street()
    made.open("a", "LUNA-USDT", book=A)
    made.open("b", "LUNA-USDT", book=B)
    assert len(made.engine.books) == 2
    said = Street(AcrossSettings(same={"LUNA": {"a": "LUNA", "b": "LUNA"}}))
    said.open("a", "LUNA-USDT", book=A)
    said.open("b", "LUNA-USDT", book=B)
    assert ("consolidated", "spot", "LUNA-USDT") in said.engine.books


def test_quotes_and_markets_are_not_mixed() -> None:
    made = Street()
    made.open("a", "BTC-USDT", book=A)
    made.open("b", "BTC-USD", book=B)
    made.open("c", "BTC-USDT-PERP", book=B)
    assert not any(venue == "consolidated" for venue, _, _ in made.engine.books)


def test_a_multiple_of_the_asset_is_of_its_group() -> None:
    settings = AcrossSettings(taker_fee=0, same={"SHIB": {"a": "SHIB", "b": "SHIB"}})
    made = Street(settings)
    made.open("a", "SHIB-USDT-PERP", book={"bids": [["0.012", 1000]], "asks": [["0.013", 1000]]})
    made.open(
        "b",
        "1000SHIB-USDT-PERP",
        base="SHIB",
        multiplier=1000,
        book={"bids": [["12.5", 2]], "asks": [["13.5", 2]]},
    )
    values = made.values("SHIB-USDT-PERP", str(Market.PERP))
    assert values["consolidated_bbo.price{side=bid}"] == 0.0125
    assert values["consolidated_bbo.size{side=bid}"] == 2000
    assert values["consolidated_bbo.price{side=ask}"] == 0.013


def converted(rate: float | str) -> Street:
    group = GroupSettings(
        symbol="BTC-USD", members={"a": "BTC-USD", "b": "BTC-USDT"}, fx={"b": rate} if rate else {}
    )
    made = Street(AcrossSettings(taker_fee=0, groups=[group]))
    made.open("a", "BTC-USD", book=A)
    made.open("b", "BTC-USDT", book=B)
    return made


def test_a_number_converts_prices_and_leaves_sizes() -> None:
    values = converted(0.5).values("BTC-USD")
    assert values["consolidated_bbo.price{side=ask}"] == 50.15
    assert values["consolidated_bbo.size{side=ask}"] == 6


def test_a_book_converts_while_it_is_live() -> None:
    made = converted("k USDT-USD")
    assert made.values("BTC-USD")["consolidated_bbo.price{side=bid}"] == 100.0
    assert made.group("BTC-USD").members[1]["reason"] == "rate of its currency not known"
    made.open("k", "USDT-USD", book={"bids": [["0.998", 1]], "asks": [["1.000", 1]]})
    bid = made.values("BTC-USD")["consolidated_bbo.price{side=bid}"]
    assert bid == pytest.approx(100.2 * 0.999, abs=1e-12)
    made.lose("k", "USDT-USD")
    assert made.values("BTC-USD")["consolidated_bbo.price{side=bid}"] == 100.0


def test_a_stablecoin_has_a_deviation_and_nothing_else_has() -> None:
    made = street()
    made.open("k", "USDT-USD", book={"bids": [["0.998", 1]], "asks": [["1.000", 1]]})
    assert made.values("USDT-USD")["peg_deviation{asset=USDT}"] == pytest.approx(-0.001, abs=1e-12)
    assert not any(name.startswith("peg") for name in made.values())


def test_a_book_that_is_let_go_leaves_and_the_last_takes_the_group_along() -> None:
    made = street()
    for venue in ("b", "a"):
        made.engine.forget(made.pairs[venue, "BTC-USDT"].instrument)
        assert (("consolidated", "spot", "BTC-USDT") in made.engine.books) == (venue == "b")
    assert made.engine.books == {}


def test_runs_are_counted_by_the_clock_and_looking_changes_nothing() -> None:
    edge, run = "arbitrage.edge{buy_venue=a,sell_venue=b}", "arbitrage.run{buy_venue=a,sell_venue=b}"
    told = []
    for watched in (True, False):
        made = street()
        for tenth in range(1, 40):
            made.until(tenth / 10)
            if tenth == 12:
                made.say("b", bids=[[100.2, 0], [100.1, 0], [100.0, 4]])  # no gain any more
            if tenth == 22:
                made.say("b", bids=[[100.15, 4]])
            if watched:
                made.values()
                made.group().exported(made.now)
        told.append(made.values())
        assert told[-1][edge] == pytest.approx(0.05 / 100.1)
        assert told[-1][run] == pytest.approx(1.6, abs=0.11)
    assert told[0] == told[1]


def test_quantity_and_profit_of_the_walk() -> None:
    values = street(fees={"a": 0.0001, "b": 0.0002}).values()
    pair = "{buy_venue=a,sell_venue=b}"
    assert values["arbitrage.quantity" + pair] == 2
    assert values["arbitrage.profit" + pair] == pytest.approx(0.1399)
    back = "{buy_venue=b,sell_venue=a}"
    assert values["arbitrage.quantity" + back] == 0
    edge = values["arbitrage.edge" + back]
    assert edge is not None
    assert edge < 0


def test_a_walk_that_goes_on_beyond_what_is_known_has_no_quantity() -> None:
    made = street()
    made.pairs["a", "BTC-USDT"].book.ask_ceiling = 1002  # 100.2 is the last that is proven
    made.say("b", bids=[[102.0, 50]], asks=[[100.3, 0], [100.4, 0], [103.0, 1]])
    values = made.values()
    assert values["arbitrage.edge{buy_venue=a,sell_venue=b}"] is not None
    assert values["arbitrage.quantity{buy_venue=a,sell_venue=b}"] is None


def test_a_band_beyond_what_is_known_is_null_and_told() -> None:
    made = street()
    made.pairs["b", "BTC-USDT"].book.bid_floor = 1001
    assert made.values()["consolidated_imbalance{band_bps=50}"] is None
    assert made.values()["consolidated_imbalance{band_bps=5}"] is not None
    told = made.group().truncated(made.now)
    assert "consolidated_imbalance{band_bps=50}" in told
    assert "mean_venue_imbalance{band_bps=100}" in told
    assert "consolidated_imbalance{band_bps=5}" not in told


def test_twenty_venues_stay_within_the_budget_of_a_book() -> None:
    made = Street()
    for number in range(20):
        made.open(f"v{number:02}", book=ON_C)
    group = made.group()
    made.until(3)
    shown = [
        value
        for output, value in zip(group.outputs, group.exported(made.now), strict=True)
        if output.prometheus and value == value
    ]
    assert 0 < len(shown) <= 250
    edges = [name for name in made.values() if name.startswith("arbitrage.edge")]
    assert len(edges) == 20 * 19
