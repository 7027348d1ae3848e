"""`lead_lag`: which venue's price moves first, and by how much."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

from connectors.errors import UsageError

from .declare import NAN, SECOND, Across, Declaration, Field, Output, Unit, in_pairs
from .scene import Scene
from .trace import Path, Trace, path_of

MILLISECOND = 1_000_000
_AHEAD = (
    *(10, 20, 30, 50, 75, 100, 150, 200, 250, 300, 400, 500),
    *(750, 1000, 1500, 2000, 3000, 4000, 5000),
)
LAGS = (*(-lag * MILLISECOND for lag in reversed(_AHEAD)), 0, *(lag * MILLISECOND for lag in _AHEAD))  # ns
WINDOW = 300 * SECOND
LEAST_CHANGES, LEAST_CORRELATION = 50, 0.2  # below either nothing is published (metrics.md 4.1)
ROUND = 30  # seconds within which each pair is looked at again
MOST_EXPORTED = 20  # pairs in /metrics: those that go together the most
_LABELS = ("leader", "follower")
_BY = dict.fromkeys(_LABELS, ())
_FIELDS = 6
_HELP = "Above 0 the venue named leader moves first, below 0 the one named follower."


@dataclass(frozen=True, slots=True)
class LeadLag:
    """What two paths say: `lag` in seconds (+: the first leads), the correlation there, `ratio` of both directions."""

    lag: float
    corr: float
    ratio: float | None


def hayashi_yoshida(x: Path, y: Path, lag: int = 0) -> dict[str, float | None]:
    """Covariance and correlation of the changes of two paths, y shifted by -lag (ns); see trace.py."""
    cov, scale = x.covariance(y, lag), (x.power() * y.power()) ** 0.5
    return {"cov": cov, "corr": cov / scale if scale > 0 else None}


def lead_lag(x: Path, y: Path, lags: Sequence[int] = LAGS) -> LeadLag | None:
    """The lag (ns) of the largest |correlation|, ties to the smaller |lag|; None where a path never changes.

    ratio: sum of squared correlations of lags above 0 over that of lags below 0; above 1, x leads. None where
    nothing stands below. Source: Hoffmann, Rosenbaum & Yoshida 2013; Huth & Abergel 2014.
    """
    if not lags or x.power() * y.power() <= 0:
        return None
    found = dict(zip(lags, x.correlations(y, lags), strict=True))
    best = max(sorted(found, key=abs), key=lambda lag: abs(found[lag]))
    ahead = sum(corr * corr for lag, corr in found.items() if lag > 0)
    behind = sum(corr * corr for lag, corr in found.items() if lag < 0)
    return LeadLag(best / SECOND, found[best], ahead / behind if behind > 0 else None)


class LeadLagOfVenues(Across):
    """Hayashi-Yoshida correlation of mid changes over lags of -5 to 5 s, 300 s back, pair by pair (metrics.md 4.1).

    On receive time, what a trader could act on; by the venues' own times (`exchange_…`, REST only) clock errors are
    in it. Published from |corr| >= 0.2 and 50 changes each on. Each pair is computed anew every 30 seconds.
    """

    declaration = Declaration(
        key="lead_lag",
        help="Lag at which the mid changes of two venues go together the most. " + _HELP,
        formula="argmax_l |corr HY(X(t), Y(t + l))|; sum_{l>0} corr^2 / sum_{l<0} corr^2",
        source="Hayashi & Yoshida 2005; Huth & Abergel 2014; metrics.md 4.1",
        sign="seconds: + is the first venue ahead",
        group="across",
        unit=Unit.SECONDS,
        fields=(
            Field("lag", Unit.SECONDS, "obi_lead_lag_seconds", by=_BY),
            Field(
                "corr",
                Unit.RATIO,
                "obi_lead_lag_correlation_ratio",
                by=_BY,
                help="Hayashi-Yoshida correlation of the mid changes at that lag; may leave [-1, 1] in small samples.",
            ),
            Field(
                "ratio",
                Unit.RATIO,
                "obi_lead_lag_ratio",
                by=_BY,
                help="Squared correlations where the leader is ahead over those where it is behind; above 1 it leads.",
            ),
            Field("exchange_lag", Unit.SECONDS, "", by=_BY, help="The lag by the venues' own times."),
            Field("exchange_corr", Unit.RATIO, "", by=_BY, help="The correlation by the venues' own times."),
            Field("exchange_ratio", Unit.RATIO, "", by=_BY, help="The ratio by the venues' own times."),
        ),
    )

    def prepare(self) -> None:
        self.traces: dict[str, Trace] = {}  # the group's own, by member
        self.found: dict[tuple[str, str], list[float]] = {}
        self._turn = 0

    def outputs(self, names: Sequence[str]) -> tuple[Output, ...]:
        return in_pairs(self.declaration, names, _LABELS, ordered=False)

    def tick(self, scene: Scene, now: int) -> None:
        pairs = list(combinations(sorted(scene.names), 2))
        self.found = {pair: self.found[pair] for pair in pairs if pair in self.found}
        for _ in range(-(-len(pairs) // ROUND)):
            self._turn = (self._turn + 1) % max(ROUND, len(pairs))
            if self._turn < len(pairs):
                one, other = pairs[self._turn]
                self.found[one, other] = self._published(one, other, now)

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        found: list[float] = []
        for pair in combinations(sorted(scene.names), 2):
            there = all(name in scene.by_name for name in pair)
            found += self.found.get(pair, [NAN] * _FIELDS) if there else [NAN] * _FIELDS
        return found

    def exported(self, values: Sequence[float]) -> Collection[int]:
        known = [at for at in range(0, len(values), _FIELDS) if values[at] == values[at]]
        best = sorted(known, key=lambda at: -abs(values[at + 1]))[:MOST_EXPORTED]
        return [at + k for at in best for k in range(3)]

    def _published(self, one: str, other: str, now: int) -> list[float]:
        return [*self._clocked(one, other, now, False), *self._clocked(one, other, now, True)]

    def _clocked(self, one: str, other: str, now: int, exchange: bool) -> list[float]:
        x, y = self.traces.get(one), self.traces.get(other)
        if x is None or y is None:
            return [NAN] * 3
        first = max(now - WINDOW, *(trace.oldest(exchange=exchange) for trace in (x, y)))
        one_path, other_path = (trace.since(first, exchange=exchange) for trace in (x, y))
        if min(one_path.changes(), other_path.changes()) < LEAST_CHANGES:
            return [NAN] * 3
        found = lead_lag(one_path, other_path)
        if found is None or abs(found.corr) < LEAST_CORRELATION:
            return [NAN] * 3
        return [found.lag, found.corr, NAN if found.ratio is None else found.ratio]


def _path(points: Sequence[Any]) -> Path:
    """[time in seconds, value or null] of a case."""
    rows = [
        (int(Fraction(str(time)) * SECOND), NAN if value is None else float(value)) for time, value in points
    ]
    return path_of(rows)


def _nanoseconds(seconds: Any) -> int:
    return int(Fraction(str(seconds)) * SECOND)


def path_lags(params: Mapping[str, Any]) -> Sequence[int]:
    """`lags` in seconds, or `max_lag` in steps of `step` (0.1) seconds, or those that run live."""
    if params.get("lags") is not None:
        return [_nanoseconds(lag) for lag in params["lags"]]
    if params.get("max_lag") is None:
        return LAGS
    step = _nanoseconds(params.get("step", params.get("lag_step", "0.1")))
    if step <= 0:
        raise UsageError(f"a step of lags is above 0, not {params}")
    most = _nanoseconds(params["max_lag"]) // step
    return [k * step for k in range(-most, most + 1)]


def _hayashi_yoshida(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    return hayashi_yoshida(_path(inputs["x"]), _path(inputs["y"]), _nanoseconds(params.get("lag", 0)))


def told_lead_lag(x: Path, y: Path, lags: Sequence[int]) -> dict[str, float | None]:
    """As the result of a case."""
    found = lead_lag(x, y, lags)
    return asdict(found) if found is not None else {"lag": None, "corr": None, "ratio": None}


def _lead_lag(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    return told_lead_lag(_path(inputs["x"]), _path(inputs["y"]), path_lags(params))


ANSWERS = {"hayashi_yoshida": _hayashi_yoshida, "lead_lag": _lead_lag}
