"""The process in which ccxt runs: commands come in on stdin, books and trades go out on stdout, a JSON object a line.

It is the only importer of ccxt, and a process of its own so that neither ccxt's work nor its leaks nor its hangs reach
the native venues. Whoever started it watches it from outside (`ccxt_bridge.py`); it ends when its stdin does.
Memory is bounded: of each book only the newest image waits for the pipe, and of the trades a fixed number.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from .ccxt_venue import DEPTH

EVERY = 0.05  # seconds between two batches of images
MOST_TRADES = 10_000  # waiting for the pipe
CLOCKS_APART = 2_000  # ms; a trade older than the subscription by more is history
TRADES_AGAIN = 5.0  # seconds after a failed call
CLOSE_WITHIN = 3.0
PATIENCE = 10.0  # seconds for the pipe to take the last word


class Outlet:
    """Writes lines to the pipe from a thread of its own, so that a slow reader blocks nothing else."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe
        self._ready = threading.Condition()
        self._told: list[dict[str, Any]] = []
        self._trades: deque[dict[str, Any]] = deque()
        self._images: dict[str, dict[str, Any]] = {}
        self._dropped = 0
        self._busy = False
        threading.Thread(target=self._run, daemon=True).start()

    def tell(self, **message: Any) -> None:
        """Something rare."""
        with self._ready:
            self._told.append(message)
            self._ready.notify_all()

    def trade(self, message: dict[str, Any]) -> None:
        with self._ready:
            if len(self._trades) < MOST_TRADES:
                self._trades.append(message)
            else:
                self._dropped += 1
            self._ready.notify_all()

    def image(self, symbol: str, message: dict[str, Any]) -> None:
        """A book's newest image takes the place of the one that still waits."""
        with self._ready:
            self._images[symbol] = message
            self._ready.notify_all()

    def forget(self, symbol: str) -> None:
        """What waits of a symbol is of a subscription that ended."""
        with self._ready:
            self._images.pop(symbol, None)

    def flush(self) -> None:
        """Wait until the pipe took everything."""
        with self._ready:
            self._ready.wait_for(
                lambda: not (self._busy or self._told or self._trades or self._images), PATIENCE
            )

    def _take(self) -> list[dict[str, Any]]:
        with self._ready:
            self._busy = False
            self._ready.notify_all()
            self._ready.wait_for(lambda: self._told or self._trades or self._images)
            batch = [*self._trades, *self._images.values()]
            if self._dropped:
                self._told.append({"kind": "noted", "why": f"{self._dropped} trades dropped: pipe full"})
            batch = [*self._told, *batch]
            self._told, self._images, self._dropped, self._busy = [], {}, 0, True
            self._trades.clear()
            return batch

    def _run(self) -> None:
        while True:
            for message in self._take():
                line = orjson.dumps(message, default=str) + b"\n"
                try:
                    while line:
                        line = line[os.write(self.pipe, line) :]
                except OSError:  # nobody reads any more
                    os._exit(1)
            time.sleep(EVERY)


class Watched:
    """One exchange object of ccxt and the symbols that are watched over it. It is closed when none is left."""

    def __init__(self, exchange: Any, symbols: list[str], outlet: Outlet, failed: Any) -> None:
        self.exchange, self.outlet, self.failed = exchange, outlet, failed
        self.shared = len(symbols) > 1
        self.tasks = {symbol: self._start(symbol) for symbol in symbols}

    def _start(self, symbol: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._book(symbol))]
        if self.exchange.has.get("watchTrades"):
            tasks.append(asyncio.create_task(self._trades(symbol)))
        return tasks

    async def _book(self, symbol: str) -> None:
        try:
            while True:
                book = await self.exchange.watch_order_book(symbol)
                self.outlet.image(symbol, image(symbol, book))
                await asyncio.sleep(0)  # a call that never waits must not keep the others from running
        except Exception as failure:  # noqa: BLE001  # whatever ccxt raises ends this subscription and is told
            self.failed(self, symbol, failure)

    async def _trades(self, symbol: str) -> None:
        """A failure costs no book: where the exchange is gone the book's own call says so."""
        start = time.time() * 1000
        first = True
        while True:
            try:
                for trade in await self.exchange.watch_trades(symbol):
                    stamp = trade.get("timestamp")
                    if first if stamp is None else stamp < start - CLOCKS_APART:
                        continue
                    self.outlet.trade(print_of(symbol, trade))
                first = False
                await asyncio.sleep(0)
            except Exception as failure:  # noqa: BLE001  # told and tried again
                self.outlet.tell(kind="noted", why=f"trades failed: {type(failure).__name__}")
                await asyncio.sleep(TRADES_AGAIN)

    async def leave(self, symbol: str) -> None:
        """Stop a symbol; with the last one the exchange object goes."""
        for task in self.tasks.pop(symbol, ()):
            task.cancel()
        self.outlet.forget(symbol)
        if not self.tasks:
            await closed(self.exchange)


def image(symbol: str, book: Any) -> dict[str, Any]:
    """A copy of ccxt's book, which is one object that changes under its reader."""
    sides = {side: [[row[0], row[1]] for row in book[side][:DEPTH]] for side in ("bids", "asks")}
    return {"kind": "image", "symbol": symbol, "t": book.get("timestamp") or 0, **sides}


def print_of(symbol: str, trade: Any) -> dict[str, Any]:
    return {
        "kind": "trade",
        "symbol": symbol,
        "t": trade.get("timestamp") or 0,
        "price": trade["price"],
        "size": trade["amount"],
        "side": trade.get("side") or "",
    }


async def closed(exchange: Any) -> None:
    """Close an exchange object; one that does not is left to the end of the process."""
    try:
        await asyncio.wait_for(exchange.close(), CLOSE_WITHIN)
    except Exception as failure:  # noqa: BLE001  # nothing of it is used any more
        sys.stderr.write(f"close failed: {failure!r}\n")


class Watcher:
    """All that this process watches."""

    def __init__(self, kind: Any, hosts: dict[str, str], outlet: Outlet) -> None:
        self.kind, self.hosts, self.outlet = kind, hosts, outlet
        self.first = self._made()
        self.watched: dict[str, Watched] = {}
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def _made(self) -> Any:
        made = self.kind({"enableRateLimit": True, "newUpdates": True})
        if any(self.hosts.values()):
            made.urls["api"] = moved(made.urls["api"], self.hosts)
        return made

    async def load(self) -> list[dict[str, Any]]:
        """Fetch the list of markets and give it in our words."""
        await self.first.load_markets()
        mode = getattr(self.first, "precisionMode", 4)
        return [row_of(market, mode) for market in self.first.markets.values()]

    def watch(self, symbols: list[str]) -> None:
        """Symbols asked for together share a new exchange object: of an old one's state nothing is trusted."""
        exchange = self._made()
        exchange.set_markets_from_exchange(self.first)
        group = Watched(exchange, symbols, self.outlet, self.failed)
        self.watched |= dict.fromkeys(symbols, group)

    async def unwatch(self, symbols: list[str]) -> None:
        for symbol in symbols:
            if group := self.watched.pop(symbol, None):
                await group.leave(symbol)
            self.outlet.tell(kind="unwatched", symbol=symbol)

    def failed(self, group: Watched, symbol: str, failure: Exception) -> None:
        """What a failed call costs: all, where the connection of many is gone; else its symbol."""
        if self.watched.get(symbol) is not group:
            return
        names = {kind.__name__ for kind in type(failure).__mro__}
        why = f"{type(failure).__name__}: {failure}".split("\n")[0][:160]
        self.outlet.forget(symbol)
        if group.shared and "NetworkError" in names and "InvalidNonce" not in names:
            if not self.ended.done():
                self.ended.set_result(why)
        elif names & {"BadRequest", "NotSupported", "AuthenticationError", "ArgumentsRequired"}:
            self.outlet.tell(kind="refused", symbol=symbol, why=why)
        else:
            self.outlet.tell(kind="lost", symbol=symbol, why=why)

    def unhandled(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Exceptions in ccxt's callbacks are raised to nobody; what follows is silence, which is watched outside."""
        failure = context.get("exception")
        self.outlet.tell(kind="noted", why=f"unhandled in ccxt: {type(failure).__name__}")

    async def obey(self) -> str:
        """Do what stdin says until it ends."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.unhandled)
        commands = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        async for line in commands:
            asked = orjson.loads(line)
            if asked["op"] == "watch":
                self.watch(asked["symbols"])
            else:
                await self.unwatch(asked["symbols"])
        return "stopped"


def moved(urls: Any, hosts: dict[str, str]) -> Any:
    """The same addresses on other hosts, by scheme."""
    if isinstance(urls, dict):
        return {name: moved(url, hosts) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    parts = urlsplit(urls)
    host = hosts["ws"] if parts.scheme in ("ws", "wss") else hosts["rest"]
    if not host:
        return urls
    ours = urlsplit(host)
    return urlunsplit((ours.scheme, ours.netloc, ours.path.rstrip("/") + parts.path, parts.query, ""))


def row_of(market: dict[str, Any], mode: int) -> dict[str, Any]:
    """What `CcxtVenue.instruments` reads of a market. Modes: 4 tick sizes, 2 decimals, 3 significant digits."""
    size = market.get("contractSize")
    precision = market.get("precision") or {}
    return {
        "symbol": market["symbol"],
        "contract_size": "1" if size is None and market.get("contract") else _text(size),
        "inverse": bool(market.get("inverse")),
        "quanto": bool(market.get("contract") and not market.get("linear") and not market.get("inverse")),
        "tick": step(precision.get("price"), mode),
        "lot": step(precision.get("amount"), mode),
        "active": market.get("active") is not False,
    }


def step(value: Any, mode: int) -> str | None:
    if value is None or mode not in (2, 4):
        return None
    return str(Decimal(1).scaleb(-int(value))) if mode == 2 else _text(value)


def _text(value: Any) -> str | None:
    return None if value is None else str(Decimal(str(value)))


async def work(mode: str, exchange: str, hosts: dict[str, str], outlet: Outlet) -> None:
    """Write the list of markets and end, or watch until told to end."""
    import ccxt.pro

    watcher = Watcher(getattr(ccxt.pro, exchange), hosts, outlet)
    rows = await watcher.load()
    if mode == "markets":
        outlet.tell(kind="markets", rows=rows)
        await closed(watcher.first)
        return
    outlet.tell(kind="ready", why="ready")
    obeying = asyncio.create_task(watcher.obey())
    await asyncio.wait([obeying, watcher.ended], return_when=asyncio.FIRST_COMPLETED)
    outlet.tell(kind="ended", why=watcher.ended.result() if watcher.ended.done() else obeying.result())
    outlet.flush()
    os._exit(0)  # whatever ccxt left running keeps nobody waiting


def main(arguments: list[str]) -> None:
    """`markets|watch EXCHANGE HOSTS`. What ccxt prints goes nowhere; stdout is the pipe's alone."""
    mode, exchange, hosts = arguments
    outlet = Outlet(os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.nice(10)  # on a full machine the native venues go first
    try:
        asyncio.run(work(mode, exchange, orjson.loads(hosts), outlet))
    except Exception as failure:  # noqa: BLE001  # told to whoever started this process, who tries again
        why = f"{type(failure).__name__}: {failure}".split("\n")[0][:160]
        outlet.tell(kind="ended", why=why)
    outlet.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
