"""Serves the page and the API on books that move by themselves: `python -m tests.support.fake_market [port]`."""

from __future__ import annotations

import asyncio
import random
import sys
import time

from service.api.app import create_app
from service.api.server import serve
from service.api.settings import ApiSettings
from tests.support.fake_engine import VENUES, FakeBook, FakeEngine, FakeFeed, FakePrint

BOOKS = (
    ("binance", "spot", "BTC-USDT", "sequence", 64_012.35, 0.4),
    ("binance", "perp", "BTC-USDT-PERP", "sequence", 64_020.10, 0.4),
    ("okx", "perp", "BTC-USDT-PERP", "sequence", 64_019.80, 0.5),
    ("bybit", "perp", "BTC-USDT-PERP", "sequence", 64_019.95, 0.6),
    ("kraken", "spot", "BTC-USD", "checksum", 64_001.10, 2.5),
    ("coinbase", "spot", "BTC-USD", "sequence", 64_002.75, 1.1),
    ("bitfinex", "spot", "BTC-USD", "checksum", 64_005.00, 4.0),
    ("deribit", "perp", "BTC-USD-PERP:BTC", "sequence", 64_015.50, 2.0),
    ("hyperliquid", "perp", "BTC-USDC-PERP", "image", 64_018.00, 1.6),
    ("binance", "spot", "ETH-USDT", "sequence", 2_613.41, 0.6),
    ("okx", "perp", "ETH-USDT-PERP", "sequence", 2_613.77, 0.7),
    ("kraken", "spot", "ETH-USD", "checksum", 2_612.90, 2.9),
    ("gate", "spot", "DOGE-USDT", "image", 0.10314, 9.0),
    ("ccxt:woo", "spot", "SOL-USDT", "none", 142.331, 5.0),
    ("upbit", "spot", "XRP-KRW", "image", 784.2, 14.0),
)
IMBALANCES = (
    "queue_imbalance",
    "depth_imbalance{levels=5}",
    "depth_imbalance{levels=20}",
    "band_imbalance{band_bps=10}",
    "trade_flow_imbalance{window=10s}",
)
OFF = {
    "bitfinex": ("lost", "gap at 88120, taking it anew"),
    "okx": ("stale", "silent for 6 s"),
    "upbit": ("syncing", "no snapshot yet"),
}


class Moving:
    """One book's random walk."""

    def __init__(self, book: FakeBook, price: float, spread_bps: float, seed: int) -> None:
        self.book, self.price, self.spread = book, price, spread_bps / 1e4
        self.random = random.Random(seed)
        self.levels = [self.random.uniform(-0.8, 0.8) for _ in IMBALANCES]

    def step(self, engine: FakeEngine) -> None:
        self.price *= 1 + self.random.gauss(0, 1e-5)
        self.levels = [
            max(-1.0, min(1.0, 0.97 * level + self.random.gauss(0, 0.12))) for level in self.levels
        ]
        numbers = dict(zip(IMBALANCES, self.levels, strict=True))
        ofi = self.random.gauss(0, 40_000 / self.price)
        numbers |= {"mid_price": self.price, "spread.ratio": self.spread, "ofi{window=10s}": ofi}
        self.book.received = time.time_ns()
        self.book.event_time = self.book.received - 12_000_000
        engine.touch(self.book, **numbers)
        if self.random.random() < 0.2:
            side = "buy" if self.levels[-1] > 0 else "sell"
            engine.trade(self.book, FakePrint(self.price, 0.1, self.price * 0.1, side, self.book.event_time))


def market() -> tuple[FakeEngine, list[Moving]]:
    """An engine with books in every state, and what moves the live ones."""
    engine, moving = FakeEngine(simulated=True), []
    for seed, (venue, kind, symbol, proof, price, spread) in enumerate(BOOKS):
        book = engine.add(FakeBook(venue, kind, symbol, symbol.replace("-", ""), proof))
        moving.append(Moving(book, price, spread, seed))
        moving[-1].step(engine)
        if venue in OFF and symbol != "ETH-USDT-PERP":
            engine.move(book, *OFF[venue])
            moving.pop()
    engine.feeds = [FakeFeed(venue) for venue in dict.fromkeys(row[0] for row in BOOKS)]
    return engine, moving


async def main(port: int, rate: float = 20.0) -> None:
    """Move every live book `rate` times a second, and serve until interrupted."""
    engine, moving = market()
    settings = ApiSettings(port=port)
    stopping = asyncio.Event()
    serving = asyncio.create_task(
        serve(create_app(engine, VENUES, settings, time.time_ns), settings.host, port, stopping, bound=print)
    )
    while not serving.done():
        for one in moving:
            one.step(engine)
        await asyncio.sleep(1 / rate)
    await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
