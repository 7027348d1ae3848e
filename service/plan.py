"""Which metrics run and what comes out of them, and what a trade looks like to those who listen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.book import TOP

from .metrics import metrics
from .metrics.declare import Context, Declaration, Metric, Output, stored

# Prices, depth, imbalances, OFI and trade flow: what the cost of a message is compared by, with peers and over time.
FIRST_GROUP = (
    *("best_price", "best_size", "mid_price", "spread", "weighted_mid_price"),
    *(
        "band_imbalance",
        "depth",
        "depth_imbalance",
        "depth_ratio",
        "queue_imbalance",
        "weighted_depth_imbalance",
    ),
    *("mlofi", "ofi", "cvd", "trade_flow_imbalance", "trade_intensity", "trade_volume", "volume_delta"),
    *("book_messages", "trade_side_agreement", "window_coverage"),
)
# What metrics.md calls `ext`: beyond the core tier of each book, whose cost is stated by itself.
EXTENDED = frozenset(
    (
        *("algo_activity", "generalized_ofi", "hawkes_branching", "imbalance_wasserstein", "level_count"),
        *("long_short_imbalance", "maker_profile", "naes_skjeltorp_slope", "p_up_horizon", "pressure_score"),
        *("signed_open_interest", "stop_run", "stress_level", "trade_sweeps", "wash_indicators"),
    )
)
LAZY_EVERY = 100_000_000  # ns of event time between lazy updates (metrics.md 0.8)


class Print:
    """A trade as it is told to whoever listens: price, size in base, worth in quote, taker side, venue time (ns)."""

    __slots__ = ("price", "quote", "side", "size", "t")

    def __init__(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        self.price, self.size, self.quote, self.t = price, size, quote, t
        self.side = "buy" if side > 0 else "sell" if side < 0 else "unknown"


class Plan:
    """Which metrics run, and what comes out of them in which order: the same for all books of an engine.

    `changes`, `orders`: one of them wants to know what each message changed, how many orders stand at a level.
    `deepest`: levels a side that they look at.
    """

    def __init__(
        self,
        keys: Sequence[str] | None = None,
        params: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        lazy_every: int = LAZY_EVERY,
        known: Mapping[str, type[Metric]] | None = None,
    ) -> None:
        """`keys` None takes all metrics; `params` replaces label values per metric; `lazy_every` is ns of event time.

        `known`: key -> class, the built-in metrics if not given.
        """
        self.lazy_every = lazy_every
        known = metrics() if known is None else known
        chosen = list(known) if keys is None else [key for key in known if key in keys]
        self.kinds = [(known[key], dict((params or {}).get(key, {}))) for key in chosen]
        self.declarations: list[Declaration] = [kind.declaration for kind, _ in self.kinds]
        self.outputs: list[Output] = []
        self.starts: list[int] = []
        for kind, given in self.kinds:
            self.starts.append(len(self.outputs))
            self.outputs += kind.declaration.outputs(given)
        self.reaching = {declaration.key for declaration in self.declarations if declaration.reaches}
        self.changes = any(declaration.changes for declaration in self.declarations)
        self.orders = any(declaration.orders for declaration in self.declarations)
        self.deepest = max([TOP, *(level for kind, given in self.kinds for level in _levels(kind, given))])
        feeds = {declaration.key: declaration.feed for declaration in self.declarations}
        self.is_counter = stored("b", [output.counter for output in self.outputs])
        self.is_flow = stored("b", [feeds[output.key] == "trades" for output in self.outputs])
        self.lasting = stored("b", [feeds[output.key] != "book" or output.counter for output in self.outputs])

    def make(self, context: Context, row: Any) -> list[Metric]:
        """The metrics of one book, bound to its row."""
        made = []
        for (kind, given), start in zip(self.kinds, self.starts, strict=True):
            metric = kind(**given)
            metric.bind(context, row, start)
            made.append(metric)
        return made


def _levels(kind: type[Metric], given: Mapping[str, Any]) -> Iterator[int]:
    """Numbers of levels a metric looks at: its labels and parameters `levels` and `level`."""
    by = dict(kind.declaration.by)
    for one in kind.declaration.fields:
        by |= one.by or {}
    for name in ("levels", "level"):
        value = given.get(name, by.get(name, ()))
        yield from map(int, value if isinstance(value, Sequence) else (value,))


def hears(metric: Metric, what: str = "update") -> bool:
    """Does the metric do anything with a book message, or with what else its method of this name is for?"""
    kinds = type(metric).__mro__
    return any(what in vars(kind) for kind in kinds[: kinds.index(Metric)])
