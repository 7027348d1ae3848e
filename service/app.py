"""Puts everything together: settings -> feeds -> engine -> API, on one event loop, with a clean stop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from connectors import all_venues, products
from connectors.ccxt_venue import PREFIX as CCXT
from connectors.driver import Network
from connectors.intake import Clock
from connectors.venue import Venue

from .across.consolidation import Consolidation
from .alerts.desk import Desk
from .api.app import create_app
from .api.ports import DerivativeFacts, VenueFacts
from .api.server import serve
from .engine import Engine
from .external.settings import ExternalSettings
from .external.store import Store as ExternalStore
from .feeds import VenueFeeds, cache_folder, tell_book
from .health import Health, Pulse
from .recent.ring import Ring
from .rows import Rows
from .settings import Settings

log = structlog.get_logger()
SETTLE_SECONDS = 2.0  # for what senders have yet to be told when the service stops


class Service:
    """One running Steelyard. `rows` and `record` are optional outputs beside the API."""

    def __init__(
        self,
        settings: Settings,
        *,
        simulated: bool = False,
        record: Path | None = None,
        with_api: bool = True,
    ) -> None:
        self.settings, self.record, self.with_api = settings, record, with_api
        self.engine, self.consolidation = engine_of(settings, simulated=simulated)
        self.clock = Clock()
        self.stopping = asyncio.Event()
        self.rows: Rows | None = None
        self.alerts: Desk | None = None
        if settings.alerts.enabled and with_api:
            database = alert_database(settings.alerts.database, os.environ, simulated=simulated)
            self.alerts = Desk(
                self.engine, settings.alerts, self.clock, database=database, environ=os.environ
            )
        self.health = Health()
        self.recent = Ring(self.engine, settings.recent) if settings.recent.minutes and with_api else None
        self.bound: Callable[[int], None] = lambda port: None

    async def run(self) -> None:
        """Run until `stopping` is set; then end within ten seconds."""
        network = Network(clock=self.clock)
        pulse = Pulse()
        self.health = Health(self.engine.arrivals, network.handled, pulse)
        told: dict[int, tuple[str, str]] = {}
        self.engine.listen(partial(_tell_if_changed, told))
        if self.consolidation is not None:
            self.consolidation.begin(self.clock())
            network.timeline.watch(self.consolidation)
        if self.rows is not None:
            self.rows.begin(self.clock())
            network.timeline.watch(self.rows)
        if self.alerts is not None:
            self.alerts.watch.begin(self.clock())
            network.timeline.watch(self.alerts.watch)
        if self.recent is not None:
            self.recent.begin(self.clock())
            network.timeline.watch(self.recent)
        cache = cache_folder(self.settings.cache_dir, os.environ)
        feeds = [
            VenueFeeds(
                name,
                one,
                network,
                self.engine,
                max_levels=self.settings.max_levels,
                cache=cache,
                record=self.record,
            )
            for name, one in self.settings.venues.items()
            if one.enabled and (one.symbols or one.top)
        ]
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        try:
            async with asyncio.TaskGroup() as group:
                timers = group.create_task(network.run_timers())
                looking = group.create_task(pulse.run())
                starters = [group.create_task(one.run()) for one in feeds]
                if self.with_api:
                    group.create_task(self._serve())
                telling = [group.create_task(self.alerts.delivery.run())] if self.alerts is not None else []
                await self.stopping.wait()
                for task in (timers, looking, *starters):
                    task.cancel()
                if self.alerts is not None:
                    await self.alerts.delivery.settle(SETTLE_SECONDS)
                for task in telling:
                    task.cancel()
        finally:
            await network.close()
            if self.alerts is not None:
                self.alerts.close()
            log.info("stopped")

    async def _serve(self) -> None:
        api = self.settings.api
        path = external_database(self.settings.external, os.environ, simulated=self.engine.simulated)
        external = ExternalStore(path, self.settings.external)
        app = create_app(
            self.engine,
            facts(self.settings.venues),
            api,
            self.clock,
            alerts=self.alerts,
            external=external,
            health=self.health,
            recent=self.recent,
        )
        try:
            await serve(
                app, api.host, api.port, self.stopping, bound=self._bound, stop_seconds=api.stop_seconds
            )
        finally:
            external.close()
            self.stopping.set()

    def _bound(self, port: int) -> None:
        log.info("listening", url=f"http://{self.settings.api.host}:{port}")
        self.bound(port)

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT stop the service."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)


def external_database(
    settings: ExternalSettings, environ: Mapping[str, str], *, simulated: bool
) -> Path | None:
    """Where pushed series are kept; None is memory. What is pushed to a simulation is not kept among what is real."""
    asked = settings.database
    if not settings.tokens or asked == "memory" or (simulated and not asked):
        return None
    if asked:
        return Path(asked).expanduser()
    state = environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(state) / "steelyard" / "external.sqlite"


def engine_of(settings: Settings, *, simulated: bool = False) -> tuple[Engine, Consolidation | None]:
    """The engine that the settings ask for, and what watches over several venues; both without a clock of their own."""
    for file, reason in settings.metrics.own.faults:
        log.error("own metric left out", file=file, reason=reason)
    plans = settings.metrics.plans()
    engine = Engine(plans, min_coverage=settings.metrics.min_coverage, simulated=simulated)
    engine.left_out = [{"file": file, "reason": reason} for file, reason in settings.metrics.own.faults]
    consolidation = Consolidation(engine, settings.across, plans.chosen) if settings.across.enabled else None
    return engine, consolidation


def _tell_if_changed(told: dict[int, tuple[str, str]], book: Any) -> None:
    if not book.members:  # of a group, its members' books are told of
        tell_book(book, told)


def derivative_facts(kind: type[Venue]) -> DerivativeFacts | None:
    """What a product tells of its derivatives; None where it has none or tells nothing."""
    told = kind.derivatives
    if told is None:
        return None
    return DerivativeFacts(
        str(told.liquidations),
        told.sampled,
        told.open_interest,
        told.funding,
        told.mark,
        told.index,
        tuple(str(one) for one in told.long_short),
    )


def alert_database(asked: str, environ: Mapping[str, str], *, simulated: bool) -> Path | None:
    """Where alerts are kept; None is memory. Simulated alerts are not kept among real ones."""
    if asked == "memory" or (simulated and not asked):
        return None
    if asked:
        return Path(asked).expanduser()
    state = environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(state) / "steelyard" / "alerts.sqlite"


def facts(configured: Iterable[str] = ()) -> list[VenueFacts]:
    """What all venues declare; of ccxt's those that are configured."""
    bridged = [kind for name in configured if name.startswith(CCXT) for kind in products(name)]
    return [
        VenueFacts(
            name=kind.name,
            product=kind.product,
            markets=tuple(sorted(str(market) for market in kind.markets)),
            proof=kind.proof,
            detects=kind().detects,
            scope=kind().scope,
            checksum=(kind.checksum.__doc__ or "").split(";")[0] if kind.checksum else "",
            blind_spots=kind.blind_spots,
            depth=kind.depth,
            interval=kind.interval,
            derivatives=derivative_facts(kind),
        )
        for kind in (*all_venues().values(), *bridged)
    ]
