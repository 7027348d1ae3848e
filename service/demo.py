"""`steelyard demo`: the same service on simulated venues, each a process of its own that is started anew if it dies."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping

import structlog

from connectors import products
from connectors.errors import UsageError
from simulator import all_venues as simulated_venues

from .settings import Hosts, Settings, VenueSettings

log = structlog.get_logger()
LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
START_WITHIN = 60.0  # seconds
RESTART_AFTER = 3.0

FIRST = ("binance", "okx", "kraken", "bybit", "coinbase", "coinbase_exchange")  # without --all
SYMBOLS: Mapping[str, list[str]] = {
    "binance": ["BTC-USDT", "ETH-USDT", "SOL-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP", "BTC-USD-PERP:BTC"],
    "okx": ["BTC-USDT", "BTC-USDT-PERP", "BTC-USD-PERP:BTC", "ETH-USDT-PERP"],
    "kraken": ["BTC-USD", "ETH-USD"],
    "bybit": ["BTC-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP", "BTC-USD-PERP:BTC"],
    "coinbase": ["BTC-USD", "ETH-USD"],
    "coinbase_exchange": ["BTC-USD", "ETH-USD"],
    "bitstamp": ["BTC-USD", "ETH-USD", "BTC-USD-PERP"],
    "gate": ["BTC-USDT", "BTC-USDT-PERP", "ETH-USDT-PERP", "BTC-USD-PERP:BTC"],
    "bitget": ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP"],
    "gemini": ["BTC-USD", "ETH-USD", "BTC-GUSD-PERP"],
    "upbit": ["BTC-KRW", "ETH-KRW", "BTC-USDT"],
    "bithumb": ["BTC-KRW", "ETH-KRW"],
    "dydx": ["BTC-USD-PERP:USDC", "ETH-USD-PERP:USDC"],
    "kraken_futures": ["BTC-USD-PERP:BTC", "ETH-USD-PERP"],
    "deribit": ["BTC-USD-PERP:BTC", "ETH-USD-PERP:ETH"],
    "bitfinex": ["BTC-USD", "ETH-USDT", "BTC-USDT-PERP"],
    "hyperliquid": ["BTC-USDC-PERP", "ETH-USDC-PERP"],
    "htx": ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "BTC-USD-PERP:BTC"],
    "kucoin": ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "BTC-USD-PERP:BTC"],
    "crypto_com": ["BTC-USD", "BTC-USD-PERP"],
    "mexc": ["BTC-USDT", "ETH-USDT", "BTC-USDT-PERP", "BTC-USD-PERP:BTC"],
}


class SimulatedVenues:
    """Starts one process a venue, on a port that stays the same when it is started again."""

    def __init__(self, names: list[str], seed: int) -> None:
        self.names, self.seed = names, seed
        self.ports: dict[str, int] = {}
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False

    async def start(self) -> None:
        """Start all; UsageError where one does not come up."""
        await asyncio.gather(*(self._start(name) for name in self.names))

    async def _start(self, name: str) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simulator",
            name,
            "--port",
            str(self.ports.get(name, 0)),
            "--seed",
            str(self.seed),
            "--staged",
            "--with-parent",
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        self.processes[name] = process
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_WITHIN)
        except TimeoutError:
            line = b""
        found = LISTENING.search(line.decode("utf-8", "replace"))
        if found is None:
            raise UsageError(
                f"simulated venue {name} did not start; run `python -m simulator {name}` to see why"
            )
        self.ports[name] = int(found[1])
        log.info("simulated venue", venue=name, port=self.ports[name], pid=process.pid)

    async def watch(self) -> None:
        """Start a venue again a few seconds after it died, for ever."""
        while True:
            await asyncio.sleep(0.5)
            for name, process in list(self.processes.items()):
                if process.returncode is not None and not self._stopping:
                    log.warning("simulated venue died", venue=name, code=process.returncode)
                    await asyncio.sleep(RESTART_AFTER)
                    await self._start(name)

    async def stop(self) -> None:
        """End all processes."""
        self._stopping = True
        for process in self.processes.values():
            if process.returncode is None:
                process.terminate()
        for process in self.processes.values():
            try:
                await asyncio.wait_for(process.wait(), 3.0)
            except TimeoutError:
                process.kill()
                await process.wait()

    def hosts(self, name: str) -> dict[str, Hosts]:
        """Where our products of the venue find it: the simulator's address in place of the real one's beginning."""
        simulated = simulated_venues()[name]
        found: dict[str, Hosts] = {}
        for kind in products(name):
            for product, real in simulated.real_hosts.items():
                ours = simulated.hosts(self.ports[name])[product]
                if kind.ws.startswith(real["ws"]) and product_fits(
                    kind.product, product, simulated.real_hosts
                ):
                    ws = kind.ws.replace(real["ws"], ours["ws"], 1)
                    found.setdefault(
                        kind.product, Hosts(ws=ws, rest=kind.rest.replace(real["rest"], ours["rest"], 1))
                    )
        return found


def product_fits(ours: str, theirs: str, known: Mapping[str, object]) -> bool:
    """Products of the same name belong together; where names differ the address alone decides."""
    return ours == theirs or ours not in known


def settings_for(base: Settings, venues: SimulatedVenues) -> Settings:
    """The user's settings with the simulated venues in place of the real ones."""
    chosen = {
        name: VenueSettings(symbols=list(SYMBOLS.get(name, ())), hosts=venues.hosts(name))
        for name in venues.names
    }
    return base.model_copy(update={"venues": chosen})
