"""The table of venues says what the venues declare, today."""

from __future__ import annotations

from connectors import all_venues
from service.venue_table import PAGE, markdown


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "make docs"


def test_each_venue_stands_in_it_once_and_an_unproven_one_says_what_stays_unseen() -> None:
    text = markdown()
    for (name, product), kind in all_venues().items():
        books, derivatives = text.split("## Derivatives")
        row = f"| {name} | `{product}` |"
        assert books.count(f"\n{row}") == (not kind.superseded)
        assert derivatives.count(f"\n{row}") == (kind.derivatives is not None and not kind.superseded)
        if kind.proof in ("none", "image") and not kind.superseded:
            assert f"- {name} `{product}`: " in text
