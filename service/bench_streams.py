"""What `steelyard bench` measures on: recorded depth messages, or made-up ones of the same sizes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from connectors.errors import UsageError
from connectors.recording import read
from connectors.session import Session
from connectors.sync import Pair
from connectors.venue import Venue
from connectors.venues.binance import CoinM, UsdM

from .engine import Engine

CAPTURES = "STEELYARD_CAPTURES"
SEED = 20240808
NEAR = 20  # best levels, that NEAR_SHARE of the changes of a made-up message are among; recorded: 12 %
NEAR_SHARE = 0.12
FILLED = 0.8  # of the price steps have a level in a made-up book
BODIES = 1_000  # different lists of levels that made-up messages take turns with
LEVELS = 1_000  # a side, where nothing else is asked for

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Kind:
    """A stream to measure: where its capture is, and what made-up messages of it look like."""

    title: str
    file: str
    native: str
    venue: type[Venue]
    row: dict[str, Any]  # as the venue lists the instrument
    levels: int  # a message
    interval: int  # ms between messages
    mid: int  # in price steps
    step: float
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """One symbol's snapshot and the depth messages that follow it."""

    kind: Kind
    native: str
    snapshot: bytes
    frames: list[bytes]
    recorded: bool


def _row(native: str, base: str, quote: str, tick: str, lot: str, **more: Any) -> dict[str, Any]:
    filters = [{"filterType": "PRICE_FILTER", "tickSize": tick}, {"filterType": "LOT_SIZE", "stepSize": lot}]
    row = {
        "symbol": native,
        "baseAsset": base,
        "quoteAsset": quote,
        "contractType": "PERPETUAL",
        "status": "TRADING",
    }
    return row | {"filters": filters} | more


KINDS = {
    "usdm": Kind(
        title="USD-M BTCUSDT",
        file="binance/usdm-btcusdt-20240808.jsonl.gz",
        native="BTCUSDT",
        venue=UsdM,
        row=_row("BTCUSDT", "BTC", "USDT", "0.10", "0.001"),
        levels=68,
        interval=52,
        mid=616_597,
        step=0.1,
        sizes=tuple(f"{size / 1000:.3f}" for size in range(1, 4000, 7)),
    ),
    "coinm": Kind(
        title="COIN-M ETHUSD_PERP",
        file="binance/coinm-ethusd_perp-20240808.jsonl.gz",
        native="ETHUSD_PERP",
        venue=CoinM,
        row=_row("ETHUSD_PERP", "ETH", "USD", "0.01", "1", contractSize=10),
        levels=8,
        interval=15,
        mid=268_201,
        step=0.01,
        sizes=tuple(str(size) for size in range(1, 9000, 17)),
    ),
}


def recorded(kind: Kind, folder: Path, limit: int | None = None) -> Stream:
    """The capture's depth messages from the one that joins the snapshot on; trades and the like are left out."""
    snapshot, last = b"", -1
    frames: list[bytes] = []
    for line in read(folder / kind.file):
        if line.ch == "http":
            snapshot = snapshot or line.frame
            last = _decode(snapshot)["lastUpdateId"]
        elif line.dir == "in" and '"e":"depthUpdate"' in (line.msg or ""):
            frames.append(line.frame)
    joins = next((at for at, frame in enumerate(frames) if _decode(frame)["data"]["u"] >= last), None)
    if joins is None or last < 0:
        raise UsageError(
            f"{folder / kind.file}: no snapshot that a depth message joins; name the folder of captures"
        )
    return Stream(kind, kind.native, snapshot, frames[joins:][:limit], True)


class MadeUp:
    """Frames of a kind from a seed, for any number of books: each keeps its levels around one price, never crossed."""

    def __init__(self, kind: Kind, levels: int) -> None:
        self.kind = kind
        self.random = random.Random(SEED)
        self.steps = round(levels / FILLED)
        self.levels = levels
        self.bodies = [self._body() for _ in range(BODIES)]
        self.ids: dict[str, int] = {}

    def snapshot(self) -> bytes:
        sides = []
        for sign in (-1, 1):
            ranks = sorted(self.random.sample(range(1, self.steps), self.levels - 1))
            sides.append([[self._price(sign, rank), self._size()] for rank in (0, *ranks)])
        return json.dumps({"lastUpdateId": 1, "T": 1, "bids": sides[0], "asks": sides[1]}).encode()

    def frame(self, native: str) -> bytes:
        """The next message of this book."""
        last = self.ids.get(native, 1)
        self.ids[native] = last + 10
        t = 1_723_161_256_000 + last // 10 * self.kind.interval
        head = f'{{"stream":"{native.lower()}@depth@0ms","data":{{"e":"depthUpdate","E":{t + 1},"T":{t},"s":"{native}",'
        ids = f'"U":{last + 1},"u":{last + 10},"pu":{last},'
        return f"{head}{ids}{self.random.choice(self.bodies)}".encode()

    def _body(self) -> str:
        half = self.kind.levels // 2
        bids = sorted((self._price(-1, self._rank()), self._size(0.2)) for _ in range(half))
        asks = sorted((self._price(1, self._rank()), self._size(0.2)) for _ in range(self.kind.levels - half))
        return (
            f'"b":{json.dumps(bids, separators=(",", ":"))},"a":{json.dumps(asks, separators=(",", ":"))}}}}}'
        )

    def _rank(self) -> int:
        near = self.random.random() < NEAR_SHARE
        return (
            self.random.randrange(NEAR)
            if near
            else self.random.randrange(min(NEAR, self.steps - 1), self.steps)
        )

    def _price(self, sign: int, rank: int) -> str:
        return f"{(self.kind.mid + sign * rank + (sign > 0)) * self.kind.step:.2f}"

    def _size(self, gone: float = 0.0) -> str:
        return "0" if self.random.random() < gone else self.random.choice(self.kind.sizes)


def made_up(kind: Kind, messages: int, levels: int = LEVELS) -> Stream:
    """A stream from a seed, for where there are no captures."""
    source = MadeUp(kind, levels)
    return Stream(
        kind, kind.native, source.snapshot(), [source.frame(kind.native) for _ in range(messages)], False
    )


def streams(folder: Path | None, quick: bool) -> dict[str, Stream]:
    """Recorded ones where the folder of captures is named."""
    if folder is not None and not folder.is_dir():
        raise UsageError(
            f"{CAPTURES} names {folder}, which is no folder; unset it, or name the folder of captures"
        )
    made = {"usdm": 3_000, "coinm": 12_000}
    limit = 3_000 if quick else None
    return {
        name: made_up(kind, limit or made[name]) if folder is None else recorded(kind, folder, limit)
        for name, kind in KINDS.items()
    }


def opened(kind: Kind, natives: Sequence[str], snapshot: bytes, engine: Engine | None) -> Session:
    """A session as it is after connecting, with the snapshots of its pairs loaded."""
    now = time.time_ns()
    venue = kind.venue()
    session = Session(venue, next(iter(venue.routes)))
    for native in natives:
        row = kind.row | {
            "symbol": native,
            "baseAsset": native.partition("_")[0].removesuffix(kind.row["quoteAsset"]),
        }
        (instrument,) = venue.instruments({"symbols": [row]})
        pair = session.add(Pair(venue, instrument))
        session.keeper.prepare(pair)
        if engine is not None:
            engine.attach(pair)
    session.keeper.opened(now)
    for native in natives:
        session.keeper.fetched(native, 200, snapshot, now)
    session.keeper.take_actions()
    return session
