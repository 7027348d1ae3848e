"""Mirror images and scales of a whole market, for each output of every metric (metrics.md 9.2, 1 and 2).

What an output becomes follows from its declaration: from labels and fields that name a side, and from its unit. The
lists here hold what a declaration does not tell; an output of a new metric that stands in none of them is unsigned and
scales with its unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from service.metrics import metrics
from service.metrics.declare import Output, Unit
from tests.support.desk import Desk
from tests.support.eventful import CENTRE, LOT, TICK, events

KEYS = list(metrics())
SETTLED = 600_000_000  # ns after the last event: what waits for trades that explain it has been told
# Signed, plus is buy pressure: KEY or KEY.FIELD.
SIGNED = {
    *("micro_price.adjustment_ticks", "micro_price.bias_ticks", "band_imbalance", "book_pressure_zscore"),
    *("depth_imbalance", "depth_ratio.log", "fleeting_depth_imbalance", "impact_cost_imbalance"),
    *("order_count_imbalance", "persistent_depth_imbalance", "queue_imbalance", "slope_imbalance"),
    *("time_above.run", "weighted_depth_imbalance", "generalized_ofi", "integrated_ofi"),
    *("limit_flow.net_limit_flow_imbalance", "mlofi", "normalized_ofi", "ofi"),
    *(f"ofi_decomposition.{what}" for what in ("add", "cancel", "trade")),
    *("pressure_score", "price_impact_regression.alpha", "cvd", "volume_delta", "vpin.signed"),
    *("trade_flow_imbalance.ratio", "trade_flow_imbalance.count_ratio", "basis", "cascade_score.direction"),
    *("funding_rate", "liquidation_imbalance.ratio", "signed_open_interest", "long_short_imbalance"),
}
TWICE = float(2 * CENTRE * TICK)
QUADRANTS = {1.0: 4.0, 2.0: 3.0, 3.0: 2.0, 4.0: 1.0}  # the price moved the other way, open interest as before
# Neither signed nor the same: what the mirror makes of them.
REFLECTED: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(
        ("best_price", "mid_price", "weighted_mid_price", "micro_price", "impact_cost.avg_price"),
        lambda price: TWICE - price,
    ),
    "p_up": lambda chance: 1 - chance,
    "p_up_horizon": lambda chance: 1 - chance,
    "depth_ratio.ratio": lambda ratio: 1 / ratio,
    "open_interest_change.quadrant": lambda place: QUADRANTS[place],
}
COEFFICIENTS = {
    "p_up.coefficient",
    "p_up_horizon.coefficient",
}  # that of the intercept is signed, others are not
SWAPPED = {
    one: other
    for pair in (
        *(("bid", "ask"), ("buy", "sell"), ("up", "down"), ("long", "short"), ("positive", "negative")),
        ("long_quote", "short_quote"),
    )
    for one, other in (pair, pair[::-1])
}
# Exactly mirrored whatever the centre. The rest is taken relative to mids that were not the centre, by a thousandth and
# a little more where differences of such are compared; quote is dearer above than below.
EXACT = {Unit.BASE, Unit.TICKS, Unit.SECONDS, Unit.PER_SECOND}
NEARLY, DEARER = 5e-3, 2.5e-2
LITTLE = 2e-7  # of the mid: less than a hundredth of a tick, where gains and losses cancel

POWERS = {  # unit -> powers of the scale of sizes and of prices
    Unit.PRICE: (0, 1),
    Unit.BASE: (1, 0),
    Unit.QUOTE: (1, 1),
    Unit.QUOTE_PER_SECOND: (1, 1),
}
PER = {"amihud": (-1, -1)} | {  # what is per unit of another: per quote; price per base
    f"price_impact_regression.beta{{grid={grid}s,regressor={regressor}}}": (-1, 1)
    for grid in (1, 10)
    for regressor in ("ofi", "signed_volume")
}
OF_NOTIONAL = {"naes_skjeltorp_slope"}  # a logarithm of quote: the same only where price times size stays


@dataclass(frozen=True)
class World:
    """Every output with its value; `outputs` and `values` have one order."""

    outputs: Sequence[Output]
    values: Sequence[float | None]

    def items(self, key: str) -> list[tuple[Output, float | None]]:
        return [pair for pair in zip(self.outputs, self.values, strict=True) if pair[0].key == key]


@cache
def world(*, mirror: bool = False, prices: int = 1, sizes: float = 1) -> World:
    """The market seen by all metrics; amounts in quote that they are asked for are scaled with prices and sizes."""
    asked = {
        key: {"notional": [x * prices * sizes for x in kind.declaration.by["notional"]]}  # type: ignore[operator]  # numbers
        for key, kind in metrics().items()
        if "notional" in kind.declaration.by
    }
    desk = Desk(None, asked, tick=str(TICK * prices), lot=str(float(LOT) * sizes))
    desk.pair.carries_derivatives = True
    found = desk.play(*events(mirror=mirror, prices=prices, sizes=sizes)).values(SETTLED)
    return World(desk.plan.outputs, list(found.values()))


def called(output: Output) -> str:
    return f"{output.key}.{output.field}" if output.field else output.key


def is_signed(output: Output) -> bool:
    intercept = called(output) in COEFFICIENTS and dict(output.labels)["term"] == "intercept"
    return intercept or called(output) in SIGNED


def place_of(output: Output) -> tuple[object, ...]:
    return output.key, output.field, output.labels


def reflection(output: Output) -> tuple[object, ...]:
    """Where a mirrored market shows what this output shows of the other."""

    def swapped(label: str, value: str) -> str:
        if label == "bucket":
            return str(9 - int(value))
        if label == "stat" and is_signed(output):
            return {"min": "max", "max": "min"}.get(value, value)
        return SWAPPED.get(value, value)

    labels = tuple((label, swapped(label, value)) for label, value in output.labels)
    return output.key, SWAPPED.get(output.field, output.field), labels


def told_otherwise(output: Output, value: float) -> float:
    """The value that the mirrored market has for it."""
    if is_signed(output):
        return -value
    reflect = REFLECTED.get(called(output))
    return value if reflect is None else reflect(value)


def test_the_lists_name_what_there_is() -> None:
    names = {called(output) for output in world().outputs} | {output.name for output in world().outputs}
    assert (SIGNED | REFLECTED.keys() | PER.keys() | OF_NOTIONAL) <= names


def test_what_the_mirror_turns_round_says_what_plus_means() -> None:
    said = {key: kind.declaration for key, kind in metrics().items()}
    assert all(said[name.split(".")[0]].sign for name in SIGNED)
    never = {key for key, one in said.items() if one.bounds is not None and one.bounds[0] == 0}
    assert not [key for key in never if said[key].sign]


@pytest.mark.parametrize("key", KEYS)
def test_the_market_has_a_value_of_each_output(key: str) -> None:
    """Or the tests below would compare nothing; a sign that is 0 says as little."""
    found = world().items(key)
    assert [output.name for output, value in found if value is None] == []
    signed = {called(output) for output, _ in found if is_signed(output)}
    assert signed == {called(output) for output, value in found if is_signed(output) and value != 0}


@pytest.mark.parametrize("key", KEYS)
def test_a_mirrored_market_has_opposite_signs_and_its_sides_swapped(key: str) -> None:
    mirrored = {place_of(output): value for output, value in world(mirror=True).items(key)}
    for output, value in world().items(key):
        its = mirrored[reflection(output)]
        assert value is not None
        assert its is not None, output.name
        tolerance = 1e-9 if output.unit in EXACT else DEARER if output.unit is Unit.QUOTE else NEARLY
        least = LITTLE if output.unit is Unit.RATIO else 1e-9
        wanted = told_otherwise(output, value)
        assert math.isclose(its, wanted, rel_tol=tolerance, abs_tol=least), (output.name, wanted, its)


@pytest.mark.parametrize(("prices", "sizes"), [(1, 4), (8, 1), (8, 0.125)])
@pytest.mark.parametrize("key", KEYS)
def test_prices_and_sizes_in_other_units_scale_each_output_with_its_unit(
    key: str, prices: int, sizes: float
) -> None:
    scaled = world(prices=prices, sizes=sizes).items(key)
    for (output, value), (_, its) in zip(world().items(key), scaled, strict=True):
        if key in OF_NOTIONAL and prices * sizes != 1:
            continue
        by_size, by_price = PER.get(output.name, POWERS.get(output.unit, (0, 0)))
        assert value is not None
        assert its is not None, output.name
        wanted = value * sizes**by_size * prices**by_price
        assert math.isclose(its, wanted, rel_tol=1e-9, abs_tol=1e-15), (output.name, wanted, its)
