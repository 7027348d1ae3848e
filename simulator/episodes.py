"""Staged episodes: what happens to a market besides its everyday flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Stage:
    """How an episode bends the flow at one moment. The neutral values are the defaults.

    ``offset_bps`` moves the price, ``spread_bps`` widens it, ``bid_size`` and ``ask_size`` scale new orders,
    ``buy_share`` is the share of takers that buy, ``thin`` the share of near levels pulled in a step,
    ``wall`` says that a large bid should stand: some basis points below the touch, or ``near`` it, at the sixth level.
    """

    offset_bps: float = 0.0
    spread_bps: float = 0.0
    bid_size: float = 1.0
    ask_size: float = 1.0
    buy_share: float = 0.5
    thin: float = 0.0
    wall: bool = False
    near: bool = False


CALM = Stage()


def _calm(_done: float) -> Stage:
    return CALM


def _imbalance(done: float) -> Stage:
    """Bids pile up, asks thin out, takers buy; at the end the price follows."""
    return Stage(
        offset_bps=6.0 * max(0.0, done - 0.4) if done < 0.95 else 2.0,
        bid_size=1 + 4 * done,
        ask_size=1 - 0.6 * done,
        buy_share=0.5 + 0.3 * done,
    )


def _shock(done: float) -> Stage:
    """Liquidity vanishes within a tenth of the time while takers sell, then comes back."""
    if done < 0.1:
        return Stage(
            offset_bps=-300 * done, spread_bps=80 * done, bid_size=0.3, ask_size=0.5, buy_share=0.1, thin=0.15
        )
    left = 1 - (done - 0.1) / 0.9
    return Stage(
        offset_bps=-30 * left**2, spread_bps=8 * left**2, bid_size=1 - 0.5 * left, buy_share=0.5 - 0.1 * left
    )


def _wall(done: float) -> Stage:
    """A large bid stands some basis points below the touch, lifts the price a little, and is pulled."""
    stands = done < 0.8
    return Stage(offset_bps=2.0 * done if stands else 0.0, wall=stands, buy_share=0.6 if stands else 0.4)


def _spoof(done: float) -> Stage:
    """A large bid comes to the sixth level, takers buy, and it is pulled before anybody sells to it."""
    stands = done < 0.6
    return Stage(
        offset_bps=1.0 * done if stands else 0.0, wall=stands, near=True, buy_share=0.85 if stands else 0.5
    )


EPISODES: dict[str, Callable[[float], Stage]] = {
    "calm": _calm,
    "imbalance": _imbalance,
    "shock": _shock,
    "wall": _wall,
    "spoof": _spoof,
}


@dataclass(frozen=True, slots=True)
class Episode:
    """A named episode with its start and length in nanoseconds."""

    name: str
    start: int
    duration: int

    def stage(self, now: int) -> Stage:
        """The stage at a time; calm before and after."""
        if not self.start <= now < self.start + self.duration:
            return CALM
        return EPISODES[self.name]((now - self.start) / self.duration)


ROUND: tuple[tuple[str, int], ...] = (
    ("calm", 40),
    ("imbalance", 20),
    ("calm", 30),
    ("wall", 20),
    ("calm", 24),
    ("spoof", 6),
    ("shock", 25),
)
ROUND_NS = sum(seconds for _, seconds in ROUND) * NS


def scheduled(now: int, shift: int) -> Episode:
    """The episode of a market that goes round all of them; ``shift`` sets markets apart."""
    begin = now - (now + shift) % ROUND_NS
    for name, seconds in ROUND:
        if now < begin + seconds * NS:
            return Episode(name, begin, seconds * NS)
        begin += seconds * NS
    raise AssertionError("the round covers every moment")
