"""`funding_rate`: what longs pay shorts, of all venues in one unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.book import Book

from .declare import Declaration, Metric


def per_eight_hours(rate: float, hours: float) -> float:
    """A rate that is paid every `hours`, as one per 8 hours; NaN where the interval is none."""
    return rate * 8 / hours if hours > 0 else float("nan")


class FundingRate(Metric):
    """The venue's rate times 8 over the hours of its interval; + = longs pay = crowded longs (metrics.md 3.4)."""

    declaration = Declaration(
        key="funding_rate",
        prometheus="obi_funding_rate_ratio",
        help="Funding per 8 hours as a fraction; + where longs pay shorts.",
        formula="rate * 8 / interval hours",
        source="metrics.md 3.4",
        sign="+ is longs who pay",
        group="derivatives",
        feed="derivative",
    )

    def refresh(self, book: Book, t: int) -> int:
        told = self.context.derivative
        if "funding_rate" in told.told_at:
            rate, hours = told.value("funding_rate", t), told.value("funding_hours", t)
            self.cells[self.at] = per_eight_hours(rate, hours)
        return 0

    def told(self, asked: str = "") -> Any:
        return (
            answer(self.params, {})
            if "rate" in self.params or "funding_rate" in self.params
            else NotImplemented
        )


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `rate` and `interval_hours`."""
    given = {**params, **inputs}
    hours = next((given[name] for name in ("interval_hours", "hours", "funding_hours") if name in given), 8)
    return per_eight_hours(float(given.get("rate", given.get("funding_rate", float("nan")))), float(hours))


ANSWERS = {"funding_rate": answer}
