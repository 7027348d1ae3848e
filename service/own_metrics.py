"""A user's own metrics: plain Python classes in a folder that the configuration names. docs/own-metrics.md tells how.

A file that cannot be loaded, or a class that is not as it should be, is named with its reason and left out. A metric
that raises while it runs is switched off for that book (guarded.py). They run in this process: they are trusted code.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from connectors.book import Book

from .guarded import Guarded
from .metrics import GROUPS, metrics
from .metrics.declare import NAN, Context, Declaration, Field, Metric, Unit, stored

__all__ = ["Declaration", "Field", "Own", "OwnMetric", "Unit", "load_folder"]

HOOKS = ("update", "traded", "paused", "lost", "refresh", "sample")
MOST_OUTPUTS = 100  # of one metric: the budget of a book in /metrics is 250
_KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")


class OwnMetric:
    """One metric of one book. Subclasses set `declaration` and write `values`, one number an output; NaN is nothing to say.

    `context.mid` is the mid (NaN without one), `context.tick` the tick; `params` what the configuration gives. Times are
    integer ns of the venue's clock; sizes are in base units. All methods are optional.
    """

    declaration: ClassVar[Declaration]

    def __init__(self, context: Context, params: Mapping[str, Any], outputs: int) -> None:
        self.context, self.params = context, params
        self.values: list[float] = [NAN] * outputs

    def prepare(self) -> None:
        """Make what is kept, once."""

    def update(self, book: Book, kind: int, t: int) -> None:
        """A message was applied and the book is good; `book.best_levels()` gives (price, size) of up to 20 a side."""

    def traded(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        """A print; side is +1 where the taker bought, -1 where it sold."""

    def paused(self, t: int) -> None:
        """The values are withdrawn: the book is stale, crossed or lost."""

    def lost(self, t: int) -> None:
        """The book is gone until the next snapshot: what compares it with the one before starts anew."""

    def refresh(self, book: Book, t: int) -> None:
        """Somebody reads at t. What is kept must not change by it."""

    def sample(self, book: Book, t: int, whole: bool) -> None:
        """A second of the venue's time ended at t; `whole`: without a resync, the book good at both ends."""


@dataclass(frozen=True)
class Own:
    """What a folder holds: the metrics by key, and what was left out as (file, reason)."""

    kinds: Mapping[str, type[Metric]] = field(default_factory=dict)
    faults: Sequence[tuple[str, str]] = ()


def load_folder(folder: str) -> Own:
    """All `OwnMetric` classes of the folder's *.py files, in the order of their names. "" is no folder."""
    if not folder:
        return Own()
    path = Path(folder).expanduser()
    if not path.is_dir():
        return Own(faults=[(folder, "is no folder")])
    kinds: dict[str, type[Metric]] = {}
    faults: list[tuple[str, str]] = []
    for file in sorted(path.glob("*.py")):
        try:
            found = list(_classes(_module(file)))
            if not found:
                faults.append((str(file), "holds no class derived from OwnMetric"))
        except Exception as failure:  # noqa: BLE001  # a user's file may raise anything, and the others still count
            faults.append((str(file), f"{type(failure).__name__}: {failure}"))
            continue
        for kind in found:
            if reason := _fault_of(kind, kinds):
                faults.append((str(file), f"{kind.__name__}: {reason}"))
            else:
                kinds[kind.declaration.key] = _guarded(kind)
    return Own(kinds, faults)


def _module(file: Path) -> ModuleType:
    name = f"steelyard_own_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look a class's module up here
    spec.loader.exec_module(module)
    return module


def _classes(module: ModuleType) -> Iterator[type[OwnMetric]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, OwnMetric) and value.__module__ == module.__name__:
            yield value


def _fault_of(kind: type[OwnMetric], others: Mapping[str, object]) -> str:
    """What is wrong with a class, "" if nothing is."""
    declaration = getattr(kind, "declaration", None)
    if not isinstance(declaration, Declaration):
        return "has no `declaration = Declaration(…)`"
    key = declaration.key
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return f"its key {key!r} is not of small letters, digits and underscores"
    if key in metrics() or key in others:
        return f"its key {key} is that of another metric; choose one of its own"
    if not declaration.help or not declaration.formula:
        return "its declaration lacks help or formula"
    if declaration.group not in GROUPS:
        return f"its group {declaration.group!r} is none of {', '.join(GROUPS)}"
    if not any(hook in vars(one) for one in _own_bases(kind) for hook in HOOKS):
        return f"has none of the methods {', '.join(HOOKS)}"
    try:
        outputs = declaration.outputs()
    except (TypeError, ValueError, AttributeError) as failure:
        return f"its declaration yields no outputs ({failure})"
    if not 0 < len(outputs) <= MOST_OUTPUTS:
        return f"it has {len(outputs)} outputs; 1 to {MOST_OUTPUTS} are possible"
    taken = {output.prometheus for one in metrics().values() for output in one.declaration.outputs()}
    if clash := sorted({output.prometheus for output in outputs if output.prometheus} & taken):
        return f"its Prometheus name {clash[0]} is that of another metric"
    return _tried(kind)


def _tried(kind: type[OwnMetric]) -> str:
    """Why it does not run on an empty book, "" if it does."""
    made = _guarded(kind)()
    context = Context(Book())
    made.bind(context, stored("d", [NAN] * len(kind.declaration.outputs())), 0)
    if not made.fault:
        made.run("refresh", context.book, 0)
    return f"raises at once: {made.fault}" if made.fault else ""


def _own_bases(kind: type[OwnMetric]) -> list[type]:
    return [one for one in kind.__mro__ if one not in (OwnMetric, object)]


def _guarded(kind: type[OwnMetric]) -> Any:
    """A metric of the engine that runs this class, with the methods that it has and no others."""

    def method(name: str) -> Any:
        return lambda self, *given: self.run(name, *given)

    has = [hook for hook in HOOKS if any(hook in vars(one) for one in _own_bases(kind))]
    body = {"declaration": kind.declaration, "own_kind": kind} | {hook: method(hook) for hook in has}
    return type(kind.__name__, (Guarded,), body)
