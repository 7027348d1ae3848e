"""`gamma_exposure`: what dealers have to trade per 1% move, if they are positioned as is assumed (metrics.md 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Chain = Sequence[Mapping[str, Any]]
DEALER_SIGN = {"call": 1.0, "put": -1.0}  # dealers bought calls and sold puts: the equity convention, assumed
_REACH = 0.5  # how far from the spot a change of sign is looked for
_STEPS = 200


def black76_gamma(forward: float, strike: float, t_years: float, iv: float) -> float:
    """Change of delta per unit of the forward, r = 0: n(d1) / (F sigma sqrt(T)); 0 at expiry. Source: Black 1976."""
    if t_years <= 0 or iv <= 0 or forward <= 0 or strike <= 0:
        return 0.0
    deviation = iv * math.sqrt(t_years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return math.exp(-d1 * d1 / 2) / (math.sqrt(2 * math.pi) * forward * deviation)


def _worth(option: Mapping[str, Any], spot: float) -> float:
    """Quote value of the hedge of one line of the chain per 1% move, without a sign."""
    if option["type"] not in DEALER_SIGN:
        raise ValueError(f"an option is a call or a put, not {option['type']!r}")
    numbers = (float(option[name]) for name in ("strike", "t_years", "iv"))
    return float(option.get("oi") or 0.0) * black76_gamma(spot, *numbers) * spot * spot * 0.01


def gamma_exposure(chain: Chain, spot: float, dealer_sign: Mapping[str, float] = DEALER_SIGN) -> float:
    """Sum of sign * OI * Gamma * S^2 * 0.01 in quote per 1% move; negative: hedging follows the move.

    chain: options with `type`, `strike`, `t_years`, `iv` (0.5 is 50% a year), `oi` in base.
    dealer_sign: +1 where dealers hold the option, -1 where they are short of it.
    """
    return math.fsum(dealer_sign[option["type"]] * _worth(option, spot) for option in chain)


def unsigned_exposure(chain: Chain, spot: float) -> float:
    """The same without signs: what rests on no assumption about who holds what."""
    return math.fsum(_worth(option, spot) for option in chain)


def strike_profile(
    chain: Chain, spot: float, dealer_sign: Mapping[str, float] = DEALER_SIGN
) -> dict[float, float]:
    """Signed exposure by strike, in the order of strikes."""
    found: dict[float, float] = {}
    for option in sorted(chain, key=lambda one: float(one["strike"])):
        strike = float(option["strike"])
        found[strike] = found.get(strike, 0.0) + dealer_sign[option["type"]] * _worth(option, spot)
    return found


def flip_spot(chain: Chain, spot: float, dealer_sign: Mapping[str, float] = DEALER_SIGN) -> float | None:
    """The spot nearest to this one at which the signed sum changes its sign; None within half and 1.5 times of it."""

    def at(price: float) -> float:
        return gamma_exposure(chain, price, dealer_sign)

    grid = [spot * (1 - _REACH + 2 * _REACH * k / _STEPS) for k in range(_STEPS + 1)]
    found = [
        _bisected(at, low, high)
        for low, high in pairwise(grid)
        if at(low) * at(high) < 0 or (at(high) == 0 and at(low) != 0)
    ]
    return min(found, key=lambda price: abs(price - spot), default=None)


def _bisected(at: Any, low: float, high: float) -> float:
    rising = at(low) < 0
    for _ in range(60):
        middle = (low + high) / 2
        if (at(middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _answer(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    """`dealer_sign`: a factor of the convention (-1 turns it round), or an object of call and put."""
    given = {**params, **inputs}
    asked = given.get("dealer_sign", 1)
    if isinstance(asked, Mapping):
        sign = {kind: float(asked.get(kind, usual)) for kind, usual in DEALER_SIGN.items()}
    else:
        sign = {kind: float(asked) * usual for kind, usual in DEALER_SIGN.items()}
    return gamma_exposure(given["chain"], float(given["spot"]), sign)


def _unsigned(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> float:
    given = {**params, **inputs}
    return unsigned_exposure(given["chain"], float(given["spot"]))


ANSWERS = {"gamma_exposure": _answer, "gamma_exposure_unsigned": _unsigned}
