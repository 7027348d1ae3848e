"""The table of venues in docs/venues.md, written from their own declarations: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors import all_venues
from connectors.venue import Venue

PAGE = Path(__file__).parents[1] / "docs" / "venues.md"
HEAD = """# Venues

What Steelyard builds books and prints from, and by what each proves them. This page is written by `make docs` from
the declarations in `connectors/venues/`; `/api/v1/venues` says the same. A loss costs what stands under *scope*: its
values vanish, its reason is told, it is built anew, its neighbours go on. What a venue gives no means to see stands
under *stays unseen*.

"""
OLD = """
Older protocols, of which recordings are read (`verify`, `replay`) and to which nothing connects: {names}.
"""


def markdown() -> str:
    """The whole page."""
    kinds = sorted(all_venues().values(), key=lambda kind: (kind.name, kind.product))
    living = [kind for kind in kinds if not kind.superseded]
    old = ", ".join(f"{kind.name} `{kind.product}`" for kind in kinds if kind.superseded)
    head = ("venue", "product", "markets", "proof", "a loss is seen by", "scope", "fastest", "depth")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(_cells(kind))} |" for kind in living]
    unseen = [line for kind in living for line in _unseen(kind)]
    return HEAD + "\n".join([*lines, "", "## Stays unseen", "", *unseen, ""]) + OLD.format(names=old)


def _cells(kind: type[Venue]) -> Iterator[str]:
    venue = kind()
    yield from (kind.name, f"`{kind.product}`", ", ".join(sorted(map(str, kind.markets))), kind.proof)
    yield from (venue.detects, venue.scope, kind.interval or "each change")
    yield str(kind.depth) if kind.depth else "full"


def _unseen(kind: type[Venue]) -> Iterator[str]:
    for spot in kind.blind_spots:
        yield f"- {kind.name} `{kind.product}`: {spot}"


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
