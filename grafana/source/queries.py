"""PromQL as the panels need it: every selector names its job, and the places that the dashboard's variables choose.

What is summed, divided or scaled is written out in the panel; here is only what all have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SERVICE = 'job=~"$job",instance=~"$instance"'
VENUE = f'{SERVICE},venue=~"$venue"'
PLACE = f'{VENUE},market=~"$market",symbol=~"$symbol"'
TOGETHER = "consolidated"
BY_SYMBOL, BY_BOOK = "{{symbol}}", "{{symbol}} {{venue}}"
# What pushes up stands first: a short position that is closed is bought back.
QUOTES, TAKERS, POSITIONS = ("bid", "ask"), ("buy", "sell"), ("short", "long")
# The rules of Prometheus say where they fire; those of the service itself have no symbol, hence the empty choice.
_ALERTS = 'ALERTS{alertstate="firing",alertname=~"Obi.*",job=~"$job"'
FIRING = f'{_ALERTS},venue=~"$venue|",market=~"$market|",symbol=~"$symbol|"}}'
FIRING_ANYWHERE = f"{_ALERTS}}}"


@dataclass(frozen=True, slots=True)
class Query:
    """A query and what its series are called: `{{label}}` is replaced by the label's value."""

    expr: str
    legend: str = ""


def book(name: str, /, **labels: str) -> str:
    """A series of the chosen books, one a venue; `a|b` in a label's value means either."""
    return _selector(name, f'{PLACE},venue!="{TOGETHER}"', labels)


def forced(**labels: str) -> str:
    """The worth of positions closed by force; spot has none."""
    return book("obi_liquidation_quote_units_total", market="perp|future", **labels)


def group(name: str, /, **labels: str) -> str:
    """A series of the chosen symbols' consolidated books. The choice of venues does not change them."""
    return _selector(name, f'{SERVICE},venue="{TOGETHER}",market=~"$market",symbol=~"$symbol"', labels)


def basket(name: str, /, **labels: str) -> str:
    """A series of baskets of symbols, whatever symbols are chosen."""
    return _selector(name, f'{SERVICE},venue="{TOGETHER}",market=~"$market",over="symbols"', labels)


def feed(name: str, /, **labels: str) -> str:
    """A series of the chosen venues' connections."""
    return _selector(name, VENUE, labels)


def own(name: str, /, **labels: str) -> str:
    """A series that the service tells of itself."""
    return _selector(name, SERVICE, labels)


def firing_by(label: str, firing: str) -> str:
    """How many alerts fire by a label of theirs; a zero named `none` where nothing does."""
    return f"count by ({label}) ({firing}) or on () {_named_none('vector(0)', label)}"


def or_none(expr: str, label: str = "") -> str:
    """Zero where `expr` has no series and the service answers: of what is counted from its first occurrence on.

    With a `label` of those that `expr` is summed by, the zero is named `none`.
    """
    zero = f"0 * count({own('obi_build_info')})"
    return f"{expr} or on () {_named_none(zero, label) if label else zero}"


def _named_none(zero: str, label: str) -> str:
    return f'label_replace({zero}, "{label}", "none", "", "")'


def rate(selector: str) -> str:
    """A counter's increase a second."""
    return f"rate({selector}[$__rate_interval])"


def in_range(selector: str) -> str:
    """A counter's increase over the time range on display: for stats, which are asked once, at its end."""
    return f"increase({selector}[$__range])"


def recent(selector: str) -> str:
    """A counter's increase over the shortest window that is sure to hold some scrapes."""
    return f"increase({selector}[$__rate_interval])"


def quantile(level: float, histogram: str, by: str) -> str:
    """A quantile of a histogram's recent observations, by labels; `histogram` is a selector of its buckets."""
    return f"histogram_quantile({level:g}, sum by ({by}, le) (rate({histogram}[$__rate_interval])))"


def per(labels: str, expr: str, how: str = "sum", *, none: str = "", also: str = "") -> Query:
    """`expr` by labels, whose values name its series, with what `also` adds. `none`: as the label of `or_none`."""
    made = f"{how} by ({labels}) ({expr})"
    return Query(or_none(made, none) if none else made, _named(labels, also))


def per_quantile(labels: str, level: float, histogram: str, *, also: str = "") -> Query:
    """A quantile by labels, whose values name its series, with what `also` adds."""
    return Query(quantile(level, histogram, labels), _named(labels, also))


def sides(
    names: tuple[str, str], of: Callable[[str], str], *, by: str = BY_BOOK, against: bool = False
) -> tuple[Query, Query]:
    """Both sides of `of(side)`, each named after what `by` names; `against`: the second is drawn below zero."""
    first, second = names
    sign = "-" if against else ""
    return Query(of(first), f"{by} {first}"), Query(f"{sign}{of(second)}", f"{by} {second}")


def _named(labels: str, also: str) -> str:
    names = [f"{{{{{label}}}}}" for label in labels.split(", ")]
    return " ".join((*names, *([also] if also else [])))


def _selector(name: str, places: str, labels: dict[str, str]) -> str:
    chosen = "".join(f',{key}{"=~" if "|" in value else "="}"{value}"' for key, value in labels.items())
    return f"{name}{{{places}{chosen}}}"
