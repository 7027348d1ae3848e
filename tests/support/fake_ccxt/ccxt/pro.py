"""An exchange with ccxt.pro's call shapes whose faults a test chooses by symbol."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any


class BaseError(Exception):
    """ccxt's root."""


class ExchangeError(BaseError):
    pass


class BadRequest(ExchangeError):
    pass


class BadSymbol(BadRequest):
    pass


class NetworkError(BaseError):
    pass


MARKETS: list[dict[str, Any]] = [
    {"symbol": "BTC/USDT", "precision": {"price": 0.01, "amount": 1e-05}, "active": True},
    {"symbol": "ETH/USDT", "precision": {"price": 0.01, "amount": 0.001}, "active": True},
    {"symbol": "HANG/USDT", "precision": {"price": 0.01, "amount": None}, "active": True},
    {"symbol": "DEAD/USDT", "active": True},
    {"symbol": "RAISE/USDT", "active": True},
    {"symbol": "BAD/USDT", "active": True},
    {"symbol": "GONE/USDT", "active": True},
    {"symbol": "GARBAGE/USDT", "active": True},
    {"symbol": "SHAPE/USDT", "active": True},
    {"symbol": "CROSSED/USDT", "active": True},
    {"symbol": "FLOOD/USDT", "active": True},
    {"symbol": "SPIN/USDT", "active": True},
    {"symbol": "LEAK/USDT", "active": True},
    {"symbol": "EXIT/USDT", "active": True},
    {
        "symbol": "BTC/USDT:USDT",
        "contract": True,
        "linear": True,
        "contractSize": 0.001,
        "precision": {"price": 0.1, "amount": 1.0},
        "active": True,
    },
]


class fake:  # noqa: N801  # ccxt's classes are called as the exchange's id
    """Counts what is made of it in the folder that FAKE_CCXT names, across processes."""

    precisionMode = 4  # noqa: N815  # ccxt's name

    def __init__(self, config: dict[str, Any]) -> None:
        self.urls: dict[str, Any] = {"api": {"ws": "wss://fake.example/ws", "rest": "https://fake.example"}}
        self.has = {"watchOrderBook": True, "watchTrades": True}
        self.markets: dict[str, Any] = {}
        self.calls = 0
        self.hoard: list[bytes] = []
        self.book: dict[str, Any] = {"bids": [], "asks": [], "timestamp": None}
        self.note("made")

    @staticmethod
    def note(what: str) -> None:
        with (Path(os.environ["FAKE_CCXT"]) / what).open("a") as file:
            file.write(f"{os.getpid()}\n")

    @staticmethod
    def count(what: str) -> int:
        path = Path(os.environ["FAKE_CCXT"]) / what
        return len(path.read_text().splitlines()) if path.exists() else 0

    async def load_markets(self) -> dict[str, Any]:
        if (Path(os.environ["FAKE_CCXT"]) / "down").exists():
            raise NetworkError("fake GET https://fake.example 503")
        print("ccxt prints where it likes")
        self.markets = {one["symbol"]: one for one in MARKETS}
        return self.markets

    def set_markets_from_exchange(self, other: fake) -> fake:
        self.markets = other.markets
        return self

    async def watch_order_book(self, symbol: str) -> dict[str, Any]:  # a list of faults
        self.calls += 1
        name = symbol.partition("/")[0]
        first = self.calls == 1 or name not in vars(self)
        seen = vars(self).setdefault(name, 0) + 1
        setattr(self, name, seen)
        if first:
            self.note(name)
        await asyncio.sleep(0.0 if name == "FLOOD" else 0.03)
        book = {
            "bids": [
                [round(100.0 - 0.01 * place, 2), 1.0 + seen] for place in range(400 if name == "FLOOD" else 3)
            ],
            "asks": [
                [round(100.01 + 0.01 * place, 2), 2.0, 7] for place in range(400 if name == "FLOOD" else 3)
            ],
            "timestamp": time.time_ns() // 1_000_000,
        }
        again = self.count(name) > 1  # a new object is well again
        match name:
            case "HANG" if seen > 5 and not again:
                await asyncio.Future()
            case "DEAD":
                await asyncio.Future()
            case "RAISE" if seen > 5 and not again:
                raise ExchangeError("nonce is behind the cache after 3 tries")
            case "BAD":
                raise BadSymbol("fake does not have market symbol BAD/USDT")
            case "GONE" if seen > 5 and not again:
                raise NetworkError("Connection closed by remote server, closing code 1006")
            case "GARBAGE" if seen > 5 and not again:
                book["bids"] = [[float("nan"), None]]
            case "SHAPE" if seen > 5 and not again:
                book["bids"] = [None]
            case "CROSSED" if seen > 5 and not again:
                book["bids"] = [[100.5, float(seen)]]
            case "SPIN" if seen > 5 and not again:
                while True:
                    pass
            case "LEAK" if seen > 5 and not again:
                self.hoard.append(b"x" * (200 << 20))
            case "EXIT" if seen > 5 and not again:
                sys.stderr.flush()
                os._exit(3)
        self.book.update(book)  # one object that changes under its reader, as ccxt's does
        return self.book

    async def watch_trades(self, symbol: str) -> list[dict[str, Any]]:
        now = time.time_ns() // 1_000_000
        seen = vars(self).setdefault(f"trades {symbol}", 0) + 1
        setattr(self, f"trades {symbol}", seen)
        await asyncio.sleep(0.05)
        if seen == 1:
            return [
                {"timestamp": now - 60_000, "price": 1.0, "amount": 1.0, "side": "buy"},
                {"timestamp": now, "price": 100.01, "amount": 2.0, "side": "buy"},
            ]
        if seen > 3:
            await asyncio.Future()
        return [{"timestamp": now, "price": 100.0, "amount": 3.0, "side": "sell"}]

    async def close(self) -> None:
        self.note("closed")
