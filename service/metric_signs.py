"""What plus means, for each metric that can be negative; all others cannot, or their sign says nothing.

`tests/test_every_symmetry.py` proves it for those of one book: mirrored, a signed output changes its sign.
"""

from __future__ import annotations

_BIDS = "+ is more bids"
_BUY = "+ is buy pressure"
_TAKEN = "+ is more bought by takers"

SIGNS = {
    **dict.fromkeys(
        (
            *("band_imbalance", "consolidated_imbalance", "depth_imbalance", "mean_venue_imbalance"),
            *("order_count_imbalance", "persistent_depth_imbalance", "queue_imbalance", "slope_imbalance"),
            "weighted_depth_imbalance",
        ),
        _BIDS,
    ),
    **dict.fromkeys(
        (
            *("generalized_ofi", "integrated_ofi", "mlofi", "normalized_ofi", "ofi", "ofi_decomposition"),
            "pressure_score",
        ),
        _BUY,
    ),
    **dict.fromkeys(("cvd", "trade_flow_imbalance", "volume_delta"), _TAKEN),
    "arbitrage": "+ is what is left after fees",
    "basis": "+ is above the index",
    "book_pressure_zscore": "+ is bids deeper than usual, against asks",
    "cascade_score": "`direction` + is shorts being closed, forced buying",
    "contagion": "+ is moving together",
    "depth_ratio": "`log` + is more bids",
    "effective_spread": "`realized` - is a loss of the makers, `impact` + is a mid that went the taker's way",
    "fleeting_depth_imbalance": "+ is more of the young size among the bids",
    "funding_rate": "+ is longs who pay",
    "imbalance_half_life": "`rho` + is a lean that lasts",
    "impact_cost_imbalance": "+ is buying dearer than selling: bids deeper",
    "lead_lag": "seconds: + is the first venue ahead",
    "limit_flow": "`net_limit_flow_imbalance` + is bids that gain",
    "liquidation_imbalance": "`ratio` + is shorts closed by force: forced buying",
    "liquidity_shock": "- is thinner than usual",
    "long_short_imbalance": "+ is more longs",
    "maker_profile": "`kept` - is a loss of the makers, `edge` + is a micro-price in their favour",
    "micro_price": "`adjustment_ticks`, `bias_ticks` + is above the mid",
    "open_interest_change": "+ is more open interest",
    "peg_deviation": "+ is above the peg",
    "price_dislocation": "+ is dearer than elsewhere",
    "price_impact_regression": "`beta` + is a mid that goes the way of the flow, `alpha` + is up",
    "quote_stuffing": "+ is more changes than usual",
    "signed_open_interest": "+ is positions opened by takers who bought",
    "time_above": "`run` + is a lean to the bids",
    "vpin": "`signed` + is more bought by takers",
}


def sign(key: str) -> str:
    """As the page of metrics says it."""
    return f"sign: {SIGNS[key]}" if key in SIGNS else "no sign"
