"""`venue_risk`: how much suspicion a venue's numbers and prices deserve, and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from .declare import NAN, SECOND, Across, Declaration, Field, Unit, number
from .price_dislocation import dislocations
from .scene import Member, Scene
from .venue_depth_share import depth_shares

PARTS = ("stale", "gaps", "downtime", "dislocation", "depth_loss")
BAND_BPS = 100
DAY, HOUR, WEEK = 1440, 60, 7 * 144  # minutes; the shares of depth are noted every ten minutes
LEAST_WATCHED = 600.0  # seconds before downtime is a share of anything
MOST_WITH_PARTS = 10
LEAST_SHARES = 6  # an hour of them before depth can be called lost


def components(
    *,
    age: float | None = None,
    stale_after: float = 5.0,
    gaps_per_hour: float | None = None,
    downtime_ratio: float | None = None,
    dislocation: float | None = None,
    depth_share: float | None = None,
    depth_share_baseline: float | None = None,
) -> list[float | None]:
    """The five parts of the score, each within [0, 1], in the order of PARTS; None where its input is not known.

    age and stale_after in seconds; dislocation and shares as fractions.
    """
    lost = None
    if depth_share is not None and depth_share_baseline is not None and depth_share_baseline > 0:
        lost = 1 - depth_share / depth_share_baseline
    found = (
        None if age is None or stale_after <= 0 else (age - stale_after) / (2 * stale_after),
        None if gaps_per_hour is None else gaps_per_hour / 10,
        None if downtime_ratio is None else 10 * downtime_ratio,
        None if dislocation is None else abs(dislocation) / 0.01,
        lost,
    )
    return [None if one is None else min(max(one, 0.0), 1.0) for one in found]


def score(parts: Sequence[float | None]) -> float:
    """1 - prod(1 - c_k): any part alone can make it 1; what is not known adds nothing."""
    left = 1.0
    for part in parts:
        left *= 1 - (part or 0.0)
    return 1 - left


@dataclass(slots=True)
class Health:
    """What is remembered of a member's feed: seconds watched and down by the minute, faults, shares of depth."""

    minutes: deque[tuple[int, float, float, int]] = field(default_factory=lambda: deque(maxlen=DAY))
    watched: float = 0.0
    down: float = 0.0
    shares: deque[float] = field(default_factory=lambda: deque(maxlen=WEEK))
    faults: int | None = None
    new: int = 0
    was_live: bool = False
    begun: bool = False

    def note(self, minute: int, seconds: float, *, live: bool, faults: int) -> None:
        """So many seconds have passed in the state before this one; `faults` is the count since the start."""
        self.new += faults - self.faults if self.faults is not None else 0
        self.faults = faults
        if self.begun:
            self.watched += seconds
            self.down += 0.0 if self.was_live else seconds
        self.was_live = live
        self.begun = self.begun or live  # what it took to come up at first is no downtime
        if not self.minutes or self.minutes[-1][0] != minute:
            self.minutes.append((minute, self.watched, self.down, self.new))
            self.watched = self.down = 0.0
            self.new = 0

    def downtime(self, minute: int) -> float | None:
        """Share of the time watched within 24 h in which the book was not live; None before ten minutes are told of."""
        kept = [one for one in self.minutes if one[0] > minute - DAY]
        watched = sum(one[1] for one in kept) + self.watched
        return (sum(one[2] for one in kept) + self.down) / watched if watched >= LEAST_WATCHED else None

    def gaps(self, minute: int) -> int:
        """Faults of the last hour."""
        return sum(one[3] for one in self.minutes if one[0] > minute - HOUR) + self.new

    @property
    def usual_share(self) -> float | None:
        """Median share of depth within a week."""
        return median(self.shares) if len(self.shares) >= LEAST_SHARES else None


class VenueRisk(Across):
    """1 - prod(1 - c_k) of five parts: silence, gaps, downtime, dislocation, depth that left (metrics.md 4.2).

    It says "treat this venue's numbers and prices with suspicion", not "this venue is insolvent". What it remembers
    (24 h of downtime, 7 days of depth) begins with the service.
    """

    declaration = Declaration(
        key="venue_risk",
        help="How much suspicion the venue's numbers and prices deserve: 0 none, 1 all.",
        formula="1 - prod(1 - c_k), c_k in [0, 1]: (age - stale_after)/(2 stale_after), gaps per hour/10, "
        "10 downtime, |dislocation|/1%, 1 - share/(7-day median share)",
        source="metrics.md 4.2",
        group="across",
        unit=Unit.RATIO,
        bounds=(0, 1),
        feed="health",
        fields=(
            Field("score", Unit.RATIO, "obi_venue_risk_ratio", by={"venue": ()}),
            Field(
                "part",
                Unit.RATIO,
                "obi_venue_risk_part_ratio",
                by={"venue": (), "part": PARTS},
                help="One of the five parts of the venue's risk score.",
            ),
            Field(
                "downtime",
                Unit.RATIO,
                "obi_downtime_ratio",
                by={"venue": ()},
                help="Share of the last 24 h (or since the start) in which the venue's book was not live.",
            ),
        ),
    )

    def prepare(self) -> None:
        self.health: dict[str, Health] = {}
        self._seen = 0

    def tick(self, scene: Scene, now: int) -> None:
        passed = (now - self._seen) / SECOND if self._seen else 0.0
        self._seen = now
        minute = now // (60 * SECOND)
        self.health = {one.name: self.health.get(one.name) or Health() for one in scene.members}
        for one in scene.members:
            self.health[one.name].note(minute, passed, live=one.live, faults=one.faults)
        if now // SECOND % 600 == 0:
            for name, share in depth_shares(scene, BAND_BPS).items():
                self.health[name].shares.append(share)

    def values(self, scene: Scene, now: int) -> Sequence[float]:
        away, shares = dislocations(scene.mids), depth_shares(scene, BAND_BPS)
        parts = {one.name: self._parts(one, away, shares, now) for one in scene.members}
        nothing: list[float | None] = [None] * len(PARTS)
        minute = now // (60 * SECOND)
        told = [self.health.get(name, Health()).downtime(minute) for name in scene.names]
        return [
            *(score(parts[name]) if name in parts else NAN for name in scene.names),
            *(number(part) for name in scene.names for part in parts.get(name, nothing)),
            *map(number, told),
        ]

    def exported(self, values: Sequence[float]) -> Collection[int] | None:
        """In a large group the parts stand in REST alone, so that it stays within the budget of /metrics."""
        venues = len(values) // (len(PARTS) + 2)
        if venues <= MOST_WITH_PARTS:
            return None
        return [*range(venues), *range(len(values) - venues, len(values))]

    def _parts(
        self, one: Member, away: Mapping[str, float | None], shares: Mapping[str, float], now: int
    ) -> list[float | None]:
        health = self.health.get(one.name, Health())
        minute = now // (60 * SECOND)
        return components(
            age=one.silent_seconds(now),
            stale_after=one.stale_after,
            gaps_per_hour=health.gaps(minute),
            downtime_ratio=health.downtime(minute),
            dislocation=away.get(one.name),
            depth_share=shares.get(one.name),
            depth_share_baseline=health.usual_share,
        )


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
    given = {name: None if value is None else float(value) for name, value in {**params, **inputs}.items()}
    if given.get("stale_after", 0.0) is None:
        del given["stale_after"]
    parts = components(**given)  # type: ignore[arg-type]  # a name that is none of its own is told by the TypeError
    return {"score": score(parts), "components": parts}


ANSWERS = {"venue_risk": _answer}
