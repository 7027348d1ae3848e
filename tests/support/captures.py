"""The folder of recorded feeds: third-party data that is not part of the project, named by STEELYARD_CAPTURES."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Line = dict[str, Any]  # t, ch, dir, url, msg
WHY = "STEELYARD_CAPTURES names no folder of recorded feeds"
ROOT = Path(os.environ.get("STEELYARD_CAPTURES") or "/nowhere")

# Recordings whose protocol still speaks, with what proves each.
SEQUENCE = (
    "binance/coinm-ethusd_perp-20240808",
    "binance/coinm-multi-20210722",
    "binance/spot-ethusdt-20240808",
    "binance/spot-multi-20211012",
    "binance/usdm-btcusdt-20240808",
    "binance/usdm-multi-20210722",
    "binance_us/spot-btcusdt-20260824",
    "binance_us/spot-multi-20211012",
    "okx/public-books-btcusdt-20260824",
    "bybit/spot-v5-book50-btcusdt-20260824",
    "coinbase/advanced-l2-btcusd-20260824",
    "gateio/futures-v4-multiA-20230524",
    "gateio/spot-v4-multiA-20210422",
    "kucoin/spot-multiA-20210425",
)
CHECKSUM = ("okx/public-books-multi-20220513",)
UNPROVEN = (
    "coinbase/exchange-level2-multiA-20210417",
    "bitstamp/spot-v2-diff-btcusd-20260824",
    "bitstamp/spot-v2-multi-20220105",
    "gemini/v2-multi-20210624",
)
KRAKEN = (
    "kraken/spot-v2-book10-btcusd-20230730"  # its zeros at the end were lost at its source: see `restored`
)
DEAD = (
    "bybit/inverse-v2legacy-multi-20210417",
    "kraken/spot-v1-book1000-multi-20210417",
    "kraken/spot-v1-ticker-multi-20210417",
    "kraken/spot-v1-trade-multi-20210417",
    "bitget/mix-v1legacy-multi-20220407",
    "bitget/spot-v1legacy-multi-20220407",
    "bithumb/multi-20210601",  # of the old host, changes alone: no book can be built from it
    "dydx/v3legacy-multi-20211028",
)
IMAGES = (  # each message is a whole book
    "upbit/multi-20210417",
    "htx/coin-swap-multi-20220219",
    "htx/linear-swap-btcusdt-20220217",
    "htx/spot-multiA-20210417",
)
CLEAN = (*SEQUENCE, *CHECKSUM, *UNPROVEN)


def missing(why: str) -> None:
    """Skip, but under CI, where everything is there, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def beside(name: str) -> Path:
    """A file in or beside the folder of recordings."""
    path = ROOT / name
    if not path.exists():
        missing(WHY if not ROOT.is_dir() else f"{name} is not among the recordings")
    return path


def capture(name: str) -> Path:
    """A recording by its name without the ending."""
    return beside(f"{name}.jsonl.gz")


class Read(Line):
    """A line that remembers how it was written."""

    text = ""


@cache
def lines(name: str) -> tuple[Line, ...]:
    """The lines of a recording; not to be changed."""
    found = []
    with gzip.open(capture(name), "rt", encoding="utf-8") as file:
        for text in file:
            found.append(Read(json.loads(text)))
            found[-1].text = text
    return tuple(found)


def write(path: Path, content: Sequence[Line]) -> Path:
    """A recording of these lines, not packed."""
    texts = [
        line.text if isinstance(line, Read) else json.dumps(line, ensure_ascii=False) + "\n"
        for line in content
    ]
    path.write_text("".join(texts), encoding="utf-8")
    return path


_PRICE = re.compile(r'"price":\s*([-+.\deE]+)')
_QTY = re.compile(r'"qty":\s*([-+.\deE]+)')


def restored(text: str) -> str:
    """A Kraken frame with the zeros that its source lost: prices of 1 decimal, quantities of 8."""
    text = _PRICE.sub(lambda found: f'"price":{float(found[1]):.1f}', text)
    return _QTY.sub(lambda found: f'"qty":{float(found[1]):.8f}', text)


@cache
def kraken() -> tuple[Line, ...]:
    """The Kraken recording as it was on the wire."""
    return tuple({**line, "msg": restored(line["msg"])} for line in lines(KRAKEN))
