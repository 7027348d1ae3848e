"""Section `external` of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ExternalSettings(BaseModel):
    """Who may push series, how many and how often, and where they are kept. Without a token nobody may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: tuple[Sha256, ...] = Field(
        default=(), description="SHA-256 (hex) of each token that may push; empty switches it off."
    )
    database: str = Field(
        default="",
        description="SQLite file; empty: in the user's state folder (in memory for demo), `memory`: nowhere.",
    )
    most_series: int = Field(default=500, ge=1, le=100_000, description="Series that are taken.")
    most_values: int = Field(default=1_000, ge=1, le=100_000, description="Numbers of one pushed vector.")
    most_bytes: int = Field(default=65_536, ge=256, le=1_048_576, description="Longest body.")
    per_second: float = Field(default=50, gt=0, le=10_000, description="Pushes a second, over all series.")
    keep: int = Field(default=10_000, ge=1, le=1_000_000, description="Points kept of each series.")
    stale_after_seconds: float = Field(
        default=86_400, gt=0, le=31_536_000, description="Age beyond which the last value is no longer shown."
    )
