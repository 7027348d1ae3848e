"""`funding_dispersion`: rates of all venues in one unit, those that are not told left out."""

from __future__ import annotations

import math

import pytest

from service.across import answers
from service.across.funding_dispersion import dispersion


def test_the_spread_of_the_rates_that_are_known() -> None:
    assert dispersion([0.0001, math.nan, -0.0002]) == pytest.approx(0.0003)
    assert math.isnan(dispersion([0.0001, math.nan]))


def test_a_case_brings_rates_to_eight_hours() -> None:
    answer = answers()["funding_dispersion"]
    assert answer({}, {"rates": [0.0001, 0.0003]}) == pytest.approx(0.0002)
    told = {"rates": {"a": 0.0001, "b": 0.0001, "c": None}, "interval_hours": {"a": 8, "b": 1, "c": 8}}
    assert answer({}, told) == pytest.approx(0.0007)
