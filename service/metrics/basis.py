"""`basis`: how far a derivative trades from its index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.book import Book

from .declare import NAN, Declaration, Metric


def relative(mid: float, index: float) -> float:
    """The mid over the index less one; NaN without an index."""
    return mid / index - 1 if index > 0 else NAN


class Basis(Metric):
    """Mid of the book over the venue's index price, less one; + where the derivative is dearer (metrics.md 3.4).

    Undefined without a mid, and where the index was not told lately.
    """

    declaration = Declaration(
        key="basis",
        help="Mid of the derivative over its index, less one; + where it trades above.",
        formula="m / index - 1",
        source="metrics.md 3.4",
        sign="+ is above the index",
        group="derivatives",
    )

    def refresh(self, book: Book, t: int) -> int:
        told = self.context.derivative
        if "index" in told.told_at:
            self.cells[self.at] = relative(self.context.mid, told.value("index", t))
        return 0

    def told(self, asked: str = "") -> Any:
        return answer(self.params, {}) if "index" in self.params else NotImplemented


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """A case: `mid` and `index`."""
    given = {**params, **inputs}
    return relative(float(given.get("mid", given.get("perp_mid"))), float(given["index"]))


ANSWERS = {"basis": answer}
