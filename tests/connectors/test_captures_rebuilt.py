"""Real recordings against a slow, plain rebuild of every book: all levels, ids and prints are those of the frames."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from service.replay import Player
from service.verify import has_book, is_clean, verdict
from tests.support import captures

Sides = tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]


class Plain:
    """Books by native id: absolute sizes, 0 removes. `stamps` are the ids that were reached."""

    def __init__(self) -> None:
        self.books: dict[str, Sides] = {}
        self.stamps: dict[str, int] = {}
        self.applied: Counter[str] = Counter()
        self.old: Counter[str] = Counter()
        self.prints: Counter[tuple[str, str]] = Counter()

    def whole(self, native: str, bids: Any, asks: Any) -> None:
        self.books[native] = ({}, {})
        self.change(native, bids, asks)

    def change(self, native: str, bids: Any, asks: Any) -> None:
        for side, rows in zip(self.books[native], (bids, asks), strict=True):
            for row in rows:
                price, size, *_ = (row["p"], row["s"]) if isinstance(row, dict) else row
                side.pop(Decimal(price), None)
                if Decimal(size):
                    side[Decimal(price)] = Decimal(size)

    def cut(self, native: str, depth: int) -> None:
        for side, down in zip(self.books[native], (True, False), strict=True):
            for price in sorted(side, reverse=down)[depth:]:
                del side[price]


def bitstamp(plain: Plain, url: str, message: dict[str, Any]) -> None:
    """Snapshots stand before the updates in the file; what is not newer than one is dropped."""
    native = url.rstrip("/").rsplit("/", 1)[-1]
    if "/order_book/" in url:
        plain.whole(native, message["bids"], message["asks"])
        plain.stamps[native] = int(message["microtimestamp"])
        return
    native = message["channel"].rsplit("_", 1)[-1]
    if message["event"] == "trade":
        plain.prints[native, "sell" if message["data"]["type"] else "buy"] += 1
    if message["event"] != "data":
        return
    stamp = int(message["data"]["microtimestamp"])
    if stamp <= plain.stamps[native]:
        plain.old[native] += 1
        return
    plain.stamps[native] = stamp
    plain.applied[native] += 1
    plain.change(native, message["data"]["bids"], message["data"]["asks"])


def gate(plain: Plain, url: str, message: dict[str, Any]) -> None:
    """A snapshot follows the first updates of its symbol, which are kept and checked against it one by one."""
    if "/order_book?" in url:
        native = url.split("?")[1].split("&", maxsplit=1)[0].split("=")[1]
        plain.whole(native, message["bids"], message["asks"])
        plain.stamps[native] = message["id"]
        for update in plain.__dict__.setdefault("kept", {}).pop(native, []):
            gate_update(plain, native, update)
        return
    result = message["result"]
    if message["channel"] == "spot.trades" and message["event"] == "update":
        plain.prints[result["currency_pair"], result["side"]] += 1
    if not message["channel"].endswith("order_book_update") or message["event"] != "update":
        return
    if result["s"] in plain.books:
        gate_update(plain, result["s"], result)
    else:
        plain.__dict__.setdefault("kept", {}).setdefault(result["s"], []).append(result)


def gate_update(plain: Plain, native: str, result: dict[str, Any]) -> None:
    at = plain.stamps[native]
    if result["u"] <= at:
        plain.old[native] += 1
        return
    assert result["U"] <= at + 1
    plain.stamps[native] = result["u"]
    plain.applied[native] += 1
    plain.change(native, result["b"], result["a"])
    plain.cut(native, 100)


def gemini(plain: Plain, url: str, message: dict[str, Any]) -> None:
    """A message with `trades` is the whole book; one that repeats the last of its symbol changes nothing."""
    native = message.get("symbol", "")
    if message["type"] == "trade":
        plain.prints[native, message["side"]] += 1
    if message["type"] != "l2_updates":
        return
    rows = {side: [row[1:] for row in message["changes"] if row[0] == side] for side in ("buy", "sell")}
    if "trades" in message or "auction_events" in message:
        plain.whole(native, rows["buy"], rows["sell"])
        return
    plain.change(native, rows["buy"], rows["sell"])
    last = plain.__dict__.setdefault("last", {})
    (plain.old if last.get(native) == message else plain.applied)[native] += 1
    last[native] = message


def upbit(plain: Plain, url: str, message: dict[str, Any]) -> None:
    native = message["cd"]
    if message["ty"] == "trade" and message["st"] != "SNAPSHOT":
        plain.prints[native, {"BID": "buy", "ASK": "sell"}[message["ab"]]] += 1
    if message["ty"] != "orderbook":
        return
    rows = message["obu"]
    plain.applied[native] += 1
    plain.whole(native, [(r["bp"], r["bs"]) for r in rows], [(r["ap"], r["as"]) for r in rows])
    for side in plain.books[native]:
        side.pop(Decimal(0), None)


REBUILT: dict[str, Callable[[Plain, str, dict[str, Any]], None]] = {
    "bitstamp/spot-v2-multi-20220105": bitstamp,
    "bitstamp/spot-v2-diff-btcusd-20260824": bitstamp,
    "gateio/spot-v4-multiA-20210422": gate,
    "gateio/futures-v4-multiA-20230524": gate,
    "gemini/v2-multi-20210624": gemini,
    "upbit/multi-20210417": upbit,
}
# Updates, ignored as old, levels, best bid, best ask; as the plain rebuild has them.
FIGURES = {
    "bitstamp/spot-v2-multi-20220105": {
        "ethusd": (73, 12, [2013, 1977], ["3800.78", "0.6"], ["3803.58", "15.09750054"])
    },
    "gateio/spot-v4-multiA-20210422": {"OMG_USDT": (50, 1, [100, 100], ["7.899", "288"], ["7.927", "316.6"])},
    "gateio/futures-v4-multiA-20230524": {
        "PHB_USDT": (69, 4, [38, 59], ["0.7383", "678"], ["0.7393", "677"])
    },
    "gemini/v2-multi-20210624": {
        "BTCGBP": (152, 0, [99, 148], ["24175.82", "0.14802333"], ["24204.04", "0.04"])
    },
    "upbit/multi-20210417": {
        "KRW-LAMB": (87, 0, [15, 15], ["126", "117747.52669229"], ["127", "486822.22877673"])
    },
}


def rebuilt(name: str) -> Plain:
    plain = Plain()
    for line in captures.lines(name):
        text = line.get("msg") or (base64.b64decode(line["b64"]).decode() if line.get("b64") else "")
        if line["dir"] == "in" and text:
            message = json.loads(text, parse_float=Decimal)
            REBUILT[name](plain, line["url"], message)
    return plain


@pytest.mark.parametrize("name", REBUILT)
def test_every_level_is_that_of_a_plain_rebuild(name: str) -> None:
    plain = rebuilt(name)
    player = Player([captures.capture(name)], timers=False)
    for _ in player.play():
        pass
    found = {}
    for pair, path in player.pairs:
        if not has_book(pair):
            continue
        pair.take_quiet_snapshot(player.now)
        native = pair.native
        found[native] = said = verdict(pair, path)
        assert is_clean(said), said
        for ours, theirs, down in zip(
            pair.book.levels(100_000), plain.books[native], (True, False), strict=True
        ):
            wanted = [(price, theirs[price]) for price in sorted(theirs, reverse=down)]
            assert [(Decimal(price), Decimal(size)) for price, size in ours] == wanted, native
        assert (said["updates"], said["dropped_old"]) == (plain.applied[native], plain.old[native])
        prints = plain.prints[native, "buy"], plain.prints[native, "sell"]
        assert (said["taker_buy"], said["taker_sell"], said["trades"]) == (*prints, sum(prints))
    assert set(found) == {native for native in plain.books if plain.applied[native] or plain.old[native]}
    for native, wanted_figures in FIGURES.get(name, {}).items():
        said = found[native]
        got = (said["updates"], said["dropped_old"], said["levels"], said["bid"], said["ask"])
        assert got == wanted_figures
