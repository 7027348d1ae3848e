"""A stream made up by hand, small enough to follow with the eye."""

import gzip
import json
from pathlib import Path
from typing import Any

from benchmarks.frames import RECORDINGS, Stream

SNAPSHOT = {
    "lastUpdateId": 100,
    "bids": [["10.0", "5"], ["9.9", "7"]],
    "asks": [["10.1", "3"], ["10.2", "4"]],
}


def depth(first: int, last: int, previous: int, bids: list[list[str]], asks: list[list[str]]) -> str:
    data: dict[str, Any] = {"e": "depthUpdate", "E": 1, "T": 1, "s": "ETHUSD_PERP", "ps": "ETHUSD"}
    data |= {"U": first, "u": last, "pu": previous, "b": bids, "a": asks}
    return json.dumps({"stream": "ethusd_perp@depth@0ms", "data": data}, separators=(",", ":"))


STALE = depth(80, 90, 79, [["10.0", "99"]], [])
MESSAGES = [
    depth(95, 105, 90, [["10.0", "6"]], []),  # joins; the best bid grows by one: +1
    depth(106, 110, 105, [], [["10.1", "0"]]),  # the best ask is gone, 10.2 x 4 is best: +3, its old size
    depth(111, 120, 110, [["10.1", "2"]], [["10.3", "8"]]),  # a better bid: +2, its new size
]


def stream() -> Stream:
    frames = [message.encode() for message in MESSAGES]
    return Stream("coinm", RECORDINGS["coinm"], json.dumps(SNAPSHOT), frames)


def capture(folder: Path) -> None:
    """Writes the file that the COIN-M stream is read from."""
    path = folder / RECORDINGS["coinm"].file
    path.parent.mkdir(parents=True)

    def entry(kind: str, text: str | None) -> dict[str, Any]:
        return {"t": 1, "ch": kind, "dir": "in", "url": "wss://dstream.binance.com/stream", "msg": text}

    trade = '{"stream":"ethusd_perp@trade","data":{"e":"trade"}}'
    lines = [
        entry("ws", STALE),
        entry("ws", MESSAGES[0]),
        entry("ws", trade),
        entry("http", json.dumps(SNAPSHOT)),
    ]
    lines += [entry("ws", message) for message in MESSAGES[1:]]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
