"""The page's words on signs: for metrics that there are, and for all that a mirrored market turns round."""

from __future__ import annotations

from service.across import across
from service.metric_signs import SIGNS, sign
from service.metrics import metrics
from tests.test_every_symmetry import SIGNED


def test_each_sign_is_that_of_a_metric() -> None:
    assert metrics().keys() | across().keys() >= SIGNS.keys()


def test_whatever_a_mirrored_market_turns_round_has_a_sign() -> None:
    assert {name.split(".")[0] for name in SIGNED} <= SIGNS.keys()
    assert sign("ofi") == "sign: + is buy pressure"
    assert sign("spread") == "no sign"


def test_what_is_never_negative_has_none() -> None:
    declarations = [kind.declaration for kind in metrics().values()]
    declarations += [kind.declaration for kind in across().values()]
    never = {one.key for one in declarations if one.bounds is not None and one.bounds[0] == 0}
    assert not never & SIGNS.keys()
