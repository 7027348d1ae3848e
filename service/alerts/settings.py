"""Section `alerts` of the configuration."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator

from .senders import kinds
from .senders.sender import SenderSettings


class AlertSettings(BaseModel):
    """Which rules run, where alerts are kept, and who is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="Set to false to evaluate no rules.")
    defaults: bool = Field(
        True, description="Whether the rules that come with Steelyard run (config/alerts/)."
    )
    folder: str = Field("", description="Folder of your own rules; one of the same name goes over a default.")
    disabled: list[str] = Field([], description="Names of rules that do not run.")
    database: str = Field(
        "",
        description="SQLite file; empty: in the user's state folder (in memory for demo), `memory`: nowhere.",
    )
    history: int = Field(10_000, ge=100, le=1_000_000, description="Entries of the history that are kept.")
    unproven_seconds: float = Field(
        300,
        ge=5,
        le=86_400,
        description="How long a firing alert may stay unknown before it resolves as unproven.",
    )
    senders: Annotated[dict[str, SerializeAsAny[SenderSettings]], Field(max_length=50)] = Field(
        {},
        description="Name -> sender: kind (webhook, slack, discord, telegram, alertmanager, apprise) and its keys.",
    )

    @field_validator("senders", mode="before")
    @classmethod
    def _by_kind(cls, given: Any) -> Any:
        """Each by the model of its kind."""
        if not isinstance(given, dict):
            return given
        return {name: _sender(str(name), one) for name, one in given.items()}


def _sender(name: str, given: Any) -> Any:
    if isinstance(given, SenderSettings):
        return given
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind not in kinds():
        near = difflib.get_close_matches(str(kind), kinds(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{name}.kind: {kind!r} is no kind of sender{hint} (known are {', '.join(kinds())})")
    return kinds()[kind].Settings.model_validate(given)
