"""Reads the recorded depth messages that every candidate is fed with.

Depth messages only: trades and best-price messages of the same connection are left out, because the
candidates differ in what they do with them. The REST snapshot stands apart; the first frame is the one that
joins it.
"""

import gzip
import json
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

CAPTURES = "STEELYARD_CAPTURES"


class CapturesMissingError(Exception):
    """The folder of captures is not named, or a file is not in it."""


class Touch(NamedTuple):
    """Best price and size of both sides."""

    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known beforehand of a capture."""

    file: str
    native: str
    url: str
    instrument: dict[str, Any]  # as the venue's exchangeInfo states it: the peers learn their symbols from it
    final: Touch  # best prices and sizes after the last message


@dataclass(frozen=True, slots=True)
class Stream:
    """One symbol's snapshot and the depth frames that follow it."""

    name: str
    recording: Recording
    snapshot_text: str
    frames: list[bytes]

    @property
    def native(self) -> str:
        return self.recording.native

    @property
    def mean_bytes(self) -> float:
        return sum(map(len, self.frames)) / len(self.frames)


RECORDINGS = {
    "usdm": Recording(
        file="binance/usdm-btcusdt-20240808.jsonl.gz",
        native="BTCUSDT",
        url="wss://fstream.binance.com",
        instrument={
            "symbol": "BTCUSDT",
            "pair": "BTCUSDT",
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": "TRADING",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "pricePrecision": 2,
            "quantityPrecision": 3,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": "0.10"},
                {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            ],
        },
        final=Touch(Decimal("61659.7"), Decimal("1.486"), Decimal("61659.8"), Decimal("0.981")),
    ),
    "coinm": Recording(
        file="binance/coinm-ethusd_perp-20240808.jsonl.gz",
        native="ETHUSD_PERP",
        url="wss://dstream.binance.com",
        instrument={
            "symbol": "ETHUSD_PERP",
            "pair": "ETHUSD",
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1597042800000,
            "contractStatus": "TRADING",
            "contractSize": 10,
            "baseAsset": "ETH",
            "quoteAsset": "USD",
            "marginAsset": "ETH",
            "pricePrecision": 2,
            "quantityPrecision": 0,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "100000", "tickSize": "0.01"},
                {"filterType": "LOT_SIZE", "minQty": "1", "maxQty": "1000000", "stepSize": "1"},
            ],
        },
        final=Touch(Decimal("2682.01"), Decimal(1990), Decimal("2682.02"), Decimal(2018)),
    ),
}


def captures_folder() -> Path:
    """The folder that the environment names."""
    named = os.environ.get(CAPTURES)
    if not named:
        raise CapturesMissingError(f"{CAPTURES} names no folder: set it to the folder of the recorded feeds")
    return Path(named)


def read(name: str, folder: Path | None = None, limit: int | None = None) -> Stream:
    """The stream called `name` ("usdm", "coinm"), cut after `limit` depth frames."""
    recording = RECORDINGS[name]
    path = (captures_folder() if folder is None else folder) / recording.file
    if not path.is_file():
        raise CapturesMissingError(f"no {recording.file} in {path.parent.parent}")
    snapshot_text, last = "", -1
    held: list[bytes] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["dir"] != "in":
                continue
            if entry["ch"] == "http":
                snapshot_text = snapshot_text or entry["msg"]
                last = json.loads(snapshot_text)["lastUpdateId"]
            elif '"e":"depthUpdate"' in entry["msg"]:
                held.append(entry["msg"].encode())
    # A frame that is wholly older than the snapshot is dropped by everyone: it would only dilute the figures.
    joins = next(i for i, frame in enumerate(held) if json.loads(frame)["data"]["u"] >= last)
    return Stream(name, recording, snapshot_text, held[joins:][:limit])
