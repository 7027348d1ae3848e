"""The page docs/metrics.md, written from what the metrics declare: `make docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from .across import across
from .metrics import GROUPS, metrics
from .metrics.declare import Declaration, Output

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
TITLES = {
    "price": "Prices",
    "book": "Book and depth",
    "flow": "Order flow",
    "trades": "Trades",
    "risk": "Risk",
    "surveillance": "Surveillance",
    "derivatives": "Liquidations, funding, open interest",
    "across": "Across venues",
    "health": "Health",
}
HEAD = """# Metrics

Every metric, by its key: the name in REST, on the stream, in the configuration and in `evaluate`. This page is written
by `make docs` from the declarations in `service/metrics/` and `service/across/`; `/api/v1/metrics` says the same.

Plus is buy pressure. Ratios are fractions (1 bp = 0.0001), sizes in base units, times in seconds. A value that is not
defined is null, and absent from `/metrics`; `truncated` says where it would reach beyond what is proven of the book.
Series carry `venue`, `market` and `symbol`; those across venues have `venue="consolidated"`, unless the value is of one
venue. *Runs* says when it is computed: *each message*, *touch* (messages that change the best levels), *lazy* (every
100 ms, and when read), *read* (when read).

`/metrics` has at most 250 series a book: where a metric has more, the page says which leave by default. All do with
`api: {every_series: true}`, and those of label values that the configuration gives (`metrics:`) do anyway.
"""


COSTS = PAGE.with_name("metric-costs.json")
STREAMS = {"usdm": "Binance USD-M, 100 ms", "coinm": "Binance COIN-M, 100 ms"}


def cost_table() -> str:
    """What each family costs a depth message, as `make costs` measured it last."""
    found = json.loads(COSTS.read_text(encoding="utf-8"))
    columns = [name for name in STREAMS if name in found]
    rows = [("the bare path: bytes to book", [found[name]["without metrics"] for name in columns])]
    rows += [
        (TITLES.get(group, group.capitalize()), [found[name]["families"][group] for name in columns])
        for group in found[columns[0]]["families"]
    ]
    for said in ("first group", "core tier", "whole catalogue"):
        rows.append((f"the path with the {said}", [found[name][said] for name in columns]))
    lines = [
        f"| µs a depth message | {' | '.join(STREAMS[name] for name in columns)} |",
        "|---|" + "---:|" * len(columns),
    ]
    lines += [f"| {said} | {' | '.join(f'{value:.2f}' for value in values)} |" for said, values in rows]
    return "\n".join(lines)


COST_HEAD = """
## Cost

Microseconds of CPU that a depth message costs from received bytes to stored readings, measured by `make costs` on
recorded messages; what a family adds to the bare path, run by itself. What families share counts in each, so they sum
to more than the whole catalogue. What runs when it is read costs messages nothing.
"""


def declared() -> list[tuple[Declaration, Sequence[Output]]]:
    """All metrics with their outputs, by group, then by key; across venues as for venues `a` and `b`."""
    own = [(kind.declaration, kind.declaration.outputs()) for kind in metrics().values()]
    between = [
        (kind.declaration, kind(pair=("USDT", "USD")).outputs(["a", "b"])) for kind in across().values()
    ]
    groups = list(dict.fromkeys([*GROUPS[:-1], "across", *GROUPS[-1:]]))
    return sorted([*own, *between], key=lambda one: (groups.index(one[0].group), one[0].key))


def markdown() -> str:
    """The whole page."""
    parts, group = [HEAD, COST_HEAD, cost_table()], ""
    for declaration, outputs in declared():
        if declaration.group != group:
            group = declaration.group
            parts.append(f"\n## {TITLES.get(group, group.capitalize())}\n")
        parts.append("\n".join(_section(declaration, outputs)))
    return "\n".join(parts) + "\n"


def _section(declaration: Declaration, outputs: Sequence[Output]) -> Iterator[str]:
    yield f"### `{declaration.key}`\n"
    yield f"{declaration.help}\n"
    facts = [f"`{declaration.formula}`", f"range {_range(declaration)}"]
    facts += [f"sign: {declaration.sign}" if declaration.sign else "no sign", f"runs: {_runs(declaration)}"]
    if declaration.reaches:
        facts.append("null beyond what is proven")
    yield f"{'; '.join(facts)}. Source: {declaration.source}.\n"
    yield "| value | unit | labels | Prometheus |"
    yield "|---|---|---|---|"
    shown: dict[tuple[str, str], list[Output]] = {}
    for output in outputs:
        shown.setdefault((output.field, output.prometheus), []).append(output)
    for (field, prometheus), those in shown.items():
        name = f"`{declaration.key}{'.' + field if field else ''}`"
        yield f"| {name} | {those[0].unit or 'number'} | {_labels(those)} | {_exported(prometheus, those)} |"
    yield ""


def _exported(prometheus: str, outputs: Sequence[Output]) -> str:
    """The name of the series, and which of them leave by default where that is not all."""
    if not prometheus:
        return "none"
    usual = [output for output in outputs if not output.extra]
    if len(usual) == len(outputs):
        return f"`{prometheus}`"
    return f"`{prometheus}` (by default {_labels(usual) if usual else 'none'})"


def _range(declaration: Declaration) -> str:
    if declaration.bounds is None:
        return "open"
    low, high = declaration.bounds
    return f"{'(-∞' if low is None else f'[{low:g}'}, {'∞)' if high is None else f'{high:g}]'}"


def _runs(declaration: Declaration) -> str:
    if declaration.group == "across":
        return "read; what lasts every 100 ms or second"
    if declaration.lazy:
        return "lazy"
    return "touch" if declaration.top else "each print" if declaration.feed == "trades" else "each message"


def _labels(outputs: Sequence[Output]) -> str:
    found: dict[str, dict[str, None]] = {}
    for output in outputs:
        for label, value in output.labels:
            found.setdefault(label, {})[value] = None
    told = []
    for label, values in found.items():
        each = (
            "each venue" if label.endswith("venue") or label in ("leader", "follower") else ", ".join(values)
        )
        told.append(f"`{label}`: {each}")
    return "; ".join(told) or "none"


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
