"""Section `across` of the configuration: which books are one group, what trading costs, what a currency is worth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.instruments import read_symbol

MOST_IN_BASKET = 30
Fee = Annotated[float, Field(gt=-0.01, lt=0.1)]
_BOOK = re.compile(r"(?P<venue>\S+)\s+(?P<symbol>\S+)")


class GroupSettings(BaseModel):
    """A group of the user's own: one book a venue, whatever their quotes."""

    model_config = ConfigDict(extra="forbid")

    symbol: str = Field(description="What it is called, such as BTC-USD.", min_length=1, max_length=60)
    market: Literal["spot", "perp", "future", "option"] = "spot"
    members: dict[str, str] = Field(description="Venue -> its canonical symbol.", min_length=1, max_length=50)
    fx: dict[str, float | str] = Field(
        {},
        description="Venue -> what its prices are multiplied with: a number, or a book as 'VENUE SYMBOL' whose mid it is.",
    )

    @model_validator(mode="after")
    def _named(self) -> GroupSettings:
        for venue, symbol in self.members.items():
            if read_symbol(symbol) is None:
                raise ValueError(f"{symbol!r} of {venue} is no canonical symbol; write it as BTC-USDT")
        for venue, rate in self.fx.items():
            if venue not in self.members:
                raise ValueError(
                    f"fx names {venue}, which is none of the members ({', '.join(self.members)})"
                )
            if isinstance(rate, str) and _BOOK.fullmatch(rate) is None:
                raise ValueError(
                    f"fx of {venue} is {rate!r}; write a number, or a book such as 'kraken USDT-USD'"
                )
            if isinstance(rate, (int, float)) and not 0 < rate < 1e9:
                raise ValueError(f"fx of {venue} is {rate}; a rate is above 0")
        return self

    def book_of_rate(self, venue: str) -> tuple[str, str] | None:
        """(venue, symbol) of the book whose mid is this member's rate; None where it is a number or par."""
        rate = self.fx.get(venue)
        found = _BOOK.fullmatch(rate) if isinstance(rate, str) else None
        return (found["venue"], found["symbol"]) if found else None


class BasketSettings(BaseModel):
    """Books of different assets, of one venue or of several, that are looked at together."""

    model_config = ConfigDict(extra="forbid")

    symbol: str = Field(description="What it is called, such as MAJORS.", min_length=1, max_length=60)
    market: Literal["spot", "perp", "future", "option"] = Field("spot", description="Label `market` of it.")
    members: list[str] = Field(
        description="Its books, each as 'VENUE SYMBOL'.", min_length=2, max_length=MOST_IN_BASKET
    )

    @field_validator("members")
    @classmethod
    def _books(cls, members: list[str]) -> list[str]:
        for member in members:
            found = _BOOK.fullmatch(member)
            if found is None or read_symbol(found["symbol"]) is None:
                raise ValueError(f"{member!r} is no book; write it as 'binance BTC-USDT-PERP'")
            if members.count(member) > 1:
                raise ValueError(f"{member!r} stands in it twice")
        return members


class AcrossSettings(BaseModel):
    """Consolidated books, and what is measured between venues."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(True, description="Set to false to measure nothing across venues.")
    taker_fee: Fee = Field(0.001, description="Taker fee of venues that `fees` does not name, as a fraction.")
    fees: dict[str, Fee] = Field(
        {},
        description="Venue, or 'VENUE MARKET' -> taker fee as a fraction: {binance: 0.001, 'okx perp': 0.0005}.",
    )
    groups: list[GroupSettings] = Field(
        [],
        description="Groups beside those that follow by themselves (same base, quote, settlement and market).",
    )
    baskets: list[BasketSettings] = Field(
        [],
        description="Baskets beside those that follow by themselves (a venue's linear books in one quote).",
        max_length=50,
    )
    same: dict[str, dict[str, str]] = Field(
        {},
        description="Asset -> venue -> its ticker there, for assets that are not the same everywhere by name alone.",
    )

    @field_validator("fees")
    @classmethod
    def _readable(cls, fees: dict[str, float]) -> dict[str, float]:
        for name in fees:
            words = name.split()
            if len(words) not in (1, 2) or (
                len(words) == 2 and words[1] not in ("spot", "perp", "future", "option")
            ):
                raise ValueError(f"{name!r} is neither a venue nor 'VENUE MARKET' such as 'okx perp'")
        return fees

    @model_validator(mode="after")
    def _apart(self) -> AcrossSettings:
        names = [(one.market, one.symbol) for one in self.groups]
        names += [(one.market, one.symbol) for one in self.baskets]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two groups or baskets are called {name[1]} ({name[0]}); rename one")
        return self

    def fee(self, venue: str, market: str) -> float:
        """Taker fee of a venue's market, as a fraction."""
        return self.fees.get(f"{venue} {market}", self.fees.get(venue, self.taker_fee))

    def names(self) -> Mapping[str, list[tuple[str, str]]]:
        """`same` as connectors/assets.py takes it."""
        return {asset: list(tickers.items()) for asset, tickers in self.same.items()}
