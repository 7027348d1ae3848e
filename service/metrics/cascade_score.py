"""`cascade_score`: do liquidations drive the price that drives the liquidations?"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.book import Book

from .declare import NAN, SECOND, Declaration, Field, Metric, Unit
from .liquidity_shock import Shocks
from .open_interest import OpenInterest
from .seconds import Seconds

SHARE, FALL, SIGMAS, LEFT = 0.1, -0.01, 4.0, 0.5
WINDOW = 60
ALARM = 0.75
OVER = 300 * SECOND


def conditions(
    *,
    longs: float,
    shorts: float,
    taken: float,
    oi_change: float,
    ret: float,
    sigma: float,
    depth: float,
    usual: float,
) -> tuple[int, list[bool | None]]:
    """Forced direction (-1 where longs dominate) and the four signs of metrics.md 3.4; None where one is not known.

    longs, shorts, taken: quote worth of 60 s. oi_change: relative, of 5 min. ret: of 60 s, sigma its deviation. depth,
    usual: within 10 bp on the side that is being hit (bids where longs are closed).
    """
    forced = longs + shorts
    direction = (shorts > longs) - (shorts < longs)
    return direction, [
        None if taken != taken or forced != forced else forced > 0 and forced >= SHARE * taken,
        None if oi_change != oi_change else oi_change <= FALL,
        None if ret != ret or not sigma >= 0 else direction != 0 and direction * ret >= SIGMAS * sigma,
        None if depth != depth or usual != usual else direction != 0 and depth <= LEFT * usual,
    ]


def score(signs: Sequence[bool | None]) -> float:
    """A quarter for each sign that is there. NaN unless liquidations and two of the others are known."""
    if signs[0] is None or sum(sign is not None for sign in signs) < 3:
        return NAN
    return sum(sign is True for sign in signs) / 4


class CascadeScore(Metric):
    """A quarter each for: liquidations >= 10% of taker notional in 60 s; open interest down >= 1% in 5 min; 60 s return
    >= 4 sigma in the forced direction; depth within 10 bp on the side that is hit <= half its hour's median. Source:
    metrics.md 3.4.

    A sign that is not known counts as not there; without a feed of liquidations, or with fewer than three signs known,
    there is no score.
    """

    declaration = Declaration(
        key="cascade_score",
        fields=(
            Field("score", Unit.RATIO, "obi_cascade_score_ratio"),
            Field(
                "direction",
                Unit.COUNT,
                "",
                help="-1 where longs are being closed (down), +1 where shorts are.",
            ),
        ),
        help="How many of four signs of a liquidation cascade are there, as a share.",
        formula="1/4 ([L >= 0.1 V] + [dOI <= -1%] + [direction r >= 4 sigma] + [D <= 0.5 median])",
        source="metrics.md 3.4",
        sign="`direction` + is shorts being closed, forced buying",
        bounds=(-1, 1),
        group="derivatives",
    )

    def prepare(self) -> None:
        self.seconds: Seconds = self.context.shared(Seconds)
        self.shocks: Shocks = self.context.shared(Shocks, -4.0, 0.5)
        self.history: OpenInterest = self.context.shared(OpenInterest)
        self.forced = [0.0, 0.0]  # worth of longs, shorts since the start
        self.past: deque[tuple[float, float, float]] = deque(
            maxlen=WINDOW + 1
        )  # the same and takers', second by second
        self.alarmed = False

    def liquidated(self, price: float, size: float, quote: float, side: int, t: int) -> None:
        self.forced[side > 0] += quote

    def _last_minute(self) -> tuple[float, float, float]:
        """Worth of longs and shorts closed by force and of what takers took within the last minute."""
        taken = self.context.bought_worth + self.context.sold_worth
        self.past.append((self.forced[0], self.forced[1], taken))
        first = self.past[0] if len(self.past) > WINDOW else (0.0, 0.0, 0.0)
        return self.forced[0] - first[0], self.forced[1] - first[1], taken - first[2]

    def stated(self, t: int) -> None:
        self.history.note(t)

    def sample(self, book: Book, t: int, whole: bool) -> int:  # type: ignore[override]  # C's bint is Python's bool
        context, seconds = self.context, self.seconds
        self.shocks.close(book, t)
        longs, shorts, taken = self._last_minute()
        told = context.liquidations.share(WINDOW * SECOND, t) >= context.liquidations.least
        if not told or context.derivative.complete != context.derivative.complete:
            self._say(NAN, NAN)
            return 0
        if not context.trades.share(WINDOW * SECOND, t) >= context.trades.least:
            taken = NAN
        hit = "bid" if longs >= shorts else "ask"
        direction, signs = conditions(
            longs=longs,
            shorts=shorts,
            taken=taken,
            oi_change=self.history.change(OVER, t),
            ret=seconds.mid / seconds.before(WINDOW) - 1,
            sigma=seconds.sigma,
            depth=self.shocks.depth[hit],
            usual=self.shocks.median[hit],
        )
        self._say(score(signs), float(direction))
        self._alarm(direction, signs, t)
        return 0

    def _alarm(self, direction: int, signs: Sequence[bool | None], t: int) -> None:
        """Tell of a cascade once, when three signs have come together."""
        alarmed = score(signs) >= ALARM
        if alarmed and not self.alarmed:
            told = dict(zip(("liquidations", "open_interest", "move", "depth"), signs, strict=True))
            self.context.report(
                "cascade", "down" if direction < 0 else "up", t, {"score": score(signs), **told}
            )
        self.alarmed = alarmed

    def _say(self, found: float, direction: float) -> None:
        self.cells[self.at], self.cells[self.at + 1] = found, direction if found == found else NAN

    def paused(self, t: int) -> int:
        self._say(NAN, NAN)
        return 0

    def told(self, asked: str = "") -> Any:
        found, direction = self.cells[self.at], self.cells[self.at + 1]
        return {"score": found, "direction": direction}


def answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A case with the numbers of `conditions` under the names of metrics.md 9.4; a missing one is not known."""

    def given(name: str) -> float:
        value = inputs.get(name)
        return NAN if value is None else float(value)

    direction, signs = conditions(
        longs=given("long_liq_quote"),
        shorts=given("short_liq_quote"),
        taken=given("taker_quote"),
        oi_change=given("oi_change"),
        ret=given("ret"),
        sigma=given("sigma"),
        depth=given("depth_hit_side"),
        usual=given("depth_baseline"),
    )
    return {"score": score(signs), "direction": direction, "conditions": signs}


ANSWERS = {"cascade_score": answer}
