"""Section `recent` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# What charts rest on: prices, imbalance by depth and band, order flow, trades, derivatives; and all between venues.
OUTPUTS = (
    *("best_price", "mid_price", "micro_price", "spread.ratio"),
    *("queue_imbalance", "depth_imbalance", "band_imbalance"),
    "weighted_depth_imbalance{weighting=distance_exp}",
    *("depth.base{band_bps=10,*", "depth.base{band_bps=50,*"),
    *("ofi", "normalized_ofi{level=1,*", "pressure_score", "p_up"),
    *("cvd", "trade_flow_imbalance.ratio{window=?0s}", "volume_delta{window=10s}", "trade_volume.base"),
    "vpin{classification=taker}",
    *("spoof_score.score", "stress_level", "cascade_score.score", "liquidation_imbalance.total"),
    *("funding_rate", "basis", "open_interest_change.level"),
    *("consolidated_*", "mean_venue_imbalance*", "venue_depth_share*", "price_dislocation*"),
    *("arbitrage.edge*", "peg_deviation*", "funding_dispersion*"),
)
MOST_OUTPUTS = 96  # of one book


class RecentSettings(BaseModel):
    """What is kept in memory of the last minutes, and served under /api/v1/history."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: int = Field(
        15, ge=0, le=240, description="How far back every book is kept, second by second; 0 keeps nothing."
    )
    megabytes: int = Field(
        150,
        ge=1,
        le=100_000,
        description="Most memory; books that would go beyond it are not kept. 200 books of 15 minutes fit into 150.",
    )
    outputs: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        list(OUTPUTS),
        description="Outputs that are kept, by globs of their names, with or without labels: ofi, depth.*, "
        "ofi{window=1s}. Statistics (stat=min …) only where a glob names them.",
        max_length=200,
    )
