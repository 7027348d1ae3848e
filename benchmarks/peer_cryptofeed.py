"""cryptofeed 3 as a candidate: its Binance feeds, its book, one callback that reads the values out.

cryptofeed 3 is free for others to run beside ours but not to build upon: its licence and that of its order
book are AGPL and GPL. So it is installed apart and imported by name, in this file alone.
"""

import asyncio
import ssl
import sys
import time
from importlib import import_module, metadata
from typing import Any

from benchmarks.frames import Stream
from benchmarks.peers import AbsentError
from benchmarks.readings import LEVELS, Reading, Readings

FEEDS = {"usdm": "BinanceFutures", "coinm": "BinanceDelivery"}


def load() -> "Cryptofeed":
    try:
        import_module("cryptofeed.exchanges")
    except ImportError as error:
        python = "" if sys.version_info >= (3, 13) else ", and cryptofeed 3 needs Python 3.13"
        raise AbsentError(f"not installed ({error}){python}: make bench-peers") from error
    return Cryptofeed()


class Cryptofeed:
    name = "cryptofeed"

    def __init__(self) -> None:
        self.version = metadata.version("cryptofeed")
        self.readings = Readings()
        self.applied = 0
        self.wanted: int | None = None
        self.stop: asyncio.Event | None = None
        self.handler: Any = None

    def latest(self) -> Reading | None:
        return self.readings.latest

    def prepare(self, stream: Stream) -> None:
        feed = self.make_feed(stream)
        # Its first message would fetch the snapshot inside the timing; there is no public call for it.
        finish(feed._snapshot(stream.native))  # noqa: SLF001
        self.handler = feed.message_handler

    def feed(self, frame: bytes) -> None:
        # Its connection hands over text and the time of receipt. The handler waits for nothing once the book
        # exists, so it is driven by hand: no event loop is charged to it.
        finish(self.handler(frame.decode(), None, time.time()))

    def make_feed(self, stream: Stream) -> Any:
        """The feed with the snapshot in place of its HTTP connection; the rest is untouched."""
        defines = import_module("cryptofeed.defines")
        exchange = getattr(import_module("cryptofeed.exchanges"), FEEDS[stream.name])
        # What its load_symbols() does after asking the venue, which has no public name.
        listing = {"symbols": [stream.recording.instrument]}
        symbols, info = exchange._parse_symbol_data(listing)  # noqa: SLF001
        import_module("cryptofeed.symbols").Symbols.set(exchange.id, symbols, info)
        self.readings = Readings()
        self.applied = 0
        (symbol,) = (name for name, native in symbols.items() if native == stream.native)
        feed = exchange(
            symbols=[symbol], channels=[defines.L2_BOOK], callbacks={defines.L2_BOOK: self.on_book}
        )

        async def snapshot(*_: object, **__: object) -> str:
            return stream.snapshot_text

        feed.http_conn.read = snapshot
        return feed

    async def on_book(self, book: Any, _received: float) -> None:
        # index() is the cheapest of its ways to the best levels (items() and keys() cost a third more).
        bids, asks = book.book.bids, book.book.asks
        self.readings.update(
            [bids.index(rank) for rank in range(min(LEVELS, len(bids)))],
            [asks.index(rank) for rank in range(min(LEVELS, len(asks)))],
        )
        if book.delta is not None:
            self.applied += 1
            if self.applied == self.wanted and self.stop is not None:
                self.stop.set()

    async def run(self, url: str, context: ssl.SSLContext, stream: Stream, count: int) -> None:
        feed = self.make_feed(stream)
        endpoint = feed.websocket_endpoints[0]
        options = {**endpoint.options, "ssl": context}
        feed.websocket_endpoints = [
            import_module("cryptofeed.connection").WebsocketEndpoint(url, options=options)
        ]
        self.wanted, self.stop = count, asyncio.Event()
        await feed.run(self.stop)


def finish(coroutine: Any) -> None:
    """Runs a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("a handler waited for something: it cannot be timed this way")
