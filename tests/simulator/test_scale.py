"""Steps and their text."""

from decimal import Decimal

import pytest

from simulator.scale import Scale


@pytest.mark.parametrize(
    ("step", "steps", "fixed", "plain"),
    [
        ("0.1", 788570, "78857.0", "78857"),
        ("0.00000001", 5100, "0.00005100", "0.000051"),
        ("0.50", 57121, "28560.50", "28560.5"),
        ("1", 24, "24", "24"),
        ("0.01", 0, "0.00", "0"),
    ],
)
def test_text(step: str, steps: int, fixed: str, plain: str) -> None:
    scale = Scale(step)
    assert (scale.fixed(steps), scale.plain(steps)) == (fixed, plain)
    assert scale.decimal(steps) == Decimal(fixed)


def test_padding() -> None:
    assert Scale("0.01").padded(7871988, 8) == "78719.88000000"
    assert Scale("1").padded(4265, 8) == "4265.00000000"
    assert Scale("0.50").steps(28560.5) == 57121
