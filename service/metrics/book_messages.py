"""`book_messages`: lossless counters of what the book feed brought."""

from __future__ import annotations

import cython
from cython.cimports.connectors.book import Book
from cython.cimports.service.metrics.declare import Metric

from connectors.book import Book

from .declare import RESUMED, Declaration, Field, Metric, Unit

_RESUMED = cython.declare(cython.int, RESUMED)


@cython.cclass
class BookMessages(Metric):
    """Book messages applied, and level sizes they changed (0.6).

    A level restated without change does not count, nor does a snapshot; an image counts as far as it differs.
    """

    declaration = Declaration(
        key="book_messages",
        fields=(
            Field("messages", Unit.COUNT, "obi_book_messages_total", True, help="Book messages applied."),
            Field(
                "changes", Unit.COUNT, "obi_book_level_changes_total", True, help="Level sizes that changed."
            ),
        ),
        help="What the book feed brought since the start.",
        formula="n",
        source="metrics.md 0.6",
        group="flow",
        changes=True,
    )

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def update(self, book: Book, kind: cython.int, t: cython.longlong) -> cython.int:
        self.row[self.at] += kind != _RESUMED
        self.row[self.at + 1] += self.context.changes.count
        return 0
