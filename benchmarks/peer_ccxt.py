"""ccxt.pro as a candidate: its client's message handling, its Binance book and sequence check.

Not charged: the future that `watch_order_book` waits for, a task and a wake-up each time; a user who wants
every message can do without it. Its default keeps 1,000 levels a side and throws the rest away when a book is
read, though they are never sent again; as the job is the whole book, the limit is raised (`levels`).
"""

import asyncio
import sys
from importlib import import_module, metadata
from typing import Any

from benchmarks.frames import Stream
from benchmarks.peers import AbsentError
from benchmarks.readings import LEVELS, Reading, Readings

KINDS = {"usdm": "linear", "coinm": "inverse"}
SNAPSHOTS = {"usdm": "fapiPublicGetDepth", "coinm": "dapiPublicGetDepth"}


def load() -> "Ccxt":
    try:
        import_module("ccxt.pro")
    except ImportError as error:
        raise AbsentError(f"not installed ({error}): make bench-peers") from error
    return Ccxt()


class Ccxt:
    name = "ccxt"

    def __init__(self, levels: int = sys.maxsize) -> None:
        self.version = metadata.version("ccxt")
        self.levels = levels
        self.readings = Readings()
        self.client: Any = None
        self.books: Any = None
        self.symbol = ""
        self.message: Any = None
        self.text: Any = None

    def latest(self) -> Reading | None:
        return self.readings.latest

    def prepare(self, stream: Stream) -> None:
        asyncio.run(self.subscribed(stream))
        self.readings = Readings()
        self.read()

    def feed(self, frame: bytes) -> None:
        self.client.handle_message(self.message(self.text, frame.decode(), None))
        self.read()

    def read(self) -> None:
        book = self.books[self.symbol].limit()  # what watch_order_book returns
        self.readings.update(book["bids"][:LEVELS], book["asks"][:LEVELS])

    async def subscribed(self, stream: Stream) -> None:
        """An exchange that has asked for the stream and received the snapshot, without a network."""
        aiohttp = import_module("aiohttp")
        self.message, self.text = aiohttp.WSMessage, aiohttp.WSMsgType.TEXT
        exchange = import_module("ccxt.pro").binance({"options": {"watchOrderBookLimit": self.levels}})
        exchange.set_markets([exchange.parse_market(stream.recording.instrument)])
        (self.symbol,) = exchange.symbols

        async def snapshot(_request: object) -> Any:
            return exchange.parse_json(stream.snapshot_text)

        setattr(exchange, SNAPSHOTS[stream.name], snapshot)
        kind = KINDS[stream.name]
        self.client = exchange.client(exchange.get_ws_url(kind, "public") + "/0")
        topic = f"orderbook::{self.symbol}"
        ready = self.client.future(topic)
        subscription = {"symbols": [self.symbol], "type": kind, "params": {}}
        self.client.subscriptions[topic] = subscription
        exchange.handle_order_book_subscription(self.client, {}, subscription)
        await ready
        self.books = exchange.orderbooks
        await exchange.close()
