"""`open_interest_change`: positions that were opened or closed, and by whom if price is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .open_interest import OpenInterest, quadrant

NAMES = {1.0: "longs_opening", 2.0: "short_covering", 3.0: "long_deleveraging", 4.0: "shorts_opening"}


class OpenInterestChange(Metric):
    """Open interest, its relative change over a window, and the quadrant with price (metrics.md 3.4).

    Undefined where the venue told nothing at one end of the window.
    """

    declaration = Declaration(
        key="open_interest_change",
        fields=(
            Field(
                "level",
                Unit.BASE,
                "obi_open_interest_base_units",
                by={},
                help="Open contracts, one side, in base.",
            ),
            Field("ratio", Unit.RATIO, "obi_open_interest_change_ratio", exported={"window": (60, 300)}),
            Field(
                "quadrant",
                Unit.COUNT,
                "",
                help="1 longs open, 2 shorts cover, 3 longs close, 4 shorts open: signs of price and open interest.",
            ),
        ),
        help="Relative change of open interest over the window.",
        formula="OI(t) / OI(t - W) - 1; quadrant of (sign of price change, sign of OI change)",
        source="metrics.md 3.4",
        sign="+ is more open interest",
        bounds=(-1, None),
        by={"window": (60, 300, 900)},
        group="derivatives",
        feed="derivative",
    )

    def prepare(self) -> None:
        self.spans = [round(window * SECOND) for window in self.param("window")]
        self.history: OpenInterest = self.context.shared(OpenInterest)

    def stated(self, t: int) -> None:
        self.history.note(t)

    def refresh(self, book: Book, t: int) -> int:
        history, cells, at = self.history, self.cells, self.at
        if not history.times:
            return 0
        cells[at] = history.level(t)
        told = self.context.derivative
        price = self.context.mid if self.context.mid == self.context.mid else told.value("mark", t)
        for k, span in enumerate(self.spans):
            change = history.change(span, t)
            cells[at + 1 + k] = change
            cells[at + 1 + len(self.spans) + k] = quadrant(price - history.before(span, t)[1], change)
        return 0

    def told(self, asked: str = "") -> Any:
        level, ratio, where = (self.cells[self.at + k] for k in (0, 1, 1 + len(self.spans)))
        return {"level": level, "ratio": ratio, "quadrant": NAMES.get(where)}


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    """A case: `series` (or `oi`) of [time, open interest], perhaps `prices` of [time, price]; `window`, `t_eval`.

    Without `window` the first value is compared with the last. With prices an object with the quadrant, else the ratio.
    """
    now, then = _ends(params, inputs.get("oi", inputs.get("series", ())))
    ratio = now / then - 1 if then > 0 else NAN
    if "prices" not in inputs:
        return ratio
    last, first = _ends(params, inputs["prices"])
    return {"level": now, "ratio": ratio, "quadrant": NAMES.get(quadrant(last - first, ratio))}


def _ends(params: Mapping[str, Any], series: Any) -> tuple[float, float]:
    """What held at the end and at the beginning of the window; NaN where nothing did."""
    given = [row if isinstance(row, list) else [k, row] for k, row in enumerate(series)]
    rows = [(float(at), float(value)) for at, value in given if value is not None]
    end = float(params.get("t_eval", rows[-1][0] if rows else 0))
    start = end - float(params["window"]) if "window" in params else (rows[0][0] if rows else 0.0)
    held = [[value for at, value in rows if at <= edge] for edge in (end, start)]
    now, then = (values[-1] if values else NAN for values in held)
    return now, then


ANSWERS = {"open_interest_change": answer}
