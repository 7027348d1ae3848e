"""How much of a recording's mid changes order flow and signed volume explain: `python -m benchmarks.price_impact FILE…`

Each book of the files goes through the sessions, the engine and `price_impact_regression` as in a replay; printed is a
line of R2 a book, regressor and step, over the whole file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from connectors.session import Session
from connectors.sync import Pair
from service.engine import Engine
from service.plan import Plan
from service.replay import Player

STEPS = (1, 5, 10)
REGRESSORS = ("ofi", "signed_volume")


def explained(path: Path) -> dict[tuple[str, str, int], tuple[float, float, int]]:
    """(book, regressor, step in seconds) -> R2, t of the slope, number of steps."""
    plan = Plan(
        ["price_impact_regression"],
        {"price_impact_regression": {"grid": STEPS, "regressor": REGRESSORS, "window": 86_400}},
    )
    engine = Engine(plan, min_coverage=0.0)

    def made(pair: Pair, session: Session) -> None:
        engine.attach(pair)

    player = Player([path], made=made, timers=False)
    for _ in player.play():
        pass
    found = {}
    for (_, market, symbol), book in engine.books.items():
        book.settle(player.now)
        tables = book.metric("price_impact_regression").results()
        for (name, step), one in tables.items():
            found[f"{market} {symbol}", name, step] = (one["r2"], one["t"], one["steps"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args().files:
        for (book, name, step), (r2, t, steps) in explained(path).items():
            print(f"{path.name}  {book:22} {name:14} {step:3} s  R2 {r2:6.3f}  t {t:6.1f}  {steps} steps")


if __name__ == "__main__":
    main()
