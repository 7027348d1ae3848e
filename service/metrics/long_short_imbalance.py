"""`long_short_imbalance`: are more of those who hold a derivative long, or short?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.book import Book
from connectors.derivatives import Population

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit


class LongShortImbalance(Metric):
    """imb(long, short) of the venue's own ratio, by whom it counts; + where more are long (metrics.md 3.4).

    Each contract has one long and one short, so open interest cannot be imbalanced, but those who hold it can: a few
    large shorts face many small longs. Venues tell it every 5 minutes; undefined once the period is 15 minutes back, and
    where the venue does not tell.
    """

    declaration = Declaration(
        key="long_short_imbalance",
        fields=(
            Field("", Unit.RATIO, "obi_long_short_imbalance_ratio"),
            Field("age", Unit.SECONDS, "", help="Since the time of the period that the ratio is of."),
        ),
        help="Long minus short over their sum, of all accounts or of the venue's top traders; + is more longs.",
        formula="(long - short) / (long + short)",
        source="metrics.md 3.4",
        sign="+ is more longs",
        bounds=(-1, None),
        by={"population": tuple(str(one) for one in Population)},
        exported={"population": (str(Population.ACCOUNTS),)},
        group="derivatives",
        feed="derivative",
    )

    def prepare(self) -> None:
        self.names = [f"longs.{population}" for population in self.param("population")]

    def refresh(self, book: Book, t: int) -> int:
        told, cells = self.context.derivative, self.cells
        for place, name in enumerate(self.names, self.at):
            if name in told.told_at:
                share = told.value(name, t)
                cells[place] = 2 * share - 1
                age = max(0, t - told.told_at[name]) / SECOND
                cells[place + len(self.names)] = age if share == share else NAN
        return 0

    def told(self, asked: str = "") -> Any:
        return answer(self.params, {}) if {"long", "ratio"} & set(self.params) else NotImplemented


def imbalance(longs: float, shorts: float) -> float | None:
    """(long - short) / (long + short); None where nobody holds anything."""
    return (longs - shorts) / (longs + shorts) if longs + shorts > 0 else None


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float | None:
    """A case: `long` and `short`, or their `ratio` (long / short)."""
    given = {**params, **inputs}
    if "ratio" in given:
        return imbalance(float(given["ratio"]), 1.0)
    return imbalance(float(given["long"]), float(given["short"]))


ANSWERS = {"long_short_imbalance": answer}
