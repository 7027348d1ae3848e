"""Settings: defaults here, over them one YAML file, over that the environment (`STEELYARD_*`), over that flags.

Unknown keys are refused. An error names the file, the key, and what to write instead.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from connectors import all_venues
from connectors import products as products_of
from connectors.ccxt_venue import PREFIX as CCXT
from connectors.ccxt_venue import fault_in
from connectors.errors import UsageError
from connectors.selection import Selection, fault_of, fault_of_top, is_pattern, markets_of

from .across.settings import AcrossSettings, BasketSettings, GroupSettings
from .alerts.senders import kinds
from .alerts.settings import AlertSettings
from .api.settings import ApiSettings
from .external.settings import ExternalSettings
from .metric_settings import MetricSettings
from .recent.settings import RecentSettings

PREFIX = "STEELYARD_"


class Strict(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


class Hosts(Strict):
    """Addresses of one product in place of the venue's own: scheme, host, and a leading path if any."""

    ws: str = Field("", description="WebSocket base, such as ws://127.0.0.1:9001.", pattern=r"^$|^wss?://")
    rest: str = Field("", description="REST base, such as http://127.0.0.1:9001.", pattern=r"^$|^https?://")


class VenueSettings(Strict):
    """One venue: which symbols to watch, and where."""

    symbols: list[str] = Field(
        [],
        description="Canonical (BTC-USDT, BTC-USDT-PERP), ccxt or native symbols, and patterns of canonical ones "
        "(*-USDT-PERP, BTC-USDT-[0-9]* for dated futures).",
    )
    top: dict[str, Annotated[int, Field(ge=1, le=1000)]] = Field(
        {}, description="Pattern -> how many of it to watch: those with the largest 24 h volume."
    )
    refresh_seconds: float = Field(
        3600,
        ge=60,
        description="How often the instrument list is fetched again where a pattern or top needs it.",
    )
    enabled: bool = Field(True, description="Set to false to leave the venue out.")
    hosts: dict[str, Hosts] = Field({}, description="Per product, in place of the venue's own addresses.")

    @field_validator("symbols")
    @classmethod
    def _unique(cls, symbols: list[str]) -> list[str]:
        for text in symbols:
            if is_pattern(text) and (fault := fault_of(text)):
                raise ValueError(fault)
        return list(dict.fromkeys(symbols))

    @field_validator("top")
    @classmethod
    def _ranked(cls, top: dict[str, int]) -> dict[str, int]:
        for pattern in top:
            if fault := fault_of_top(pattern):
                raise ValueError(fault)
        return top

    @property
    def selection(self) -> Selection:
        return Selection.of(self.symbols, self.top)

    @property
    def told(self) -> str:
        """What is watched, in words."""
        selection = self.selection
        parts = [(len(selection.names), "symbols"), (len(selection.patterns), "patterns")]
        said = [f"{count} {what}" for count, what in parts if count]
        return ", ".join([*said, *(f"top {most} of {pattern}" for pattern, most in self.top.items())])


class LogSettings(Strict):
    """What is logged and how."""

    level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = "info"
    format: Annotated[
        str, Field(pattern="^(auto|text|json)$", description="auto: text on a terminal, else JSON.")
    ] = "auto"


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", yaml_file=None
    )

    venues: dict[str, VenueSettings] = Field(
        {
            "binance": VenueSettings(
                symbols=["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP", "BTC-USD-PERP:BTC"]
            ),
            "okx": VenueSettings(symbols=["BTC-USDT", "BTC-USDT-PERP"]),
            "kraken": VenueSettings(symbols=["BTC-USD", "ETH-USD"]),
            "bybit": VenueSettings(symbols=["BTC-USDT", "BTC-USDT-PERP", "BTC-USD-PERP:BTC"]),
            "coinbase": VenueSettings(symbols=["BTC-USD", "ETH-USD"]),
        },
        description="Venue id -> what to watch there.",
    )
    metrics: MetricSettings = MetricSettings()
    across: AcrossSettings = AcrossSettings()
    external: ExternalSettings = ExternalSettings()
    api: ApiSettings = ApiSettings()
    alerts: AlertSettings = AlertSettings()
    recent: RecentSettings = RecentSettings()
    log: LogSettings = LogSettings()
    max_levels: int = Field(
        50_000, ge=100, le=1_000_000, description="Levels a side kept of a book; the farthest go first."
    )
    cache_dir: str = Field("", description="Folder for instrument lists; empty for the user's cache folder.")

    @field_validator("venues")
    @classmethod
    def _venues(cls, venues: dict[str, VenueSettings]) -> dict[str, VenueSettings]:
        known = {name for name, _ in all_venues()}
        for name, one in venues.items():
            if name.startswith(CCXT):
                if not one.enabled:
                    continue  # nothing more can be said of an exchange where ccxt is not installed
                if fault := fault_in(name):
                    raise ValueError(fault)
            elif name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"no venue {name!r}{hint} (known are {', '.join(sorted(known))})")
            products = {kind.product for kind in products_of(name)}
            for product in one.hosts:
                if product not in products:
                    has = ", ".join(sorted(products))
                    raise ValueError(f"{name} has no product {product!r} to give hosts for (it has {has})")
            _selectable(name, one)
        return venues

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over what is handed in (the file)."""
        return env_settings, init_settings


def _selectable(name: str, one: VenueSettings) -> None:
    """Can the venue have what is asked for, and rank what is to be ranked? ValueError with key and cure."""
    kinds = [kind for (venue, _), kind in all_venues().items() if venue == name]
    markets = frozenset().union(*(kind.markets for kind in kinds))
    for key, texts in (("symbols", one.symbols), ("top", one.top)):
        for text in texts:
            if not markets_of(text) & markets:
                asked = " or ".join(sorted(markets_of(text)))
                raise ValueError(
                    f"{name}.{key}: {text} means {asked} instruments, and {name} has {', '.join(sorted(markets))} only; "
                    "remove it, or write a symbol of these"
                )
    for pattern in one.top:
        wanted = [kind for kind in kinds if markets_of(pattern) & kind.markets]
        if not any(kind().volume_paths() for kind in wanted):
            ranked = sorted({venue for (venue, _), kind in all_venues().items() if kind().volume_paths()})
            raise ValueError(
                f"{name}.top: the 24 h volumes of {name} are not known here (those of {', '.join(ranked)} are); "
                f"name the symbols, or write the pattern {pattern!r} under symbols"
            )


def load(path: str | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """Settings from a file (or the defaults), the environment and flags. UsageError where something is wrong."""
    given = _read(Path(path)) if path else {}
    # Handed in as the file is, so that the environment changes a venue instead of replacing all.
    venues: dict[str, VenueSettings] = Settings.model_fields["venues"].default
    given.setdefault("venues", {name: {"symbols": one.symbols} for name, one in venues.items()})
    try:
        settings = Settings(**given)
    except ValidationError as failure:
        raise UsageError(_told(failure, path or "the defaults")) from failure
    except SettingsError as failure:
        raise UsageError(_unreadable()) from failure
    for key, value in (flags or {}).items():
        section, _, name = key.partition(".")
        part = getattr(settings, section)
        try:
            changed = type(part)(**{**part.model_dump(), name: value})
        except ValidationError as failure:
            raise UsageError(_told(failure, f"--{name}")) from failure
        settings = settings.model_copy(update={section: changed})
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text())
    except OSError as failure:
        raise UsageError(f"{path}: cannot be read ({failure.strerror})") from failure
    except (yaml.YAMLError, UnicodeDecodeError) as failure:
        told = " ".join(str(failure).split())
        if "alias" in told:
            told += "; put a pattern that begins with * in quotes"
        raise UsageError(f"{path}: not YAML ({told})") from failure
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UsageError(f"{path}: holds no settings; write keys such as venues: and api:")
    return {str(key): value for key, value in found.items()}


def _told(failure: ValidationError, where: str) -> str:
    """The first thing that is wrong, with its place and the cure."""
    first = failure.errors()[0]
    where = _variable(first["loc"]) or where
    key = ".".join(str(part) for part in first["loc"]) or "settings"
    more = f" (and {failure.error_count() - 1} more)" if failure.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        near = difflib.get_close_matches(name, _names(), 1)
        hint = f"did you mean {near[0]}?" if near else "remove it"
        return f"{where}: {key}: unknown key; {hint}{more}"
    message = first["msg"].removeprefix("Value error, ")
    shown = "" if first["type"] == "value_error" else f" (got {first['input']!r})"
    return f"{where}: {key}: {message}{shown}{more}"


def _variable(place: tuple[int | str, ...]) -> str:
    """The environment's variable that sets what stands at a place, "" if none does."""
    known = {name.upper(): name for name in os.environ}
    for length in range(len(place), 0, -1):
        name = PREFIX + "__".join(str(part) for part in place[:length]).upper()
        if name in known:
            return known[name]
    return ""


def _unreadable() -> str:
    """A variable that should hold a list or a map does not."""
    suspects = []
    for name, value in os.environ.items():
        if name.upper().startswith(PREFIX):
            try:
                json.loads(value)
            except ValueError:
                suspects.append(name)
    return f'{" or ".join(suspects)}: cannot be read; write a list or a map as JSON, such as ["BTC-USD"]'


def _names() -> list[str]:
    models: list[type[BaseModel]] = [Settings, VenueSettings, Hosts, MetricSettings, LogSettings, ApiSettings]
    models += [AlertSettings, *(kind.Settings for kind in kinds().values())]
    models += [AcrossSettings, GroupSettings, BasketSettings, ExternalSettings, RecentSettings]
    return [name for model in models for name in model.model_fields]
