"""Colours that people who cannot tell red from green tell apart (Okabe & Ito 2008), and the thresholds made of them."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

BLUE, ORANGE, VERMILION, GREY = "#56B4E9", "#E69F00", "#D55E00", "#999999"
BID, ASK = BLUE, ORANGE
GOOD, WARN, BAD = BLUE, ORANGE, VERMILION
SAFE = frozenset({BLUE, ORANGE, VERMILION, GREY})

Steps = tuple[tuple[float | None, str], ...]
PLAIN: Steps = ((None, BLUE),)
SIGNED: Steps = ((None, ASK), (0, BID))


def rising(warn: float, bad: float | None = None) -> Steps:
    """The more, the worse."""
    return ((None, GOOD), (warn, WARN), *(((bad, BAD),) if bad is not None else ()))


def falling(good: float, warn: float | None = None) -> Steps:
    """The less, the worse: below `good` orange, below `warn` vermilion."""
    if warn is None:
        return ((None, BAD), (good, GOOD))
    return ((None, BAD), (warn, WARN), (good, GOOD))


def beyond(*levels: float) -> Steps:
    """Marks on a chart, drawn as dashed lines: where an alert begins."""
    return ((None, "transparent"), *((level, VERMILION) for level in sorted(levels)))


def thresholds(steps: Steps) -> ThresholdsConfig:
    """As Grafana wants them: ascending, the first without a value."""
    made = [Threshold(value, colour) for value, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)
