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
DERIVATIVES = (
    "",
    "## Derivatives",
    "",
    "What is told beside books and prints: *all* liquidations or a *sample* (a lower bound, never a total), and how",
    "open interest, funding and prices come. `REST` is asked for again and again within the venue's weights; so is the",
    "ratio of longs to shorts among all `accounts`, the accounts of top traders (by the venue's own definition) or their",
    "positions: it is told of 5 minutes and holds for 15.",
    "",
)
OLD = """
Older protocols, of which recordings are read (`verify`, `replay`) and to which nothing connects: {names}.
"""


def markdown() -> str:
    """The whole page."""
    kinds = sorted(all_venues().values(), key=lambda kind: (kind.name, kind.product))
    living = [kind for kind in kinds if not kind.superseded]
    old = ", ".join(f"{kind.name} `{kind.product}`" for kind in kinds if kind.superseded)
    head = ("venue", "product", "markets", "proof", "a loss is seen by", "scope", "fastest", "depth")
    told = (
        "venue",
        "product",
        "liquidations",
        "open interest",
        "funding",
        "mark price",
        "index price",
        "longs and shorts",
    )
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(_cells(kind))} |" for kind in living]
    unseen = [line for kind in living for line in _unseen(kind)]
    lines += [*DERIVATIVES, f"| {' | '.join(told)} |", "|" + "---|" * len(told)]
    lines += [f"| {' | '.join(_told(kind))} |" for kind in living if kind.derivatives is not None]
    return HEAD + "\n".join([*lines, "", "## Stays unseen", "", *unseen, ""]) + OLD.format(names=old)


def _cells(kind: type[Venue]) -> Iterator[str]:
    venue = kind()
    yield from (kind.name, f"`{kind.product}`", ", ".join(sorted(map(str, kind.markets))), kind.proof)
    yield from (venue.detects, venue.scope, kind.interval or "each change")
    yield str(kind.depth) if kind.depth else "full"


def _told(kind: type[Venue]) -> Iterator[str]:
    told = kind.derivatives
    assert told is not None
    yield from (kind.name, f"`{kind.product}`")
    liquidations = f"{told.liquidations}: {told.sampled}" if told.sampled else str(told.liquidations)
    yield f"{liquidations} (marked in the prints)" if told.in_trades else liquidations
    hours = f" (every {told.funding_hours:g} h where not told)" if told.funding else ""
    yield told.open_interest or "-"
    yield (told.funding or "-") + hours
    yield from (told.mark or "-", told.index or "-")
    yield ", ".join(f"`{one}`" for one in told.long_short) or "-"


def _unseen(kind: type[Venue]) -> Iterator[str]:
    for spot in kind.blind_spots:
        yield f"- {kind.name} `{kind.product}`: {spot}"


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
